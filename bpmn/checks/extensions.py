"""Our own elements (`mes:`) say only what the vocabulary knows: no attribute is lost because of a spelling mistake."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from typing import Any, Literal, get_args, get_origin, get_type_hints

from lxml import etree

from bpmn import vocabulary as v
from bpmn.checks.report import Finding, at, name_of, shown
from bpmn.diagram import BPMN, Diagram, attribute_name, camel

RULE = "extensions"

_PLACES: dict[str, tuple[type, frozenset[str]]] = {
    "recipe": (v.Recipe, frozenset({"process"})),
    "step": (v.Step, frozenset({"userTask", "manualTask", "intermediateCatchEvent", "boundaryEvent", "startEvent"})),
    "loop": (v.Loop, frozenset({"subProcess"})),
    "timer": (v.Timer, frozenset({"startEvent", "intermediateCatchEvent", "boundaryEvent"})),
    "service": (v.Service, frozenset({"serviceTask"})),
}
_WITHIN: dict[str, type] = {
    "choice": v.Choice,
    "signature": v.Signature,
    "scan": v.Scan,
    "deviation": v.Deviation,
    "parameter": v.Parameter,
    "orderField": v.OrderField,
    "holdTime": v.HoldTime,
    "origin": v.Origin,
}
_PLAIN = {"equipment": "class", "material": "name"}
_PARENTS = {
    "choice": {"parameter"},
    "origin": {"parameter", "step"},
    **dict.fromkeys(("signature", "scan", "deviation", "parameter", "equipment", "material"), frozenset({"step"})),
    **dict.fromkeys(("orderField", "holdTime"), frozenset({"recipe"})),
}


def check(diagram: Diagram) -> Iterator[Finding]:
    """Refuses unknown elements, attributes and values of the `mes:` namespace, and known ones in a wrong place."""
    for element in diagram.root.iter(f"{{{v.NAMESPACE}}}*"):
        name, parent = name_of(element), element.getparent()
        if parent is None:
            continue
        if name in _PLACES:
            kind, places = _PLACES[name]
            holder = parent.getparent() if parent.tag == f"{{{BPMN}}}extensionElements" else None
            if holder is None or name_of(holder) not in places:
                yield at(element, RULE, f"mes:{name} has no place here", f"put it on: {', '.join(sorted(places))}")
            yield from _attributes(element, kind)
        elif name_of(parent) not in _PARENTS.get(name, ()) or not str(parent.tag).startswith(f"{{{v.NAMESPACE}}}"):
            yield at(element, RULE, f"mes:{name} has no place here", "remove it or correct its name")
        elif name in _PLAIN:
            yield from _plain(element, _PLAIN[name])
        else:
            yield from _attributes(element, _WITHIN[name])
        if (element.text or "").strip():
            yield at(element, RULE, f"mes:{name} has text in it", "write attributes")


def _plain(element: etree._Element, attribute: str) -> Iterator[Finding]:
    if set(element.attrib) != {attribute} or not element.get(attribute):
        yield at(
            element, RULE, f"mes:{name_of(element)} needs {attribute} and nothing else", f"write {attribute}", property=attribute
        )


@cache
def _known(kind: type) -> dict[str, Any]:
    """The attributes of an element of ours with the type of each; child elements are left out."""
    hints = get_type_hints(kind)
    children = {"choices", "signatures", "equipment", "materials", "scans", "deviations", "parameters"}
    children |= {"order_fields", "hold_times", "origins"}
    return {attribute_name(kind, f.name): hints[f.name] for f in fields(kind) if f.name not in children}


@cache
def _required(kind: type) -> frozenset[str]:
    """The attributes without a default. A step's id is the task's, its title may be the task's name."""
    if kind is v.Step:
        return frozenset()
    required = {f.name for f in fields(kind) if f.default.__class__.__name__ == "_MISSING_TYPE"}
    return frozenset(attribute_name(kind, name) for name in required)


def _attributes(element: etree._Element, kind: type) -> Iterator[Finding]:
    known, name = _known(kind), name_of(element)
    for missing in sorted(_required(kind) - set(element.attrib)):
        yield at(element, RULE, f"mes:{name} has no {missing}", f"write {missing}", property=missing)
    for attribute, value in element.attrib.items():
        attribute, value = str(attribute), str(value)
        if attribute not in known:
            advice = f"use: {', '.join(sorted(known))}"
            if camel(attribute) in known:
                advice = f"write {camel(attribute)}"
            yield at(element, RULE, f"mes:{name} has no attribute {shown(attribute)}", advice, property=attribute[:100])
        elif kind is v.Step and attribute == "id":
            task = next(element.iterancestors("{*}userTask", "{*}manualTask"), None)
            if task is not None and task.get("id") != value:
                yield at(element, RULE, f"the step is called {shown(value)}, its task is not", "remove the step's id")
        elif problem := _value(known[attribute], value):
            yield at(element, RULE, f"{attribute} of mes:{name} is {shown(value)}", problem, property=attribute)


def _value(hint: Any, value: str) -> str:
    """What to write instead, or "" where the value is right."""
    if hint is int and not (value.isascii() and value.isdigit() and len(value) < 10):
        return "write a whole number"
    if hint is bool and value not in ("true", "false"):
        return 'write "true" or "false"'
    if get_origin(hint) is Literal and value not in get_args(hint):
        return f"write {' or '.join(filter(None, get_args(hint)))}"
    if get_origin(hint) is tuple and get_origin(get_args(hint)[0]) is Literal:
        return next((problem for word in value.split() if (problem := _value(get_args(hint)[0], word))), "")
    return ""
