"""The only expression language of the product: gateway conditions, formulas, limits, hold times, timers.

Numbers `1.0e8`, texts `"harvest"`, `true` and `false`; names `vcd`, `S04.tnc`, `previous.total`, `order.weight_kg`,
`start`, `end`; `+ - * / **`, comparisons (`1 <= x <= 3`), `and or not`, `a if condition else b`; `min max round abs sum
ln exp sqrt days hours minutes`. `round(x, n)` rounds half away from zero, as laboratories do. `hours(x)` of a duration
is a number, of a number a duration, to the microsecond. Nothing else exists: an expression can't reach Python.

It is total: for any text and any recorded values there is either a value or a named error, within 100 ms.
"""

from __future__ import annotations

import decimal
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from bpmn.expressions.errors import (
    EvaluationError,
    ExpressionError,
    LimitExceededError,
    TypeMismatchError,
    UndefinedValueError,
    UnknownNameError,
)
from bpmn.expressions.nodes import Node
from bpmn.expressions.parser import RESERVED, Parser
from bpmn.expressions.tokens import MAX_LENGTH
from bpmn.expressions.values import FUNCTIONS, Value, admit, kind

__all__ = [
    "FUNCTIONS",
    "MAX_LENGTH",
    "RESERVED",
    "Assignment",
    "EvaluationError",
    "Expression",
    "ExpressionError",
    "LimitExceededError",
    "Scope",
    "TypeMismatchError",
    "UndefinedValueError",
    "UnknownNameError",
    "Value",
    "kind",
    "parse",
    "parse_assignment",
    "parse_assignments",
]

# A mapping of names to values, or a function that answers a name and raises KeyError for one it doesn't know.
# A value of None means: known, but not recorded yet.
Scope = Mapping[str, object] | Callable[[str], object]

_ASSIGNMENT = re.compile(r"[ \t]*([A-Za-z][A-Za-z0-9_]*)[ \t]*=(?!=)(.*)", re.DOTALL)
MAX_ASSIGNMENTS = 100


@dataclass(frozen=True, slots=True)
class Expression:
    """What a recipe says about its values, parsed once; immutable, safe to share between threads.

    `names` are the names it asks for, dotted ones as one: `frozenset({"S04.tnc", "viab"})`.
    """

    text: str
    names: frozenset[str]
    _root: Node = field(repr=False, compare=False)

    def evaluate(self, scope: Scope) -> Value:
        """The value for these recorded values. Raises EvaluationError, by name, when there is none.

        An exception of a scope given as a function, other than KeyError, is the caller's and passes through.
        """
        get = scope.__getitem__ if isinstance(scope, Mapping) else scope

        def lookup(name: str) -> Value:
            try:
                found = get(name)
            except KeyError:
                raise UnknownNameError(name) from None
            return admit(name, found)

        try:
            return self._root.value(lookup)
        except (decimal.Overflow, decimal.Underflow, OverflowError):
            raise LimitExceededError(f"{self.text} is larger or smaller than any recorded value can be") from None
        except decimal.DivisionByZero:
            raise UndefinedValueError(f"division by zero in {self.text}") from None
        except decimal.InvalidOperation:
            raise UndefinedValueError(f"{self.text} has no value for these numbers") from None

    def try_evaluate(self, scope: Scope) -> Value | EvaluationError:
        """The value, or the named error instead of it; raises nothing of its own."""
        try:
            return self.evaluate(scope)
        except EvaluationError as error:
            error.__context__ = None  # it may be kept: let go of the frames it came through
            return error.with_traceback(None)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Assignment:
    """One line of a script task: the routing value `name` becomes the value of `expression`."""

    name: str
    expression: Expression


@lru_cache(maxsize=8192)
def parse(text: str) -> Expression:
    """The expression that the text is. Raises ExpressionError with message, position and hint."""
    parser = Parser(text)
    root = parser.parse()
    return Expression(text, frozenset(parser.names), root)


def parse_assignment(text: str) -> Assignment:
    """`name = expression`, one line of a script task. Raises ExpressionError."""
    match = _ASSIGNMENT.fullmatch(text)
    if match is None:
        raise ExpressionError("not an assignment", 0, "write name = expression")
    name = match.group(1)
    if name in RESERVED:
        raise ExpressionError(f"{name} is a word of the language", match.start(1), "choose another name")
    try:
        return Assignment(name, parse(match.group(2).strip()))
    except ExpressionError as error:
        lead = match.start(2) + len(match.group(2)) - len(match.group(2).lstrip())
        raise ExpressionError(error.message, error.position + lead, error.hint) from None


def parse_assignments(text: str) -> tuple[Assignment, ...]:
    """The assignments of a script task, one a line, empty lines skipped. Raises ExpressionError for the first bad one.

    `position` counts from the start of the whole text.
    """
    found: list[Assignment] = []
    offset = 0
    for line in text.split("\n"):
        if line.strip():
            if len(found) == MAX_ASSIGNMENTS:
                raise ExpressionError(f"a script has at most {MAX_ASSIGNMENTS} assignments", offset)
            try:
                found.append(parse_assignment(line.rstrip("\r")))
            except ExpressionError as error:
                raise ExpressionError(error.message, error.position + offset, error.hint) from None
        offset += len(line) + 1
    return tuple(found)
