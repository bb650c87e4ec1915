"""Import: what limit phrases of a paper record mean, and tables that become proposed recipes."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import marshmallow as ma

from api.auth import GMP_ROLES, allow
from api.fields import Schema, answer
from api.resource import Resource
from bpmn.importers.limit_phrases import LimitPhrase, LimitPhraseError, read_limits

imports = Resource("imports", "Tables and phrases of paper batch records, read as parts of a recipe.")

MOST_PHRASES = 1000


class Phrases(Schema):
    """Limit phrases as they stand in a table. `unit`: what the column or its heading says; `decimal_mark`: `.` or `,`."""

    texts = ma.fields.List(
        ma.fields.String(validate=ma.validate.Length(max=2000)), required=True, validate=ma.validate.Length(max=MOST_PHRASES)
    )
    unit = ma.fields.String(load_default="", validate=ma.validate.Length(max=60))
    decimal_mark = ma.fields.String(load_default="", validate=ma.validate.OneOf(["", ".", ","]))


Phrase = answer(
    "LimitPhrase",
    text=ma.fields.String(),
    type=ma.fields.String(),
    uom=ma.fields.String(),
    target=ma.fields.String(),
    nor_low=ma.fields.String(),
    nor_high=ma.fields.String(),
    par_low=ma.fields.String(),
    par_high=ma.fields.String(),
    exclusive=ma.fields.List(ma.fields.String()),
    qualifier=ma.fields.Boolean(),
    choices=ma.fields.List(ma.fields.String()),
    doubt=ma.fields.String(),
    problem=ma.fields.String(),
)
ReadPhrases = answer("ReadLimitPhrases", phrases=ma.fields.List(ma.fields.Nested(Phrase)))


@imports.acts("/recipes/phrases", Phrases, ReadPhrases, keyed=False)
@allow(*GMP_ROLES)
def read_phrases(body: dict) -> dict:
    """Read limit phrases

    Each text becomes a type, a unit and limits, digit for digit, with what had to be guessed as `doubt`; or `problem` says
    why it is not understood. An empty `type` asks for no value (a signature). Nothing is recorded.
    """
    return {"phrases": [{"text": text, **_read(text, body)} for text in body["texts"]]}


def _read(text: str, body: dict[str, Any]) -> dict[str, Any]:
    try:
        phrase = read_limits(text, body["unit"], body["decimal_mark"])
    except LimitPhraseError as error:
        return asdict(_NOTHING) | {"type": "", "problem": error.message}
    return asdict(phrase) | {"type": phrase.type or "", "problem": ""}


_NOTHING = LimitPhrase(None)
