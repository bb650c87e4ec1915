"""What a revision changes for the people who work by it: whom it touches at which step, and what somebody signs as read.

Source: 21 CFR 211.25, 11.70; EU GMP Chapter 2, 2.11.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from bpmn import vocabulary as v
from bpmn.diagram import Diagram
from bpmn.diff import Difference, Entry, diff
from bpmn.diff.subjects import HOLD
from bpmn.diff.touched import Touched as TouchedBy
from bpmn.flow_order import FlowOrder
from engine.change_items import items_of
from engine.reader import Reader
from engine.records import RecipeDocument, RecipeRevision
from engine.records.shape import Row
from engine.revision_facts import current_document
from engine.training import Requirement, Trainings, revision_before

if TYPE_CHECKING:
    from engine.batch_record import BatchRecord

READABLE = ("IN_REVIEW", "PENDING_APPROVAL", "APPROVED", "EFFECTIVE", "SUPERSEDED")
"""States in which a revision is fixed and in use, or about to be: what it says now can be read and signed."""

Touched = dict[str, list[Entry]]


def signing_roles(steps: Iterable[v.Step]) -> list[str]:
    """The roles that perform, witness, verify or gate any of these steps, in the order of the domain's list."""
    found = {role for step in steps for slot in step.signatures for role in slot.roles}
    return [role for role in v.ROLES if role in found]


def touched(difference: Difference, old: Diagram, new: Diagram) -> Touched:
    """The entries of a difference by the step of the new diagram that they meet, in the recipe's order.

    A step that is gone is met where the recipe goes on without it, a hold time at the steps that begin and end it, a timer
    at the step it hangs on. What is editorial meets nobody; what has to do with no step is in no list.
    """
    found: Touched = {}
    for entry in difference.entries:
        if not entry.editorial:
            for step_id in _steps_of(entry, old, new):
                found.setdefault(step_id, []).append(entry)
    return {step_id: found[step_id] for step_id in new.steps if step_id in found}


def _steps_of(entry: Entry, old: Diagram, new: Diagram) -> set[str]:
    along = entry.item.split(", ") if entry.kind == "moved" and entry.property == "place" else ()
    if found := {entry.step, *along} & new.steps.keys():
        return found
    if entry.step in old.steps:
        return set(_steps_after(entry.step, old, new.steps))
    if entry.subject.startswith(HOLD):
        return {step for diagram in (old, new) for step in _steps_of_hold(diagram, entry.item)} & new.steps.keys()
    nodes = (side.nodes.get(name) for side, name in ((new, entry.element_id), (old, entry.old_element_id)))
    return {node.attached_to for node in nodes if node is not None} & new.steps.keys()


def _steps_of_hold(diagram: Diagram, hold_id: str) -> set[str]:
    """The steps whose events begin and end a hold time."""
    events = (event for h in diagram.recipe.hold_times if h.id == hold_id for event in (h.from_event, *h.to_events))
    return {event.partition(".")[0] for event in events}


def _steps_after(step_id: str, old: Diagram, remaining: Collection[str]) -> Iterator[str]:
    """The steps of the old diagram that came next after one, and are still there."""
    order, seen, waiting = FlowOrder(old), {step_id}, [step_id]
    while waiting:
        for node in _ways_on(waiting.pop(), old, order):
            if node in remaining:
                yield node
            elif node not in seen:
                seen.add(node)
                waiting.append(node)


def _ways_on(node_id: str, diagram: Diagram, order: FlowOrder) -> Iterator[str]:
    """Where the recipe goes on after a node: into a subprocess and, from its end, out of it."""
    inside = diagram.scopes.get(node_id, ())
    yield from (member for member in inside if not diagram.incoming.get(member) and not diagram.nodes[member].attached_to)
    following = list(order.following(node_id))
    yield from following
    if not following and diagram.nodes[node_id].scope in diagram.nodes:
        yield from order.following(diagram.nodes[node_id].scope)


