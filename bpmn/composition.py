"""A recipe put together from a revision and some of the changes that another one proposes.

Changes are taken by subject (`bpmn.diff.subjects`): a batch on 3.0 adopts `S20.moi` of 3.1 and nothing else. What was put
together is proven by comparing it: with the base it differs by what was chosen, with the proposed revision by the rest.
Editorial changes need no decision; those that are a subject by themselves go along with whatever is taken.

Source: 21 CFR 211.186, 211.188 (the control recipe is the master's, with the changes that were approved for the batch).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass

from lxml import etree

from bpmn.checks import check_diagram
from bpmn.diagram import BPMN, Diagram, mes_elements
from bpmn.diff.comparison import Comparison
from bpmn.diff.entries import Difference, Entry
from bpmn.diff.matching import Side
from bpmn.diff.meanings import MEANINGS
from bpmn.diff.revisions import Revisions, diff
from bpmn.diff.subjects import EVENT_CODES, FLOW, HEADER, HOLD
from bpmn.layout import DI, drawn_by_us, lay_out, place_new
from bpmn.merging import KEPT_OF_HEADER, Merge, Wanted
from bpmn.renaming import rename

MOST_TOLD = 20


class CompositionError(ValueError):
    """These changes can't be taken by themselves. `reasons` says why, all of them."""

    def __init__(self, reasons: Collection[str]) -> None:
        self.reasons = tuple(dict.fromkeys(reasons))[:MOST_TOLD]
        super().__init__(" ".join(self.reasons))


@dataclass(frozen=True, slots=True)
class Subject:
    """What can be taken over by itself: its name in records, what people call it, and the changes that belong to it."""

    name: str
    title: str
    entries: tuple[Entry, ...]

    @property
    def editorial(self) -> bool:
        """Whether no batch can differ by it: it needs no decision."""
        return all(entry.editorial for entry in self.entries)


def subject_of(entry: Entry) -> str:
    """The name of the subject that a change belongs to: `S20.moi`, `S20`, `hold:H02`, `flow:<scope>` or `header`."""
    return entry.subject


def subjects(difference: Difference) -> tuple[Subject, ...]:
    """Every subject of a comparison, in the order of the recipe."""
    found: dict[str, list[Entry]] = {}
    for entry in difference.entries:
        found.setdefault(subject_of(entry), []).append(entry)
    return tuple(Subject(name, _title(name, entries), tuple(entries)) for name, entries in found.items())


def compose(base: bytes, proposed: bytes, wanted: Collection[str]) -> bytes:
    """The base with only the wanted subjects taken from the proposed revision.

    It keeps the base's number, revision and title, and the places of what it keeps. The same input gives the same bytes.
    Raises CompositionError with every reason where the subjects are none of these revisions' changes, where the diagram
    would not be fit to run, or where taking them changes more, or less, than they say; and `DiagramError` for bytes that
    are no diagram.
    """
    difference = diff(base, proposed)
    there = {subject.name: subject for subject in subjects(difference)}
    if unknown := [f"{name} is no change from the one to the other." for name in sorted(set(wanted) - set(there))]:
        raise CompositionError(unknown)
    taken = frozenset(wanted)
    if not taken:
        return base
    taken |= {name for name, subject in there.items() if subject.editorial}
    ways: list[Callable[[], bytes]] = [lambda: _Composition(base, proposed, taken).composed()]
    ways += [lambda: _as_it_is(base, proposed)] if taken >= set(there) else []
    reasons: list[str] = []
    for put_together in ways:
        composed = put_together()
        found = [*_wrong(base, proposed, composed), *_unproven(base, proposed, composed, difference, taken)]
        if not found:
            return composed
        reasons = reasons or found
    raise CompositionError(reasons)


def _title(name: str, entries: list[Entry]) -> str:
    first = entries[0]
    if name == HEADER:
        return "Header of the recipe"
    if name.startswith(FLOW):
        return f"Steps and ways of {name.removeprefix(FLOW)}"
    if name.startswith(HOLD):
        return f"Hold time {name.removeprefix(HOLD)}"
    if "." in name:
        return ", ".join(filter(None, (first.called, first.about or first.parameter)))
    return first.called or name


