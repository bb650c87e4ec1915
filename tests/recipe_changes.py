"""Random changes of a recipe, such as a process owner may draw: harmless ones, and ones that no running batch could bear."""

from __future__ import annotations

import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from lxml import etree

from bpmn import vocabulary as v
from bpmn.checks import check_diagram
from bpmn.diagram import BPMN, Diagram
from bpmn.edits import ChangeLimit, EditError, InsertStep, RepeatStep, SkipStep, apply_edit
from bpmn.new_diagram import with_header

MES = f"{{{v.NAMESPACE}}}"
SIGNED = v.Signature("P", ("MFG_OP",), ("performed_by",))
Root = Any


def changed_recipe(xml: bytes, chance: random.Random, revision: str = "2.0") -> bytes | None:
    """The recipe with one to three changes, if it is still fit to run; None where chance drew nothing that is."""
    checked = True
    for _ in range(chance.choice([1, 1, 1, 2, 3])):
        change = chance.choice(_CHANGES)
        try:
            changed = change(xml, chance)
        except EditError:
            continue
        if changed:
            xml, checked = changed, checked and change in _EDITS  # what an edit gives has passed every check
    return with_header(xml.decode(), revision=revision).encode() if checked or check_diagram(xml).ok else None


def _limit(xml: bytes, chance: random.Random) -> bytes | None:
    found = [(s.id, p) for s in Diagram.parse(xml).steps.values() for p in s.parameters if p.type == "num" and p.par_high]
    if not found:
        return None
    step_id, p = chance.choice(found)
    return apply_edit(xml, ChangeLimit(step_id, p.id, "Another study", par_high=str(Decimal(p.par_high) + 7)))


def _insert(xml: bytes, chance: random.Random) -> bytes:
    diagram = Diagram.parse(xml)
    places = [n.id for n in diagram.nodes.values() if n.type in ("userTask", "manualTask", "subProcess", "startEvent")]
    new = v.Step(f"N{chance.randrange(10**6)}", "One step more", signatures=(SIGNED,))
    return apply_edit(xml, InsertStep(chance.choice(places), new))


def _repeat(xml: bytes, chance: random.Random) -> bytes | None:
    steps = list(Diagram.parse(xml).steps)
    return apply_edit(xml, RepeatStep(chance.choice(steps), f"R{chance.randrange(10**6)}")) if steps else None


def _skip(xml: bytes, chance: random.Random) -> bytes | None:
    steps = list(Diagram.parse(xml).steps)
    return apply_edit(xml, SkipStep(chance.choice(steps))) if len(steps) > 1 else None


def _by_hand(edit: Callable[[Root, random.Random], None]) -> Callable[[bytes, random.Random], bytes]:
    def edited(xml: bytes, chance: random.Random) -> bytes:
        root = etree.fromstring(xml)
        edit(root, chance)
        return etree.tostring(root)

    return edited


def _of_some(name: str, attribute: str, *values: str) -> Callable[[Root, random.Random], None]:
    """Another value of an attribute somewhere."""

    def edit(root: Root, chance: random.Random) -> None:
        found = list(root.iter(f"{MES}{name}"))
        if found:
            chance.choice(found).set(attribute, chance.choice(values))

    return edit


def _parameter_gone(root: Root, chance: random.Random) -> None:
    found = list(root.iter(f"{MES}parameter"))
    if found:
        one = chance.choice(found)
        one.getparent().remove(one)


def _parameter_more(root: Root, chance: random.Random) -> None:
    found = list(root.iter(f"{MES}step"))
    if found:
        more = {"id": f"p{chance.randrange(10**6)}", "name": "One more", "type": "num", "uom": "1", "optional": "true"}
        etree.SubElement(chance.choice(found), f"{MES}parameter", more)


def _condition(root: Root, chance: random.Random) -> None:
    found = list(root.iter(f"{{{BPMN}}}conditionExpression"))
    if found:
        one = chance.choice(found)
        one.text = f"not ({one.text})" if chance.random() < 0.6 else chance.choice(["true", "false"])


_EDITS: list[Callable[[bytes, random.Random], bytes | None]] = [_limit, _limit, _insert, _insert, _repeat, _skip]
_CHANGES = [
    *_EDITS,
    _by_hand(_of_some("parameter", "uom", "g", "mL")),
    _by_hand(_of_some("parameter", "name", "Another name")),
    _by_hand(_of_some("step", "title", "Called otherwise")),
    _by_hand(_of_some("step", "instruction", "Do it with care.")),
    _by_hand(_parameter_gone), _by_hand(_parameter_more), _by_hand(_parameter_more), _by_hand(_condition),
]  # fmt: skip
