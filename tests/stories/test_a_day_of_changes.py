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
from engine.actions.processes import CHANGE_CONTROL, shipped_xml
from engine.adoption import executed_prefix
from engine.batch_record import BatchRecord
from engine.keys import create_keys
from engine.reader import Reader
from engine.records import Adoption, Batch, Change, OpenBatchDecision, Task
from engine.site import open_site
from engine.transaction import SYSTEM, perform
from engine.verify import verify
from tests.batches import put_into_effect
from tests.people import Staff, actor_of, join, train
from tests.stories.day import Day, Scheduler, Worker
from tests.stories.day_floor import LIVE, RECIPES, Operator, Supervisor
from tests.stories.day_people import Colleague
from tests.stories.day_record import Notices, bases, check_notices, closed_too_early, lost
from tests.stories.day_script import EVE, HOLIDAYS, MORNING, PLAN, PLANNED, PLANS, RUNNING, ZONE, recipes
from tests.stories.test_any_recipe import open_by_replay

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


def furnished(day: Day) -> list[Worker]:
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
    workers = [Colleague(day, actor_of(site, someone)) for someone in eight.values()]
    return [*workers, anna, ben, olga, Scheduler(day)]


@pytest.mark.slow
@pytest.mark.requirement("G-06", "G-16", "P4-05")
def test_fifty_changes_in_a_day_with_forty_batches_and_eight_people_at_once(day: Day, database_kind: str) -> None:
    workers = furnished(day)
    assert not [one for one in day.tried if one.refusal]
    clock.simulate(MORNING)
    begun = time.perf_counter()
    at_work(day, workers)
    seconds = time.perf_counter() - begun
    changes = ended(day)
    told = check_notices(day.site, shipped_xml(CHANGE_CONTROL))
    print_figures(day, database_kind, seconds, changes, told)

    assert {one.who for one in day.tried} >= {login for login, _ in EIGHT}
    assert day.most_at_once > 3
    assert lost(day.site, day.tried) == []
    assert closed_too_early(day.site) == []
    assert [told.wrong, told.either] == [[], 0]
    assert min(told.sent["reminder"], told.sent["escalation"], told.in_time) > 5
    assert bases(day.site) == []
    assert_batches_go_on(day)
    report = verify(day.site.url, day.site.keys)
    assert report.ok, str(report)


def at_work(day: Day, workers: list[Worker]) -> None:
    """Everybody at once, until the script is over."""
    for worker in workers:
        worker.start()
    try:
        while day.moment.move(day.next_instant):
            pass
    finally:
        day.moment.over = True
        day.moment.tell()
        for worker in workers:
            worker.join()
    if day.faults:
        raise day.faults[0]


def ended(day: Day) -> list[dict[str, Any]]:
    """All fifty, each where the script wants it, by the route that it wants; who was told that it was cancelled, is right."""
    with day.site.read() as reader:
        changes = reader.rows(Change, order=("id",))
        stopped = [row["id"] for row in reader.rows(Batch) if row["incident"]]
    assert [row["id"] for row in changes] == [f"CC-2026-{n:04}" for n in range(1, len(PLANS) + 1)]
    assert sorted(row["title"] for row in changes) == sorted(PLAN)
    wrong = {row["title"]: row["state"] for row in changes if row["state"] not in PLAN[row["title"]].ends}
    wrong |= {row["title"]: row["route"] for row in changes if row["route"] not in ("", PLAN[row["title"]].route)}
    assert (wrong, stopped) == ({}, [])
    given_up = [one for one in day.tried if one.what == "cancel_change" and not one.refusal]
    assert len(given_up) == sum(row["state"] == "CANCELLED" for row in changes)
    return changes


def assert_batches_go_on(day: Day) -> None:
    """Every run, of a batch or of a change, is what its journal says; what was executed before an adoption is what it was."""
    site = day.site
    site.runs.clear()
    with site.writing() as connection:
        connection.exec_driver_sql("DELETE FROM engine_snapshot")
        connection.commit()
    with site.read() as reader:
        runs = [row["id"] for row in reader.rows(Batch) if row["kind"] in ("batch", "change") and row["state"] != "PLANNED"]
        live = {name: sorted(t["key"] for t in reader.rows(Task, batch_id=name) if t["state"] in LIVE) for name in runs}
        for adoption in reader.rows(Adoption):
            batch = BatchRecord(site, reader, adoption["batch_id"])
            assert executed_prefix(batch, adoption["at"]) == (adoption["prefix_hash"], adoption["prefix_steps"])
        assert len(of_closed(reader)) > 100
        assert all(row["state"] == "APPLIED" for row in of_closed(reader))
    for name in runs:
        replayed = perform(site, open_by_replay, actor=SYSTEM, stream=f"batch:{name}", batch_id=name)
        assert replayed["open"] == live[name], name


def of_closed(reader: Reader) -> list[dict[str, Any]]:
    """The decisions about open batches of every change that was closed, as they stand now."""
    closed = [row["id"] for row in reader.rows(Change, state="CLOSED")]
    return [row for name in closed for row in reader.rows(OpenBatchDecision, change_id=name)]


def print_figures(day: Day, kind: str, seconds: float, changes: list[dict[str, Any]], told: Notices) -> None:
    """What was done, by whom, how fast, and what was refused."""
    done = [one for one in day.tried if not one.refusal]
    slowest, times = max(done, key=lambda one: one.seconds), [one.seconds for one in done]
    with day.site.read() as reader:
        adoptions = reader.rows(Adoption)
        decisions = Counter(row["decision"] for row in reader.rows(OpenBatchDecision))
        running = sum(row["state"] in ("ISSUED", "IN_PROGRESS") for row in reader.rows(Batch, kind="batch"))
    told_rows = (
        ("seconds", f"{seconds:.1f}; the clock moved {day.moves} times; {day.most_at_once} acts at the same time"),
        ("changes", dict(Counter(row["route"] or "none" for row in changes)) | dict(Counter(row["state"] for row in changes))),
        ("acts", f"{len(done)}: {dict(Counter(one.what for one in done))}"),
        ("slowest act", f"{slowest.what} {slowest.seconds * 1000:.0f} ms; median {statistics.median(times) * 1000:.0f} ms"),
        ("refusals", dict(Counter(one.refusal for one in day.tried if one.refusal))),
        ("of which", dict(Counter(one.error for one in day.tried if one.error))),
        ("batches", f"{running} running; {len(adoptions)} adoptions in {len({a['batch_id'] for a in adoptions})} batches"),
        ("open batches", f"{dict(decisions)}; refused when they were applied: {sum(bool(r['refused']) for r in day.applied)}"),
        ("notices", f"{dict(told.sent)}, none in {told.in_time} steps in time; {told.slowest.total_seconds():.1f} s after"),
    )
    print(f"\n{kind}", *(f"{name:>14}: {figures}" for name, figures in told_rows), sep="\n")
