"""What the record of a day proves, reckoned again from the journal and the drawing: nothing here asks the product's own rules."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from lxml import etree

from bpmn import vocabulary as v
from bpmn.diagram import BPMN
from engine import clock
from engine.reader import Reader
from engine.records import Batch, Change, Notice, Task
from engine.site import Site
from tests.stories.day import Done
from tests.stories.day_script import HOLIDAYS, ZONE

OVER = ("REJECTED", "TERMINATED", "COMPLETED")
GRACE = timedelta(seconds=30)
"""Until the leader has come round: who was done between the due time and its round may or may not have been told."""
NOTICE_OF = {"run.remind": "reminder", "run.escalate": "escalation"}


class Entry(NamedTuple):
    """An entry of the journal: where it stands, when, and what it wrote."""

    seq: int
    at: str
    writes: list[list[Any]]


def entries(reader: Reader, stream: str) -> list[Entry]:
    """The entries of a chain, in order."""
    query = f"SELECT seq, at, body FROM journal WHERE stream = {reader.mark} ORDER BY seq"
    return [Entry(seq, at, json.loads(body)["writes"]) for seq, at, body in reader.fetch(query, stream)]


def rows_written(found: list[Entry], table: str, *key: str) -> dict[tuple[Any, ...], dict[str, Any]]:
    """The rows of a table as these entries leave them, by key."""
    rows: dict[tuple[Any, ...], dict[str, Any]] = {}
    for kind, name, *rest in (write for entry in found for write in entry.writes):
        if name != table:
            continue
        row = rows.setdefault(tuple(rest[0].get(k) for k in key), {})
        row.update(rest[0] if kind == "insert" else {column: new for column, (_, new) in rest[1].items()})
    return rows


# Nothing lost


def lost(site: Site, tried: list[Done]) -> list[str]:
    """Acts that were acknowledged and are not on record exactly once, and refused ones that are."""
    with site.read() as reader:
        kept = Counter(key for (key,) in reader.fetch("SELECT idempotency_key FROM journal WHERE idempotency_key IS NOT NULL"))
    wrong = [f"{one.what} by {one.who}: {kept[one.key]} times" for one in tried if kept[one.key] != (not one.refusal)]
    return wrong + [f"{key}: nobody's" for key in kept.keys() - {one.key for one in tried}]


# Nothing closed too early


def closed_too_early(site: Site) -> list[str]:
    """Of every change that was closed: what was undecided, not applied or not done at that instant, as the journal has it."""
    found = []
    with site.read() as reader:
        chains = {row["id"]: entries(reader, f"batch:{row['id']}") for row in reader.rows(Batch, kind="batch")}
        for change in reader.rows(Change, state="CLOSED"):
            found += [f"{change['id']}: {told}" for told in _undecided_at_its_end(reader, change["id"], chains)]
    return found


def _undecided_at_its_end(reader: Reader, change_id: str, chains: Mapping[str, list[Entry]]) -> Iterator[str]:
    chain = entries(reader, f"batch:{change_id}")
    end = next(n for n, entry in enumerate(chain) if _closes(entry))
    until, at = chain[: end + 1], chain[end].at
    decided = rows_written(until, "open_batch_decision", "batch_id", "item")
    for (batch, item), row in decided.items():
        if row["state"] != "APPLIED" or row["decision"] == "hold":
            yield f"{batch}, item {item} is {row['decision']}, {row['state']}"
    for duty in rows_written(until, "duty", "id").values():
        if duty["state"] == "open":
            yield f"{duty['title']} is open"
    for item in rows_written(until, "change_item", "change_id", "n").values():
        if item["kind"] == "revision" and item["category"] != "editorial" and not item.get("withdrawn"):
            yield from _batches_without(item, decided, chains, at)


def _batches_without(item: Mapping[str, Any], decided: Any, chains: Mapping[str, list[Entry]], at: str) -> Iterator[str]:
    """Batches that ran on an older revision at an instant, and about which nothing was decided."""
    recipe_id, proposed = item["revision_id"].split("@")
    for batch, chain in chains.items():
        so_far = [entry for entry in chain if entry.at <= at]
        row = rows_written(so_far, "batch", "id").get((batch,))
        if row is None or row["recipe_id"] != recipe_id or row["state"] in OVER or (batch, item["n"]) in decided:
            continue
        taken = [a for a in rows_written(so_far, "adoption", "id").values() if a.get("change_id") == item["change_id"]]
        older = numbers(row["revision_id"]) < numbers(proposed)
        if older and not any(item["n"] in json.loads(a["items"]) for a in taken):
            yield f"{batch} on {row['revision_id']} knows nothing of item {item['n']}"


def _closes(entry: Entry) -> bool:
    changed = [rest[1] for kind, table, *rest in entry.writes if (kind, table) == ("update", "change")]
    return any(columns.get("state", [""])[-1] == "CLOSED" for columns in changed)


def numbers(revision: str) -> list[int]:
    """A revision of these recipes as numbers: 1.10 is after 1.9."""
    return [int(part) for part in revision.rpartition("@")[2].split(".")]


# Reminders and escalations


@dataclass(frozen=True)
class Drawn:
    """A timer as it is drawn on a step, or on a subprocess with its steps."""

    steps: frozenset[str]
    kind: str
    span: timedelta
    working: bool

    def due(self, begun: datetime) -> datetime:
        """When it is due for what began then."""
        return working_later(begun, self.span.days) if self.working else begun + self.span


def drawn_timers(xml: str) -> list[Drawn]:
    """Every timer of a drawing that leads to a reminder or an escalation."""
    root = etree.fromstring(xml.encode())
    by_id = {e.get("id"): e for e in root.iter(f"{{{BPMN}}}*") if e.get("id")}
    leads = {flow.get("sourceRef"): flow.get("targetRef") for flow in root.iter(f"{{{BPMN}}}sequenceFlow")}
    found = []
    for event in root.iter(f"{{{BPMN}}}boundaryEvent"):
        for timer in event.iter(f"{{{v.NAMESPACE}}}timer"):
            [service] = by_id[leads[event.get("id")]].iter(f"{{{v.NAMESPACE}}}service")
            steps = by_id[event.get("attachedToRef")].iter(f"{{{BPMN}}}userTask")  # itself, or those inside
            unit, _, count = str(timer.get("due")).removesuffix(")").partition("(")
            found.append(
                Drawn(
                    steps=frozenset(str(step.get("id")) for step in steps), kind=NOTICE_OF[str(service.get("action"))],
                    span=timedelta(**{unit: int(count)}), working=timer.get("working") == "true",
                )
            )
    return found


def working_later(begun: datetime, days: int) -> datetime:
    """The same time on the wall so many working days later. Only what begins on a working day is asked of it."""
    local = begun.astimezone(ZoneInfo(ZONE))
    day = local.date()
    assert day.weekday() < 5
    assert day not in HOLIDAYS
    while days:
        day += timedelta(days=1)
        days -= day.weekday() < 5 and day not in HOLIDAYS
    return datetime.combine(day, local.time(), local.tzinfo).astimezone(UTC)


@dataclass
class Notices:
    """Reminders and escalations as they should be, and as they are. `wrong`: in words. `slowest`: after the due time."""

    sent: Counter[str]
    in_time: int
    either: int
    slowest: timedelta
    wrong: list[str]


def check_notices(site: Site, xml: str) -> Notices:
    """Every notice that the drawing demands for a late step is there once, at its due time; there is no other."""
    told = Notices(Counter(), 0, 0, timedelta(0), [])
    timers, now = drawn_timers(xml), clock.now()
    with site.read() as reader:
        for change in reader.rows(Change):
            tasks = reader.rows(Task, batch_id=change["id"])
            notices = reader.rows(Notice, batch_id=change["id"])
            for drawn in timers:
                for turn in {_turn(t) for t in tasks if t["step_id"] in drawn.steps}:
                    own = [t for t in tasks if t["step_id"] in drawn.steps and _turn(t) == turn]
                    notices = _compared(told, drawn, own, notices, now)
            told.wrong += [f"{n['kind']} for {n['task_key']} of {change['id']} at {n['at']}: nothing was late" for n in notices]
    return told


def _compared(told: Notices, drawn: Drawn, tasks: list[Any], notices: list[Any], now: datetime) -> list[Any]:
    """The notices that are left when those of one timer, of one round, are accounted for."""
    due = drawn.due(min(clock.parse(t["opened_at"]) for t in tasks))
    for task in tasks:
        done = clock.parse(task["completed_at"]) if task["completed_at"] else now
        sent = [n for n in notices if (n["kind"], n["task_key"]) == (drawn.kind, task["key"])]
        named = f"{drawn.kind} for {task['key']} of {task['batch_id']}"
        if done <= due:
            told.in_time += 1
            continue
        if done <= due + GRACE and not sent:
            told.either += 1
            continue
        if len(sent) != 1:
            told.wrong.append(f"{named}: {len(sent)} sent, due at {due}")
        for notice in sent:
            late = clock.parse(notice["at"]) - due
            if not timedelta(0) <= late <= GRACE:
                told.wrong.append(f"{named}: sent at {notice['at']}, due at {due}")
            if drawn.kind == "escalation" and not {"QA_DISP", "PROC"} <= set(json.loads(notice["roles"])):
                told.wrong.append(f"{named}: to {notice['roles']}")
            told.sent[drawn.kind] += 1
            told.slowest = max(told.slowest, late)
        notices = [n for n in notices if n not in sent]
    return notices


def _turn(task: Mapping[str, Any]) -> str:
    return str(task["key"].partition("[")[2])


# Revisions


def bases(site: Site) -> list[str]:
    """Items whose revision is not based on the one that was in effect when the item was put."""
    wrong = []
    with site.read() as reader:
        effects = [
            (row["recipe_id"], row["effective_at"], row["id"])
            for chain in _recipe_chains(reader)
            for row in rows_written(chain, "recipe_revision", "id").values()
            if row.get("effective_at")
        ]
        for change in reader.rows(Change):
            for entry in entries(reader, f"batch:{change['id']}"):
                for item in rows_written([entry], "change_item", "change_id", "n").values():
                    if not item.get("base_id"):
                        continue
                    recipe_id = item["revision_id"].partition("@")[0]
                    known = [(at, name) for of, at, name in effects if of == recipe_id and at <= entry.at]
                    if item["base_id"] != max(known)[1]:
                        wrong.append(f"{change['id']}: {item['revision_id']} on {item['base_id']}, in effect {max(known)[1]}")
    return wrong


def _recipe_chains(reader: Reader) -> list[list[Entry]]:
    names = [name for (name,) in reader.fetch("SELECT name FROM stream ORDER BY name")]
    return [entries(reader, name) for name in names if name.startswith("recipe:MR-")]
