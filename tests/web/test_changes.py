"""Pages of changes without scripts: opened, filled with items, assessed, reviewed, approved or returned; the open batches."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from html import unescape
from typing import Any
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from engine import clock
from engine.actions import entries as entry_actions
from engine.actions import tasks
from engine.actions.taken_decisions import apply_decisions
from engine.actions.timers import fire_due
from engine.queries.changes import change_view
from engine.records import Change, ChangeItem, EntryReview, OpenBatchDecision
from engine.site import Site
from engine.transaction import Actor
from tests.batches import start
from tests.changes import CHANGE, PROPOSED, ChangeTeam
from tests.engine import small_site as sites
from tests.people import PASSWORD
from web.app import create_app

MONDAY = datetime.fromisoformat("2026-04-13T08:00:00+00:00")
NOBODY = Actor("nobody", "Nobody", frozenset())
ABOUT = {
    "change_id": "CC-2026-0007", "title": "Less weight", "kind": "recipe", "urgency": "planned", "temporary": "no", "until": "",
    "category": "safety", "reason": "Weights drift upwards.", "product": "Test product", "stage": "clinical", "client": "",
    "client_signs": "no", "patient_impact": "None expected.", "severity": "3", "probability": "2", "detectability": "2",
    "uncertainty": "Two batches only", "formality": "Judgement", "comparability": "Not affected", "elsewhere": "None",
}  # fmt: skip
ITEM = {
    "kind": "revision", "title": "Tighter limit", "category": "safety", "why": "Five of ten came close.", "confidence": "medium",
    "evidence_kind:0": "study", "evidence_reference:0": "DS-1", "evidence_says:0": "It mixes as well",
    "evidence_kind:1": "batch", "evidence_reference:1": "B-1", "evidence_says:1": "",
}  # fmt: skip


class Office:
    """A small site behind its pages, and the people of a change."""

    def __init__(self, site: Site) -> None:
        self.site, self.team = site, ChangeTeam(site)
        self.app = create_app(site, SIGN_IN_LIMIT="", WTF_CSRF_ENABLED=False)
        self.clients: dict[str, FlaskClient] = {}

    def at(self, role: str) -> FlaskClient:
        """A browser without scripts with the person of a role signed in."""
        if role not in self.clients:
            client = self.app.test_client()
            login = self.team.staff[role].login
            assert client.post("/sign-in", data={"login": login, "password": PASSWORD}).status_code == 302
            self.clients[role] = client
        return self.clients[role]

    def page(self, role: str, path: str, status: int = 200) -> str:
        answer = self.at(role).get(path)
        assert answer.status_code == status, answer.text[:2000]
        return unescape(re.sub(r"\s+", " ", answer.text))

    def send(self, role: str, path: str, *, form: str = '<form method="post" class="stack', **entries: Any) -> Any:
        """The page's form with its hidden fields, as a browser sends it."""
        page = self.at(role).get(path).text
        shown = page[page.rindex(form) :].partition("</form>")[0]
        hidden = {n: unescape(v) for n, v in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', shown)}
        return self.at(role).post(path, data=hidden | entries)

    def step(self, role: str, step_id: str, meaning: str = "", **entries: str) -> Any:
        """Sign a step of the change on its page; `meaning`: where there are several."""
        path = f"/changes/{CHANGE}/steps/{quote(self.team.key_of(step_id))}"
        typed = {f"v:{name}": text for name, text in entries.items()} | ({"meaning": meaning} if meaning else {})
        return self.send(role, path, **typed, do="sign", password=PASSWORD)

    def change(self, change_id: str = CHANGE) -> dict[str, Any]:
        with self.site.read() as reader:
            return dict(reader.get(Change, id=change_id))

    def ready_for_approval(self, **about: Any) -> None:
        """The change was assessed; a batch runs on the old revision."""
        self.team.recipe_in_effect()
        start(self.site, self.team.staff, "MR-ROW-001", "B-1")
        self.team.draft("1.1", PROPOSED)
        self.team.open(**about)
        self.team.put(category=about.get("category", "quality"))
        self.team.submit(self.team.revision)
        self.team.initiate()
        self.team.assess()


@pytest.fixture
def office(database_url: str, tmp_path: Any) -> Iterator[Office]:
    clock.simulate(MONDAY)
    site = sites.small_site(database_url, tmp_path, zone="Europe/Berlin")
    yield Office(site)
    site.close()


one_database = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)