class _Composition:
    """Both diagrams under the same ids, and which side each thing is taken from."""

    def __init__(self, base: bytes, proposed: bytes, taken: Collection[str]) -> None:
        old, new = Side.parse(base), Side.parse(proposed)
        revisions = Revisions(old, new)
        revisions.entries()  # finds the parameters with other ids
        self._roots = (old.diagram.root, new.diagram.root)
        self._taken = taken
        self._new_name: dict[str, str] = {}
        self._parameters: dict[str, str] = {}
        match, structure = revisions.match, revisions.structure
        self._scopes = {scope: structure.subject(scope) for scope in new.diagram.scopes}
        old_scopes = {scope: structure.subject(scope, is_old=True) for scope in old.diagram.scopes}
        self._nodes(match.renamed, revisions)
        for scope, subject in old_scopes.items():
            self._scopes[self._final.get(scope, scope)] = subject
        for new_id, final in list(self._new_name.items()):
            if new_id in self._scopes:
                self._scopes[final] = self._scopes[new_id]
        self._renamed_parameters(revisions.comparison)
        self._events()
        self._base, self._proposed = (Side.parse(etree.tostring(root)) for root in self._roots)

    def _nodes(self, renamed: Mapping[str, str], revisions: Revisions) -> None:
        """Everything that is in both diagrams gets the id that it will have."""
        self._final: dict[str, str] = {}
        back: dict[str, str] = {}
        steps = revisions.new.diagram.steps, revisions.old.diagram.steps
        for old_id, new_id in renamed.items():
            if new_id not in revisions.new.diagram.nodes:
                subject = ""  # a process: it keeps its id
            elif new_id in steps[0] and old_id in steps[1]:
                subject = new_id
            else:
                subject = revisions.structure.around(new_id)
                if new_id in self._scopes:
                    subject = self._scopes[new_id]
            if subject in self._taken:
                self._final[old_id] = new_id
            else:
                back[new_id] = old_id
        rename(self._roots[0], self._final)
        rename(self._roots[1], back)
        self._new_name = {old_id: new_id for new_id, old_id in back.items()}
        for new_id, old_id in back.items():
            if new_id in self._scopes:
                self._scopes[old_id] = self._scopes[new_id]

    def _renamed_parameters(self, comparison: Comparison) -> None:
        forward: dict[str, str] = {}
        back: dict[str, str] = {}
        finals = {new_id: final for final, new_id in self._new_name.items()}
        for old_name, new_name in comparison.renamed.items():
            step, dot, parameter = old_name.partition(".")
            if not dot:
                continue
            step, other = finals.get(step, step), new_name.partition(".")[2]
            one, two = f"{step}.{parameter}", f"{step}.{other}"
            if new_name in self._taken:
                forward[one] = two
            else:
                back[two] = one
                self._parameters[one] = new_name
        rename(self._roots[0], forward)
        rename(self._roots[1], back)

    def _events(self) -> None:
        """Messages and escalations have the base's ids; one that is new has an id that the base has not."""
        old, new = self._roots
        taken = {e.get("id") for root in self._roots for e in root.iter(etree.Element)}
        for name, code in EVENT_CODES.items():
            known = {e.get(code): e.get("id", "") for e in old.findall(f"{{{BPMN}}}{name}")}
            ids = set(known.values())
            others: dict[str, str] = {}
            for element in new.findall(f"{{{BPMN}}}{name}"):
                own = element.get("id", "")
                other = known.get(element.get(code), "")
                if not other and own in ids:
                    number = 2
                    while f"{own}_{number}" in taken:
                        number += 1
                    other = f"{own}_{number}"
                    taken.add(other)
                if other and other != own:
                    others[own] = other
                    element.set("id", other)
            for definition in new.iter(f"{{{BPMN}}}{name}EventDefinition"):
                reference = definition.get(f"{name}Ref", "")
                if reference in others:
                    definition.set(f"{name}Ref", others[reference])

    def composed(self) -> bytes:
        wanted = Wanted(
            structure=lambda scope: self._scopes.get(scope, "") in self._taken,
            step=lambda step: self._new_name.get(step, step) in self._taken,
            parameter=self._wants_parameter,
            hold=lambda key: f"{HOLD}{key}" in self._taken,
            header=HEADER in self._taken,
        )
        merge = Merge(self._base, self._proposed, wanted)
        root = merge.root()
        self._draw(root, bool(merge.redrawn))
        etree.indent(root, "  ")
        return etree.tostring(root, xml_declaration=True, encoding="UTF-8")

    def _wants_parameter(self, step: str, key: str) -> bool:
        name = f"{step}.{key}"
        return self._parameters.get(name, f"{self._new_name.get(step, step)}.{key}") in self._taken

    def _draw(self, root: etree._Element, redrawn: bool) -> None:
        """Where the structure is the proposed one, its drawing is; else the base's, with places for what came."""
        if not redrawn:
            return
        if self._is_drawn_by_proposed(root):
            for old in root.findall(f"{{{DI}}}BPMNDiagram"):
                root.remove(old)
            root.extend(deepcopy(e) for e in self._proposed.diagram.root.findall(f"{{{DI}}}BPMNDiagram"))
        elif drawn_by_us(self._base.diagram.root):
            lay_out(root)
        else:
            place_new(root)


    def _is_drawn_by_proposed(self, root: etree._Element) -> bool:
        proposed = self._proposed.diagram.root
        shapes = {e.get("bpmnElement") for e in proposed.iter(f"{{{DI}}}BPMNShape")}
        return _drawable(root) == _drawable(proposed) and self._proposed.diagram.nodes.keys() <= shapes


