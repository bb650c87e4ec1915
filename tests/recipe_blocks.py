"""The blocks that random recipes are made of: each has one way in and one way out, and all nest in one another."""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

from tests.drawings import rules, table

_ORDER_KINDS = {"order.weight_kg": "number", "order.urgent": "ok"}
_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:mes="urn:batchwright:mes:1"'
    ' id="definitions" targetNamespace="urn:batchwright:tests">\n'
)
_RECIPE = (
    "<bpmn:extensionElements>"
    '<mes:recipe id="MR-RND-{seed}" revision="1.0" title="Random recipe {seed}" product="None">'
    '<mes:orderField name="weight_kg" type="num" label="Body weight" uom="kg"/>'
    '<mes:orderField name="urgent" type="bool" label="Urgent"/>'
    '<mes:orderField name="collected_at" type="date_time" label="Collected"/>'
    "</mes:recipe></bpmn:extensionElements>"
)
_LIMITS = 'norLow="10" norHigh="90" parLow="0" parHigh="100" limitAction="flag"'
_PARAMETERS = {
    "number": f'<mes:parameter id="number" name="A number" type="num" uom="1" {_LIMITS}/>',
    "ok": '<mes:parameter id="ok" name="In order" type="bool"/>',
    "way": '<mes:parameter id="way" name="The way" type="choice"><mes:choice value="on"/><mes:choice value="off"/>'
    "</mes:parameter>",
}
_TIMER = (
    '<bpmn:extensionElements><mes:timer due="order.collected_at + hours(6)"/></bpmn:extensionElements>'
    "<bpmn:timerEventDefinition><bpmn:timeDuration>P90D</bpmn:timeDuration></bpmn:timerEventDefinition>"
)
_SIGNATURE = '<mes:signature code="P" roles="MFG_OP" meanings="performed_by"/>'

_WEIGHTS = {
    "step": 10, "manual": 2, "service": 2, "script": 3, "choice": 5, "parallel": 4, "subprocess": 4, "loop": 3,
    "instances": 2, "call": 2, "wait": 2, "passing": 1, "stop": 1, "last_day": 1, "table": 2,
}  # fmt: skip


@dataclass
class _Place:
    """Where a block is drawn: the XML of the scope around it, and what may be drawn there.

    `known`: the names that certainly have a value, with their kinds. `alone`: no other branch of the scope waits for
    this one, so a token may end here. `ends`: boundary events after which the scope may end without reaching its end.
    """

    xml: list[str] = field(default_factory=list)
    known: dict[str, str] = field(default_factory=dict)
    depth: int = 0
    alone: bool = True
    ends: list[str] = field(default_factory=list)

    def branch(self) -> _Place:
        """Another branch of the same scope."""
        return _Place(self.xml, dict(self.known), self.depth + 1, False, self.ends)

    def inside(self) -> _Place:
        """A scope within this one."""
        return _Place([], dict(self.known), self.depth + 1)


