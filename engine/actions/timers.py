"""Due times: one scheduler tells the record what has become due; each due row is an act of its own.

Order is by the due time, so a scheduler that was down catches up as if it had not been.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from engine import clock
from engine.actions.access import CLOSED
from engine.actions.completion import advance
from engine.actions.holds import fire_hold
from engine.actions.incidents import record_incident
from engine.batch_record import BatchRecord
from engine.errors import BatchClosedError, BatchwrightError, DatabaseBusyError, DatabaseUnavailableError
from engine.records import Batch, DueTime, Task
from engine.site import Site
from engine.transaction import SYSTEM, Act, Actor, perform


def fire_due(site: Site, most: int = 1000) -> int:
    """Fire everything that is due now, each in its own act. Returns how many fired. Safe beside other schedulers.

    A hold time is exceeded after its limit, not at it; a timer of the diagram is due at its instant. What is due at a
    batch that an incident stopped waits until quality lets it go on; whatever fails at one batch delays no other.
    """
    now, table, batches = clock.text(clock.now()), DueTime.__table__, Batch.__table__
    with site.read() as reader:
        rows = reader.db.execute(
            select(table.c.id, table.c.batch_id, table.c.kind, table.c.due_at)
            .join(batches, batches.c.id == table.c.batch_id)
            .where(table.c.state == "waiting", table.c.due_at <= now, func.coalesce(batches.c.incident, "") == "")
            .order_by(table.c.due_at, table.c.id)
            .limit(most)
        ).all()
    fired, stopped = 0, set()
    for due_id, batch_id, kind, due_at in rows:
        if (kind != "timer" and due_at >= now) or batch_id in stopped:
            continue
        try:
            answer = perform(
                site, fire, actor=SYSTEM, stream=f"batch:{batch_id}", source="system", batch_id=batch_id, due_id=due_id
            )
            fired += int(answer["fired"])
        except (DatabaseBusyError, DatabaseUnavailableError):
            continue  # it stays due, and the next round fires it
        except BatchClosedError:
            continue  # it ended meanwhile
        except Exception as error:
            stopped.add(batch_id)
            what = str(error) if isinstance(error, BatchwrightError) else f"{type(error).__name__}: {error}"
            perform(
                site,
                record_incident,
                actor=SYSTEM,
                stream=f"batch:{batch_id}",
                source="system",
                batch_id=batch_id,
                what=what,
            )
    return fired


def fire(act: Act, *, actor: Actor, batch_id: str, due_id: str) -> dict[str, Any]:
    """One due time came: judge its hold time, or tell the procedure that its timer fired; nothing if it was cancelled."""
    due = act.get(DueTime, id=due_id)
    batch = BatchRecord(act.site, act, batch_id)
    if due["state"] != "waiting" or batch.row["state"] in CLOSED:
        act.note("due_time:passed_over", due=due_id)
        batch.save(act)
        return {"fired": False}
    if due["kind"] != "timer":
        shown = fire_hold(act, batch, due)
        _tell_boundary(act, batch, due)
        act.note("hold_time:exceeded" if shown else "hold_time:closed", hold=due["ref"], level=due["kind"])
        batch.save(act)
        return {"fired": True, "exceptions": shown}
    act.update(DueTime, {"id": due_id}, was=due, state="fired", fired_at=act.now_text)
    change = batch.run.fire(due["ref"])
    progress = advance(act, batch, change, [("fire", due["ref"])])
    act.note("timer:fired", timer=due["ref"])
    batch.save(act)
    return {"fired": True, "opened": progress.opened}


def _tell_boundary(act: Act, batch: BatchRecord, due: dict[str, Any]) -> None:
    """The hold time is drawn on its step: its timer event fires in the diagram too, once, while that step is open."""
    nodes = batch.recipe.diagram.nodes
    for item in list(batch.run.open.values()):
        timer = nodes[item.node_id].timer if item.node_id in nodes else None
        if item.kind == "timer" and timer is not None and timer.hold == due["ref"]:
            change = batch.run.fire(item.key)
            advance(act, batch, change, [("fire", item.key)])


def watch(site: Site) -> list[str]:
    """Batches that are neither finished nor have anything open or due: each becomes an incident. Never silent.

    Run once a minute. Returns the batches it held.
    """
    found = []
    with site.read() as reader:
        for row in reader.rows(Batch, kind="batch"):  # a process may wait for a message that another run sends
            if row["state"] in CLOSED or row["state"] == "PLANNED" or row["held"]:
                continue
            tasks = reader.rows(Task, batch_id=row["id"])
            waiting = reader.rows(DueTime, batch_id=row["id"], state="waiting", kind="timer")
            if not waiting and not any(t["state"] in ("open", "started", "performed") for t in tasks):
                found.append(row["id"])
    for batch_id in found:
        perform(
            site,
            record_incident,
            actor=SYSTEM,
            stream=f"batch:{batch_id}",
            source="system",
            batch_id=batch_id,
            what="Nothing of this batch is open or due, and it has not ended.",
        )
    return found