def _drawable(root: etree._Element) -> set[tuple[str, ...]]:
    """Every node and flow with what a drawing shows of it."""
    ends = ("id", "sourceRef", "targetRef", "attachedToRef")
    processes = root.findall(f"{{{BPMN}}}process")
    found = (e for process in processes for e in process.iter(f"{{{BPMN}}}*") if e.get("id"))
    return {(e.tag, *(e.get(name, "") for name in ends)) for e in found if not e.tag.endswith("Definition")}


def _as_it_is(base: bytes, proposed: bytes) -> bytes:
    """The proposed revision under the base's number: a draft that can't be taken apart can still be taken as a whole."""
    old, new = Diagram.parse(base), Diagram.parse(proposed)
    headers = [mes_elements(process, "recipe") for d in (new, old) for process in d.root.findall(f"{{{BPMN}}}process")[:1]]
    for element, other in zip(*headers, strict=False) if len(headers) == 2 else ():
        for attribute in KEPT_OF_HEADER:
            if attribute in other.attrib:
                element.set(attribute, other.get(attribute, ""))
    if new.process_id != old.process_id and old.process_id not in {*new.nodes, *new.flows, *new.scopes}:
        rename(new.root, {new.process_id: old.process_id})
    return etree.tostring(new.root, xml_declaration=True, encoding="UTF-8")


# the proof


def _wrong(base: bytes, proposed: bytes, composed: bytes) -> Iterator[str]:
    """Errors of the checks that neither revision has."""
    report = check_diagram(composed)
    for finding in report.new_errors(check_diagram(base), check_diagram(proposed)) if report.errors else ():
        yield f"{finding.element_id or 'The diagram'} would be wrong: {finding.message}."


def _unproven(base: bytes, proposed: bytes, composed: bytes, difference: Difference, taken: Collection[str]) -> Iterator[str]:
    """Changes that came along, or did not, against what was wanted."""
    renamed = Revisions(Side.parse(base), Side.parse(proposed))
    renamed.entries()
    names = renamed.comparison
    chosen = Counter(_said(e, names) for e in difference.entries if matters(e) and subject_of(e) in taken)
    left = Counter(_said(e, names) for e in difference.entries if matters(e) and subject_of(e) not in taken)
    for expected, found, what in (
        (chosen, diff(base, composed), "differs from the revision it began with"),
        (left, diff(composed, proposed), "differs from the proposed revision"),
    ):
        got: dict[tuple[str, ...], list[Entry]] = {}
        for entry in found.entries:
            if matters(entry):
                got.setdefault(_said(entry, names), []).append(entry)
        for said, entries in got.items():
            for entry in entries[expected[said] :]:
                yield f"{subject_of(entry)} can't be told apart: what is put together {what} by: {entry.sentence}."
        missing = expected - Counter({said: len(entries) for said, entries in got.items()})
        for said in missing:
            yield f"{said[0]} can't be taken alone: {said[-1] or said[2]}, {said[1]} {said[3]}, is lost."


_KEPT = frozenset({"revision", "title", "name", "id"})


def matters(entry: Entry) -> bool:
    """Whether a change is taken or left: not an editorial one, nor what the base keeps, nor what follows its events."""
    own = entry.subject == HEADER and not entry.item and entry.property in _KEPT
    beside = not entry.element_id and entry.property in EVENT_CODES
    return not (entry.editorial or own or beside)


def _said(entry: Entry, names: Comparison) -> tuple[str, ...]:
    """A change without what depends on its neighbours: of structure, how they are called; of lists, who else is in them."""
    step = names.renamed.get(entry.step, entry.step)
    ids = (names.renamed.get(name, name) for name in (entry.element_id, entry.old_element_id))
    parameter = names.renamed.get(f"{step}.{entry.parameter}", f".{entry.parameter}").partition(".")[2]
    meanings = " ".join(sorted(name for name in entry.meanings if MEANINGS[name].weight != "mark"))
    structural = entry.subject.startswith(FLOW)
    loose = structural and entry.property not in ("conditionExpression", "loopCondition", "due", "hold", "script", "dmn:rule")
    texts = ("", "") if loose or entry.kind == "moved" else tuple(names.translated(t, step) for t in (entry.old, entry.new))
    place = "" if structural and entry.item.startswith("row ") else entry.item if not loose else ""
    flow = structural and not step and entry.property in ("target", "branch", "conditionExpression", "name")
    where = ("", "") if flow else tuple(ids)
    subject = entry.subject if structural or not parameter else f"{step}.{parameter}"
    return (subject, entry.kind, *where, entry.property, parameter, place, meanings, *texts)
