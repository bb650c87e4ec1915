"""The types of field: what a text that somebody entered means, one type a file.

To add one: a module with `TYPE`, `read` and `ask`, its line here, and its template.
"""

from __future__ import annotations

from typing import Protocol

from forms.field import Entry, Field, Reading
from forms.fields import bool, choice, date_time, int, num, text


class FieldType(Protocol):
    """What a field type's module offers."""

    @property
    def TYPE(self) -> str: ...

    def read(self, field: Field, text: str, reading: Reading) -> Entry:
        """The entry that this text, not empty and without spaces around it, stands for. Raises EntryError."""

    def ask(self, field: Field) -> str:
        """What to do about an empty or a wrong entry, in the imperative."""


FIELD_TYPES: dict[str, FieldType] = {
    "num": num,
    "int": int,
    "bool": bool,
    "choice": choice,
    "text": text,
    "date_time": date_time,
}
