"""The tree of a diagram put together from two: of every scope, node, parameter and hold time one side is taken.

Both sides call everything alike (see `bpmn.composition`, which says which side is wanted). Nothing is judged here: what
comes out may be nonsense, and is proven or refused by the caller.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass

from lxml import etree

from bpmn.diagram import BPMN, mes_elements
from bpmn.diff.matching import SCOPES, Side
from bpmn.diff.parts import everything, is_drawing, keyed_children
from bpmn.diff.subjects import EVENT_CODES

KEPT_OF_HEADER = ("id", "revision", "title")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is taken from the proposed side: structure by scope, steps, parameters by step and id, hold times, the header."""

    structure: Callable[[str], bool]
    step: Callable[[str], bool]
    parameter: Callable[[str, str], bool]
    hold: Callable[[str], bool]
    header: bool


class Merge:
    """One composition. `redrawn`: the scopes whose nodes and flows are those of the proposed side."""

    def __init__(self, base: Side, proposed: Side, wanted: Wanted) -> None:
        self._base, self._proposed, self._wanted = base, proposed, wanted
        self._sides = (base, proposed)
        self._scopes = tuple({e.get("id", ""): e for e in _scopes_of(side)} for side in self._sides)
        self.redrawn: set[str] = set()

    def root(self) -> etree._Element:
        """The whole document; the drawing is still the base's."""
        old, new = self._base.diagram.root, self._proposed.diagram.root
        root = deepcopy(old)
        processes = self._processes()
        first = next((i for i, child in enumerate(root) if child.tag == f"{{{BPMN}}}process"), len(root))
        for process in root.findall(f"{{{BPMN}}}process"):
            root.remove(process)
        for place, process in enumerate(processes):
            root.insert(first + place, process)
        if self._wanted.header:
            self._beside(root, new)
        self._event_codes(root, new)
        self._repair(root)
        return root

    # processes and scopes

    def _processes(self) -> list[etree._Element]:
        there = [set(side.processes) for side in self._sides]
        found = []
        for name in dict.fromkeys([*self._base.processes, *self._proposed.processes]):
            in_base, in_proposed = (name in side for side in there)
            if in_base and in_proposed:
                found.append(self._process(name))
            elif self._wanted.structure(name) == in_proposed:
                found.append(self._scope(name, in_proposed, in_proposed))
        return found

    def _process(self, name: str) -> etree._Element:
        merged = self._scope(name, self._wanted.header, self._wanted.structure(name))
        elements = [self._scopes[0][name], self._scopes[1][name], merged]
        headers = [mes_elements(e, "recipe") for e in elements]
        if name == self._base.diagram.process_id and all(headers):
            _set(merged, "name", elements[0].get("name"))
            self._header(*(found[0] for found in headers))
        return merged

    def _header(self, old: etree._Element, new: etree._Element, merged: etree._Element) -> None:
        for attribute in KEPT_OF_HEADER:
            _set(merged, attribute, old.get(attribute))
        self._lists(old, new, merged, "holdTime", self._wanted.hold, self._wanted.header)

    def _lists(
        self, old: etree._Element, new: etree._Element, merged: etree._Element, name: str, wanted: Callable[[str], bool],
        own_new: bool,
    ) -> None:  # fmt: skip
        """Take each of `merged`'s (a copy of `old` or `new`) from the side it is wanted from, at the place it has there."""
        sides = [{(kind, key): e for kind, key, e in keyed_children(side, everything, False)} for side in (old, new)]
        there = {(kind, key): e for kind, key, e in keyed_children(merged, everything, False)}
        for item in dict.fromkeys([*sides[own_new], *sides[not own_new]]):
            if item[0] != f"mes:{name}":
                continue
            by_new = wanted(item[1])
            chosen, present = sides[by_new].get(item), there.get(item)
            if chosen is None:
                if present is not None:
                    merged.remove(there.pop(item))
            elif present is None:
                there[item] = copy = deepcopy(chosen)
                earlier = list(sides[by_new])[: list(sides[by_new]).index(item)]
                before = next((there[one] for one in reversed(earlier) if one in there), None)
                merged.insert(merged.index(before) + 1 if before is not None else 0, copy)
            elif by_new != own_new:
                there[item] = copy = deepcopy(chosen)
                merged.replace(present, copy)

    def _scope(self, scope: str, own_new: bool, by_new: bool) -> etree._Element:
        """A process or subprocess: what it says of itself from one side, its nodes and flows from one of them too."""
        own, drawn = self._scopes[own_new][scope], self._scopes[by_new][scope]
        own_side, side = self._sides[own_new], self._sides[by_new]
        if by_new and scope in self._base.diagram.scopes:
            self.redrawn.add(scope)
        merged = deepcopy(own)
        structure = [own_side.is_part(child) for child in own]
        first = structure.index(False) if False in structure else len(structure)
        for child, is_part in zip(list(merged), structure, strict=True):
            if not is_part:
                merged.remove(child)
        nodes = [child for child in drawn if not side.is_part(child)]
        for place, child in enumerate(nodes, first):
            merged.insert(place, deepcopy(child) if _local(child) == "sequenceFlow" else self._node(child, by_new))
        return merged

    # nodes

    def _node(self, element: etree._Element, by_new: bool) -> etree._Element:
        node_id = element.get("id", "")
        old, new = (side.diagram.nodes.get(node_id) for side in (self._base, self._proposed))
        if old is not None and new is not None:
            if old.step is not None and new.step is not None:
                return self._step(node_id, old.element, new.element, by_new)
            if old.type in SCOPES and new.type in SCOPES:
                own = self._wanted.structure(node_id)
                return self._with_place(self._scope(node_id, own, own), element)
        chosen = new if by_new else old
        if chosen is not None and chosen.type in SCOPES:
            return self._scope(node_id, by_new, by_new)
        return deepcopy(element)

    def _step(self, node_id: str, old: etree._Element, new: etree._Element, by_new: bool) -> etree._Element:
        by_step = self._wanted.step(node_id)
        merged = self._with_place(deepcopy(new if by_step else old), new if by_new else old)
        before, after, own = (mes_elements(e, "step")[0] for e in (old, new, merged))
        self._lists(before, after, own, "parameter", lambda key: self._wanted.parameter(node_id, key), by_step)
        return merged

    def _with_place(self, merged: etree._Element, placed: etree._Element) -> etree._Element:
        """Which flows lead to a node, and what it is attached to, is structure."""
        _set(merged, "attachedToRef", placed.get("attachedToRef"))
        _set_flows(merged, [deepcopy(e) for e in placed if _local(e) in ("incoming", "outgoing")])
        return merged

    # what stands beside the processes

    def _beside(self, root: etree._Element, new: etree._Element) -> None:
        """What the proposed file says of itself; messages and escalations follow what refers to them."""
        for attribute in {*root.attrib, *new.attrib}:
            _set(root, str(attribute), new.get(attribute))
        places = {"process", *EVENT_CODES}
        for child in [e for e in root if _local(e) not in places and not is_drawing(e)]:
            root.remove(child)
        first = next((i for i, e in enumerate(root) if is_drawing(e)), len(root))
        for child in [e for e in new if _local(e) not in places and not is_drawing(e)]:
            after = any(_local(e) == "process" for e in child.itersiblings(preceding=True))
            root.insert(first if after else 0, deepcopy(child))
            first += 1

    def _event_codes(self, root: etree._Element, new: etree._Element) -> None:
        for name in EVENT_CODES:
            used = {e.get(f"{name}Ref") for e in root.iter(f"{{{BPMN}}}{name}EventDefinition")}
            there = {e.get("id"): e for e in root.findall(f"{{{BPMN}}}{name}")}
            proposed = {e.get("id"): e for e in new.findall(f"{{{BPMN}}}{name}")}
            referred = {e.get(f"{name}Ref") for e in self._base.diagram.root.iter(f"{{{BPMN}}}{name}EventDefinition")}
            for key, element in there.items():
                gone = key not in proposed and (key in referred or self._wanted.header)
                if key not in used and gone:
                    root.remove(element)
                elif key in proposed and self._wanted.header:
                    root.replace(element, deepcopy(proposed[key]))
            referred = {e.get(f"{name}Ref") for e in new.iter(f"{{{BPMN}}}{name}EventDefinition")}
            for key, element in proposed.items():
                if key not in there and (key in used or (self._wanted.header and key not in referred)):
                    root.insert(0, deepcopy(element))

    # what has to fit again

    def _repair(self, root: etree._Element) -> None:
        """Ids of flows that both sides gave to another flow, which flows a node of a redrawn scope has, dead associations."""
        _one_id_each(root)
        for scope in root.iter(f"{{{BPMN}}}process", *(f"{{{BPMN}}}{n}" for n in SCOPES)):
            if scope.get("id", "") in self.redrawn and self._says_flows():
                write_flows(scope)
        ids = {e.get("id") for e in root.iter(f"{{{BPMN}}}*")}
        for association in list(root.iter(f"{{{BPMN}}}association")):
            parent = association.getparent()
            if parent is not None and not {association.get("sourceRef"), association.get("targetRef")} <= ids:
                parent.remove(association)

    def _says_flows(self) -> bool:
        sides = (self._base, self._proposed)
        return any(next(side.diagram.root.iter(f"{{{BPMN}}}incoming"), None) is not None for side in sides)


