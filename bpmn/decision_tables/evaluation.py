"""What a table says for recorded values. Numbers are `Decimal`; the same values always give the same outcome."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from operator import gt, lt

from bpmn.decision_tables.cells import constant, parse_cell
from bpmn.decision_tables.table import KIND_OF_COLUMN, Input, Output, Rule, Table
from bpmn.expressions import EvaluationError, Scope, TypeMismatchError, UndefinedValueError, UnknownNameError, kind, parse
from bpmn.expressions.nodes import Lookup
from bpmn.expressions.values import Value, add, admit, compare

JOINED_BY = "; "


@dataclass(frozen=True, slots=True)
class Outcome:
    """The values of the outputs by name, and the rules that said so (counted from 1; none: the default)."""

    values: dict[str, Value]
    rules: tuple[int, ...]


def evaluate(table: Table, scope: Scope) -> Outcome:
    """The outcome for these values.

    Raises EvaluationError, by name, where there is none: a value that a rule needs is not recorded, no rule matches and an
    output has no default, two rules of a UNIQUE table match. Raises ExpressionError for a table that is not well written.
    """
    lookup = _lookup(scope)
    given = [_input(column, lookup) for column in table.inputs]
    matching = []
    for number, rule in enumerate(table.rules, 1):
        if _matches(table, rule, given, lookup):
            matching.append(number)
            if table.hit_policy == "FIRST":
                break
    if table.hit_policy == "UNIQUE" and len(matching) > 1:
        raise UndefinedValueError(f"the rules {' and '.join(map(str, matching))} match, and only one may")
    rules = [table.rules[number - 1] for number in matching]
    values = {output.name: _output(table, column, output, rules, lookup) for column, output in enumerate(table.outputs)}
    return Outcome(values, tuple(matching))


def _lookup(scope: Scope) -> Lookup:
    get = scope if callable(scope) else scope.__getitem__

    def lookup(name: str) -> Value:
        try:
            found = get(name)
        except KeyError:
            raise UnknownNameError(name) from None
        return admit(name, found)

    return lookup


def _input(column: Input, lookup: Lookup) -> Value | EvaluationError:
    """The value that the column looks at, or why there is none: that matters only where a rule needs it."""
    value = parse(column.expression).try_evaluate(lookup)
    if isinstance(value, EvaluationError) or not column.allowed:
        return value
    if not parse_cell(column.allowed, column.type).holds(value, lookup):
        return UndefinedValueError(f"{column.title} is {value}, which the table does not allow ({column.allowed})")
    return value


def _matches(table: Table, rule: Rule, given: list[Value | EvaluationError], lookup: Lookup) -> bool:
    """A rule with a false condition does not match, whatever else is not known: the order of columns says nothing."""
    unknown: EvaluationError | None = None
    for text, column, value in zip(rule.inputs, table.inputs, given, strict=True):
        cell = parse_cell(text, column.type)
        try:
            if isinstance(value, EvaluationError):
                if cell.pieces:
                    unknown = unknown or value
            elif not cell.holds(value, lookup):
                return False
        except EvaluationError as error:
            unknown = unknown or error
    if unknown is not None:
        raise unknown
    return True


def _output(table: Table, column: int, output: Output, rules: list[Rule], lookup: Lookup) -> Value:
    texts = [rule.outputs[column] for rule in rules]
    if table.aggregation == "COUNT":
        return Decimal(len(texts))
    said = [_said(text, output, lookup) for text in texts if text.strip()]
    if table.hit_policy == "COLLECT":
        return _collected(table, output, said, lookup)
    return said[0] if said else _default(output, lookup)


def _collected(table: Table, output: Output, said: list[Value], lookup: Lookup) -> Value:
    if not said and output.default:
        return _default(output, lookup)
    if output.type == "bool":
        return any(value is True for value in said)
    if output.type in ("text", "choice"):
        return JOINED_BY.join(dict.fromkeys(str(value) for value in said))
    if table.aggregation == "SUM":
        return _sum(said)
    return _extreme(said, table.aggregation) if said else _default(output, lookup)


def _sum(said: list[Value]) -> Value:
    total: Value = Decimal(0)
    for value in said:
        total = add(total, value)
    return total


def _extreme(said: list[Value], aggregation: str) -> Value:
    order, found = (lt if aggregation == "MIN" else gt), said[0]
    for value in said[1:]:
        if compare(aggregation, order, value, found):
            found = value
    return found


def _default(output: Output, lookup: Lookup) -> Value:
    if not output.default.strip():
        raise UndefinedValueError(f"no rule matches, and {output.title} has no default")
    return _said(output.default, output, lookup)


def _said(text: str, output: Output, lookup: Lookup) -> Value:
    """The value of an output cell. Raises EvaluationError, ExpressionError."""
    expression = parse(text.strip())
    if not expression.names:
        return constant(expression, output.type)
    value, needed = expression.evaluate(lookup), KIND_OF_COLUMN[output.type]
    if type(value) is not type(needed):
        raise TypeMismatchError(f"{output.title} is {kind(value)}, not {kind(needed)}")
    return value
