"""The gates of a change: what has to be so before a step of it is signed, whoever calls and by whichever way.

Source: 21 CFR 211.100(a), 211.186(a); ICH Q10 3.2.3.
"""

from __future__ import annotations

import json
from typing import Any

from engine.actor import Actor
from engine.batch_record import BatchRecord
from engine.change_facts import item_entries, item_rows, open_duties, outdated, revisions_of, uncovered
from engine.errors import (
    BatchesUndecidedError,
    ChangeNotReadyError,
    DutiesOpenError,
    EntriesNotReviewedError,
    NotPermittedError,
)
from engine.queries.open_batches import undecided
from engine.reader import Reader
from engine.records import Change, EntryReview
from engine.services.effective_from import not_past
from engine.transaction import Act

QUALITY = frozenset({"QA_FLR", "QA_DISP"})
INITIATED, VERIFIED = "initiated_by", "implementation_verified_by"


def gate(act: Act, batch: BatchRecord, task: dict[str, Any], actor: Actor, meaning: str) -> None:
    """Refuse a signature in a change while something that it answers for is missing; all of it is told."""
    if batch.row["kind"] != "change":
        return
    step, values = batch.step(task), batch.typed_values(task["key"])
    if step.id in batch.recipe.awaited:
        _by_those_who_may(act, batch, actor)
    if meaning == INITIATED:
        _complete(act, batch.id)
    elif step.kind == "change_approval" and values.get("verdict") == "agree":
        for moment in (values.get(p.id) for p in step.parameters if p.type == "date_time"):
            if moment is not None:
                not_past(moment, act.now)  # type: ignore[arg-type]
        _reviewed(act, batch.id, actor)
    elif step.kind == "open_batches":
        if rows := undecided(act.site, act, batch.id):
            raise BatchesUndecidedError("; ".join(rows), rows=rows, problems=rows)
    elif meaning == VERIFIED and (duties := open_duties(act, batch.id)):
        raise DutiesOpenError("; ".join(duties), duties=duties, problems=duties)


def lacking(reader: Reader, change_id: str) -> list[str]:
    """What a change lacks before it can be initiated, in words."""
    items = item_rows(reader, change_id)
    found = [] if items else ["it has no item"]
    for item in items:
        if not json.loads(item["evidence"]) and item["category"] != "editorial":
            found.append(f"item {item['n']} names no evidence")
        if not item_entries(reader, change_id, item):
            found.append(f"item {item['n']} ({item['title']}) changes nothing")
    found += [f"no item covers {told}" for told in uncovered(reader, change_id)]
    found += [f"{told}: take its changes into the draft and put the item again" for told in outdated(reader, change_id)]
    revisions = revisions_of(reader, change_id)
    found += [f"{row['id']} is {row['state'].lower()}, not in review" for row in revisions if row["state"] != "IN_REVIEW"]
    return found


def unreviewed(reader: Reader, change_id: str, person_id: str) -> dict[str, str]:
    """Entries of exactly these documents that a person has not ticked: name of the entry to what it says."""
    ticked = {row["entry"] for row in reader.rows(EntryReview, change_id=change_id, person_id=person_id)}
    entries = [(e.name(item["n"]), e) for item in item_rows(reader, change_id) for e in item_entries(reader, change_id, item)]
    return {name: entry.says["sentence"] for name, entry in entries if name not in ticked}


def _complete(act: Act, change_id: str) -> None:
    if missing := lacking(act, change_id):
        raise ChangeNotReadyError("; ".join(missing), missing=missing, problems=missing)


def _reviewed(act: Act, change_id: str, actor: Actor) -> None:
    if left := unreviewed(act, change_id, actor.id):
        raise EntriesNotReviewedError("; ".join(left.values()), entries=left, problems=left)


def _by_those_who_may(act: Act, batch: BatchRecord, actor: Actor) -> None:
    """What may come at any time, such as cancelling, is the originator's or quality's."""
    if actor.id != act.get(Change, id=batch.id)["opened_by"] and not actor.roles & QUALITY:
        raise NotPermittedError("This is for whoever opened the change, or for quality.")
