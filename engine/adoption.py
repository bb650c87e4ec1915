"""May a running batch go on under another control recipe? Only if everything it did stays as it was.

The proof: its recorded acts, replayed on the new recipe, are all possible and lead to the same open steps; no open step
differs; no step that was done is gone, is another kind of step, or asked for something else than what was recorded. What
refuses is said in words, all of it at once.

Source: 21 CFR 211.100, 211.188; requirements P11-06, P4-05; domain rules 3.3 (open batches).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bpmn import vocabulary as v
from bpmn.expressions import Value
from engine.actions.holds import happened, started_at
from engine.awaited import message_name
from engine.batch_record import BatchRecord
from engine.canonical import canonical, sha256
from engine.control_recipe import ControlRecipe, Hold
from engine.errors import AdoptionRefusedError, BatchwrightError
from engine.records import DueTime, ExceptionRecord, ParameterValue, Signature, Task
from engine.running import as_told, engine_events
from engine.scope import Row
from engine.workflow import Change, Decided, Run

UNDER_WAY = ("open", "started", "performed")
ORDER = ""
NOTHING = Change((), ())


@dataclass(frozen=True, slots=True)
class Proven:
    """The batch's run under the new control recipe, and the routing values that it asks for besides, by task key.

    `change`, `decided`: what else is open, and what tables decided, because an open step was skipped.
    """

    run: Run
    given: Mapping[str, Mapping[str, Value]]
    change: Change = NOTHING
    decided: tuple[Decided, ...] = ()


def prove(batch: BatchRecord, new: ControlRecipe, *, skipped: str = "") -> Proven:
    """That the batch may go on under `new`. AdoptionRefusedError lists every reason why not.

    `skipped`: a step that the new recipe leaves out, or passes by, and that may be open as long as nobody has started it.
    """
    tasks = batch.reader.rows(Task, batch_id=batch.id, order=("opened_at", "key"))
    kept = [t for t in tasks if not (t["step_id"] == skipped and t["state"] == "open")]
    reasons = [*_steps(batch, new, kept), *_order(batch, new), *_unread(batch, new, kept), *_holds(batch, new)]
    if reasons:
        raise AdoptionRefusedError(" ".join(reasons), reasons=reasons)
    given = _given(batch, new, tasks)
    return _replayed(batch, new, given, skipped)


def reissued(batch: BatchRecord, new: ControlRecipe) -> Proven:
    """The run of a batch that is issued anew before anything of it was started. AdoptionRefusedError where its order is not
    enough for the new recipe, or what has happened to it (a timer that fired) is not possible there.
    """
    if reasons := list(_order(batch, new)):
        raise AdoptionRefusedError(" ".join(reasons), reasons=reasons)
    given = _given(batch, new, [])
    events = tuple(engine_events(batch.reader, batch.id, 0))
    return Proven(_replay(new, (*events, ("adopt", new.hash, given))), given)


def is_unstarted(batch: BatchRecord) -> bool:
    """Whether nothing of a batch was ever begun: then it can be issued anew."""
    if batch.row["state"] not in ("PLANNED", "ISSUED"):
        return False
    tasks = batch.reader.rows(Task, batch_id=batch.id)
    return all(task["state"] == "open" or (task["state"] == "withdrawn" and not task["started_at"]) for task in tasks)


def executed_prefix(batch: BatchRecord, until: str = "9999") -> tuple[str, int]:
    """SHA-256 over all that was completed up to an instant, as it stood then, and how many steps that are.

    Each step with what it said when it was done, its times, its people, every value and correction, signature and
    exception. It depends on nothing that comes later, so anybody can compute it again from the record.
    """
    reader, about = batch.reader, {"batch_id": batch.id}
    done = [t for t in reader.rows(Task, **about, state="completed", order=("opened_at", "key")) if t["completed_at"] <= until]
    parts: dict[str, dict[str, Any]] = {t["key"]: _done(batch, t) for t in done}
    for row in reader.rows(ParameterValue, **about, order=("recorded_at", "id")):
        if row["task_key"] in parts and row["recorded_at"] <= until:
            said = (row[c] for c in ("id", "parameter_id", "n", "text", "value", "uom", "judgement", "judged_by", "entered_by"))
            parts[row["task_key"]]["values"].append([*said, row["recorded_at"], row["corrects"] or ""])
    for row in reader.rows(Signature, **about, order=("signed_at", "id")):
        key = row["subject"].removeprefix("task:")
        if key in parts and row["signed_at"] <= until:
            parts[key]["signatures"].append([row["id"], row["meaning"], row["person_id"], row["shown_hash"]])
    for row in reader.rows(ExceptionRecord, **about, order=("raised_at", "id")):
        if row["task_key"] in parts and row["raised_at"] <= until:
            parts[row["task_key"]]["exceptions"].append([row["id"], row["number"], row["severity"], row["message"]])
    return sha256(canonical(list(parts.values()))), len(parts)


def _done(batch: BatchRecord, task: Row) -> dict[str, Any]:
    recipe = batch.recipe_of(task)
    times = {name: task[name] or "" for name in ("started_at", "started_by", "ended_at", "performed_by", "completed_at")}
    named = {name: task[name] for name in ("key", "step_id", "label", "title")}
    said = {"recipe": recipe.title, "recipe_hash": recipe.hash, "step": recipe.said(task["step_id"])}
    return {**named, **times, **said, "values": [], "signatures": [], "exceptions": []}


# What refuses


def _steps(batch: BatchRecord, new: ControlRecipe, tasks: Sequence[Row]) -> Iterator[str]:
    """Steps that are open and differ; steps that were done and are gone, are others, or asked for something else."""
    for task in tasks:
        old, step = batch.step(task), new.steps.get(task["step_id"])
        named = f"{task['title']} ({task['key']})"
        is_open = task["state"] in UNDER_WAY
        if task["state"] == "withdrawn" and not batch.values(task["key"]):
            continue
        if step is None:
            yield f"{named} {'is open' if is_open else 'was done'} and the new recipe has no such step."
        elif _kind(batch.recipe_of(task), old) != _kind(new, step):
            yield f"{named} {'is open' if is_open else 'was done'} and is another kind of step in the new recipe."
        elif is_open and plain_step(old) != plain_step(step):
            yield f"{named} is open, and the new recipe changes it: finish it as it is, or hold the batch."
        elif not is_open:
            yield from (f"{named}: {why}" for why in _collected(batch, task, old, step))


def plain_step(step: v.Step) -> v.Step:
    """A step without where it was imported from, which no batch can differ by."""
    return replace(step, origins=(), parameters=tuple(replace(p, origins=()) for p in step.parameters))


def _kind(recipe: ControlRecipe, step: v.Step) -> tuple[str, str]:
    node = recipe.diagram.nodes.get(step.id)
    return (node.type if node else "", step.kind)


def _collected(batch: BatchRecord, task: Row, old: v.Step, new: v.Step) -> Iterator[str]:
    """Values that were recorded and would mean something else."""
    for parameter_id, row in batch.values(task["key"]).items():
        was, now = old.parameter(parameter_id), new.parameter(parameter_id)
        if was is None:
            continue
        if now is None:
            yield f"{was.name} was recorded and is not asked for any more."
            continue
        pairs = [("type", was.type, now.type), ("unit", was.uom, now.uom), ("formula", was.formula, now.formula)]
        pairs += [("name", was.name, now.name), ("judgement", was.judge, now.judge)]
        for what, one, other in pairs:
            if one != other:
                yield f"{was.name} was recorded with the {what} {one or 'none'} and would be read with {other or 'none'}."
        if was.choices and row["value"] and row["value"] not in {choice.value for choice in now.choices}:
            yield f"{was.name}: {row['value']} was chosen and can't be chosen any more."


def _order(batch: BatchRecord, new: ControlRecipe) -> Iterator[str]:
    """Order fields that the new recipe has and this batch's order lacks, or reads otherwise."""
    known = {f.name: f for f in batch.recipe.header.order_fields}
    for field in new.header.order_fields:
        was = known.get(field.name)
        if was is None:
            yield f"The order of this batch has no {field.label or field.name}, which the new recipe asks for."
            continue
        for what, one, other in (("type", was.type, field.type), ("unit", was.uom, field.uom), ("name", was.label, field.label)):
            if one != other:
                named = was.label or was.name
                yield f"{named} of the order was given with the {what} {one or 'none'} and would be read with {other or 'none'}."


