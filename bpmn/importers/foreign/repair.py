"""What is offered to mend a diagram of another modeler, and the diagram while it is being mended."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from lxml import etree

from bpmn.checks.report import line_of
from bpmn.checks.schema import FLOW_NODES
from bpmn.diagram import BPMN, mes_elements
from bpmn.vocabulary import NAMESPACE


@dataclass(frozen=True, slots=True)
class Repair:
    """One change to the diagram: what, and the words before and after. Only what a person agreed to is `applied`.

    `key` names it when they choose. `safe`: the process stays what it was, so it is agreed to unless somebody objects.
    `element_id` and `line` are those of the file as it came.
    """

    key: str
    element_id: str
    line: int
    what: str
    before: str
    after: str
    safe: bool = True
    applied: bool = False


@dataclass
class Workbench:
    """The diagram under repair. `decided` says of a repair whether it is agreed to; of others, that they are safe does."""

    root: etree._Element
    decided: Mapping[str, bool] = field(default_factory=dict)
    repairs: list[Repair] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    _nodes: list[etree._Element] | None = None
    _flows: list[etree._Element] | None = None
    _by_end: dict[str, dict[str, list[etree._Element]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.ids |= {str(e.get("id")) for e in self.root.iter(etree.Element) if e.get("id")}

    def offer(
        self, kind: str, element: etree._Element, what: str, before: str, after: str, mend: Callable[[], None], safe: bool = True
    ) -> bool:
        """Put a repair on the list, and make it where it is agreed to."""
        element_id = nearest_id(element)
        repair = Repair(f"{kind}:{element_id}", element_id, line_of(element), what, before, after, safe)
        number = sum(other.key.partition("#")[0] == repair.key for other in self.repairs)
        if number:
            repair = replace(repair, key=f"{repair.key}#{number + 1}")
        agreed = self.decided.get(repair.key, safe)
        if agreed:
            mend()
            self._nodes = self._flows = None
            self._by_end.clear()
        self.repairs.append(replace(repair, applied=agreed))
        return agreed

    def new_id(self, wish: str) -> str:
        """An id that nothing has yet, and that the checks accept."""
        base = re.sub(r"[^A-Za-z0-9_-]+", "_", wish).strip("_-")[:80] or "element"
        if not re.match(r"[A-Za-z_]", base) or base.lower() in ("start", "end", "root"):
            base = f"_{base}"
        found, number = base, 1
        while found in self.ids:
            number += 1
            found = f"{base}_{number}"
        self.ids.add(found)
        return found

    def processes(self) -> list[etree._Element]:
        """The processes, the recipe's first."""
        return self.root.findall(f"{{{BPMN}}}process")

    def nodes(self) -> Iterator[etree._Element]:
        """Every step, event and gateway that has an id, in document order; of others nothing can be said."""
        if self._nodes is None:
            elements = self.root.iter(f"{{{BPMN}}}*")
            self._nodes = [element for element in elements if local(element) in FLOW_NODES and element.get("id")]
        yield from self._nodes

    def flows(self) -> list[etree._Element]:
        """Every sequence flow that has an id."""
        if self._flows is None:
            self._flows = [flow for flow in self.root.iter(bpmn("sequenceFlow")) if flow.get("id")]
        return self._flows

    def outgoing(self, node: etree._Element) -> list[etree._Element]:
        """The flows that leave a node, as drawn."""
        return self._ends("sourceRef").get(node.get("id", ""), [])

    def incoming(self, node: etree._Element) -> list[etree._Element]:
        """The flows that enter a node."""
        return self._ends("targetRef").get(node.get("id", ""), [])

    def _ends(self, end: str) -> dict[str, list[etree._Element]]:
        """The flows by the node at one of their ends."""
        if end not in self._by_end:
            found: dict[str, list[etree._Element]] = {}
            for flow in self.flows():
                found.setdefault(flow.get(end, ""), []).append(flow)
            self._by_end[end] = found
        return self._by_end[end]

    def connect(self, scope: etree._Element, source: str, target: str) -> etree._Element:
        """A new flow, named by both ends; `incoming` and `outgoing` are left out, they say nothing of their own."""
        flow_id = self.new_id(f"{source}_to_{target}")
        return etree.SubElement(scope, bpmn("sequenceFlow"), id=flow_id, sourceRef=source, targetRef=target)


def bpmn(name: str) -> str:
    """The tag of a BPMN element."""
    return f"{{{BPMN}}}{name}"


def local(element: etree._Element) -> str:
    """The name of an element without its namespace."""
    return str(element.tag).rpartition("}")[2]


def called(element: etree._Element) -> str:
    """How a person finds an element in the other modeler."""
    name = " ".join(element.get("name", "").split())
    return f"{local(element)} '{name}'" if name else f"{local(element)} {element.get('id', '')}"


def nearest_id(element: etree._Element) -> str:
    """The id of an element, or of the nearest around it."""
    named: etree._Element | None = element
    while named is not None and not named.get("id"):
        named = named.getparent()
    return named.get("id", "") if named is not None else ""


def extension(element: etree._Element, name: str) -> etree._Element:
    """Our extension element on a BPMN element, made where it is missing; other vendors' elements beside it stay."""
    found = mes_elements(element, name)
    if found:
        return found[0]
    holder = element.find(bpmn("extensionElements"))
    if holder is None:
        holder = etree.Element(bpmn("extensionElements"))
        place = sum(1 for _ in element.iterchildren(bpmn("documentation")))
        element.insert(place, holder)
    return etree.SubElement(holder, f"{{{NAMESPACE}}}{name}")


_KEPT = "Imported as "


def remark(element: etree._Element, text: str) -> None:
    """Keep words as documentation of an element, where its own place for them is gone."""
    note = etree.Element(bpmn("documentation"))
    note.text = _KEPT + text
    element.insert(0, note)


def text_of(element: etree._Element) -> str:
    """The documentation of an element, without what was kept there of another program."""
    notes = ("".join(map(str, note.itertext())) for note in element.iterchildren(bpmn("documentation")))
    return "\n".join(" ".join(note.split()) for note in notes if note.strip() and not note.startswith(_KEPT))
