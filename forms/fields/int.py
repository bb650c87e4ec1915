"""A count: a whole number, entered like any other number."""

from __future__ import annotations

from decimal import Decimal

from forms.field import Entry, EntryError, Field, Reading, in_words
from forms.fields import num

TYPE = "int"
EXAMPLE = "3"


def read(field: Field, text: str, reading: Reading) -> Entry:
    """The count as a Decimal without a fraction; `1.5e3` is whole. Raises EntryError."""
    try:
        entry = num.read(field, text, reading)
    except EntryError as error:
        raise EntryError(error.message, ask(field)) from None
    if isinstance(entry.value, Decimal) and entry.value != entry.value.to_integral_value():
        raise EntryError(f"{field.label} must be a whole number", ask(field))
    return entry


def ask(field: Field) -> str:
    """What to do, in the imperative."""
    return f"Enter the {in_words(field)} as a whole number, like {field.example or EXAMPLE}"