def _unread(batch: BatchRecord, new: ControlRecipe, tasks: Sequence[Row]) -> Iterator[str]:
    """What the new recipe reads from a step that is over, and that was never asked for there."""
    over = {task["step_id"]: task for task in tasks if task["state"] == "completed"}
    for name in sorted(new.names_read - batch.recipe.names_read):
        step_id, _, parameter = name.partition(".")
        task = over.get(step_id)
        if task is None or parameter in ("start", "end"):
            continue
        if batch.step(task).parameter(parameter) is None and not _comes_again(batch, step_id):
            yield f"The new recipe reads {name}, which this batch never recorded: {task['title']} is over."


def _comes_again(batch: BatchRecord, step_id: str) -> bool:
    return any(batch.recipe.procedure.can_reach(key, step_id) for key in waiting_keys(batch))


def waiting_keys(batch: BatchRecord, recipe: ControlRecipe | None = None) -> list[str]:
    """What the batch waits for, by key: open steps and messages, and timers of its diagram; what a recipe has of it."""
    reader = batch.reader
    keys = [row["key"] for state in UNDER_WAY for row in reader.rows(Task, batch_id=batch.id, state=state)]
    keys += [row["ref"] for row in reader.rows(DueTime, batch_id=batch.id, state="waiting", kind="timer")]
    nodes = recipe.diagram.nodes if recipe is not None else {}
    return [key for key in keys if recipe is None or all(node_of(part) in nodes for part in key.split("/"))]


