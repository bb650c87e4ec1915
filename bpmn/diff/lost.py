"""What another program dropped: our data of the last revision that is missing in a file that came back from it.

Other modelers drop extension elements when a task is copied or changes its type, drop namespaces they don't know, and
give elements new ids. A value that differs is an edit, shown by the comparison; only what is gone is a loss.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field

from lxml import etree

from bpmn.diagram import BPMN
from bpmn.diff.matching import Side, match, match_flows
from bpmn.diff.parts import everything, keyed_children, short_name, values_of

_FIRST = frozenset({"documentation", "extensionElements", "incoming", "outgoing"})
_WHAT = {
    "mes:recipe": "the recipe's header", "mes:step": "the step's data", "mes:timer": "the due time",
    "mes:loop": "the loop's names", "mes:service": "what the system does", "mes:parameter": "parameter",
    "mes:signature": "signature", "mes:scan": "scan", "mes:choice": "choice", "mes:deviation": "typical deviation",
    "mes:equipment": "equipment", "mes:material": "material", "mes:orderField": "field of the order",
    "mes:holdTime": "hold time", "mes:origin": "origin", "conditionExpression": "the condition",
    "standardLoopCharacteristics": "the loop", "multiInstanceLoopCharacteristics": "the number of iterations",
    "script": "the script", "documentation": "the remark", "dmn:definitions": "the decision table",
    "dmn:rule": "row of the decision table", "extensionElements": "all our data",
}  # fmt: skip
_REFERENCES = frozenset({
    "id", "sourceRef", "targetRef", "attachedToRef", "bpmnElement", "processRef", "calledElement", "default", "previous",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Loss:
    """One thing that is gone. `id` names it when a person chooses what to put back.

    `element_id` is the element of the last revision, `returned_as` what it is called in the file that came back; empty
    where the element itself is gone, so that nothing can be put back.
    """

    id: str
    element_id: str
    returned_as: str
    what: str
    text: str

    @property
    def restorable(self) -> bool:
        """Whether the element is still there, so that this can be put back."""
        return bool(self.returned_as)

    @property
    def sentence(self) -> str:
        """The loss as people read it."""
        content = f": {self.text}" if self.text else ""
        if not self.restorable:
            return f"{self.element_id} is gone, with {self.what}{content}"
        if self.what == "its id":
            return f"{self.element_id} came back with another id: {self.returned_as}"
        return f"{self.element_id} lost {self.what}{content}"


@dataclass(frozen=True, slots=True)
class _Found:
    """A loss, and how it is put back: an element copied into another, or an attribute set on it."""

    loss: Loss
    source: etree._Element | None = field(default=None, repr=False)
    target: etree._Element | None = field(default=None, repr=False)
    attribute: str = ""
    value: str = ""


def lost(old_xml: bytes, new_xml: bytes) -> list[Loss]:
    """What the last revision says and the returned file doesn't, element by element, in the order of the last revision.

    Raises `DiagramError` where one of them can't be read.
    """
    return [found.loss for found in _Return(Side.parse(old_xml), Side.parse(new_xml)).losses()]


def restore(new_xml: bytes, old_xml: bytes, choices: Collection[str] | None = None) -> bytes:
    """The returned file with the chosen losses (`Loss.id`; None is all of them) put back, where the element still exists."""
    new = Side.parse(new_xml)
    found = list(_Return(Side.parse(old_xml), new).losses())
    names: dict[str, str] = {}
    for one in found:
        if not one.loss.restorable or (choices is not None and one.loss.id not in choices):
            continue
        if one.loss.what == "its id":
            names[one.loss.returned_as] = one.loss.element_id
        elif one.target is not None and one.attribute:
            one.target.set(one.attribute, one.value)
        elif one.target is not None and one.source is not None:
            _insert(one.source, one.target)
    _rename(new.diagram.root, names)
    return etree.tostring(new.diagram.root.getroottree(), xml_declaration=True, encoding="UTF-8")


class _Return:
    """The last revision beside the file that came back."""

    def __init__(self, old: Side, new: Side) -> None:
        self.old, self.new = old, new
        self.pairs = match(old, new, by_name=True)
        self.flows = match_flows(old, new, self.pairs)

    def losses(self) -> Iterator[_Found]:
        old, new = (_elements(side) for side in (self.old, self.new))
        yield from self._inside(self.old.diagram.root, self.new.diagram.root, "", "the file")
        for element_id, element in old.items():
            new_id = self.pairs.new_of.get(element_id, "")
            if new_id not in new:
                yield from _gone(element_id, element)
                continue
            if new_id != element_id:
                yield _Found(Loss(f"{element_id}/@id", element_id, new_id, "its id", ""))
            yield from self._inside(element, new[new_id], element_id, new_id)
            yield from self._default(element_id, new_id)
        flows = [{e.get("id", ""): e for e in s.diagram.root.iter(f"{{{BPMN}}}sequenceFlow")} for s in (self.old, self.new)]
        for flow_id, new_id in self.flows.items():
            yield from self._inside(flows[0][flow_id], flows[1][new_id], flow_id, new_id)

    def _default(self, node_id: str, new_id: str) -> Iterator[_Found]:
        """The default way of a choice that the returned file doesn't name any more."""
        node, returned = self.old.diagram.nodes.get(node_id), self.new.diagram.nodes.get(new_id)
        if node is not None and returned is not None and node.default and not returned.default:
            flow = self.flows.get(node.default, "")
            loss = Loss(f"{node_id}/@default", node_id, new_id if flow else "", "the default way", node.default)
            yield _Found(loss, target=returned.element, attribute="default", value=flow)

    def _inside(
        self, element: etree._Element, there: etree._Element, old_id: str, new_id: str, path: str = "",
    ) -> Iterator[_Found]:  # fmt: skip
        """What is missing inside an element that came back."""
        children = {
            (name, key): e for name, key, e in keyed_children(there, self.new.is_part, not path and self.new.is_scope(there))
        }
        for name, key, child in keyed_children(element, self.old.is_part, not path and self.old.is_scope(element)):
            inside = f"{path}/{name}" + (f"={key}" if key else "")
            counterpart = children.get((name, key))
            if name in ("comment", "entity"):
                continue
            if counterpart is not None:
                yield from _attributes(child, counterpart, (name, key), Loss(f"{old_id}{inside}", old_id, new_id, "", ""))
                yield from self._inside(child, counterpart, old_id, new_id, inside)
                continue
            gone = [(inside, name, key, child)]
            if name == "extensionElements":
                gone = [(f"{inside}/{n}", n, k, e) for n, k, e in keyed_children(child, everything, False)]
            for place, its_name, its_key, what in gone:
                loss = Loss(f"{old_id}{place}", old_id or "The file", new_id, _words(its_name, its_key), _content(what))
                yield _Found(loss, what, there)


