"""Fifty changes in one day while forty batches run, and eight people act at once: nothing is lost, nothing closed too early."""

from __future__ import annotations

import statistics
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine import clock
from engine.actions import people
from engine.keys import create_keys
from engine.site import open_site
from engine.transaction import SYSTEM, perform
from tests.batches import put_into_effect
from tests.people import Staff, actor_of, join, train
from tests.stories.day import Day, Scheduler
from tests.stories.day_people import RECIPES, Colleague, Operator, Supervisor
from tests.stories.day_script import EVE, HOLIDAYS, MORNING, PLAN, PLANNED, RUNNING, ZONE, recipes

EIGHT = (
    ("pia", "PROC"), ("tomas", "PROC"), ("susan", "MFG_SUP"), ("rosa", "QC_REV"), ("rita", "RA"), ("clara", "CLI_QA"),
    ("farid", "QA_FLR"), ("diana", "QA_DISP"),
)  # fmt: skip


@pytest.fixture
def day(database_url: str, tmp_path: Path) -> Iterator[Day]:
    create_keys(tmp_path / "keys")
    site = open_site(database_url, tmp_path / "keys", zone=ZONE, holidays=HOLIDAYS)
    clock.simulate(EVE)
    yield Day(site, len(EIGHT) + 4)
    clock.stop_simulating()
    site.close()


def furnished(day: Day) -> list[Any]:
    """Everybody with an account, four recipes in effect, forty batches under way, two planned; the workers of the day."""
    site, staff = day.site, Staff(day.site)
    eight = {login: join(site, login, f"{login.capitalize()} One", role) for login, role in EIGHT}
    perform(site, people.grant_role, actor=SYSTEM, stream="person:farid", person_id="farid", role="IT")
    staff |= {someone.role: someone for someone in reversed(eight.values())}
    operators = (join(site, "anna", "Anna One", "MFG_OP"), join(site, "ben", "Ben One", "MFG_OP"))
    staff["MFG_OP"] = operators[0]
    for recipe_id, xml in recipes().items():
        put_into_effect(site, staff, xml.encode())
        for someone in operators:
            train(site, someone, recipe_id, "1.0")
    anna, ben = (Operator(day, actor_of(site, someone)) for someone in operators)
    olga = Supervisor(day, actor_of(site, join(site, "olga", "Olga One", "MFG_SUP")))
    for number in range(RUNNING):
        olga.issue(RECIPES[number % len(RECIPES)])
        for _ in range(number // len(RECIPES) % 8):
            anna.go_on(f"N-{number + 1:03}")
    for number in range(PLANNED):
        olga.plan(RECIPES[number])
    workers = [Colleague(day, actor_of(site, someone), operators) for someone in eight.values()]
    return [*workers, anna, ben, olga, Scheduler(day)]


@pytest.mark.slow
@pytest.mark.requirement("G-06", "G-16", "P4-05")
def test_fifty_changes_in_a_day_with_forty_batches_and_eight_people_at_once(day: Day, database_kind: str) -> None:
    workers = furnished(day)
    before = Counter(one.refusal for one in day.tried)
    assert not before.keys() - {""}
    clock.simulate(MORNING)
    day.tried.clear()
    begun = time.perf_counter()
    for worker in workers:
        worker.start()
    while day.moment.move(day.next_instant):
        pass
    for worker in workers:
        worker.join()
    if day.faults:
        raise day.faults[0]
    print(f"\n{database_kind}: {time.perf_counter() - begun:.1f} s, {day.moves} moves, {day.most_at_once} at once")
    print(day.figures())
    seconds = [one.seconds for one in day.tried]
    print(statistics.median(seconds), max(seconds), max(day.tried, key=lambda one: one.seconds))
    from engine.records import Change
    with day.site.read() as reader:
        for row in reader.rows(Change, order=("id",)):
            print(row["id"], row["title"], row["route"], row["state"], PLAN[row["title"]].ends)
