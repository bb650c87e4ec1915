"""A recipe diagram as read from its XML: nodes, flows, scopes and our own elements, in document order.

Reading never judges: what is fit to run is said by `bpmn.checks`. A diagram that passed the checks reads without loss.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import MISSING, dataclass, field, fields
from functools import cache, cached_property
from sys import intern
from typing import Any, get_type_hints

from lxml import etree

from bpmn import vocabulary as v
from bpmn.reading import canonical_hash, read_xml

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
_NOT_NODES = {
    "extensionElements", "documentation", "sequenceFlow", "laneSet", "ioSpecification", "dataObject",
    "dataObjectReference",
    "dataStoreReference", "textAnnotation", "association", "group", "property", "incoming", "outgoing",
    "standardLoopCharacteristics", "multiInstanceLoopCharacteristics", "auditing", "monitoring", "performer",
    "humanPerformer", "potentialOwner", "resourceRole", "dataInputAssociation", "dataOutputAssociation", "script",
}


@dataclass(frozen=True, slots=True)
class Flow:
    """A sequence flow. `condition` is expression text, empty where there is none."""

    id: str
    source: str
    target: str
    condition: str
    name: str
    line: int
    scope: str


@dataclass(frozen=True, slots=True)
class Node:
    """A flow node. `type` is the BPMN local name; `event` the local name of its event definition, empty for none.

    `scope` is the id of the process or subprocess that holds it. `element` is the XML, for what is not modelled here.
    """

    id: str
    type: str
    name: str
    scope: str
    line: int
    element: etree._Element
    event: str = ""
    attached_to: str = ""
    interrupting: bool = True
    default: str = ""
    step: v.Step | None = None
    timer: v.Timer | None = None
    loop: v.Loop | None = None
    service: v.Service | None = None


@dataclass(frozen=True)
class Diagram:
    """The recipe's process, the first one, and the processes it calls, with their scopes.

    `scopes` maps a scope id (of a process or subprocess) to the ids of its nodes, in document order.
    """

    xml: bytes
    root: etree._Element = field(repr=False, compare=False)
    process_id: str
    recipe: v.Recipe
    nodes: dict[str, Node] = field(default_factory=dict)
    flows: dict[str, Flow] = field(default_factory=dict)
    scopes: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def parse(cls, xml: bytes) -> Diagram:
        """Read untrusted bytes under the limits of `bpmn.reading`; raises `DiagramError`."""
        return cls.of(xml, read_xml(xml))

    @classmethod
    def of(cls, xml: bytes, root: etree._Element) -> Diagram:
        """The diagram of these bytes, already read."""
        processes = root.findall(f"{{{BPMN}}}process")
        process_id = processes[0].get("id", "") if processes else ""
        recipe = _read_recipe(processes[0]) if processes else v.Recipe(id="", revision="")
        diagram = cls(xml=xml, root=root, process_id=process_id, recipe=recipe)
        for process in processes:
            _read_scope(diagram, process)
        return diagram

    @cached_property
    def hash(self) -> str:
        """SHA-256 (hex) of the canonical XML: the identity of a revision."""
        return canonical_hash(self.xml)

    @cached_property
    def steps(self) -> dict[str, v.Step]:
        """The recipe's steps by id, in document order."""
        return {n.id: n.step for n in self.nodes.values() if n.step is not None}

    @cached_property
    def outgoing(self) -> dict[str, tuple[Flow, ...]]:
        """Flows that leave a node, by node id."""
        return self._by("source")

    @cached_property
    def incoming(self) -> dict[str, tuple[Flow, ...]]:
        """Flows that enter a node, by node id."""
        return self._by("target")

    def _by(self, end: str) -> dict[str, tuple[Flow, ...]]:
        found: dict[str, list[Flow]] = {node_id: [] for node_id in self.nodes}
        for flow in self.flows.values():
            found.setdefault(getattr(flow, end), []).append(flow)
        return {key: tuple(flows) for key, flows in found.items()}

    def ancestors(self, node_id: str) -> Iterator[str]:
        """The scopes around a node, innermost first, ending with the process id."""
        scope, seen = self.nodes[node_id].scope, {node_id}
        while scope in self.nodes and scope not in seen:  # an id used twice could make a circle
            seen.add(scope)
            yield scope
            scope = self.nodes[scope].scope
        yield scope


def mes_elements(element: etree._Element, name: str) -> list[etree._Element]:
    """Our extension elements of that name directly under an element's `extensionElements`."""
    return [
        child
        for extension in element.findall(f"{{{BPMN}}}extensionElements")
        for child in extension.findall(f"{{{v.NAMESPACE}}}{name}")
    ]


def camel(name: str) -> str:
    """The XML attribute of a field: `nor_low` -> `norLow`."""
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)


_ATTRIBUTE = {"parameter_class": "class", "from_event": "from", "to_events": "to"}
_CHILDREN: dict[tuple[type, str], tuple[str, type | str]] = {
    (v.Parameter, "choices"): ("choice", v.Choice),
    (v.Parameter, "origins"): ("origin", v.Origin),
    (v.Step, "origins"): ("origin", v.Origin),
    (v.Step, "signatures"): ("signature", v.Signature),
    (v.Step, "equipment"): ("equipment", "class"),
    (v.Step, "materials"): ("material", "name"),
    (v.Step, "scans"): ("scan", v.Scan),
    (v.Step, "deviations"): ("deviation", v.Deviation),
    (v.Step, "parameters"): ("parameter", v.Parameter),
    (v.Recipe, "order_fields"): ("orderField", v.OrderField),
    (v.Recipe, "hold_times"): ("holdTime", v.HoldTime),
}


