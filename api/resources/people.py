"""People: accounts, roles, training. Administrators keep accounts; supervisors and quality record training."""

from __future__ import annotations

import marshmallow as ma

from api.auth import allow
from api.fields import Code, Instant, Schema, Text, answer
from api.resource import Resource, act, site
from bpmn.vocabulary import ROLES
from engine import sign_in
from engine.actions import people as actions
from engine.actions import trainings
from engine.errors import RecordNotFoundError
from engine.passwords import MAXIMUM_LENGTH
from engine.queries import people as queries

people = Resource("people", "Who has an account, in which roles, trained on what.")

KEEPERS = ("SYS_ADM",)
READERS = ("SYS_ADM", "MFG_SUP", "QA_FLR", "QA_DISP", "QP")
TRAINERS = ("MFG_SUP", "QA_FLR", "QA_DISP")


class Identity(Schema):
    """Who looked at which document of the person, and when, before the first password was handed over."""

    by = Text(200, shortest=1, required=True)
    how = Text(200, shortest=1, required=True)
    on = Text(40, shortest=1, required=True)


class NewPerson(Schema):
    """An account and its first password, which opens nothing but the way to another."""

    login = Code(r"[a-z0-9]([a-z0-9._-]{0,38}[a-z0-9])?", required=True)
    full_name = Text(200, shortest=1, required=True)
    password = Text(MAXIMUM_LENGTH, shortest=1, required=True)
    identity_verified = ma.fields.Nested(Identity, required=True)


class Reason(Schema):
    """Why, in a few words."""

    reason = Text(1000, shortest=3, required=True)


class RoleGrant(Schema):
    """A role of the domain."""

    role = ma.fields.String(required=True, validate=ma.validate.OneOf(sorted(ROLES)))


class RoleRevocation(Reason):
    """A role to take away, and why."""

    role = ma.fields.String(required=True, validate=ma.validate.OneOf(sorted(ROLES)))


class NewTraining(Schema):
    """Trained on which revision of which recipe, from when until when."""

    recipe_id = Code(required=True)
    revision = Code(required=True)
    valid_from = Instant(required=True)
    valid_until = Instant(required=True)


class PasswordReset(Reason):
    """A first password again, witnessed by a second person with both components of their signature."""

    password = Text(MAXIMUM_LENGTH, shortest=1, required=True)
    witness_login = Code(required=True)
    witness_password = Text(MAXIMUM_LENGTH, shortest=1, required=True)


Person = answer(
    "Person",
    id=ma.fields.String(),
    login=ma.fields.String(),
    full_name=ma.fields.String(),
    state=ma.fields.String(),
    roles=ma.fields.List(ma.fields.String()),
    training=ma.fields.List(ma.fields.Dict()),
    version=ma.fields.Integer(),
)
People = answer("People", items=ma.fields.List(ma.fields.Nested(Person)))
Changed = answer("ChangedPerson", person_id=ma.fields.String())
Roles = answer("RolesOfPerson", person_id=ma.fields.String(), roles=ma.fields.List(ma.fields.String()))
Recorded = answer("RecordedTraining", training_id=ma.fields.String())


@people.reads("/people", People)
@allow(*READERS)
def everybody() -> dict:
    """Everybody with an account

    With roles held now and before, and trainings.
    """
    return {"items": queries.people(site())}


@people.reads("/people/<name:person_id>", Person, etag=True)
@allow(*READERS)
def one_person(person_id: str) -> dict:
    """One account

    With roles and trainings.
    """
    found = queries.person(site(), person_id)
    if found is None:
        raise RecordNotFoundError(f"There is no account {person_id}.")
    return found


@people.acts("/people", NewPerson, Changed, status=201)
@allow(*KEEPERS)
def create_person(body: dict) -> dict:
    """Open an account

    The login is never given again, also not after the account is closed.
    """
    chosen = sign_in.first_password(body["login"], body["full_name"], body.pop("password"))
    return act(actions.create_person, stream=f"person:{body['login']}", chosen=chosen, **body)


@people.acts("/people/<name:person_id>/roles", RoleGrant, Roles)
@allow(*KEEPERS)
def grant_role(body: dict, person_id: str) -> dict:
    """Grant a role

    Administrators hold no other role and give none to themselves.
    """
    return act(actions.grant_role, stream=f"person:{person_id}", person_id=person_id, **body)


@people.acts("/people/<name:person_id>/roles/revocations", RoleRevocation, Roles)
@allow(*KEEPERS)
def revoke_role(body: dict, person_id: str) -> dict:
    """Revoke a role

    Counts from the person's next request on.
    """
    return act(actions.revoke_role, stream=f"person:{person_id}", person_id=person_id, **body)


@people.acts("/people/<name:person_id>/training", NewTraining, Recorded, status=201)
@allow(*TRAINERS)
def record_training(body: dict, person_id: str) -> dict:
    """Record a training

    Nobody records their own.
    """
    return act(trainings.record_training, stream=f"person:{person_id}", person_id=person_id, **body)


@people.acts("/people/<name:person_id>/unlock", Reason, Changed)
@allow(*KEEPERS)
def unlock(body: dict, person_id: str) -> dict:
    """Open an account that wrong passwords locked

    The person keeps their password.
    """
    return act(actions.unlock_account, stream=f"person:{person_id}", person_id=person_id, **body)


@people.acts("/people/<name:person_id>/deactivation", Reason, Changed)
@allow(*KEEPERS)
def deactivate(body: dict, person_id: str) -> dict:
    """Close an account for good

    Sessions end at once.
    """
    return act(actions.deactivate_person, stream=f"person:{person_id}", person_id=person_id, **body)


@people.acts("/people/<name:person_id>/password", PasswordReset, Changed)
@allow(*KEEPERS)
def reset_password(body: dict, person_id: str) -> dict:
    """Give a person who lost theirs a first password again

    Needs a second person of production or quality beside the administrator.
    """
    chosen = sign_in.choose_password(site(), person_id, body["password"])
    witness, witness_proof = sign_in.confirm_other(site(), body["witness_login"], body["witness_password"])
    return act(
        actions.reset_password, stream=f"person:{person_id}", person_id=person_id, chosen=chosen, witness=witness,
        witness_proof=witness_proof, reason=body["reason"],
    )  # fmt: skip
