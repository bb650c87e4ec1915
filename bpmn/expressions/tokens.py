"""Text of an expression into tokens; ASCII only, outside of quoted texts."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bpmn.expressions.errors import ExpressionError

MAX_LENGTH = 2_000
MAX_DIGITS = 28
MAX_EXPONENT = 300

KEYWORDS = frozenset({"and", "or", "not", "if", "else", "true", "false"})

# [0-9] and [A-Za-z], never \d or \w: those also match the digits and letters of every other script, and twins such as
# the Cyrillic a would make two names that look the same.
_TOKEN = re.compile(
    r"""
    (?P<space>[ \t\r\n]+)
  | (?P<number>[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)
  | (?P<name>[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z][A-Za-z0-9_]*)?)
  | (?P<text>"[^"\\\x00-\x1f\x7f]*"|'[^'\\\x00-\x1f\x7f]*')
  | (?P<symbol>\*\*|<=|>=|==|!=|[-+*/<>(),])
    """,
    re.VERBOSE,
)

_HINTS = {
    "=": "write == to compare",
    "!": "write not, or != to compare",
    "&": "write and",
    "|": "write or",
    "^": "write ** for a power",
    "%": "there is no remainder; a percentage is written as x / 100",
    "[": "there are no lists and no subscripts",
    "{": "there are no sets and no formatted texts",
    ";": "one expression only",
    ":": "write a if condition else b",
    "?": "write a if condition else b",
    ".": "a number has a digit on both sides of its point, a name has at most one point",
    "_": "a name begins with a letter",
    "\\": "a text has no escapes",
    '"': "a text ends with the quote it began with, on the same line, and has no escapes",
    "'": "a text ends with the quote it began with, on the same line, and has no escapes",
    "#": "there are no comments",
    "@": "",
}


@dataclass(frozen=True, slots=True)
class Token:
    """One word of an expression: its sort (number, name, keyword, text, symbol, end), its text and where it began."""

    sort: str
    text: str
    position: int


def tokens(text: str) -> list[Token]:
    """The words of the text in order, closed by one of sort `end`. Raises ExpressionError where a word is none."""
    if len(text) > MAX_LENGTH:
        raise ExpressionError(
            f"an expression has at most {MAX_LENGTH} characters", MAX_LENGTH, "compute it in several parameters"
        )
    found: list[Token] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise _unreadable(text, position)
        sort = str(match.lastgroup)
        if sort != "space":
            found.append(_token(sort, match.group(), position, text[match.end() : match.end() + 1]))
        position = match.end()
    found.append(Token("end", "", len(text)))
    return found


def _token(sort: str, word: str, position: int, following: str) -> Token:
    if sort == "number":
        _check_number(word, position, following)
    if sort == "name" and following == ".":
        raise ExpressionError(f"{word}. is not a name", position, "a name is name or step.name")
    if sort == "name" and word in KEYWORDS:
        sort = "keyword"
    return Token(sort, word, position)


def _check_number(word: str, position: int, following: str) -> None:
    mantissa, _, exponent = word.lower().partition("e")
    if following.isalnum() or following in {"_", "."}:
        raise ExpressionError(f"{word}{following} is not a number", position, "write 1000000 or 1.0e6")
    if len(mantissa.replace(".", "").lstrip("0")) > MAX_DIGITS:
        raise ExpressionError(f"a number has at most {MAX_DIGITS} digits", position)
    if len(exponent) > 5 or abs(int(exponent or "0")) > MAX_EXPONENT:
        raise ExpressionError(f"an exponent is within +-{MAX_EXPONENT}", position)


def _unreadable(text: str, position: int) -> ExpressionError:
    character = text[position]
    if not character.isascii():
        return ExpressionError(
            f"{character!r} is not a character of the expression language", position, "names are plain ASCII letters"
        )
    if character == "." and text[position + 1 : position + 2].isdigit():
        return ExpressionError("a number has a digit before its point", position, "write 0.5")
    return ExpressionError(f"{character!r} has no meaning here", position, _HINTS.get(character, ""))
