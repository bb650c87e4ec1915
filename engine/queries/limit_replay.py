"""What changed limits would have done to batches that are made already: their values judged again, old and new limits alike.

Source: ICH Q9(R1) 4.3, evidence for the risk of a change; 21 CFR 211.180(e).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from bpmn.diagram import Diagram
from bpmn.diff import Difference
from bpmn.expressions import Value
from bpmn.vocabulary import LIMIT_NAMES, Parameter, Step
from engine.batch_record import current
from engine.control_recipe import ControlRecipe, control_recipe
from engine.queries.comparison import Compared
from engine.queries.rows import rows_of
from engine.reader import Reader
from engine.records import Batch, ParameterValue, Task
from engine.rules.facts import Limits, ValueFacts
from engine.rules.limits import evaluate_limits, has_limits, unkept_level, written_range
from engine.rules.wording import format_value
from engine.scope import RecordScope, Row, order_values
from engine.site import Site
from engine.values import typed

MOST = 24
NUMERIC = ("num", "int")

OUTCOMES = {
    "ok": "within", "nor": "outside normal", "par": "outside accepted", "unknown": "can't be judged", "recorded": "no limit",
}  # fmt: skip
DEPARTED = ("nor", "par")


@dataclass(frozen=True, slots=True)
class _Changed:
    """A numeric parameter whose limits the two revisions have differently; its ids in the old one and in the new one."""

    old_step: Step
    new_step: Step
    old: Parameter
    new: Parameter

    @property
    def recorded_as(self) -> tuple[str, str]:
        """Step and parameter under which the batches so far have it."""
        return self.old_step.id, self.old.id


@dataclass(slots=True)
class _Record:
    """What one batch recorded, read at once: what the expressions of its limits may ask for."""

    row: Row
    recipe: ControlRecipe | None = None
    tasks: dict[str, Row] = field(default_factory=dict)
    values: dict[str, list[Row]] = field(default_factory=dict)

    def scope(self, task: Row) -> RecordScope:
        assert self.recipe is not None
        order = order_values(self.recipe, json.loads(self.row["order_json"]))
        return RecordScope(self.recipe, order, task, self.typed_values(task["key"]), self._tasks_of, self.typed_values)

    def typed_values(self, task_key: str) -> dict[str, Value | None]:
        """The values of a task that count, with their types."""
        assert self.recipe is not None
        step = self.recipe.steps.get(self.tasks[task_key]["step_id"]) if task_key in self.tasks else None
        types = {p.id: p.type for p in step.parameters} if step else {}
        rows = current(self.values.get(task_key, []))
        return {p: None if row["qualifier"] else typed(types[p], row["value"]) for p, row in rows.items() if p in types}

    def _tasks_of(self, step_id: str) -> list[Row]:
        return [task for task in self.tasks.values() if task["step_id"] == step_id]


def limit_replay(
    site: Site, recipe_id: str, difference: Difference, old: Diagram, new: Diagram, most: int = MOST
) -> list[dict[str, Any]]:
    """For each numeric parameter with other limits, the values of the last batches that recorded it, judged by both.

    `difference` is that of the two diagrams. Of each: `step`, `parameter`, `name`, `uom`, `class`, `old` and `new` (the
    limits as written), `points`, oldest first: `batch`, `label` of the iteration, `value` as people read it, `number` with
    all its digits, `at`, `old_outcome` and `new_outcome` (`OUTCOMES`); `batches`, how many there are; `were` and
    `would_be`: how many of the `of` points are outside their normal or accepted range; `unknown`: how many the new limits
    can't judge, because they ask for something that those batches don't have. A value counts as last measured and
    corrected; each iteration of a loop by itself.
    """
    changed = list(_changed(difference, old, new))
    if not changed:
        return []
    with site.read() as reader:
        wanted = _last_batches(reader, recipe_id, [c.recorded_as for c in changed], most)
        records = _records(site, reader, sorted({b for ids in wanted.values() for b in ids}), any(map(_asks, changed)))
    return [_replayed(c, [records[b] for b in wanted.get(c.recorded_as, ())]) for c in changed]


def replay_of(site: Site, found: Compared, most: int = MOST) -> list[dict[str, Any]]:
    """The same of two revisions that were compared, on the batches of the recipe that the old one is of."""
    old, new = (Diagram.parse(text) for text in found.texts)
    return limit_replay(site, found.old["recipe_id"], found.difference, old, new, most)


def _changed(difference: Difference, old: Diagram, new: Diagram) -> Iterator[_Changed]:
    """Each parameter that is in both revisions, is a number, and is bounded otherwise than before; in the recipe's order."""
    places = dict.fromkeys((e.step, e.old_element_id or e.step, e.parameter) for e in difference.entries if e.parameter)
    for step_id, old_step_id, parameter_id in places:
        before, after = old.steps.get(old_step_id), new.steps.get(step_id)
        was = before.parameter(parameter_id) if before else None
        now = after.parameter(parameter_id) if after else None
        if before and after and was and now and now.type in NUMERIC and was.type in NUMERIC and _bounds(was) != _bounds(now):
            yield _Changed(before, after, was, now)


def _bounds(parameter: Parameter) -> tuple[Any, ...]:
    """All that decides whether a number departs."""
    limited = parameter.limit_action != "none"
    return limited, sorted(parameter.exclusive), *(getattr(parameter, name) if limited else "" for name in LIMIT_NAMES)


def _asks(changed: _Changed) -> bool:
    """Whether a limit is more than a number, so that it asks for other values of the batch."""
    return any(
        _number(getattr(parameter, name)) is None
        for parameter in (changed.old, changed.new)
        for name in LIMIT_NAMES
        if getattr(parameter, name)
    )


