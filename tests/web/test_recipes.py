"""Recipe pages: Pia begins and submits a revision, Susan returns it, Diana rejects; every state is shown, and is accessible."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Any
from urllib.parse import quote

import pytest

from engine import clock
from engine.actions import drafts, life_cycle, recipes
from engine.actions.timers import fire_due
from engine.records import RecipeRevision
from engine.sign_in import confirm
from engine.site import Site
from engine.transaction import Actor, perform
from tests.screenshots import DRAFT, settle
from tests.small_recipes import sequence
from tests.web.serving import PASSWORDS, demo_site, served, sign_in_as
from tests.web.test_accessibility import sideways, violations
from web import demo
from web.app import create_app
from web.demo.furnish import SUBMISSION

BASE = "MR-CART-001@3.0"
WHO = {"authored_by": "pia", "reviewed_by_production": "susan", "approved_by_qa": "farid"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    opened = demo_site(tmp_path_factory.mktemp("recipes") / "site")
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


def step_path(revision: str, key: str) -> str:
    return f"/recipes/{quote(revision)}/steps/{quote(key)}"


def signed(client: Any, login: str, revision: str, key: str, **entries: str) -> Any:
    """Send the form of a life cycle's step as its page has it."""
    page = client.get(step_path(revision, key)).text
    form = page[page.index('<form method="post" class="stack step-form"') :]
    hidden = {n: unescape(v) for n, v in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form)}
    typed = {f"v:{name}": text for name, text in entries.items()}
    return client.post(step_path(revision, key), data=hidden | typed | {"do": "sign", "password": PASSWORDS[login]})


def by(site: Site, login: str, action: Any, stream: str, *, proven: bool = False, **arguments: Any) -> Any:
    """An act of somebody of the demo."""
    person = next(person for person in demo.PEOPLE if person.login == login)
    actor = Actor(login, person.full_name, frozenset(person.roles), session_id="tests")
    more: dict[str, Any] = {"proof": confirm(site, actor, PASSWORDS[login])} if proven else {}
    return perform(site, action, actor=actor, stream=stream, **arguments, **more)


def draft(site: Site, revision: str) -> str:
    xml = sequence(2).decode()
    answer = by(site, "pia", drafts.start_draft, "recipe:MR-ROW-001", recipe_id="MR-ROW-001", revision=revision, xml=xml)
    return str(answer["revision"])


def sign(site: Site, revision: str, meaning: str, **entries: str) -> None:
    given = SUBMISSION if meaning == "authored_by" else {"verdict": "agree"} | entries
    by(
        site, WHO[meaning], recipes.sign_recipe, f"batch:{revision}", proven=True, revision_id=revision, meaning=meaning,
        entries=given,
    )  # fmt: skip


def test_a_process_owner_begins_a_draft_and_is_told_what_is_wrong_with_its_number(app: Any) -> None:
    client = station(app, "pia")
    form = {"do": "begin", "recipe_id": "MR/9", "revision": "1.0", "title": "Thawing"}
    refused = client.post("/recipes", data=form)
    assert refused.status_code == 422
    assert "letters, digits" in refused.text
    assert 'value="Thawing"' in refused.text, "what was typed is still there"
    begun = client.post("/recipes", data=form | {"recipe_id": "MR-9"})
    assert begun.location.endswith("/recipes/MR-9@1.0") or begun.location.endswith("/recipes/MR-9%401.0")
    assert "Submit for review" in client.get("/recipes/MR-9@1.0").text
    assert station(app, "anna").post("/recipes", data=form).status_code == 403


def test_submitting_asks_for_everything_at_once_and_keeps_what_was_typed(app: Any, site: Site) -> None:
    revision = draft(site, "4.0")
    client = station(app, "pia")
    refused = signed(client, "pia", revision, "AUTHOR[1]", reason="Better limits.")
    assert refused.status_code == 422
    assert all(name in unescape(refused.text) for name in ("Linked change", "Allowed batch sizes", "Better limits."))
    done = signed(client, "pia", revision, "AUTHOR[1]", **SUBMISSION)
    assert done.status_code == 302
    assert "In review" in client.get(f"/recipes/{quote(revision)}").text


