"""CC-2026-0142 from its initiation to its closure, three ways; and a site that draws its own change control."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from bpmn import vocabulary as v
from bpmn.diagram import BPMN, read_element, write_element
from bpmn.layout import lay_out
from bpmn.new_diagram import with_header
from engine import clock, errors
from engine.actions import processes, taken_decisions
from engine.actions.timers import fire_due
from engine.batch_record import BatchRecord
from engine.change_facts import item_entries, item_rows
from engine.keys import create_keys
from engine.queries.adoptions import shown_adoptions
from engine.queries.open_batches import MatrixRow, open_batch_matrix
from engine.records import Batch, Change, Duty, RecipeRevision, Task
from engine.site import open_site
from engine.verify import verify
from tests.changes import CHANGE as SMALL
from tests.changes import ChangeTeam
from tests.stories.cart import ORDER, Cart, recorded
from tests.stories.change import CHANGE, later, table
from tests.stories.change_ways import BASE, BERLIN, REVISION, ByActs, OverApi, ThroughPages

INITIATED_AT = datetime(2026, 4, 13, 9, tzinfo=BERLIN)
APPROVED_AT = datetime(2026, 4, 14, 15, 5, tzinfo=BERLIN)
EFFECTIVE_AT = datetime(2026, 4, 15, 6, tzinfo=BERLIN)
TRANSDUCED_AT = datetime(2026, 4, 15, 5, 30, tzinfo=BERLIN)
SIGNERS = ("QA_DISP", "PROC", "CLI_QA")
ABOUT = {
    "title": "Lower MOI, and a VCN sample on day 6", "kind": "recipe", "category": "safety", "product": "NVX-117 CAR-T",
    "client": "Novexa", "client_signs": True, "reason": "VCN of 6 treated batches 3.9 to 4.6, limit 5.0.",
    "patient_impact": "A high VCN is a risk of insertional events.",
    "risk": {"severity": 4, "probability": 2, "detectability": 2},
}  # fmt: skip
STUDY = [{"kind": "study", "reference": "DS-114", "says": "CAR 28 % at MOI 2"}]
ASSESSMENTS = {
    "MFG": ("MFG_SUP", "assessed_by_manufacturing", "agree", ""),
    "MSAT": ("MSAT", "technical_assessment_by", "agree", ""),
    "QC": ("QC_REV", "assessed_by_qc", "condition", "The VCN method takes two days."),
    "RA": ("RA", "regulatory_assessment_by", "condition", "An amendment of the IND: only in the trials that it covers."),
    "CLIENT": ("CLI_QA", "assessed_by_client", "agree", ""),
    "IT": ("IT", "assessed_by_it", "agree", ""),
}  # fmt: skip
POSITIONS = {"NOT_STARTED": "NOT_STARTED", "BEFORE": "BEFORE", "IN_STEP": "IN"}


def order(batch: str, collected: str = "2026-04-12T12:00:00Z") -> dict[str, str]:
    number = batch[-2:]
    return ORDER | {"coi": f"COI-NVX-0002{number}", "subject": f"101-0{number}", "collection_end": collected}


def open_steps(cart: Cart) -> set[str]:
    with cart.site.read() as reader:
        return {row["key"].partition("[")[0] for row in processes.open_steps(reader, CHANGE)} - {"CANCEL"}


def all_entries(cart: Cart) -> list[str]:
    with cart.site.read() as reader:
        return [e.name(item["n"]) for item in item_rows(reader, CHANGE) for e in item_entries(reader, CHANGE, item)]


def state_of(cart: Cart, revision_id: str) -> str:
    with cart.site.read() as reader:
        return str(reader.get(RecipeRevision, id=revision_id)["state"])


def matrix(cart: Cart) -> dict[tuple[str, int], MatrixRow]:
    with cart.site.read() as reader:
        return {(row.batch, row.item): row for row in open_batch_matrix(cart.site, reader, CHANGE)}


def proposed(by: ByActs) -> None:
    """The draft of revision 3.1; the change with its two items; the draft is submitted, the change initiated."""
    by.draft()
    by.open(**ABOUT)
    for row in table("items.csv"):
        by.item(
            title=f"{row['step_id']} {row['param']}", subjects=[f"{row['step_id']}.{row['param']}"], current=row["current"],
            proposed=row["proposed"], category=row["category"], why=row["reason"], evidence=STUDY, confidence="high",
        )  # fmt: skip
    by.submit()
    by.sign("PROC", "INITIATE", "initiated_by", criterion="Next 10 batches: median VCN <= 3.0 and CAR >= 15 %")


def assessed(by: ByActs) -> None:
    """Everybody whom the difference asks assesses."""
    assert open_steps(by.cart) == ASSESSMENTS.keys()
    for step_id, (role, meaning, verdict, comment) in ASSESSMENTS.items():
        by.sign(role, step_id, meaning, verdict=verdict, **({"comment": comment} if comment else {}))
    assert state_of(by.cart, REVISION) == "PENDING_APPROVAL"


def approved(by: ByActs) -> None:
    """Quality looks at every entry and approves, the client too; the author can't, nor who has not looked."""
    approval = {"verdict": "agree", "effective_at": EFFECTIVE_AT.isoformat()}
    by.refused(errors.NotPermittedError, lambda: by.sign("PROC", "APPROVE", "approved_by_qa", **approval))
    told = by.refused(
        errors.EntriesNotReviewedError, lambda: by.sign("QA_DISP", "APPROVE", "approved_by_qa", **approval)
    )  # fmt: skip
    assert "moi" in told.lower()
    by.tick("QA_DISP", all_entries(by.cart))
    by.sign("QA_DISP", "APPROVE", "approved_by_qa", **approval)
    assert state_of(by.cart, REVISION) == "PENDING_APPROVAL"  # the client signs too
    by.sign("CLI_QA", "CLIENT_APPROVE", "approved_by_client", verdict="agree")
    assert state_of(by.cart, REVISION) == "APPROVED"


