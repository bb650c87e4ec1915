"""Changes as people and programs read them: the list with its search, one change with everything of it, what waits for whom."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from math import prod
from typing import Any

from sqlalchemy import ColumnElement, Table, func, or_, select

from bpmn.vocabulary import MEANINGS, ROLES
from engine.actions.changes import ORIGINATORS
from engine.actions.processes import OPEN
from engine.batch_record import BatchRecord
from engine.change_facts import change_facts, item_entries, item_rows
from engine.change_fields import SCORED
from engine.control_recipe import iteration_of
from engine.queries.life_cycle import last_word, run_view, step_view
from engine.reader import Reader
from engine.records import Batch, Change, ChangeItem, DueTime, Duty, EntryReview, Notice, ParameterValue, Task
from engine.records.base import Record
from engine.scope import Row
from engine.site import Site
from engine.step_content import content_hash
from engine.transaction import Actor

REFUSED = ("REJECTED", "CANCELLED")
_SEARCHED: dict[Any, tuple[str, tuple[str, ...]]] = {
    Change: ("id", ("id", "title", "reason", "product", "client", "patient_impact", "category", "origin")),
    ChangeItem: ("change_id", ("title", "why", "evidence", "current", "proposed", "revision_id")),
    ParameterValue: ("batch_id", ("text",)),
}
"""Where the text search looks, with the column that names the change: also at what people said when they refused it."""


def change_list(site: Site, *, text: str = "", states: Iterable[str] = ()) -> list[dict[str, Any]]:
    """Changes, the newest first, those that were refused or cancelled too, with the reason (`why`).

    `text`: every word of it stands somewhere in the change, its items, or what was said at its steps. `states`: only those.
    """
    table: Table = Change.__table__  # type: ignore[assignment]
    wanted: list[ColumnElement[bool]] = [_says(word) for word in text.split()]
    if chosen := list(states):
        wanted.append(table.c.state.in_(chosen))
    query = select(table).where(*wanted).order_by(table.c.opened_at.desc(), table.c.id.desc())
    with site.read() as reader:
        rows = [dict(row) for row in reader.db.execute(query).mappings()]
        return [_listed(site, reader, row) for row in rows]


def change_view(site: Site, change_id: str, actor: Actor) -> dict[str, Any]:
    """One change with everything of it. RecordNotFoundError for an unknown one.

    `change`: its row. `items`: each with its entries, whether this person has ticked them (`ticked`), also withdrawn ones. `run`:
    as `life_cycle_view` gives it, each open step with the `shown_hash` that its form carries back. `facts`: what is signed with
    each step. `duties`, `notices`.
    """
    with site.read() as reader:
        row = reader.get(Change, id=change_id)
        run = BatchRecord(site, reader, change_id)
        life = run_view(run, actor)
        for step in (*life["waiting"], *life["any_time"]):
            step["shown_hash"] = content_hash(run, run.task(step["key"]))
        ticked = {r["entry"] for r in reader.rows(EntryReview, change_id=change_id, person_id=actor.id)}
        items = reader.rows(ChangeItem, change_id=change_id, order=("n",))
        return {
            "change": _opened(row),
            "items": [_item(reader, item, ticked) for item in items],
            "run": life,
            "facts": change_facts(reader, change_id),
            "duties": reader.rows(Duty, change_id=change_id, order=("id",)),
            "notices": [_notice(r) for r in reader.rows(Notice, batch_id=change_id, order=("at", "id"))],
            "why": last_word(site, reader, change_id, "change") if row["state"] in REFUSED else "",
        }


def change_inbox(site: Site, actor: Actor) -> list[dict[str, Any]]:
    """Open steps of changes that wait for this person's roles or were escalated to them: overdue first, then by risk and age.

    What is initiated waits for who opened it. `mine`: whether they may sign it, else `why_not`. `risk`: severity x probability
    x detectability, 0 where not assessed. `due_at`: when the drawing reminds or escalates next. `reminded_at`, `escalated_at`:
    when it did last.
    """
    found = []
    with site.read() as reader:
        tasks = _of_running(reader, Task, Task.state.in_(OPEN))
        notices = _of_running(reader, Notice)
        dues = _of_running(reader, DueTime, DueTime.state == "waiting", DueTime.kind == "timer")
        for row in reader.rows(Batch, kind="change", state="IN_PROGRESS"):
            run = BatchRecord(site, reader, row["id"], row)
            for task in tasks[run.id]:
                sent = [n for n in notices[run.id] if n["task_key"] == task["key"]]
                if task["step_id"] not in run.recipe.awaited and _may_be_for(run, task, sent, actor):
                    found += _waiting(run, task, sent, dues[run.id], actor)
    order = ("change", "key")
    return sorted(
        found, key=lambda r: (not r["escalated_at"], not r["urgent"], -r["risk"], r["opened_at"], *(r[n] for n in order))
    )


def duties_waiting(site: Site, actor: Actor) -> list[dict[str, Any]]:
    """What this person's roles still have to do for changes under way, by date; what has none comes last.

    A duty of nobody in particular is everybody's who may open changes. `change`: the row of its change.
    """
    owners = [*actor.roles, *([""] if actor.roles & set(ORIGINATORS) else [])]
    duties, runs = Duty.__table__, Batch.__table__
    query = (
        select(duties).join(runs, runs.c.id == duties.c.change_id)
        .where(runs.c.kind == "change", runs.c.state == "IN_PROGRESS", duties.c.state == "open", duties.c.owner.in_(owners))
        .order_by(duties.c.due_at.is_(None), duties.c.due_at, duties.c.id)
    )  # fmt: skip
    with site.read() as reader:
        return [dict(row) | {"change": reader.get(Change, id=row["change_id"])} for row in reader.db.execute(query).mappings()]


def next_change_id(reader: Reader, now: datetime) -> str:
    """The number that the next change of this year gets: CC-2026-0143."""
    prefix = f"CC-{now.year}-"
    table: Table = Change.__table__  # type: ignore[assignment]
    names = reader.db.execute(select(table.c.id).where(table.c.id.startswith(prefix, autoescape=True))).scalars()
    numbers = [int(rest) for name in names if (rest := name.removeprefix(prefix)).isdecimal() and rest.isascii()]
    return f"{prefix}{max(numbers, default=0) + 1:04}"


def _says(word: str) -> ColumnElement[bool]:
    """Whether a word stands anywhere in a change."""
    own: Table = Change.__table__  # type: ignore[assignment]
    places = []
    for record, (name, columns) in _SEARCHED.items():
        table = record.__table__
        holds = or_(*(func.lower(table.c[column]).contains(word.lower(), autoescape=True) for column in columns))
        places.append(own.c.id.in_(select(table.c[name]).where(holds)))
    return or_(*places)


def _listed(site: Site, reader: Reader, row: Row) -> dict[str, Any]:
    why = last_word(site, reader, row["id"], "change") if row["state"] in REFUSED else ""
    return _opened(row) | {"why": why, "items": len(item_rows(reader, row["id"]))}


def _opened(row: Row) -> dict[str, Any]:
    risk = json.loads(row["risk"])
    return dict(row) | {"risk": risk, "origin": json.loads(row["origin"]), "risk_number": _risk_number(risk)}


def _risk_number(risk: dict[str, Any]) -> int:
    return prod(risk[name] for name in SCORED) if all(name in risk for name in SCORED) else 0


def _item(reader: Reader, item: Row, ticked: set[str]) -> dict[str, Any]:
    entries = [] if item["withdrawn"] else item_entries(reader, item["change_id"], item)
    names = [(entry, entry.name(item["n"])) for entry in entries]
    return dict(item) | {
        "subjects": json.loads(item["subjects"]),
        "evidence": json.loads(item["evidence"]),
        "entries": [entry.says | {"entry": name, "ticked": name in ticked} for entry, name in names],
    }


def _notice(row: Row) -> dict[str, Any]:
    roles = json.loads(row["roles"])
    return dict(row) | {"roles": roles, "roles_text": [ROLES.get(role, role) for role in roles]}


def _of_running(reader: Reader, record: type[Record], *wanted: ColumnElement[bool]) -> dict[str, list[Row]]:
    """What belongs to the runs of changes that are under way, by run; in one query for all of them."""
    table: Table = record.__table__  # type: ignore[assignment]
    runs = Batch.__table__
    query = select(table).join(runs, runs.c.id == table.c.batch_id)
    query = query.where(runs.c.kind == "change", runs.c.state == "IN_PROGRESS", *wanted).order_by(*table.primary_key)
    found: dict[str, list[Row]] = defaultdict(list)
    for row in reader.db.execute(query).mappings():
        found[row["batch_id"]].append(dict(row))
    return found


def _may_be_for(run: BatchRecord, task: Row, sent: list[Row], actor: Actor) -> bool:
    """Whether a step asks for a person's role at all, or was escalated to it; who signs next is looked at only then."""
    roles = {role for slot in run.step(task).signatures for role in slot.roles}
    return bool(actor.roles & roles) or _escalated_to(sent, actor)


