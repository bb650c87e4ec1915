"""One running batch inside SpiffWorkflow: the living tokens, an index of the open items, and a queue of what can move.

History is dropped as soon as a token has moved on: the journal has it.
"""

from __future__ import annotations

import time
from abc import abstractmethod
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.specs.event_definitions.base import EventDefinition
from SpiffWorkflow.bpmn.util.subworkflow import BpmnSubWorkflow
from SpiffWorkflow.task import Task

from bpmn.expressions import Value
from engine.errors import BudgetExceededError, EngineFaultError
from engine.workflow.nodes import FUTURE, READY, UNFINISHED, WAITING, Call, ScopeSpec
from engine.workflow.script_engine import ENGINE
from engine.workflow.specification import Specification

MAX_NODES = 20_000
MAX_SECONDS = 2.0
_CLOCK_EVERY = 256
NOTHING: Mapping[str, Any] = MappingProxyType({})  # where the library would keep data; writing there fails


@dataclass(frozen=True, slots=True)
class OpenItem:
    """What waits now: a step for a person, a service for the system, a timer or a message for its event.

    `key` names it for good, also under replay: "S01", in a loop "S24[4]" (iterations count from 1), in a called process
    "C1/S01". `label` is the loop's name of the iteration ("D6"; nested "D6/W2"), empty outside loops.
    """

    key: str
    node_id: str
    kind: str
    label: str
    iteration: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision table was asked: the key of its place, what it said by output, the rules (from 1) that said so."""

    key: str
    values: Mapping[str, Value]
    rules: tuple[int, ...]


class Token(Task):
    """A SpiffWorkflow task that tells the index when it begins or ends to wait for somebody."""

    _state: int

    def __init__(
        self, workflow: Any, task_spec: Any, parent: Token | None = None, state: int = FUTURE, id: int | None = None
    ) -> None:
        super().__init__(workflow, task_spec, parent, state, id or workflow.top_workflow.next_id())
        self.data = NOTHING

    def _add_child(self, task_spec: Any, state: int = FUTURE) -> Token:
        if (watch := self.workflow.top_workflow.watch) is not None:
            watch(self, task_spec)
        return Token(self.workflow, task_spec, self, state)

    def _set_state(self, value: int) -> None:
        before, self._state = self._state, value
        spec = self.task_spec
        if spec.rests:
            if value == spec.rests:
                self.workflow.top_workflow.opened(self)
            elif before == spec.rests:
                self.workflow.top_workflow.closed(self)
        if value == READY and not spec.manual:
            self.workflow.top_workflow.queue.append(self)

    def cancel(self) -> None:
        """Withdraws the token and everything inside it."""
        if not self._state & UNFINISHED:
            return
        for child in self.children:
            child.cancel()
        super().cancel()
        self.workflow.drop(self)


class Frontier:
    """What the procedure and its scopes share: only living tokens are kept, and they are found without walking a tree.

    `prefix` is the path of calls, `iteration` the numbers of the loops around, `label` their names for people,
    `numbers` the loops' names inside expressions.
    """

    spec: Any
    top_workflow: Any
    tasks: dict[int | None, Token]
    prefix: str = ""
    iteration: tuple[int, ...] = ()
    label: str = ""
    numbers: Mapping[str, Decimal] = {}

    def _task_completed_notify(self, task: Token) -> None:
        self.drop(task)
        if task.task_spec.name == "End":
            self.finish()

    def drop(self, task: Token) -> None:
        """Forgets a token that has ended."""
        self.tasks.pop(task.id, None)
        if (parent := task.parent) is not None:
            parent._children.remove(task.id)
        if task.task_spec.reads:
            self.top_workflow.passed.append((self.prefix, task.task_spec.reads))

    def shed(self) -> None:
        """Gives up what the library keeps for data, locks and listeners: a fifth of the memory of a live batch."""
        self.data = self.locks = self.correlations = NOTHING
        self.completed_event = self.task_removed_event = self.event_manager = None

    def begin(self) -> None:
        """Puts the first token on the start."""
        Token(self, self.spec.start)._ready()

    def cancel(self) -> None:
        """Withdraws every living token."""
        for token in list(self.tasks.values()):
            token.cancel()
        self.tasks.clear()  # also the one that brought this about
        self.completed = True

    def terminate(self) -> None:
        """A terminate end: the scope ends now, whatever else is under way in it."""
        self.cancel()
        self.finish()

    @abstractmethod
    def finish(self) -> None:
        """The scope has ended."""

    def key(self, node_id: str) -> str:
        """The name of a node's open item in this scope."""
        inside = f"[{'.'.join(map(str, self.iteration))}]" if self.iteration else ""
        return f"{self.prefix}{node_id}{inside}"


