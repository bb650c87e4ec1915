"""Changes of one batch and its planned departures as people read them: what they do, who has signed, what waits for whom.

Source: EU GMP Part IV s.14; Chapter 4, 4.20 (review against the master).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from bpmn.diff import Entry
from bpmn.vocabulary import Parameter
from engine.actions.ad_hoc_changes import (
    APPLIED,
    REQUESTED,
    REQUESTERS,
    ad_hoc_of,
    edit_of,
    free_step_id,
    origin,
    subject,
)
from engine.actions.approvals import roles_open
from engine.actions.departure_uses import accepted, is_planned
from engine.ad_hoc import NEVER_SKIPPED, named, tailored
from engine.adoption import UNDER_WAY, waiting_keys
from engine.batch_record import BatchRecord
from engine.change_items import compared
from engine.control_recipe import control_recipe
from engine.errors import AdHocRefusedError
from engine.queries.signatures import signature_view
from engine.queries.task_view import batch_header
from engine.reader import Reader
from engine.records import AdHocChange, Adoption, Batch, Departure, ExceptionRecord, Person, RecipeDocument, Signature, Task
from engine.risk_classes import RISKS, who_signs
from engine.rules.limits import written_range
from engine.scope import Row
from engine.site import Site
from engine.transaction import Actor

KIND_WORDS = {
    "insert": "A step more", "repeat": "A step once more", "replace": "Another step", "skip": "A step skipped",
    "limit": "Another limit",
}  # fmt: skip
USED_RULE = "departure_used"
LIMIT_BOUNDS = ("target", "nor_low", "nor_high", "par_low", "par_high")
RANGED = ("num", "int", "date_time")
"""Types of values that lie between limits; of the others one answer is expected."""
ORIGIN = "mes:origin"


# Changes of one batch


def ad_hoc_list(batch: BatchRecord, actor: Actor | None = None) -> list[dict[str, Any]]:
    """The batch's changes, oldest first, each with who has still to sign."""
    rows = batch.reader.rows(AdHocChange, batch_id=batch.id, order=("requested_at", "id"))
    return [_change(batch.reader, row, actor) for row in rows]


def ad_hoc_view(site: Site, batch_id: str, ad_hoc_id: str, actor: Actor) -> dict[str, Any]:
    """One change with all that is signed. RecordNotFoundError where the batch has none of that id.

    `entries`: what it changes, in words. `refused`: why it can't be applied any more. `before`, `after`: both documents' hashes;
    `after` is empty as long as it is not applied.
    """
    with site.read() as reader:
        batch = BatchRecord(site, reader, batch_id)
        row = ad_hoc_of(reader, batch_id, ad_hoc_id)
        old, new, refused = _documents(batch, row)
        return {
            "batch": batch_header(batch),
            "change": _change(reader, row, actor),
            "entries": [entry for entry in compared(old, new).entries if entry.property != ORIGIN] if new else [],
            "refused": refused,
            "signatures": [
                signature_view(batch, s) | {"said": json.loads(s["shown"])["record"].get("reason", "")}
                for s in reader.rows(Signature, subject=subject(row), order=("signed_at", "id"))
            ],
            "adoption": next(iter(reader.rows(Adoption, batch_id=batch_id, ad_hoc_id=ad_hoc_id)), None),
        }


def ad_hoc_document(site: Site, batch_id: str, ad_hoc_id: str, side: str) -> str:
    """The control recipe's diagram before a change, or after it; as it would be, where it is not applied."""
    with site.read() as reader:
        batch = BatchRecord(site, reader, batch_id)
        old, new, _ = _documents(batch, ad_hoc_of(reader, batch_id, ad_hoc_id))
        return old if side == "before" or not new else new


def request_form(site: Site, batch_id: str, step_id: str = "") -> dict[str, Any]:
    """What the page of a request offers: steps with what they are now, limits of those to come, who signs by risk.

    `chosen`: the step that was named, else the one that is open; `next`: the first that is to come. `repeated`: the id that
    its repetition would get. `recipe`: the hash of the control recipe that all of it is about.
    """
    with site.read() as reader:
        batch = BatchRecord(site, reader, batch_id)
        waiting, steps = waiting_keys(batch), []
        states = {t["step_id"]: t["state"] for t in reader.rows(Task, batch_id=batch_id, order=("opened_at", "key"))}
        for step in batch.recipe.steps.values():
            state = states.get(step.id, "")
            comes = any(batch.recipe.procedure.can_reach(key, step.id) for key in waiting)
            here = state in UNDER_WAY
            if step.id in batch.recipe.awaited or not (state or comes):
                continue
            told = "open" if here else "to come" if comes else "done"
            steps.append({"id": step.id, "title": named(batch.recipe.diagram, step.id), "state": told, "kind": step.kind})
        open_now = [s["id"] for s in steps if s["state"] == "open"]
        known = {s["id"] for s in steps}
        chosen = step_id if step_id in known else next(iter(open_now), steps[0]["id"] if steps else "")
        settings = site.settings
        return {
            "batch": batch_header(batch),
            "steps": steps,
            "chosen": chosen,
            "next": next((s["id"] for s in steps if s["state"] == "to come"), chosen),
            "recipe": batch.recipe.hash,
            "repeated": free_step_id(reader, batch, f"{chosen}_R"),
            "limits": _limits(batch, {s["id"] for s in steps if s["state"] == "to come" and s["kind"] not in NEVER_SKIPPED[:3]}),
            "signs": {r: who_signs(settings.ad_hoc_roles, r, batch.row["product"], settings.client_signs) for r in RISKS},
            "may": list(REQUESTERS),
        }