# Opening, items


def test_a_change_is_opened_with_all_that_an_inspector_asks_for(office: Office) -> None:
    assert 'value="CC-2026-0001"' in office.page("PROC", "/changes/new")
    opened = office.send("PROC", "/changes/new", **ABOUT)
    assert opened.status_code == 302, opened.text
    page = office.page("PROC", "/changes/CC-2026-0007")
    told = ("Less weight", "Weights drift upwards.", "None expected.", "3 × 2 × 2", "Two batches only", "Not affected")
    for said in (*told, "Initiate the change"):
        assert said in page


@one_database
def test_everything_that_is_missing_is_told_at_once_and_nothing_typed_is_lost(office: Office) -> None:
    empty = ABOUT | {"title": "", "patient_impact": "", "product": "Kept"}
    refused = office.send("PROC", "/changes/new", **empty)
    assert refused.status_code == 422
    assert all(text in refused.text for text in ("Enter a title", "Enter what it means for patients", 'value="Kept"'))
    wrong = office.send("PROC", "/changes/new", **ABOUT | {"temporary": "yes", "client_signs": "yes"})
    assert all(text in unescape(wrong.text) for text in ("how long it lasts", "Name the client"))
    assert office.at("MFG_OP").get("/changes/new").status_code == 403


def test_an_item_is_a_part_of_what_a_draft_changes_with_its_evidence(office: Office) -> None:
    office.team.recipe_in_effect()
    draft = office.team.draft("1.1", PROPOSED)
    office.team.open()
    path = f"/changes/{CHANGE}/items/new?kind=revision&revision_id={quote(draft)}"
    page = office.page("PROC", path)
    assert 'value="S001.weight"' in page
    assert "upper accepted limit" in page, "what each subject changes stands beside it"
    refused = office.send("PROC", path, **ITEM | {"title": "", "evidence_reference:0": ""}, subjects="S001.weight")
    assert refused.status_code == 422
    assert "Five of ten came close." in refused.text
    assert office.send("PROC", path, **ITEM, subjects="S001.weight").status_code == 302
    with office.site.read() as reader:
        [item] = reader.rows(ChangeItem, change_id=CHANGE)
    assert (item["revision_id"], item["base_id"], item["subjects"]) == (draft, "MR-ROW-001@1.0", '["S001.weight"]')
    page = office.page("PROC", f"/changes/{CHANGE}")
    for said in ("Tighter limit", "Five of ten came close.", "DS-1", "Medium confidence", "upper accepted limit", "90"):
        assert said in page
    path = f"/changes/{CHANGE}/items/1"
    assert "checked" in office.page("PROC", path)
    assert office.send("PROC", path, **ITEM | {"why": "Six of ten."}, subjects="S001.weight").status_code == 302
    assert "Six of ten." in office.page("PROC", f"/changes/{CHANGE}")
    assert office.send("PROC", path, **ITEM, do="withdraw").status_code == 302
    assert "Withdrawn" in office.page("PROC", f"/changes/{CHANGE}")


@one_database
def test_a_text_is_an_item_too_and_what_the_change_says_can_be_changed_until_it_is_initiated(office: Office) -> None:
    office.team.recipe_in_effect()
    office.team.open()
    text = ITEM | {"kind": "text", "current": "Weigh once", "proposed": "Weigh twice"}
    assert office.send("PROC", f"/changes/{CHANGE}/items/new?kind=text", **text).status_code == 302
    assert "Weigh twice" in office.page("QA_FLR", f"/changes/{CHANGE}/review")
    path = f"/changes/{CHANGE}/edit"
    assert office.send("PROC", path, **ABOUT | {"title": "Better title"}).status_code == 302
    assert office.change()["title"] == "Better title"
    assert office.step("PROC", "INITIATE").status_code == 302
    locked = office.at("PROC").post(path, data=ABOUT | {"version": "2"})
    assert locked.status_code == 409
    assert "Change what it says" not in office.page("PROC", f"/changes/{CHANGE}")


@one_database
def test_a_stale_form_overwrites_nothing(office: Office) -> None:
    office.team.open()
    path = f"/changes/{CHANGE}/edit"
    assert office.at("PROC").post(path, data=ABOUT | {"version": "1", "title": "First"}).status_code == 302
    late = office.at("PROC").post(path, data=ABOUT | {"version": "1", "title": "Second"})
    assert late.status_code == 409
    assert 'value="Second"' in late.text
    assert office.change()["title"] == "First"


