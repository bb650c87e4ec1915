"""Every parameter can be asked for, entered and judged: its id is its own, calculated means a formula, and so on."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

from lxml import etree

from bpmn.checks.report import Finding, at, shown, step_elements
from bpmn.diagram import Diagram
from bpmn.expressions import RESERVED
from bpmn.vocabulary import CRITICAL_CLASSES, Parameter

RULE = "parameters"

_FORM = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,59}", re.ASCII)
_WORDS = RESERVED | {"start", "end", "order", "previous", "typename"}
_CLASSES = CRITICAL_CLASSES | {"IPC", "KPP", "KPI", "CMA", "info"}
_LIMITS = ("nor_low", "nor_high", "par_low", "par_high")


def check(diagram: Diagram) -> Iterator[Finding]:
    """Refuses parameters that nobody could record or compute; warns of choices and classes that look like others."""
    for node in diagram.nodes.values():
        if node.step is None:
            continue
        seen: set[str] = set()
        elements = step_elements(node, "parameter")
        for element, parameter in zip(elements, node.step.parameters, strict=True):
            if parameter.id in seen:
                yield at(element, RULE, f"the step has two parameters {parameter.id}", "rename one", property="id")
            seen.add(parameter.id)
            yield from _parameter(element, parameter)


def _parameter(element: etree._Element, parameter: Parameter) -> Iterator[Finding]:
    name = parameter.id
    if not _FORM.fullmatch(name) or name in _WORDS:
        advice = "begin with a letter, use A-Z a-z 0-9 _, at most 60, no word of the language"
        yield at(element, RULE, f"{shown(name)} can't be the id of a parameter", advice, property="id")
    if parameter.source == "calc" and not parameter.formula:
        yield at(element, RULE, f"{name} is calculated, but has no formula", "write its formula", property="formula")
    if parameter.source != "calc" and parameter.formula:
        yield at(element, RULE, f"{name} has a formula, but is not calculated", 'set source="calc"', property="source")
    if parameter.type == "choice" and len(parameter.choices) < 2:
        yield at(element, RULE, f"{name} is a choice of fewer than two", "give it choices", property="choices")
    if parameter.type != "choice" and parameter.choices:
        yield at(element, RULE, f"{name} has choices, but is no choice", 'set type="choice"', property="type")
    values = [choice.value for choice in parameter.choices]
    if len(set(values)) < len(values) or "" in values:
        yield at(element, RULE, f"{name} has a choice twice or an empty one", "make each choice different", property="choices")
    if parameter.limit_action in ("block", "stop") and not any(getattr(parameter, limit) for limit in _LIMITS):
        yield at(element, RULE, f"{name} blocks outside of limits that it has not", "write its limits", property="limitAction")
    if len({value.casefold().strip() for value in values}) < len(set(values)):
        message = f"{name} has choices that differ in capitals or blanks only"
        yield at(element, RULE, message, "make each choice different", "warning", property="choices")
    if near := _critical_class_meant(parameter.parameter_class):
        message = f"{name} is {shown(parameter.parameter_class)}, a class from which nothing follows"
        yield at(element, RULE, message, f"did you mean {near}?", "warning", property="class")
    if not 0 < parameter.min_length <= parameter.max_length:
        advice = "write 1 or more, and not above the longest"
        yield at(element, RULE, f"the lengths of {name} leave no text", advice, property="minLength")
    if parameter.qualifier and parameter.type not in ("num", "int"):
        yield at(element, RULE, f"{name} is reported as < or >, but is no number", "remove the qualifier", property="qualifier")


def _critical_class_meant(said: str) -> str:
    """The critical class that a class nearly is, such as CPP for CCP; empty for the known ones, and for a site's own."""
    if said in _CLASSES or not said:
        return ""
    known = {name.casefold(): name for name in sorted(_CLASSES)}
    near = difflib.get_close_matches(said.casefold().strip(), known, 1, 0.6)
    return known[near[0]] if near else ""
