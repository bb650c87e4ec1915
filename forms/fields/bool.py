"""Yes or no."""

from __future__ import annotations

from forms.field import Entry, EntryError, Field, Reading

TYPE = "bool"
ANSWERS = {"true": True, "yes": True, "false": False, "no": False}


def read(field: Field, text: str, reading: Reading) -> Entry:
    """True for `yes` and `true`, False for `no` and `false`, in any case of letters. Raises EntryError."""
    answer = ANSWERS.get(text.lower())
    if answer is None:
        raise EntryError(f"{field.label} must be yes or no", ask(field))
    return Entry(text, answer)


def ask(field: Field) -> str:
    """What to do, in the imperative."""
    return f"Answer yes or no: {field.label}"
