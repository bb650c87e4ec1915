"""One of the answers that the recipe or the form offers."""

from __future__ import annotations

from forms.field import Entry, EntryError, Field, Reading, in_words

TYPE = "choice"


def read(field: Field, text: str, reading: Reading) -> Entry:
    """The chosen answer's value, exactly as offered. Raises EntryError."""
    if text not in {choice.value for choice in field.choices}:
        raise EntryError(f"{field.label} must be one of the answers offered", ask(field))
    return Entry(text, text)


def ask(field: Field) -> str:
    """What to do, in the imperative."""
    offered = [choice.value for choice in field.choices]
    return f"Choose the {in_words(field)}: {' or '.join(offered)}" if offered else f"Choose the {in_words(field)}"