def differences(batch: BatchRecord) -> dict[str, Any]:
    """What the batch does otherwise than the recipe that it was issued on, as a whole and change by change.

    `entries`: the semantic difference of the control recipe now against that master. `by_adoption`: entries by the adoption's id.
    """
    if not batch.adoptions:
        return {"master": "", "entries": [], "by_adoption": {}}
    reader = batch.reader
    issued = control_recipe(batch.site, reader, batch.issued_hash)
    found: dict[str, list[Entry]] = {}
    for row in batch.adoptions:
        found[row["id"]] = _differing(reader, row["from_hash"], row["to_hash"])
    now = _differing(reader, batch.issued_hash, batch.recipe.hash)
    return {"master": issued.title, "entries": now, "by_adoption": found}


def _differing(reader: Reader, old: str, new: str) -> list[Entry]:
    """What one document says otherwise than another; where that came from is no difference."""
    return [entry for entry in compared(_text(reader, old), _text(reader, new)).entries if entry.property != ORIGIN]


def ad_hoc_inbox(site: Site, actor: Actor) -> list[dict[str, Any]]:
    """Changes of batches that wait for a signature this person may give: the gravest first, then the oldest."""
    with site.read() as reader:
        found = []
        for row in reader.rows(AdHocChange, state=REQUESTED):
            told = _change(reader, row, actor)
            if told["mine"] and not _closed(reader, row["batch_id"]):
                title = f"{KIND_WORDS[row['kind']]}, {row['risk']} risk"
                where = {"batch_id": row["batch_id"], "ad_hoc_id": row["id"]}
                found.append(_waiting("ad_hoc", title, row, told["mine"], where) | {"risk": row["risk"], "words": row["result"]})
    return sorted(found, key=lambda item: (-RISKS.index(item["risk"]), item["since"]))


def _change(reader: Reader, row: Row, actor: Actor | None) -> dict[str, Any]:
    roles, about = json.loads(row["roles"]), subject(row)
    waits = roles_open(reader, about, roles) if row["state"] == REQUESTED else []
    return dict(row) | {
        "edit": json.loads(row["edit"]),
        "roles": roles,
        "open_roles": waits,
        "kind_words": KIND_WORDS[row["kind"]],
        "requested_name": _name(reader, row["requested_by"]),
        "mine": _mine(reader, about, waits, row["requested_by"], actor),
        "may_refuse": _mine(reader, about, roles if waits else [], row["requested_by"], actor) != "",
        "proposable": row["state"] == APPLIED and not row["proposed"],
    }


def _documents(batch: BatchRecord, row: Row) -> tuple[str, str, list[str]]:
    """The document before a change, the one after it ("" where it can't be), and why it can't."""
    reader = batch.reader
    adoption = next(iter(reader.rows(Adoption, batch_id=batch.id, ad_hoc_id=row["id"])), None)
    if adoption is not None:
        return _text(reader, adoption["from_hash"]), _text(reader, adoption["to_hash"]), []
    old = _text(reader, batch.recipe.hash)
    if row["state"] != REQUESTED:
        return old, "", []
    try:
        return old, tailored(batch, edit_of(row), origin(row)).xml.decode(), []
    except AdHocRefusedError as error:
        return old, "", list(error.details["reasons"])


def _limits(batch: BatchRecord, steps: Iterable[str]) -> list[dict[str, Any]]:
    """Every limit that can be changed, step by step, with what it is now: `now` by bound, of what is a matter of choice the
    one answer that is `expected`.
    """
    wanted, found = set(steps), []
    for step in batch.recipe.steps.values():
        limited = [p for p in step.parameters if p.limit_action != "none" or p.target] if step.id in wanted else []
        if limited:
            title = named(batch.recipe.diagram, step.id)
            found.append({"step": step.id, "title": title, "parameters": [_limited(step.id, p) for p in limited]})
    return found


def _limited(step_id: str, p: Parameter) -> dict[str, Any]:
    bounds = {bound: getattr(p, bound) for bound in LIMIT_BOUNDS}
    expected = next((text for text in bounds.values() if text), "")
    return {
        "id": f"{step_id}.{p.id}", "name": p.name, "uom": p.uom, "class": p.parameter_class, "type": p.type,
        "now": bounds if p.type in RANGED else {"expected": expected}, "bounds": [name for name, text in bounds.items() if text],
        "choices": [(c.value, c.label or c.value) for c in p.choices],
    }  # fmt: skip


