"""What BPMN says should happen, played with tokens on the diagram itself: the oracle of the engine's tests.

Naive on purpose and independent of SpiffWorkflow and of the engine: whole scopes in memory, every token an object, no
snapshot. Where stock SpiffWorkflow differs from this game, the library is wrong (and the engine must not be).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from bpmn.decision_tables import evaluate, table_of
from bpmn.diagram import BPMN, Diagram, Flow, Node
from bpmn.expressions import Value, parse, parse_assignments
from bpmn.vocabulary import Loop

_RESTING = {"userTask": "step", "manualTask": "step", "serviceTask": "service"}
_EXTERNAL = {"timerEventDefinition": "timer", "messageEventDefinition": "message"}


@dataclass(eq=False)
class Token:
    """Something that is at a node: on its way in (`via`), or at rest there, perhaps with a scope inside."""

    node: Node
    scope: Scope
    via: Flow | None = None
    armed: set[str] = field(default_factory=set)
    inner: Scope | None = None
    done: int = 0
    times: int = 0


@dataclass(eq=False)
class Scope:
    """A process, subprocess or iteration being played. `arrived`: flows on which a token waits at a parallel join."""

    id: str
    activity: Token | None
    prefix: str = ""
    iteration: tuple[int, ...] = ()
    numbers: dict[str, Decimal] = field(default_factory=dict)
    tokens: list[Token] = field(default_factory=list)
    arrived: dict[str, list[str]] = field(default_factory=dict)
    alive: bool = True

    def key(self, node_id: str) -> str:
        return f"{self.prefix}{node_id}" + (f"[{'.'.join(map(str, self.iteration))}]" if self.iteration else "")


class Game:
    """One run. `open` are the keys of what waits for somebody; `outcome` as the engine has it."""

    def __init__(self, xml: bytes, values: Mapping[str, Value]) -> None:
        self.diagram = Diagram.parse(xml)
        self.codes = {e.get("id", ""): e.get("escalationCode", "") for e in self.diagram.root.iter(f"{{{BPMN}}}escalation")}
        self.events: dict[str, list[Node]] = {}
        for node in self.diagram.nodes.values():
            self.events.setdefault(node.attached_to, []).append(node)
        self.values: dict[str, Value] = dict(values)
        self.moving: deque[Token] = deque()
        self.outcome = ""
        self.top = Scope(self.diagram.process_id, None)
        self._begin(self.top)
        self._play()

    @property
    def open(self) -> set[str]:
        """The keys of the open items."""
        return set(self._open(self.top))

    def complete(self, key: str, values: Mapping[str, Value]) -> None:
        token, _ = self._open(self.top)[key]
        self.values |= {token.scope.prefix + name: value for name, value in values.items()}
        self._leave(token)
        self._play()

    def fire(self, key: str) -> None:
        token, event = self._open(self.top)[key]
        if event is None:
            self._leave(token)
        else:
            self._boundary(token, event)
        self._play()

    def _open(self, scope: Scope) -> dict[str, tuple[Token, Node | None]]:
        found: dict[str, tuple[Token, Node | None]] = {}
        for token in scope.tokens:
            if token.node.type in _RESTING or token.node.event in _EXTERNAL:
                found[scope.key(token.node.id)] = token, None
            for event in self.events.get(token.node.id, ()):
                if event.id in token.armed and event.event in _EXTERNAL:
                    found[scope.key(event.id)] = token, event
            if token.inner is not None:
                found |= self._open(token.inner)
        return found

    def _play(self) -> None:
        while self.moving:
            token = self.moving.popleft()
            if token.scope.alive and token in token.scope.tokens:
                self._enter(token)
                if token.scope.alive and not token.scope.tokens and not token.scope.arrived:
                    self._finished(token.scope)

    def _begin(self, scope: Scope) -> None:
        start = next(n for n in self.diagram.scopes[scope.id] if self.diagram.nodes[n].type == "startEvent")
        self._place(scope, self.diagram.nodes[start], None)

    def _place(self, scope: Scope, node: Node, via: Flow | None) -> None:
        token = Token(node, scope, via)
        scope.tokens.append(token)
        self.moving.append(token)

    def _enter(self, token: Token) -> None:
        node = token.node
        token.armed = {event.id for event in self.events.get(node.id, ())}
        if node.type in _RESTING or node.event in _EXTERNAL:
            return
        if node.type == "endEvent":
            self._end(token)
        elif node.type == "parallelGateway":
            self._join(token)
        elif node.type in ("subProcess", "callActivity"):
            self._activity(token)
        else:
            if node.type == "scriptTask":
                for line in parse_assignments(node.element.findtext(f"{{{BPMN}}}script") or ""):
                    self.values[token.scope.prefix + line.name] = self._value(token.scope, line.expression.text)
            if (table := table_of(node.element).table) is not None:
                decided = evaluate(table, lambda name: self._value(token.scope, name))
                self.values |= {f"{token.scope.prefix}{node.id}.{name}": value for name, value in decided.values.items()}
            if node.event == "escalationEventDefinition":
                self._escalate(token.scope, node)
            if token.scope.alive:
                self._leave(token)

    def _leave(self, token: Token) -> None:
        token.scope.tokens.remove(token)
        flows = list(self.diagram.outgoing[token.node.id])
        if token.node.type == "exclusiveGateway" and len(flows) > 1:
            taken = [f for f in flows if f.condition and self._value(token.scope, f.condition) is True]
            flows = (taken or [f for f in flows if f.id == token.node.default])[:1]
        for flow in flows:
            self._place(token.scope, self.diagram.nodes[flow.target], flow)

    def _join(self, token: Token) -> None:
        arrived = token.scope.arrived.pop(token.node.id, [])
        arrived.append(token.via.id if token.via else "")
        needed = [f.id for f in self.diagram.incoming[token.node.id]]
        if set(needed) <= set(arrived):
            for flow_id in needed:
                arrived.remove(flow_id)
            self._leave(token)
        else:
            token.scope.tokens.remove(token)
        if arrived:
            token.scope.arrived[token.node.id] = arrived

    def _end(self, token: Token) -> None:
        scope = token.scope
        if token.node.event == "terminateEventDefinition":
            self._kill(scope)
            self._finished(scope, "terminated")
            return
        if token.node.event == "escalationEventDefinition":
            self._escalate(scope, token.node)
        if scope.alive:
            scope.tokens.remove(token)

    def _finished(self, scope: Scope, how: str = "completed") -> None:
        scope.alive = False
        if scope.activity is None:
            self.outcome = how
            return
        scope.activity.inner = None
        scope.activity.done += 1
        if self._again(scope.activity, scope):
            self._iterate(scope.activity)
        else:
            self._leave(scope.activity)

    def _kill(self, scope: Scope) -> None:
        scope.alive = False
        for token in scope.tokens:
            if token.inner is not None:
                self._kill(token.inner)
        scope.tokens.clear()

    def _activity(self, token: Token) -> None:
        several = f"{{{BPMN}}}multiInstanceLoopCharacteristics"
        cardinality = token.node.element.findtext(f"{several}/{{{BPMN}}}loopCardinality")
        standard = token.node.element.find(f"{{{BPMN}}}standardLoopCharacteristics")
        if cardinality is not None:
            times = self._value(token.scope, cardinality)
            token.times = int(times) if isinstance(times, Decimal) else 0
        before = standard is not None and standard.get("testBefore") == "true"
        if (cardinality is not None or before) and not self._again(token, token.scope):
            self._leave(token)
        else:
            self._iterate(token)

    def _again(self, token: Token, seen_from: Scope) -> bool:
        standard = token.node.element.find(f"{{{BPMN}}}standardLoopCharacteristics")
        if standard is None:
            return token.done < token.times
        if token.done >= int(standard.get("loopMaximum", "1000")):
            return False
        words = token.node.loop or Loop()
        numbers = {**token.scope.numbers, words.name: Decimal(words.first + token.done - 1)}
        condition = (standard.findtext(f"{{{BPMN}}}loopCondition") or "true").strip()
        return self._value(token.scope, condition, numbers) is True

    def _iterate(self, token: Token) -> None:
        scope, node = token.scope, token.node
        if node.type == "callActivity":
            inner = Scope(node.element.get("calledElement", ""), token, f"{scope.prefix}{node.id}/", scope.iteration)
        else:
            inner = Scope(node.id, token, scope.prefix, scope.iteration)
        inner.numbers = scope.numbers
        if any(str(c.tag).endswith("LoopCharacteristics") for c in node.element):
            words = node.loop or Loop()
            inner.iteration += (token.done + 1,)
            inner.numbers = {**inner.numbers, words.name: Decimal(words.first + token.done)}
        token.inner = inner
        self._begin(inner)

    def _escalate(self, scope: Scope, thrower: Node) -> None:
        code = self._code(thrower)
        while (host := scope.activity) is not None:
            for event in self.events.get(host.node.id, ()):
                if event.event == "escalationEventDefinition" and self._code(event) in ("", code):
                    if event.id in host.armed:
                        self._boundary(host, event)
                    return
            scope = host.scope

    def _code(self, node: Node) -> str:
        definition = node.element.find(f"{{{BPMN}}}escalationEventDefinition")
        return self.codes.get(definition.get("escalationRef", ""), "") if definition is not None else ""

    def _boundary(self, host: Token, event: Node) -> None:
        host.armed.discard(event.id)
        if event.interrupting:
            if host.inner is not None:
                self._kill(host.inner)
            host.scope.tokens.remove(host)
        for flow in self.diagram.outgoing[event.id]:
            self._place(host.scope, self.diagram.nodes[flow.target], flow)

    def _value(self, scope: Scope, text: str, numbers: Mapping[str, Decimal] | None = None) -> Value:
        def lookup(name: str) -> Value:
            if name in (numbers or scope.numbers):
                return (numbers or scope.numbers)[name]
            prefix = scope.prefix
            while prefix and prefix + name not in self.values:
                prefix = prefix[: prefix.rfind("/", 0, -1) + 1]
            return self.values[prefix + name]

        return parse(text.strip()).evaluate(lookup)