# Steps, inbox, search


def test_who_is_asked_finds_it_in_the_inbox_and_assesses_on_a_form(office: Office) -> None:
    office.team.proposed()
    form = office.page("MFG_SUP", f"/changes/{CHANGE}/steps/{quote(office.team.key_of('INITIATE'))}")
    assert re.search(r"Who signs this can.{1,5}t sign afterwards: .*Assessment by Manufacturing", form)
    assert office.step("PROC", "INITIATE", criterion="Ten batches").status_code == 302
    inbox = office.page("RA", "/inbox") if "RA" in office.team.waiting() else office.page("MFG_SUP", "/inbox")
    assert "Tighter mixing" in inbox
    assert "Risk 12" in inbox
    assert office.at("MFG_OP").get("/inbox").status_code == 403
    page = office.page("MFG_SUP", f"/changes/{CHANGE}/steps/{quote(office.team.key_of('MFG'))}")
    for said in ("Five batches of the last ten came close.", "It mixes as well.", "Ten batches", "Can it be made so"):
        assert said in page
    refused = office.step("MFG_SUP", "MFG", verdict="object")
    assert refused.status_code == 422
    assert office.step("MFG_SUP", "MFG", verdict="object", comment="Not with our mixer.").status_code == 302
    assert "Not with our mixer." in office.page("PROC", f"/changes/{CHANGE}")
    assert "Assessment by Manufacturing" not in office.page("MFG_SUP", "/inbox")


@one_database
def test_the_author_is_told_why_they_can_t_assess_their_own_change(office: Office) -> None:
    office.team.proposed()
    office.team.initiate()
    page = office.page("PROC", f"/changes/{CHANGE}/steps/{quote(office.team.key_of('MSAT'))}")
    assert "You can't sign this" in page
    assert "step-form" not in page


def test_refused_and_cancelled_changes_are_found_by_their_reasons(office: Office) -> None:
    office.ready_for_approval()
    office.team.tick("QA_DISP")
    path = f"/changes/{CHANGE}/review"
    entries = {"v:verdict": "reject", "v:comment": "No evidence beyond three batches", "password": PASSWORD, "do": "sign"}
    assert office.send("QA_DISP", path, form='<form method="post" id="decide"', **entries).status_code == 302
    for text, found in (("beyond+three", True), ("DS-1", True), ("mixing+client", True), ("nothing+of+it", False)):
        page = office.page("MFG_OP", f"/changes?text={text}")
        assert (CHANGE in page) == found, text
    assert "No evidence beyond three batches" in office.page("MFG_OP", "/changes?state=REJECTED")
    assert CHANGE not in office.page("MFG_OP", "/changes?state=open")


@one_database
def test_addresses_of_runs_and_their_tasks_lead_to_the_change(office: Office) -> None:
    office.team.proposed()
    for path in (f"/batches/{CHANGE}", f"/batches/{CHANGE}/tasks/{quote(office.team.key_of('INITIATE'))}"):
        assert f"/changes/{CHANGE}" in office.at("PROC").get(path).location
    assert "Tighter mixing" in office.page("PROC", f"/batches/{CHANGE}/trail")
    assert f"/changes/{CHANGE}/steps/" in office.page("PROC", "/tasks")
    assert CHANGE not in office.page("PROC", "/batches")
    assert office.at("PROC").get("/changes/B-1").status_code == 404


# Review and approval


def approve(office: Office, *, ticks: list[str], **entries: str) -> Any:
    form = {"v:verdict": "agree", "v:effective_at": "2026-04-15 06:00", "do": "sign", "password": PASSWORD, "entry": ticks}
    return office.send("QA_DISP", f"/changes/{CHANGE}/review", form='<form method="post" id="decide"', **form | entries)


def ticks_of(office: Office) -> list[str]:
    page = office.at("QA_DISP").get(f"/changes/{CHANGE}/review").text
    return [unescape(name) for name in re.findall(r'type="checkbox" name="entry" value="([^"]+)"', page)]


