"""A number as it was measured: every digit is kept, and nothing is guessed.

`7.20`, `7,20`, `8.99e9`, `-80`; `<0.25` and `>100` where the field says so. A comma is a decimal comma, unless the text
could also be a thousand (`1,234`).
"""

from __future__ import annotations

import re
from decimal import Decimal

from forms.field import Entry, EntryError, Field, Reading, in_words

TYPE = "num"
EXAMPLE = "94.1"

MAX_DIGITS = 40
MAX_POWER = 99
_NUMBER = re.compile(r"([<>]?)[ ]?([+-]?)([0-9]+)(?:([.,])([0-9]+))?(?:[eE]([+-]?[0-9]{1,3}))?")
_THOUSANDS = re.compile(r"[+-]?[1-9][0-9]{0,2},[0-9]{3}")
_BARE_POINT = re.compile(r"[<>]?[ ]?[+-]?([0-9]+[.,]|[.,][0-9]+)([eE][+-]?[0-9]+)?")
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}([ ,.'_\u00a0\u2009\u202f])[0-9]{3}(\1[0-9]{3})*([.,][0-9]+)?")
_SPECIAL = re.compile(r"[+-]?(nan|snan|inf|infinity)", re.IGNORECASE)
_WITH_UNIT = re.compile(r"[<>]?[ ]?[+-]?[0-9]+([.,][0-9]+)?([eE][+-]?[0-9]+)?[ ]?[^0-9\s.,eE+-].{0,30}")


def read(field: Field, text: str, reading: Reading) -> Entry:
    """The number with the digits typed. Raises EntryError."""
    found = _NUMBER.fullmatch(text)
    if found is None:
        raise EntryError(_why_not(field, text), ask(field))
    qualifier, sign, whole, mark, fraction, power = found.groups()
    if qualifier and not field.qualifier:
        raise EntryError(f"{field.label} takes a plain number, without {qualifier}", ask(field))
    if mark == "," and _THOUSANDS.fullmatch(f"{sign}{whole},{fraction}"):
        plain = f"{sign}{whole}.{fraction} or {sign}{whole}{fraction}"
        raise EntryError(f"{whole},{fraction} can be read in two ways", f"Enter {plain}, whichever you mean")
    if len(whole) + len(fraction or "") > MAX_DIGITS:
        raise EntryError(f"{field.label} has more than {MAX_DIGITS} digits", ask(field))
    value = Decimal(f"{sign}{whole}{'.' + fraction if fraction else ''}{'e' + power if power else ''}")
    if not -MAX_POWER <= value.adjusted() <= MAX_POWER:
        raise EntryError(f"{field.label} is too large or too small to be a measurement", ask(field))
    return Entry(text, value, qualifier)


def ask(field: Field) -> str:
    """What to do, in the imperative."""
    either = " A result below or above what can be measured is entered like <0.25 or >100." if field.qualifier else ""
    return f"Enter the {in_words(field)}, like {field.example or EXAMPLE}.{either}".removesuffix(".")


def _why_not(field: Field, text: str) -> str:
    """The most helpful reason why a text is no number; the text itself still stands in the field."""
    label = field.label
    if len(text) > 100:
        return f"{label} is much too long for a number"
    if text[:2] in ("<=", ">=") or text[:1] in "≤≥":
        return f"{label} can be below (<) or above (>) a number, not equal to it as well"
    if _SPECIAL.fullmatch(text):
        return f"{label} must be a number that was measured"
    if _BARE_POINT.fullmatch(text):
        return f"{label} needs a digit before and after the decimal point"
    if _GROUPED.fullmatch(text):
        return f"{label} must be without separators between thousands"
    if not text.isascii() and re.fullmatch(r"[\d\s.,eE+\-−–<>]+", text):
        return f"{label} contains characters that only look like the digits 0 to 9, a minus or a space"
    if re.search(r"[0-9][ ]?([x×*·]|\^)", text):
        return f"{label} must have its power of ten written with e: 8.99e9"
    if _WITH_UNIT.fullmatch(text):
        return f"{label} must be without its unit of measure, which is given by the recipe"
    return f"{label} is not a number"
