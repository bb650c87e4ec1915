"""Plain SpiffWorkflow as it comes, with its own parser and tree: what the engine is compared with.

Only the script engine is replaced, as in the engine, so that both understand the same expressions.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from lxml import etree
from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine
from SpiffWorkflow.bpmn.specs.mixins import CallActivityMixin, ServiceTaskMixin, StandardLoopTaskMixin
from SpiffWorkflow.bpmn.specs.mixins.events.event_types import CatchingEvent
from SpiffWorkflow.util.task import TaskState

from bpmn.decision_tables import decision_names, evaluate, table_of
from bpmn.decision_tables.place import TASK
from bpmn.diagram import BPMN, Diagram
from bpmn.expressions import Value, parse, parse_assignments
from bpmn.vocabulary import Loop

_NEVER = "P90D"
_TABLE = "table:"
_WAITING_EVENTS = ("DurationTimerEventDefinition", "MessageEventDefinition")


class StockRun:
    """One run of stock SpiffWorkflow. `open` are keys as the engine writes them."""

    def __init__(self, xml: bytes, values: Mapping[str, Value]) -> None:
        diagram = Diagram.parse(xml)
        self.words = {node.id: node.loop or Loop() for node in diagram.nodes.values()}
        self.values: dict[str, Value] = dict(values)
        found = ((node.id, table_of(node.element).table) for node in diagram.nodes.values() if node.type == TASK)
        self.tables = {name: table for name, table in found if table is not None}
        parser = BpmnParser()
        parser.add_bpmn_xml(_with_times(etree.fromstring(xml)))
        spec = parser.get_spec(diagram.process_id)
        scopes = parser.get_subprocess_specs(diagram.process_id)
        self.workflow = BpmnWorkflow(spec, scopes, script_engine=_ScriptEngine(self))
        self.workflow.do_engine_steps()

    @property
    def open(self) -> set[str]:
        """The keys of what waits for somebody; nothing once it has ended, whatever stock has left behind."""
        return set() if self.ended else set(self._open())

    @property
    def ended(self) -> bool:
        """Whether stock says that the process is complete."""
        return bool(self.workflow.is_completed())

    def complete(self, key: str, values: Mapping[str, Value]) -> None:
        task = self._open()[key]
        prefix = self.place(task)[0]
        self.values |= {prefix + name: value for name, value in values.items()}
        if task.state == TaskState.STARTED:
            task.complete()
        else:
            assert task.run() is True
        self.workflow.do_engine_steps()

    def fire(self, key: str) -> None:
        task = self._open()[key]
        task.internal_data["event_fired"] = True
        task.task_spec._update(task)
        self.workflow.do_engine_steps()

    def _open(self) -> dict[str, Any]:
        found = {}
        for task in self.workflow.get_tasks(state=TaskState.READY | TaskState.WAITING | TaskState.STARTED):
            spec = task.task_spec
            person = task.state == TaskState.READY and spec.manual
            service = task.state == TaskState.STARTED and isinstance(spec, ServiceTaskMixin)
            event = task.state == TaskState.WAITING and isinstance(spec, CatchingEvent)
            if person or service or (event and type(spec.event_definition).__name__ in _WAITING_EVENTS):
                prefix, iteration, _ = self.place(task)
                inside = f"[{'.'.join(map(str, iteration))}]" if iteration else ""
                found[f"{prefix}{spec.name}{inside}"] = task
        return found

    def place(self, task: Any) -> tuple[str, list[int], dict[str, Decimal]]:
        """The calls, the iterations and the loop numbers around a task."""
        prefix = ""
        iteration: list[int] = []
        numbers: dict[str, Decimal] = {}
        if isinstance(task.task_spec, StandardLoopTaskMixin):
            words, done = self.words[task.task_spec.name], len(task.internal_data.get("merged", ()))
            numbers[words.name] = Decimal(words.first + done - 1)
        while task.workflow is not self.workflow:
            task = self.workflow.get_task_from_id(task.workflow.parent_task_id)
            name = task.task_spec.name
            if name.endswith(" [child]"):
                index = task.internal_data.get("iteration", task.internal_data.get("item"))
                words = self.words[name.removesuffix(" [child]")]
                iteration.insert(0, index + 1)
                numbers.setdefault(words.name, Decimal(words.first + index))
            elif isinstance(task.task_spec, CallActivityMixin):
                prefix = f"{name}/{prefix}"
        return prefix, iteration, numbers


def _with_times(root: etree._Element) -> etree._Element:
    """Stock's parser asks every timer for a time; ours have their due time elsewhere. It is never due within a test.

    A business rule task with a table of ours becomes a script task that names it.
    """
    for task in root.iter(f"{{{BPMN}}}{TASK}"):
        task.tag = f"{{{BPMN}}}scriptTask"
        etree.SubElement(task, f"{{{BPMN}}}script").text = f"{_TABLE}{task.get('id')}"
    for definition in root.iter(f"{{{BPMN}}}timerEventDefinition"):
        if len(definition) == 0:
            etree.SubElement(definition, f"{{{BPMN}}}timeDuration").text = _NEVER
    return root


class _ScriptEngine(PythonScriptEngine):
    def __init__(self, run: StockRun) -> None:
        super().__init__()
        self.run = run

    def evaluate(self, task: Any, expression: str, external_context: Any = None) -> Value:
        if expression == _NEVER:
            return expression
        prefix, _, numbers = self.run.place(task)

        def lookup(name: str) -> Value:
            if name in numbers:
                return numbers[name]
            path = prefix
            while path and path + name not in self.run.values:
                path = path[: path.rfind("/", 0, -1) + 1]
            return self.run.values[path + name]

        return parse(expression.strip()).evaluate(lookup)

    def execute(self, task: Any, script: str, external_context: Any = None) -> bool:
        prefix = self.run.place(task)[0]
        if script.startswith(_TABLE):
            name = script.removeprefix(_TABLE)
            table = self.run.tables[name]
            values = {asked: self.evaluate(task, asked) for asked in decision_names(table)}
            decided = evaluate(table, values).values
            self.run.values |= {f"{prefix}{name}.{output}": value for output, value in decided.items()}
            return True
        for line in parse_assignments(script):
            self.run.values[prefix + line.name] = self.evaluate(task, line.expression.text)
        return True
