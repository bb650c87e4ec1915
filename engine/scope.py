"""Which recorded value an expression's name means, at a step of a batch.

A bare name is of the same task; `S04.tnc` of the latest earlier S04; `previous.total` of the previous iteration (in the
first, of the step the loop names); `order.x` of the patient order; `start` and `end` are the task's times.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from bpmn.expressions import EvaluationError, Value, parse
from engine import clock
from engine.control_recipe import ControlRecipe, iteration_of
from engine.values import typed

Row = dict[str, Any]


class RecordScope:
    """The scope of one task. `read_tasks(step_id)` and `read_values(task_key)` fetch rows when a name needs them.

    `own`: the task's current values by parameter id. Unknown names raise KeyError; known ones not recorded yet are None.
    """

    def __init__(
        self,
        recipe: ControlRecipe,
        order: Mapping[str, Value],
        task: Row,
        own: Mapping[str, Value | None],
        read_tasks: Callable[[str], list[Row]],
        read_values: Callable[[str], Mapping[str, Value | None]],
    ) -> None:
        self.recipe, self.order, self.task, self.own = recipe, order, task, own
        self._read_tasks, self._read_values = read_tasks, read_values

    def __call__(self, name: str) -> Value | None:
        """The value of a name, None when it is known but not recorded yet; KeyError for an unknown name."""
        if name in ("start", "end"):
            return self._time(self.task, name)
        head, dot, rest = name.partition(".")
        if not dot:
            return self._bare(name)
        if head == "order":
            return self._order(rest)
        if head == "previous":
            return self._previous(rest)
        return self._elsewhere(head, rest)

    def _bare(self, name: str) -> Value | None:
        step = self.recipe.steps.get(self.task["step_id"])
        if step is not None and step.parameter(name) is not None:
            return self.own.get(name)
        # A called process does not see the loops around its call, so the numbers are matched from the innermost outwards.
        for loop, number in zip(reversed(self._loops()), reversed(iteration_of(self.task["key"])), strict=False):
            if loop.name == name:
                return Decimal(loop.first + number - 1)
        raise KeyError(name)

    def _loops(self) -> tuple[Any, ...]:
        step_id = self.task["step_id"]
        return self.recipe.loops(step_id) if step_id in self.recipe.diagram.nodes else ()

    def _order(self, name: str) -> Value | None:
        if not any(f.name == name for f in self.recipe.header.order_fields):
            raise KeyError(f"order.{name}")
        return self.order.get(name)

    @staticmethod
    def _time(task: Row, which: str) -> Value | None:
        text = task["started_at"] if which == "start" else task["ended_at"]
        return clock.parse(text) if text else None

    def _previous(self, name: str) -> Value | None:
        iteration = iteration_of(self.task["key"])
        if not iteration:
            raise KeyError(f"previous.{name}")
        if iteration[-1] > 1:
            earlier = (*iteration[:-1], iteration[-1] - 1)
            key = f"{self.task['key'].partition('[')[0]}[{'.'.join(map(str, earlier))}]"
            return self._read_values(key).get(name)
        first = self._loops()[-1].previous
        if not first:
            raise KeyError(f"previous.{name}")
        return self._by_this_formula(first, name)

    def _by_this_formula(self, step_id: str, name: str) -> Value | None:
        """The first iteration's predecessor may lack the parameter: then it is this step's formula on its values."""
        parameter = self.recipe.steps[self.task["step_id"]].parameter(name)
        if self.recipe.steps[step_id].parameter(name) is not None or parameter is None or not parameter.formula:
            return self._elsewhere(step_id, name)
        task = self._latest(step_id)
        if task is None:
            return None
        scope = RecordScope(self.recipe, self.order, task, self._read_values(task["key"]), self._read_tasks, self._read_values)
        found = parse(parameter.formula).try_evaluate(scope)
        return None if isinstance(found, EvaluationError) else found

    def _elsewhere(self, step_id: str, name: str) -> Value | None:
        step = self.recipe.steps.get(step_id)
        if step is None or (name not in ("start", "end") and step.parameter(name) is None):
            raise KeyError(f"{step_id}.{name}")
        task = self._latest(step_id)
        if task is None:
            return None
        return self._time(task, name) if name in ("start", "end") else self._read_values(task["key"]).get(name)

    def _latest(self, step_id: str) -> Row | None:
        """The last task of that step which was started before this one ended."""
        if step_id == self.task["step_id"]:
            return self.task
        until = self.task["ended_at"] or "9999"
        started = [t for t in self._read_tasks(step_id) if t["started_at"] and t["started_at"] <= until]
        return max(started, key=lambda t: (t["started_at"], iteration_of(t["key"])), default=None)


def order_values(recipe: ControlRecipe, order: Mapping[str, str]) -> dict[str, Value]:
    """The order's fields with their types, from the canonical texts stored with the batch."""
    found = {f.name: typed(f.type, order.get(f.name, "")) for f in recipe.header.order_fields}
    return {name: value for name, value in found.items() if value is not None}
