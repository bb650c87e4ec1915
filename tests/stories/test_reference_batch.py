"""The recorded batch from order to shipment: no exception, and each value says who judged it."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from bpmn import vocabulary as v
from engine import clock
from engine.batch_record import BatchRecord
from engine.queries.counts import review_counts
from engine.records import Batch, Signature
from engine.rules import RULES, judge
from engine.rules.facts import ValueFacts
from engine.rules.limits import evaluate_limits
from engine.verify import verify
from tests.stories.cart import BATCH, Cart, expected_values, recorded


@pytest.mark.requirement("DI-06", "G-19")
def test_the_recorded_batch_is_released_and_shipped_without_an_exception(done: Cart) -> None:
    (batch,) = [b for b in _batches(done) if b["id"] == BATCH]
    assert (batch["state"], batch["disposition"]) == ("COMPLETED", "released_by")
    assert done.exceptions(BATCH) == []
    (disposition,) = done.rows(Signature, BATCH, subject="task:S41")
    assert json.loads(disposition["shown"])["record"]["counts"]["exceptions"] == 0


def test_it_has_exactly_the_values_of_its_file_and_calculates_those_of_a_formula(done: Cart) -> None:
    found, expected = done.values(BATCH), expected_values()
    assert found.keys() == expected.keys()
    assert len(found) == 148
    for key, text in expected.items():
        row = found[key]
        if row["source"] == "calc":
            assert abs(Decimal(row["value"]) - Decimal(text)) <= _half_a_last_digit(text), key
        elif key != ("S34", "", "qc_receipt") and key != ("S05", "", "clean_end"):
            assert row["text"] == text, key


@pytest.mark.requirement("DI-10", "PICS-01")
def test_every_value_names_its_judges_and_some_other_value_makes_each_of_them_raise(done: Cart) -> None:
    judged = recorded_only = 0
    with done.site.read() as reader:
        batch = BatchRecord(done.site, reader, BATCH)
        for row in done.values(BATCH).values():
            names = [rule for rule, _ in json.loads(row["judged_by"])]
            parameter = batch.recipe.steps[row["step_id"]].parameter(row["parameter_id"])
            assert parameter is not None
            if not names:
                assert row["judgement"] == "recorded"
                assert not _has_limits(parameter)
                recorded_only += 1
                continue
            judged += 1
            limits = evaluate_limits(parameter, batch.scope(batch.task(row["task_key"])))
            for name in names:
                assert any(_raises(batch, row, parameter, limits, name, other) for other in _others(parameter, limits)), (
                    row,
                    name,
                )
    assert judged + recorded_only == 148
    assert judged > 80


def test_the_whole_record_replays_from_its_trail(done: Cart) -> None:
    assert verify(done.site.url, done.site.keys).problems == []


def test_the_rest_of_the_day_is_withdrawn_when_harvest_is_decided(done: Cart) -> None:
    assert done.task(BATCH, "S25", "D9")["state"] == "withdrawn"
    assert done.task(BATCH, "S25", "D8")["state"] == "completed"


def test_the_engine_thrown_away_and_replayed_has_the_same_open_steps(cart: Cart) -> None:
    cart.run(BATCH, recorded("S26"))
    before = sorted(t["key"] for t in _open(cart))
    cart.site.runs.clear()
    with cart.site.writing() as connection:
        connection.exec_driver_sql("DELETE FROM engine_snapshot")
        connection.commit()
    cart.floor.run(BATCH, [visit for visit in recorded() if visit.step_id == "S29"])
    assert before == ["S29"]
    assert sorted(t["key"] for t in _open(cart)) == ["S30"]


@pytest.mark.requirement("P11-23")
def test_the_counts_that_quality_signs_are_the_systems(done: Cart) -> None:
    with done.site.read() as reader:
        counts = review_counts(reader, BATCH)
    assert counts["values"] == 148
    assert counts["exceptions"] == counts["open"] == 0
    assert counts["signatures"] == len(done.rows(Signature, BATCH))


def _half_a_last_digit(text: str) -> Decimal:
    """Half a unit in the last digit that a number gives: trailing zeros of a large whole number are not given."""
    number = Decimal(text)
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int)
    if exponent == 0 and text.endswith("000000"):
        exponent = len(text) - len(text.rstrip("0"))
    return Decimal(5).scaleb(exponent - 1)


def _batches(cart: Cart) -> list[dict]:
    with cart.site.read() as reader:
        return reader.rows(Batch)


def _open(cart: Cart) -> list[dict]:
    from engine.records import Task

    return [t for t in cart.rows(Task, BATCH) if t["state"] in ("open", "started", "performed")]


def _has_limits(parameter: v.Parameter) -> bool:
    bounds = (parameter.nor_low, parameter.nor_high, parameter.par_low, parameter.par_high)
    return parameter.limit_action != "none" and any(bounds)


def _others(parameter: v.Parameter, limits) -> list:
    """Values around and far beyond the limits, and of a calculation no value at all."""
    found: list = []
    for bound in (limits.nor_low, limits.nor_high, limits.par_low, limits.par_high):
        if isinstance(bound, Decimal):
            found += [bound - abs(bound) - 1, bound + abs(bound) + 1]
        elif isinstance(bound, bool):
            found.append(not bound)
        elif isinstance(bound, str):
            found.append(bound + " not")
    return [*found, None]


def _raises(batch: BatchRecord, row: dict, parameter: v.Parameter, limits, name: str, other) -> bool:
    undefined = "no value" if other is None and parameter.source == "calc" else ""
    facts = ValueFacts(
        step=batch.recipe.steps[row["step_id"]], parameter=parameter, value=other, limits=limits, undefined=undefined
    )
    only = [rule for rule in RULES if name == rule.RULE]
    return bool(judge("value", facts, only).findings)


assert clock.SIMULATION_ALLOWED, "the stories move the clock"
