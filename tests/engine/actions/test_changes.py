"""A change goes as its process is drawn: assessed, approved, in effect from its instant, decided for the batches, closed."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest

from engine import clock, errors
from engine.actions import changes, duties
from engine.actions.timers import fire_due
from engine.batch_record import BatchRecord
from engine.queries.changes import change_inbox, change_list, change_view, duties_waiting, next_change_id
from engine.queries.life_cycle import life_cycle_view
from engine.records import Batch, EntryReview
from engine.site import Site
from engine.verify import verify
from tests.batches import start
from tests.changes import CHANGE, PROPOSED, ChangeTeam
from tests.people import actor_of, proof_of

MONDAY = datetime.fromisoformat("2026-04-13T08:00:00+00:00")


@pytest.fixture
def team(site: Site) -> Iterator[ChangeTeam]:
    clock.simulate(MONDAY)
    yield ChangeTeam(site)
    clock.stop_simulating()


def implemented(team: ChangeTeam) -> None:
    """What the full route asks for after the instant of its effect."""
    team.do("OPEN_BATCHES", "QA_FLR", "reviewed_by_qa")
    team.do_duties()
    team.do("IMPLEMENT", "MFG_SUP", "implementation_verified_by", evidence="Seen in the suite.")


def approved(team: ChangeTeam, **about: Any) -> None:
    """The full route until quality has approved it, for in an hour."""
    team.proposed(**about)
    team.initiate()
    team.assess()
    team.approve_change(at=clock.now() + timedelta(hours=1))


def later(team: ChangeTeam, **span: float) -> int:
    clock.simulate(clock.now() + timedelta(**span))
    return fire_due(team.site)


@pytest.mark.requirement("G-06", "G-16", "Q10-01")
def test_a_change_goes_the_full_route_as_it_is_drawn(team: ChangeTeam) -> None:
    team.proposed()
    states = [team.change()["state"]]
    states.append(team.initiate()["state"])
    assert {"MFG", "MSAT", "CLIENT"} <= set(team.assess())
    assert team.state(team.revision) == "PENDING_APPROVAL"
    at = clock.now() + timedelta(hours=1)
    states.append(team.approve_change(at=at)["state"])
    assert (team.state(team.revision), team.change()["route"]) == ("APPROVED", "full")
    assert team.revision_row(team.revision)["effective_at"] == team.change()["effective_at"] == clock.text(at)
    later(team, minutes=59)
    assert team.state(team.revision) == "APPROVED"
    later(team, minutes=1)
    assert team.state(team.revision) == "EFFECTIVE"
    assert team.state("MR-ROW-001@1.0") == "SUPERSEDED"
    implemented(team)
    states.append(team.change()["state"])
    answers = {"criterion": "10 batches", "result": "10 good", "effective": "true"}
    team.do("EFFECTIVENESS", "MSAT", "technical_assessment_by", **answers)
    states.append(team.do("CLOSE", "QA_DISP", "closed_by_qa")["state"])
    assert states == ["INITIATED", "ASSESSMENT", "IMPLEMENTING", "EFFECTIVENESS", "CLOSED"]
    assert team.change()["ended_at"]
    assert verify(team.site.url, team.site.keys).ok


def test_a_lost_cache_gives_the_same_open_steps(team: ChangeTeam) -> None:
    approved(team)
    before = team.waiting()
    team.site.runs.clear()
    with team.site.writing() as connection:
        connection.exec_driver_sql("DELETE FROM engine_snapshot")
        connection.commit()
    later(team, hours=1)
    implemented(team)
    assert set(before) == {"OPEN_BATCHES", "IMPLEMENT"}
    assert team.waiting() == ["EFFECTIVENESS"]


def test_what_is_said_of_a_life_cycle_under_a_change_is_that_it_waits_for_nobody(team: ChangeTeam) -> None:
    team.proposed()
    view = life_cycle_view(team.site, team.revision, actor_of(team.site, team.staff["QA_FLR"]))
    assert view["waiting"] == []
    with pytest.raises(errors.MeaningNotAllowedError):
        team.sign(team.revision, "reviewed_by_production", "MFG_SUP")


def test_an_objection_sends_it_back_and_voids_what_was_signed(team: ChangeTeam) -> None:
    team.proposed()
    team.initiate()
    team.assess(MFG="object")
    assert team.state(team.revision) == "DRAFT"
    assert [key for key in team.waiting() if key != "CANCEL"] == ["INITIATE[2]"]
    with pytest.raises(errors.ChangeNotReadyError, match="not in review"):
        team.initiate(answer="The mixing time is given now.")
    team.submit(team.revision)
    with pytest.raises(errors.MissingRecordsError, match="came back"):
        team.initiate()
    team.initiate(answer="The mixing time is given now.")
    view = change_view(team.site, CHANGE, actor_of(team.site, team.staff["QA_DISP"]))
    void = {s["title"]: s["void"]["why"] for s in view["run"]["signatures"] if s["void"]}
    assert {"Initiate the change", "Assessment by Manufacturing", "Technical assessment"} <= void.keys()
    team.assess()
    assert team.state(team.revision) == "PENDING_APPROVAL"


def test_a_condition_is_no_objection(team: ChangeTeam) -> None:
    team.proposed()
    team.initiate()
    team.assess(MFG="condition")
    assert [key for key in team.waiting() if key != "CANCEL"] == ["APPROVE[1]"]


def test_returned_by_quality_a_new_draft_needs_new_ticks(team: ChangeTeam) -> None:
    team.proposed()
    team.initiate()
    team.assess()
    old = team.tick("QA_DISP")
    team.do("APPROVE", "QA_DISP", "approved_by_qa", verdict="return", comment="Name the equipment.")
    assert team.state(team.revision) == "DRAFT"
    team.save(team.revision, team.draft_xml().replace('parHigh="90"', 'parHigh="95"'))
    team.submit(team.revision)
    team.initiate(answer="Named.")
    team.assess()
    with pytest.raises(errors.EntriesNotReviewedError) as refused:
        team.do("APPROVE", "QA_DISP", "approved_by_qa", verdict="agree", effective_at=clock.now().isoformat())
    assert not set(refused.value.details["entries"]) & set(old)
    team.approve_change()
    assert team.state(team.revision) == "APPROVED"


@pytest.mark.requirement("G-04", "P11-16")
def test_nobody_approves_what_they_wrote_saved_or_proposed(team: ChangeTeam) -> None:
    team.give("PROC", "QA_DISP")
    team.give("PROC", "MFG_SUP")
    team.proposed()
    team.initiate()
    with pytest.raises(errors.SamePersonError):
        team.do("MFG", "PROC", "assessed_by_manufacturing", verdict="agree")
    with pytest.raises(errors.SamePersonError):
        team.do("MSAT", "PROC", "technical_assessment_by", verdict="agree")
    team.assess()
    team.tick("PROC")
    with pytest.raises(errors.SamePersonError, match=r"opened|written|signed"):
        team.approve_change(role="PROC")
    assert team.state(team.revision) == "PENDING_APPROVAL"


def test_nobody_assesses_in_two_functions(team: ChangeTeam) -> None:
    team.give("MSAT", "MFG_SUP")
    team.proposed()
    team.initiate()
    team.do("MSAT", "MSAT", "technical_assessment_by", verdict="agree")
    with pytest.raises(errors.SamePersonError):
        team.do("MFG", "MSAT", "assessed_by_manufacturing", verdict="agree")


def test_whoever_approves_has_looked_at_every_entry_of_these_documents(team: ChangeTeam) -> None:
    team.proposed()
    team.initiate()
    team.assess()
    entries = team.tick("QA_DISP", leave=1)
    with pytest.raises(errors.EntriesNotReviewedError) as refused:
        team.do("APPROVE", "QA_DISP", "approved_by_qa", verdict="agree", effective_at=clock.now().isoformat())
    assert list(refused.value.details["entries"]) == entries[-1:]
    with pytest.raises(errors.ChangeFieldError):
        team.act("QA_DISP", changes.review_entries, entries=["1|none|none|0000000000000000"])
    team.tick("QA_FLR")  # another's ticks are another's
    with pytest.raises(errors.EntriesNotReviewedError):
        team.do("APPROVE", "QA_DISP", "approved_by_qa", verdict="agree", effective_at=clock.now().isoformat())
    assert team.approve_change()["completed"]
    with team.site.read() as reader:
        assert len(reader.rows(EntryReview, change_id=CHANGE, person_id="qa.disp")) == len(entries)


def test_an_instant_that_is_past_is_refused(team: ChangeTeam) -> None:
    team.proposed()
    team.initiate()
    team.assess()
    with pytest.raises(errors.RevisionNotEffectiveError, match="past"):
        team.approve_change(at=clock.now() - timedelta(minutes=5))
    assert team.waiting()[-1] == "APPROVE[1]"


def test_an_editorial_change_and_process_development_take_the_light_route(team: ChangeTeam) -> None:
    team.proposed(stage="process_development")
    team.initiate()
    assert team.assess() == ["LIGHT_MFG", "LIGHT_MSAT"]
    assert team.approve_change("LIGHT_APPROVE")["completed"]
    fire_due(team.site)
    assert (team.change()["route"], team.state(team.revision)) == ("light", "EFFECTIVE")
    implemented(team)
    assert team.change()["state"] == "IMPLEMENTED"
    assert team.do("CLOSE", "QA_DISP", "closed_by_qa")["state"] == "CLOSED"


def test_a_client_who_signs_approves_after_quality(team: ChangeTeam) -> None:
    team.proposed(client_signs=True)
    team.initiate()
    team.assess()
    team.approve_change(at=clock.now() + timedelta(hours=1))
    assert team.state(team.revision) == "PENDING_APPROVAL"
    later(team, hours=3)
    team.do("CLIENT_APPROVE", "CLI_QA", "approved_by_client", verdict="agree")
    fire_due(team.site)
    assert team.state(team.revision) == "EFFECTIVE"
    assert team.change()["effective_at"] >= clock.text(clock.now() - timedelta(minutes=1))


def emergency(team: ChangeTeam) -> None:
    team.proposed(urgency="emergency")
    team.initiate()
    team.do("AUTHORISE", "MFG_SUP", "authorised_to_proceed", why="A patient waits.")


def test_in_an_emergency_two_people_let_it_be_used_at_once_and_quality_approves_afterwards(team: ChangeTeam) -> None:
    team.give("MFG_SUP", "QA_FLR")
    emergency(team)
    assert (team.change()["state"], team.state(team.revision)) == ("EMERGENCY", "IN_REVIEW")
    with pytest.raises(errors.SamePersonError):
        team.do("AUTHORISE", "MFG_SUP", "approved_by_qa")
    team.do("AUTHORISE", "QA_FLR", "approved_by_qa")
    assert (team.change()["state"], team.state(team.revision)) == ("EMERGENCY", "EFFECTIVE")
    assert team.state("MR-ROW-001@1.0") == "SUPERSEDED"
    later(team, hours=4)
    assert ("reminder", "RETROSPECTIVE") in team.notices()
    later(team, hours=20)
    assert ("escalation", "RETROSPECTIVE") in team.notices()
    team.tick("QA_DISP")
    team.do("RETROSPECTIVE", "QA_DISP", "approved_by_qa", verdict="agree")
    implemented(team)
    assert team.do("CLOSE", "QA_DISP", "closed_by_qa")["state"] == "CLOSED"
    assert verify(team.site.url, team.site.keys).ok


def test_a_refused_retrospective_approval_names_its_deviation_and_is_kept(team: ChangeTeam) -> None:
    emergency(team)
    team.do("AUTHORISE", "QA_FLR", "approved_by_qa")
    with pytest.raises(errors.MissingRecordsError, match="deviation"):
        team.do("RETROSPECTIVE", "QA_DISP", "approved_by_qa", verdict="refuse", comment="It was not needed.")
    told = {"verdict": "refuse", "comment": "It was not needed.", "deviation": "DEV-26-017"}
    team.do("RETROSPECTIVE", "QA_DISP", "approved_by_qa", **told)
    assert [row["id"] for row in change_list(team.site, text="dev-26-017")] == [CHANGE]


def test_reminders_and_escalations_come_as_drawn_on_working_days(team: ChangeTeam) -> None:
    clock.simulate(MONDAY + timedelta(days=3))  # Thursday, 08:00
    team.proposed()
    team.initiate()
    later(team, hours=23)
    assert team.notices() == []
    later(team, hours=1)
    first = team.notices()
    assert {kind for kind, _ in first} == {"reminder"}
    assert {"MFG[1]", "MSAT[1]"} <= {key for _, key in first}
    later(team, days=2, hours=23)  # Monday, 07:00: a weekend does not count
    assert team.notices() == first
    later(team, hours=1)
    assert [kind for kind, _ in team.notices()].count("escalation") == len(first)
    inbox = change_inbox(team.site, actor_of(team.site, team.staff["QA_DISP"]))
    assert inbox
    assert all(row["escalated_at"] and not row["mine"] for row in inbox)


def test_a_step_that_was_done_in_time_is_not_reminded_of(team: ChangeTeam) -> None:
    team.proposed()
    team.initiate()
    team.assess()
    team.tick("QA_DISP")
    later(team, hours=25)
    assert team.notices() == [("reminder", "APPROVE[1]")]


@pytest.mark.requirement("Q10-01")
def test_a_rejected_change_keeps_its_reason_and_is_found_by_it(team: ChangeTeam) -> None:
    team.proposed()
    team.initiate()
    team.assess()
    team.do("APPROVE", "QA_DISP", "approved_by_qa", verdict="reject", comment="The study used another vessel.")
    assert (team.change()["state"], team.state(team.revision)) == ("REJECTED", "REJECTED")
    [found] = change_list(team.site, text="ANOTHER vessel", states=["REJECTED"])
    assert (found["id"], found["why"]) == (CHANGE, "The study used another vessel.")
    assert change_list(team.site, text="vessel zirconium") == []
    assert change_list(team.site, text="100%_") == []


def test_a_change_can_be_cancelled_by_its_originator_or_quality_until_it_is_approved(team: ChangeTeam) -> None:
    team.proposed()
    team.initiate()
    proof = proof_of(team.site, team.staff["MFG_SUP"])
    with pytest.raises(errors.NotPermittedError):
        team.act("MFG_SUP", changes.cancel_change, reason="Not now.", proof=proof)
    proof = proof_of(team.site, team.staff["QA_FLR"])
    team.act("QA_FLR", changes.cancel_change, reason="The vendor gave up the vessel.", proof=proof)
    assert (team.change()["state"], team.state(team.revision)) == ("CANCELLED", "DRAFT")
    assert change_list(team.site, text="vendor")[0]["why"] == "The vendor gave up the vessel."
    with pytest.raises(errors.ChangeLockedError):
        team.act("QA_FLR", changes.cancel_change, reason="Again.", proof=proof)
    team.open("CC-2026-0002")  # the revision is free for another change
    team.put("CC-2026-0002")


def test_an_approved_change_is_not_cancelled(team: ChangeTeam) -> None:
    approved(team)
    with pytest.raises(errors.ChangeLockedError):
        team.act("QA_FLR", changes.cancel_change, reason="No.", proof=proof_of(team.site, team.staff["QA_FLR"]))


@pytest.mark.parametrize("ended", [False, True])
def test_a_revision_is_in_one_open_change(team: ChangeTeam, ended: bool) -> None:
    team.recipe_in_effect()
    team.draft("1.1", PROPOSED)
    team.open()
    team.put()
    team.open("CC-2026-0002")
    with pytest.raises(errors.ChangeFieldError, match=f"part of {CHANGE}"):
        team.put("CC-2026-0002")
    if ended:
        team.act("PROC", changes.cancel_change, reason="Merged.", proof=proof_of(team.site, team.staff["PROC"]))
        assert team.put("CC-2026-0002")["item"] == 1


def test_what_is_in_review_already_goes_under_no_change(team: ChangeTeam) -> None:
    team.recipe_in_effect()
    team.draft("1.1", PROPOSED)
    team.submit(team.revision)
    team.open()
    with pytest.raises(errors.ChangeFieldError, match="in review"):
        team.put()


def test_a_revision_whose_item_is_withdrawn_becomes_a_draft_again(team: ChangeTeam) -> None:
    team.proposed()
    team.act("PROC", changes.withdraw_item, n=1, version=1)
    assert team.state(team.revision) == "DRAFT"
    with pytest.raises(errors.ChangeNotReadyError, match="no item"):
        team.initiate()
    team.put(kind="text", revision_id=None, proposed="The vessel is cleaned twice.")
    assert team.initiate()["state"] == "ASSESSMENT"


def test_every_field_that_is_missing_or_wrong_is_told_at_once(team: ChangeTeam) -> None:
    with pytest.raises(errors.ChangeFieldError) as refused:
        team.open(title=" ", kind="recipie", temporary=True, client="", client_signs=True, risk={"severity": 6, "luck": 1})
    assert set(refused.value.details["problems"]) == {"title", "kind", "until", "client", "risk"}
    team.open()
    with pytest.raises(errors.ChangeFieldError) as refused:
        team.put(revision_id=None, why="", evidence=[], confidence="sure")
    assert set(refused.value.details["problems"]) == {"revision_id", "why", "evidence", "confidence"}


def test_items_share_a_revision_and_every_change_of_it_is_covered_once(team: ChangeTeam) -> None:
    team.recipe_in_effect()
    team.draft("1.1", PROPOSED.replace('parLow="1"', 'parLow="2"', 2))
    team.open()
    with pytest.raises(errors.ChangeFieldError, match="nothing that the revision changes"):
        team.put(subjects=["S001.colour"])
    assert team.put(subjects=["S001.weight"])["item"] == 1
    with pytest.raises(errors.ChangeFieldError, match="item 1 already"):
        team.put(subjects=["S001.weight"])
    team.submit(team.revision)
    with pytest.raises(errors.ChangeNotReadyError, match="no item covers"):
        team.initiate()
    assert team.put(title="The other limit")["item"] == 2
    with pytest.raises(errors.ChangeFieldError, match="Item 2 covers"):
        team.put(title="A third")
    team.initiate()
    view = change_view(team.site, CHANGE, actor_of(team.site, team.staff["QA_DISP"]))
    covered = [{entry["subject"] for entry in item["entries"]} for item in view["items"]]
    assert "S001.weight" in covered[0]
    assert "S002.weight" in covered[1]
    assert not covered[0] & covered[1]


def test_what_is_with_others_is_not_altered(team: ChangeTeam) -> None:
    team.proposed()
    team.initiate()
    for action, about in (
        (changes.describe_change, {"version": team.change()["version"], "reason": "Another"}),
        (changes.withdraw_item, {"n": 1, "version": 1}),
    ):
        with pytest.raises(errors.ChangeLockedError):
            team.act("PROC", action, **about)
    with pytest.raises(errors.ChangeLockedError):
        team.put(n=1, version=1)


def test_a_description_that_was_changed_by_somebody_else_is_not_overwritten(team: ChangeTeam) -> None:
    team.open()
    version = team.change()["version"]
    team.act("PROC", changes.describe_change, version=version, reason="Six batches came close.", risk={"severity": 4})
    with pytest.raises(errors.StaleRecordError):
        team.act("PROC", changes.describe_change, version=version, reason="Two batches came close.")
    assert team.change()["reason"] == "Six batches came close."


def test_an_open_batch_stands_against_the_signature_and_the_closing(team: ChangeTeam) -> None:
    team.recipe_in_effect()
    start(team.site, team.staff, "MR-ROW-001", "B-1")
    team.draft("1.1", PROPOSED)
    team.open()
    team.put()
    team.submit(team.revision)
    team.initiate()
    team.assess()
    team.approve_change()
    fire_due(team.site)
    with pytest.raises(errors.BatchesUndecidedError, match="B-1, item 1"):
        team.do("OPEN_BATCHES", "QA_FLR", "reviewed_by_qa")


def test_a_duty_that_is_open_stands_against_the_verification(team: ChangeTeam) -> None:
    approved(team)
    later(team, hours=1)
    added = team.act("MFG_SUP", duties.add_duty, title="Old labels destroyed", owner="QA_FLR")
    titles = [row["title"] for row in change_view(team.site, CHANGE, actor_of(team.site, team.staff["PROC"]))["duties"]]
    assert titles[-1] == "Old labels destroyed"
    assert any("Training" in title for title in titles)
    with pytest.raises(errors.DutiesOpenError, match="Old labels destroyed"):
        team.do("IMPLEMENT", "MFG_SUP", "implementation_verified_by", evidence="Seen.")
    with pytest.raises(errors.NotPermittedError):
        team.act("MFG_OP", duties.do_duty, duty_id=added["duty"], evidence="Done")
    with pytest.raises(errors.NotPermittedError):
        team.act("MFG_SUP", duties.cancel_duty, duty_id=added["duty"], reason="None were printed.")
    team.act("QA_FLR", duties.cancel_duty, duty_id=added["duty"], reason="None were printed.")
    with pytest.raises(errors.AlreadyRecordedError):
        team.act("QA_FLR", duties.do_duty, duty_id=added["duty"], evidence="Done")
    implemented(team)
    assert team.waiting() == ["EFFECTIVENESS"]


def test_what_is_to_be_done_waits_in_the_inbox_of_its_owner_by_date(team: ChangeTeam) -> None:
    approved(team)

    def to_do(role: str) -> list[str]:
        return [row["title"] for row in duties_waiting(team.site, actor_of(team.site, team.staff[role]))]

    drawn_up = to_do("PROC")
    assert drawn_up
    soon, later_on = clock.now() + timedelta(minutes=5), clock.now() + timedelta(days=2)
    team.act("MFG_SUP", duties.add_duty, title="Tell the suite", owner="PROC", due_at=soon)
    team.act("MFG_SUP", duties.add_duty, title="File it", owner="PROC", due_at=later_on)
    anybody = team.act("MFG_SUP", duties.add_duty, title="Archive the drawings")
    assert to_do("PROC") == ["Tell the suite", *drawn_up, "File it", "Archive the drawings"]
    assert to_do("RA")[-1:] == ["Archive the drawings"]
    assert "Archive the drawings" not in to_do("QP"), "who may not open changes is not asked"
    with pytest.raises(errors.ChangeFieldError, match="Operator: no role with an inbox"):
        team.act("MFG_SUP", duties.add_duty, title="Clean", owner="MFG_OP")
    team.act("RA", duties.do_duty, duty_id=anybody["duty"], evidence="In the binder.")
    assert to_do("PROC") == ["Tell the suite", *drawn_up, "File it"]
    given_up = "CC-2026-0002"
    team.open(given_up)
    team.act("MFG_SUP", duties.add_duty, given_up, title="Ask the vendor", owner="QP")
    assert to_do("QP") == ["Ask the vendor"]
    proof = proof_of(team.site, team.staff["QA_FLR"])
    team.act("QA_FLR", changes.cancel_change, given_up, reason="The vendor gave up.", proof=proof)
    assert to_do("QP") == [], "what ended leaves nothing to do"


def test_a_change_that_is_not_initiated_waits_for_who_opened_it(team: ChangeTeam) -> None:
    team.proposed()

    def inbox(role: str) -> list[str]:
        return [row["step_id"] for row in change_inbox(team.site, actor_of(team.site, team.staff[role]))]

    assert inbox("PROC") == ["INITIATE"]
    assert inbox("QA_DISP") == inbox("RA") == []
    view = change_view(team.site, CHANGE, actor_of(team.site, team.staff["QA_DISP"]))
    [step] = view["run"]["waiting"]
    assert step["mine"], "it may stand in for them"
    assert "Approve the change" in " ".join(step["bars"])


def test_the_page_of_what_was_shown_is_what_is_signed(team: ChangeTeam) -> None:
    team.proposed()
    view = change_view(team.site, CHANGE, actor_of(team.site, team.staff["PROC"]))
    shown = next(step for step in view["run"]["waiting"] if step["step_id"] == "INITIATE")["shown_hash"]
    team.act("PROC", changes.describe_change, version=view["change"]["version"], reason="Seven batches came close.")
    with pytest.raises(errors.StaleRecordError):
        team.act(
            "PROC", changes.sign_step, task_key="INITIATE[1]", meaning="initiated_by", shown_hash=shown,
            proof=proof_of(team.site, team.staff["PROC"]),
        )  # fmt: skip
    team.initiate()
    with team.site.read() as reader:
        run = BatchRecord(team.site, reader, CHANGE)
        signed = run.signatures("INITIATE[1]")[0]["shown"]
        assert "Seven batches came close." in signed
        assert "DS-1" in signed
        assert reader.get(Batch, id=CHANGE)["kind"] == "change"


def test_signatures_stay_valid_while_batches_go_on(team: ChangeTeam) -> None:
    approved(team)
    start(team.site, team.staff, "MR-ROW-001", "B-1")
    view = change_view(team.site, CHANGE, actor_of(team.site, team.staff["QA_DISP"]))
    assert all(row["valid"] for row in view["run"]["signatures"])


def test_a_withdrawn_revision_stops_the_assessment_with_its_name(team: ChangeTeam) -> None:
    team.proposed()
    team.initiate()
    team.at_any_time(team.revision, "WITHDRAW", "PROC", "authored_by", reason="Given up.")
    with pytest.raises(errors.ChangeNotReadyError, match=r"MR-ROW-001@1\.1 is withdrawn"):
        team.assess()


@pytest.mark.parametrize("turn", range(3))
def test_a_revision_submitted_while_its_change_is_cancelled_never_waits_for_it(team: ChangeTeam, turn: int) -> None:
    team.recipe_in_effect()
    team.draft("1.1", PROPOSED)
    team.open()
    team.put()
    proof = proof_of(team.site, team.staff["QA_FLR"])

    def cancel() -> dict[str, Any]:
        return team.act("QA_FLR", changes.cancel_change, reason="Not now.", proof=proof)

    def submit() -> dict[str, Any]:
        return team.submit(team.revision)

    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(cancel), pool.submit(submit)]
        for done in both[:: 1 if turn % 2 else -1]:
            done.result()
    view = life_cycle_view(team.site, team.revision, actor_of(team.site, team.staff["QA_FLR"]))
    assert (team.change()["state"], [step["step_id"] for step in view["waiting"]]) in [
        ("CANCELLED", ["REVIEW"]), ("CANCELLED", ["AUTHOR"]),
    ]  # fmt: skip


def test_numbers_go_on_within_the_year(team: ChangeTeam) -> None:
    for name in ("CC-2026-0142", "CC-2025-0900", "CC-2026-ab", "CC-26-001"):
        team.open(name)
    with team.site.read() as reader:
        assert next_change_id(reader, MONDAY) == "CC-2026-0143"
        assert next_change_id(reader, MONDAY.replace(year=2027)) == "CC-2027-0001"