def test_a_returned_revision_shows_void_signatures_with_the_reason(app: Any, site: Site) -> None:
    revision = draft(site, "4.1")
    sign(site, revision, "authored_by")
    susan = station(app, "susan")
    assert "Review by production" in susan.get("/tasks").text
    signed(susan, "susan", revision, "REVIEW[1]", verdict="return", comment="S17 has no reason.")
    page = unescape(susan.get(f"/recipes/{quote(revision)}").text)
    assert "Authored by: void" in page
    assert "S17 has no reason." in page
    again = station(app, "pia").get(step_path(revision, "AUTHOR[2]")).text
    assert f'value="{SUBMISSION["change"]}"' in again, "what she stated before stands there again"


def test_who_signed_before_sees_why_they_can_t_sign(app: Any, site: Site) -> None:
    revision = draft(site, "4.2")
    sign(site, revision, "authored_by")
    page = station(app, "pia").get(step_path(revision, "REVIEW[1]")).text
    assert "This waits for: Manufacturing supervisor" in page
    assert "step-form" not in page


def test_a_step_of_a_life_cycle_and_its_run_lead_to_the_recipe_s_page(app: Any) -> None:
    client = station(app, "pia")
    for path in (f"/batches/{quote(DRAFT)}", f"/batches/{quote(DRAFT)}/tasks/{quote('AUTHOR[1]')}"):
        assert "/recipes/" in client.get(path).location
    assert DRAFT not in client.get("/batches").text
    assert client.get(step_path(BASE, "AUTHOR[9]")).status_code == 404


ORDER = ("SUPERSEDED", "EFFECTIVE", "DRAFT", "IN_REVIEW", "PENDING_APPROVAL", "APPROVED", "REJECTED", "WITHDRAWN", "RETIRED")


def states(site: Site) -> dict[str, str]:
    """A revision in each state."""
    found = {state: draft(site, f"{number}.0") for number, state in enumerate(ORDER, start=50)}
    for state, revision in found.items():
        if state == "WITHDRAWN":
            any_time(site, "pia", revision, "WITHDRAW", "authored_by", "Not needed.")
        if state in ("DRAFT", "WITHDRAWN"):
            continue
        sign(site, revision, "authored_by")
        if state != "IN_REVIEW":
            sign(site, revision, "reviewed_by_production")
        if state in ("IN_REVIEW", "PENDING_APPROVAL"):
            continue
        sign(site, revision, "approved_by_qa", **({"verdict": "reject", "comment": "Unsafe."} if state == "REJECTED" else {}))
        if state == "RETIRED":
            any_time(site, "diana", revision, "RETIRE", "approved_by_qa", "Replaced by another process.")
        if state in ("SUPERSEDED", "EFFECTIVE"):
            by(
                site, "diana", recipes.make_effective, f"batch:{revision}", proven=True, revision_id=revision,
                effective_at=clock.text(clock.now()),
            )  # fmt: skip
            fire_due(site)
    return found


def any_time(site: Site, login: str, revision: str, step: str, meaning: str, reason: str) -> None:
    """What may come at any time: a withdrawal, a retirement."""
    by(
        site, login, life_cycle.sign, f"batch:{revision}", proven=True, revision_id=revision, task_key=step, meaning=meaning,
        entries={"reason": reason},
    )  # fmt: skip


@pytest.mark.requirement("C4-01")
def test_every_state_is_shown_and_accessible(app: Any, site: Site, browser: Any) -> None:
    shown = states(site)
    with site.read() as reader:
        assert {state: reader.get(RecipeRevision, id=revision)["state"] for state, revision in shown.items()} == {
            state: state for state in shown
        }
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    page, found = context.new_page(), []
    with served(app) as address:
        sign_in_as(page, address, "diana")
        paths = ["/recipes", *(f"/recipes/{revision}" for revision in shown.values())]
        paths.append(f"/recipes/{shown['APPROVED']}/steps/EFFECTIVE_FROM")
        for path in paths:
            page.goto(address + path)
            settle(page)
            for width in (1280, 320):
                page.set_viewport_size({"width": width, "height": 900})
                found += violations(page) + sideways(page)
    context.close()
    assert found == []
