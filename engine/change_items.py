"""The items of a change as the batches that run meanwhile see them: which subjects each covers, and which steps those touch."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from bpmn.composition import CompositionError, Subject, compose, matters, subjects
from bpmn.diagram import Diagram
from bpmn.diff import Difference, diff
from bpmn.diff.subjects import HOLD
from bpmn.reading import canonical_hash
from engine.control_recipe import Hold, hold
from engine.errors import AdoptionRefusedError
from engine.reader import Reader
from engine.records import ChangeItem, RecipeDocument, RecipeRevision
from engine.revision_facts import current_document
from engine.scope import Row


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a change that is part of what a revision of a recipe changes.

    `subjects`: the names of what it covers. `places`: the nodes that it changes or adds, as the proposed revision calls
    them; `gone`: those that it takes away or calls otherwise, as the base does. `hold_times`: as they were and as they will
    be. `beside`: nodes of both revisions after which something was added, taken away or led elsewhere.
    """

    change_id: str
    n: int
    title: str
    why: str
    category: str
    recipe_id: str
    base_id: str
    revision_id: str
    base_hash: str
    proposed_hash: str
    subjects: tuple[str, ...]
    places: tuple[str, ...]
    gone: tuple[str, ...]
    hold_times: tuple[Hold, ...]
    beside: tuple[str, ...]

    @property
    def safety(self) -> bool:
        """Whether its reason is about safety: then a batch that it misses is looked at."""
        return self.category == "safety"

    @property
    def holds(self) -> frozenset[str]:
        """The names of its hold times."""
        return frozenset(hold.definition.id for hold in self.hold_times)


def items_of(reader: Reader, change_id: str) -> list[Item]:
    """The change's items about recipes, in order; texts and withdrawn ones, processes and forms touch no batch."""
    rows = [row for row in reader.rows(ChangeItem, change_id=change_id, order=("n",)) if not row["withdrawn"]]
    found = []
    for row in rows:
        if row["kind"] != "revision" or not row["revision_id"] or not row["base_id"]:
            continue
        revision = reader.get(RecipeRevision, id=row["revision_id"])
        if revision["kind"] == "recipe":
            found.append(_item(reader, row, revision, [r for r in rows if r["revision_id"] == row["revision_id"]]))
    return found


def difference_of(reader: Reader, base_id: str, revision_id: str) -> Difference:
    """What the revision changes of its base, as it stands now."""
    base = reader.get(RecipeRevision, id=base_id)
    _, new = current_document(reader, reader.get(RecipeRevision, id=revision_id))
    return compared(reader.get(RecipeDocument, hash=base["hash"])["xml"], new)


@lru_cache(maxsize=32)
def compared(old: str, new: str) -> Difference:
    """The difference of two documents; kept for the last few, because pages and batches ask again and again."""
    return diff(old.encode(), new.encode())


def covered(rows: Sequence[Row], difference: Difference) -> dict[int, tuple[Subject, ...]]:
    """Which subjects of one revision's changes each of its items covers: those that it names, or all that no other names."""
    there = subjects(difference)
    named = {row["n"]: set(json.loads(row["subjects"])) for row in rows}
    taken = {name for names in named.values() for name in names}
    return {
        n: tuple(s for s in there if (s.name in names if names else s.name not in taken)) for n, names in named.items()
    }


@dataclass(frozen=True, slots=True)
class Composed:
    """A diagram put together from a base and some subjects of a proposed revision; `whole`: nothing of that is left out."""

    xml: bytes
    hash: str
    whole: bool


@lru_cache(maxsize=64)
def composed(base: str, proposed: str, wanted: frozenset[str]) -> Composed:
    """The base with these subjects of the proposed revision; AdoptionRefusedError where they can't be taken apart.

    Kept for the last few: a decision about two hundred batches puts few diagrams together.
    """
    there = {s.name for s in subjects(compared(base, proposed))}
    try:
        xml = compose(base.encode(), proposed.encode(), sorted(wanted & there))
    except CompositionError as error:
        raise AdoptionRefusedError(" ".join(error.reasons), reasons=list(error.reasons)) from error
    return Composed(xml, canonical_hash(xml), not any(matters(e) for e in compared(xml.decode(), proposed).entries))


def _item(reader: Reader, row: Row, revision: Row, siblings: Sequence[Row]) -> Item:
    base = reader.get(RecipeRevision, id=row["base_id"])
    digest, new = current_document(reader, revision)
    old = reader.get(RecipeDocument, hash=base["hash"])["xml"]
    difference = compared(old, new)
    own = covered(siblings, difference)[row["n"]]
    places, gone, holds, beside = touched(old, new, tuple(own))
    defined = [h for diagram in (_read(old), _read(new)) for h in diagram.recipe.hold_times if h.id in holds]
    return Item(
        row["change_id"], row["n"], row["title"], row["why"], row["category"], revision["recipe_id"], base["id"],
        revision["id"], base["hash"], digest, tuple(s.name for s in own), places, gone,
        tuple(hold(h) for h in dict.fromkeys(defined)), beside,
    )  # fmt: skip


Names = tuple[str, ...]


@lru_cache(maxsize=256)
def touched(old: str, new: str, own: tuple[Subject, ...]) -> tuple[Names, Names, Names, Names]:
    """Of some subjects of two documents: nodes changed or added, nodes gone, hold times, nodes after which something changes."""
    before, after = _read(old), _read(new)
    nodes: dict[str, None] = {}
    before_flows: dict[str, None] = {}
    holds: dict[str, None] = {}
    for subject in own:
        if subject.editorial:
            continue
        if subject.name.startswith(HOLD):
            holds[subject.name.removeprefix(HOLD)] = None
            continue
        for entry in (e for e in subject.entries if not e.editorial):
            for element_id, diagram in ((entry.element_id, after), (entry.old_element_id, before)):
                if element_id in diagram.nodes:
                    nodes[element_id] = None
                elif element_id in diagram.flows:
                    before_flows[diagram.flows[element_id].source] = None
            if entry.kind == "moved":
                nodes.update(dict.fromkeys(name for name in entry.item.split(", ") if name in after.nodes))
    places = tuple(n for n in nodes if n in after.nodes)
    gone = tuple(n for n in nodes if n not in after.nodes)
    common = before.nodes.keys() & after.nodes.keys()
    beside = [n for n in before_flows if n in common]
    for node in [n for n in (*nodes, *before_flows) if n not in common]:
        beside += _before(node, after if node in after.nodes else before, common)
    return places, gone, tuple(holds), tuple(dict.fromkeys(beside))


@lru_cache(maxsize=16)
def _read(xml: str) -> Diagram:
    return Diagram.parse(xml.encode())


def _before(node_id: str, diagram: Diagram, common: Iterable[str]) -> list[str]:
    """The nearest nodes that both revisions have, before a node."""
    kept, seen, found = set(common), {node_id}, list[str]()
    waiting = [node_id]
    while waiting:
        node = waiting.pop()
        before = [flow.source for flow in diagram.incoming.get(node, ())]
        before += [diagram.nodes[node].attached_to] if diagram.nodes[node].attached_to else []
        for source in before or [s for s in (diagram.nodes[node].scope,) if s in diagram.nodes]:
            if source in kept:
                found.append(source)
            elif source not in seen:
                seen.add(source)
                waiting.append(source)
    return found