def in_effect(by: ByActs) -> None:
    """One second before the instant the old revision is issued; at the instant it is not, and the new one counts."""
    clock.simulate(EFFECTIVE_AT - timedelta(seconds=1))
    fire_due(by.cart.site)
    by.issue("CT-26-0022", order("CT-26-0022"), "3.0")
    late = by.wait_to_issue("CT-26-0023", order("CT-26-0023"), "3.0")
    clock.simulate(EFFECTIVE_AT)
    assert "3.1" in by.refused(errors.RevisionNotEffectiveError, late)
    fire_due(by.cart.site)
    assert (state_of(by.cart, REVISION), state_of(by.cart, BASE)) == ("EFFECTIVE", "SUPERSEDED")


def done_at_last(by: ByActs) -> None:
    """What has to be done is done, what it was for is seen, and quality closes."""
    with by.cart.site.read() as reader:
        left = reader.rows(Duty, change_id=CHANGE, state="open")
    assert any("S20" in row["title"] for row in left if row["title"].startswith("Training"))
    assert any(row["title"].startswith("Filing") for row in left)
    for row in left:
        by.duty(row["owner"], row["id"], "Filed with the change.")
    by.sign("MFG_SUP", "IMPLEMENT", "implementation_verified_by", evidence="Operators signed for S20.")
    results = {"criterion": "Median VCN <= 3.0, CAR >= 15 %", "result": "2.1 and 24 % over 10 batches", "effective": "true"}
    by.sign("MSAT", "EFFECTIVENESS", "technical_assessment_by", **results)
    by.sign("QA_DISP", "CLOSE", "closed_by_qa")
    with by.cart.site.read() as reader:
        assert reader.get(Change, id=CHANGE)["state"] == "CLOSED"


def decide_all(by: ByActs) -> None:
    """Every open row as the rules propose, signed by quality, the process owner and the client, and applied."""
    chosen = [
        {"batch": row.batch, "item": row.item, "decision": row.default} for row in matrix(by.cart).values() if not row.settled
    ]  # fmt: skip
    by.decide(chosen, "As the rules lead to", SIGNERS)
    assert all(not result["refused"] for result in taken_decisions.apply_decisions(by.cart.site, CHANGE))