@pytest.mark.requirement("G-16")
def test_quality_approves_with_every_entry_ticked_in_one_form(office: Office) -> None:
    office.ready_for_approval()
    page = office.page("QA_DISP", f"/changes/{CHANGE}/review")
    for said in ("Tighter limit", "Limit tightened", "DS-1", "Steps that change", "0 of 2 entries looked at", "Approved by QA"):
        assert said in page, said
    ticks = ticks_of(office)
    forgotten = approve(office, ticks=ticks[:1])
    assert forgotten.status_code == 409
    assert "Look at this entry first" in forgotten.text
    assert 'value="2026-04-15 06:00"' in forgotten.text
    assert "1 of 2 entries looked at" in forgotten.text, "the tick that came along is kept"
    assert approve(office, ticks=ticks[1:]).status_code == 302
    assert office.change()["effective_at"] == "2026-04-15T04:00:00.000000Z"
    with office.site.read() as reader:
        assert len(reader.rows(EntryReview, change_id=CHANGE)) == 2
    assert "Approved by QA" in office.page("PROC", f"/changes/{CHANGE}")


def test_ticks_are_kept_on_the_server_each_by_itself(office: Office) -> None:
    office.ready_for_approval()
    first, second = ticks_of(office)
    answer = office.at("QA_DISP").post(f"/changes/{CHANGE}/ticks", data={"entry": first})
    assert "1 of 2 entries looked at" in answer.text
    page = office.page("QA_DISP", f"/changes/{CHANGE}/review")
    assert page.count('class="looked"') == 1
    assert office.page("QA_FLR", f"/changes/{CHANGE}/review").count('class="looked"') == 0, "each reviewer looks for themselves"
    kept = office.send("QA_DISP", f"/changes/{CHANGE}/review", form='<form method="post" id="decide"', entry=second, do="keep")
    assert kept.status_code == 302
    assert "All 2 entries looked at" in office.page("QA_DISP", f"/changes/{CHANGE}/review")
    unknown = office.at("QA_DISP").post(f"/changes/{CHANGE}/ticks", data={"entry": "1|aaaa|bbbb|cccc"})
    assert "no entry of the change" in unknown.text


def test_requesting_changes_voids_the_signatures_and_asks_for_new_ticks(office: Office) -> None:
    office.ready_for_approval()
    ticks = ticks_of(office)
    entries = {"v:verdict": "return", "v:effective_at": "", "v:comment": "Why 90 and not 95?"}
    assert approve(office, ticks=ticks, **entries).status_code == 302
    page = office.page("PROC", f"/changes/{CHANGE}")
    assert "Assessed by Manufacturing: void" in page
    assert "Why 90 and not 95?" in page
    assert "Change what it says" in page, "it is with its originator again"
    office.team.save(office.team.revision, office.team.draft_xml().replace('parHigh="90"', 'parHigh="95"'))
    again = office.page("QA_DISP", f"/changes/{CHANGE}/review")
    assert 'class="looked"' not in again, "other documents, other entries"


def test_the_review_shows_what_the_new_limits_would_have_done(office: Office) -> None:
    office.ready_for_approval()
    for action, more in ((tasks.start_task, {}), (entry_actions.record_values, {"entries": {"weight": "92", "label": "A"}})):
        office.team.act("MFG_OP", _at_batch(action), "B-1", task_key="S001", **more)
    page = office.page("QA_DISP", f"/changes/{CHANGE}/review")
    assert "<strong>1 of the last 1</strong> would have been exceptions" in page
    assert "Outside accepted" in page
    assert '<svg class="trend"' in page
    summary = office.page("QA_DISP", f"/changes/{CHANGE}/batches/summary")
    assert "1 of 1 rows undecided" in summary


def _at_batch(action: Any) -> Any:
    """An act on a batch, called as the team calls those on a change."""

    def act(act: Any, *, actor: Actor, change_id: str, **arguments: Any) -> Any:
        return action(act, actor=actor, batch_id=change_id, **arguments)

    return act


# Open batches


def matrix(office: Office, role: str, **entries: str) -> Any:
    return office.send(role, f"/changes/{CHANGE}/batches", **{"reason": "As the rules say.", "password": PASSWORD} | entries)


