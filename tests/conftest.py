"""What every test may ask for: an empty site database on SQLite and on PostgreSQL, a browser; and the marks' rules."""

from __future__ import annotations

import gc
import itertools
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

# Tests move the clock. The switch exists only in a process that is started with it, so it is set before any import.
os.environ["BATCHWRIGHT_SIMULATED_TIME"] = "1"

from engine import clock
from engine.dry_run import by_hand
from tests import services, trace

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

# What the tests write lies in memory where there is room: they kill processes, never the machine, and ask less of a disk.
# A folder from which nothing can be started won't do: PostgreSQL's programs may have to be copied there.
MEMORY, ROOM_BYTES = Path("/dev/shm"), 6 * 1024**3
if (
    "TMPDIR" not in os.environ
    and MEMORY.is_dir()
    and shutil.disk_usage(MEMORY).free >= ROOM_BYTES
    and not os.statvfs(MEMORY).f_flag & os.ST_NOEXEC
):
    os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)

DATABASES = ["sqlite", "postgresql"]

# Every run of the suite tries the same examples, so that a red run means a change; `HYPOTHESIS_PROFILE=search` looks
# for new ones.
hypothesis.settings.register_profile("repeatable", derandomize=True, deadline=None)
hypothesis.settings.register_profile("search", max_examples=1000, deadline=None, print_blob=True)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


@pytest.fixture(scope="module", autouse=True)
def _own_time() -> Iterator[None]:
    """A module that moves the clock moves it for itself: whichever runs next in this process begins with the wall clock."""
    yield
    if clock.is_simulated():
        clock.stop_simulating()


@pytest.fixture(scope="session", autouse=True)
def _rehearsals(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Rehearsals lie with what else the tests write, and go with it."""
    by_hand.FOLDER = tmp_path_factory.mktemp("rehearsals")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[services.PostgresServer]:
    """A PostgreSQL of this test process, stopped and removed when its tests are done."""
    with services.PostgresServer() as server:
        yield server


class Databases:
    """Makes databases of one kind: blank ones, and copies of one that is migrated once."""

    def __init__(self, kind: str, folder: Path, server: services.PostgresServer | None) -> None:
        self.kind = kind
        self._folder = folder
        self._server = server
        self._number = itertools.count(1)
        self._template = ""

    def blank(self, template: str = "") -> tuple[str, str]:
        """A new database: its name and its address."""
        name = f"{self.kind}_{next(self._number)}"
        if self._server:
            self._server.sql(f"CREATE DATABASE {name}" + (f" TEMPLATE {template}" if template else ""))
            return name, self._server.url(name)
        path = self._folder / f"{name}.sqlite"
        if template:
            shutil.copyfile(self._folder / f"{template}.sqlite", path)
        return name, f"sqlite:///{path}"

    def migrated(self) -> tuple[str, str]:
        """A new database with every table and no row."""
        if not self._template:
            from engine.database import migrate

            self._template, url = self.blank()
            migrate(url)
        return self.blank(self._template)

    def drop(self, name: str) -> None:
        """Remove a database, whoever still holds it open."""
        if self._server:
            self._server.sql(f"DROP DATABASE {name} WITH (FORCE)")
        for file in self._folder.glob(f"{name}.sqlite*"):
            file.unlink()


@pytest.fixture(scope="session")
def databases_of(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Databases]:
    """The maker of databases of a kind; PostgreSQL starts when the first test wants it."""
    made: dict[str, Databases] = {}

    def of(kind: str) -> Databases:
        if kind not in made:
            server = request.getfixturevalue("postgres_server") if kind == "postgresql" else None
            made[kind] = Databases(kind, tmp_path_factory.mktemp(kind), server)
        return made[kind]

    return of


@pytest.fixture(params=DATABASES)
def database_kind(request: pytest.FixtureRequest) -> str:
    """Runs the test once on each database."""
    return request.param


@pytest.fixture
def database_url(database_kind: str, databases_of: Callable[[str], Databases]) -> Iterator[str]:
    """The address of a database of the test's own: every table, no row."""
    name, url = databases_of(database_kind).migrated()
    yield url
    databases_of(database_kind).drop(name)


@pytest.fixture
def blank_database_url(database_kind: str, databases_of: Callable[[str], Databases]) -> Iterator[str]:
    """The address of a database of the test's own without any table."""
    name, url = databases_of(database_kind).blank()
    yield url
    databases_of(database_kind).drop(name)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium for the whole run; a test takes a `page`."""
    with services.chromium() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page in a fresh context (no cookie, no storage), closed after the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    known = trace.read_requirements()
    faults = [fault for item in items for fault in trace.faulty_marks(item, known)]
    if faults:
        raise pytest.UsageError("\n".join(faults))
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)
        # A browser beside a server that is being killed gives timings that mean nothing: one at a time.
        if item.get_closest_marker("browser") or item.get_closest_marker("crash"):
            item.add_marker(pytest.mark.xdist_group("one at a time"))


def pytest_collection_finish(session: pytest.Session) -> None:
    grouped = [item for item in session.items if item.get_closest_marker("xdist_group")]
    if session.config.getoption("loadgroup", False) and any("@" not in item.nodeid for item in grouped):
        raise pytest.UsageError("this pytest-xdist does not keep groups of tests together with this pytest")
    # Thousands of collected tests stay to the end; looking through them for garbage again and again is a sixth of the time.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):  # with pytest-xdist, every report comes to the one that is no worker
        config.pluginmanager.register(_LastResults(config))


class _LastResults:
    """Keeps how each test ended, for the trace matrix."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._results: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        name = trace.test_name(report.nodeid)
        if report.failed or (report.when == "call" and self._results.get(name) in (None, "passed")):
            self._results[name] = report.outcome

    def pytest_sessionfinish(self) -> None:
        cache = getattr(self._config, "cache", None)  # pytest can be run without its cache
        if cache and self._results:
            earlier = cache.get(trace.RESULTS_KEY, {})
            cache.set(trace.RESULTS_KEY, {**earlier, **self._results})