def decided_as_given(by: ByActs) -> None:
    """The open batches come out as the file gives them, item by item; what a position does not allow is refused."""
    given = {row["batch"]: row for row in table("open_batches.csv")}
    rows = matrix(by.cart)
    assert {batch: rows[batch, 1].position for batch in given} == {
        batch: POSITIONS[row["class_item1"]] for batch, row in given.items()
    }
    told = by.refused(errors.BatchesUndecidedError, lambda: by.sign("QA_FLR", "OPEN_BATCHES", "reviewed_by_qa"))
    assert "CT-26-0020, item 1" in told
    assert "CT-26-0022, item 2" in told
    swapped = [{"batch": "CT-26-0021", "item": 1, "decision": "adopt"}]
    told = by.refused(errors.EntryRefusedError, lambda: by.decide(swapped, "Try it", SIGNERS[:1]))
    assert "never swapped" in told
    assert not any(row.decision for row in matrix(by.cart).values())
    wanted = {(batch, n): given[batch][f"expected_item{n}"].split()[0] for batch in given for n in (1, 2)}
    wanted |= {("CT-26-0022", n): "adopt" for n in (1, 2)}
    chosen = [{"batch": batch, "item": n, "decision": decision} for (batch, n), decision in wanted.items()]
    by.decide(chosen, "As the rules lead to", SIGNERS)
    assert all(not result["refused"] for result in taken_decisions.apply_decisions(by.cart.site, CHANGE))
    rows = matrix(by.cart)
    assert {key: row.decision for key, row in rows.items()} == wanted
    assert all(row.settled for row in rows.values())
    assert ("S20", 31, "major") in by.cart.exceptions("CT-26-0021")  # the note to look at it again afterwards
    by.sign("QA_FLR", "OPEN_BATCHES", "reviewed_by_qa")


@pytest.mark.slow
@pytest.mark.requirement("G-06", "C4-01", "P11-06")
@pytest.mark.parametrize("way", [ByActs, OverApi, ThroughPages])
def test_cc_2026_0142_from_its_initiation_to_its_closure(cart: Cart, way: type[ByActs]) -> None:
    by = way(cart)
    early, fast = timedelta(days=41), TRANSDUCED_AT - next(v.started_at for v in recorded("S20") if v.step_id == "S20")
    cart.run("CT-26-0020", later(recorded("S12"), early), order("CT-26-0020", "2026-04-11T10:00:00Z"))
    clock.simulate(INITIATED_AT)
    by.plan("CT-26-0019", order("CT-26-0019"))
    proposed(by)
    assessed(by)
    cart.run("CT-26-0021", later(recorded("S16"), fast), order("CT-26-0021"))
    moments = cart.floor.moments("CT-26-0021", later(recorded("S19")[len(recorded("S16")) :], fast))
    cart.floor.play(moment for moment in moments if moment.at < APPROVED_AT)
    clock.simulate(APPROVED_AT)
    approved(by)
    cart.floor.play(moment for moment in moments if moment.at >= APPROVED_AT)
    cart.floor.at(TRANSDUCED_AT)
    cart.hands.start("MFG_OP", "CT-26-0021", "S20")

    in_effect(by)
    before = {row["key"]: row["recipe_hash"] for row in cart.rows(Task, "CT-26-0020")}
    with cart.site.read() as reader:
        issued = BatchRecord(cart.site, reader, "CT-26-0020").row["recipe_hash"]
    decided_as_given(by)
    for role in ("MFG_OP", "MFG_WIT"):  # whom the difference asks to
        by.read(role)
    cart.floor.run("CT-26-0020", later(recorded("S21")[len(recorded("S12")) :], timedelta(days=44)))
    under = {row["key"]: row["recipe_hash"] for row in cart.rows(Task, "CT-26-0020")}
    by.issue("CT-26-0019", order("CT-26-0019"), "3.1")
    with cart.site.read() as reader:
        [adopted] = shown_adoptions(BatchRecord(cart.site, reader, "CT-26-0020"))
        planned = reader.get(Batch, id="CT-26-0019")
    assert (planned["state"], planned["revision_id"]) == ("ISSUED", REVISION)
    assert (adopted["from_hash"], adopted["change_id"], adopted["unchanged"]) == (issued, CHANGE, True)
    assert {under[f"S{n:02}"] for n in range(1, 20)} == {issued}
    assert under["S20"] == under["S21"] == adopted["to_hash"] == planned["recipe_hash"]
    assert before.items() <= under.items()
    if isinstance(by, ThroughPages):
        the_record_shows(by, adopted)
    done_at_last(by)
    assert verify(cart.site.url, cart.site.keys).ok


