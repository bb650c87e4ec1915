"""Between which numbers the value of an expression lies, when its names lie between theirs.

Wider than the truth where a name stands in it twice, so nothing is said there; whatever is said holds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal, localcontext
from itertools import product

from bpmn.expressions import nodes

Range = tuple[Decimal, Decimal]
Ranges = Mapping[str, Range]
_MOST = Decimal("1e1000")


def bounds(node: nodes.Node, ranges: Ranges) -> Range | None:
    """The least and the greatest value of a part; None where nothing is known."""
    names = Counter(_names(node))
    if any(number > 1 for number in names.values()):
        return None
    with localcontext() as context:
        context.prec = 28
        return _bounds(node, ranges)


def _names(node: nodes.Node) -> list[str]:
    match node:
        case nodes.Name(name):
            return [name]
        case nodes.Negation(operand):
            return _names(operand)
        case nodes.Calculation(first, rest):
            return [name for part in (first, *(operand for _, operand in rest)) for name in _names(part)]
    return []


def _bounds(node: nodes.Node, ranges: Ranges) -> Range | None:
    match node:
        case nodes.Literal(constant) if isinstance(constant, Decimal):
            return constant, constant
        case nodes.Name(name):
            return ranges.get(name)
        case nodes.Negation(operand):
            found = _bounds(operand, ranges)
            return (-found[1], -found[0]) if found else None
        case nodes.Calculation(first, rest):
            found = _bounds(first, ranges)
            for symbol, operand in rest:
                other = _bounds(operand, ranges)
                found = _joined(found, symbol, other) if found and other else None
            return found
    return None


def _joined(one: Range, symbol: str, other: Range) -> Range | None:
    if (symbol == "/" and other[0] <= 0 <= other[1]) or symbol not in "+-*/" or max(map(abs, (*one, *other))) > _MOST:
        return None
    edges = []
    for a, b in product(one, other):
        edges.append(a + b if symbol == "+" else a - b if symbol == "-" else a * b if symbol == "*" else a / b)
    return min(edges), max(edges)
