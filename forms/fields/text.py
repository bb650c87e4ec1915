"""Words: a remark, a reason, a result that is no number.

Refused are characters that nobody sees and that make a record read otherwise than it is stored: control characters,
turned writing directions, zero-width marks. A text that must be given can't be a stand-in for one ("n/a", "pending").
"""

from __future__ import annotations

import unicodedata

from forms.field import Entry, EntryError, Field, Reading, in_words

TYPE = "text"
STAND_INS = frozenset({"n/a", "na", "n.a.", "null", "pending", "tbd", "tba", "x", "xx", "xxx", "xxxx"})
JOINERS = "\u200c\u200d"  # visible in their effect: Persian and Indic words are written with them


def read(field: Field, text: str, reading: Reading) -> Entry:
    """The text without spaces around it, its characters composed (NFC), its lines ended by LF. Raises EntryError."""
    value = unicodedata.normalize("NFC", text.replace("\r\n", "\n")) if field.multiline else text
    value = unicodedata.normalize("NFC", value).strip()
    if not field.multiline and ("\n" in value or "\r" in value):
        raise EntryError(f"{field.label} must be on one line", ask(field))
    if any(_is_hidden(character) for character in value):
        raise EntryError(f"{field.label} contains characters that can't be seen", "Type it again instead of pasting it")
    if len(value) > field.max_length:
        raise EntryError(f"{field.label} has {len(value)} characters", f"Shorten it to {field.max_length} characters or fewer")
    if len(value) < field.min_length:
        raise EntryError(f"{field.label} is too short", f"Enter at least {field.min_length} characters")
    if field.required and _stands_in(value):
        raise EntryError(f"{field.label} must say something", ask(field))
    return Entry(text, value)


def ask(field: Field) -> str:
    """What to do, in the imperative."""
    return f"Enter the {in_words(field)}" + (f", like {field.example}" if field.example else "")


def _is_hidden(character: str) -> bool:
    category = unicodedata.category(character)
    if character == "\n":
        return False
    return category in ("Cc", "Cs", "Cn", "Co", "Zl", "Zp") or (category == "Cf" and character not in JOINERS)


def _stands_in(value: str) -> bool:
    return value.lower() in STAND_INS or not value.strip("-–—._/?* ")