@pytest.mark.requirement("P4-05")
def test_decisions_are_signed_by_every_role_and_applied_with_a_result_for_each_row(office: Office) -> None:
    office.ready_for_approval()
    start(office.site, office.team.staff, "MR-ROW-001", "B-2")
    approve(office, ticks=ticks_of(office))
    page = office.page("QA_DISP", f"/changes/{CHANGE}/batches")
    assert page.count("Not started") >= 2
    assert 'name="d:B-1:1"' in page
    signed = matrix(office, "QA_DISP", **{"d:B-1:1": "adopt", "d:B-2:1": "hold", "do": "propose"})
    assert signed.status_code == 302, signed.text
    assert "2 rows to sign as" in office.page("MSAT", "/inbox")
    [set_id] = {row["set_id"] for row in _rows(office)}
    path = f"/changes/{CHANGE}/batches"
    assert "Process owner / MSAT signs" in office.page("QA_DISP", path)
    form = {"do": "sign", "set_id": set_id, "set_password": PASSWORD}
    assert office.at("MSAT").post(path, data=form).status_code == 302
    progress = office.page("QA_DISP", f"/changes/{CHANGE}/batches/progress")
    assert "0 of 2 batches" in progress
    assert 'hx-trigger="every 1s"' in progress
    apply_decisions(office.site, CHANGE)
    done = office.page("QA_DISP", path)
    assert "2 of 2 batches" in done
    assert "MR-ROW-001@1.1" in done
    assert "On hold" in done
    assert 'hx-trigger="every 1s"' not in done
    assert {row["batch_id"]: row["state"] for row in _rows(office)} == {"B-1": "APPLIED", "B-2": "APPLIED"}
    assert "1 of 2 rows" not in done
    assert 'name="d:B-2:1"' in done, "a batch on hold is decided again"


def _rows(office: Office) -> list[dict[str, Any]]:
    with office.site.read() as reader:
        return list(reader.rows(OpenBatchDecision, change_id=CHANGE))


@one_database
def test_who_would_decide_otherwise_than_proposed_does_it_on_the_page(office: Office) -> None:
    office.ready_for_approval()
    approve(office, ticks=ticks_of(office))
    assert matrix(office, "QA_DISP", **{"d:B-1:1": "hold", "do": "propose"}).status_code == 302
    [before] = _rows(office)
    path = f"/changes/{CHANGE}/batches"
    page = office.page("MSAT", path)
    assert 'name="d:B-1:1"' not in page
    assert "Decide it otherwise" in page
    assert "look at it first" in matrix(office, "MSAT", **{"d:B-1:1": "adopt", "do": "propose"}).text
    anew = office.page("MSAT", f"{path}?otherwise={quote(before['set_id'], safe='')}")
    assert "As proposed: hold" in anew
    assert ">Decide it otherwise<" not in anew
    form = {"d:B-1:1": "adopt", "do": "propose", "otherwise": before["set_id"]}
    assert matrix(office, "MSAT", **form).status_code == 302
    [after] = _rows(office)
    assert (after["decision"], after["state"]) == ("adopt", "SIGNING")
    assert after["set_id"] != before["set_id"]
    old = {"do": "sign", "set_id": before["set_id"], "set_password": PASSWORD}
    assert "proposed since" in office.at("MSAT").post(path, data=old).text, "what was replaced can't be signed"


@one_database
def test_the_same_decision_is_filled_in_where_it_is_allowed_and_nothing_is_recorded(office: Office) -> None:
    office.ready_for_approval()
    approve(office, ticks=ticks_of(office))
    filled = matrix(office, "QA_DISP", do="fill", fill="stay", reason="Half typed")
    assert filled.status_code == 422
    assert '<option value="stay" selected>' in filled.text
    assert 'value="Half typed"' in filled.text
    assert _rows(office) == []


@one_database
def test_a_decision_that_the_position_does_not_allow_is_told_at_its_row(office: Office) -> None:
    office.ready_for_approval()
    early = office.page("QA_DISP", f"/changes/{CHANGE}/batches")
    assert "decided when it is approved" in early
    assert "<select" not in early
    approve(office, ticks=ticks_of(office))
    refused = matrix(office, "QA_DISP", **{"d:B-1:1": "signal", "do": "propose"})
    assert refused.status_code == 422
    assert 'href="#f-d-B-1-1"' in refused.text
    assert "is not possible" in refused.text
    assert "Choose a decision" in matrix(office, "QA_DISP", **{"d:B-1:1": "", "do": "propose"}).text
    assert office.page("MFG_OP", f"/changes/{CHANGE}/batches").count("<select") == 0, "others read"


