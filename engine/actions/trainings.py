"""Training: what a revision asks of whom, that somebody has read and understood it, that a course was held.

Source: 21 CFR 211.25, 11.10(i); EU GMP Chapter 2, 2.10 to 2.12.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from bpmn.diagram import Diagram
from bpmn.vocabulary import ROLES
from engine import clock
from engine.actions import access, drafts
from engine.actions.signatures import give_signature
from engine.canonical import canonical
from engine.errors import (
    DuplicateRecordError,
    NotPermittedError,
    NotReadableError,
    OwnAccountError,
    PersonFieldError,
    RecipeFieldError,
    RecordNotFoundError,
    RevisionLockedError,
    StaleRecordError,
)
from engine.passwords import Proof
from engine.queries.people import roles_of
from engine.reader import Reader
from engine.records import Person, RecipeRevision, Training, TrainingRequirement
from engine.revision_facts import current_document
from engine.scope import Row
from engine.signing import shown_hash as hash_shown
from engine.training import SUBJECT, Requirement, Trainings
from engine.training_facts import READABLE, reading_record, what_to_propose
from engine.transaction import Act, Actor

TRAINERS = frozenset({"MFG_SUP", "QA_FLR", "QA_DISP"})
QUALITY = ("QA_FLR", "QA_DISP")
WRITTEN = ("DRAFT", "IN_REVIEW", "PENDING_APPROVAL")
"""States in which authors and quality say what is to be read."""
APPROVED = ("APPROVED", "EFFECTIVE", "SUPERSEDED")
"""States in which quality may still ask for more, and nobody for less: people have signed by then, and work by it."""
MEANING = "read_and_understood_by"


# What a revision asks for


def propose_requirements(reader: Reader, revision_id: str) -> list[dict[str, Any]]:
    """Who would have to read what of a revision, by what it changes against the one in effect: {"roles", "steps", "reading"}.

    The first revision of a recipe: everybody, all of it. An editorial change: nothing.
    """
    return what_to_propose(reader, _recipe(reader, revision_id))


def set_requirement(
    act: Act, *, actor: Actor, revision_id: str, roles: Iterable[str], steps: Iterable[str] = (), reading: str
) -> dict[str, Any]:
    """Say who must have read and understood what of a revision before they work by it. Stream: `recipe:<id>`.

    No `steps`: all of it. No `roles`: nobody has to read it, who is trained on the revision before stays so. Set again, it
    says something else. Once approved it is locked, and quality can only add. RecipeFieldError names everything that is wrong.
    """
    row = _open_for(act, actor, revision_id)
    return _write(act, actor, row, sorted(set(roles)), sorted(set(steps)), reading)


def take_proposal(act: Act, *, actor: Actor, revision_id: str) -> dict[str, Any]:
    """Ask for what is proposed, all of it in one act; what stands already stays. Stream: `recipe:<id>`."""
    row = _open_for(act, actor, revision_id)
    known = [(one.roles, one.steps) for one in Trainings(act).requirements(revision_id)]
    added = []
    for one in what_to_propose(act, row):
        if (frozenset(one["roles"]), frozenset(one["steps"])) not in known:
            added.append(_write(act, actor, row, sorted(one["roles"]), sorted(one["steps"]), one["reading"])["requirement"])
    return {"revision": revision_id, "requirements": added}


def withdraw_requirement(
    act: Act, *, actor: Actor, revision_id: str, requirement_id: str, version: int | None = None
) -> dict[str, Any]:
    """Ask for it no longer. Stream: `recipe:<id>`. Only before the revision is approved."""
    row = _open_for(act, actor, revision_id)
    found = act.find(TrainingRequirement, id=requirement_id)
    if found is None or found["revision_id"] != revision_id or found["withdrawn"]:
        raise RecordNotFoundError(f"{revision_id} asks for no such reading.")
    if row["state"] not in WRITTEN:
        raise RevisionLockedError(f"{revision_id} is approved: what it asks people to read stays.", state=row["state"])
    act.update(TrainingRequirement, {"id": requirement_id}, was=found, version=version, withdrawn=1)
    act.note("training:unasked", revision=revision_id, requirement=requirement_id, critical=True)
    return {"requirement": requirement_id, "revision": revision_id}


def _open_for(act: Act, actor: Actor, revision_id: str) -> Row:
    row = _recipe(act, revision_id)
    if row["state"] in WRITTEN:
        access.permit(actor, (*drafts.AUTHORS, *QUALITY))
    elif row["state"] in APPROVED:
        access.permit(actor, QUALITY)
    else:
        raise RevisionLockedError(f"{revision_id} is {row['state'].lower()}: nobody works by it.", state=row["state"])
    return row


def _recipe(reader: Reader, revision_id: str) -> Row:
    row = reader.get(RecipeRevision, id=revision_id)
    if row["kind"] != "recipe":
        raise RecipeFieldError(f"{revision_id} is a {row['kind']}: training is asked for by recipes.")
    return row


def _write(act: Act, actor: Actor, row: Row, roles: list[str], steps: list[str], reading: str) -> dict[str, Any]:
    """One requirement: new, set again after it was withdrawn, or with other words."""
    _refuse_wrong(act, row, roles, steps, reading)
    said: dict[str, Any] = {"reading": reading.strip(), "set_by": actor.id, "set_at": act.now, "withdrawn": 0}
    key = {"revision_id": row["id"], "roles": canonical(roles), "steps": canonical(steps)}
    known = act.find(TrainingRequirement, **key)
    if known is None:
        found = act.insert(
            TrainingRequirement, id=act.new_id("training_requirement"), recipe_id=row["recipe_id"], **key, **said
        )
    elif not known["withdrawn"] and row["state"] not in WRITTEN:
        raise RevisionLockedError(f"{row['id']} is approved and asks for this already.", state=row["state"])
    else:
        found = act.update(TrainingRequirement, {"id": known["id"]}, was=known, **said)
    act.note(
        "training:asked", critical=row["state"] not in WRITTEN, revision=row["id"], requirement=found["id"], roles=roles,
        steps=steps, reading=found["reading"],
    )  # fmt: skip
    return {"requirement": found["id"], "revision": row["id"], "version": found["version"]}


def _refuse_wrong(act: Act, row: Row, roles: list[str], steps: list[str], reading: str) -> None:
    problems = {}
    if unknown := [role for role in roles if role not in ROLES or role == "SYS_ADM"]:
        problems["roles"] = f"Nobody works on a batch as {', '.join(unknown)}."
    elif not roles and steps:
        problems["roles"] = "Choose who has to read these steps."
    known = Diagram.parse(current_document(act, row)[1].encode()).steps if steps else {}
    if missing := [step for step in steps if step not in known]:
        problems["steps"] = f"The recipe has no step {', '.join(missing)}."
    if len(reading.strip()) < 3:
        problems["reading"] = "Say in a few words what is to be read."
    if problems:
        raise RecipeFieldError(" ".join(problems.values()), problems=problems)


# That somebody is trained


def read_and_understood(
    act: Act, *, actor: Actor, revision_id: str, proof: Proof, shown_hash: str | None = None
) -> dict[str, Any]:
    """A person signs that they have read and understood a revision, and is trained on it from now. Stream: `person:<id>`.

    The signature is bound to the document's hash, to what is asked of them and to what changed for them. Who reads only
    changes is trained no longer than on what they know already. Source: 21 CFR 211.25, 11.70.
    """
    row = _recipe(act, revision_id)
    if row["state"] not in READABLE:
        raise NotReadableError(f"{revision_id} is {row['state'].lower().replace('_', ' ')}.")
    trainings = Trainings(act)
    roles = roles_of(act, actor.id) & actor.roles
    role = _reads_as(trainings.requirements(revision_id), roles)
    record = reading_record(act, trainings, row, actor.id, roles, act.now_text)
    subject = SUBJECT + revision_id
    digest = hash_shown(None, subject, record)
    if shown_hash is not None and shown_hash != digest:
        raise StaleRecordError(f"What {revision_id} says or asks for has changed since it was shown to you.")
    _refuse_again(act, trainings, row, actor, digest)
    signature = give_signature(
        act, actor=actor, proof=proof, subject=subject, slot="R", meaning=MEANING, role=role, record=record
    )
    base = trainings.trained_before(actor.id, revision_id, act.now_text)
    training_id = act.new_id("training")
    until = base.row["valid_until"] if base and base.row else None
    act.insert(
        Training, id=training_id, person_id=actor.id, recipe_id=row["recipe_id"], revision=row["revision"],
        valid_from=act.now, valid_until=until, recorded_by=actor.id, basis=signature["id"],
    )  # fmt: skip
    act.note("training:read", training=training_id, revision=revision_id, hash=row["hash"], signature=signature["id"])
    return {"training_id": training_id, "revision": revision_id, "signature": signature["id"], "valid_until": until}


def _reads_as(asked: list[Requirement], roles: frozenset[str]) -> str:
    """The role in which somebody reads: one that is named, or any of theirs where nobody is named."""
    named = {role for one in asked for role in one.roles}
    wanted = [role for role in ROLES if role in (named or ROLES.keys() - {"SYS_ADM"})]
    found = next((role for role in wanted if role in roles), "")
    if not found:
        names = ", ".join(ROLES[role] for role in wanted)
        raise NotPermittedError(f"This revision is for others to read: {names}.", roles=wanted)
    return found


def _refuse_again(act: Act, trainings: Trainings, row: Row, actor: Actor, digest: str) -> None:
    """The same, read by the same person, is signed once, as long as that holds."""
    standing = trainings.standing(actor.id, row["id"], "", act.now_text)
    if standing.valid and standing.revision_id == row["id"] and standing.row and standing.row["basis"]:
        signature = trainings.signature(standing.row["basis"])
        if signature and signature["shown_hash"] == digest:
            raise DuplicateRecordError(f"You have read and understood {row['id']} already.")


def record_training(
    act: Act,
    *,
    actor: Actor,
    person_id: str,
    recipe_id: str,
    revision: str,
    valid_from: datetime,
    valid_until: datetime,
) -> dict[str, Any]:
    """That a person is trained on a revision of a recipe between two instants. Nobody records their own.

    Source: 21 CFR 11.10(i), 211.25.
    """
    if actor.kind == "person" and not TRAINERS & actor.roles:
        raise NotPermittedError("Training is recorded by a supervisor or by quality assurance.")
    person = act.get(Person, id=person_id)
    if actor.id == person["id"]:
        raise OwnAccountError("Nobody records their own training.")
    if not recipe_id.strip() or not revision.strip():
        raise PersonFieldError("Name the recipe and its revision.", field="recipe")
    if valid_until <= valid_from:
        raise PersonFieldError("The training ends before it begins.", field="valid_until")
    training_id = act.new_id("training")
    act.insert(
        Training, id=training_id, person_id=person["id"], recipe_id=recipe_id.strip(), revision=revision.strip(),
        valid_from=clock.text(valid_from), valid_until=clock.text(valid_until), recorded_by=actor.id,
    )  # fmt: skip
    act.note("training:recorded", training=training_id, recipe=recipe_id.strip(), revision=revision.strip())
    return {"training_id": training_id}
