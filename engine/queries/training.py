"""Who is trained on what: the matrix of people and revisions, what somebody has to read, how far a revision is with it."""

from __future__ import annotations

from typing import Any

from bpmn import vocabulary as v
from engine import clock
from engine.actions.access import CLOSED
from engine.actions.trainings import APPROVED, QUALITY, WRITTEN
from engine.actor import Actor
from engine.control_recipe import control_recipe
from engine.queries.task_view import parameter_view, step_view
from engine.reader import Reader
from engine.records import Person, RecipeRevision
from engine.revision_facts import current_document
from engine.revisions import in_effect, revision_order
from engine.rules.facts import Limits
from engine.scope import Row
from engine.signing import shown_hash
from engine.site import Site
from engine.training import SUBJECT, Requirement, Standing, Trainings
from engine.training_facts import READABLE, reading_record, roles_at_work, signing_roles, steps_of, told, what_to_propose

COMING = ("IN_REVIEW", "PENDING_APPROVAL", "APPROVED")


def training_matrix(site: Site, recipe_id: str = "") -> dict[str, Any]:
    """Everybody with an account against every revision that matters: in effect, approved, in review, or in use by a batch.

    `revisions` (columns) with `in_effect` and `running`, the number of batches on it; `people` (rows) with `roles` and
    `cells`, one for each column: `state` "valid", "lapsed", "required" or "not needed", `by` (the revision that the
    training is on, or that is to be read), `valid_from`, `valid_until`, `basis` "read" or "recorded".
    """
    with site.read() as reader:
        columns = _columns(site, reader)
        shown = [row for row in columns if recipe_id in ("", row["recipe_id"])]
        trainings, now = Trainings(reader, whole=True), clock.text(clock.now())
        rows = []
        for person in reader.rows(Person, order=("full_name", "id")):
            if person["state"] == "deactivated":
                continue
            roles = trainings.roles(person["id"], now)
            cells = [_cell(trainings, person["id"], roles, column, now) for column in shown]
            held = [role for role in v.ROLES if role in roles]
            rows.append({"id": person["id"], "full_name": person["full_name"], "roles": held, "cells": cells})
    return {"revisions": shown, "people": rows, "recipes": sorted({row["recipe_id"] for row in columns})}


def my_reading(site: Site, actor: Actor) -> list[dict[str, Any]]:
    """What somebody has to read before they can work: what is in use or comes into use first, then what is in review.

    Each once: `revision` to read, `for` the revisions that ask for it, `lapsed`, `blocks` (tasks are refused without it
    now), `effective_at`, `asked` in words, `alone` (they can read and sign it by themselves).
    """
    with site.read() as reader:
        trainings, now = Trainings(reader), clock.text(clock.now())
        found: dict[str, dict[str, Any]] = {}
        for column in _columns(site, reader):
            if not actor.roles.intersection(column["roles"]):
                continue
            standing = trainings.standing(actor.id, column["id"], "", now)
            if not standing.valid:
                item = found.setdefault(standing.revision_id, _to_read(trainings, standing, actor))
                item["for"].append(column["id"])
                item["blocks"] |= column["in_effect"] or column["running"] > 0
                item["effective_at"] = min(filter(None, (item["effective_at"], column["effective_at"])), default="")
    return sorted(found.values(), key=lambda item: (not item["blocks"], item["effective_at"] or "9999", item["revision"]))


def reading_view(site: Site, revision_id: str, actor: Actor) -> dict[str, Any]:
    """What somebody reads of a revision and signs: `record` with its `shown_hash`, the steps as they are now, and whether
    they can sign (`why_not` in words, else empty). Raises RecordNotFoundError.
    """
    with site.read() as reader:
        row = reader.get(RecipeRevision, id=revision_id)
        now, trainings = clock.text(clock.now()), Trainings(reader)
        if row["kind"] != "recipe" or row["state"] not in READABLE:
            return {"revision": row, "record": None, "shown_hash": "", "steps": [], "why_not": "", "standing": None}
        record = reading_record(reader, trainings, row, actor.id, actor.roles, now)
        standing = trainings.standing(actor.id, revision_id, "", now)
        steps = control_recipe(site, reader, row["hash"]).steps
        return {
            "revision": row | {"in_effect": _is_in_effect(reader, row, now)},
            "record": record,
            "shown_hash": shown_hash(None, SUBJECT + revision_id, record),
            "steps": [_step(steps[step["id"]]) for step in record["steps"]],
            "why_not": _why_not(trainings.requirements(revision_id), standing, row, actor),
            "standing": _standing(standing),
        }