def attribute_name(kind: type, name: str) -> str:
    """The XML attribute (or child element) that carries a field of one of our dataclasses."""
    child = _CHILDREN.get((kind, name))
    return child[0] if child else _ATTRIBUTE.get(name, camel(name))


@cache
def _fields_of(kind: type) -> tuple[dict[str, Any], dict[str, tuple[str, str]], list[tuple[str, str, Any]]]:
    """How a class is read: its defaults; (field, sort) by attribute; (field, element, class or attribute) of lists."""
    hints = get_type_hints(kind)
    defaults = {f.name: "" if f.default is MISSING else f.default for f in fields(kind)}
    children = [(f.name, *_CHILDREN[kind, f.name]) for f in fields(kind) if (kind, f.name) in _CHILDREN]
    attributes: dict[str, tuple[str, str]] = {}
    for f in fields(kind):
        if (kind, f.name) not in _CHILDREN:
            sort = "words" if "tuple" in str(hints[f.name]) else getattr(hints[f.name], "__name__", "str")
            attributes[attribute_name(kind, f.name)] = (f.name, sort)
    return defaults, attributes, children


def read_element(kind: type, element: etree._Element, **given: Any) -> Any:
    """One of our dataclasses from its XML element. Unknown attributes and bad numbers are left to the checks."""
    defaults, attributes, children = _fields_of(kind)
    values = dict(defaults)
    for attribute, text in element.attrib.items():
        name, sort = attributes.get(str(attribute), ("", ""))
        if sort == "int":
            values[name] = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else defaults[name]
        elif sort == "bool":
            values[name] = text == "true"
        elif sort == "words":
            values[name] = tuple(intern(word) for word in str(text).split())
        elif sort:
            values[name] = intern(str(text))  # a recipe says the same few words thousands of times
    for name, child, what in children:
        found = element.findall(f"{{{v.NAMESPACE}}}{child}")
        values[name] = tuple(e.get(what, "") if isinstance(what, str) else read_element(what, e) for e in found)
    return kind(**(values | given))


def write_element(parent: etree._Element, name: str, value: Any) -> etree._Element:
    """Append one of our dataclasses as an XML element; defaults are left out. `read_element` gives it back equal."""
    element = etree.SubElement(parent, f"{{{v.NAMESPACE}}}{name}")
    for f in fields(value):
        content = getattr(value, f.name)
        child = _CHILDREN.get((type(value), f.name))
        if child:
            for item in content:
                if isinstance(child[1], str):
                    etree.SubElement(element, f"{{{v.NAMESPACE}}}{child[0]}").set(child[1], item)
                else:
                    write_element(element, child[0], item)
        elif content != f.default:
            text = " ".join(content) if isinstance(content, tuple) else content
            element.set(attribute_name(type(value), f.name), str(text).lower() if isinstance(text, bool) else str(text))
    return element


def _line(element: etree._Element) -> int:
    line: object = element.sourceline
    return line if isinstance(line, int) else 0


def _read_recipe(process: etree._Element) -> v.Recipe:
    found = mes_elements(process, "recipe")
    return read_element(v.Recipe, found[0]) if found else v.Recipe(id="", revision="")


def _read_scope(diagram: Diagram, scope: etree._Element) -> None:
    scope_id = scope.get("id", "")
    members: list[str] = []
    for element in scope:
        if not isinstance(element.tag, str) or not element.tag.startswith(f"{{{BPMN}}}"):
            continue
        name = element.tag.rpartition("}")[2]
        if name == "sequenceFlow":
            flow = _read_flow(element, scope_id)
            diagram.flows[flow.id] = flow
        elif name not in _NOT_NODES:
            node = _read_node(element, name, scope_id)
            diagram.nodes[node.id] = node
            members.append(node.id)
            if name in ("subProcess", "adHocSubProcess", "transaction"):
                _read_scope(diagram, element)
    diagram.scopes[scope_id] = tuple(members)


def _read_flow(element: etree._Element, scope_id: str) -> Flow:
    condition = element.findtext(f"{{{BPMN}}}conditionExpression") or ""
    return Flow(
        element.get("id", ""), element.get("sourceRef", ""), element.get("targetRef", ""), condition.strip(),
        element.get("name", ""), _line(element), scope_id,
    )


def _read_node(element: etree._Element, name: str, scope_id: str) -> Node:
    events = [c.tag.rpartition("}")[2] for c in element if isinstance(c.tag, str) and c.tag.endswith("EventDefinition")]
    ours: dict[object, etree._Element] = {}
    for extension in element.findall(f"{{{BPMN}}}extensionElements"):
        for child in extension:
            ours.setdefault(child.tag, child)
    step, timer, loop, service = (ours.get(f"{{{v.NAMESPACE}}}{tag}") for tag in ("step", "timer", "loop", "service"))
    return Node(
        id=element.get("id", ""), type=name, name=element.get("name", ""), scope=scope_id, line=_line(element),
        element=element, event=events[0] if events else "", attached_to=element.get("attachedToRef", ""),
        interrupting=element.get("cancelActivity", "true") != "false", default=element.get("default", ""),
        step=read_element(v.Step, step, id=element.get("id", "")) if step is not None else None,
        timer=read_element(v.Timer, timer) if timer is not None else None,
        loop=read_element(v.Loop, loop) if loop is not None else None,
        service=read_element(v.Service, service) if service is not None else None,
    )
