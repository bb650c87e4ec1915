# Bare `make` lists what there is. Only Python 3.11 or newer and make have to be installed;
# Node comes with the libraries, so everybody builds the pages' scripts with the same one.

# The first Python that is new enough (a name on the path may be a shim that starts nothing).
PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && command -v $$name && break; done)
VENV   := .venv
BIN    := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help setup run test check trace bench crash tamper screenshots recipe verify clean

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(VENV)/.installed web/static/dist/.built ## Install the libraries and build the pages' scripts (quick when nothing changed)

run: setup ## Serve the demo site; prints its address and its people
	$(BIN)/batchwright run --demo

test: setup ## Every test, on SQLite, PostgreSQL and headless Chromium
	$(BIN)/pytest -n 2 --dist loadgroup

check: $(VENV)/.installed ## Style, types and the direction of imports
	@failed=; for command in "ruff check" mypy lint-imports; do \
		echo "$$command"; $(BIN)/$$command || failed=1; \
	done; test -z "$$failed"

trace: $(VENV)/.installed ## The requirements, each with the tests that prove it
	$(BIN)/python -m tests.trace

bench: setup ## Time of a step, memory of a batch, beside a bare commit and stock SpiffWorkflow
	$(BIN)/python -m tests.bench

tamper: setup ## Tamper with the records behind the application, every kind many times; all of it has to be found
	$(BIN)/python -m tests.tamper --full

crash: setup ## Kill the server a hundred times per database; nothing acknowledged may be lost
	$(BIN)/python -m tests.crash --full

screenshots: setup ## A picture of every page, in docs/screenshots
	$(BIN)/python -m tests.screenshots

recipe: setup ## Draw the master recipe diagrams again from their tables
	$(BIN)/python -m bpmn.importers tests/data/cart bpmn/processes/master_recipes/MR-CART-001.bpmn

verify: setup ## Check the chains of the demo site's records
	$(BIN)/batchwright verify --demo

clean: ## Remove everything that setup and the tests made (the demo site's records stay in var/)
	rm -rf $(VENV) node_modules web/static/dist *.egg-info build dist \
		.pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps make a second run quick and free of any network; each lies in the folder it stands for.
$(VENV)/.installed: pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed" >&2; exit 1; }
	test -x $(BIN)/python || "$(PYTHON)" -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@

node_modules/.installed: package.json package-lock.json .npmrc | $(VENV)/.installed
	$(BIN)/npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

web/static/dist/.built: node_modules/.installed $(wildcard web/islands/*)
	$(BIN)/node web/islands/build.mjs
	@touch $@