def requirements_view(site: Site, revision_id: str, actor: Actor | None = None) -> dict[str, Any]:
    """What a revision asks people to read, what is proposed beside that, how far they are; what this person may change."""
    with site.read() as reader:
        row = reader.get(RecipeRevision, id=revision_id)
        if row["kind"] != "recipe":
            return NOTHING_ASKED | {"revision": row}
        steps = steps_of(current_document(reader, row)[1])
        asked = Trainings(reader).requirements(revision_id)
        proposal = what_to_propose(reader, row)
        roles = actor.roles if actor else frozenset()
        quality = bool(roles.intersection(QUALITY))
        return {
            "revision": row,
            "requirements": [told(one, steps) | {"set_by": _name(reader, one.set_by)} for one in asked],
            "proposal": proposal,
            "uncovered": [one for one in proposal if not _covered(one, asked)],
            "steps": [{"id": step.id, "title": step.title, "roles": signing_roles([step])} for step in steps.values()],
            "may_add": (row["state"] in WRITTEN and (quality or "PROC" in roles)) or (row["state"] in APPROVED and quality),
            "may_withdraw": row["state"] in WRITTEN and (quality or "PROC" in roles),
            "progress": training_progress(reader, revision_id),
        }


NOBODY: dict[str, Any] = {"needed": 0, "trained": 0, "missing": []}


NOTHING_ASKED: dict[str, Any] = {
    "requirements": [], "proposal": [], "uncovered": [], "steps": [], "may_add": False, "may_withdraw": False, "progress": NOBODY,
}  # fmt: skip


def training_progress(reader: Reader, revision_id: str) -> dict[str, Any]:
    """How many of the people whom a revision asks to read it are trained on it now, and who is missing.

    {"needed": n, "trained": m, "missing": [{"id", "full_name", "roles", "state"}]}. Where it asks for nothing, everybody who
    signs in it is needed.
    """
    row = reader.get(RecipeRevision, id=revision_id)
    if row["kind"] != "recipe":
        return NOBODY
    trainings, now = Trainings(reader, whole=True), clock.text(clock.now())
    asked = trainings.requirements(revision_id)
    named = {role for one in asked for role in one.roles} if asked else set(roles_at_work(reader, row["hash"]))
    needed, missing = 0, []
    for person in reader.rows(Person, order=("full_name", "id")):
        roles = trainings.roles(person["id"], now)
        if person["state"] == "deactivated" or not roles & named:
            continue
        needed += 1
        standing = trainings.standing(person["id"], revision_id, "", now)
        if not standing.valid:
            held = [role for role in v.ROLES if role in roles]
            missing.append({"id": person["id"], "full_name": person["full_name"], "roles": held, "state": standing.state})
    return {"needed": needed, "trained": needed - len(missing), "missing": missing}


def _columns(site: Site, reader: Reader) -> list[dict[str, Any]]:
    """The revisions that matter, by recipe and number, each with the roles that sign in it."""
    now = clock.text(clock.now())
    of_recipe: dict[str, list[Row]] = {}
    for row in reader.rows(RecipeRevision, kind="recipe"):
        of_recipe.setdefault(row["recipe_id"], []).append(row)
    running = _running(reader)
    found = []
    for rows in of_recipe.values():
        current = in_effect(rows, now)
        for row in sorted(rows, key=revision_order):
            in_use = current is not None and row["id"] == current["id"]
            if in_use or running.get(row["id"]) or (row["state"] in COMING and not _outrun(row, current)):
                roles = signing_roles(control_recipe(site, reader, row["hash"]).steps.values())
                copied = {name: row[name] for name in ("id", "recipe_id", "revision", "title", "state", "effective_at")}
                if not in_use and row["state"] == "EFFECTIVE":  # its timer has not told it yet
                    copied["state"] = "SUPERSEDED"
                found.append(copied | {"in_effect": in_use, "running": running.get(row["id"], 0), "roles": roles})
    return found


