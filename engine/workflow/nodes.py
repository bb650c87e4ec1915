"""The BPMN elements of a procedure: SpiffWorkflow's task specifications, taught to live on the frontier only.

What they change, from outside and by inheritance:

- nothing is predicted: what follows a node comes to life when the token moves on, so a step costs the same in a recipe
  of 10 and of 5,000 steps, and blocks in series can't explode;
- joins, ends, boundary events and loops look at the tokens that live, never at history, which is dropped;
- no data travels with the tokens: routing values belong to the run;
- a specification is never changed by a run: all batches of a revision share it, in any thread.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from SpiffWorkflow.bpmn.specs import defaults
from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec
from SpiffWorkflow.bpmn.specs.control import (
    BoundaryEventJoin,
    BoundaryEventSplit,
    BpmnStartTask,
    SimpleBpmnTask,
    _EndJoin,
)
from SpiffWorkflow.bpmn.specs.event_definitions.base import EventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.item_aware_event import EscalationEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.simple import NoneEventDefinition, TerminateEventDefinition
from SpiffWorkflow.bpmn.specs.mixins.events.event_types import CatchingEvent
from SpiffWorkflow.specs import WorkflowSpec
from SpiffWorkflow.util.task import TaskState

from bpmn.decision_tables import Table

if TYPE_CHECKING:
    from engine.workflow.instance import Token

FUTURE, WAITING, READY, STARTED = TaskState.FUTURE, TaskState.WAITING, TaskState.READY, TaskState.STARTED
UNFINISHED = FUTURE | WAITING | READY | STARTED


class Lazy:
    """What every node here has in common. `rests` is the state in which its token is an open item, of that `kind`.

    `reads`: the routing values that may have had their last reader when a token of the node has ended.
    """

    rests = 0
    kind = ""
    reads: frozenset[str] = frozenset()

    def _predict(self, my_task: Token, seen: Any = None, looked_ahead: int = 0, mask: int = 0) -> None:
        """Nothing is predicted."""

    def _update_hook(self, my_task: Token) -> bool:
        return True

    def _on_ready(self, my_task: Token) -> None:
        """The specification was tested when it was built."""

    def _run_hook(self, my_task: Token) -> bool | None:
        return True

    def _on_complete_hook(self, my_task: Token) -> None:
        """No data to hand on."""

    def _on_complete(self, my_task: Token) -> None:
        self._on_complete_hook(my_task)
        if not my_task._children:
            my_task._sync_children(self.outputs, FUTURE)  # type: ignore[attr-defined]
        for child in my_task.children:
            child.task_spec._update(child)
        my_task.workflow._task_completed_notify(my_task)

    def _on_cancel(self, my_task: Token) -> None:
        """Nothing to give back."""


class Start(Lazy, BpmnStartTask):
    """Where a scope begins, before its start event."""


class Plain(Lazy, SimpleBpmnTask):
    """The very end of a scope."""


class Person(Lazy, defaults.UserTask):
    """A step that a person performs."""

    rests, kind = READY, "step"


class Manual(Lazy, defaults.ManualTask):
    """A step that a person performs without the system."""

    rests, kind = READY, "step"


class Service(Lazy, defaults.ServiceTask):
    """Something that the system does; it completes the item when it is done."""

    rests, kind = READY, "service"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.manual = True


class Script(Lazy, defaults.ScriptTask):
    """Assignments to routing values, in the product's own language."""

    def _run_hook(self, my_task: Token) -> bool:
        my_task.workflow.script_engine.execute(my_task, self.script)
        return True


class Decision(Lazy, SimpleBpmnTask):
    """A decision table. `outputs_read`: those that something in the diagram asks for; the others would only be kept."""

    def __init__(self, wf_spec: WorkflowSpec, bpmn_id: str, table: Table, outputs_read: frozenset[str]) -> None:
        super().__init__(wf_spec, bpmn_id)
        self.table, self.outputs_read = table, outputs_read

    def _run_hook(self, my_task: Token) -> bool:
        my_task.workflow.script_engine.decide(my_task, self.table, self.outputs_read)
        return True


class Exclusive(Lazy, defaults.ExclusiveGateway):
    """The first flow whose condition is true, else the default flow."""

    _run_hook = defaults.ExclusiveGateway._run_hook


