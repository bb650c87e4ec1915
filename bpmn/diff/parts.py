"""A diagram without its drawing: what an element says, as a small tree in which equal meaning is equal value.

Layout, namespace prefixes, order of attributes, white space, attributes that state their default, ids that nothing can
refer to, and which program wrote the file are not in it. Everything else is, also what we don't know.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import MISSING, dataclass, fields
from functools import cache

from lxml import etree

from bpmn import vocabulary as v
from bpmn.diagram import BPMN, attribute_name

XSI = "http://www.w3.org/2001/XMLSchema-instance"
_DMN = ("http://www.omg.org/spec/DMN/", "https://www.omg.org/spec/DMN/")
_DRAWING = ("/BPMN/20100524/DI", "/DD/20100524/D", "/DMN/20180521/DI/", "/DMN/20180521/DC/", "DMNDI/")
_WHO_WROTE = ("exporter", "exporterVersion")
_MODELER = "http://camunda.org/schema/modeler/1.0"
_NOT_SAID = frozenset({"incoming", "outgoing"})  # the flows say it

KINDS: dict[str, type] = {
    "mes:recipe": v.Recipe, "mes:step": v.Step, "mes:loop": v.Loop, "mes:timer": v.Timer, "mes:service": v.Service,
    "mes:parameter": v.Parameter, "mes:signature": v.Signature, "mes:scan": v.Scan, "mes:choice": v.Choice,
    "mes:deviation": v.Deviation, "mes:orderField": v.OrderField, "mes:holdTime": v.HoldTime, "mes:origin": v.Origin,
}  # fmt: skip
"""Our own elements and what they are; their defaults need not be written."""

_BPMN_DEFAULTS = {
    "isInterrupting": "true", "cancelActivity": "true", "isSequential": "false", "testBefore": "false",
    "triggeredByEvent": "false", "isForCompensation": "false", "startQuantity": "1", "completionQuantity": "1",
    "parallelMultiple": "false", "processType": "None", "isClosed": "false", "isImmediate": "true",
    "gatewayDirection": "Unspecified", "isCollection": "false", "isUnlimited": "true", "instantiate": "false",
    "implementation": "##unspecified",
}  # fmt: skip
_KEYS: dict[str, tuple[str, ...]] = {
    "mes:parameter": ("id",), "mes:holdTime": ("id",), "mes:orderField": ("name",), "mes:signature": ("code",),
    "mes:scan": ("kind",), "mes:choice": ("value",), "mes:equipment": ("class",), "mes:material": ("name",),
    "mes:deviation": ("text",), "message": ("name",), "escalation": ("escalationCode",),
}  # fmt: skip
"""What tells an element from its siblings; the others are told apart by their number."""

_REFERRED = frozenset({
    "textAnnotation", "association", "group", "laneSet", "lane", "dataObject", "dataObjectReference", "dataStoreReference",
    "dataStore", "participant", "collaboration", "messageFlow", "category", "signal", "error", "itemDefinition",
})  # fmt: skip
"""What stands beside the nodes and is referred to by its id."""


@dataclass(frozen=True, slots=True)
class Part:
    """An XML element as it is compared. `key` tells it from its siblings of the same name.

    `values`: attributes by name, and under "" the text. `parts`: the elements in it, in their order.
    """

    name: str
    key: str
    values: dict[str, str]
    parts: tuple[Part, ...] = ()

    def get(self, attribute: str) -> str:
        """The value of an attribute; empty where it is not written."""
        return self.values.get(attribute, "")

    def said(self) -> str:
        """All of it as one text, for telling equal ones."""
        inside = "".join(part.said() for part in self.parts)
        return f"({self.name} {self.key!r} {sorted(self.values.items())}{inside})"

    def all(self, name: str) -> list[Part]:
        """The parts of that name directly in it."""
        return [part for part in self.parts if part.name == name]

    def first(self, *path: str) -> Part | None:
        """The first part along a path of names, or None."""
        found: Part | None = self
        for name in path:
            found = next((part for part in found.parts if part.name == name), None) if found else None
        return found


@cache
def short_name(tag: str) -> str:
    """`userTask`, `mes:step`, `dmn:rule`; with its namespace in braces where it is somebody else's."""
    namespace, _, local = tag[1:].partition("}") if tag.startswith("{") else ("", "", tag)
    if namespace == BPMN:
        return local
    if namespace == v.NAMESPACE:
        return f"mes:{local}"
    return f"dmn:{local}" if namespace.startswith(_DMN) else tag


