"""A field of a form, what was entered in it, and what can be wrong with that."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from decimal import Decimal

FieldValue = Decimal | bool | str | datetime


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer that may be chosen; `value` enters the record, `label` is what people read."""

    value: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """What is asked for. `qualifier`: a reported `<0.25` is accepted. `multiline`: a text may have several lines.

    `min_length` and `max_length` count the characters of a text. `example` follows "like" in what people are told;
    it is never the target, which would tempt.
    """

    name: str
    label: str
    type: str
    uom: str = ""
    required: bool = True
    choices: tuple[Choice, ...] = ()
    qualifier: bool = False
    multiline: bool = False
    min_length: int = 1
    max_length: int = 2000
    example: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a person entered: the text as typed (without spaces around it) and the value it stands for.

    `value` is a Decimal with the digits typed, a bool, a text, or an aware UTC instant. `qualifier` is "", "<" or ">".
    """

    text: str
    value: FieldValue
    qualifier: str = ""

    @property
    def canonical(self) -> str:
        """The one way to write this value: `7.20` for `7,20`, `8.99e9` for `8.99E+9`, `true` for `Yes`.

        Entered again it gives an equal entry, with the same digits.
        """
        return self.qualifier + canonical(self.value)


def canonical(value: FieldValue) -> str:
    """A value as text, digit for digit; instants are UTC to the microsecond."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return str(value).replace("E+", "e").replace("E", "e")
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return value


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading a field may need to know besides the text: the zone of local times, None where there is none."""

    zone: tzinfo | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """Why an entry was not taken. `field` is the field's name; both sentences are shown to the person."""

    field: str
    message: str
    what_to_do: str


class EntryError(Exception):
    """An entry is not what its field asks for."""

    def __init__(self, message: str, what_to_do: str) -> None:
        super().__init__(message, what_to_do)
        self.message = message
        self.what_to_do = what_to_do


def in_words(field: Field) -> str:
    """The field as it stands inside a sentence: `viability in %`, `MOI`, `pH`."""
    label = field.label or field.name
    first, second = label[:1], label[1:2]
    if first.isupper() and second.islower() and not label.partition(" ")[0][1:].isupper():
        label = first.lower() + label[1:]
    return label if field.uom in ("", "1", field.label) else f"{label} in {field.uom}"
