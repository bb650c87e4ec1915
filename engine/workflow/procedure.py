"""A recipe revision that can run, and one run of it: the engine as everybody else sees it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Literal

from bpmn.diagram import Diagram
from bpmn.expressions import Value
from bpmn.reading import DiagramError
from engine.errors import (
    BatchwrightError,
    EngineFaultError,
    StepNotOpenError,
    UnknownRoutingNameError,
    UnsupportedDiagramError,
)
from engine.workflow import snapshot
from engine.workflow.instance import Decided, Instance, OpenItem, Token
from engine.workflow.passage import Passage
from engine.workflow.specification import Specification, build

EngineEvent = (
    tuple[Literal["start"], Mapping[str, Value]]
    | tuple[Literal["complete"], str, Mapping[str, Value]]
    | tuple[Literal["correct"], str, Mapping[str, Value | None]]
    | tuple[Literal["fire"], str]
)
NO_VALUES: Mapping[str, Value] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Change:
    """What one act did to the open items. `withdrawn` were open and are no more although nobody completed them."""

    opened: tuple[OpenItem, ...]
    withdrawn: tuple[str, ...]


class Procedure:
    """One recipe revision, parsed once; immutable, shared by all its batches and by threads."""

    def __init__(self, diagram: Diagram, specification: Specification) -> None:
        self._specification = specification
        self._reach = specification.reach
        self._hash = diagram.hash
        self.routing_names: frozenset[str] = specification.names.routing
        self.order_names: frozenset[str] = specification.names.order

    @classmethod
    def from_xml(cls, xml: bytes) -> Procedure:
        """The procedure that a diagram draws. Raises UnsupportedDiagramError for what the engine would misread.

        The checks of `bpmn.checks` say more, and to people; they are not repeated here.
        """
        try:
            return cls.of(Diagram.parse(xml))
        except (DiagramError, ValueError) as error:
            raise UnsupportedDiagramError(str(error)) from error

    @classmethod
    def of(cls, diagram: Diagram) -> Procedure:
        """The procedure of a diagram that is read already; keeps nothing of its XML."""
        return cls(diagram, build(diagram))

    def start(self, values: Mapping[str, Value] = NO_VALUES, watch: Passage | None = None) -> Run:
        """A new run, moved on to its first open items. `values` are the routing values of the order."""
        run = Run(self._specification, Instance(self._specification, watch), self._hash)
        run._start(values)
        return run

    def restore(self, data: bytes) -> Run:
        """The run that a snapshot keeps. Raises DamagedSnapshotError; the caller then replays."""
        return Run(self._specification, snapshot.read(data, self._specification, self._hash), self._hash)

    def replay(self, events: Iterable[EngineEvent], watch: Passage | None = None) -> Run:
        """The run that the recorded acts lead to; the first one is the start. Raises what the acts themselves would."""
        run: Run | None = None
        for event in events:
            if event[0] == "start":
                run = self.start(event[1], watch)
            elif run is None:
                raise EngineFaultError("the record does not begin with a start")
            elif event[0] == "complete":
                run.complete(event[1], event[2])
            elif event[0] == "correct":
                run.correct(event[1], event[2])
            else:
                run.fire(event[1])
        if run is None:
            raise EngineFaultError("there is nothing on record to replay")
        return run

    def asks_of(self, node_id: str) -> frozenset[str]:
        """The routing values that come with the completion of a node (`S13.n_viable`)."""
        return self._specification.names.of_node.get(node_id, frozenset())

    def can_reach(self, item: OpenItem | str, node_id: str) -> bool:
        """Whether that node can still happen after this open item is done, or while it waits (its boundary events).

        For the item's own node: whether it can happen once more. Whatever the values say: any flow may be taken.
        """
        return self._reach.after(item.key if isinstance(item, OpenItem) else item, node_id)

    def numbers(self, item: OpenItem) -> dict[str, Decimal]:
        """The loop numbers that an expression at this item sees: `{"day": Decimal(6)}`."""
        return self._reach.numbers(item.key)


class Run:
    """One batch's way through its procedure. Not shared between threads.

    A refusal (StepNotOpenError, UnknownRoutingNameError) leaves it as it was. After an EngineFaultError it is half
    moved: throw it away and restore or replay another.
    """

    def __init__(self, specification: Specification, instance: Instance, recipe_hash: str) -> None:
        self._specification = specification
        self._instance = instance
        self._hash = recipe_hash
        self._fault = ""

    @property
    def open(self) -> Mapping[str, OpenItem]:
        """What waits now, by key, in the order in which it opened."""
        return MappingProxyType(self._instance.items)

    @property
    def outcome(self) -> str:
        """Empty while it runs; "completed"; "terminated" when a terminate end of the process was reached."""
        return self._instance.outcome

    def complete(self, key: str, values: Mapping[str, Value] = NO_VALUES) -> Change:
        """A step or service is done, with the routing values that it wrote; moves on to the next open items."""
        token = self._token(key, ("step", "service"))
        allowed = self._specification.names.of_node.get(self._instance.items[key].node_id, frozenset())
        given = _checked(values, allowed, key)
        return self._act(key, token, given)

    def fire(self, key: str) -> Change:
        """A timer is due or a message has come; moves on to the next open items."""
        token = self._token(key, ("timer", "message"))
        return self._act(key, token, {})

    def correct(self, key: str, values: Mapping[str, Value | None]) -> None:
        """Routing values of a step that was completed were corrected: ways that are still to be chosen follow the new ones.

        Ways already taken stay taken. None: there is no value any more. What a new iteration has begun anew is left alone.
        """
        self._sound()
        node_id = key.rpartition("/")[2].partition("[")[0]
        _checked(values, self._specification.names.of_node.get(node_id, frozenset()), key)
        for name, value in values.items():
            self._instance.rewrite(key.rpartition("/")[0], name, value, in_loop=key.endswith("]"))

    @property
    def values(self) -> Mapping[str, Value]:
        """The routing values that are kept now: those that something ahead may still read."""
        return MappingProxyType(self._instance.values)

    def take_decided(self) -> list[Decided]:
        """What decision tables said since this was last asked, in order."""
        decided, self._instance.decided = self._instance.decided, []
        return decided

    def snapshot(self) -> bytes:
        """The frontier, to be kept as a cache: a few kilobytes, whatever the history."""
        self._sound()
        return snapshot.write(self._instance, self._hash)

    def _start(self, values: Mapping[str, Value]) -> None:
        self._instance.values.update(_checked(values, self._specification.names.order, "the start"))
        self._move("", self._instance.begin)

    def _token(self, key: str, kinds: tuple[str, ...]) -> Token:
        self._sound()
        item = self._instance.items.get(key)
        if item is None or item.kind not in kinds:
            raise StepNotOpenError(key, key=key)
        return self._instance.tokens[key]

    def _sound(self) -> None:
        if self._fault:
            raise EngineFaultError(f"an earlier act failed: {self._fault}")

    def _act(self, key: str, token: Token, values: Mapping[str, Value]) -> Change:
        def act() -> None:
            for name, value in values.items():
                self._instance.write(token.workflow.prefix, name, value)
            self._instance.wake(token)

        return self._move(key, act)

    def _move(self, key: str, act: Callable[[], None]) -> Change:
        instance = self._instance
        instance.acting, instance.news, instance.gone = key, [], []
        try:
            act()
            instance.run_on()
            instance.forget_unread()
            if not instance.items and not instance.outcome:
                raise EngineFaultError("no step is open and no end is reached")
        except Exception as error:
            self._fault = error.what if isinstance(error, BatchwrightError) else f"{type(error).__name__}: {error}"
            if isinstance(error, BatchwrightError):
                raise
            raise EngineFaultError(self._fault) from error
        return Change(tuple(instance.items[k] for k in instance.news), tuple(instance.gone))


def _checked(values: Mapping[str, Value | None], allowed: frozenset[str], where: str) -> dict[str, Value]:
    """Only names that the recipe's conditions read from this place; None is not recorded yet."""
    for name, value in values.items():
        if name not in allowed:
            raise UnknownRoutingNameError(f"{name} at {where}", name=name)
        if isinstance(value, Decimal) and not value.is_finite():
            raise EngineFaultError(f"{name} is not a finite number.")
        if value is not None and not isinstance(value, (Decimal, bool, str, datetime, timedelta)):
            raise EngineFaultError(f"{name} is no value but a {type(value).__name__}.")
    return {name: value for name, value in values.items() if value is not None}