def _holds(batch: BatchRecord, new: ControlRecipe) -> Iterator[str]:
    """Hold times that are running and differ."""
    for hold_id in dict.fromkeys([*batch.recipe.holds, *new.holds]):
        old, other = batch.recipe.holds.get(hold_id), new.holds.get(hold_id)
        if old is not None and other is not None and old.definition == other.definition:
            continue
        if any(is_running(batch, hold, recipe) for recipe, hold in ((batch.recipe, old), (new, other)) if hold is not None):
            yield f"Hold time {hold_id} is running, and the new recipe changes it."


def is_running(batch: BatchRecord, hold: Hold, recipe: ControlRecipe) -> bool:
    """Whether a hold time has begun in this batch and has still to end, by the ways of a recipe."""
    begun = started_at(batch, hold, None)
    if begun is None:
        return False
    last_from = begun[0]
    ends = [e.partition(".") for e in hold.definition.to_events]
    ended = [t for step_id, _, what in ends for t in batch.tasks_of(step_id) if _happened_since(batch, t, what, last_from)]
    if ended and hold.definition.select != "last":
        return False
    keys = waiting_keys(batch, recipe)
    return any(recipe.procedure.can_reach(key, step_id) or node_of(key) == step_id for key in keys for step_id, _, _ in ends)


def node_of(key: str) -> str:
    """The node of a key, which names calls and iterations too: `CALL/S24[2]` is S24."""
    return key.rpartition("/")[2].partition("[")[0]


def _happened_since(batch: BatchRecord, task: Row, what: str, since: Any) -> bool:
    at = happened(batch, task, what)
    return at is not None and at >= since


# The replay


def _given(batch: BatchRecord, new: ControlRecipe, tasks: Sequence[Row]) -> dict[str, dict[str, Value]]:
    """Recorded values that the new recipe's conditions read and the old one's did not, by the task that recorded them."""
    old = batch.recipe.procedure
    found: dict[str, dict[str, Value]] = {}
    fresh = new.procedure.order_names - old.order_names
    if fresh:
        found[ORDER] = {n: batch.order[n[6:]] for n in sorted(fresh) if n[6:] in batch.order}
    for task in tasks:
        asked = new.procedure.asks_of(task["step_id"]) - old.asks_of(task["step_id"])
        if task["state"] == "completed" and asked:
            values = batch.routing_values(task, asked)
            if values:
                found[task["key"]] = values
    return found