def _running(reader: Reader) -> dict[str, int]:
    """How many batches are under way on each revision."""
    closed = ", ".join(f"'{state}'" for state in sorted(CLOSED))
    statement = f"SELECT revision_id, COUNT(*) FROM batch WHERE kind = 'batch' AND state NOT IN ({closed}) GROUP BY revision_id"
    return {str(revision_id): int(count) for revision_id, count in reader.fetch(statement)}


def _outrun(row: Row, current: Row | None) -> bool:
    """Whether a revision that was approved will never be used: a newer one is in effect already."""
    return current is not None and bool(row["effective_at"]) and revision_order(row) < revision_order(current)


def _is_in_effect(reader: Reader, row: Row, now: str) -> bool:
    current = in_effect(reader.rows(RecipeRevision, recipe_id=row["recipe_id"], kind="recipe"), now)
    return current is not None and bool(current["id"] == row["id"])


def _cell(trainings: Trainings, person_id: str, roles: frozenset[str], column: dict[str, Any], now: str) -> dict[str, Any]:
    standing = trainings.standing(person_id, column["id"], "", now)
    own = standing.valid and standing.revision_id == column["id"]
    if not own and (standing.valid or not roles.intersection(column["roles"])):
        state = "not needed"
    else:
        state = {"valid": "valid", "lapsed": "lapsed", "none": "required"}[standing.state]
    return {"revision": column["id"]} | _standing(standing) | {"state": state}


def _standing(standing: Standing) -> dict[str, Any]:
    row = standing.row
    return {
        "state": standing.state,
        "by": standing.revision_id,
        "valid_from": row["valid_from"] if row else "",
        "valid_until": (row["valid_until"] or "") if row else "",
        "basis": ("read" if row["basis"] else "recorded") if row else "",
        "recorded_by": row["recorded_by"] if row else "",
    }


def _to_read(trainings: Trainings, standing: Standing, actor: Actor) -> dict[str, Any]:
    row = trainings.revision(standing.revision_id)
    asked = [one.reading for one in standing.asked]
    named = {role for one in trainings.requirements(standing.revision_id) for role in one.roles}
    return {
        "revision": standing.revision_id,
        "title": row["title"] if row else "",
        "state": row["state"] if row else "",
        "for": [],
        "lapsed": standing.state == "lapsed",
        "blocks": False,
        "effective_at": "",
        "asked": asked or [f"All of {standing.revision_id}."],
        "alone": bool(row and row["state"] in READABLE and (not named or named & actor.roles)),
    }


def _why_not(asked: list[Requirement], standing: Standing, row: Row, actor: Actor) -> str:
    """Why somebody has nothing to sign here; empty where they have."""
    named = {role for one in asked for role in one.roles}
    since = standing.row["valid_from"] if standing.row else ""
    later = any(one.concerns(actor.roles, "") and one.set_at > since for one in asked)
    if standing.valid and standing.revision_id == row["id"] and not later:
        return "You are trained on this revision."
    if named and not named & actor.roles:
        return "This revision asks others to read it, not you."
    return ""


def _name(reader: Reader, person_id: str) -> str:
    person = reader.find(Person, id=person_id)
    return str(person["full_name"]) if person else person_id


def _covered(proposal: dict[str, Any], asked: list[Requirement]) -> bool:
    """Whether what is asked for covers a proposal: each of its roles, at each of its steps."""
    whole = [one for one in asked if not one.steps]
    return all(
        any(role in one.roles for one in whole)
        or (proposal["steps"] and all(any(one.concerns({role}, step) for one in asked) for step in proposal["steps"]))
        for role in proposal["roles"]
    )


def _step(step: v.Step) -> dict[str, Any]:
    return step_view(step) | {"parameters": [parameter_view(p, Limits()) for p in step.parameters]}