def the_record_shows(by: ThroughPages, adopted: dict[str, Any]) -> None:
    """Which steps ran under which revision, with both hashes, the signatures, and that the past is as it was."""
    page = by.at("QA_DISP", "/batches/CT-26-0020/record")
    [card] = page.items("//*[@id='adoptions']//article")
    said = ("From S20 on: MR-CART-001@3.1", f"{CHANGE}, item 1, 2", f"{adopted['prefix_steps']} steps Unchanged since")
    assert [text for text in said if text not in card] == []
    hashes = page.attributes("//*[@id='adoptions']//code", "title")
    assert hashes == [adopted[name] for name in ("from_hash", "to_hash", "prefix_hash")]
    signed = [text.partition(",")[0] for text in page.items("//*[@id='adoptions']//ul/li")]
    assert sorted(signed) == [
        "Approved by Client Clara Whitfield", "Approved by QA Diana Roth", "Technical assessment by Pia Moreau",
    ]  # fmt: skip
    steps = {text.split()[0]: text for text in page.items("//section[@class='record-step']")}
    assert all(f"Under {BASE}." in steps[f"S{n:02}"] for n in range(1, 20))
    assert all(f"Under {REVISION}." in steps[step] for step in ("S20", "S21"))


@pytest.mark.slow
def test_it_is_not_closed_while_a_row_that_came_late_is_undecided(cart: Cart) -> None:
    by = ByActs(cart)
    clock.simulate(INITIATED_AT)
    proposed(by)
    assessed(by)
    by.tick("QA_DISP", all_entries(cart))
    by.sign("QA_DISP", "APPROVE", "approved_by_qa", verdict="agree", effective_at=EFFECTIVE_AT.isoformat())
    by.sign("CLI_QA", "CLIENT_APPROVE", "approved_by_client", verdict="agree")
    by.sign("QA_FLR", "OPEN_BATCHES", "reviewed_by_qa")  # nothing runs yet
    clock.simulate(EFFECTIVE_AT - timedelta(seconds=1))
    by.issue("CT-26-0022", order("CT-26-0022"), "3.0")
    clock.simulate(EFFECTIVE_AT)
    fire_due(cart.site)
    told = by.refused(errors.BatchesUndecidedError, lambda: done_at_last(by))
    assert "CT-26-0022, item 1" in told
    with cart.site.read() as reader:
        assert reader.get(Change, id=CHANGE)["state"] == "EFFECTIVENESS"
        assert reader.get(Task, batch_id=CHANGE, key="CLOSE")["state"] == "open"
    decide_all(by)
    by.sign("QA_DISP", "CLOSE", "closed_by_qa")
    with cart.site.read() as reader:
        assert reader.get(Change, id=CHANGE)["state"] == "CLOSED"


# A site draws its own change control


@pytest.fixture
def team(database_url: str, tmp_path: Path) -> Iterator[ChangeTeam]:
    create_keys(tmp_path / "keys")
    site = open_site(database_url, tmp_path / "keys")
    clock.simulate(datetime.fromisoformat("2026-04-13T08:00:00+00:00"))
    yield ChangeTeam(site)
    clock.stop_simulating()
    site.close()


