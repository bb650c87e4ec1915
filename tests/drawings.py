"""Small diagrams written as text, for tests that need one particular shape.

`process("begin > S1 > x1; x1 > S2 if S1.ok; x1 > S3 else; S2 > end; S3 > end2")`: what an id begins with says what it is
(begin, end, S step, V service, x XOR, p AND, k script ...); anything else is given as XML under its id.
"""

from __future__ import annotations

import itertools
import re
from typing import Any
from xml.sax.saxutils import escape

from lxml import etree

from bpmn.decision_tables import Input, Output, Rule, Table, write_definitions

HEAD = (
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:mes="urn:batchwright:mes:1"'
    ' id="d" targetNamespace="urn:batchwright:tests">'
)
_KINDS = {
    "begin": "startEvent", "end": "endEvent", "S": "userTask", "V": "serviceTask", "x": "exclusiveGateway",
    "p": "parallelGateway", "throw": "intermediateThrowEvent",
}  # fmt: skip
_CODES = ("leave", "tell", "code")


def process(flows: str, *more: str, **elements: str) -> bytes:
    """A whole file; `more` are further processes."""
    codes = "".join(f'<bpmn:escalation id="{c}" name="{c}" escalationCode="{c}"/>' for c in _CODES)
    body = f'<bpmn:process id="Main" isExecutable="true">{scope(flows, **elements)}</bpmn:process>'
    return f"{HEAD}{codes}{body}{''.join(more)}</bpmn:definitions>".encode()


def called(name: str, flows: str, **elements: str) -> str:
    """A further process, to be called."""
    return f'<bpmn:process id="{name}" isExecutable="true">{scope(flows, **elements)}</bpmn:process>'


def call(name: str, process_id: str) -> str:
    return f'<bpmn:callActivity id="{name}" calledElement="{process_id}"/>'


def scope(flows: str, **elements: str) -> str:
    """The nodes and flows of one scope. Flows run `a > b > c`, with ` if condition` or ` else` (default) behind them."""
    nodes, lines, defaults = dict[str, str](), list[str](), dict[str, str]()
    for part in filter(None, (p.strip() for p in flows.split(";"))):
        chain, _, condition = re.sub(r"\s+else$", "  else ", part).partition(" if ")
        is_default = chain.endswith("  else ")
        ids = [i.strip() for i in chain.removesuffix("  else ").split(">")]
        for source, target in itertools.pairwise(ids):
            name = f"f{len(lines)}_{source}_{target}"
            inner = f"<bpmn:conditionExpression>{escape(condition)}</bpmn:conditionExpression>" if condition else ""
            lines.append(f'<bpmn:sequenceFlow id="{name}" sourceRef="{source}" targetRef="{target}">{inner}</bpmn:sequenceFlow>')
            if is_default:
                defaults[source] = name
        nodes |= {node: "" for node in ids if node not in elements}
    for node in nodes:
        kind = next((k for start, k in _KINDS.items() if node.startswith(start)), "")
        if not kind:
            continue  # a node of another scope, or of none
        default = f' default="{defaults[node]}"' if node in defaults else ""
        nodes[node] = f'<bpmn:{kind} id="{node}"{default}/>'
    return "".join([*nodes.values(), *elements.values(), *lines])


def sub(name: str, flows: str, repeats: str = "", **elements: str) -> str:
    """A subprocess; `repeats` is what `loop` or `times` give."""
    return f'<bpmn:subProcess id="{name}">{repeats}{scope(flows, **elements)}</bpmn:subProcess>'


def loop(again: str, most: int = 10, first: int = 1, label: str = "D", name: str = "day", before: bool = False) -> str:
    return (
        f'<bpmn:extensionElements><mes:loop label="{label}" first="{first}" name="{name}"/></bpmn:extensionElements>'
        f'<bpmn:standardLoopCharacteristics testBefore="{str(before).lower()}" loopMaximum="{most}">'
        f"<bpmn:loopCondition>{escape(again)}</bpmn:loopCondition></bpmn:standardLoopCharacteristics>"
    )


def times(cardinality: str, label: str = "W", name: str = "part") -> str:
    return (
        f'<bpmn:extensionElements><mes:loop label="{label}" name="{name}"/></bpmn:extensionElements>'
        '<bpmn:multiInstanceLoopCharacteristics isSequential="true">'
        f"<bpmn:loopCardinality>{escape(cardinality)}</bpmn:loopCardinality></bpmn:multiInstanceLoopCharacteristics>"
    )


def script(name: str, *lines: str) -> str:
    return f'<bpmn:scriptTask id="{name}"><bpmn:script>{escape(chr(10).join(lines))}</bpmn:script></bpmn:scriptTask>'


def table(name: str, given: Table) -> str:
    """A business rule task with its decision table."""
    inner = etree.tostring(write_definitions(given, name), encoding="unicode")
    holder = f"<bpmn:extensionElements>{inner}</bpmn:extensionElements>"
    return f'<bpmn:businessRuleTask id="{name}">{holder}</bpmn:businessRuleTask>'


def rules(inputs: dict[str, str], outputs: dict[str, str], *rows: str, **settings: Any) -> Table:
    """A table from lines such as `< 5 | "a" | true`: conditions, then outputs. `inputs`: type by expression."""
    cells = [[cell.strip() for cell in row.split("|")] for row in rows]
    return Table(
        name=settings.pop("name", "Which way"),
        inputs=tuple(Input(text, kind) for text, kind in inputs.items()),
        outputs=tuple(Output(name, kind) for name, kind in outputs.items()),
        rules=tuple(Rule(tuple(row[: len(inputs)]), tuple(row[len(inputs) :])) for row in cells),
        **settings,
    )


def event(kind: str, name: str, definition: str, on: str = "", interrupting: bool = True) -> str:
    """`definition`: timer, message, terminate, or the code of an escalation."""
    inner = {
        "timer": "<bpmn:timerEventDefinition><bpmn:timeDuration>P90D</bpmn:timeDuration></bpmn:timerEventDefinition>",
        "message": "<bpmn:messageEventDefinition/>",
        "terminate": "<bpmn:terminateEventDefinition/>",
    }.get(definition, f'<bpmn:escalationEventDefinition escalationRef="{definition}"/>')
    host = f' attachedToRef="{on}" cancelActivity="{str(interrupting).lower()}"' if on else ""
    return f'<bpmn:{kind} id="{name}"{host}>{inner}</bpmn:{kind}>'


def boundary(name: str, definition: str, on: str, interrupting: bool = True) -> str:
    return event("boundaryEvent", name, definition, on, interrupting)


def wait(name: str, definition: str) -> str:
    return event("intermediateCatchEvent", name, definition)


def stop(name: str) -> str:
    return event("endEvent", name, "terminate")
