"""Acceptance: each kind of tampering is found and its place named, on both databases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from engine.audit import JOURNAL_COLUMNS, SEALED
from tests.tamper.attacker import COLUMNS, RECORDS, Attacker, Scene
from tests.tamper.rows import KEYS, named, other
from tests.tamper.scenes import KINDS, cart_scene, found, small_scene

TRIALS = 3  # `python -m tests.tamper --full` runs 20


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def scene(
    request: pytest.FixtureRequest, databases_of: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Scene]:
    """One opened-up site for all attacks on a database; each attack is rolled back."""
    databases = databases_of(request.param)
    name, url = databases.migrated()
    yield small_scene(url, tmp_path_factory.mktemp("tamper"))
    databases.drop(name)


def test_there_are_at_least_thirty_kinds() -> None:
    assert len(KINDS) >= 30


def test_before_any_attack_only_the_missing_triggers_are_a_problem(scene: Scene) -> None:
    with scene.attack(0) as attacker:
        problems = scene.verify(attacker).problems
    assert {problem.place for problem in problems} == {"triggers"}


@pytest.mark.requirement("P11-02", "P11-03")
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_tampering_is_found_and_its_place_named(scene: Scene, kind: Callable[[Attacker], str]) -> None:
    for trial in range(TRIALS):
        named_it, told = found(scene, kind, trial)
        assert named_it, told


@pytest.fixture(scope="module")
def real_batch(databases_of: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """The recorded CAR-T batch and one that departs from it, on SQLite."""
    name, url = databases_of("sqlite").migrated()
    yield cart_scene(url, tmp_path_factory.mktemp("cart"))
    databases_of("sqlite").drop(name)


@pytest.mark.requirement("P11-02", "P11-03")
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_tampering_with_a_real_batch_is_found(real_batch: Scene, kind: Callable[[Attacker], str]) -> None:
    named_it, told = found(real_batch, kind, 0)
    assert named_it, told


@pytest.mark.requirement("P11-02")
@pytest.mark.parametrize("table", RECORDS)
def test_every_column_of_every_record_is_covered(scene: Scene, table: str) -> None:
    for column in COLUMNS[table]:
        with scene.attack((table, column)) as attacker:
            row = attacker.pick(table)
            place = named(table, row)
            attacker.change(table, row, **{column: other(row[column])})
            problems = scene.verify(attacker).problems
        if column not in KEYS.get(table, ("id",)) and column != "batch_id":
            place += f" {column}"
        assert any(problem.place.startswith(place) for problem in problems), (column, problems)


@pytest.mark.requirement("P11-03")
@pytest.mark.parametrize("table", ["journal", "stream", "engine_snapshot"])
def test_every_column_of_the_trail_itself_is_covered(scene: Scene, table: str) -> None:
    for column in COLUMNS[table]:
        with scene.attack((table, column)) as attacker:
            row = attacker.pick(table)
            place = {"journal": "stream", "stream": "name", "engine_snapshot": "batch_id"}[table]
            stream = row[place]
            attacker.change(table, row, **{column: other(row[column])})
            problems = scene.verify(attacker).problems
        assert any(stream in problem.place for problem in problems), (column, problems)


def test_the_hash_of_an_entry_covers_every_column_of_the_journal() -> None:
    assert set(SEALED) == set(COLUMNS["journal"]) - {"hash", "mac"}
    assert set(JOURNAL_COLUMNS) == set(COLUMNS["journal"])
