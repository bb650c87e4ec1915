"""The pages of the demo site: every page for every role, the operator's step without scripts, the reviewer's pages."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from urllib.parse import quote

import pytest

from bpmn.vocabulary import ROLES
from engine import clock
from engine.queries.equipment import equipment
from engine.queries.review import review
from forms.fields import FIELD_TYPES
from tests.screenshots import DRAFT, EXPANSION, RELEASE, REVIEW, WAITING
from tests.services import ROOT
from tests.web.serving import PASSWORDS, demo_site
from web import demo
from web.app import create_app
from web.demo.changes import CHANGE

pytestmark = pytest.mark.xdist_group("one at a time")  # the verifier finds the step that the operator has signed

LOGINS = {person.roles[0]: person.login for person in reversed(demo.PEOPLE)}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    opened = demo_site(tmp_path_factory.mktemp("pages") / "site")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def app(site):
    return create_app(site, SIGN_IN_LIMIT="", WTF_CSRF_ENABLED=False, DEMO=True)


def station(app, role: str):
    """A browser without scripts with somebody of this role signed in."""
    client = app.test_client()
    login = LOGINS[role]
    assert client.post("/sign-in", data={"login": login, "password": PASSWORDS[login]}).status_code == 302
    return client


def hidden(page) -> dict[str, str]:
    """The hidden fields of a page's last form."""
    form = page.text[page.text.rindex('<form method="post" class="stack') :]
    return {n: unescape(v) for n, v in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form)}


def paths(site) -> dict[str, str]:
    """One path for each endpoint that takes arguments."""
    value = next(v for v in review(site, REVIEW)["values"] if v["source"] == "manual")
    arguments = {
        "batch_id": EXPANSION, "task_key": "S24[4]", "person_id": "anna", "equipment_id": "FRZ-01",
        "ad_hoc_id": f"{EXPANSION}-A1", "side": "before",
        "lot_id": "LOT-101", "revision_id": "MR-CART-001@3.0", "value_id": value["id"], "other_id": DRAFT,
        "change_id": CHANGE, "n": "1", "recipe_id": "MR-CART-001", "step_id": "S20", "parameter_id": "moi",
    }  # fmt: skip
    return {name: quote(text) for name, text in arguments.items()}


@pytest.mark.requirement("P11-07")
@pytest.mark.parametrize("role", ROLES)
def test_every_page_renders_or_is_refused_for_every_role(app, site, role):
    client, known = station(app, role), paths(site)
    for rule in app.url_map.iter_rules():
        if "GET" not in rule.methods or rule.rule.startswith(("/api/", "/static/")) or rule.endpoint == "session_page.form":
            continue
        path = re.sub(r"<(?:\w+:)?(\w+)>", lambda found: known.get(found[1], "none"), rule.rule)
        path = path.replace(EXPANSION, REVIEW) if "values/" in path else path
        if "<dry_run_id>" in rule.rule:
            continue  # tests/web/test_dry_runs.py: the demo has none
        if "/decisions/" in path:
            continue  # tests/web/test_decision_tables.py: the demo's recipes have none
        if path.startswith("/forms/"):
            path = "/forms/triage@1"
        if path.startswith("/changes/"):
            path = path.replace(quote("S24[4]"), "CANCEL")
        elif "/steps/" in path:
            path = f"/recipes/{DRAFT}/steps/{quote('AUTHOR[1]')}"
        allowed = app.view_functions[rule.endpoint].allowed
        right = bool(allowed & {"PUBLIC", "SIGNED_IN", role})
        assert client.get(path).status_code in ({200, 302} if right else {403}), f"{path} for {role}"


def test_every_field_type_has_a_template():
    templates = {path.stem for path in (ROOT / "web" / "templates" / "fields").glob("*.html")}
    assert templates == set(FIELD_TYPES)


def test_every_page_of_a_batch_says_whose_it_is_in_which_state_and_at_what_time(app):
    page = station(app, "QA_DISP").get(f"/batches/{RELEASE}/review").text
    for shown in (RELEASE, "MR-CART-001 v3.0", "COI-NVX-000131", "Reviewed by QA", "Diana Roth", "QA disposition", "CE"):
        assert shown in page


def test_a_review_without_exceptions_proves_what_was_checked(app):
    page = station(app, "QA_DISP").get(f"/batches/{RELEASE}/review").text
    assert "111 values were checked by these rules" in page
    assert "37 values have no limit; they are recorded, not judged" in page


@pytest.mark.requirement("P11-23")
def test_a_signature_shows_name_time_and_meaning(app):
    page = station(app, "QA_DISP").get(f"/batches/{RELEASE}/record").text
    assert re.search(r"Performed by</span> <strong>Anna Keller</strong>, Operator, <time[^>]*>\d+ \w+ 2026 \d\d:\d\d", page)


