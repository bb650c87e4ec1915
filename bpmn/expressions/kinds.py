"""What kind of value an expression will have, known before any value is recorded.

A kind is stood for by a sample value of it (`NUMBER`, `TRUTH`, `TEXT`, `INSTANT`, `DURATION`); None is a kind not
known. Both sides of every choice are looked at, so a mistake in a branch that is seldom taken shows in the check.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from bpmn.expressions import Expression, nodes, values
from bpmn.expressions.errors import TypeMismatchError, UnknownNameError
from bpmn.expressions.values import Value, kind

NUMBER: Value = Decimal(1)
TRUTH: Value = True
TEXT: Value = "text"
INSTANT: Value = datetime(2026, 1, 1, tzinfo=UTC)
DURATION: Value = timedelta(days=1)
_SAMPLES: dict[type, Value] = {Decimal: NUMBER, bool: TRUTH, str: TEXT, datetime: INSTANT, timedelta: DURATION}

Kinds = Mapping[str, Value | None]


def infer(expression: Expression, kinds: Kinds) -> Value | None:
    """A sample of the kind of value the expression has, where its names have these kinds.

    Raises UnknownNameError for a name without a kind, TypeMismatchError where two kinds don't go together.
    """
    return _infer(expression._root, kinds)


def _infer(node: nodes.Node, kinds: Kinds) -> Value | None:
    match node:
        case nodes.Literal(constant):
            return _SAMPLES[type(constant)]
        case nodes.Name(name):
            if name not in kinds:
                raise UnknownNameError(name)
            return kinds[name]
        case nodes.Negation(operand):
            found = _infer(operand, kinds)
            return None if found is None else _sample(values.negate(found))
        case nodes.Calculation(first, rest):
            left = _infer(first, kinds)
            for symbol, operand in rest:
                right = _infer(operand, kinds)
                known = left is not None and right is not None
                left = _sample(nodes.ARITHMETIC[symbol](left, right)) if known else None  # type: ignore[arg-type]
            return left
        case nodes.Comparison(first, rest):
            return _comparison(first, rest, kinds)
        case nodes.AllOf(operands) | nodes.AnyOf(operands):
            for operand in operands:
                _truth(operand, kinds)
            return TRUTH
        case nodes.Not(operand):
            return _truth(operand, kinds)
        case nodes.Choice(condition, then, otherwise):
            _truth(condition, kinds)
            return _same("else", _infer(then, kinds), _infer(otherwise, kinds))
        case nodes.Call(function, arguments):
            found_all = [_infer(argument, kinds) for argument in arguments]
            known_all = tuple(found for found in found_all if found is not None)
            return _sample(values.FUNCTIONS[function][0](known_all)) if len(known_all) == len(found_all) else None
    raise AssertionError(f"{type(node).__name__} is a part of the language without a kind")


def _sample(value: Value) -> Value:
    return _SAMPLES[type(value)]


def _same(word: str, left: Value | None, right: Value | None) -> Value | None:
    if left is not None and right is not None and type(left) is not type(right):
        raise values.mismatch(word, left, right)
    return left if left is not None else right


def _truth(node: nodes.Node, kinds: Kinds) -> Value:
    found = _infer(node, kinds)
    if found is not None and type(found) is not bool:
        raise TypeMismatchError(f"true or false is needed, not {kind(found)}")
    return TRUTH


def _comparison(first: nodes.Node, rest: tuple[tuple[str, nodes.Node], ...], kinds: Kinds) -> Value:
    left = _infer(first, kinds)
    for symbol, operand in rest:
        right = _infer(operand, kinds)
        _same(symbol, left, right)
        if symbol in nodes.ORDERS and left is not None and right is not None:
            values.compare(symbol, nodes.ORDERS[symbol], left, right)
        left = right
    return TRUTH