def _replayed(batch: BatchRecord, new: ControlRecipe, given: Mapping[str, Mapping[str, Value]], skipped: str) -> Proven:
    """The run under the new recipe; refused where the recorded acts are not possible there, or lead elsewhere."""
    events = tuple(engine_events(batch.reader, batch.id, 0))
    before = batch.recipe.procedure.replay(as_told(batch.recipe.procedure, events))
    run = _replay(new, (*events, ("adopt", new.hash, given)))
    past = _past(batch.recipe, before, run, skipped)
    decided = [r.take_decided() for r in (before, run)]
    more = decided[1][len(decided[0]) :] if past.withdrawn else []
    reasons = [*_elsewhere(before, run, past), *_otherwise(before, run, decided[0], decided[1][: len(decided[1]) - len(more)])]
    reasons += _waiting(batch.recipe, new, run)
    if reasons:
        raise AdoptionRefusedError(" ".join(reasons), reasons=reasons)
    return Proven(run, given, past, tuple(more))


def _replay(new: ControlRecipe, events: Sequence[tuple[Any, ...]]) -> Run:
    try:
        return new.procedure.replay(as_told(new.procedure, events))
    except BatchwrightError as error:
        raise _refused(f"What was done can't have been done by the new recipe: {error.what or error.message}") from error


def _past(old: ControlRecipe, before: Run, run: Run, skipped: str) -> Change:
    """What happens because a step that is open is passed by: it is withdrawn with its timers, and what follows opens."""
    gone = {key: item for key, item in before.open.items() if key not in run.open}
    here = {key for key, item in gone.items() if item.node_id == skipped}
    if not skipped or not here:
        return NOTHING
    around = {skipped, *old.diagram.ancestors(skipped)}
    here |= {key for key, item in gone.items() if old.diagram.nodes[item.node_id].attached_to in around}
    return Change(tuple(item for key, item in run.open.items() if key not in before.open), tuple(k for k in gone if k in here))


def _elsewhere(before: Run, run: Run, past: Change) -> Iterator[str]:
    """Other steps would be open than those that are, and than those that open because one is skipped."""
    told = [{key: (item.node_id, item.kind, item.label) for key, item in r.open.items()} for r in (before, run)]
    opened = [item.key for item in past.opened]
    gone = [key for key in told[0] if told[1].get(key) != told[0][key] and key not in past.withdrawn]
    come = [key for key in told[1] if told[0].get(key) != told[1][key] and key not in opened]
    if gone or come or (before.outcome != run.outcome and not past.withdrawn):
        parts = [f"{', '.join(gone)} would not be open"] * bool(gone) + [f"{', '.join(come)} would have to be open"] * bool(come)
        yield f"By the new recipe the batch would stand elsewhere: {' and '.join(parts) or 'it would have ended'}."


def _otherwise(before: Run, run: Run, *tables: Sequence[Decided]) -> Iterator[str]:
    """Tables that would have decided otherwise, values that would be others."""
    decided = [[(d.key, sorted((n, str(x)) for n, x in d.values.items())) for d in found] for found in tables]
    if decided[0] != decided[1]:
        keys = dict.fromkeys(key for pair in zip(*decided, strict=False) if pair[0] != pair[1] for key, _ in pair)
        more = [key for key, _ in (*decided[0][len(decided[1]) :], *decided[1][len(decided[0]) :])]
        yield f"A decision table would have decided otherwise: {', '.join(dict.fromkeys([*keys, *more]))}."
    differing = [n for n in before.values.keys() & run.values.keys() if before.values[n] != run.values[n]]
    if differing:
        yield f"What was computed on the way would differ: {', '.join(sorted(differing))}."


def _waiting(old: ControlRecipe, new: ControlRecipe, run: Run) -> Iterator[str]:
    """Timers and messages that are awaited and would be others."""
    for item in run.open.values():
        was, now = old.diagram.nodes.get(item.node_id), new.diagram.nodes.get(item.node_id)
        if was is None or now is None:
            continue
        timers = [(node.timer, node.attached_to, node.interrupting) for node in (was, now)]
        if item.kind == "timer" and timers[0] != timers[1]:
            yield f"The timer {was.name or item.key} is waiting, and the new recipe changes it."
        if item.kind == "message" and message_name(old.diagram, was) != message_name(new.diagram, now):
            yield f"The message {was.name or item.key} is awaited, and the new recipe changes it."


def _refused(reason: str) -> AdoptionRefusedError:
    return AdoptionRefusedError(reason, reasons=[reason])
