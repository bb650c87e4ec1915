"""The running procedure of a batch: kept in memory, else restored from its snapshot, else replayed from the journal.

The journal is the record. Whatever else there is, is a cache: a snapshot that is damaged, missing or older than the
journal costs a replay and nothing more. A batch that went on under another control recipe is replayed on that one from its
start: its adoption was proven to leave everything before it as it was.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from bpmn.expressions import Value
from engine.act import Act
from engine.control_recipe import ControlRecipe
from engine.errors import BatchwrightError, DamagedSnapshotError
from engine.reader import Reader
from engine.values import canonical, tagged, untagged
from engine.workflow import Decided, Procedure, Run

ADVANCED = "procedure:advanced"
DECIDED = "decision_table:decided"


def load_run(act: Act, batch_id: str, recipe: ControlRecipe) -> Run:
    """The batch's run as it stands before this act, now this act's alone."""
    run: Run | None = act.site.runs.take(batch_id, act.seq_in(f"batch:{batch_id}") - 1)
    if run is not None:
        return run
    run = _recomputed(act, batch_id, recipe)
    run.take_decided()  # is on record since it was decided
    return run


def _recomputed(act: Act, batch_id: str, recipe: ControlRecipe) -> Run:
    cached = act.cache_get(batch_id)
    if cached is not None:
        since = tuple(engine_events(act, batch_id, cached[0]))
        try:
            if not any(event[0] == "adopt" for event in since):
                return _follow(recipe.procedure.restore(cached[1].encode()), since)
        except DamagedSnapshotError:
            pass
    return recipe.procedure.replay(as_told(recipe.procedure, tuple(engine_events(act, batch_id, 0))))


def engine_events(reader: Reader, batch_id: str, after: int) -> Iterator[tuple[Any, ...]]:
    """What the engine was told, in order, in the batch's entries after entry `after`; adoptions too (`as_told`)."""
    statement = f"SELECT body FROM journal WHERE stream = {reader.mark} AND seq > {reader.mark} ORDER BY seq"
    for (body,) in reader.fetch_earlier(statement, f"batch:{batch_id}", after):
        if ADVANCED not in body and '"events":' not in body:
            continue
        parsed = json.loads(body)
        for data in (parsed["data"], *(more["data"] for more in parsed.get("more", ()))):
            yield from (_event(e) for e in data.get("events", ()))


def as_told(procedure: Procedure, events: Sequence[tuple[Any, ...]]) -> Sequence[tuple[Any, ...]]:
    """The events of a batch as the control recipe that it runs now would have been told them.

    A recipe that was adopted may ask for other routing values than the one before. What it asks for besides stands in the
    event of the adoption, `("adopt", hash, {task key: {name: value}})`, with the order's under the key "".
    """
    given: dict[str, dict[str, Value]] = {}
    for kind, *rest in events:
        if kind == "adopt":
            for key, values in rest[1].items():
                given.setdefault(key, {}).update(values)
    if not any(event[0] == "adopt" for event in events):
        return events
    return [_told(procedure, event, given) for event in events if event[0] != "adopt"]


def _told(procedure: Procedure, event: tuple[Any, ...], given: Mapping[str, Mapping[str, Value]]) -> tuple[Any, ...]:
    if event[0] == "fire":
        return event
    key = "" if event[0] == "start" else event[1]
    asked = procedure.asks_of(key.rpartition("/")[2].partition("[")[0]) if key else procedure.order_names
    values = {name: value for name, value in event[-1].items() if name in asked}
    if event[0] != "correct":
        values = {name: value for name, value in given.get(key, {}).items() if name in asked} | values
    return (*event[:-1], values)


def note_advance(act: Act, batch_id: str, run: Run, events: Iterable[tuple[Any, ...]]) -> None:
    """Put into the trail what the engine was told and what decision tables made of it, and keep its snapshot."""
    written = []
    for kind, *rest in events:
        values: Mapping[str, Value | None] = rest[-1] if kind != "fire" else {}
        if kind == "adopt":
            written.append([kind, rest[0], {key: {n: tagged(v) for n, v in of.items()} for key, of in rest[1].items()}])
            continue
        key = [rest[0]] if kind != "start" else []
        written.append([kind, *key, {n: None if value is None else tagged(value) for n, value in values.items()}])
    act.note(ADVANCED, stream=f"batch:{batch_id}", events=written)
    note_decided(act, batch_id, run.take_decided())
    act.cache_put(batch_id, run.snapshot().decode())


def note_decided(act: Act, batch_id: str, tables: Iterable[Decided]) -> None:
    """Put into the trail what decision tables made of the record."""
    for decided in tables:
        said = {name: canonical(value) for name, value in decided.values.items()}
        act.note(DECIDED, stream=f"batch:{batch_id}", table=decided.key, rules=list(decided.rules), outputs=said)


def _event(written: list[Any]) -> tuple[Any, ...]:
    kind, *rest = written
    if kind == "fire":
        return kind, rest[0]
    if kind == "adopt":
        return kind, rest[0], {key: {n: untagged(pair) for n, pair in of.items()} for key, of in rest[1].items()}
    values = {name: None if pair is None else untagged(pair) for name, pair in rest[-1].items()}
    if kind == "start":
        return kind, values
    return kind, rest[0], values


def _follow(run: Run, events: Iterable[tuple[Any, ...]]) -> Run:
    for kind, *rest in events:
        if kind == "complete":
            run.complete(rest[0], rest[1])
        elif kind == "correct":
            run.correct(rest[0], rest[1])
        elif kind == "fire":
            run.fire(rest[0])
        else:
            raise BatchwrightError(f"An event {kind} can't follow a snapshot.")
    return run