def test_duties_are_added_done_and_cancelled_on_the_change_s_page(office: Office) -> None:
    office.ready_for_approval()
    approve(office, ticks=ticks_of(office))
    path = f"/changes/{CHANGE}"
    assert "Training on" in office.page("PROC", path)
    empty = office.at("PROC").post(path, data={"do": "add_duty", "title": "", "due_at": "soon"})
    assert empty.status_code == 422
    more = {"title": "New labels", "owner": "QA_FLR", "due_at": "2026-04-14"}
    added = office.at("PROC").post(path, data={"do": "add_duty"} | more)
    assert added.status_code == 302
    view = change_view(office.site, CHANGE, NOBODY)
    duty = next(row for row in view["duties"] if row["title"] == "New labels")
    assert office.at("MFG_OP").post(path, data={"do": "do_duty", "duty": duty["id"], "evidence": "x"}).status_code == 403
    assert office.at("QA_FLR").post(path, data={"do": "do_duty", "duty": duty["id"], "evidence": "L-12"}).status_code == 302
    page = office.page("PROC", path)
    assert "L-12" in page


@pytest.mark.requirement("G-06")
def test_the_last_steps_are_signed_on_pages_too(office: Office) -> None:
    office.ready_for_approval()
    approve(office, ticks=ticks_of(office))
    undecided = office.step("QA_FLR", "OPEN_BATCHES")
    assert undecided.status_code in (409, 422)
    assert "B-1, item 1" in undecided.text
    matrix(office, "QA_DISP", **{"d:B-1:1": "adopt", "do": "propose"})
    [row] = _rows(office)
    form = {"do": "sign", "set_id": row["set_id"], "set_password": PASSWORD}
    office.at("MSAT").post(f"/changes/{CHANGE}/batches", data=form)
    apply_decisions(office.site, CHANGE)
    assert "Every row is decided" in office.page("QA_FLR", f"/changes/{CHANGE}/batches")
    assert office.step("QA_FLR", "OPEN_BATCHES").status_code == 302
    open_duties = office.step("MFG_SUP", "IMPLEMENT", evidence="Seen.")
    assert open_duties.status_code in (409, 422)
    assert "Training" in open_duties.text
    office.team.do_duties()
    assert office.step("MFG_SUP", "IMPLEMENT", evidence="Seen.").status_code == 302
    clock.simulate(MONDAY + timedelta(days=3))
    fire_due(office.site)
    effect = {"criterion": "10 batches", "result": "2.1", "effective": "yes"}
    assert office.step("QA_FLR", "EFFECTIVENESS", **effect).status_code == 422, "it can be signed in two meanings"
    assert office.step("QA_FLR", "EFFECTIVENESS", meaning="reviewed_by_qa", **effect).status_code == 302
    assert office.step("QA_DISP", "CLOSE").status_code == 302
    assert office.change()["state"] == "CLOSED"
    lineage = office.page("MFG_OP", "/limits/MR-ROW-001/S001/weight")
    for said in (CHANGE, "Five batches of the last ten came close.", "DS-1", "In effect", "1 to 90 g"):
        assert said in lineage


@one_database
def test_cancelling_asks_for_the_reason_and_shows_it(office: Office) -> None:
    office.team.proposed()
    page = office.page("PROC", f"/changes/{CHANGE}")
    assert "Cancel the change" in page
    assert office.step("PROC", "CANCEL").status_code == 422
    assert office.step("PROC", "CANCEL", reason="Not needed any more.").status_code == 302
    assert "Not needed any more." in office.page("PROC", f"/changes/{CHANGE}")
    assert "Not needed any more." in office.page("PROC", "/changes")




@one_database
def test_a_change_says_where_it_was_proposed_from(office: Office) -> None:
    office.team.open(origin={"kind": "departures", "departures": ["PD-1", "PD-2"], "batches": ["B-1", "B-2"]})
    page = office.page("PROC", f"/changes/{CHANGE}")
    assert "PD-1, PD-2" in page
    assert "/batches/B-2" in page
    office.team.open("CC-2026-0002", origin={"kind": "ad_hoc", "batch": "B-9", "ad_hoc": "AH-3"})
    assert "AH-3" in office.page("PROC", "/changes/CC-2026-0002")
