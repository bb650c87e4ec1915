"""The table of hold times: a limit at NOR and at PAR between two events of the recipe."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from bpmn import vocabulary as v
from bpmn.importers.header import Header
from bpmn.importers.names import IDENTIFIER, MOMENTS
from bpmn.importers.parameters import ParameterRow
from bpmn.importers.tables import Layout, Problems, Row

LAYOUT = Layout("hold_times.csv", ("hold_id", "from_event", "to_event", "nor", "par", "unit"), ("why", "links"))

_EVENT = re.compile(r"([A-Za-z][A-Za-z0-9_]*)\.([A-Za-z][A-Za-z0-9_]*)")
_SELECT = re.compile(r"(last|next|first)\((.*)\)")
_NUMBER = re.compile(r"\d+(\.\d+)?")
UNITS = ("s", "min", "h", "d")

Types = Mapping[str, Mapping[str, str]]
"""Step id -> parameter id -> type."""


def read_hold_times(rows: list[Row], types: Types, header: Header, problems: Problems) -> list[v.HoldTime]:
    """The hold times in the order of the table."""
    found: dict[str, int] = {}
    holds = []
    for row in rows:
        if not IDENTIFIER.fullmatch(row["hold_id"]) or row["hold_id"] in types:
            problems.add(row, "hold_id", f"{row['hold_id']!r} can't be an id", "use a code such as H01")
        elif found.setdefault(row["hold_id"], row.number) != row.number:
            problems.add(row, "hold_id", f"{row['hold_id']} is already row {found[row['hold_id']]}", "give it its own id")
        else:
            holds.append(_read(row, types, header, problems))
    return holds


def _read(row: Row, types: Types, header: Header, problems: Problems) -> v.HoldTime:
    uom, dash, kind = row["unit"].partition("-")
    if uom not in UNITS or (dash and kind not in ("min", "max")):
        problems.add(row, "unit", f"{row['unit']!r} is not known", "write min, h or d, with -min for a minimum, like h-min")
    match = _SELECT.fullmatch(row["to_event"])
    select = match[1] if match else "first"
    events = [event.strip() for event in (match[2] if match else row["to_event"]).split(",")]
    if len(events) > 1 and select != "last":
        problems.add(row, "to_event", "several events need last(...)", "write last(S16.end, S22.end)")
    for event in events:
        _check_event(event, row, "to_event", types, problems)
    _check_event(row["from_event"], row, "from_event", types, problems, order=True)
    _check_limits(row, kind, problems)
    links = row["links"].replace(";", " ").split() or header.hold_times.get(row["hold_id"], {}).get("links", ())
    _check_links(links, row, types, problems)
    return v.HoldTime(
        id=row["hold_id"],
        from_event=row["from_event"],
        to_events=tuple(events),
        nor=row["nor"],
        par=row["par"],
        uom=uom,
        select="last" if select == "last" else "next" if select == "next" else "first",
        kind="min" if kind == "min" else "max",
        why=row["why"],
        links=tuple(links),
    )


def _check_event(event: str, row: Row, column: str, types: Types, problems: Problems, order: bool = False) -> None:
    match = _EVENT.fullmatch(event)
    if match and order and match[1] == "order":
        return
    known = match and match[1] in types and (match[2] in MOMENTS or types[match[1]].get(match[2]) == "date_time")
    if not known:
        problems.add(row, column, f"{event!r} is no event of this recipe",
                     f"write STEP.start, STEP.end, STEP.<a date_time>{' or order.<field>' * order}")  # fmt: skip


def _check_limits(row: Row, kind: str, problems: Problems) -> None:
    for column in ("nor", "par"):
        if not _NUMBER.fullmatch(row[column]):
            problems.add(row, column, f"{row[column]!r} is no number", "write a number such as 120")
            return
    nor, par = Decimal(row["nor"]), Decimal(row["par"])
    if (par > nor) if kind == "min" else (par < nor):
        side = "above" if kind == "min" else "below"
        problems.add(row, "par", f"PAR {par} lies inside NOR {nor}", f"write a PAR that is not {side} the NOR")


def _check_links(links: tuple[str, ...] | list[str], row: Row, types: Types, problems: Problems) -> None:
    for link in links:
        step, _, parameter = link.partition(".")
        if parameter not in types.get(step, {}):
            problems.add(row, "links", f"there is no result {link}", "write STEP.parameter")


def mark_after_end(found: list[ParameterRow], holds: list[v.HoldTime]) -> list[ParameterRow]:
    """A time that ends a hold which began with its own step's end is recorded after that end."""
    late = {
        event
        for hold in holds
        for event in hold.to_events
        if event.partition(".")[2] not in MOMENTS and hold.from_event == f"{event.partition('.')[0]}.end"
    }
    return [replace(one, parameter=replace(one.parameter, after_end=f"{one.step}.{one.parameter.id}" in late)) for one in found]
