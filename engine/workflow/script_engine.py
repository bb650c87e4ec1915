"""SpiffWorkflow's script engine, replaced: our own expression language decides, and no Python of a diagram runs."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine

from bpmn.decision_tables import Table, evaluate
from bpmn.expressions import EvaluationError, Expression, Value, parse, parse_assignments
from engine.errors import EngineFaultError
from engine.workflow.nodes import Repeating

MAX_ITERATIONS = 1000


class ScriptEngine(PythonScriptEngine):
    """Conditions, cardinalities and assignments over the run's routing values. Stateless: one for all batches."""

    def __init__(self) -> None:
        self.environment = None

    def evaluate(self, task: Any, expression: str, external_context: Any = None) -> bool:
        """The truth of a condition. Raises EngineFaultError when it has none."""
        found = _value(task, parse(expression))
        if type(found) is not bool:
            raise EngineFaultError(f"the condition {expression} is neither true nor false")
        return found

    def count(self, task: Any, expression: str) -> int:
        """How many iterations a multi-instance activity has."""
        found = _value(task, parse(expression))
        if type(found) is not Decimal or found != found.to_integral_value() or not 0 <= found <= MAX_ITERATIONS:
            raise EngineFaultError(f"the number of iterations {expression} must be whole, from 0 to {MAX_ITERATIONS}")
        return int(found)

    def execute(self, task: Any, script: str, external_context: Any = None) -> bool:
        """Assignments, one a line, each seeing those before it."""
        scope = task.workflow
        for assignment in parse_assignments(script):
            scope.top_workflow.write(scope.prefix, assignment.name, _value(task, assignment.expression))
        return True

    def decide(self, task: Any, table: Table, asked: frozenset[str]) -> None:
        """Writes the outputs that are asked for. A table without an answer stops the batch, as any expression does."""
        scope, node = task.workflow, task.task_spec
        try:
            outcome = evaluate(table, _lookup(task))
        except EvaluationError as error:
            raise EngineFaultError(f"{node.name}: the decision table has no answer: {error.message}") from error
        scope.top_workflow.decide(scope, node.name, outcome.values, outcome.rules, asked)

    def call_service(self, task: Any, **kwargs: Any) -> None:
        """Services are open items; the engine calls nobody."""
        raise EngineFaultError(f"{task.task_spec.name} would call a service")


ENGINE = ScriptEngine()


def _lookup(task: Any) -> Callable[[str], Value]:
    """The routing values and loop numbers as an expression at this token sees them."""
    scope, node = task.workflow, task.task_spec
    numbers = scope.numbers
    if isinstance(node, Repeating):
        numbers = {**numbers, node.variable: Decimal(node.first + task.internal_data["done"] - 1)}

    def lookup(name: str) -> Value:
        found: Value = numbers[name] if name in numbers else scope.top_workflow.value(scope.prefix, name)
        return found

    return lookup


def _value(task: Any, expression: Expression) -> Value:
    try:
        return expression.evaluate(_lookup(task))
    except EvaluationError as error:
        raise EngineFaultError(f"{task.task_spec.name}: {expression} has no value: {error.message}") from error