def one_more_assessment_and_one_fewer_signature(xml: str) -> str:
    """QC assesses on the light route too, and quality on call authorises an emergency alone."""
    root = etree.fromstring(xml.encode())
    of = {e.get("id"): e for e in root.iter(f"{{{BPMN}}}*") if e.get("id")}
    scope = of["LIGHT_ASSESSMENTS"]
    task = etree.SubElement(scope, f"{{{BPMN}}}userTask", id="LIGHT_QC", name="Assessment by QC, light route")
    like = next(of["LIGHT_MFG"].iter(f"{{{v.NAMESPACE}}}step"))
    step = read_element(v.Step, like)
    more = v.Step(
        "LIGHT_QC", "Assessment by QC, light route", "Can it be tested?", parameters=step.parameters,
        signatures=(v.Signature("Q", ("QC_REV",), ("assessed_by_qc",), ("INITIATE",)),),
    )  # fmt: skip
    del write_element(etree.SubElement(task, f"{{{BPMN}}}extensionElements"), "step", more).attrib["id"]
    of["LIGHT_QC"] = task
    for source, target in (("light_assess_all", "LIGHT_QC"), ("LIGHT_QC", "light_assess_joined")):
        name = f"{source}_to_{target}"
        etree.SubElement(scope, f"{{{BPMN}}}sequenceFlow", id=name, sourceRef=source, targetRef=target)
        for end, way in ((source, "outgoing"), (target, "incoming")):
            etree.SubElement(of[end], f"{{{BPMN}}}{way}").text = name
    authorise = next(of["AUTHORISE"].iter(f"{{{v.NAMESPACE}}}step"))
    supervisor, _ = authorise.findall(f"{{{v.NAMESPACE}}}signature")
    authorise.remove(supervisor)
    lay_out(root)
    return with_header(etree.tostring(root, encoding="unicode"), revision="1.1")


def test_a_site_draws_its_own_change_control_under_a_change_and_running_ones_stay_on_theirs(team: ChangeTeam) -> None:
    team.recipe_in_effect()
    running, about = "CC-2026-0900", "CC-2026-0901"
    team.open(running, stage="process_development")
    team.put(running, kind="text", revision_id=None, proposed="The form of the label is another.")
    xml = one_more_assessment_and_one_fewer_signature(processes.shipped_xml(processes.CHANGE_CONTROL))
    team.revision = team.draft("1.1", xml, recipe_id=processes.CHANGE_CONTROL, kind="process", based_on="CCP-001@1.0")
    team.open(about, kind="process", title="Our change control")
    team.put(about)
    team.submit(team.revision)
    team.initiate(about)
    team.assess(about)
    at = clock.now() + timedelta(hours=1)
    team.approve_change(change_id=about, at=at)
    early = "CC-2026-0902"
    team.open(early, stage="process_development")
    clock.simulate(at)
    fire_due(team.site)
    assert team.state("CCP-001@1.1") == "EFFECTIVE"

    team.initiate(running)
    assert team.assess(running) == ["LIGHT_MFG", "LIGHT_MSAT"]
    team.open(SMALL, stage="process_development")
    team.put(SMALL, kind="text", revision_id=None, proposed="The form of the label is another.")
    team.initiate(SMALL)
    assert {key.partition("[")[0] for key in team.waiting(SMALL)} == {"CANCEL", "LIGHT_MFG", "LIGHT_MSAT", "LIGHT_QC"}
    team.do("LIGHT_QC", "QC_REV", "assessed_by_qc", SMALL, verdict="agree")
    team.assess(SMALL)
    assert team.approve_change("LIGHT_APPROVE", change_id=SMALL)["completed"]

    urgent = "CC-2026-0903"
    team.open(urgent, urgency="emergency")
    team.put(urgent, kind="text", revision_id=None, proposed="The other vessel is used.")
    team.initiate(urgent)
    team.do("AUTHORISE", "QA_FLR", "approved_by_qa", urgent, why="The vessel broke.")
    with team.site.read() as reader:
        drawn = {name: reader.get(Batch, id=name)["revision_id"] for name in (running, about, early, SMALL, urgent)}
    assert drawn == {
        running: "CCP-001@1.0", about: "CCP-001@1.0", early: "CCP-001@1.0", SMALL: "CCP-001@1.1", urgent: "CCP-001@1.1",
    }  # fmt: skip
