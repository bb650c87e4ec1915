"""A whole submission against the fields it answers: all values, or all problems at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import tzinfo

from forms.field import Entry, EntryError, Field, Problem, Reading
from forms.fields import FIELD_TYPES

MAX_TEXT = 100_000
_AROUND = " \t\r\n"


class FormError(Exception):
    """Some entries can't be recorded as they are."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = list(problems)
        super().__init__(*(f"{problem.message}. {problem.what_to_do}." for problem in self.problems))


def check(fields: Iterable[Field], entries: Mapping[str, str], zone: tzinfo | None = None) -> dict[str, Entry]:
    """The entries by field name, in the order of the fields; a field left empty that may be has none.

    `zone` is that of the site, for local times. Raises FormError with the problems of all fields and of every entry
    that no field asks for.
    """
    known = {field.name: field for field in fields}
    found: dict[str, Entry] = {}
    problems: list[Problem] = []
    for name, field in known.items():
        try:
            entry = read(field, entries.get(name, ""), zone)
        except EntryError as error:
            problems.append(Problem(name, error.message, error.what_to_do))
            continue
        if entry is not None:
            found[name] = entry
    for name in entries:
        if name not in known:
            problems.append(Problem(str(name), "This form has no such field", "Leave it out"))
    if problems:
        raise FormError(problems)
    return found


def read(field: Field, text: object, zone: tzinfo | None = None) -> Entry | None:
    """One field's entry, or None for an empty one that need not be given. Raises EntryError."""
    kind = FIELD_TYPES[field.type]
    if not isinstance(text, str):
        raise EntryError(f"{field.label} must be sent as text, with the digits as they are", kind.ask(field))
    if len(text) > MAX_TEXT:
        raise EntryError(f"{field.label} is much too long", kind.ask(field))
    text = text.strip(_AROUND)
    if not text:
        if field.required:
            raise EntryError(f"{field.label} is missing", kind.ask(field))
        return None
    return kind.read(field, text, Reading(zone))