def proposed(revision_id: str, old: Diagram | None, new: Diagram, base_id: str = "") -> list[dict[str, Any]]:
    """Who would have to read what of a revision: [{"roles", "steps", "reading"}], each set of steps once.

    Of the first revision of a recipe everybody who signs in it all of it; else the roles of the steps that it touches; nobody
    where it changes nothing or all is editorial.
    """
    if old is None:
        return [{"roles": signing_roles(new.steps.values()), "steps": [], "reading": f"All of {revision_id}."}]
    at: dict[str, dict[str, None]] = {}
    for reading in TouchedBy(difference(old.xml, new.xml), old, new).training():
        steps = [reading.step] if reading.step in new.steps else list(_steps_after(reading.step, old, new.steps))
        for role in reading.roles:
            at.setdefault(role, {}).update(dict.fromkeys(steps))
    groups: dict[tuple[str, ...], list[str]] = {}
    for role in (role for role in v.ROLES if at.get(role)):
        groups.setdefault(tuple(step_id for step_id in new.steps if step_id in at[role]), []).append(role)
    return [
        {"roles": roles, "steps": list(steps), "reading": _reading(base_id, steps, new)} for steps, roles in groups.items()
    ]


def _reading(base_id: str, steps: Iterable[str], new: Diagram) -> str:
    named = ", ".join(f"{step_id} {new.steps[step_id].title}".strip() for step_id in steps)
    return f"What changed since {base_id.partition('@')[2] or base_id} at {named}."


@lru_cache(maxsize=16)
def difference(old: bytes, new: bytes) -> Difference:
    """Every change between two diagrams; kept for the last few, because each reader asks for the same."""
    return diff(old, new)


def what_to_propose(reader: Reader, row: Row) -> list[dict[str, Any]]:
    """`proposed` for a revision as it is now, against the revision before it."""
    new = Diagram.parse(current_document(reader, row)[1].encode())
    base = revision_before(reader, row)
    if base is None:
        return proposed(row["id"], None, new)
    old = Diagram.parse(reader.get(RecipeDocument, hash=base["hash"])["xml"].encode())
    return proposed(row["id"], old, new, base["id"])


def reading_record(
    reader: Reader, trainings: Trainings, row: Row, person_id: str, roles: Collection[str], instant: str
) -> dict[str, Any]:
    """What somebody reads of a revision, and signs as read and understood: the document by its hash, what is asked of them,
    what changed at their steps since the revision that they are trained on.

    Who is trained on no revision before it reads all of their steps: `compared_with` is empty then. `other_changes` counts
    what has nothing to do with their steps.
    """
    new = _diagram(reader, row["hash"])
    asked = [one for one in trainings.requirements(row["id"], instant) if one.concerns(roles, "")]
    mine = [step_id for step_id, step in new.steps.items() if set(signing_roles([step])) & set(roles)]
    base = trainings.trained_before(person_id, row["id"], instant)
    met: Touched = {}
    entries: tuple[Entry, ...] = ()
    if base is not None:
        before = trainings.revision(base.revision_id)
        assert before is not None
        old = _diagram(reader, before["hash"])
        found = difference(old.xml, new.xml)
        entries = tuple(entry for entry in found.entries if not entry.editorial)
        met = touched(found, old, new)
    changes = [_change(step_id, entry, new) for step_id in met if step_id in mine for entry in met[step_id]]
    shown = {id(entry) for step_id in met if step_id in mine for entry in met[step_id]}
    wanted = set(mine) if base is None else {s for s in met if s in mine} | _named(asked, mine)
    return {
        "revision": row["id"],
        "title": row["title"],
        "hash": row["hash"],
        "compared_with": base.revision_id if base else "",
        "asked": [{"roles": sorted(a.roles), "steps": sorted(a.steps), "reading": a.reading} for a in asked],
        "changes": changes,
        "other_changes": sum(id(entry) not in shown for entry in entries),
        "steps": [{"id": step_id, "title": step.title} for step_id, step in new.steps.items() if step_id in wanted],
    }