class Drawing:
    """One recipe being drawn."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.seed = seed
        self.count = itertools.count(1)
        self.header: list[str] = []
        self.called: dict[str, str] = {}
        self.callable: list[str] = []

    def recipe(self, size: int) -> bytes:
        place = _Place(known=dict(_ORDER_KINDS))
        kind = self.chance.choice(["none", "none", "none", "message", "timer"])
        source = self.node(place, "startEvent", self.event(kind))
        source = self.sequence(place, source, size)
        if not any("<mes:step" in xml for xml in place.xml):
            source = self.draw_step(place, source, 1)  # a recipe has at least one
        self.end(place, source)
        process = f'<bpmn:process id="Recipe{self.seed}" isExecutable="true">\n{_RECIPE.format(seed=self.seed)}\n'
        called = [f'<bpmn:process id="{name}" isExecutable="true">\n{xml}</bpmn:process>\n' for name, xml in self.called.items()]
        parts = [_HEAD, *self.header, process, *place.xml, "</bpmn:process>\n", *called, "</bpmn:definitions>\n"]
        return "".join(parts).encode()

    # elements

    def name(self, letter: str) -> str:
        return f"{letter}{next(self.count)}"

    def node(self, place: _Place, kind: str, inner: str = "", name: str = "", attributes: str = "") -> str:
        name = name or self.name({"userTask": "S", "manualTask": "M", "serviceTask": "V"}.get(kind, kind[0].upper()))
        place.xml.append(f'<bpmn:{kind} id="{name}"{attributes}>{inner}</bpmn:{kind}>\n')
        return name

    def flow(self, place: _Place, source: str, target: str, condition: str = "", name: str = "") -> None:
        inner = f"<bpmn:conditionExpression>{escape(condition)}</bpmn:conditionExpression>" if condition else ""
        name = name or self.name("F")
        place.xml.append(
            f'<bpmn:sequenceFlow id="{name}" sourceRef="{source}" targetRef="{target}">{inner}</bpmn:sequenceFlow>\n'
        )

    def event(self, kind: str, code: str = "") -> str:
        if kind == "timer":
            return _TIMER
        if kind == "message":
            name = self.name("Message")
            self.header.append(f'<bpmn:message id="{name}" name="{name}"/>\n')
            return f'<bpmn:messageEventDefinition messageRef="{name}"/>'
        if kind == "escalation":
            return f'<bpmn:escalationEventDefinition escalationRef="{code}"/>'
        return "<bpmn:terminateEventDefinition/>" if kind == "terminate" else ""

    def end(self, place: _Place, source: str, inner: str = "") -> None:
        self.flow(place, source, self.node(place, "endEvent", inner))

    def decision(self, place: _Place, source: str, default: str) -> str:
        return self.after(place, source, "exclusiveGateway", attributes=f' default="{default}"')

    def after(self, place: _Place, source: str, kind: str, inner: str = "", name: str = "", attributes: str = "") -> str:
        made = self.node(place, kind, inner, name, attributes)
        self.flow(place, source, made)
        return made

    def condition(self, place: _Place) -> str:
        """A condition over what is certainly known here."""
        name = self.chance.choice(sorted(place.known))
        kind = place.known[name]
        if kind == "number":
            return f"{name} {self.chance.choice(['<', '>='])} {self.chance.randrange(5, 95)}"
        if kind == "loop":
            return f"{name} >= {self.chance.randrange(1, 4)}"
        return name if kind == "ok" else f'{name} == "on"'

    # blocks: drawn after `source`, they answer the node that the next block follows

    def sequence(self, place: _Place, source: str, size: int) -> str:
        left = size
        while left > 0:
            kinds = [k for k in _WEIGHTS if place.depth < 6 or k in ("step", "manual", "service", "script", "table", "passing")]
            kind = self.chance.choices(kinds, [_WEIGHTS[k] for k in kinds])[0]
            part = self.chance.randint(1, max(1, min(left, 12)))
            source = getattr(self, f"draw_{kind}")(place, source, part)
            left -= part if kind in ("choice", "parallel", "subprocess", "loop", "instances", "call", "last_day") else 1
        return source

    def draw_step(self, place: _Place, source: str, size: int, kind: str = "userTask") -> str:
        asked = self.chance.sample(sorted(_PARAMETERS), self.chance.randint(0, 3))
        inner = "".join(_PARAMETERS[p] for p in asked)
        step = self.name("S")
        extension = f'<mes:step title="Step {step}">{_SIGNATURE}{inner}</mes:step>'
        self.after(place, source, kind, f"<bpmn:extensionElements>{extension}</bpmn:extensionElements>", step)
        return self.surround(place, step, {f"{step}.{p}": p for p in asked})

    def draw_manual(self, place: _Place, source: str, size: int) -> str:
        return self.draw_step(place, source, size, "manualTask")

    def draw_service(self, place: _Place, source: str, size: int) -> str:
        return self.surround(place, self.after(place, source, "serviceTask"), {})

    def draw_script(self, place: _Place, source: str, size: int) -> str:
        lines = []
        for _ in range(self.chance.randint(1, 2)):
            name = self.name("value")
            lines.append(f"{name} = {self.condition(place)}")
            place.known[name] = "ok"
        return self.after(place, source, "scriptTask", f"<bpmn:script>{escape(chr(10).join(lines))}</bpmn:script>")

    def draw_table(self, place: _Place, source: str, size: int) -> str:
        """A decision table over what is certainly known here; its answer is known from here on."""
        name = self.name("D")
        asked = self.chance.choice([n for n, kind in sorted(place.known.items()) if kind != "loop"])
        kind = {"number": "num", "ok": "bool"}.get(place.known[asked], "text")
        cut = self.chance.randrange(5, 95)
        cells = {"num": (f"< {cut}", f">= {cut}"), "bool": ("true", "false"), "text": ('"on"', 'not("on")')}[kind]
        policy = self.chance.choice(["UNIQUE", "FIRST", "COLLECT"])
        rows = [f"{cell} | {self.chance.choice(['true', 'false'])}" for cell in cells]
        place.known[f"{name}.ok"] = "ok"
        place.xml.append(table(name, rules({asked: kind}, {"ok": "bool"}, *rows, hit_policy=policy)) + "\n")
        self.flow(place, source, name)
        return name

    def draw_wait(self, place: _Place, source: str, size: int) -> str:
        return self.after(place, source, "intermediateCatchEvent", self.event(self.chance.choice(["timer", "message"])))

    def draw_passing(self, place: _Place, source: str, size: int) -> str:
        return self.after(place, source, "intermediateThrowEvent")

    def draw_choice(self, place: _Place, source: str, size: int) -> str:
        default = self.name("F")
        split, join = self.decision(place, source, default), self.name("E")
        ways = self.chance.randint(2, 3)
        for way in range(ways):
            branch = place.branch()
            branch.alone = place.alone
            start = self.name("F") if way else default
            condition = self.condition(place) if way else ""
            if self.chance.random() < 0.25:  # nothing on this way
                self.flow(place, split, join, condition, start)
                continue
            first = self.node(place, "intermediateThrowEvent")
            self.flow(place, split, first, condition, start)
            self.flow(place, self.sequence(branch, first, max(1, size // ways)), join)
        return self.node(place, "exclusiveGateway", name=join)

    def draw_parallel(self, place: _Place, source: str, size: int) -> str:
        split, join = self.after(place, source, "parallelGateway"), self.name("P")
        ways = self.chance.randint(2, 3)
        learnt: dict[str, str] = {}
        for way in range(ways):
            branch = place.branch()
            if way == 2 and self.chance.random() < 0.5:
                self.flow(place, split, join)
                continue
            first = self.after(branch, split, "intermediateThrowEvent")
            self.flow(place, self.sequence(branch, first, max(1, size // ways)), join)
            learnt |= branch.known
        place.known |= learnt
        return self.node(place, "parallelGateway", name=join)

    def draw_stop(self, place: _Place, source: str, size: int) -> str:
        """Either everything in this scope ends now, or it goes on."""
        default = self.name("F")
        decision = self.decision(place, source, default)
        self.flow(place, decision, self.node(place, "endEvent", self.event("terminate")), self.condition(place))
        after = self.node(place, "exclusiveGateway")
        self.flow(place, decision, after, name=default)
        return after

    def draw_last_day(self, place: _Place, source: str, size: int) -> str:
        """Beside the work of the day a person decides: the decision may end the day and withdraw the work."""
        inner = place.inside()
        split = self.after(inner, self.node(inner, "startEvent"), "parallelGateway")
        work = self.draw_step(inner.branch(), split, 1)
        default = self.name("F")
        decision = self.decision(inner, self.draw_step(branch := inner.branch(), split, 1), default)
        stop = self.node(inner, "endEvent", self.event("terminate"))
        self.flow(inner, decision, stop, self.condition(branch))
        join = self.node(inner, "parallelGateway")
        self.flow(inner, decision, join, name=default)
        self.flow(inner, work, join)
        self.end(inner, join)
        return self.after(place, source, "subProcess", "".join(inner.xml))

    def draw_subprocess(self, place: _Place, source: str, size: int) -> str:
        inner, codes = place.inside(), self.escalations()
        body = self.body(inner, size, codes)
        name = self.after(place, source, "subProcess", body)
        return self.surround(place, name, _learnt(inner, body), codes)

    def draw_loop(self, place: _Place, source: str, size: int) -> str:
        variable, inner, codes = self.name("day"), place.inside(), self.escalations()
        inner.known[variable] = "loop"
        outside = _Place(known=dict(inner.known))
        body = self.body(inner, size, codes)
        learnt, before = _learnt(inner, body), self.chance.random() < 0.3
        if not before:
            outside.known |= learnt
        most = self.chance.randint(1, 4)
        words = f'label="{self.chance.choice(["D", "W", ""])}" first="{self.chance.randint(1, 5)}" name="{variable}"'
        loop = (
            f"<bpmn:extensionElements><mes:loop {words}/></bpmn:extensionElements>"
            f'<bpmn:standardLoopCharacteristics testBefore="{str(before).lower()}" loopMaximum="{most}">'
            f"<bpmn:loopCondition>{escape(self.condition(outside))}</bpmn:loopCondition></bpmn:standardLoopCharacteristics>"
        )
        name = self.after(place, source, "subProcess", f"{loop}{body}")
        return self.surround(place, name, {} if before else learnt, codes)

    def draw_instances(self, place: _Place, source: str, size: int) -> str:
        times = self.chance.choice(["1", "2", "3", f"2 if {self.condition(place)} else 0"])
        loop = (
            f'<bpmn:extensionElements><mes:loop label="part " name="{self.name("part")}"/></bpmn:extensionElements>'
            f'<bpmn:multiInstanceLoopCharacteristics isSequential="true"><bpmn:loopCardinality>{escape(times)}'
            "</bpmn:loopCardinality></bpmn:multiInstanceLoopCharacteristics>"
        )
        codes = self.escalations()
        name = self.after(place, source, "subProcess", f"{loop}{self.body(place.inside(), size, codes)}")
        return self.surround(place, name, {}, codes)

    def draw_call(self, place: _Place, source: str, size: int) -> str:
        """Calls a process of its own, or one that is called elsewhere too; an escalation is caught at one place."""
        codes: list[tuple[str, bool]] = []
        if self.callable and self.chance.random() < 0.3:
            called = self.chance.choice(self.callable)
        else:
            called, codes = self.name("Called"), self.escalations()
            inner = _Place(known=dict(_ORDER_KINDS), depth=place.depth + 1)
            self.called[called] = self.body(inner, size, codes)
            if not codes:
                self.callable.append(called)
        name = self.after(place, source, "callActivity", attributes=f' calledElement="{called}"')
        return self.surround(place, name, {}, codes)

    def body(self, inner: _Place, size: int, codes: list[tuple[str, bool]]) -> str:
        """The XML of a scope, which throws the escalations asked for, sometimes from a scope deeper still."""
        source = self.sequence(inner, self.node(inner, "startEvent"), size)
        for code, interrupting in codes:
            if self.chance.random() < 0.4:
                deeper = inner.inside()
                self.end(deeper, self.throw(deeper, self.node(deeper, "startEvent"), code, interrupting))
                source = self.after(inner, source, "subProcess", "".join(deeper.xml))
            else:
                source = self.throw(inner, source, code, interrupting)
        self.end(inner, source)
        return "".join(inner.xml)

    def throw(self, place: _Place, source: str, code: str, interrupting: bool) -> str:
        if not interrupting:
            return self.after(place, source, "intermediateThrowEvent", self.event("escalation", code))
        default = self.name("F")
        decision = self.decision(place, source, default)
        end = self.node(place, "endEvent", self.event("escalation", code))
        self.flow(place, decision, end, self.condition(place))
        after = self.node(place, "exclusiveGateway")
        self.flow(place, decision, after, name=default)
        return after

    def escalations(self) -> list[tuple[str, bool]]:
        """Codes that a scope throws, each with whether catching it interrupts."""
        codes = []
        while self.chance.random() < 0.3:
            code = self.name("Code")
            self.header.append(f'<bpmn:escalation id="{code}" name="{code}" escalationCode="{code}"/>\n')
            codes.append((code, self.chance.random() < 0.6))
        return codes

    def surround(self, place: _Place, activity: str, learnt: dict[str, str], codes: list[tuple[str, bool]] | None = None) -> str:
        """Boundary events around an activity, with where they lead; answers what the next block follows.

        What the activity lets us know is certain only where every way leads through its end.
        """
        events = [("escalation", interrupting, code) for code, interrupting in codes or ()]
        while self.chance.random() < 0.15:
            events.append((self.chance.choice(["timer", "message"]), self.chance.random() < 0.5, ""))
        back: list[str] = []
        for kind, interrupting, code in events:
            attributes = f' attachedToRef="{activity}" cancelActivity="{str(interrupting).lower()}"'
            event = self.node(place, "boundaryEvent", self.event(kind, code), attributes=attributes)
            path = self.sequence(place.branch(), event, self.chance.randint(0, 2))
            if interrupting and (not place.alone or self.chance.random() < 0.5):
                back.append(path)
            else:
                place.ends.append(event)
                self.end(place, path, self.event("terminate") if self.chance.random() < 0.15 else "")
        if not back:
            place.known |= learnt
            return activity
        join = self.after(place, activity, "exclusiveGateway")
        for path in back:
            self.flow(place, path, join)
        return join


def _learnt(inner: _Place, body: str) -> dict[str, str]:
    """What is certainly known after a scope: nothing, if it can end early."""
    return {} if inner.ends or "terminate" in body else {name: kind for name, kind in inner.known.items() if kind != "loop"}