class Scope(Frontier, BpmnSubWorkflow):
    """A subprocess, an iteration of a loop, or a called process, at work."""

    def __init__(self, spec: ScopeSpec, activity: Token, top_workflow: Instance) -> None:
        super().__init__(spec, activity.id, top_workflow, deserializing=True)
        self.shed()
        self.activity = activity
        outside, node = activity.workflow, activity.task_spec
        self.prefix, self.iteration = outside.prefix, outside.iteration
        self.label, self.numbers = outside.label, outside.numbers
        if isinstance(node, Call):
            self.prefix += f"{node.bpmn_id}/"
        if node.loop is not None:
            index = activity.internal_data["iteration"]
            number = node.loop.first + index - 1
            name = f"{node.loop.label}{number}"
            self.iteration += (index,)
            self.label = f"{self.label}/{name}" if self.label else name
            self.numbers = {**self.numbers, node.loop.variable: Decimal(number)}

    def _calculate_depth(self) -> int:
        return 0

    def finish(self) -> None:
        self.completed = True
        self.top_workflow.leave(self)
        self.activity._set_state(READY)


class Instance(Frontier, BpmnWorkflow):
    """The whole procedure of one batch at work. Never shared; its specification is. `watch` is told of every move."""

    def __init__(self, specification: Specification, watch: Callable[[Token, Any], None] | None = None) -> None:
        self.watch = watch
        self.last_id = 0
        self.queue: deque[Token] = deque()
        self.reach = specification.reach
        self.values: dict[str, Value] = {}
        self.passed: list[tuple[str, frozenset[str]]] = []
        self.outcome = ""
        self.decided: list[Decided] = []
        self.items: dict[str, OpenItem] = {}
        self.tokens: dict[str, Token] = {}
        self.acting = ""
        self.news: list[str] = []
        self.gone: list[str] = []
        process = specification.scopes[specification.process_id]
        super().__init__(process, specification.scopes, script_engine=ENGINE, deserializing=True)
        self.shed()

    def next_id(self) -> int:
        """Numbers instead of random ids: a replay gives the same ones."""
        self.last_id += 1
        return self.last_id

    # the index of open items

    def opened(self, token: Token) -> None:
        """A token begins to wait for a person, the system, a timer or a message."""
        scope, node = token.workflow, token.task_spec
        key = scope.key(node.name)
        if key in self.items:
            raise EngineFaultError(f"{key} would be open twice at the same time")
        self.items[key] = OpenItem(key, node.name, node.kind, scope.label, scope.iteration)
        self.tokens[key] = token
        self.news.append(key)

    def closed(self, token: Token) -> None:
        """It waits no more."""
        key = token.workflow.key(token.task_spec.name)
        del self.items[key], self.tokens[key]
        if key in self.news:
            self.news.remove(key)
        elif key != self.acting:
            self.gone.append(key)

    # movement

    def wake(self, token: Token) -> None:
        """What the token waited for has come: it can move."""
        if token._state == WAITING:
            token.internal_data["event_fired"] = True
            token.task_spec._update(token)
        else:
            self.queue.append(token)

    def run_on(self) -> None:
        """Moves every token that needs nobody, within the budget of a step."""
        until = time.thread_time() + MAX_SECONDS
        moved = 0
        while self.queue:
            token = self.queue.popleft()
            if token._state != READY:
                continue  # withdrawn meanwhile
            moved += 1
            if moved > MAX_NODES or (moved % _CLOCK_EVERY == 0 and time.thread_time() > until):
                raise BudgetExceededError(f"{moved} nodes were passed in one step.")
            if token.run() is not True:
                raise EngineFaultError(f"{token.task_spec.name} did not complete")

    def finish(self) -> None:
        self.completed = True
        self.outcome = "completed"

    def terminate(self) -> None:
        super().terminate()
        self.outcome = "terminated"

    # scopes

    def create_subprocess(self, my_task: Token, spec_name: str) -> Scope:
        """Opens the scope of an activity."""
        scope = Scope(self.subprocess_specs[spec_name], my_task, self)
        self.subprocesses[my_task.id] = scope
        scope.begin()
        return scope

    def leave(self, scope: Scope) -> None:
        """A scope has ended; it is forgotten."""
        del self.subprocesses[scope.activity.id]

    def abandon(self, activity: Token) -> None:
        """An activity is withdrawn, and its scope with it."""
        scope = self.subprocesses.pop(activity.id, None)
        if scope is not None:
            scope.cancel()

    def escalate(self, scope: Frontier, sent: EventDefinition) -> None:
        """Takes an escalation outwards, to the first activity that has a boundary event for it, and no sibling's.

        What it interrupts ends at once, the thrower too. A boundary event catches once; what it caught before goes no
        further either. Uncaught, an escalation has no effect.
        """
        while isinstance(scope, Scope):
            activity = scope.activity
            around = activity.parent if activity.task_spec.loop is not None else activity
            scope = around.workflow
            catching = [b for b in activity.task_spec.boundary if b.event_definition.catches(around, _Sent(sent))]
            for token in list(scope.tasks.values()):
                if token.task_spec in catching and token._state == WAITING:
                    self.wake(token)
                    if token.task_spec.cancel_activity:
                        around.cancel()
            if catching:
                return

    # routing values

    def write(self, prefix: str, name: str, value: Value) -> None:
        """Writes a routing value, once."""
        if prefix + name in self.values:
            raise EngineFaultError(f"the routing value {prefix}{name} would be written twice")
        self.values[prefix + name] = value

    def decide(
        self, scope: Frontier, node: str, values: Mapping[str, Value], rules: tuple[int, ...], asked: frozenset[str]
    ) -> None:
        """A decision table has answered: writes the outputs that something asks for."""
        self.decided.append(Decided(scope.key(node), values, rules))
        for name in asked & values.keys():
            self.write(scope.prefix, f"{node}.{name}", values[name])

    def rewrite(self, call: str, name: str, value: Value | None, *, in_loop: bool) -> None:
        """Replaces a routing value where it stands now: in the call that wrote it, or handed on to one around it."""
        prefix = own = f"{call}/" if call else ""
        while prefix and prefix + name not in self.values:
            prefix = prefix[: prefix.rfind("/", 0, -1) + 1]
        if prefix + name not in self.values:
            if in_loop or value is None or not self.reach.uses(self.reach.ahead(self.items), name):
                return
            prefix = own
        if value is None:
            del self.values[prefix + name]
        else:
            self.values[prefix + name] = value

    def forget(self, prefix: str, names: frozenset[str], calls: tuple[str, ...]) -> None:
        """A new iteration begins: what the last one wrote is not recorded yet in this one."""
        for name in names:
            self.values.pop(prefix + name, None)
        for call in calls:
            for name in [n for n in self.values if n.startswith(prefix + call)]:
                del self.values[name]

    def forget_unread(self) -> None:
        """Readers were passed: what nothing reads or writes that can still happen is forgotten, for good.

        Else a snapshot grows with every value ever written. Of writers a second one must still be refused.
        """
        if not self.passed:
            return
        ahead = self.reach.ahead(self.items)
        for prefix, names in set(self.passed):
            for name in names:
                if not self.reach.uses(ahead, name):
                    self.values.pop(name, None)
                    for end, letter in enumerate(prefix, 1):
                        if letter == "/":
                            self.values.pop(prefix[:end] + name, None)
        self.passed.clear()

    def hand_over(self, prefix: str, call: str) -> None:
        """A called process has ended: its values become those of the caller."""
        for name in [n for n in self.values if n.startswith(prefix + call)]:
            value, own = self.values.pop(name), name.removeprefix(prefix + call)
            if "/" not in own:  # else of a call that was withdrawn inside
                self.values[prefix + own] = value

    def value(self, prefix: str, name: str) -> Value:
        """A routing value as seen from inside a call: the innermost one. KeyError where there is none."""
        while prefix and prefix + name not in self.values:
            prefix = prefix[: prefix.rfind("/", 0, -1) + 1]
        return self.values[prefix + name]

    def frontiers(self) -> Iterator[Frontier]:
        """The procedure and its scopes at work, each after the one around it."""
        yield self
        yield from self.subprocesses.values()


@dataclass(frozen=True, slots=True)
class _Sent:
    """What SpiffWorkflow's event definitions compare themselves with."""

    event_definition: EventDefinition
