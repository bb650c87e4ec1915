"""A cell of an input column: what it asks of the value in its column.

`< 5`, `5 .. 7` and `[5 .. 7]` (both ends included), `(5 .. 7]` or `]5 .. 7]` (the low end not), `5`, `"a", "b"`, `not(...)`,
`-` or nothing (whatever it is). Bounds are expressions; in a column of instants also `"2026-03-01T20:00:00Z"`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from bpmn.decision_tables.table import KIND_OF_COLUMN
from bpmn.expressions import EvaluationError, Expression, ExpressionError, kind, parse
from bpmn.expressions.errors import TypeMismatchError
from bpmn.expressions.nodes import Lookup
from bpmn.expressions.values import Value

ORDERED = frozenset({"num", "date_time"})
_BRACKETS = re.compile(r"([\[(\]])(.*\.\..*)([\])\[])", re.DOTALL)
_COMPARISON = re.compile(r"(<=|>=|<|>|==|!=|=)(.*)", re.DOTALL)
_NOT = re.compile(r"not\s*\((.*)\)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Bound:
    """A value in a cell. `constant` is None where it has to be computed from names."""

    expression: Expression
    constant: Value | None

    def value(self, lookup: Lookup) -> Value:
        """Its value; raises EvaluationError."""
        return self.expression.evaluate(lookup) if self.constant is None else self.constant


@dataclass(frozen=True, slots=True)
class Piece:
    """One of the values or ranges that a cell lists. Of a range, an end that is None is unbounded; of a value both are it."""

    low: Bound | None
    high: Bound | None
    low_open: bool = False
    high_open: bool = False

    @property
    def exact(self) -> bool:
        """True for a single value."""
        return self.low is not None and self.low is self.high

    def holds(self, value: Value, lookup: Lookup) -> bool:
        """Whether the value is it, or within it. Raises EvaluationError."""
        low = self.low.value(lookup) if self.low else None
        high = low if self.exact else self.high.value(lookup) if self.high else None
        for bound in (low, high):
            if bound is not None and type(bound) is not type(value):
                raise TypeMismatchError(f"{kind(value)} is compared with {kind(bound)}")
        if self.exact:
            return value == low
        if low is not None and (value < low or (self.low_open and value == low)):  # type: ignore[operator]
            return False
        return high is None or value < high or (value == high and not self.high_open)  # type: ignore[operator]


@dataclass(frozen=True, slots=True)
class Cell:
    """A condition. Without pieces it holds whatever the value is."""

    pieces: tuple[Piece, ...] = ()
    negated: bool = False

    def holds(self, value: Value, lookup: Lookup) -> bool:
        """Whether the value fulfils it. Raises EvaluationError."""
        return not self.pieces or any(piece.holds(value, lookup) for piece in self.pieces) != self.negated

    @property
    def bounds(self) -> Iterator[Bound]:
        """Every value in it."""
        for piece in self.pieces:
            yield from (bound for bound in dict.fromkeys((piece.low, piece.high)) if bound is not None)

    @property
    def constant(self) -> bool:
        """Whether it means the same in every batch."""
        return all(bound.constant is not None for bound in self.bounds)


ANY = Cell()


@lru_cache(maxsize=8192)
def parse_cell(text: str, column_type: str) -> Cell:
    """The condition that a cell of a column of that type is. Raises ExpressionError with message and hint."""
    text = text.strip()
    if text in ("", "-"):
        return ANY
    inverted = _NOT.fullmatch(text)
    parts = list(_split(inverted.group(1) if inverted else text, ","))
    unlike = [part for part in parts if part.strip().startswith("!=")]
    if unlike and len(parts) > 1:
        raise ExpressionError("!= stands alone", 0, "write not(...) around the values that it must not be")
    negated = bool(inverted) != bool(unlike)
    return Cell(tuple(_piece(part.strip(), column_type) for part in parts), negated)


def _piece(text: str, column_type: str) -> Piece:
    bracketed = _BRACKETS.fullmatch(text)
    ends = list(_split(bracketed.group(2) if bracketed else text, ".."))
    if len(ends) == 2:
        low, high = (_bound(end, column_type) for end in ends)
        low_open = bool(bracketed) and bracketed.group(1) in "(]"  # type: ignore[union-attr]
        high_open = bool(bracketed) and bracketed.group(3) in ")["  # type: ignore[union-attr]
        _ordered(column_type, "..")
        if low.constant is not None and high.constant is not None:
            empty = low.constant > high.constant  # type: ignore[operator]
            if empty or (low.constant == high.constant and (low_open or high_open)):
                raise ExpressionError(f"nothing is within {text}", 0, "write the smaller value first")
        return Piece(low, high, low_open, high_open)
    compared = _COMPARISON.fullmatch(text)
    if compared is None or compared.group(1) in ("=", "==", "!="):
        bound = _bound(compared.group(2) if compared else text, column_type)
        return Piece(bound, bound)
    symbol, bound = compared.group(1), _bound(compared.group(2), column_type)
    _ordered(column_type, symbol)
    if symbol[0] == "<":
        return Piece(None, bound, high_open=symbol == "<")
    return Piece(bound, None, low_open=symbol == ">")


def _ordered(column_type: str, symbol: str) -> None:
    if column_type not in ORDERED:
        raise ExpressionError(f"{symbol} has no meaning here: texts and yes or no have no order", 0, "list the values")


def _bound(text: str, column_type: str) -> Bound:
    expression = parse(text.strip())
    return Bound(expression, None if expression.names else constant(expression, column_type))


def constant(expression: Expression, column_type: str) -> Value:
    """The value of an expression without names, of the kind that the column has. Raises ExpressionError."""
    try:
        value = expression.evaluate({})
    except EvaluationError as error:
        raise ExpressionError(error.message, 0, "write a value") from None
    if column_type == "date_time" and isinstance(value, str):
        value = _instant(value)
    needed = KIND_OF_COLUMN[column_type]
    if type(value) is not type(needed):
        hint = 'write "..." around a text' if isinstance(needed, str) else f"write {kind(needed)}"
        raise ExpressionError(f"{expression.text} is {kind(value)}, not {kind(needed)}", 0, hint)
    return value


def _instant(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.utcoffset() is None:
        raise ExpressionError(f"{text} is not an instant", 0, 'write it like "2026-03-01T20:00:00Z", with its offset')
    return found.astimezone(UTC)


def _split(text: str, separator: str) -> Iterator[str]:
    """The parts between separators that stand outside of quotes and parentheses."""
    depth, quote, begin, position = 0, "", 0, 0
    while position < len(text):
        character = text[position]
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character == "(":
            depth += 1
        elif character in ")[]":  # a bracket inside parentheses can only end a range that began with one: (5 .. 7]
            depth = max(0, depth - 1)
        elif depth == 0 and text.startswith(separator, position):
            yield text[begin:position]
            position += len(separator)
            begin = position
            continue
        position += 1
    yield text[begin:]
