"""Training pages: Pia asks for what is proposed, Anna reads what changed for her and signs, Susan sees who is missing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from engine.actions import recipes
from engine.queries.training import training_matrix
from engine.sign_in import confirm
from engine.site import Site
from engine.transaction import Actor, perform
from tests.screenshots import DRAFT, settle
from tests.web.serving import PASSWORDS, demo_site, served, sign_in_as
from tests.web.test_accessibility import sideways, violations
from web import demo
from web.app import create_app
from web.demo.furnish import SUBMISSION

pytestmark = pytest.mark.xdist_group("one at a time")  # each test goes on where the one before it ended

PAGE = f"/recipes/{DRAFT}/training"
READING = f"/training/{DRAFT}"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    opened = demo_site(tmp_path_factory.mktemp("training") / "site")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def app(site: Site) -> Any:
    return create_app(site, SIGN_IN_LIMIT="", WTF_CSRF_ENABLED=False, DEMO=True)


def station(app: Any, login: str) -> Any:
    """A browser without scripts with somebody signed in."""
    client = app.test_client()
    assert client.post("/sign-in", data={"login": login, "password": PASSWORDS[login]}).status_code == 302
    return client


def submit(site: Site) -> None:
    """Pia submits the draft; from now on it can be read."""
    [pia] = [person for person in demo.PEOPLE if person.login == "pia"]
    actor = Actor(pia.login, pia.full_name, frozenset(pia.roles), "person", "tests", True)
    perform(
        site, recipes.sign_recipe, actor=actor, stream=f"batch:{DRAFT}", revision_id=DRAFT, meaning="authored_by",
        proof=confirm(site, actor, pia.password), entries=SUBMISSION,
    )  # fmt: skip


def cells(site: Site, login: str) -> dict[str, str]:
    found = training_matrix(site)
    [row] = [row for row in found["people"] if row["id"] == login]
    return {cell["revision"]: cell["state"] for cell in row["cells"]}


def test_what_a_revision_asks_for_is_proposed_taken_added_and_withdrawn(app: Any, site: Site) -> None:
    pia = station(app, "pia")
    page = pia.get(PAGE).text
    assert "Proposed by what it changes" in page
    assert "S02" in page
    assert pia.post(PAGE, data={"do": "take"}).status_code == 302
    wrong = pia.post(PAGE, data={"do": "ask", "roles": ["MFG_OP"], "steps": ["S99"], "reading": "All about S99"})
    assert wrong.status_code == 422
    assert 'href="#f-steps"' in wrong.text
    assert "All about S99" in wrong.text, "what was typed is kept"
    assert pia.post(PAGE, data={"do": "ask", "roles": ["QC_ANL"], "reading": "All of it"}).status_code == 302
    page = pia.get(PAGE).text
    [added] = re.findall(r'name="requirement_id" value="([^"]+)">[^<]*<button[^>]*aria-label="Withdraw: QC analyst', page)
    assert pia.post(PAGE, data={"do": "withdraw", "requirement_id": added}).status_code == 302
    assert "QC analyst, all of it" not in pia.get(PAGE).text
    assert pia.post(PAGE, data={"do": "dance"}).status_code == 400
    assert 'value="take"' not in station(app, "anna").get(PAGE).text
    assert station(app, "anna").post(PAGE, data={"do": "take"}).status_code == 403


def test_an_operator_is_told_reads_and_signs_without_scripts(app: Any, site: Site) -> None:
    anna = station(app, "anna")
    assert "There is nothing to sign here" in anna.get(READING).text
    submit(site)
    assert cells(site, "anna") == {"MR-CART-001@3.0": "valid", "MR-CART-001@3.1": "required", DRAFT: "required"}
    assert READING in anna.get("/training").text
    page = anna.get(READING).text
    assert "What changed for you" in page
    assert re.search(r"was </span>36</del>.*is </span>30</ins>", page, re.DOTALL)
    assert "DEV-2026-031" in page
    [shown] = re.findall(r'name="content_hash" value="([0-9a-f]{64})"', page)
    assert anna.post(READING, data={"content_hash": shown}).status_code == 422
    assert anna.post(READING, data={"content_hash": shown, "password": "no"}).status_code == 403
    assert anna.post(READING, data={"content_hash": "0" * 64, "password": PASSWORDS["anna"]}).status_code == 409
    assert anna.post(READING, data={"content_hash": shown, "password": PASSWORDS["anna"]}).status_code == 302
    assert "You are trained on this revision" in anna.get(READING).text
    assert cells(site, "anna")[DRAFT] == "valid"
    assert "Read and understood" in station(app, "sam").get("/people/anna").text


def test_who_is_not_named_reads_and_signs_nothing(app: Any) -> None:
    quentin = station(app, "quentin")
    page = quentin.get(READING).text
    assert "asks others to read it, not you" in page
    assert "I have read and understood" not in page
    assert quentin.post(READING, data={"password": PASSWORDS["quentin"]}).status_code == 403


def test_the_matrix_filters_by_recipe_and_a_step_says_what_is_missing(app: Any, site: Site) -> None:
    susan = station(app, "susan")
    page = susan.get("/training?recipe=MR-CART-001").text
    assert page.count('<th scope="col"') == 4
    assert "No revision to be trained on" in susan.get("/training?recipe=MR-NONE-001").text
    missing = susan.get(PAGE).text
    assert "Ben Osei" in missing
    assert "Anna Keller" not in missing[missing.index("not trained yet") : missing.index("Asked for")]


VISITS = [("ben", "/training"), ("ben", READING), ("susan", "/training"), ("pia", PAGE), ("diana", READING), ("sam", "/training")]


@pytest.mark.parametrize("width", [1280, 320])
def test_the_pages_are_accessible_wide_and_narrow(app: Any, site: Site, browser: Any, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900}, reduced_motion="reduce")
    page, found = context.new_page(), []
    with served(create_app(site, SIGN_IN_LIMIT="", DEMO=True)) as address:
        for login, path in VISITS:
            context.clear_cookies()
            sign_in_as(page, address, login)
            page.goto(address + path)
            settle(page)
            found += violations(page) + sideways(page)
    context.close()
    assert found == []


def test_the_button_to_sign_is_for_gloves(app: Any, site: Site, page: Any) -> None:
    with served(create_app(site, SIGN_IN_LIMIT="", DEMO=True)) as address:
        sign_in_as(page, address, "ben")
        page.set_viewport_size({"width": 320, "height": 700})
        page.goto(address + READING)
        assert page.locator("main .button.main").bounding_box()["height"] >= 64
        page.goto(f"{address}/training")
        assert page.locator(".narrow-only").is_visible()
        assert not page.locator(".wide-only").is_visible()
