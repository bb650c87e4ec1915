"""New limits on the batches that were made under the old ones: how many would have departed, value by value."""

from __future__ import annotations

from typing import Any

import pytest

from bpmn.diagram import Diagram
from bpmn.diff import diff
from engine.actions import corrections, entries, tasks
from engine.queries.limit_replay import limit_replay
from engine.reader import Reader
from engine.records import ExceptionRecord, ParameterValue
from engine.site import Site
from engine.transaction import perform
from tests import batches
from tests.people import Staff, actor_of, proof_of
from tests.small_recipes import sequence

RECIPE = "MR-ROW-001"
OLD = sequence(2)
WEIGHTS = ("80", "71", "88.0", "89", "95", "70")


def edited(*changes: tuple[str, str], xml: bytes = OLD, times: int = 1) -> bytes:
    """The recipe with other texts at the first places they stand."""
    text = xml.decode()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, times)
    return text.encode()


def replayed(site: Site, new: bytes, old: bytes = OLD, **more: Any) -> list[dict[str, Any]]:
    return limit_replay(site, RECIPE, diff(old, new), Diagram.parse(old), Diagram.parse(new), **more)


class Floor:
    """Batches of the small recipe."""

    def __init__(self, site: Site) -> None:
        self.site, self.staff = site, Staff(site)
        batches.put_into_effect(site, self.staff, OLD)
        self.operator = actor_of(site, self.staff["MFG_OP"])
        self.proof = proof_of(site, self.staff["MFG_OP"])

    def act(self, action: Any, batch: str, **arguments: Any) -> Any:
        return perform(self.site, action, actor=self.operator, stream=f"batch:{batch}", batch_id=batch, **arguments)

    def run(self, batch: str, *weights: str) -> None:
        """A batch with a weight at each step in turn."""
        batches.start(self.site, self.staff, RECIPE, batch)
        for number, weight in enumerate(weights, 1):
            key = f"S{number:03}"
            self.act(tasks.start_task, batch, task_key=key)
            self.act(entries.record_values, batch, task_key=key, entries={"weight": weight, "label": "A"})
            with self.site.read() as reader:
                found = reader.rows(ExceptionRecord, batch_id=batch, step_id=key)
            said = {row["id"]: "Seen." for row in found if row["needs_comment"]}
            self.act(tasks.sign_task, batch, task_key=key, meaning="performed_by", proof=self.proof, comments=said)


@pytest.fixture
def floor(site: Site) -> Floor:
    """Six batches, each with one weight at the first step."""
    floor = Floor(site)
    for number, weight in enumerate(WEIGHTS, 1):
        floor.run(f"B-{number}", weight)
    return floor


def test_each_value_is_judged_by_the_old_and_by_the_new_limits(floor: Floor) -> None:
    new = edited(('norHigh="90"', 'norHigh="85"'), ('parHigh="100"', 'parHigh="88.0"'))
    [found] = replayed(floor.site, new)
    assert (found["step"], found["parameter"]) == ("S001", "weight")
    assert (found["old"]["nor"], found["new"]["nor"]) == ("70 to 90 g", "70 to 85 g")
    judged = [(p["batch"], p["value"], p["old_outcome"], p["new_outcome"]) for p in found["points"]]
    assert judged == [
        ("B-1", "80", "ok", "ok"), ("B-2", "71", "ok", "ok"), ("B-3", "88.0", "ok", "nor"), ("B-4", "89", "ok", "par"),
        ("B-5", "95", "nor", "par"), ("B-6", "70", "ok", "ok"),
    ]  # fmt: skip
    assert (found["were"], found["would_be"], found["of"], found["batches"]) == (1, 3, 6, 6)


def test_the_old_outcome_is_what_was_raised_at_the_time(floor: Floor) -> None:
    [found] = replayed(floor.site, edited(('norHigh="90"', 'norHigh="85"')))
    with floor.site.read() as reader:
        raised = {row["batch_id"] for row in reader.rows(ExceptionRecord, number=17)}
    assert {p["batch"] for p in found["points"] if p["old_outcome"] == "nor"} == raised == {"B-5"}