# Planned departures


def departure_list(batch: BatchRecord, actor: Actor | None = None) -> list[dict[str, Any]]:
    """The departures that bind this batch: its own, and those of the same patient's other batches; with every use."""
    reader = batch.reader
    rows = {row["id"]: row for row in reader.rows(Departure, batch_id=batch.id)}
    if batch.row["coi"]:
        others = reader.rows(Departure, coi=batch.row["coi"])
        rows |= {r["id"]: r for r in others if reader.get(Batch, id=r["batch_id"])["recipe_id"] == batch.row["recipe_id"]}
    return [_departure(batch, row, actor) for row in sorted(rows.values(), key=lambda r: (r["requested_at"], r["id"]))]


def departure_form(site: Site, batch_id: str, actor: Actor) -> dict[str, Any]:
    """What the page of departures shows: the list, and the parameters whose values may be let pass."""
    with site.read() as reader:
        batch = BatchRecord(site, reader, batch_id)
        blocking = [
            {"id": f"{s.id}.{p.id}", "name": f"{s.id} {p.name}", "par": written_range(p, "PAR"), "uom": p.uom}
            for s in batch.recipe.steps.values() for p in s.parameters
            if p.limit_action == "block" and (p.par_low or p.par_high)
        ]  # fmt: skip
        return {"batch": batch_header(batch), "departures": departure_list(batch, actor), "parameters": blocking}


def departure_inbox(site: Site, actor: Actor) -> list[dict[str, Any]]:
    """Planned departures that wait for a signature this person may give, oldest first."""
    with site.read() as reader:
        found = []
        for row in reader.rows(Departure, state=REQUESTED):
            if not is_planned(row) or _closed(reader, row["batch_id"]):
                continue
            about = f"departure:{row['id']}"
            mine = _mine(reader, about, roles_open(reader, about, json.loads(row["roles"])), row["requested_by"], actor)
            if mine:
                title = f"Planned departure {row['id']}: {row['step_id']} {row['parameter_id']}"
                found.append(_waiting("departure", title, row, mine, {"batch_id": row["batch_id"]}) | {"words": row["reason"]})
    return sorted(found, key=lambda item: item["since"])


def _departure(batch: BatchRecord, row: Row, actor: Actor | None) -> dict[str, Any]:
    reader, about = batch.reader, f"departure:{row['id']}"
    roles, planned = json.loads(row["roles"]), is_planned(row)
    waits = roles_open(reader, about, roles) if planned and row["state"] == REQUESTED else []
    step = batch.recipe.steps.get(row["step_id"])
    parameter = step.parameter(row["parameter_id"]) if step is not None else None
    uses = reader.rows(ExceptionRecord, rule=USED_RULE, expected=f"departure {row['id']}", order=("raised_at", "id"))
    return dict(row) | {
        "roles": roles,
        "open_roles": waits,
        "planned": planned,
        "accepts": accepted(parameter, row) if parameter is not None and planned else "",
        "name": f"{row['step_id']} {parameter.name if parameter is not None else row['parameter_id']}",
        "requested_name": _name(reader, row["requested_by"]),
        "mine": _mine(reader, about, waits, row["requested_by"], actor),
        "signatures": [
            signature_view(BatchRecord(batch.site, reader, row["batch_id"]), s)
            | {"said": json.loads(s["shown"])["record"].get("reason", "")}
            for s in reader.rows(Signature, subject=about, order=("signed_at", "id"))
        ],
        "used": [
            {"batch": u["batch_id"], "task": u["task_key"], "value": u["actual"], "at": u["raised_at"]} for u in uses
        ],
    }  # fmt: skip


# Parts of both


def _waiting(kind: str, title: str, row: Row, role: str, where: Mapping[str, str]) -> dict[str, Any]:
    return {
        "kind": kind, "title": title, "batch": row["batch_id"], "roles": [role], "since": row["requested_at"],
        "url_args": dict(where),
    }  # fmt: skip


def _mine(reader: Reader, about: str, waits: Iterable[str], requested_by: str, actor: Actor | None) -> str:
    """The role in which a person may sign now; "" for who asked for it, and for who has signed."""
    if actor is None or actor.id == requested_by:
        return ""
    if any(s["person_id"] == actor.id for s in reader.rows(Signature, subject=about)):
        return ""
    return next((role for role in waits if role in actor.roles), "")


def _closed(reader: Reader, batch_id: str) -> bool:
    return reader.get(Batch, id=batch_id)["state"] in ("REJECTED", "TERMINATED", "COMPLETED")


def _name(reader: Reader, person_id: str) -> str:
    person = reader.find(Person, id=person_id)
    return str(person["full_name"]) if person is not None else person_id


def _text(reader: Reader, digest: str) -> str:
    return str(reader.get(RecipeDocument, hash=digest)["xml"])