def _escalated_to(sent: list[Row], actor: Actor) -> bool:
    return any(actor.roles & set(json.loads(n["roles"])) for n in sent if n["kind"] == "escalation")


def _waiting(run: BatchRecord, task: Row, sent: list[Row], dues: list[Row], actor: Actor) -> list[dict[str, Any]]:
    """The step for the inbox; nothing where it waits for others now."""
    step = step_view(run, task, actor)
    if not (actor.roles & set(step["roles"]) or _escalated_to(sent, actor)):
        return []
    change = run.reader.get(Change, id=run.row["subject"])
    if MEANINGS["initiated_by"] in step["meanings"] and actor.id != change["opened_by"] and not _escalated_to(sent, actor):
        return []
    kept = ("key", "step_id", "kind", "title", "label", "roles", "meanings", "opened_at", "mine", "why_not")
    about = {
        "change": change["id"],
        "about": change["title"],
        "state": change["state"],
        "urgency": change["urgency"],
        "urgent": change["urgency"] == "emergency",
        "risk": _risk_number(json.loads(change["risk"])),
        "due_at": min((d["due_at"] for d in dues if _concerns(run, d, step)), default=""),
        "reminded_at": max((n["at"] for n in sent if n["kind"] == "reminder"), default=""),
        "escalated_at": max((n["at"] for n in sent if n["kind"] == "escalation"), default=""),
    }
    return [{name: step[name] for name in kept} | about]


def _concerns(run: BatchRecord, due: Row, step: dict[str, Any]) -> bool:
    """Whether a timer is drawn on a step, or on the subprocess that it stands in."""
    node = run.recipe.diagram.nodes.get(due["ref"].rpartition("/")[2].partition("[")[0])
    around = {step["step_id"], *run.recipe.diagram.ancestors(step["step_id"])}
    return node is not None and node.attached_to in around and iteration_of(due["ref"]) == iteration_of(step["key"])