def is_drawing(element: etree._Element) -> bool:
    """Whether an element only says where a shape stands."""
    return isinstance(element.tag, str) and any(name in element.tag for name in _DRAWING)


Keep = Callable[[etree._Element], bool]


def part_of(element: etree._Element, keep: Keep | None = None, keyed_by_id: bool = False) -> Part:
    """What an element says. `keep` leaves out children; `keyed_by_id`: children are known by their ids."""
    return _part(element, short_name(element.tag), "", keep or everything, keyed_by_id)


def _part(element: etree._Element, name: str, key: str, keep: Keep, keyed_by_id: bool) -> Part:
    lanes = keyed_by_id and name == "laneSet"
    parts = tuple(
        _part(child, its_name, its_key, everything, lanes) if isinstance(child.tag, str) else _remark(child, its_name, its_key)
        for its_name, its_key, child in keyed_children(element, keep, keyed_by_id)
    )
    values = values_of(element, name)
    if not name.startswith(("mes:", "{")):
        values.pop("id", None)
    return Part(name, key, values, parts)


def keyed_children(element: etree._Element, keep: Keep, keyed_by_id: bool) -> Iterator[tuple[str, str, etree._Element]]:
    """What stands in an element and is compared: name, what tells it from its siblings of that name, the element."""
    seen: dict[tuple[str, str], int] = {}
    for child in element:
        if child.tag is etree.PI or is_drawing(child) or not keep(child):
            continue
        name = short_name(child.tag) if isinstance(child.tag, str) else "comment" if child.tag is etree.Comment else "entity"
        if name in _NOT_SAID:
            continue
        own = ("id",) if keyed_by_id and name in _REFERRED else ()
        key = " ".join(child.get(attribute, "") for attribute in _KEYS.get(name, own)) if isinstance(child.tag, str) else ""
        number = seen[name, key] = seen.get((name, key), 0) + 1
        yield name, f"{key}#{number}" if number > 1 else key, child


def everything(element: etree._Element) -> bool:
    """Leaves out nothing."""
    return True


def _remark(element: etree._Element, name: str, key: str) -> Part:
    return Part(name, key, {"": (element.text or "").strip()})


def values_of(element: etree._Element, name: str) -> dict[str, str]:
    """Attributes by name, without those that say nothing, and the text under ""."""
    values = dict(_values(element, name))
    texts = [element.text or "", *(child.tail or "" for child in element)]
    if text := " ".join(filter(None, (t.strip() for t in texts))):
        values[""] = text
    return values


def _values(element: etree._Element, name: str) -> Iterator[tuple[str, str]]:
    defaults, words = _written_for_nothing(name)
    for attribute, text in element.attrib.items():
        attribute, text = str(attribute), str(text)
        if attribute.startswith((f"{{{XSI}}}", f"{{{_MODELER}}}")):
            continue
        if name == "definitions" and attribute in _WHO_WROTE:
            continue
        if name == "mes:step" and attribute == "id" and text in (e.get("id") for e in element.iterancestors()):
            continue  # the task's own
        if attribute in words:
            text = " ".join(text.split())
        if defaults.get(attribute) != text:
            yield attribute, text


@cache
def _written_for_nothing(name: str) -> tuple[dict[str, str], frozenset[str]]:
    """The defaults of an element's attributes, and which of them are lists of words."""
    kind = KINDS.get(name)
    if kind is None:
        return ({} if name.startswith(("mes:", "{", "dmn:")) else _BPMN_DEFAULTS), frozenset()
    defaults: dict[str, str] = {}
    words = set()
    for f in fields(kind):
        attribute = attribute_name(kind, f.name)
        if str(f.type).startswith("tuple"):
            words.add(attribute)
        if f.default is not MISSING:
            value = " ".join(f.default) if isinstance(f.default, tuple) else f.default
            defaults[attribute] = str(value).lower() if isinstance(value, bool) else str(value)
    return defaults, frozenset(words)