def _named(asked: Iterable[Requirement], mine: Iterable[str]) -> set[str]:
    """The steps that requirements name; one without steps means all that the person signs at."""
    return {step_id for one in asked for step_id in (one.steps or mine)}


def _change(step_id: str, entry: Entry, new: Diagram) -> dict[str, str]:
    """An entry as its reader sees it: old -> new, and why it is so now."""
    step = new.steps[step_id]
    parameter = step.parameter(entry.parameter) if entry.step == step_id else None
    hold = next((h for h in new.recipe.hold_times if entry.subject == f"{HOLD}{h.id}"), None)
    why = parameter.why if parameter is not None and parameter.why else hold.why if hold is not None else step.rationale
    about = [entry.about, entry.what]
    heading = ": ".join(filter(None, about if entry.what not in entry.about else about[:1]))
    return {
        "step": step_id, "called": entry.called, "kind": entry.kind, "what": heading, "old": entry.old, "new": entry.new,
        "sentence": entry.sentence, "why": why,
    }  # fmt: skip


def _diagram(reader: Reader, digest: str) -> Diagram:
    return _parsed(reader.get(RecipeDocument, hash=digest)["xml"])


@lru_cache(maxsize=16)
def _parsed(text: str) -> Diagram:
    return Diagram.parse(text.encode())


def roles_at_work(reader: Reader, digest: str) -> list[str]:
    """The roles that sign anywhere in a document."""
    return signing_roles(_diagram(reader, digest).steps.values())


def steps_of(text: str) -> dict[str, v.Step]:
    """The steps of a document, by id."""
    return _parsed(text).steps


def told(requirement: Requirement, steps: Mapping[str, v.Step] | None = None) -> dict[str, Any]:
    """A requirement as an answer tells it; `gone`: steps that it names and the document has not any more."""
    gone = sorted(requirement.steps - steps.keys()) if steps is not None else []
    return {
        "id": requirement.id, "roles": [role for role in v.ROLES if role in requirement.roles],
        "steps": sorted(requirement.steps), "reading": requirement.reading, "set_by": requirement.set_by,
        "set_at": requirement.set_at, "version": requirement.version, "gone": gone,
    }  # fmt: skip


def defining(batch: BatchRecord, task: Row | None) -> tuple[str, ...]:
    """The revisions whose requirements count at a task of a batch; without a task, the one that the batch is on.

    Where the batch went on under other control recipes: the revision whose document the task was opened under, if it is a
    whole one; else those of the adopted items that changed its step (of several adoptions the last); else the batch's own.
    """
    own = str(batch.row["revision_id"])
    if task is None or not batch.adoptions:
        return (own,)
    digest = task["recipe_hash"] or batch.issued_hash
    whole = batch.reader.rows(RecipeRevision, recipe_id=batch.row["recipe_id"], hash=digest)
    if whole:
        return (own if any(row["id"] == own for row in whole) else str(whole[0]["id"]),)
    last = max((n for n, row in enumerate(batch.adoptions, 1) if row["to_hash"] == digest), default=0)
    changed = (_changed_by(batch, row, task) for row in reversed(batch.adoptions[:last]))
    return next(filter(None, changed), (own,))


def _changed_by(batch: BatchRecord, adoption: Row, task: Row) -> tuple[str, ...]:
    """The revisions of the items that an adoption brought to a step; none where it left the step as it was."""
    if not adoption["change_id"]:
        return ()
    step_id, adopted = task["step_id"], json.loads(adoption["items"])
    diagram = batch.recipe_of(task).diagram
    hung = {hold.id for hold in diagram.recipe.hold_times if step_id in _steps_of_hold(diagram, hold.id)}
    items = [item for item in items_of(batch.reader, adoption["change_id"]) if item.n in adopted]
    return tuple(dict.fromkeys(i.revision_id for i in items if step_id in i.places or hung.intersection(i.holds)))