def write_flows(scope: etree._Element) -> None:
    """Say at every node of a scope which flows come and go, as the flows do."""
    flows = scope.findall(f"{{{BPMN}}}sequenceFlow")
    for node in scope:
        if not isinstance(node.tag, str) or node.tag == f"{{{BPMN}}}sequenceFlow" or not node.get("id"):
            continue
        ends = []
        for name, end in (("incoming", "targetRef"), ("outgoing", "sourceRef")):
            for flow in flows:
                if flow.get(end) == node.get("id"):
                    ends.append(etree.Element(f"{{{BPMN}}}{name}"))
                    ends[-1].text = flow.get("id")
        if ends or any(_local(e) in ("incoming", "outgoing") for e in node):
            _set_flows(node, ends)


def _set_flows(node: etree._Element, ends: Sequence[etree._Element]) -> None:
    for element in [e for e in node if _local(e) in ("incoming", "outgoing")]:
        node.remove(element)
    first = 1 + max((i for i, e in enumerate(node) if _local(e) in ("documentation", "extensionElements")), default=-1)
    for offset, element in enumerate(ends):
        node.insert(first + offset, element)


def _one_id_each(root: etree._Element) -> None:
    """Where a flow, or something that nothing refers to, has an id that another element has, it gets another."""
    seen: dict[str, etree._Element] = {}
    elements = [e for e in root.iter(f"{{{BPMN}}}*") if e.get("id")]
    for element in [e for e in elements if _local(e) != "sequenceFlow"]:
        seen.setdefault(element.get("id", ""), element)
    for element in elements:
        name = element.get("id", "")
        if seen.setdefault(name, element) is element:
            continue
        number = 2
        while f"{name}_{number}" in seen:
            number += 1
        fresh = f"{name}_{number}"
        if _local(element) == "sequenceFlow":
            parent = element.getparent()
            for node in parent if parent is not None else ():
                if node.get("id") == element.get("sourceRef") and node.get("default") == name:
                    node.set("default", fresh)
        elif not _local(element).endswith(("Definition", "Characteristics", "Expression", "Condition", "Cardinality")):
            continue
        element.set("id", fresh)
        seen[fresh] = element


def _scopes_of(side: Side) -> list[etree._Element]:
    return [
        *side.diagram.root.findall(f"{{{BPMN}}}process"),
        *(n.element for n in side.diagram.nodes.values() if n.type in SCOPES),
    ]


def _local(element: etree._Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _set(element: etree._Element, attribute: str, value: str | None) -> None:
    if value is None:
        element.attrib.pop(attribute, "")
    else:
        element.set(attribute, value)
