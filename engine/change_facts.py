"""What somebody who assesses or approves a change has to know: shown with each step of it, and part of what they sign.

The scope is computed from what changes, never typed. Source: ICH Q10 3.2.3; 21 CFR 11.70, 211.100(a).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from bpmn.composition import subject_of
from bpmn.diagram import Diagram
from bpmn.diff import Difference, Entry
from bpmn.diff.scope import ChangeScope, change_scope
from bpmn.diff.subjects import HEADER
from bpmn.expressions import Value
from bpmn.vocabulary import SERVICE_OUTPUTS
from engine.canonical import canonical, sha256
from engine.change_items import compared
from engine.reader import Reader
from engine.records import Batch, Change, ChangeItem, Duty, RecipeDocument, RecipeRevision
from engine.revision_facts import current_document, predecessor
from engine.scope import Row

ENDED = ("CLOSED", "REJECTED", "CANCELLED")
UNDER_WAY = ("PLANNED", "ISSUED", "IN_PROGRESS", "ON_HOLD", "MFG_COMPLETE", "PROD_REVIEWED", "QA_REVIEWED", "REOPENED")
WHOLE, TEXT = "document", "text"
"""Entries of what has no parts to compare: a whole document, the words of an item that is a text."""
_NOBODY = ("none", "informed", "signs")


@dataclass(frozen=True, slots=True)
class ItemEntry:
    """One entry of an item: its key, stable as long as both documents stay as they are, and what it says."""

    key: str
    says: dict[str, Any]

    def name(self, n: int) -> str:
        """What a reviewer ticks: item, both documents, entry."""
        return f"{n}|{self.says['old_hash'][:12]}|{self.says['new_hash'][:12]}|{self.key}"


def item_rows(reader: Reader, change_id: str) -> list[Row]:
    """The items of a change that are not withdrawn, in order."""
    return [row for row in reader.rows(ChangeItem, change_id=change_id, order=("n",)) if not row["withdrawn"]]


def revisions_of(reader: Reader, change_id: str) -> list[Row]:
    """The revisions that a change proposes, each once, in the order of its items."""
    names = dict.fromkeys(row["revision_id"] for row in item_rows(reader, change_id) if row["revision_id"])
    return [reader.get(RecipeRevision, id=name) for name in names]


def change_of(reader: Reader, revision_id: str) -> Row | None:
    """The change under which a revision is decided: one that has not ended and has it as an item."""
    rows = [row for row in reader.rows(ChangeItem, revision_id=revision_id) if not row["withdrawn"]]
    changes = [reader.get(Change, id=name) for name in dict.fromkeys(row["change_id"] for row in rows)]
    return next((row for row in changes if row["state"] not in ENDED), None)


def compared_item(reader: Reader, item: Row) -> Difference | None:
    """What an item's revision changes of its base, all of it; None where there is nothing to compare, or no diagram."""
    texts = _texts(reader, item)
    return compared(*texts) if texts else None


def item_entries(reader: Reader, change_id: str, item: Row) -> list[ItemEntry]:
    """The entries that an item covers, in the order of the recipe."""
    if item["kind"] == "text":
        return [_single(TEXT, sha256(item["current"]), sha256(item["proposed"]), item["title"])]
    revision = reader.get(RecipeRevision, id=item["revision_id"])
    difference = compared_item(reader, item)
    if difference is None:
        base = reader.get(RecipeRevision, id=item["base_id"]) if item["base_id"] else None
        said = f"{revision['title']} as a whole"
        return [_single(WHOLE, base["hash"] if base else "", current_document(reader, revision)[0], said)]
    siblings = [row for row in item_rows(reader, change_id) if row["revision_id"] == item["revision_id"]]
    seen: Counter[str] = Counter()
    found = []
    for entry in difference.entries:
        key = _key(entry, seen)
        if _covering(siblings, entry) == item["n"]:
            hashes = {"old_hash": difference.old_hash, "new_hash": difference.new_hash}
            found.append(ItemEntry(key, entry.to_json() | hashes | {"editorial": entry.editorial, "weaker": entry.weaker}))
    return found


def uncovered(reader: Reader, change_id: str) -> list[str]:
    """What the revisions of a change alter and no item covers, in words."""
    found = []
    for revision_id in dict.fromkeys(row["revision_id"] for row in item_rows(reader, change_id) if row["revision_id"]):
        siblings = [row for row in item_rows(reader, change_id) if row["revision_id"] == revision_id]
        difference = compared_item(reader, siblings[0])
        entries = difference.entries if difference else ()
        found += [f"{revision_id}: {entry.sentence}" for entry in entries if _covering(siblings, entry) is None]
    return found


def outdated(reader: Reader, change_id: str) -> list[str]:
    """Items whose revision is compared with another one than will be in effect before it, in words.

    Somebody else's change came first: unseen, this revision would take it back.
    """
    found = []
    for item in item_rows(reader, change_id):
        revision = reader.get(RecipeRevision, id=item["revision_id"]) if item["revision_id"] else None
        before = predecessor(reader, revision) if revision else None
        if before is not None and before["id"] != item["base_id"]:
            since = f"{before['id']} is approved since"
            found.append(f"item {item['n']} compares {item['revision_id']} with {item['base_id'] or 'nothing'}, but {since}")
    return found


def open_duties(reader: Reader, change_id: str) -> list[str]:
    """What is still to be done to implement a change, in words."""
    return [row["title"] for row in reader.rows(Duty, change_id=change_id, state="open", order=("id",))]


def scope_of(reader: Reader, change_id: str) -> dict[str, Any]:
    """What the change touches, revision by revision: computed from the differences to what is in effect."""
    return {name: scope.to_json() for name, scope in scopes_of(reader, change_id)}