def _number(text: str) -> Value | None:
    """The number that a text is, None for an expression."""
    try:
        return typed("num", text)
    except ArithmeticError:
        return None


def _last_batches(reader: Reader, recipe_id: str, pairs: list[tuple[str, str]], most: int) -> dict[tuple[str, str], list[str]]:
    """Of each parameter the batches that recorded it last, oldest first."""
    mark = reader.mark
    either = " OR ".join(f"(p.step_id = {mark} AND p.parameter_id = {mark})" for _ in pairs)
    rows = reader.fetch(
        "SELECT p.step_id, p.parameter_id, p.batch_id, MAX(p.recorded_at) FROM parameter_value p "
        f"JOIN batch b ON b.id = p.batch_id WHERE b.recipe_id = {mark} AND b.kind = 'batch' AND p.value <> '' AND ({either}) "
        "GROUP BY p.step_id, p.parameter_id, p.batch_id ORDER BY MAX(p.recorded_at) DESC, p.batch_id DESC",
        recipe_id,
        *(name for pair in pairs for name in pair),
    )
    found: dict[tuple[str, str], list[str]] = {}
    for step_id, parameter_id, batch_id, _ in rows:
        kept = found.setdefault((step_id, parameter_id), [])
        if len(kept) < most:
            kept.append(batch_id)
    return {pair: batches[::-1] for pair, batches in found.items()}


def _records(site: Site, reader: Reader, batches: list[str], whole: bool) -> dict[str, _Record]:
    """What these batches recorded; `whole`: with the recipes that say what their values mean."""
    found = {row["id"]: _Record(row) for row in rows_of(reader, Batch, "id", batches)}
    for task in rows_of(reader, Task, "batch_id", batches):
        found[task["batch_id"]].tasks[task["key"]] = task
    for value in rows_of(reader, ParameterValue, "batch_id", batches):
        found[value["batch_id"]].values.setdefault(value["task_key"], []).append(value)
    for record in found.values() if whole else ():
        record.recipe = control_recipe(site, reader, record.row["recipe_hash"])
    return found


def _replayed(changed: _Changed, records: Iterable[_Record]) -> dict[str, Any]:
    points = [point for record in records for point in _points(changed, record)]
    return {
        "step": changed.new_step.id,
        "title": changed.new_step.title,
        "parameter": changed.new.id,
        "name": changed.new.name,
        "uom": changed.new.uom,
        "class": changed.new.parameter_class,
        "old": _written(changed.old),
        "new": _written(changed.new),
        "points": points,
        "batches": len({point["batch"] for point in points}),
        "of": len(points),
        "were": sum(point["old_outcome"] in DEPARTED for point in points),
        "would_be": sum(point["new_outcome"] in DEPARTED for point in points),
        "unknown": sum(point["new_outcome"] == "unknown" for point in points),
    }


def _written(parameter: Parameter) -> dict[str, str]:
    """The limits as the recipe writes them: each bound, and both ranges in words; nothing where they judge nothing."""
    if parameter.limit_action == "none":
        return {"nor": "", "par": "", **dict.fromkeys(LIMIT_NAMES, "")}
    words = {"nor": written_range(parameter, "NOR"), "par": written_range(parameter, "PAR")}
    return words | {name: getattr(parameter, name) for name in LIMIT_NAMES}


def _points(changed: _Changed, record: _Record) -> Iterator[dict[str, Any]]:
    """The values of one batch, one for each iteration, in the order they were recorded."""
    step_id, parameter_id = changed.recorded_as
    rows = [
        (task, row)
        for task in record.tasks.values()
        if task["step_id"] == step_id and (row := current(record.values.get(task["key"], [])).get(parameter_id)) is not None
    ]
    for task, row in sorted(rows, key=lambda pair: (pair[1]["recorded_at"], pair[1]["id"])):
        if row["value"]:
            yield {
                "batch": record.row["id"],
                "label": task["label"],
                "value": _told(changed, row),
                "number": row["value"],
                "at": row["event_at"],
                "old_outcome": _outcome(changed.old_step, changed.old, record, task, row),
                "new_outcome": _outcome(changed.new_step, changed.new, record, task, row),
            }


def _told(changed: _Changed, row: Row) -> str:
    """The value as recorded; of a calculated one as many digits as tell it from the limits."""
    if row["source"] != "calc":
        return str(row["text"])
    bounds = [_number(getattr(p, name)) for p in (changed.old, changed.new) for name in LIMIT_NAMES if getattr(p, name)]
    return format_value(typed(changed.new.type, row["value"]), calculated=True, apart_from=bounds)


def _outcome(step: Step, parameter: Parameter, record: _Record, task: Row, row: Row) -> str:
    limits = Limits() if parameter.limit_action == "none" else evaluate_limits(parameter, _scope(record, task))
    facts = ValueFacts(
        step=step, parameter=parameter, value=typed(parameter.type, row["value"]), qualifier=row["qualifier"], limits=limits
    )
    if parameter.limit_action == "none" or not has_limits(facts):
        return "recorded"
    if limits.problems:
        return "unknown"
    return {None: "ok", "NOR": "nor", "PAR": "par"}[unkept_level(facts)]


def _scope(record: _Record, task: Row) -> Any:
    """What names mean at that task of that batch; limits that are numbers ask for none."""
    return record.scope(task) if record.recipe is not None else _no_names


def _no_names(name: str) -> Value | None:
    raise KeyError(name)
