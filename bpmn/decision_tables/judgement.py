"""Is this table fit to decide? Every problem at once, each with the rule and column where it stands, and what to do."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from bpmn.decision_tables.cells import Cell, constant, parse_cell
from bpmn.decision_tables.coverage import Coverage, Example, UndecidedError, duplicates
from bpmn.decision_tables.table import COLUMN_TYPES, KIND_OF_COLUMN, Input, Output, Table
from bpmn.expressions import RESERVED, EvaluationError, Expression, ExpressionError, kind, parse
from bpmn.expressions.kinds import infer
from bpmn.expressions.values import Value

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,99}")
_NUMBERED = ("num", "date_time")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing about a table: `rule` counts from 1 (0: the whole column or table), `column` is `in1`, `out2` or ""."""

    message: str
    what_to_do: str
    rule: int = 0
    column: str = ""
    severity: Literal["error", "warning"] = "error"
    line: int = 0


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the place of a table knows: the kind of each name (None: any name goes), and of inputs more.

    `choices`: the values that a name can have; `whole`: names of whole numbers.
    """

    names: Mapping[str, Value | None] | None = None
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    whole: frozenset[str] = frozenset()


ANYWHERE = Surroundings()


def judge(table: Table, around: Surroundings = ANYWHERE, *, coverage: bool = True) -> list[Problem]:
    """All problems of a table at a place of a diagram, or of a table by itself.

    Without `coverage` nothing is said of what its rules leave out or share.
    """
    problems = [*_structure(table)]
    for i, column in enumerate(table.inputs, 1):
        problems += _input(column, f"in{i}", table, i - 1, around)
    for i, output in enumerate(table.outputs, 1):
        problems += _output(output, f"out{i}", table, i - 1, around)
    if coverage and not any(problem.severity == "error" for problem in problems):
        problems += _coverage(table, around)
    return problems


def _structure(table: Table) -> Iterator[Problem]:
    for found, what in ((table.inputs, "input"), (table.outputs, "output"), (table.rules, "rule")):
        if not found:
            yield Problem(f"the table has no {what}", f"add {'an' if what[0] in 'aeiou' else 'a'} {what}")
    names = Counter(output.name for output in table.outputs)
    for i, output in enumerate(table.outputs, 1):
        if not _NAME.fullmatch(output.name) or output.name in RESERVED or output.name in ("start", "end"):
            advice = "use letters (A-Z, a-z), digits and _, beginning with a letter"
            yield Problem(f"'{output.name[:40]}' can't be the name of an output", advice, column=f"out{i}")
        elif names[output.name] > 1:
            yield Problem(f"two outputs are called {output.name}", "rename one", column=f"out{i}")
    if not table.aggregation:
        return
    if table.hit_policy != "COLLECT":
        yield Problem(f"{table.aggregation} belongs to the hit policy COLLECT", "use COLLECT, or collect nothing")
    elif len(table.outputs) > 1:
        yield Problem(f"{table.aggregation} of several outputs is not defined", "keep one output, or make several tables")


def _input(column: Input, place: str, table: Table, index: int, around: Surroundings) -> Iterator[Problem]:
    if column.type not in COLUMN_TYPES:
        yield Problem(f"the type {column.type} is not known", f"use {', '.join(COLUMN_TYPES)}", column=place)
        return
    if not column.expression:
        yield Problem("the input looks at nothing", "write the name of a value, or an expression", column=place)
    else:
        yield from _expression(column.expression, column.type, place, 0, around)
    yield from _allowed(column, place)
    for number, rule in enumerate(table.rules, 1):
        try:
            cell = parse_cell(rule.inputs[index], column.type)
        except ExpressionError as error:
            yield _unreadable(rule.inputs[index], error, place, number)
        else:
            yield from _names_of_cell(cell, column.type, place, number, around)


def _output(output: Output, place: str, table: Table, index: int, around: Surroundings) -> Iterator[Problem]:
    if output.type not in COLUMN_TYPES:
        yield Problem(f"the type {output.type} is not known", f"use {', '.join(COLUMN_TYPES)}", column=place)
        return
    collects = table.hit_policy == "COLLECT"
    if collects and table.aggregation in ("SUM", "MIN", "MAX") and output.type != "num":
        yield Problem(f"{table.aggregation} collects numbers", "make the output a number", column=place)
    elif collects and not table.aggregation and output.type in _NUMBERED:
        yield Problem("a plain COLLECT gives texts, or yes or no", "say SUM, MIN, MAX or COUNT", column=place)
    elif collects and table.aggregation == "COUNT":
        return  # it counts rules; what stands in the cells does not matter
    if output.default:
        yield from _said(output.default, output, place, 0, around)
    yield from _allowed(output, place)
    for number, rule in enumerate(table.rules, 1):
        text = rule.outputs[index]
        if text.strip():
            yield from _said(text, output, place, number, around)
        elif not collects and not output.default:
            yield Problem("the cell is empty", "write a value, or give the output a default", number, place)


def _allowed(column: Input | Output, place: str) -> Iterator[Problem]:
    """The listed values; those of an output are no condition for what it is, so they are only read."""
    try:
        cell = parse_cell(column.allowed, column.type)
    except ExpressionError as error:
        yield _unreadable(column.allowed, error, place, 0)
        return
    if not cell.constant:
        yield Problem("the values that it can have depend on others", "write them out", column=place)
    elif column.type == "choice" and (cell.negated or not cell.pieces):
        yield Problem("a choice has no values to choose from", 'list them: "a", "b"', column=place)


def _said(text: str, output: Output, place: str, number: int, around: Surroundings) -> Iterator[Problem]:
    """An output cell: of the right kind, and where it is written out, one of the values that the output can have."""
    try:
        expression = parse(text.strip())
        value = None if expression.names else constant(expression, output.type)
    except ExpressionError as error:
        yield _unreadable(text, error, place, number)
        return
    if value is None:
        yield from _kind(expression, output.type, place, number, around)
        return
    try:
        listed = parse_cell(output.allowed, output.type)
    except ExpressionError:
        return  # told at the column
    if listed.constant and not listed.holds(value, _nothing):
        yield Problem(f"{text} is not among the values of {output.title}", f"use {output.allowed}", number, place)


def _nothing(name: str) -> Value:
    raise KeyError(name)


def _expression(text: str, column_type: str, place: str, number: int, around: Surroundings) -> Iterator[Problem]:
    try:
        expression = parse(text)
    except ExpressionError as error:
        yield _unreadable(text, error, place, number)
        return
    if not expression.names and not number:
        yield Problem(f"{text} is always the same", "look at something that is recorded", number, place)
    yield from _kind(expression, column_type, place, number, around)


def _kind(expression: Expression, column_type: str, place: str, number: int, around: Surroundings) -> Iterator[Problem]:
    needed = KIND_OF_COLUMN[column_type]
    if around.names is None:
        return
    try:
        found = infer(expression, around.names)
    except EvaluationError as error:
        what = f"{expression.text} has no meaning: {error.message}"
        advice = "use names known at this place, and put like things together"
        if isinstance(needed, str) and _NAME.fullmatch(expression.text):
            advice = f'write "{expression.text}" if it is a text'
        yield Problem(what, advice, number, place)
        return
    if found is not None and type(found) is not type(needed):
        what = f"{expression.text} is {kind(found)}, not {kind(needed)}"
        yield Problem(what, "change the type of the column, or what stands there", number, place)


def _names_of_cell(cell: Cell, column_type: str, place: str, number: int, around: Surroundings) -> Iterator[Problem]:
    for bound in cell.bounds:
        if bound.constant is None:
            yield from _kind(bound.expression, column_type, place, number, around)


def _unreadable(text: str, error: ExpressionError, place: str, number: int) -> Problem:
    advice = error.hint or 'write a condition such as < 5, 5 .. 7, "a", "b" or -'
    return Problem(f"'{text[:60]}' can't be read: {error.message}", advice, number, place)


# ---- what the rules are together ----


def _coverage(table: Table, around: Surroundings) -> Iterator[Problem]:
    domains = {
        i: around.choices[column.expression]
        for i, column in enumerate(table.inputs)
        if column.type in ("choice", "text") and column.expression in around.choices
    }
    whole = frozenset(i for i, column in enumerate(table.inputs) if column.expression in around.whole)
    coverage = Coverage(table, domains, whole)
    yield from _strangers(table, domains)
    impossible = set(coverage.impossible())
    for number in impossible:
        yield Problem("no value fulfils this rule", "correct its conditions or remove it", number)
    if table.hit_policy == "UNIQUE":
        yield from _overlaps(table, coverage)
    elif table.hit_policy == "FIRST":
        try:
            for number in coverage.shadowed():
                yield Problem("the rules above take every value first", "move it up, or remove it", number)
        except UndecidedError:
            yield Problem("too many combinations to say whether every rule is used", "take it apart", severity="warning")
    else:
        for first, second in duplicates(table.rules):
            yield Problem(f"it says the same as rule {first}", "remove one of the two", second)
    if _needs_a_rule(table):
        yield from _gap(table, coverage)


def _needs_a_rule(table: Table) -> bool:
    """Whether a batch would stop where no rule matches."""
    if table.hit_policy == "COLLECT" and table.aggregation not in ("MIN", "MAX"):
        return False
    return not all(output.default for output in table.outputs)


def _overlaps(table: Table, coverage: Coverage) -> Iterator[Problem]:
    for first, second, example in coverage.overlaps():
        if example is not None:
            what = f"rule {first} matches too, for example for {_told(table, example)}"
            yield Problem(what, "let one value match one rule, or use FIRST", second)
        else:
            what = f"whether rule {first} can match too depends on values of the batch"
            yield Problem(what, "write the bounds out, or use FIRST", second, severity="warning")


def _gap(table: Table, coverage: Coverage) -> Iterator[Problem]:
    advice = "add a rule for it, or give every output a default"
    try:
        example, certain = coverage.gap()
    except UndecidedError:
        yield Problem("too many combinations to say whether every value has a rule", advice, severity="warning")
        return
    if example is not None and certain:
        yield Problem(f"no rule matches {_told(table, example)}", advice)
    elif example is not None:
        what = f"whether a rule matches {_told(table, example)} depends on values of the batch"
        yield Problem(what, advice, severity="warning")


def _strangers(table: Table, domains: Mapping[int, tuple[str, ...]]) -> Iterator[Problem]:
    """Values in cells that the recipe never offers, usually a spelling mistake."""
    for index, offered in domains.items():
        for number, rule in enumerate(table.rules, 1):
            for bound in parse_cell(rule.inputs[index], table.inputs[index].type).bounds:
                if bound.constant is not None and bound.constant not in offered:
                    what = f'"{bound.constant}" is never chosen for {table.inputs[index].expression}'
                    yield Problem(what, f"use {', '.join(offered)}", number, f"in{index + 1}")


def _told(table: Table, example: Example) -> str:
    return ", ".join(f"{column.title} = {value}" for column, value in zip(table.inputs, example, strict=True))
