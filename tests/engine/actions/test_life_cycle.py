"""The life of a revision, told with people: Pia writes, Sam reviews for production, Quinn approves, Diana puts into effect."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from bpmn.new_diagram import with_header
from engine import clock, errors
from engine.actions import batches, corrections, drafts, life_cycle, people, processes
from engine.actions.signatures import give_signature
from engine.actions.timers import fire_due, watch
from engine.batch_record import BatchRecord
from engine.documents import read_document
from engine.queries.batches import batch_list
from engine.queries.recipes import recipe_list
from engine.queries.worklist import worklist
from engine.records import Batch, DryRun, ParameterValue, RecipeDocument, RecipeDraft, RecipeRevision, Signature, Task
from engine.site import Site
from engine.step_content import content_hash
from engine.transaction import SYSTEM, perform
from engine.verify import verify
from tests.batches import ENTRIES, SIGNERS, start
from tests.people import actor_of, proof_of, train
from tests.revisions import FIRST, XML, Team, sign_bare


@pytest.fixture
def team(site: Site) -> Team:
    return Team(site)


@pytest.mark.requirement("C4-01", "G-16", "G-06")
def test_a_revision_goes_through_every_state_as_it_is_drawn(team: Team) -> None:
    states = [team.draft() and team.state(FIRST)]
    for meaning, role in SIGNERS:
        states.append(team.sign(FIRST, meaning, role)["state"])
    team.effective(FIRST, clock.now())
    fire_due(team.site)
    states.append(team.state(FIRST))
    assert states == ["DRAFT", "IN_REVIEW", "PENDING_APPROVAL", "APPROVED", "EFFECTIVE"]
    assert verify(team.site.url, team.site.keys).ok


def test_tests_that_change_go_to_qc_and_a_client_approves_where_the_author_says_so(team: Team) -> None:
    team.draft()
    team.submit(FIRST, tests_changed="true", client_approves="true")
    team.sign(FIRST, "reviewed_by_production", "MFG_SUP")
    assert [s["title"] for s in team.view(FIRST)["waiting"]] == ["Review by QC"]
    for meaning, role in (("reviewed_by_qc", "QC_REV"), ("approved_by_qa", "QA_FLR"), ("approved_by_client", "CLI_QA")):
        ENTRIES.setdefault(meaning, {"verdict": "agree"})
        last = team.sign(FIRST, meaning, role)
    assert last["state"] == "APPROVED"


def test_what_is_mandatory_with_a_revision_is_asked_for_all_at_once(team: Team) -> None:
    team.draft()
    with pytest.raises(errors.MissingRecordsError) as refused:
        sign_bare(team, FIRST, "authored_by", "PROC", {"reason": "New"})
    told = " ".join(refused.value.details["missing"])
    assert all(word in told for word in ("Site", "phase", "batch sizes", "Training", "Linked change", "risk assessment"))
    assert team.state(FIRST) == "DRAFT"


def test_a_diagram_that_fails_its_checks_is_not_submitted_and_every_finding_is_told(team: Team) -> None:
    team.draft(xml=XML.replace('uom="g"', 'uom="furlong"').replace('limitAction="block"', 'limitAction="halt"'))
    with pytest.raises(errors.DiagramRefusedError) as refused:
        team.submit(FIRST)
    assert {finding["rule"] for finding in refused.value.details["findings"]} >= {"units", "extensions"}
    with team.site.read() as reader:
        assert team.state(FIRST) == "DRAFT"
        assert reader.rows(Signature, batch_id=FIRST) == []
        assert reader.get(Task, batch_id=FIRST, key="AUTHOR[1]")["state"] == "open"


def test_a_draft_under_another_number_than_its_header_is_not_submitted(team: Team) -> None:
    team.draft()
    team.save(FIRST, with_header(XML, revision="9"))
    with pytest.raises(errors.DiagramRefusedError, match="9"):
        team.submit(FIRST)


@pytest.mark.requirement("G-04")
def test_nobody_reviews_or_approves_what_they_wrote_or_reviewed(team: Team) -> None:
    team.draft()
    give(team, "PROC", "MFG_SUP")
    team.submit(FIRST)
    with pytest.raises(errors.SamePersonError):
        team.sign(FIRST, "reviewed_by_production", "PROC")
    give(team, "MFG_SUP", "QA_FLR")
    team.sign(FIRST, "reviewed_by_production", "MFG_SUP")
    with pytest.raises(errors.SamePersonError):
        team.sign(FIRST, "approved_by_qa", "MFG_SUP")
    assert not next(s for s in team.view(FIRST, "MFG_SUP")["waiting"])["mine"]


def test_who_only_saved_the_draft_has_written_it_too(team: Team) -> None:
    team.draft()
    team.staff["RA"]
    give(team, "RA", "PROC")
    give(team, "RA", "MFG_SUP")
    perform(
        team.site, drafts.save_draft, actor=actor_of(team.site, team.staff["RA"]), stream="recipe:MR-ROW-001",
        revision_id=FIRST, xml=XML.replace("Weigh S001", "Weigh it"), version=1,
    )  # fmt: skip
    team.submit(FIRST)
    with pytest.raises(errors.SamePersonError):
        team.sign(FIRST, "reviewed_by_production", "RA")


def give(team: Team, holder: str, role: str) -> None:
    login = team.staff[holder].login
    perform(team.site, people.grant_role, actor=SYSTEM, stream=f"person:{login}", person_id=login, role=role)


def test_once_in_review_it_is_locked_and_returned_it_can_be_edited(team: Team) -> None:
    team.draft()
    team.submit(FIRST)
    with pytest.raises(errors.RevisionLockedError, match="in review"):
        team.save(FIRST, XML.replace("Weigh S001", "Weigh it"))
    team.sign(FIRST, "reviewed_by_production", "MFG_SUP", verdict="return", comment="Say which scale.")
    assert team.state(FIRST) == "DRAFT"
    assert team.save(FIRST, XML.replace("Weigh S001", "Weigh it"))["version"] == 2


@pytest.mark.requirement("P11-11")
def test_a_return_to_draft_voids_the_signatures_of_the_round_and_says_why(team: Team) -> None:
    team.draft()
    team.submit(FIRST)
    team.sign(FIRST, "reviewed_by_production", "MFG_SUP")
    team.sign(FIRST, "approved_by_qa", "QA_FLR", verdict="return", comment="The target is missing.")
    team.save(FIRST, XML.replace("Weigh S001", "Weigh it"))
    team.submit(FIRST)
    given = team.view(FIRST)["signatures"]
    assert [bool(s["void"]) for s in given] == [True, True, True, False]
    assert {s["void"]["why"] for s in given[:3]} == {"The target is missing."}
    assert [s["valid"] for s in given] == [False, False, False, True], "the document changed"


def test_nobody_returns_or_rejects_without_saying_why(team: Team) -> None:
    team.draft()
    team.submit(FIRST)
    with pytest.raises(errors.MissingRecordsError, match="Why"):
        team.sign(FIRST, "reviewed_by_production", "MFG_SUP", verdict="reject")
    assert team.state(FIRST) == "IN_REVIEW"


def test_a_rejected_and_a_withdrawn_revision_stay_on_record_with_their_reasons(team: Team) -> None:
    rejected, withdrawn = team.draft(), team.draft("1.1", with_header(XML, revision="1.1"))
    team.submit(rejected)
    team.sign(rejected, "reviewed_by_production", "MFG_SUP", verdict="reject", comment="Another process does it.")
    team.submit(withdrawn)
    team.at_any_time(withdrawn, "WITHDRAW", "PROC", "authored_by", reason="The study ended.")
    assert (team.state(rejected), team.state(withdrawn)) == ("REJECTED", "WITHDRAWN")
    assert team.view(rejected)["said"][-1]["why"] == "Another process does it."
    assert team.view(withdrawn)["said"][-1]["why"] == "The study ended."
    listed = {row["id"]: row["why"] for row in recipe_list(team.site)}
    assert listed == {rejected: "Another process does it.", withdrawn: "The study ended."}
    assert team.view(withdrawn)["waiting"] == team.view(rejected)["waiting"] == []
    with pytest.raises(errors.DuplicateRecordError):
        team.draft()


def test_only_the_author_s_role_withdraws(team: Team) -> None:
    team.draft()
    with pytest.raises(errors.NotPermittedError):
        team.at_any_time(FIRST, "WITHDRAW", "MFG_SUP", "authored_by", reason="No.")


def keep_dry_run(team: Team, verdict: str, kind: str = "system") -> None:
    """A report of a dry run, signed by the process owner."""
    pia = team.staff["PROC"]
    proof = proof_of(team.site, pia)
    with team.site.read() as reader:
        digest = reader.get(RecipeRevision, id=FIRST)["hash"]

    def keep(act: Any, *, actor: Any) -> dict[str, Any]:
        row = act.insert(
            DryRun, id=act.new_id("dry_run"), recipe_id="MR-ROW-001", revision_id=FIRST, hash=digest, kind=kind,
            verdict=verdict, report="{}", product_version="0", run_by=actor.id, started_at=act.now, ended_at=act.now,
        )  # fmt: skip
        give_signature(
            act, actor=actor, proof=proof, subject=f"dry_run:{row['id']}", slot="P", meaning="performed_by",
            role="PROC", record={"hash": digest},
        )  # fmt: skip
        act.note("dry_run:kept")
        return {}

    perform(team.site, keep, actor=actor_of(team.site, pia), stream="recipe:MR-ROW-001")


@pytest.mark.requirement("DI-18")
def test_where_the_site_requires_it_nothing_goes_to_approval_without_a_dry_run_that_passed(team: Team) -> None:
    team.site.settings = replace(team.site.settings, dry_run_required=True)
    team.draft()
    team.submit(FIRST)
    with pytest.raises(errors.DryRunMissingError):
        team.sign(FIRST, "reviewed_by_production", "MFG_SUP")
    keep_dry_run(team, "failed")
    keep_dry_run(team, "passed", kind="person")  # what somebody clicked through covers too little
    with pytest.raises(errors.DryRunMissingError):
        team.sign(FIRST, "reviewed_by_production", "MFG_SUP")
    assert team.state(FIRST) == "IN_REVIEW"
    keep_dry_run(team, "passed")
    assert team.sign(FIRST, "reviewed_by_production", "MFG_SUP")["state"] == "PENDING_APPROVAL"


def with_one_more_signature() -> str:
    """The life cycle as a site might draw it: regulatory affairs review beside production, on the same step."""
    old = '<mes:signature code="Q" roles="MFG_SUP" meanings="reviewed_by_production" differs="AUTHOR"/>'
    xml = with_header(processes.shipped_xml("RLC-001"), revision="2.0")
    assert old in xml
    return xml.replace(old, old + '<mes:signature code="Q" roles="RA" meanings="regulatory_assessment_by" differs="AUTHOR"/>')


def test_a_site_changes_the_life_cycle_by_drawing(team: Team) -> None:
    underway = team.draft()
    drawn = team.draft("2.0", with_one_more_signature(), recipe_id=life_cycle.LIFE_CYCLE, kind="process")
    team.approve(drawn)
    team.effective(drawn, clock.now())
    fire_due(team.site)
    assert team.state("RLC-001@1.0") == "SUPERSEDED"
    following = team.draft("1.1", with_header(XML, revision="1.1"))
    for revision_id in (underway, following):
        team.submit(revision_id)
        team.sign(revision_id, "reviewed_by_production", "MFG_SUP")
    assert [team.state(revision_id) for revision_id in (underway, following)] == ["PENDING_APPROVAL", "IN_REVIEW"]
    assert sign_bare(team, following, "regulatory_assessment_by", "RA", {})["state"] == "PENDING_APPROVAL"
    assert team.view(following)["drawn"] == drawn


def test_a_life_cycle_of_unknown_services_is_not_approved(team: Team) -> None:
    team.draft()
    xml = with_one_more_signature().replace('action="recipe.supersede"', 'action="recipe.bless"')
    drawn = team.draft("2.0", xml, recipe_id=life_cycle.LIFE_CYCLE)
    with pytest.raises(errors.DiagramRefusedError, match=r"recipe\.bless"):
        team.submit(drawn)


def test_what_was_said_of_a_revision_is_not_corrected_afterwards_and_its_life_cycle_not_terminated(team: Team) -> None:
    team.draft()
    team.submit(FIRST)
    quinn = team.staff["QA_FLR"]
    acting: dict[str, Any] = {"actor": actor_of(team.site, quinn), "stream": f"batch:{FIRST}", "batch_id": FIRST}
    acting["reason"] = "Typo."
    with team.site.read() as reader:
        value = reader.rows(ParameterValue, batch_id=FIRST)[0]["id"]
    with pytest.raises(errors.CorrectionRefusedError):
        perform(team.site, corrections.correct_value, value_id=value, text="Other", **acting)
    with pytest.raises(errors.OutcomeNotAllowedError):
        perform(team.site, batches.terminate_batch, proof=proof_of(team.site, quinn), **acting)


def test_of_many_saves_of_the_same_version_at_once_exactly_one_is_kept(team: Team) -> None:
    team.draft()
    actor = actor_of(team.site, team.staff["PROC"])

    def save(number: int) -> str:
        xml = XML.replace("Weigh S001", f"Weigh for the {number}th time")
        try:
            perform(
                team.site, drafts.save_draft, actor=actor, stream="recipe:MR-ROW-001", revision_id=FIRST, xml=xml, version=1
            )
        except errors.StaleRecordError:
            return "stale"
        return xml

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(save, range(8)))
    [kept] = [answer for answer in answers if answer != "stale"]
    with team.site.read() as reader:
        assert reader.get(RecipeDraft, revision_id=FIRST)["xml"] == kept


def test_a_submission_of_a_draft_that_somebody_saved_meanwhile_is_refused(team: Team) -> None:
    team.draft()
    pia = team.staff["PROC"]
    with team.site.read() as reader:
        run = BatchRecord(team.site, reader, FIRST)
        seen = content_hash(run, run.task("AUTHOR[1]"))
    team.save(FIRST, XML.replace("Weigh S001", "Weigh it"))
    with pytest.raises(errors.StaleRecordError):
        perform(
            team.site, life_cycle.sign, actor=actor_of(team.site, pia), stream=f"batch:{FIRST}", revision_id=FIRST,
            task_key="AUTHOR[1]", meaning="authored_by", proof=proof_of(team.site, pia), entries=ENTRIES["authored_by"],
            shown_hash=seen,
        )  # fmt: skip


def test_two_kinds_of_document_never_share_a_number(team: Team) -> None:
    team.draft()
    with pytest.raises(errors.RecipeFieldError, match="something else"):
        team.draft("2.0", with_one_more_signature(), kind="process")


def test_every_draft_and_every_signature_survives_the_loss_of_all_caches(team: Team) -> None:
    team.draft()
    for meaning, role in SIGNERS:
        team.site.runs.clear()
        team.site.recipes.clear()
        with team.site.writing() as connection:
            connection.exec_driver_sql("DELETE FROM engine_snapshot")
            connection.commit()
        last = team.sign(FIRST, meaning, role)
    assert last["state"] == "APPROVED"


def test_a_revision_from_before_life_cycles_were_drawn_begins_one_as_a_draft(team: Team) -> None:
    """As an older release left it: a revision in review, without a working copy and without a life cycle."""
    xml = with_header(XML, revision="0.9")

    def as_before(act: Any, *, actor: Any) -> dict[str, Any]:
        digest = read_document("recipe", xml).hash
        act.insert(RecipeDocument, hash=digest, xml=xml)
        act.insert(
            RecipeRevision, id="MR-ROW-001@0.9", recipe_id="MR-ROW-001", revision="0.9", title="Row", product="P", hash=digest,
            state="IN_REVIEW", authored_by="pia", version=1,
        )  # fmt: skip
        act.note("recipe:imported")
        return {}

    perform(team.site, as_before, actor=SYSTEM, stream="recipe:MR-ROW-001")
    assert team.approve("MR-ROW-001@0.9") == "APPROVED"


def test_the_steps_of_life_cycles_are_among_the_tasks_of_the_right_people_and_not_among_batches(team: Team) -> None:
    team.draft()
    team.submit(FIRST)
    mine = {
        role: [i.title for i in worklist(team.site, actor_of(team.site, team.staff[role])) if i.mine]
        for role in ("MFG_SUP", "QA_DISP", "PROC")
    }
    assert mine == {"MFG_SUP": ["Review by production"], "QA_DISP": [], "PROC": []}
    assert batch_list(team.site) == []
    assert watch(team.site) == []


def test_the_list_of_recipes_says_what_a_draft_lacks_and_how_batches_fared(team: Team) -> None:
    team.draft()
    team.save(FIRST, XML.replace('uom="g"', 'uom="furlong"'))
    [row] = recipe_list(team.site)
    assert (row["state"], row["errors"], row["batches"]) == ("DRAFT", 2, 0)


def test_a_batch_and_a_revision_never_share_a_number(team: Team) -> None:
    team.draft()
    team.approve(FIRST)
    team.effective(FIRST, clock.now())
    train(team.site, team.staff["MFG_SUP"], "MR-ROW-001", "1.0")
    with pytest.raises(errors.DuplicateRecordError):
        start(team.site, team.staff, "MR-ROW-001", FIRST)
    with team.site.read() as reader:
        assert reader.get(Batch, id=FIRST)["kind"] == "life_cycle"
        assert reader.get(RecipeDraft, revision_id=FIRST)["hash"] == reader.get(RecipeRevision, id=FIRST)["hash"]