def scope_values(reader: Reader, change: Row) -> dict[str, Value]:
    """The flat facts of a change for conditions and decision tables. Of several revisions, what any of them touches.

    What can't be compared (a first revision, a form, a text) may touch anything, unless its items are editorial.
    """
    values: dict[str, Any] = {
        name: False if kind == "bool" else 0 for name, kind in SERVICE_OUTPUTS["change.scope"].items() if kind != "text"
    }
    scopes, items = scopes_of(reader, change["id"]), item_rows(reader, change["id"])
    editorial = bool(items)
    for _, scope in scopes:
        for name, value in scope.facts.items():
            if name == "editorial":
                editorial = editorial and bool(value)
            elif isinstance(values.get(name), bool):
                values[name] = values[name] or bool(value)
            elif name in values:
                values[name] += value
    compared = {name for name, _ in scopes}
    for item in items:
        if item["revision_id"] not in compared and item["category"] != "editorial":
            editorial = False
            values |= dict.fromkeys(("critical", "flow", "tests", "training"), True) if item["revision_id"] else {}
    values["safety"] = values["safety"] or any(item["category"] == "safety" for item in items)
    values |= {"editorial": editorial, "urgency": change["urgency"], "stage": change["stage"]}
    values["client"] = _NOBODY[2 if change["client_signs"] else int(bool(change["client"]))]
    return values


def change_facts(reader: Reader, change_id: str) -> dict[str, Any]:
    """Items with both documents and entries, reasons and evidence, the computed scope, how many batches are under way.

    `hash` is of what was proposed: a signature stays good as long as that is the same, whatever the batches do meanwhile.
    """
    change = reader.get(Change, id=change_id)
    items = [_item_facts(reader, change_id, row) for row in item_rows(reader, change_id)]
    proposed = {
        "change": change_id,
        **{name: change[name] for name in ("title", "kind", "product", "client", "stage", "urgency", "reason", "category")},
        "patient_impact": change["patient_impact"],
        "risk": json.loads(change["risk"]),
        "items": items,
    }
    return proposed | {
        "scope": scope_of(reader, change_id),
        "open_batches": len(_under_way(reader, change_id)),
        "hash": sha256(canonical(proposed)),
    }


def _under_way(reader: Reader, change_id: str) -> list[str]:
    """Batches of the recipes that change, not disposed of, on another revision than the proposed one."""
    found = []
    for revision in revisions_of(reader, change_id):
        rows = reader.rows(Batch, kind="batch", recipe_id=revision["recipe_id"])
        found += [row["id"] for row in rows if row["state"] in UNDER_WAY and row["revision_id"] != revision["id"]]
    return found


def _item_facts(reader: Reader, change_id: str, item: Row) -> dict[str, Any]:
    entries = item_entries(reader, change_id, item)
    return {
        "n": item["n"],
        "kind": item["kind"],
        "title": item["title"],
        "revision": item["revision_id"] or "",
        "base": item["base_id"] or "",
        "subjects": json.loads(item["subjects"]),
        "current": item["current"],
        "proposed": item["proposed"],
        "category": item["category"],
        "why": item["why"],
        "evidence": json.loads(item["evidence"]),
        "confidence": item["confidence"],
        "entries": {entry.name(item["n"]): entry.says["sentence"] for entry in entries},
    }


def scopes_of(reader: Reader, change_id: str) -> list[tuple[str, ChangeScope]]:
    """The scope of each revision of a change that can be compared with what is in effect, in the order of the items."""
    found: dict[str, ChangeScope] = {}
    for item in item_rows(reader, change_id):
        texts = _texts(reader, item) if item["revision_id"] not in found else None
        if texts:
            found[item["revision_id"]] = _scope(*texts)
    return list(found.items())


def _texts(reader: Reader, item: Row) -> tuple[str, str] | None:
    if item["kind"] == "text" or not item["base_id"]:
        return None
    revision, base = (reader.get(RecipeRevision, id=item[name]) for name in ("revision_id", "base_id"))
    if revision["kind"] == "form":
        return None
    return reader.get(RecipeDocument, hash=base["hash"])["xml"], current_document(reader, revision)[1]


def _covering(siblings: Iterable[Row], entry: Entry) -> int | None:
    """The item that covers an entry: the one that names its subject, else the one that names none.

    What is editorial, or says only which revision this is, goes with the first item.
    """
    rest = first = None
    for row in siblings:
        first = row["n"] if first is None else first
        subjects = json.loads(row["subjects"])
        if subject_of(entry) in subjects:
            return int(row["n"])
        if not subjects and rest is None:
            rest = row["n"]
    if rest is None and (entry.editorial or subject_of(entry) == HEADER):
        return first
    return rest


def _key(entry: Entry, seen: Counter[str]) -> str:
    """A name for an entry that a reviewer's tick can be bound to; alike ones are counted."""
    said = (entry.kind, entry.element_id, entry.old_element_id, entry.parameter, entry.item, entry.property, entry.old, entry.new)
    key = sha256("\x1f".join(said))[:16]
    seen[key] += 1
    return key if seen[key] == 1 else f"{key}.{seen[key]}"


def _single(key: str, old: str, new: str, sentence: str) -> ItemEntry:
    says = {"old_hash": old or "none", "new_hash": new, "sentence": sentence, "editorial": False, "weaker": False, "kind": key}
    return ItemEntry(key, says)


@lru_cache(maxsize=128)
def _scope(old: str, new: str) -> ChangeScope:
    return change_scope(compared(old, new), Diagram.parse(old.encode()), Diagram.parse(new.encode()))
