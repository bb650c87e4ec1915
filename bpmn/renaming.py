"""Another id for a node or a parameter, in every place of a diagram that names it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from lxml import etree

from bpmn.diagram import BPMN
from bpmn.vocabulary import NAMESPACE

_IDS = frozenset({"sourceRef", "targetRef", "attachedToRef", "bpmnElement", "processRef", "calledElement", "previous"})
_EXPRESSIONS = frozenset({"formula", "when", "from", "to", "links", "due", "differs"})
_LIMITS = frozenset({"target", "norLow", "norHigh", "parLow", "parHigh"})
_COMPUTED = frozenset({"num", "int", "date_time"})
_TEXTS = frozenset({"conditionExpression", "loopCondition", "loopCardinality", "script"})
_NAME = re.compile(r"(?<![\w.])[A-Za-z_][\w-]*(?:\.\w+)?")


def rename(root: etree._Element, names: Mapping[str, str]) -> None:
    """Give nodes and processes (`S20`) and parameters (`S20.moi`, both sides with the step) other ids, everywhere.

    A step and its parameters are renamed one after the other: the names of parameters say the step as the diagram does.
    """
    if not names:
        return
    for element in root.iter(etree.Element):
        space, _, name = element.tag[1:].partition("}")
        step = _step_of(element) if space == NAMESPACE else ""
        for attribute, text in list(element.attrib.items()):
            attribute, text = str(attribute), str(text)
            if attribute in _IDS or (attribute == "id" and (space == BPMN or name == "step")):
                element.set(attribute, names.get(text, text))
            elif attribute == "id" and name == "parameter":
                element.set("id", names.get(f"{step}.{text}", f"{step}.{text}").partition(".")[2])
            elif space == NAMESPACE and _is_expression(element, name, attribute):
                element.set(attribute, _renamed(text, names, step))
        if (space == BPMN and name in _TEXTS) or (name == "text" and "/DMN/" in space):
            element.text = _renamed(element.text or "", names, "")
        elif space == BPMN and name == "flowNodeRef":
            element.text = names.get((element.text or "").strip(), element.text)


def _step_of(element: etree._Element) -> str:
    """The step that one of our elements hangs on."""
    for around in element.iterancestors(f"{{{NAMESPACE}}}step"):
        holder = around.getparent()
        task = holder.getparent() if holder is not None else None
        return task.get("id", "") if task is not None else ""
    return ""


def _is_expression(element: etree._Element, name: str, attribute: str) -> bool:
    """Whether an attribute of ours names steps and parameters; a text limit is the expected text itself."""
    if attribute in _LIMITS:
        return name == "parameter" and element.get("type", "") in _COMPUTED
    return attribute in _EXPRESSIONS or (name == "service" and attribute == "value")


def _renamed(text: str, names: Mapping[str, str], step: str) -> str:
    def other(found: re.Match[str]) -> str:
        word = found[0]
        holder, dot, name = word.partition(".")
        if word in names:
            return names[word]
        if step and f"{step}.{word}" in names:
            return names[f"{step}.{word}"].partition(".")[2]
        if step and holder == "previous" and f"{step}.{name}" in names:
            return f"previous.{names[f'{step}.{name}'].partition('.')[2]}"
        return f"{names.get(holder, holder)}{dot}{name}"

    return _NAME.sub(other, text)