class Parallel(Lazy, defaults.ParallelGateway):
    """Waits for a token from each incoming flow, then sends one out on each outgoing flow."""

    def _update_hook(self, my_task: Token) -> bool:
        """Adds what arrived to the token that waits here; a second token of the same flow waits for the next turn."""
        tokens = my_task.workflow.tasks.values()
        waiting = next((t for t in tokens if t.task_spec is self and t._state == WAITING), None)
        holder = waiting or my_task
        arrived = holder.internal_data.setdefault("arrived", [])
        arrived.append(my_task.parent.task_spec.name)
        left = list(arrived)
        for name in self._inputs:
            if name not in left:
                if waiting is None:
                    my_task._set_state(WAITING)
                else:
                    my_task.cancel()
                return False
            left.remove(name)
        arrived[:] = left
        if waiting is not None and not left:
            waiting.cancel()
        return True


class EndJoin(Lazy, _EndJoin):
    """A scope ends when its last token has come here."""

    def _update_hook(self, my_task: Token) -> bool:
        if any(t._state & UNFINISHED and t is not my_task for t in my_task.workflow.tasks.values()):
            my_task.cancel()
            return False
        return True


class ExternalEvent(EventDefinition):
    """A timer or a message: the engine waits until it is told. It never looks at a clock."""

    def __init__(self, kind: str) -> None:
        super().__init__(name=kind)
        self.kind = kind

    def catches(self, my_task: Token, event: Any) -> bool:
        return False


class Catching(Lazy, CatchingEvent):
    """A node that waits for its event, once."""

    def __init__(self, wf_spec: WorkflowSpec, bpmn_id: str, event_definition: EventDefinition, **kwargs: Any) -> None:
        super().__init__(wf_spec, bpmn_id, event_definition=event_definition, **kwargs)
        if isinstance(event_definition, ExternalEvent):
            self.rests, self.kind = WAITING, event_definition.kind

    def _update_hook(self, my_task: Token) -> bool:
        if isinstance(self.event_definition, NoneEventDefinition) or my_task.internal_data.get("event_fired"):
            return True
        my_task._set_state(WAITING)
        return False


class StartEvent(Catching, defaults.StartEvent):
    """None, message or timer start."""


class CatchEvent(Catching, defaults.IntermediateCatchEvent):
    """Waits in the flow for a timer or a message."""


class BoundaryEvent(Catching, defaults.BoundaryEvent):
    """Waits while the activity it is attached to is at work."""


class Throwing(Lazy):
    """A node that may send an escalation to the scopes around it."""

    event_definition: EventDefinition

    def _run_hook(self, my_task: Token) -> bool:
        if isinstance(self.event_definition, EscalationEventDefinition):
            my_task.workflow.top_workflow.escalate(my_task.workflow, self.event_definition)
        return True

    def _on_complete(self, my_task: Token) -> None:
        if not my_task.workflow.completed:  # else the escalation has interrupted this scope
            super()._on_complete(my_task)


class ThrowEvent(Throwing, defaults.IntermediateThrowEvent):
    """Passes on at once, with or without an escalation."""


class EndEvent(Throwing, defaults.EndEvent):
    """The end of a branch; a terminate end takes every other branch of its scope with it."""

    def _on_complete(self, my_task: Token) -> None:
        if isinstance(self.event_definition, TerminateEventDefinition):
            my_task.workflow.terminate()
        else:
            super()._on_complete(my_task)


class Split(Lazy, BoundaryEventSplit):
    """Before an activity with boundary events: the activity begins and its events begin to wait."""


class Settle(Lazy, BoundaryEventJoin):
    """Behind an activity and its boundary events: the one that came first withdraws what it ends.

    The tokens of one activity and its events have the same parent, the split, although the split itself is gone.
    """

    def _update_hook(self, my_task: Token) -> bool:
        came = my_task.parent
        others = [t for t in my_task.workflow.tasks.values() if t._parent == came._parent and t is not came]
        interrupting = getattr(came.task_spec, "cancel_activity", None)
        for token in others:
            if interrupting or (interrupting is None and token._state == WAITING):
                token.cancel()
        my_task.cancel()
        return False