def _elements(side: Side) -> dict[str, etree._Element]:
    """Processes and nodes by id."""
    processes = {e.get("id", ""): e for e in side.diagram.root.findall(f"{{{BPMN}}}process")}
    return processes | {node.id: node.element for node in side.diagram.nodes.values()}


def _gone(element_id: str, element: etree._Element) -> Iterator[_Found]:
    """An element that did not come back; only our own data in it counts."""
    for extension in element.findall(f"{{{BPMN}}}extensionElements"):
        for name, key, child in keyed_children(extension, everything, False):
            yield _Found(Loss(f"{element_id}/{name}", element_id, "", _words(name, key), _content(child)))


def _attributes(element: etree._Element, there: etree._Element, known: tuple[str, str], place: Loss) -> Iterator[_Found]:
    values, kept = values_of(element, known[0]), values_of(there, known[0])
    for attribute, value in values.items():
        if attribute and attribute not in kept and (attribute != "id" or known[0].startswith("mes:")):
            what = f"{attribute} of {_words(*known)}"
            loss = Loss(f"{place.id}/@{attribute}", place.element_id, place.returned_as, what, value)
            yield _Found(loss, element, there, attribute, value)


def _words(name: str, key: str) -> str:
    words = _WHAT.get(name, name.rpartition("}")[2])
    return f"{words} {key}" if key else words


def _content(element: etree._Element) -> str:
    """What an element said, in one line: its title, or its attributes; how much was in it."""
    values = values_of(element, short_name(element.tag))
    text = values.get("title") or "; ".join(f"{k} {t}".strip() for k, t in values.items() if k != "id")
    parameters = len(element.findall("{*}parameter"))
    return f"{text} ({parameters} parameter{'s' if parameters > 1 else ''})" if parameters else text


def _insert(source: etree._Element, target: etree._Element) -> None:
    """Copy an element into its parent's counterpart, where the schema wants it."""
    parent = source.getparent()
    if parent is not None and short_name(parent.tag) == "extensionElements" and short_name(target.tag) != "extensionElements":
        found = target.find(f"{{{BPMN}}}extensionElements")
        if found is None:
            found = etree.Element(f"{{{BPMN}}}extensionElements")
            target.insert(_place(target, frozenset({"documentation"})), found)
        target = found
    copy = deepcopy(source)
    for element in copy.iter(etree.Element):  # on one line, so that the lines of the returned file stay what they are
        element.text, element.tail = (text if text and text.strip() else None for text in (element.text, element.tail))
    earlier = {short_name(e.tag) for e in source.itersiblings(preceding=True) if isinstance(e.tag, str)}
    if target.tag.startswith(f"{{{BPMN}}}") and short_name(target.tag) != "extensionElements":
        earlier |= _FIRST
    target.insert(_place(target, frozenset(earlier | {short_name(source.tag)})), copy)


def _place(target: etree._Element, earlier: frozenset[str]) -> int:
    """The number of the first place after every child with one of these names."""
    places = [i for i, child in enumerate(target) if isinstance(child.tag, str) and short_name(child.tag) in earlier]
    return places[-1] + 1 if places else 0


def _rename(root: etree._Element, names: Mapping[str, str]) -> None:
    """Give elements back their ids, in every place that refers to them."""
    for element in root.iter(etree.Element) if names else ():
        for attribute, text in element.attrib.items():
            if str(text) in names and etree.QName(str(attribute)).localname in _REFERENCES:
                element.set(attribute, names[str(text)])
        text = (element.text or "").strip()
        if text in names and short_name(element.tag) in ("flowNodeRef", "sourceRef", "targetRef"):
            element.text = names[text]