@pytest.mark.requirement("D11-04")
def test_the_audit_trail_is_filtered_by_who_what_and_when(app):
    client = station(app, "QA_DISP")
    whole = client.get(f"/batches/{RELEASE}/trail").text
    assert "Diana Roth" not in whole or "Anna Keller" in whole
    filtered = client.get(f"/batches/{RELEASE}/trail?who=diana&what=signed").text
    assert "Diana Roth" in filtered
    assert "<td>Anna Keller" not in filtered
    assert client.get(f"/batches/{RELEASE}/trail?since=yesterday").status_code == 422
    assert "No entry fits" in client.get(f"/batches/{RELEASE}/trail?since=2099-01-01").text


@pytest.mark.requirement("A11-10")
def test_a_triage_without_a_reason_is_refused_at_its_own_exception(app, site):
    client = station(app, "QA_DISP")
    exception = next(e for e in review(site, REVIEW)["exceptions"] if e["open"])
    sent = {"do": "triage", "exception_id": exception["id"], "kind": "accept", "password": PASSWORDS["diana"]}
    refused = client.post(f"/batches/{REVIEW}/review", data=sent)
    assert refused.status_code == 422
    assert "Enter the reason" in refused.text
    signed = client.post(f"/batches/{REVIEW}/review", data=sent | {"text": "Seen, no effect on the product."})
    assert signed.status_code == 302
    assert exception["id"] not in [e["id"] for e in review(site, REVIEW)["exceptions"] if e["open"]]


def test_an_operator_works_a_step_from_start_to_signature_without_scripts(app, site):
    client, step = station(app, "MFG_OP"), f"/batches/{WAITING}/tasks/S05"
    suite = next(e["id"] for e in equipment(site) if e["equipment_class"] == "cleanroom suite" and not e["batch_id"])
    assert client.post(step, data={"do": "start", "version": "1"}).status_code == 302
    assert client.post(step, data={"do": "scan", "code": suite}).status_code == 302

    mistyped = client.post(step, data=hidden(client.get(step)) | {"do": "record", "v:clean_end": "yesterday"})
    assert mistyped.status_code == 422
    assert 'href="#f-v-clean_end"' in mistyped.text
    assert 'value="yesterday"' in mistyped.text

    stale = client.post(step, data={"do": "record", "version": "1", "v:clean_end": "2026-11-01 10:00"})
    assert stale.status_code == 409
    assert 'value="2026-11-01 10:00"' in stale.text

    typed = f"{clock.now() - timedelta(hours=2):%Y-%m-%d %H:%M}Z"
    assert client.post(step, data=hidden(client.get(step)) | {"do": "record", "v:clean_end": typed}).status_code == 302
    unsigned = client.post(step, data=hidden(client.get(step)) | {"do": "sign", "password": "wrong"})
    assert (unsigned.status_code, "The password is not right" in unsigned.text) == (403, True)
    sign = hidden(client.get(step)) | {"do": "sign", "password": PASSWORDS["anna"]}
    assert client.post(step, data=sign).status_code == 302
    assert client.post(step, data=sign).status_code == 302  # pressed twice: the stored answer
    assert "Performed by" in client.get(step).text

    blind = station(app, "MFG_VER").get(step, follow_redirects=True)
    assert "Your reading" in blind.text
    assert typed not in blind.text


def perform_line_clearance(app, site) -> None:
    """The operator's part of S05, unless an earlier test has done it."""
    client, step = station(app, "MFG_OP"), f"/batches/{WAITING}/tasks/S05"
    if "Performed by" in client.get(step).text and "Your password" not in client.get(step).text:
        return
    suite = next(e["id"] for e in equipment(site) if e["equipment_class"] == "cleanroom suite" and not e["batch_id"])
    client.post(step, data={"do": "start", "version": "1"})
    client.post(step, data={"do": "scan", "code": suite})
    typed = f"{clock.now() - timedelta(hours=2):%Y-%m-%d %H:%M}Z"
    client.post(step, data=hidden(client.get(step)) | {"do": "record", "v:clean_end": typed})
    client.post(step, data=hidden(client.get(step)) | {"do": "sign", "password": PASSWORDS["anna"]})


@pytest.mark.requirement("A11-07")
def test_a_verifier_reads_in_site_time_without_seeing_the_record_and_a_difference_is_shown_then(app, site):
    perform_line_clearance(app, site)
    verifier, verify = station(app, "MFG_VER"), f"/batches/{WAITING}/tasks/S05/verification"
    form = hidden(verifier.get(verify)) | {"w:clean_end": "2026-01-02 03:04", "password": PASSWORDS["victor"]}
    differs = verifier.post(verify, data=form)
    assert differs.status_code == 409
    assert "Your reading differs from the record" in differs.text
    assert re.search(r"2026-01-02 03:04</td><td class=\"number\">2026-", differs.text)
    assert [e["number"] for e in review(site, WAITING)["exceptions"]] == [26]


@pytest.mark.requirement("P11-13")
def test_a_step_that_is_not_open_is_refused_by_its_address(app):
    client = station(app, "MFG_OP")
    assert client.get(f"/batches/{WAITING}/tasks/S40").status_code == 404
    assert client.post(f"/batches/{WAITING}/tasks/S40", data={"do": "start"}).status_code == 404
    done = client.post(f"/batches/{WAITING}/tasks/S01", data={"do": "start", "version": "1"})
    assert done.status_code == 409
    assert "already completed" in done.text