class Scoped(Lazy):
    """An activity with a scope of its own. `loop` is the node that repeats it, `boundary` its boundary events."""

    loop: Repeating | None = None
    boundary: tuple[BoundaryEvent, ...] = ()

    def _update_hook(self, my_task: Token) -> bool:
        my_task._set_state(STARTED)
        my_task.workflow.top_workflow.create_subprocess(my_task, self.spec)  # type: ignore[attr-defined]
        return False

    def _on_complete_hook(self, my_task: Token) -> None:
        if self.loop is not None:
            self.loop.merge_child(my_task.workflow, my_task)

    def update_data(self, my_task: Token, subworkflow: Any) -> None:
        """No data to hand on."""

    def _on_cancel(self, my_task: Token) -> None:
        my_task.workflow.top_workflow.abandon(my_task)


class Subprocess(Scoped, defaults.SubWorkflowTask):
    """An embedded subprocess, once or as one iteration of a loop."""


class Call(Scoped, defaults.CallActivity):
    """Another process of the same file. Its routing values are its own until it ends."""

    def _on_complete_hook(self, my_task: Token) -> None:
        my_task.workflow.top_workflow.hand_over(my_task.workflow.prefix, f"{self.bpmn_id}/")


class Repeating(Lazy):
    """Runs its child activity again and again, one at a time; each iteration begins with its routing names unwritten.

    `first` and `variable` give an iteration its number inside expressions, `label` its name for people.
    """

    task_spec: str
    first: int
    variable: str
    label: str
    forgets: tuple[frozenset[str], tuple[str, ...]]

    def _update_hook(self, my_task: Token) -> bool:
        my_task.internal_data["done"] = 0
        if not self._begins(my_task):
            return True
        my_task._set_state(STARTED)
        self.create_child(my_task)
        return False

    def create_child(self, my_task: Token) -> None:
        my_task.workflow.top_workflow.forget(my_task.workflow.prefix, *self.forgets)
        child = my_task._add_child(self._wf_spec.task_specs[self.task_spec], FUTURE)  # type: ignore[attr-defined]
        child.internal_data["iteration"] = my_task.internal_data["done"] + 1
        child.task_spec._update(child)

    def merge_child(self, workflow: Any, child: Token) -> None:
        my_task = child.parent
        my_task.internal_data["done"] += 1
        if self._goes_on(my_task):
            self.create_child(my_task)
        else:
            my_task._set_state(READY)

    @abstractmethod
    def _begins(self, my_task: Token) -> bool:
        """Whether there is a first iteration."""

    @abstractmethod
    def _goes_on(self, my_task: Token) -> bool:
        """Whether there is one more."""


class Loop(Repeating, defaults.StandardLoopTask):
    """Again while the condition holds, at most `maximum` times."""

    def _begins(self, my_task: Token) -> bool:
        return not self.test_before or self._goes_on(my_task)

    def _goes_on(self, my_task: Token) -> bool:
        if self.maximum is not None and my_task.internal_data["done"] >= self.maximum:
            return False
        return self.condition is None or my_task.workflow.script_engine.evaluate(my_task, self.condition)


class Instances(Repeating, defaults.SequentialMultiInstanceTask):
    """As many times as the cardinality says when the activity is reached."""

    def _begins(self, my_task: Token) -> bool:
        my_task.internal_data["times"] = my_task.workflow.script_engine.count(my_task, self.cardinality)
        return self._goes_on(my_task)

    def _goes_on(self, my_task: Token) -> bool:
        return my_task.internal_data["done"] < my_task.internal_data["times"]


class ScopeSpec(BpmnProcessSpec):
    """A process or subprocess with its nodes."""

    def __init__(self, name: str) -> None:
        WorkflowSpec.__init__(self, name=name)
        self.io_specification = None
        self.data_objects: dict[str, Any] = {}
        self.data_stores: dict[str, Any] = {}
        self.correlation_keys: dict[str, Any] = {}
        self.bpmn_start_events: list[Any] = []
        self.svg = None
        self.start = Start(self, "Start")
        self.end = EndJoin(self, f"{name}.EndJoin")
        self.end.connect(Plain(self, "End"))
