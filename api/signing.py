"""The secret half of a signature, as it comes in a request."""

from __future__ import annotations

from flask import g

from api.fields import Schema, Text
from api.resource import site
from engine import sign_in
from engine.passwords import MAXIMUM_LENGTH


class Secret(Schema):
    """The password again: a signature is given by a person, not by a session."""

    password = Text(MAXIMUM_LENGTH, shortest=1, required=True)


class SignedReason(Secret):
    """Why, in a few words, and the password."""

    reason = Text(2000, shortest=3, required=True)


def proven(body: dict) -> dict:
    """The body with the proof that the caller just typed their own password, instead of the password.

    Outside of any transaction, because the check takes its 50 to 100 ms on purpose.
    """
    proof = sign_in.confirm(site(), g.actor, body.pop("password"), source=g.source)
    return body | {"proof": proof}
