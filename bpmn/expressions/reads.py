"""Which names an expression certainly asks for, seen before any value is recorded.

What follows the first false of an `and`, or the first true of an `or`, is not looked at, nor is the part of
`a if condition else b` that does not apply: a name there may have no value without anybody noticing.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from bpmn.expressions import Expression, nodes

Names = frozenset[str]
_NONE: Names = frozenset()


def always_read(expression: Expression) -> Names:
    """The names without whose values the expression has none, whatever the others are."""
    return _always(expression._root)


def read_when(expression: Expression, outcome: bool) -> Names:
    """The names that were asked for when a condition came out true, or false."""
    return _when(expression._root, outcome)


def _always(node: nodes.Node) -> Names:
    match node:
        case nodes.Name(name):
            return frozenset({name})
        case nodes.Negation(operand) | nodes.Not(operand):
            return _always(operand)
        case nodes.Calculation(first, rest):
            return _union([first, *(operand for _, operand in rest)])
        case nodes.Comparison(first, rest):
            return _union([first, rest[0][1]])
        case nodes.AllOf(operands) | nodes.AnyOf(operands):
            return _always(operands[0])
        case nodes.Choice(condition, then, otherwise):
            return _always(condition) | (_always(then) & _always(otherwise))
        case nodes.Call(_, arguments):
            return _union(list(arguments))
    return _NONE


def _when(node: nodes.Node, outcome: bool) -> Names:
    match node:
        case nodes.Not(operand):
            return _when(operand, not outcome)
        case nodes.AllOf(operands) if outcome:
            return _NONE.union(*(_when(operand, True) for operand in operands))
        case nodes.AnyOf(operands) if not outcome:
            return _NONE.union(*(_when(operand, False) for operand in operands))
        case nodes.Comparison(first, rest) if outcome:
            return _union([first, *(operand for _, operand in rest)])
    return _always(node)


def _union(parts: list[nodes.Node]) -> Names:
    return _NONE.union(*(_always(part) for part in parts))


def compared_words(expression: Expression) -> Iterator[tuple[str, str]]:
    """Each name that is compared with a text as written, and that text."""
    for part in parts_of(expression):
        if isinstance(part, nodes.Comparison):
            operands = [part.first, *(operand for _, operand in part.rest)]
            for pair in pairwise(operands):
                for one, other in (pair, pair[::-1]):
                    if isinstance(one, nodes.Name) and isinstance(other, nodes.Literal) and isinstance(other.constant, str):
                        yield one.name, other.constant


def divisors(expression: Expression) -> Iterator[nodes.Node]:
    """What something is divided by."""
    for part in parts_of(expression):
        if isinstance(part, nodes.Calculation):
            yield from (operand for symbol, operand in part.rest if symbol == "/")


def calls(expression: Expression) -> Iterator[nodes.Call]:
    """The functions that are applied in it."""
    yield from (part for part in parts_of(expression) if isinstance(part, nodes.Call))


def parts_of(expression: Expression) -> Iterator[nodes.Node]:
    """Every part of it, the whole first."""
    return _parts(expression._root)


def _parts(node: nodes.Node) -> Iterator[nodes.Node]:
    yield node
    match node:
        case nodes.Negation(operand) | nodes.Not(operand):
            yield from _parts(operand)
        case nodes.Calculation(first, rest) | nodes.Comparison(first, rest):
            for part in (first, *(operand for _, operand in rest)):
                yield from _parts(part)
        case nodes.AllOf(operands) | nodes.AnyOf(operands):
            for part in operands:
                yield from _parts(part)
        case nodes.Choice(condition, then, otherwise):
            for part in (condition, then, otherwise):
                yield from _parts(part)
        case nodes.Call(_, arguments):
            for part in arguments:
                yield from _parts(part)
