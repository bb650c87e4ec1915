"""What one batch does differently is drawn into its recipe, or refused with every reason; nothing else changes."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bpmn import vocabulary as v
from bpmn.checks import check_diagram
from bpmn.diagram import Diagram
from bpmn.diff import diff
from bpmn.edits import (
    KINDS,
    ChangeLimit,
    Edit,
    EditError,
    InsertStep,
    RepeatStep,
    ReplaceStep,
    SkipStep,
    apply_edit,
    edit_from_json,
    edit_to_json,
)
from bpmn.importers import import_tables
from bpmn.readers import readers
from tests.bpmn.diff.edits import BASE, replaced
from tests.recipe_tables import CART
from tests.recipes import random_recipe

DEPARTURE = v.Origin("DEP-7", "approved 2026-04-14", "a second count")
SIGNED = (v.Signature("P", ("MFG_OP",), ("performed_by",)),)
COUNT = v.Step(
    "S09b", "Count again", "Count once more.", signatures=SIGNED,
    parameters=(v.Parameter("cells", "Cells", "num", "1", par_low="1", limit_action="flag", choices=()),),
)  # fmt: skip


@pytest.fixture(scope="module")
def cart() -> bytes:
    return import_tables(CART).xml


def told(before: bytes, after: bytes) -> list[tuple[str, str, str]]:
    return [(entry.kind, entry.element_id, entry.property) for entry in diff(before, after).entries]


def reasons(xml: bytes, edit: Edit) -> tuple[str, ...]:
    with pytest.raises(EditError) as refused:
        apply_edit(xml, edit)
    return refused.value.reasons


def test_a_step_is_inserted_behind_another_and_says_where_it_came_from(cart: bytes) -> None:
    edited = apply_edit(cart, InsertStep("S09", COUNT), DEPARTURE)
    assert told(cart, edited) == [("added", "S09b", "step")]
    diagram, before = Diagram.parse(edited), Diagram.parse(cart)
    assert diagram.steps["S09b"].origins == (DEPARTURE,)
    assert diagram.steps["S09b"].unit_procedure == before.steps["S09"].unit_procedure
    assert [flow.target for flow in diagram.outgoing["S09"]] == ["S09b"]
    assert diagram.outgoing["S09b"][0].target == before.outgoing["S09"][0].target
    assert check_diagram(edited).errors == ()
    assert edited.count(b"BPMNShape ") == cart.count(b"BPMNShape ") + 1


def test_behind_a_decision_the_way_has_to_be_named() -> None:
    step = replace(COUNT, id="AGAIN", parameters=())
    assert reasons(BASE.encode(), InsertStep("enough", step)) == (
        "enough has several ways out, one of f_more, f_no has to be named.",
    )  # fmt: skip
    edited = Diagram.parse(apply_edit(BASE.encode(), InsertStep("f_no", step)))
    assert [(f.source, f.target) for f in edited.flows.values() if "AGAIN" in (f.source, f.target)] == [
        ("enough", "AGAIN"), ("AGAIN", "meet"),
    ]  # fmt: skip
    assert edited.nodes["enough"].default == "f_no"


def test_a_step_is_repeated_under_its_own_id_with_its_formulas(cart: bytes) -> None:
    edited = apply_edit(cart, RepeatStep("S09", "S09r"), DEPARTURE)
    steps = Diagram.parse(edited).steps
    assert told(cart, edited) == [("added", "S09r", "step")]
    assert replace(steps["S09r"], id="S09", origins=()) == replace(steps["S09"], origins=())
    one = apply_edit(BASE.replace("salt/order.size", "WEIGH.salt/order.size").encode(), RepeatStep("WEIGH", "W2", after="meet"))
    per_litre = Diagram.parse(one).steps["W2"].parameter("per_litre")
    assert per_litre is not None
    assert per_litre.formula == "W2.salt/order.size"


def test_a_replaced_step_stands_at_its_place_and_is_what_others_read() -> None:
    old = Diagram.parse(BASE.encode()).steps["WEIGH"]
    edited = apply_edit(BASE.encode(), ReplaceStep("WEIGH", replace(old, id="WEIGH2", instruction="Weigh on the other scale.")))
    diagram = Diagram.parse(edited)
    assert "WEIGH" not in diagram.nodes
    assert diagram.flows["f_more"].condition == "WEIGH2.salt < 79"
    assert diagram.recipe.hold_times[0].from_event == "WEIGH2.end"
    assert told(BASE.encode(), edited) == [("changed", "WEIGH2", "id"), ("changed", "WEIGH2", "instruction")]


def test_a_step_keeps_its_id_only_where_it_collects_the_same() -> None:
    old = Diagram.parse(BASE.encode()).steps["WEIGH"]
    edited = apply_edit(BASE.encode(), ReplaceStep("WEIGH", replace(old, instruction="Weigh on the other scale.")), DEPARTURE)
    assert told(BASE.encode(), edited) == [("changed", "WEIGH", "instruction"), ("added", "WEIGH", "mes:origin")]
    fewer = replace(old, parameters=old.parameters[:2])
    assert reasons(BASE.encode(), ReplaceStep("WEIGH", fewer)) == (
        "The new WEIGH collects other data, so it needs an id of its own.",
    )  # fmt: skip


def test_a_step_that_others_read_is_not_replaced_by_one_that_records_otherwise() -> None:
    old = Diagram.parse(BASE.encode()).steps["WEIGH"]
    other = replace(old.parameters[0], uom="kg")
    assert reasons(BASE.encode(), ReplaceStep("WEIGH", replace(old, id="W2", parameters=(other,)))) == (
        "The condition at the way from enough to ADD needs WEIGH.salt, which W2 records otherwise.",
        "Nor high of more at ADD needs WEIGH.salt, which W2 records otherwise.",
        "The value of rest at note needs WEIGH.salt, which W2 records otherwise.",
    )
    assert len(reasons(BASE.encode(), ReplaceStep("WEIGH", replace(old, id="W2", parameters=())))) == 3


def test_a_step_nobody_reads_is_skipped_and_its_ways_are_joined() -> None:
    edited = apply_edit(BASE.encode(), SkipStep("CLEAR"))
    assert told(BASE.encode(), edited) == [("removed", "CLEAR", "step")]
    assert [f.target for f in Diagram.parse(edited).outgoing["start"]] == ["WEIGH"]


def test_a_step_that_is_read_is_not_skipped_and_every_reader_is_named() -> None:
    assert reasons(BASE.encode(), SkipStep("WEIGH")) == (
        "The condition at the way from enough to ADD needs WEIGH.salt.",
        "Nor high of more at ADD needs WEIGH.salt.",
        "The value of rest at note needs WEIGH.salt.",
        "The hold time H1 needs WEIGH.end.",
    )


def test_a_timer_that_leads_nowhere_goes_with_its_step_and_no_other() -> None:
    free = replaced(('attachedToRef="WEIGH"', 'attachedToRef="CLEAR"'), ("WEIGH.start + hours(2)", "CLEAR.start + hours(2)"))
    assert "late" not in Diagram.parse(apply_edit(free.encode(), SkipStep("CLEAR"))).nodes
    leads = free.replace("CLEAR.start", "WEIGH.start")
    leads = leads.replace('sourceRef="late" targetRef="late_end"', 'sourceRef="late" targetRef="LABEL"')
    assert reasons(leads.encode(), SkipStep("CLEAR")) == (
        "late, which is attached to CLEAR, leads to something that would not happen any more.",
    )  # fmt: skip


def test_a_limit_is_changed_digit_for_digit_with_its_reason() -> None:
    edited = apply_edit(BASE.encode(), ChangeLimit("WEIGH", "salt", "study 9", nor_low="77.50", par_high=""), DEPARTURE)
    salt = Diagram.parse(edited).steps["WEIGH"].parameter("salt")
    assert salt is not None
    assert (salt.nor_low, salt.par_high, salt.par_low, salt.why, salt.origins) == ("77.50", "", "75", "study 9", (DEPARTURE,))
    assert {entry.subject for entry in diff(BASE.encode(), edited).entries} == {"WEIGH.salt"}


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (ChangeLimit("WEIGH", "salt", "why", nor_low="78.0"), ("No limit of WEIGH.salt is another than before.",)),
        (ChangeLimit("WEIGH", "salt", " ", nor_low="79"), ("Say why the limit is another one.",)),
        (ChangeLimit("WEIGH", "pepper", "why", nor_low="79"), ("WEIGH has no parameter pepper.",)),
        (ChangeLimit("SIEVE", "salt", "why", nor_low="79"), ("SIEVE is no step of this recipe.",)),
        (SkipStep("enough"), ("enough is no step of this recipe.",)),
        (InsertStep("nowhere", replace(COUNT, id="WEIGH")),
         ("nowhere is neither a step nor a way of this recipe.", "WEIGH is the id of something else.")),
        (InsertStep("end", COUNT), ("end has no way out.",)),
        (RepeatStep("CLEAR", "WATER"), ("WATER is the id of something else.",)),
        (ReplaceStep("CLEAR", replace(COUNT, id="WATER")), ("WATER is the id of something else.",)),
    ],
)  # fmt: skip
def test_what_can_not_be_done_is_refused_with_every_reason(edit: Edit, expected: tuple[str, ...]) -> None:
    assert reasons(BASE.encode(), edit) == expected


def test_what_the_checks_find_refuses_the_edit(cart: bytes) -> None:
    assert reasons(cart, ChangeLimit("S20", "moi", "why", nor_low="9")) == (
        "S20: moi: nor low 9 is above nor high 5.0.", "S20: moi: target '3.0' is outside of nor low 9.",
    )  # fmt: skip
    disposition = next(s.id for s in Diagram.parse(cart).steps.values() if s.kind == "qa_review")
    assert any("review by QA" in reason for reason in reasons(cart, SkipStep(disposition)))


def examples() -> list[Edit]:
    return [
        InsertStep("S09", COUNT), RepeatStep("S09", "S10"), RepeatStep("S09", "S10", "S11"), SkipStep("S09"),
        ReplaceStep("S09", replace(COUNT, scans=(v.Scan("identity", 2),), origins=(DEPARTURE,))),
        ChangeLimit("S20", "moi", "DS-114", nor_low="1.50", par_high=""),
    ]  # fmt: skip


@pytest.mark.parametrize("edit", examples())
def test_an_edit_is_stored_as_plain_values_and_read_back(edit: Edit) -> None:
    stored = json.loads(json.dumps(edit_to_json(edit)))
    assert stored["kind"] in KINDS
    assert edit_from_json(stored) == edit


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (None, "The kind of an edit is one of"),
        ({"kind": "burn_step"}, "The kind of an edit is one of"),
        ({"kind": "skip_step"}, "SkipStep.step_id is missing."),
        ({"kind": "skip_step", "step_id": 7}, "SkipStep.step_id is no text."),
        ({"kind": "skip_step", "step_id": "S1", "reason": ""}, "SkipStep has no reason."),
        ({"kind": "insert_step", "after": "S1", "step": {"id": "S2", "title": "x", "kind": "magic"}}, "InsertStep.step.kind"),
        ({"kind": "insert_step", "after": "S1", "step": {"id": "S2", "title": "x", "equipment": "pump"}}, "is no list"),
    ],
)
def test_what_is_no_edit_is_refused(data: Any, expected: str) -> None:
    with pytest.raises(EditError) as refused:
        edit_from_json(data)
    assert expected in refused.value.reasons[0]


@given(st.integers(0, 2**32))
@settings(max_examples=30, deadline=None)
def test_of_any_recipe_any_step_is_edited_or_refused_and_nothing_else_changes(seed: int) -> None:
    chance, xml = random.Random(seed), random_recipe(seed, 8)
    diagram = Diagram.parse(xml)
    step = chance.choice([name for name in diagram.steps if diagram.nodes[name].type.endswith("Task")] or ["none"])
    new, attached = replace(COUNT, id="NEW"), [node for node in diagram.nodes.values() if node.attached_to == step]
    edits: list[tuple[Edit, set[str]]] = [
        (InsertStep(step, new), {"NEW"}), (InsertStep(chance.choice(sorted(diagram.flows)), new), {"NEW"}),
        (RepeatStep(step, "NEW"), {"NEW"}), (SkipStep(step), {step}),
    ]  # fmt: skip
    for edit, touched in edits:
        try:
            edited = apply_edit(xml, edit)
        except EditError:
            assert isinstance(edit, SkipStep)  # the others are always possible in a sound recipe
            assert list(readers(diagram, step)) or len(diagram.outgoing[step]) != 1 or attached
            continue
        assert check_diagram(edited).errors == ()
        assert apply_edit(xml, edit) == edited
        changed = {e.element_id for e in diff(xml, edited).entries if e.kind != "changed"}
        assert touched <= changed
        assert set(Diagram.parse(edited).steps) ^ set(diagram.steps) == touched