def test_only_the_last_batches_count(floor: Floor) -> None:
    [found] = replayed(floor.site, edited(('norHigh="90"', 'norHigh="85"')), most=2)
    assert [p["batch"] for p in found["points"]] == ["B-5", "B-6"]
    assert (found["would_be"], found["of"]) == (1, 2)


def test_an_excluded_end_and_a_limit_that_came_or_went_count_as_changed(floor: Floor) -> None:
    [excluded] = replayed(floor.site, edited(('norLow="70"', 'norLow="70" exclusive="nor_low"')))
    assert (excluded["were"], excluded["would_be"]) == (1, 2), "70 is not above 70"
    [gone] = replayed(floor.site, edited(('norLow="70" norHigh="90" ', "")))
    assert (gone["were"], gone["would_be"]) == (1, 0)
    [unlimited] = replayed(floor.site, edited(('limitAction="block"', 'limitAction="none"')))
    assert {p["new_outcome"] for p in unlimited["points"]} == {"recorded"}


def test_a_limit_that_is_an_expression_is_evaluated_with_each_batch_s_own_record(floor: Floor) -> None:
    floor.run("B-7", "75", "78")
    floor.run("B-8", "85", "78")
    new = edited(('norHigh="90"', 'norHigh="S001.weight - 1"'), xml=OLD.replace(b'norHigh="90"', b'norHigh="90.0"', 1))
    old = OLD.replace(b'norHigh="90"', b'norHigh="90.0"', 1)
    [found] = replayed(floor.site, new, old)
    assert found["step"] == "S002"
    assert [(p["batch"], p["new_outcome"]) for p in found["points"]] == [("B-7", "nor"), ("B-8", "ok")]


def test_a_limit_that_asks_for_what_no_batch_recorded_is_said_not_counted(floor: Floor) -> None:
    [found] = replayed(floor.site, edited(('norHigh="90"', 'norHigh="S002.weight"')))
    assert (found["unknown"], found["would_be"], found["of"]) == (6, 0, 6)


def test_a_corrected_value_counts_once_as_corrected(floor: Floor) -> None:
    with floor.site.read() as reader:
        [value] = reader.rows(ParameterValue, batch_id="B-5", parameter_id="weight")
    floor.act(corrections.correct_value, "B-5", value_id=value["id"], text="85", reason="Misread.")
    [found] = replayed(floor.site, edited(('norHigh="90"', 'norHigh="86"')))
    assert [p["value"] for p in found["points"] if p["batch"] == "B-5"] == ["85"]
    assert found["were"] == 0


def test_a_renumbered_step_keeps_its_values(floor: Floor) -> None:
    new = edited(('norHigh="90"', 'norHigh="85"'), xml=edited(("S001", "WEIGH"), times=100))
    [found] = replayed(floor.site, new)
    assert found["step"] == "WEIGH"
    assert [p["batch"] for p in found["points"]] == [f"B-{n}" for n in range(1, 7)]


def test_what_changes_no_limit_is_not_replayed(floor: Floor) -> None:
    assert replayed(floor.site, edited(("Weigh and write down.", "Weigh twice."))) == []


def test_reading_the_last_batches_takes_a_few_statements(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    fetch = Reader.fetch

    def counted(self: Reader, text: str, *values: Any) -> list[tuple[Any, ...]]:
        asked.append(text)
        return fetch(self, text, *values)

    monkeypatch.setattr(Reader, "fetch", counted)
    replayed(floor.site, edited(('norHigh="90"', 'norHigh="S001.weight"')))
    few = len(asked)
    for number in range(9, 13):
        floor.run(f"B-{number}", "80")
    asked.clear()
    replayed(floor.site, edited(('norHigh="90"', 'norHigh="S001.weight"')))
    assert len(asked) <= few <= 5
