"""The parts of a parsed expression. Each is immutable and knows how to compute its value from a lookup of names.

There is no loop and no recursion in the language: every part is computed at most once, so the number of parts, which
the parser limits, is also the budget of steps.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from bpmn.expressions import values
from bpmn.expressions.errors import TypeMismatchError
from bpmn.expressions.values import FUNCTIONS, Value

Lookup = Callable[[str], Value]

ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
ARITHMETIC: dict[str, Callable[[Value, Value], Value]] = {
    "+": values.add,
    "-": values.subtract,
    "*": values.multiply,
    "/": values.divide,
    "**": values.power,
}


class Node(Protocol):
    """A part of an expression."""

    def value(self, lookup: Lookup) -> Value:
        """Its value; raises EvaluationError, or a signal of `decimal`, which the expression names."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, text or truth value as written."""

    constant: Value

    def value(self, lookup: Lookup) -> Value:
        return self.constant


@dataclass(frozen=True, slots=True)
class Name:
    """A value that the scope knows."""

    name: str

    def value(self, lookup: Lookup) -> Value:
        return lookup(self.name)


@dataclass(frozen=True, slots=True)
class Negation:
    """Minus something."""

    operand: Node

    def value(self, lookup: Lookup) -> Value:
        return values.negate(self.operand.value(lookup))


@dataclass(frozen=True, slots=True)
class Calculation:
    """A chain of operations of one precedence, from left to right: `a - b + c`."""

    first: Node
    rest: tuple[tuple[str, Node], ...]

    def value(self, lookup: Lookup) -> Value:
        result = self.first.value(lookup)
        for symbol, operand in self.rest:
            result = ARITHMETIC[symbol](result, operand.value(lookup))
        return result


@dataclass(frozen=True, slots=True)
class Comparison:
    """A chain of comparisons, true when all are: `1 <= x <= 3`."""

    first: Node
    rest: tuple[tuple[str, Node], ...]

    def value(self, lookup: Lookup) -> Value:
        left = self.first.value(lookup)
        for symbol, operand in self.rest:
            right = operand.value(lookup)
            order = ORDERS.get(symbol)
            if order is not None:
                holds = values.compare(symbol, order, left, right)
            else:
                holds = values.equal(left, right) == (symbol == "==")
            if not holds:
                return False
            left = right
        return True


@dataclass(frozen=True, slots=True)
class AllOf:
    """`a and b and c`; what follows the first false is not looked at."""

    operands: tuple[Node, ...]

    def value(self, lookup: Lookup) -> Value:
        return all(_truth("and", operand.value(lookup)) for operand in self.operands)


@dataclass(frozen=True, slots=True)
class AnyOf:
    """`a or b or c`; what follows the first true is not looked at."""

    operands: tuple[Node, ...]

    def value(self, lookup: Lookup) -> Value:
        return any(_truth("or", operand.value(lookup)) for operand in self.operands)


@dataclass(frozen=True, slots=True)
class Not:
    """`not a`."""

    operand: Node

    def value(self, lookup: Lookup) -> Value:
        return not _truth("not", self.operand.value(lookup))


@dataclass(frozen=True, slots=True)
class Choice:
    """`a if condition else b`; only the part that applies is looked at."""

    condition: Node
    then: Node
    otherwise: Node

    def value(self, lookup: Lookup) -> Value:
        holds = _truth("if", self.condition.value(lookup))
        return self.then.value(lookup) if holds else self.otherwise.value(lookup)


@dataclass(frozen=True, slots=True)
class Call:
    """One of the functions of the language, applied."""

    function: str
    arguments: tuple[Node, ...]

    def value(self, lookup: Lookup) -> Value:
        return FUNCTIONS[self.function][0](tuple(argument.value(lookup) for argument in self.arguments))


def _truth(word: str, value: Value) -> bool:
    if type(value) is not bool:
        raise TypeMismatchError(f"{word} needs true or false, not {values.kind(value)}")
    return value
