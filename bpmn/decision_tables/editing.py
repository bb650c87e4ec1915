"""One change to a decision table each: rules and columns come, go and move, and every cell stays with its own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bpmn.decision_tables.table import MAX_COLUMNS, MAX_RULES, Input, Output, Rule, Table

EMPTY = Table(inputs=(Input("", "num"),), outputs=(Output("way", "text"),), rules=(Rule(("-",), ("",)),))
"""What a table begins as."""


def add_rule(table: Table, after: int | None = None) -> Table:
    """An empty rule behind that one (counted from 0), or at the end."""
    if len(table.rules) >= MAX_RULES:
        return table
    rule = Rule(("-",) * len(table.inputs), ("",) * len(table.outputs), ("",) * len(table.annotations))
    at = len(table.rules) if after is None else after + 1
    return replace(table, rules=(*table.rules[:at], rule, *table.rules[at:]))


def remove_rule(table: Table, index: int) -> Table:
    """Without that rule."""
    return replace(table, rules=_without(table.rules, index))


def move_rule(table: Table, index: int, to: int) -> Table:
    """The rule in another place; beyond an end it stays."""
    return replace(table, rules=_moved(table.rules, index, to))


def add_input(table: Table) -> Table:
    """One more input, which no rule looks at yet."""
    if len(table.inputs) + len(table.outputs) >= MAX_COLUMNS:
        return table
    rules = tuple(replace(rule, inputs=(*rule.inputs, "-")) for rule in table.rules)
    return replace(table, inputs=(*table.inputs, Input("", "num")), rules=rules)


def add_output(table: Table) -> Table:
    """One more output, which no rule says yet."""
    if len(table.inputs) + len(table.outputs) >= MAX_COLUMNS:
        return table
    names = {output.name for output in table.outputs}
    name = next(f"output{n}" for n in range(1, MAX_COLUMNS + 1) if f"output{n}" not in names)
    rules = tuple(replace(rule, outputs=(*rule.outputs, "")) for rule in table.rules)
    return replace(table, outputs=(*table.outputs, Output(name, "text")), rules=rules)


def add_annotation(table: Table) -> Table:
    """One more column of remarks."""
    if len(table.annotations) >= MAX_COLUMNS:
        return table
    rules = tuple(replace(rule, annotations=(*rule.annotations, "")) for rule in table.rules)
    return replace(table, annotations=(*table.annotations, "Remark"), rules=rules)


def remove_column(table: Table, part: str, index: int) -> Table:
    """Without that column of `inputs`, `outputs` or `annotations`, and its cells."""
    return _columns(table, part, lambda cells: _without(cells, index))


def move_column(table: Table, part: str, index: int, to: int) -> Table:
    """The column in another place among its like, with its cells."""
    return _columns(table, part, lambda cells: _moved(cells, index, to))


def _columns(table: Table, part: str, change: Any) -> Table:
    rules = tuple(replace(rule, **{part: change(getattr(rule, part))}) for rule in table.rules)
    return replace(table, **{part: change(getattr(table, part))}, rules=rules)


def _without(items: tuple[Any, ...], index: int) -> tuple[Any, ...]:
    return items[:index] + items[index + 1 :]


def _moved(items: tuple[Any, ...], index: int, to: int) -> tuple[Any, ...]:
    if not (0 <= index < len(items) and 0 <= to < len(items)):
        return items
    rest = list(_without(items, index))
    rest.insert(to, items[index])
    return tuple(rest)
