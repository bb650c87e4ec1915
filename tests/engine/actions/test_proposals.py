"""What a batch did differently is proposed for the recipe, and says where it came from to the end."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from bpmn import vocabulary as v
from bpmn.diagram import Diagram
from bpmn.diff import diff
from bpmn.edits import ChangeLimit, Edit, InsertStep, edit_to_json
from engine import clock
from engine.actions.ad_hoc_changes import request_ad_hoc, sign_ad_hoc
from engine.actions.drafts import save_draft
from engine.actions.proposals import propose_to_master
from engine.actions.timers import fire_due
from engine.errors import AdHocRefusedError, NotPermittedError, OutcomeNotAllowedError
from engine.queries.changes import change_view
from engine.records import AdHocChange, RecipeDocument, RecipeDraft, RecipeRevision
from engine.site import Site
from engine.transaction import perform
from engine.verify import verify
from tests.batches import start
from tests.changes import BASE, CHANGE, ChangeTeam
from tests.people import actor_of, proof_of

MONDAY = datetime.fromisoformat("2026-04-13T08:00:00+00:00")
WHY = "Two samples were lost in three batches."
SIGNED = (v.Signature("P", ("MFG_OP",), ("performed_by",)),)
COUNT = v.Step("ADD_1", "Second sample", "Take one more sample.", signatures=SIGNED)
LIMIT = ChangeLimit("S002", "weight", "Thin suspensions, see DS-4.", par_high="120")


@pytest.fixture
def team(site: Site) -> ChangeTeam:
    clock.simulate(MONDAY)
    found = ChangeTeam(site)
    found.recipe_in_effect()
    start(site, found.staff, "MR-ROW-001", "B-1")
    return found


def act(team: ChangeTeam, role: str, action: Any, **arguments: Any) -> dict[str, Any]:
    if arguments.pop("proven", False):
        arguments["proof"] = proof_of(team.site, team.staff[role])
    return perform(
        team.site, action, actor=actor_of(team.site, team.staff[role]), stream="batch:B-1", batch_id="B-1", **arguments
    )


def applied(team: ChangeTeam, edit: Edit) -> str:
    about = {"edit": edit_to_json(edit), "category": "quality", "reason": WHY, "risk": "low", "proven": True}
    asked = act(team, "MFG_SUP", request_ad_hoc, **about)
    act(team, "QA_FLR", sign_ad_hoc, ad_hoc_id=asked["ad_hoc"], outcome="approve", reason="It is needed.", proven=True)
    return str(asked["ad_hoc"])


def propose(team: ChangeTeam, ad_hoc_id: str, **more: Any) -> dict[str, Any]:
    arguments = {"change_id": CHANGE, "revision": "1.1", **more}
    return act(team, arguments.pop("role", "PROC"), propose_to_master, ad_hoc_id=ad_hoc_id, **arguments)


def text_of(team: ChangeTeam, revision_id: str = "MR-ROW-001@1.1") -> str:
    with team.site.read() as reader:
        digest = reader.get(RecipeRevision, id=revision_id)["hash"]
        return str(reader.get(RecipeDocument, hash=digest)["xml"])


@pytest.mark.requirement("G-06")
@pytest.mark.parametrize(("edit", "at"), [(InsertStep("S001", COUNT), "ADD_1"), (LIMIT, "S002")], ids=["insert", "limit"])
def test_a_change_of_a_batch_comes_into_the_recipe_and_its_provenance_with_it(team: ChangeTeam, edit: Edit, at: str) -> None:
    ad_hoc_id = applied(team, edit)
    assert propose(team, ad_hoc_id)["revision"] == "MR-ROW-001@1.1"
    view = change_view(team.site, CHANGE, actor_of(team.site, team.staff["PROC"]))
    assert (view["change"]["origin"]["batch"], view["change"]["origin"]["ad_hoc"]) == ("B-1", ad_hoc_id)
    [item] = view["items"]
    assert item["evidence"][0]["reference"] == "B-1"
    assert item["entries"]
    assert (item["why"], view["change"]["reason"]) == (WHY, WHY)
    with team.site.read() as reader:
        assert reader.get(AdHocChange, id=ad_hoc_id)["proposed"] == CHANGE
    team.submit("MR-ROW-001@1.1")
    team.initiate()
    team.assess()
    team.approve_change(at=clock.now() + timedelta(hours=1))
    clock.simulate(clock.now() + timedelta(hours=1))
    fire_due(team.site)
    assert team.state("MR-ROW-001@1.1") == "EFFECTIVE"
    step = Diagram.parse(text_of(team).encode()).steps[at]
    [origin] = step.origins or step.parameter("weight").origins  # type: ignore[union-attr]
    assert origin == v.Origin("batch B-1", f"ad hoc change {ad_hoc_id}", WHY)
    assert len([e for e in diff(BASE.encode(), text_of(team).encode()).entries if not e.editorial]) <= 3
    assert verify(team.site.url, team.site.keys).ok


def test_merged_text_keeps_the_provenance(team: ChangeTeam) -> None:
    ad_hoc_id = applied(team, InsertStep("S001", COUNT))
    propose(team, ad_hoc_id)
    with team.site.read() as reader:
        draft = reader.get(RecipeDraft, revision_id="MR-ROW-001@1.1")
    edited = draft["xml"].replace("Take one more sample.", "Take one more sample of 2 mL.")
    perform(
        team.site, save_draft, actor=actor_of(team.site, team.staff["PROC"]), stream="recipe:MR-ROW-001",
        revision_id="MR-ROW-001@1.1", xml=edited, version=draft["version"],
    )  # fmt: skip
    team.submit("MR-ROW-001@1.1")
    assert ad_hoc_id in Diagram.parse(text_of(team).encode()).steps["ADD_1"].origins[0].place
    assert json.loads(draft["origin"])["ad_hoc"] == ad_hoc_id


def test_only_what_was_applied_is_proposed_once_and_by_a_process_owner(team: ChangeTeam) -> None:
    about = {"edit": edit_to_json(LIMIT), "category": "quality", "reason": WHY, "risk": "low", "proven": True}
    asked = act(team, "MFG_SUP", request_ad_hoc, **about)["ad_hoc"]
    with pytest.raises(OutcomeNotAllowedError, match="requested"):
        propose(team, asked)
    act(team, "QA_FLR", sign_ad_hoc, ad_hoc_id=asked, outcome="approve", reason="It is needed.", proven=True)
    with pytest.raises(NotPermittedError):
        propose(team, asked, role="QA_FLR")
    propose(team, asked)
    with pytest.raises(OutcomeNotAllowedError, match="proposed already"):
        propose(team, asked, change_id="CC-2", revision="1.2")


def test_what_does_not_fit_the_revision_in_effect_is_refused_in_words(team: ChangeTeam) -> None:
    applied(team, InsertStep("S001", COUNT))
    second = applied(team, InsertStep("ADD_1", v.Step("ADD_2", "Third sample", signatures=SIGNED)))
    with pytest.raises(AdHocRefusedError, match=r"does not fit MR-ROW-001@1\.0"):
        propose(team, second)
