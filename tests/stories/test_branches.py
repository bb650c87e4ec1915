"""Branches of the CAR-T recipe that the recorded batch does not take."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.actions.decisions import decide
from engine.actions.entries import record_values
from engine.actions.exceptions import comment_exception
from engine.actions.tasks import sign_task, start_task
from engine.errors import BatchClosedError, OutcomeNotAllowedError
from engine.records import Batch, ExceptionRecord, Task
from tests.stories.cart import Cart, recorded
from web.demo.floor import Visit

DEPARTURE = {
    "PROC": "technical_assessment_by",
    "MED": "risk_accepted_by",
    "QA_FLR": "approved_by_qa",
    "CLI_QA": "approved_by_client",
}

WHY = {"reason": "No second collection.", "risk": "Slow growth.", "mitigation": "Daily counts from day 2."}


def few_cells(count: str) -> list[Visit]:
    return [replace(v, values=v.values | {"n_viable": count}) if v.step_id == "S13" else v for v in recorded("S13")]


@pytest.mark.requirement("P4-06")
def test_between_the_two_limits_four_people_sign_the_departure_and_the_batch_goes_on(cart: Cart) -> None:
    cart.run("CT-1", few_cells("80000000"))
    assert ("S13", 17, "minor") in cart.exceptions("CT-1")
    (task,) = [t for t in cart.rows(Task, "CT-1", state="open") if t["step_id"] != "S15"]
    cart.act(start_task, "PROC", "CT-1", task_key=task["key"])
    cart.act(record_values, "PROC", "CT-1", task_key=task["key"], entries=WHY)
    for role, meaning in DEPARTURE.items():
        cart.act(sign_task, role, "CT-1", task_key=task["key"], meaning=meaning, proof=True)
    for row in cart.rows(ExceptionRecord, "CT-1", number=24):
        cart.act(comment_exception, "QA_FLR", "CT-1", exception_id=row["id"], text="Agreed with the physician.")
    assert cart.task("CT-1", "S16")["state"] == "open"
    assert [e for e in cart.exceptions("CT-1") if e[1] == 24]


@pytest.mark.requirement("G-02")
def test_below_both_limits_no_role_lets_the_batch_go_on_and_quality_ends_it(cart: Cart) -> None:
    with pytest.raises(Exception, match="blocked"):
        cart.run("CT-2", few_cells("40000000"))
    assert cart.task("CT-2", "S13")["stopped"] == 1
    for outcome, refused in (("proceed", True), ("hold", False), ("terminate", False)):
        arguments = {"task_key": "S13", "outcome": outcome, "reason": "Too few cells to go on.", "proof": True}
        if refused:
            with pytest.raises(OutcomeNotAllowedError):
                cart.act(decide, "QA_FLR", "CT-2", **arguments)
        else:
            cart.act(decide, "QA_FLR", "CT-2", **arguments)
    with cart.site.read() as reader:
        assert reader.get(Batch, id="CT-2")["state"] == "TERMINATED"
    assert {t["state"] for t in cart.rows(Task, "CT-2")} <= {"completed", "withdrawn"}
    with pytest.raises(BatchClosedError):
        cart.act(start_task, "MFG_OP", "CT-2", task_key="S13")


def test_a_person_who_chooses_to_terminate_says_why_and_the_drawn_branch_ends_the_batch(cart: Cart) -> None:
    day = next(v for v in recorded() if (v.step_id, v.label) == ("S28", "D7"))
    cart.run("CT-3", [v for v in recorded() if v.ended_at <= day.ended_at and v != day and v.step_id != "S26"])
    cart.floor.run("CT-3", [replace(day, values=day.values | {"decision": "terminate"})])
    assert cart.exceptions("CT-3") == [("S28", 15, "info")]
    with cart.site.read() as reader:
        assert reader.get(Batch, id="CT-3")["state"] == "TERMINATED"
