"""In which unit an expression is, and where it puts values of different units together.

A product, and a plain number beside a value, may be in any unit: `S24.cells / 600000` is what its author says it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bpmn.expressions import Expression, nodes
from bpmn.expressions.reads import parts_of

Units = Mapping[str, str]
"""Name -> the unit of its value; of a name that is not in it nothing is known."""

_ALIKE = ("min", "max", "sum")
_SAME = ("abs", "round")


def unit_of(expression: Expression, units: Units) -> str:
    """The unit that its value certainly has; empty where nothing is known."""
    return _unit(expression._root, units)


def put_together(expression: Expression, units: Units) -> Iterator[tuple[str, str]]:
    """Two different units of each sum, comparison or choice that has more than one."""
    for part in parts_of(expression):
        found = list(dict.fromkeys(unit for operand in _alike(part) if (unit := _unit(operand, units))))
        if len(found) > 1:
            yield found[0], found[1]


def _alike(part: nodes.Node) -> list[nodes.Node]:
    """The operands of a part that have to be in one unit."""
    match part:
        case nodes.Comparison(first, rest):
            return [first, *(operand for _, operand in rest)]
        case nodes.Calculation(first, rest) if {symbol for symbol, _ in rest} & {"+", "-"}:
            return [first, *(operand for _, operand in rest)]
        case nodes.Call(function, arguments) if function in _ALIKE:
            return list(arguments)
        case nodes.Choice(_, then, otherwise):
            return [then, otherwise]
    return []


def _unit(node: nodes.Node, units: Units) -> str:
    match node:
        case nodes.Name(name):
            return units.get(name, "")
        case nodes.Negation(operand):
            return _unit(operand, units)
        case nodes.Call(function, arguments) if function in _SAME:
            return _unit(arguments[0], units)
        case nodes.Calculation() | nodes.Call() | nodes.Choice():
            operands = [operand for operand in _alike(node) if not isinstance(operand, nodes.Literal)]
            found = {_unit(operand, units) for operand in operands}
            return found.pop() if len(found) == 1 else ""
    return ""
