"""Training: who is trained on what, what a revision asks of whom, and that somebody has read and understood it."""

from __future__ import annotations

import marshmallow as ma
from flask import g

from api.auth import GMP_ROLES, allow
from api.fields import ROW, Code, Count, Nothing, Schema, Text, answer
from api.resource import Resource, act, expected_version, site
from api.signing import Secret, proven
from bpmn.vocabulary import ROLES
from engine.actions import trainings as actions
from engine.queries import training as queries
from engine.records import RecipeRevision

training = Resource("training", "Who is trained on which revision, and what each revision asks people to read.")

SETTERS = ("PROC", "QA_FLR", "QA_DISP")
SHA256 = r"[0-9a-f]{64}"


class MatrixQuery(Schema):
    """Which recipe."""

    recipe_id = Code(load_default="", metadata={"description": "Only the revisions of this recipe"})


class NewRequirement(Schema):
    """Who has to have read and understood what. No steps: all of it. No roles: nobody has to read it."""

    roles = ma.fields.List(
        ma.fields.String(validate=ma.validate.OneOf(sorted(ROLES))), required=True, validate=ma.validate.Length(max=50)
    )
    steps = ma.fields.List(Code(), load_default=list, validate=ma.validate.Length(max=500))
    reading = Text(2000, shortest=3, required=True)


class Withdrawal(Schema):
    """What is asked for no longer."""

    requirement_id = Code(ROW, required=True)
    version = Count(1)


class Read(Secret):
    """The password, and the hash of what was shown."""

    shown_hash = Code(SHA256)


Matrix = answer(
    "TrainingMatrix",
    revisions=ma.fields.List(ma.fields.Dict()),
    people=ma.fields.List(ma.fields.Dict()),
    recipes=ma.fields.List(ma.fields.String()),
)
ReadingList = answer("ReadingList", items=ma.fields.List(ma.fields.Dict()))
Reading = answer(
    "Reading",
    revision=ma.fields.Dict(),
    record=ma.fields.Dict(allow_none=True),
    shown_hash=ma.fields.String(),
    steps=ma.fields.List(ma.fields.Dict()),
    why_not=ma.fields.String(),
    standing=ma.fields.Dict(allow_none=True),
)
Requirements = answer(
    "TrainingRequirements",
    revision=ma.fields.Dict(),
    requirements=ma.fields.List(ma.fields.Dict()),
    proposal=ma.fields.List(ma.fields.Dict()),
    uncovered=ma.fields.List(ma.fields.Dict()),
    steps=ma.fields.List(ma.fields.Dict()),
    progress=ma.fields.Dict(),
)
Asked = answer(
    "TrainingRequirement", requirement=ma.fields.String(), revision=ma.fields.String(), version=ma.fields.Integer()
)
Taken = answer("ProposalTaken", revision=ma.fields.String(), requirements=ma.fields.List(ma.fields.String()))
Withdrawn = answer("RequirementWithdrawn", requirement=ma.fields.String(), revision=ma.fields.String())
Understood = answer(
    "ReadAndUnderstood",
    training_id=ma.fields.String(),
    revision=ma.fields.String(),
    signature=ma.fields.String(),
    valid_until=ma.fields.String(allow_none=True),
)


@training.reads("/training", Matrix, query=MatrixQuery)
@allow(*GMP_ROLES, "SYS_ADM")
def matrix(query: dict) -> dict:
    """The matrix of people and revisions

    Valid, lapsed, required or not needed, with dates and whether it was read or recorded.
    """
    return queries.training_matrix(site(), query["recipe_id"])


@training.reads("/training/reading", ReadingList)
@allow(*GMP_ROLES)
def reading_list() -> dict:
    """What the caller has to read

    What their work waits for first.
    """
    return {"items": queries.my_reading(site(), g.actor)}


@training.reads("/recipes/<name:revision_id>/reading", Reading)
@allow(*GMP_ROLES)
def reading(revision_id: str) -> dict:
    """What a revision changes for the caller

    Old and new with the reason, and the steps to read; `shown_hash` is what a signature on it covers.
    """
    return queries.reading_view(site(), revision_id, g.actor)


@training.acts("/recipes/<name:revision_id>/reading", Read, Understood, status=201)
@allow(*GMP_ROLES)
def read_and_understood(body: dict, revision_id: str) -> dict:
    """Sign that the caller has read and understood a revision

    They are trained on it from now.
    """
    return act(actions.read_and_understood, stream=f"person:{g.actor.id}", revision_id=revision_id, **proven(body))


@training.reads("/recipes/<name:revision_id>/training", Requirements)
@allow(*GMP_ROLES)
def requirements(revision_id: str) -> dict:
    """What a revision asks people to read

    With what is proposed by what it changes, and how many of the people needed are trained.
    """
    return queries.requirements_view(site(), revision_id, g.actor)


@training.acts("/recipes/<name:revision_id>/training", NewRequirement, Asked, status=201)
@allow(*SETTERS)
def ask(body: dict, revision_id: str) -> dict:
    """Ask people to read a revision

    By authors and quality until it is approved; then quality may only add.
    """
    return act(actions.set_requirement, stream=_stream(revision_id), revision_id=revision_id, **body)


@training.acts("/recipes/<name:revision_id>/training/proposal", Nothing, Taken)
@allow(*SETTERS)
def take_proposal(body: dict, revision_id: str) -> dict:
    """Ask for what is proposed

    All of it, in one act; what is asked for already stays.
    """
    return act(actions.take_proposal, stream=_stream(revision_id), revision_id=revision_id)


@training.acts("/recipes/<name:revision_id>/training/withdrawals", Withdrawal, Withdrawn)
@allow(*SETTERS)
def withdraw(body: dict, revision_id: str) -> dict:
    """Ask for it no longer

    Only before the revision is approved.
    """
    version = expected_version(body)
    return act(
        actions.withdraw_requirement, stream=_stream(revision_id), revision_id=revision_id, version=version, **body
    )


def _stream(revision_id: str) -> str:
    with site().read() as reader:
        return f"recipe:{reader.get(RecipeRevision, id=revision_id)['recipe_id']}"
