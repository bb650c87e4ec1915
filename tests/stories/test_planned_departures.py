"""Departures that were approved before anything departed: who approves, what they let pass, what they never do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from engine.actions.corrections import correct_value
from engine.actions.departures import plan_departure, propose_changes, sign_departure
from engine.actions.entries import record_values
from engine.actions.tasks import start_task
from engine.errors import EntryRefusedError, NotPermittedError, OutcomeNotAllowedError, SamePersonError
from engine.records import Change, ChangeItem, Departure, ExceptionRecord
from engine.transaction import perform
from engine.verify import verify
from forms.form import FormError
from tests.stories.workshop import Workshop, number, recipe, step

WAY = "begin > S1 > S2 > S3 > end"
WHY = {"reason": "The patient has few cells.", "risk": "Lower yield.", "mitigation": "One more count."}


def drawn(action: str = "block", **more: Any) -> str:
    asked = number("n", "10..90", "5..95", limit_action=action, **more)
    return recipe(WAY, S1=step("S1", asked), S2=step("S2", number("n", "10..90", "5..95")))


def plan(shop: Workshop, name: str = "PD-1", *, role: str = "PROC", roles: Any = ("QA_FLR", "MED"), **about: Any) -> Any:
    asked = {"step_id": "S1", "parameter_id": "n", "low": "1", "high": "5", "uses": 1, **WHY, **about}
    return shop.act(plan_departure, role, departure_id=name, roles=roles, **asked)


def sign(shop: Workshop, role: str, name: str = "PD-1", outcome: str = "approve") -> Any:
    why = "Agreed, no other way."
    return shop.act(sign_departure, role, departure_id=name, outcome=outcome, reason=why, proof=True)


def approved(shop: Workshop, name: str = "PD-1", **about: Any) -> None:
    plan(shop, name, **about)
    for role in ("QA_FLR", "MED"):
        answer = sign(shop, role, name)
    assert answer["state"] == "APPROVED"


def record(shop: Workshop, text: str, key: str = "S1", **more: Any) -> dict[str, Any]:
    if shop.task(key)["state"] == "open":
        shop.act(start_task, "MFG_OP", task_key=key)
    shop.act(record_values, "MFG_OP", task_key=key, entries={"n": text}, **more)
    return shop.task(key)


def state(shop: Workshop, name: str = "PD-1") -> tuple[str, int]:
    with shop.site.read() as reader:
        row = reader.get(Departure, id=name)
    return row["state"], row["uses"]


def numbers(shop: Workshop) -> list[int]:
    return [number for _, number, _ in shop.exceptions()]


@pytest.mark.requirement("G-12")
def test_an_approved_departure_lets_its_value_pass_and_both_exceptions_are_on_record(workshop: Workshop) -> None:
    workshop.run(drawn())
    approved(workshop)
    assert record(workshop, "3")["blocked"] == 0
    assert numbers(workshop) == [4, 24]
    assert workshop.value("S1", "n")["judgement"] == "major"
    assert state(workshop) == ("USED", 1)
    rows = {r["number"]: r for r in workshop.rows(ExceptionRecord)}
    assert (rows[4]["blocks"], rows[24]["expected"], rows[24]["why"]) == (0, "departure PD-1", WHY["reason"])
    workshop.sign("S1")
    workshop.do("S2", "S3", n="50")
    assert workshop.state == "COMPLETED"
    report = verify(workshop.site.url, workshop.site.keys)
    assert report.ok, str(report)


@pytest.mark.parametrize(
    ("text", "blocked"), [("5", 0), ("1", 0), ("1.00", 0), ("0.99", 1), ("96", 1), ("4.999", 0)]
)
def test_only_values_within_its_bounds_pass_both_ends_included(workshop: Workshop, text: str, blocked: int) -> None:
    workshop.run(drawn(exclusive=("par_low",)))
    approved(workshop)
    assert record(workshop, text)["blocked"] == blocked
    assert numbers(workshop) == ([4] if blocked else [4, 24])


def test_an_open_end_is_unbounded(workshop: Workshop) -> None:
    workshop.run(drawn())
    approved(workshop, low="", high="5")
    assert record(workshop, "-400")["blocked"] == 0


def test_without_every_approval_it_lets_nothing_pass(workshop: Workshop) -> None:
    workshop.run(drawn())
    plan(workshop)
    sign(workshop, "MED")
    assert record(workshop, "3")["blocked"] == 1
    assert numbers(workshop) == [4]
    assert state(workshop) == ("REQUESTED", 0)


@pytest.mark.requirement("P11-16")
def test_nobody_approves_their_own_nobody_twice_and_only_the_roles_that_it_names(workshop: Workshop) -> None:
    workshop.run(drawn())
    plan(workshop, role="QA_FLR", roles=("QA_FLR", "QA_DISP"))
    for role, error in (("QA_FLR", SamePersonError), ("MED", NotPermittedError)):
        with pytest.raises(error):
            sign(workshop, role)
    assert sign(workshop, "QA_DISP")["open_roles"] == ["QA_FLR"]
    actor, proof = workshop.crew["QA_DISP"]
    both = replace(actor, roles=frozenset({"QA_DISP", "QA_FLR"}))
    with pytest.raises(SamePersonError):
        perform(
            workshop.site, sign_departure, actor=both, stream="batch:B-1", batch_id="B-1", departure_id="PD-1",
            outcome="approve", reason="And as the other role.", proof=proof,
        )  # fmt: skip


def test_one_role_refuses_for_all(workshop: Workshop) -> None:
    workshop.run(drawn())
    plan(workshop)
    assert sign(workshop, "MED", outcome="refuse")["state"] == "REFUSED"
    with pytest.raises(OutcomeNotAllowedError):
        sign(workshop, "QA_FLR")
    assert record(workshop, "3")["blocked"] == 1


def test_used_up_it_lets_nothing_more_pass_and_a_correction_is_no_further_use(workshop: Workshop) -> None:
    workshop.run(drawn())
    approved(workshop, uses=2)
    record(workshop, "3")
    first = workshop.value("S1", "n")["id"]
    workshop.act(correct_value, "MFG_OP", value_id=first, text="2", reason="Misread, see the raw data.")
    assert (workshop.task("S1")["blocked"], state(workshop)) == (0, ("APPROVED", 1))
    record(workshop, "4", reasons={"n": "The first one seemed low."})
    assert (workshop.task("S1")["blocked"], state(workshop)) == (0, ("USED", 2))
    record(workshop, "4", reasons={"n": "And once more."})
    assert (workshop.task("S1")["blocked"], state(workshop)) == (1, ("USED", 2))
    assert numbers(workshop).count(24) == 2


def test_another_step_is_as_without_it(workshop: Workshop) -> None:
    workshop.run(drawn())
    approved(workshop)
    workshop.do("S1", n="50")
    assert record(workshop, "3", "S2")["blocked"] == 1
    assert state(workshop) == ("APPROVED", 0)


def test_a_stop_is_never_lifted(workshop: Workshop) -> None:
    workshop.run(drawn("stop"))
    with pytest.raises(EntryRefusedError, match="no departure lifts a stop"):
        plan(workshop)


@pytest.mark.parametrize(
    ("about", "field"),
    [
        ({"step_id": "S9"}, "step_id"),
        ({"parameter_id": "m"}, "parameter_id"),
        ({"uses": 0}, "uses"),
        ({"low": "", "high": ""}, "low"),
        ({"low": "6", "high": "5"}, "low"),
        ({"roles": ("PROC",)}, "roles"),
        ({"roles": ("QA_FLR", "MFG_OP")}, "roles"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused_at_its_field(workshop: Workshop, about: dict, field: str) -> None:
    workshop.run(drawn())
    with pytest.raises(EntryRefusedError) as refusal:
        plan(workshop, **about)
    assert field in refusal.value.details["problems"]


def test_bounds_are_read_as_the_parameter_is_entered(workshop: Workshop) -> None:
    workshop.run(drawn())
    with pytest.raises(FormError):
        plan(workshop, low="few")
    plan(workshop, low="1,50", high="5")
    with workshop.site.read() as reader:
        assert reader.get(Departure, id="PD-1")["low"] == "1.50"


def patients(shop: Workshop, *cois: str) -> None:
    """A batch for each, on a recipe whose order names the patient."""
    from bpmn import vocabulary as v

    fields = (v.OrderField("coi", "text", "COI", identifier=True),)
    asked = number("n", "10..90", "5..95")
    xml = recipe(WAY, header={"order_fields": fields}, S1=step("S1", asked), S2=step("S2", asked))
    for count, coi in enumerate(cois, 1):
        shop.batch = f"B-{count}"
        if count == 1:
            shop.run(xml, {"coi": coi})
        else:
            from engine.actions.batches import start_batch

            shop.act(start_batch, "MFG_SUP", recipe_id="MR-ANY-001", order={"coi": coi}, proof=True)


def test_it_is_bound_to_its_patient_over_all_their_batches(workshop: Workshop) -> None:
    patients(workshop, "P-1", "P-2", "P-1")
    workshop.batch = "B-1"
    approved(workshop, uses=5)
    workshop.batch = "B-2"
    assert record(workshop, "3")["blocked"] == 1
    workshop.batch = "B-3"
    assert record(workshop, "3")["blocked"] == 0
    workshop.batch = "B-1"
    assert record(workshop, "3")["blocked"] == 0
    assert state(workshop) == ("APPROVED", 2)


def test_the_third_use_opens_a_change_that_names_the_departures_and_the_fourth_none(workshop: Workshop) -> None:
    patients(workshop, "P-1", "P-2", "P-3", "P-4")
    opened = []
    for count in (1, 2, 3, 4):
        workshop.batch = f"B-{count}"
        approved(workshop, f"PD-{count}")
        assert record(workshop, "3")["blocked"] == 0
        with workshop.site.read() as reader:
            opened.append([row["id"] for row in reader.rows(Change)])
    assert opened[0] == opened[1] == []
    [change] = opened[2]
    assert opened[3] == [change]
    assert propose_changes(workshop.site) == []
    with workshop.site.read() as reader:
        row, items = reader.get(Change, id=change), reader.rows(ChangeItem, change_id=change)
        proposed = [reader.get(Departure, id=f"PD-{n}")["proposed"] for n in (1, 2, 3, 4)]
    assert '"departures": ["PD-1", "PD-2", "PD-3"]' in row["origin"]
    assert all(f"B-{n}" in items[0]["evidence"] for n in (1, 2, 3))
    assert proposed == [change, change, change, ""]
    report = verify(workshop.site.url, workshop.site.keys)
    assert report.ok, str(report)
