"""One step put in, repeated, replaced or left out, or one limit changed: a diagram in, a diagram out.

For what one batch does differently (a control recipe of its own), so nothing that was collected may change its meaning.
The result is as fit to run as the diagram was, or the edit is refused with every reason.

Source: 21 CFR 211.100(b), 211.186; the approval of each edit is a matter of the batch's record.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from typing import Any

from lxml import etree

from bpmn import vocabulary as v
from bpmn.checks import check_diagram
from bpmn.diagram import BPMN, Diagram, Node, camel, mes_elements, write_element
from bpmn.layout import drawn_by_us, lay_out, place_new
from bpmn.merging import write_flows
from bpmn.plain import PlainValueError, from_plain, to_plain
from bpmn.readers import readers
from bpmn.reading import read_xml
from bpmn.renaming import rename

_LIMITS = ("target", "nor_low", "nor_high", "par_low", "par_high")
_TASKS = frozenset({"userTask", "manualTask"})


class EditError(ValueError):
    """The edit can't be made. `reasons` says why, all of them."""

    def __init__(self, reasons: Collection[str]) -> None:
        self.reasons = tuple(dict.fromkeys(reasons))
        super().__init__(" ".join(self.reasons))


@dataclass(frozen=True, slots=True)
class InsertStep:
    """A new step behind a node that has one way out, or on a flow (`after` is the id of either)."""

    after: str
    step: v.Step


@dataclass(frozen=True, slots=True)
class RepeatStep:
    """A copy of a step under its own id, right behind it, or behind `after`."""

    step_id: str
    new_id: str
    after: str = ""


@dataclass(frozen=True, slots=True)
class ReplaceStep:
    """Another definition at the place of a step.

    Under an id of its own; under the same only where it collects the same data, so that what was collected keeps its meaning.
    """

    step_id: str
    step: v.Step


@dataclass(frozen=True, slots=True)
class SkipStep:
    """A step that is not done: it is taken out, with timers at it that lead nowhere, and its ways are joined."""

    step_id: str


@dataclass(frozen=True, slots=True)
class ChangeLimit:
    """Other limits of a parameter, digit for digit; None leaves a limit as it is, "" removes it. `why` is its new reason."""

    step_id: str
    parameter_id: str
    why: str
    target: str | None = None
    nor_low: str | None = None
    nor_high: str | None = None
    par_low: str | None = None
    par_high: str | None = None


Edit = InsertStep | RepeatStep | ReplaceStep | SkipStep | ChangeLimit
KINDS: dict[str, type[Edit]] = {
    "insert_step": InsertStep, "repeat_step": RepeatStep, "replace_step": ReplaceStep, "skip_step": SkipStep,
    "change_limit": ChangeLimit,
}  # fmt: skip
"""What an edit is called in records; never renamed."""


def edit_to_json(edit: Edit) -> dict[str, Any]:
    """The edit as plain values: `kind`, one of `KINDS`, and its fields."""
    kind = next(name for name, its_type in KINDS.items() if its_type is type(edit))
    return {"kind": kind, **to_plain(edit)}


def edit_from_json(data: Any) -> Edit:
    """What `edit_to_json` was given. Raises EditError with every reason for what is no edit."""
    kind = data.get("kind") if isinstance(data, dict) else None
    if not isinstance(kind, str) or kind not in KINDS:
        raise EditError([f"The kind of an edit is one of {', '.join(KINDS)}."])
    try:
        edit: Edit = from_plain(KINDS[kind], {name: value for name, value in data.items() if name != "kind"})
    except PlainValueError as error:
        raise EditError(error.reasons) from None
    return edit


def apply_edit(xml: bytes, edit: Edit, origin: v.Origin | None = None) -> bytes:
    """The diagram with the edit made; `origin` is written on the step or parameter that it adds or changes.

    Raises EditError with every reason, among them what the checks find in the result and not before, and `DiagramError`.
    """
    root = read_xml(xml)
    ours = drawn_by_us(root)
    diagram = Diagram.of(xml, root)
    _ACTS[type(edit)](diagram, edit, origin)
    if not isinstance(edit, ChangeLimit):
        if ours:
            lay_out(root)
        else:
            place_new(root)
    edited = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    report = check_diagram(edited)
    if report.errors and (found := report.new_errors(check_diagram(xml))):
        raise EditError([f"{finding.element_id or 'The diagram'}: {finding.message}." for finding in found])
    return edited


# what each edit does


def _insert(diagram: Diagram, edit: InsertStep, origin: v.Origin | None) -> None:
    _put_in(diagram, edit.after, _with_origin(edit.step, origin))


