"""The lineage of a limit over its revisions: who changed it, why, on what evidence; also what was refused."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from bpmn.diagram import Diagram
from bpmn.edits import ChangeLimit, edit_to_json
from engine import clock
from engine.act import Act
from engine.actor import Actor
from engine.errors import RecordNotFoundError
from engine.queries.lineage import limit_lineage
from engine.records import AdHocChange, Batch, Change, ChangeItem, Departure, RecipeDocument, RecipeRevision
from engine.signing import sign
from engine.site import Site
from engine.transaction import perform
from tests import batches
from tests.people import Staff, actor_of
from tests.small_recipes import sequence

RECIPE = "MR-ROW-001"
STUDY = [{"kind": "study", "reference": "DS-114", "says": "28 % at the lower end"}]


def revision(number: str, *changes: tuple[str, str]) -> bytes:
    """The small recipe as a revision with other texts at the first places they stand."""
    text = sequence(2).decode().replace('revision="1.0"', f'revision="{number}"')
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return text.encode()


def change(
    act: Act, *, actor: Actor, change_id: str, revision_id: str, subjects: list[str], state: str = "CLOSED",
    why: str = "Seen in use",
) -> dict[str, Any]:  # fmt: skip
    """A change as the process leaves it: its run, one item, the approval of its last round."""
    drawn = act.rows(RecipeRevision, recipe_id=RECIPE)[0]
    act.insert(
        Batch, id=change_id, recipe_id="CCP-001", revision_id=drawn["id"], recipe_hash=drawn["hash"], coi="", product="",
        order_json="{}", state="IN_PROGRESS", issued_at=act.now_text, kind="change", subject=change_id,
    )  # fmt: skip
    act.insert(
        Change, id=change_id, title=f"Change {change_id}", kind="recipe", reason="Weights drift", category="quality",
        state=state, opened_by=actor.id, opened_at=act.now_text,
    )  # fmt: skip
    act.insert(
        ChangeItem, change_id=change_id, n=1, kind="revision", title="Weight", revision_id=revision_id, base_id=f"{RECIPE}@1.0",
        subjects=json.dumps(subjects), category="quality", why=why, evidence=json.dumps(STUDY), confidence="medium",
    )  # fmt: skip
    for task in ("APPROVE[1]", "APPROVE[2]"):
        sign(
            act, actor=actor, batch_id=change_id, subject=f"task:{task}", slot="Q", role="QA_FLR", meaning="approved_by_qa",
            record={"task": task}, seen_hash=None,
        )  # fmt: skip
    act.note("change:initiated", change=change_id)
    return {"change": change_id}


class Office:
    """The small recipe with its revisions and changes."""

    def __init__(self, site: Site) -> None:
        self.site, self.staff = site, Staff(site)
        self.quality = actor_of(site, self.staff["QA_FLR"])

    def effective(self, number: str, *changes: tuple[str, str]) -> str:
        batches.put_into_effect(self.site, self.staff, revision(number, *changes), trained=())
        return f"{RECIPE}@{number}"

    def change(self, change_id: str, revision_id: str, *subjects: str, **more: Any) -> None:
        perform(
            self.site, change, actor=self.quality, stream=f"batch:{change_id}", change_id=change_id, revision_id=revision_id,
            subjects=list(subjects), **more,
        )  # fmt: skip

    def lineage(self, step: str = "S001", parameter: str = "weight") -> dict[str, Any]:
        return limit_lineage(self.site, RECIPE, step, parameter)


@pytest.fixture
def office(site: Site) -> Office:
    office = Office(site)
    office.effective("1.0")
    return office


TIGHT = ('norHigh="90"', 'norHigh="85"')


def test_each_value_says_since_when_by_which_change_why_and_who_approved_it(office: Office) -> None:
    tight = office.effective("1.1", TIGHT)
    office.change("CC-1", tight, "S001.weight")
    office.effective("1.2", TIGHT, ("Weigh and write down.", "Weigh twice."))
    first, second = office.lineage()["values"]
    assert (first["nor"], second["nor"]) == ("70 to 90 g", "70 to 85 g")
    assert second["revisions"] == [f"{RECIPE}@1.1", f"{RECIPE}@1.2"], "what did not change it is no value of its own"
    assert (first["until"], second["until"]) == (second["since"], None)
    [by] = second["by"]
    assert (by["change"], by["item"], by["why"], by["confidence"]) == ("CC-1", 1, "Seen in use", "medium")
    assert by["evidence"] == STUDY
    assert [(a["full_name"], a["meaning"]) for a in by["approved"]] == [("QA operations on the floor One", "Approved by QA")]


def test_before_there_were_changes_the_author_s_reason_stands_there(office: Office) -> None:
    [first] = office.lineage()["values"]
    assert (first["by"][0]["change"], first["by"][0]["change_title"], first["by"][0]["why"]) == ("", "CC-1", "First revision.")
    assert [a["role"] for a in first["by"][0]["approved"]] == ["QA_FLR", "QA_DISP"], "approved, then put into effect"


def test_the_item_that_names_the_parameter_covers_it_before_the_rest(office: Office) -> None:
    tight = office.effective("1.1", TIGHT)
    office.change("CC-1", tight, why="All the rest")
    office.change("CC-2", tight, "S001.weight", why="This limit")
    office.change("CC-3", tight, "S002.weight", why="Another one")
    assert [by["why"] for by in office.lineage()["values"][-1]["by"]] == ["This limit"]


def test_refused_proposals_are_kept_with_their_reasons(office: Office) -> None:
    draft = f"{RECIPE}@1.9"
    perform(office.site, shelved, actor=office.quality, stream=f"recipe:{RECIPE}", number="1.9", changes=[TIGHT])
    office.change("CC-7", draft, "S001.weight", state="REJECTED", why="Fewer losses")
    found = office.lineage()
    assert len(found["values"]) == 1, "it never came into effect"
    [refused] = found["proposals"]
    assert (refused["change"], refused["state"], refused["why"]) == ("CC-7", "REJECTED", "Fewer losses")
    assert (refused["from"], refused["to"]) == (
        "target 80; normal 70 to 90 g; accepted 1 to 100 g", "target 80; normal 70 to 85 g; accepted 1 to 100 g",
    )  # fmt: skip
    assert limit_lineage(office.site, RECIPE, "S002", "weight")["proposals"] == []


def test_a_renumbered_step_keeps_its_history(office: Office) -> None:
    xml = revision("1.1", TIGHT).replace(b"S001", b"WEIGH")
    batches.put_into_effect(office.site, office.staff, xml, trained=())
    found = office.lineage("WEIGH")["values"]
    assert [value["nor"] for value in found] == ["70 to 90 g", "70 to 85 g"]


def test_what_no_revision_ever_had_has_no_lineage(office: Office) -> None:
    with pytest.raises(RecordNotFoundError):
        office.lineage("S001", "colour")
    with pytest.raises(RecordNotFoundError):
        limit_lineage(office.site, "MR-NONE", "S001", "weight")


def test_what_held_for_single_batches_stands_beside_it(office: Office) -> None:
    batches.start(office.site, office.staff, RECIPE, "B-1")
    perform(office.site, single, actor=office.quality, stream="batch:B-1", batch_id="B-1")
    found = office.lineage()
    assert [(row["id"], row["reason"]) for row in found["ad_hoc"]] == [("AH-1", "Small patient")]
    assert [(row["id"], row["uses"]) for row in found["departures"]] == [("PD-1", 2)]
    assert (office.lineage("S002")["departures"], office.lineage("S002")["ad_hoc"]) == ([], [])
    assert office.lineage("S001", "label")["ad_hoc"] == [], "another parameter of the same step"


def test_fifty_revisions_are_read_quickly(office: Office) -> None:
    for number in range(1, 51):
        perform(
            office.site, shelved, actor=office.quality, stream=f"recipe:{RECIPE}", number=f"2.{number}",
            changes=[('norHigh="90"', f'norHigh="{80 + number % 7}"')], state="SUPERSEDED",
        )  # fmt: skip
        office.change(f"CC-{number}", f"{RECIPE}@2.{number}", "S001.weight")
    began = time.perf_counter()
    found = office.lineage()
    assert time.perf_counter() - began < 1
    assert len(found["values"]) == 51
    assert [by["change"] for by in found["values"][7]["by"]] == ["CC-7"]


def shelved(act: Act, *, actor: Actor, number: str, changes: list[Any], state: str = "REJECTED") -> dict[str, Any]:
    """A revision as the way through its life cycle leaves it."""
    xml = revision(number, *map(tuple, changes))
    digest = Diagram.parse(xml).hash
    act.insert(RecipeDocument, hash=digest, xml=xml.decode())
    at = clock.text(act.now) if state == "SUPERSEDED" else None
    act.insert(
        RecipeRevision, id=f"{RECIPE}@{number}", recipe_id=RECIPE, revision=number, title="Small", product="", hash=digest,
        state=state, authored_by=actor.id, effective_at=at, version=1,
    )  # fmt: skip
    act.note("recipe:imported", revision=number)
    return {}


def single(act: Act, *, actor: Actor, batch_id: str) -> dict[str, Any]:
    """A limit changed for one batch, and a departure from it."""
    act.insert(
        AdHocChange, id="AH-1", batch_id=batch_id, coi="COI-B-1", kind="limit", step_id="S001",
        edit=json.dumps(edit_to_json(ChangeLimit("S001", "weight", nor_high="95", why="Small"))), category="quality",
        reason="Small patient", risk="low", roles="[]", state="APPLIED", requested_by=actor.id, requested_at=act.now_text,
    )  # fmt: skip
    act.insert(
        Departure, id="PD-1", coi="COI-B-1", batch_id=batch_id, step_id="S001", parameter_id="weight", reason="Low yield",
        risk="none", mitigation="none", state="approved", requested_by=actor.id, uses=2, most_uses=3,
    )  # fmt: skip
    act.note("departure:requested", batch=batch_id)
    return {}
