"""The generated recipes: any number of like steps, in a row or in unit procedures of ten.

Each step asks for a number with two-level limits and for a text, is signed by its performer, and each tenth is followed by
a gateway that reads its value, as in recipes that people write.
"""

from __future__ import annotations

from collections.abc import Iterator

UNIT = 10
ENTRIES = {"weight": "80.5", "label": "L-1"}

_HEAD = (
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:mes="urn:batchwright:mes:1"'
    ' id="definitions" targetNamespace="urn:batchwright:bench">'
    '<bpmn:process id="Process" name="{title}" isExecutable="true"><bpmn:extensionElements>'
    '<mes:recipe id="{recipe}" revision="1.0" title="{title}" product="Bench">'
    '<mes:orderField name="coi" type="text" label="Chain of identity" identifier="true"/></mes:recipe>'
    "</bpmn:extensionElements>"
)
_STEP = (
    '<bpmn:userTask id="{step}" name="Weigh {step}"><bpmn:extensionElements>'
    '<mes:step title="Weigh {step}" instruction="Weigh, label, write down.">'
    '<mes:parameter id="weight" name="Weight" type="num" uom="g" target="80" norLow="70" norHigh="90" parLow="1"'
    ' parHigh="100" limitAction="block" class="IPC"/>'
    '<mes:parameter id="label" name="Label" type="text"/>'
    '<mes:signature code="P" roles="MFG_OP" meanings="performed_by"/>'
    "</mes:step></bpmn:extensionElements></bpmn:userTask>"
)


def flat(steps: int) -> bytes:
    """All steps in one row."""
    return _drawn(steps, f"MR-FLAT-{steps:04}", steps)


def nested(steps: int) -> bytes:
    """The same steps, ten to a unit procedure."""
    return _drawn(steps, f"MR-UNITS-{steps:04}", UNIT)


def _drawn(steps: int, recipe: str, unit: int) -> bytes:
    parts = [_HEAD.format(recipe=recipe, title=f"{steps} steps")]
    if unit == steps:
        parts += _row(1, steps, "")
    else:
        parts.append('<bpmn:startEvent id="start"/>')
        before = "start"
        for number, first in enumerate(range(1, steps + 1, unit), 1):
            name = f"U{number}"
            parts += [f'<bpmn:subProcess id="{name}" name="Unit {number}">', *_row(first, unit, name), "</bpmn:subProcess>"]
            parts.append(_flow(before, name))
            before = name
        parts += ['<bpmn:endEvent id="end"/>', _flow(before, "end")]
    return "".join([*parts, "</bpmn:process></bpmn:definitions>"]).encode()


def _row(first: int, count: int, scope: str) -> Iterator[str]:
    """Start, steps with a gateway after each tenth, end."""
    before = f"{scope}start"
    yield f'<bpmn:startEvent id="{before}"/>'
    for number in range(first, first + count):
        step = f"S{number:04}"
        yield _STEP.format(step=step)
        yield _flow(before, step)
        before = step
        if number % UNIT == 0:
            gate, beyond = f"{step}gate", f"{step}beyond"
            yield f'<bpmn:exclusiveGateway id="{gate}" default="{gate}_to_{beyond}"/><bpmn:exclusiveGateway id="{beyond}"/>'
            yield _flow(step, gate) + _flow(gate, beyond)
            yield _flow(gate, beyond, "_low", f"{step}.weight &lt; 75")
            before = beyond
    yield f'<bpmn:endEvent id="{scope}end"/>' + _flow(before, f"{scope}end")


def _flow(source: str, target: str, suffix: str = "", condition: str = "") -> str:
    inner = f"<bpmn:conditionExpression>{condition}</bpmn:conditionExpression>" if condition else ""
    return (
        f'<bpmn:sequenceFlow id="{source}_to_{target}{suffix}" sourceRef="{source}" targetRef="{target}">'
        f"{inner}</bpmn:sequenceFlow>"
    )
