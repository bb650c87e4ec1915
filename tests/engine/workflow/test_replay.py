"""The engine's state is a cache: thrown away at any moment, it is there again from the journal or from a snapshot."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import DamagedSnapshotError, EngineFaultError
from engine.workflow import EngineEvent, Procedure
from tests.recipes import random_event, random_recipe, random_run, recipes, tell
from tests.small_recipes import sequence

SEEDS = st.integers(0, 2**32)
unhurried = settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))


@unhurried
@given(recipes(), SEEDS)
def test_a_replay_after_any_act_opens_the_same_steps(xml: bytes, seed: int) -> None:
    procedure, other = Procedure.from_xml(xml), Procedure.from_xml(xml)
    events: list[EngineEvent] = []
    for event, run in random_run(procedure, seed, most=30):
        events.append(event)
        again = other.replay(events)
        assert dict(again.open) == dict(run.open)
        assert again.outcome == run.outcome
        assert again.snapshot() == run.snapshot()


@unhurried
@given(recipes(), SEEDS)
def test_a_run_restored_after_every_act_goes_the_same_way(xml: bytes, seed: int) -> None:
    procedure = Procedure.from_xml(xml)
    kept: bytes | None = None
    for event, run in random_run(procedure, seed, most=60):
        if kept is not None:
            restored = procedure.restore(kept)
            change = tell(restored, event)
            assert set(change.withdrawn).isdisjoint(restored.open)
            assert restored.snapshot() == run.snapshot()
        kept = run.snapshot()
        assert list(procedure.restore(kept).open.items()) == list(run.open.items())


@unhurried
@given(recipes(), SEEDS)
def test_a_change_tells_exactly_what_opened_and_what_was_withdrawn(xml: bytes, seed: int) -> None:
    procedure, chance = Procedure.from_xml(xml), random.Random(seed)
    _, run = next(random_run(procedure, seed))
    for _ in range(60):
        if run.outcome:
            return
        before = dict(run.open)
        event = random_event(procedure, chance.choice(list(before.values())), chance)
        change, key = tell(run, event), str(event[1])
        assert {item.key for item in change.opened} == run.open.keys() - (before.keys() - {key})
        assert set(change.withdrawn) == before.keys() - run.open.keys() - {key}


def test_a_damaged_snapshot_is_refused() -> None:
    procedure = Procedure.from_xml(random_recipe(3, 20))
    _, run = next(random_run(procedure, 1))
    kept = run.snapshot()
    for place in range(0, len(kept), 7):
        with pytest.raises(DamagedSnapshotError):
            procedure.restore(kept[:place] + bytes([kept[place] ^ 1]) + kept[place + 1 :])
    for broken in (b"", kept[:-1], kept + b" ", b"{}", b"\xff" * 40):
        with pytest.raises(DamagedSnapshotError):
            procedure.restore(broken)


def test_a_snapshot_of_another_revision_is_refused() -> None:
    xml = sequence(3)
    kept = Procedure.from_xml(xml).start().snapshot()
    with pytest.raises(DamagedSnapshotError):
        Procedure.from_xml(xml.replace(b'revision="1.0"', b'revision="1.1"')).restore(kept)


def test_a_record_that_does_not_begin_with_a_start_is_not_replayed() -> None:
    with pytest.raises(EngineFaultError):
        Procedure.from_xml(random_recipe(1, 1)).replay([("complete", "S1", {})])