def _repeat(diagram: Diagram, edit: RepeatStep, origin: v.Origin | None) -> None:
    node = _step_node(diagram, edit.step_id)
    assert node.step is not None
    copy = _put_in(diagram, edit.after or edit.step_id, _with_origin(replace(node.step, id=edit.new_id), origin))
    copy.tag = node.element.tag
    rename(copy, {edit.step_id: edit.new_id})


def _replace(diagram: Diagram, edit: ReplaceStep, origin: v.Origin | None) -> None:
    node = _step_node(diagram, edit.step_id)
    assert node.step is not None
    new, old = edit.step, node.step
    if reasons := list(_lost(diagram, old, new)):
        raise EditError(reasons)
    if new.id != old.id and (new.id in diagram.nodes or new.id in diagram.flows):
        raise EditError([f"{new.id} is the id of something else."])
    extension = node.element.find(f"{{{BPMN}}}extensionElements")
    assert extension is not None
    was = mes_elements(node.element, "step")[0]
    written = _write(extension, _with_origin(_placed_as(new, old), origin))
    extension.replace(was, written)
    written.tail = was.tail
    node.element.set("name", f"{new.id} {new.title}".strip())
    if new.id != old.id:
        rename(diagram.root, {old.id: new.id})


def _skip(diagram: Diagram, edit: SkipStep, origin: v.Origin | None) -> None:
    node = _step_node(diagram, edit.step_id)
    reasons = []
    outgoing = diagram.outgoing[node.id]
    if len(outgoing) != 1:
        reasons.append(f"{node.id} has {len(outgoing)} ways out, so what comes behind it is not known.")
    attached = [other for other in diagram.nodes.values() if other.attached_to == node.id]
    gone = [node.id]
    for event in attached:
        behind = _nowhere(diagram, event)
        if behind is None:
            reasons.append(f"{event.id}, which is attached to {node.id}, leads to something that would not happen any more.")
        else:
            gone += [event.id, *behind]
    reasons = [f"{reader.sentence}." for reader in readers(diagram, node.id) if reader.at not in gone] + reasons
    if reasons:
        raise EditError(reasons)
    scope = node.element.getparent()
    assert scope is not None
    flows = {e.get("id"): e for e in scope.findall(f"{{{BPMN}}}sequenceFlow")}
    for flow in diagram.incoming[node.id]:
        flows[flow.id].set("targetRef", outgoing[0].target)
    for name in gone:
        for flow in diagram.outgoing[name]:
            scope.remove(flows[flow.id])
        scope.remove(diagram.nodes[name].element)
    _say_flows(diagram.root, scope)


def _change_limit(diagram: Diagram, edit: ChangeLimit, origin: v.Origin | None) -> None:
    node = _step_node(diagram, edit.step_id)
    elements = mes_elements(node.element, "step")[0].findall(f"{{{v.NAMESPACE}}}parameter")
    element = next((e for e in elements if e.get("id") == edit.parameter_id), None)
    if element is None:
        raise EditError([f"{edit.step_id} has no parameter {edit.parameter_id}."])
    asked = {name: text for name in _LIMITS if (text := getattr(edit, name)) is not None}
    changed = {name: text for name, text in asked.items() if element.get(camel(name), "") != text}
    reasons = [] if changed else [f"No limit of {edit.step_id}.{edit.parameter_id} is another than before."]
    if not edit.why.strip():
        reasons.append("Say why the limit is another one.")
    if reasons:
        raise EditError(reasons)
    for name, text in changed.items():
        if text:
            element.set(camel(name), text)
        else:
            element.attrib.pop(camel(name), "")
    exclusive = [word for word in element.get("exclusive", "").split() if element.get(camel(word))]
    if "exclusive" in element.attrib:
        element.set("exclusive", " ".join(exclusive))
    element.set("why", edit.why)
    if origin is not None:
        write_element(element, "origin", origin)


_ACTS: dict[type[Edit], Callable[[Diagram, Any, v.Origin | None], None]] = {
    InsertStep: _insert, RepeatStep: _repeat, ReplaceStep: _replace, SkipStep: _skip, ChangeLimit: _change_limit,
}  # fmt: skip


# parts of them


def _step_node(diagram: Diagram, step_id: str) -> Node:
    node = diagram.nodes.get(step_id)
    if node is None or node.step is None:
        raise EditError([f"{step_id} is no step of this recipe."])
    if node.type not in _TASKS:
        raise EditError([f"{step_id} is an event, which can't be changed for one batch."])
    return node


def _put_in(diagram: Diagram, after: str, step: v.Step) -> etree._Element:
    """A task for a step on the way out of a node, or on a flow."""
    flows = [diagram.flows[after]] if after in diagram.flows else list(diagram.outgoing.get(after, ()))
    reasons = []
    if after not in diagram.flows and after not in diagram.nodes:
        reasons.append(f"{after} is neither a step nor a way of this recipe.")
    elif len(flows) != 1:
        ways = f"several ways out, one of {', '.join(flow.id for flow in flows)} has to be named" if flows else "no way out"
        reasons.append(f"{after} has {ways}.")
    if step.id in diagram.nodes or step.id in diagram.flows or step.id in diagram.scopes:
        reasons.append(f"{step.id} is the id of something else.")
    if reasons:
        raise EditError(reasons)
    flow, source = flows[0], diagram.nodes[flows[0].source]
    scope = source.element.getparent()
    assert scope is not None
    element = next(e for e in scope.findall(f"{{{BPMN}}}sequenceFlow") if e.get("id") == flow.id)
    task = etree.Element(f"{{{BPMN}}}userTask", id=step.id, name=f"{step.id} {step.title}".strip())
    before = source.step or _host_step(diagram, source)
    _write(etree.SubElement(task, f"{{{BPMN}}}extensionElements"), _placed_as(step, before) if before else step)
    onward = etree.Element(f"{{{BPMN}}}sequenceFlow", id=_free_id(diagram, f"{step.id}_to_{flow.target}"))
    onward.set("sourceRef", step.id)
    onward.set("targetRef", flow.target)
    element.set("targetRef", step.id)
    _insert_behind(source.element, task)
    _insert_behind(element, onward)
    _say_flows(diagram.root, scope)
    return task


def _host_step(diagram: Diagram, node: Node) -> v.Step | None:
    """The step an event is attached to."""
    host = diagram.nodes.get(node.attached_to)
    return host.step if host is not None else None


def _placed_as(step: v.Step, other: v.Step) -> v.Step:
    """A step that doesn't say where it belongs belongs where the other does."""
    return replace(
        step,
        unit_procedure=step.unit_procedure or other.unit_procedure,
        operation=step.operation or other.operation,
        day=step.day or other.day,
    )


def _write(extension: etree._Element, step: v.Step) -> etree._Element:
    written = write_element(extension, "step", step)
    written.attrib.pop("id", "")
    return written


def _with_origin(step: v.Step, origin: v.Origin | None) -> v.Step:
    return step if origin is None else replace(step, origins=(*step.origins, origin))


def _insert_behind(element: etree._Element, new: etree._Element) -> None:
    parent = element.getparent()
    assert parent is not None
    etree.indent(new, "  ", level=sum(1 for _ in element.iterancestors()))
    new.tail = element.tail
    parent.insert(parent.index(element) + 1, new)


def _say_flows(root: etree._Element, scope: etree._Element) -> None:
    """Nodes say their flows where the diagram does so at all."""
    if next(root.iter(f"{{{BPMN}}}incoming", f"{{{BPMN}}}outgoing"), None) is not None:
        write_flows(scope)


def _free_id(diagram: Diagram, wanted: str) -> str:
    ids = {e.get("id") for e in diagram.root.iter(etree.Element)}
    name, number = wanted[:95], 2
    while name in ids:
        name, number = f"{wanted[:95]}_{number}", number + 1
    return name


def _lost(diagram: Diagram, old: v.Step, new: v.Step) -> Iterator[str]:
    """What was collected, or is asked for, and would mean something else under the new definition."""
    if new.id == old.id:
        collected = [[(p.id, p.type, p.uom, p.formula) for p in step.parameters] for step in (old, new)]
        if sorted(collected[0]) != sorted(collected[1]):
            yield f"The new {old.id} collects other data, so it needs an id of its own."
        return
    for reader in readers(diagram, old.id):
        name = reader.name.partition(".")[2]
        if name in ("", "start", "end"):
            continue
        before, after = old.parameter(name), new.parameter(name)
        if after is None:
            yield f"{reader.sentence}, which {new.id} doesn't record."
        elif before is not None and (before.type, before.uom) != (after.type, after.uom):
            yield f"{reader.sentence}, which {new.id} records otherwise."


def _nowhere(diagram: Diagram, event: Node) -> list[str] | None:
    """What stands behind an attached event if nothing happens there: an end; None where something does."""
    found: list[str] = []
    waiting = [flow.target for flow in diagram.outgoing[event.id]]
    while waiting:
        node = diagram.nodes[waiting.pop()]
        if node.type != "endEvent" or node.event or len(diagram.incoming[node.id]) > 1:
            return None
        found.append(node.id)
    return found
