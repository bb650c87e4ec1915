"""Is this diagram fit to be approved? One check per file, like a linter's rules; all problems are told at once.

A check is a module with a `RULE` (the id of its findings, which never changes), a docstring that says what holds when
it is satisfied, and `check(diagram)`, which yields findings. To add one: write the module, add it to CHECKS, and give
`tests/data/checks/<rule>/` one right and one wrong diagram.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Protocol

from bpmn.checks import (
    branches,
    call_activity,
    choice_values,
    conditions,
    cycle,
    dead_step,
    deadlock,
    decision_table,
    default_flow,
    devices,
    disposition,
    division,
    drawing,
    due_times,
    event_codes,
    expressions,
    extensions,
    foreign_extensions,
    hold_order,
    hold_times,
    identifiers,
    instruction,
    lack_of_synchronisation,
    limit_action,
    limits,
    livelock,
    loops,
    markup,
    materials,
    meanings,
    mixed_units,
    names,
    order_fields,
    parameters,
    process,
    quantities,
    reachability,
    recorded_before,
    references,
    repetition,
    scans,
    schema,
    second_person,
    service,
    size,
    specification,
    split,
    start,
    step,
    targets,
    timers,
    undecided,
    units,
    verification,
    whitelist,
    why,
    write_once,
)
from bpmn.checks.report import Finding, Report, unreadable
from bpmn.diagram import BPMN, Diagram
from bpmn.reading import DiagramError, read_xml

__all__ = ["CHECKS", "Check", "Finding", "Report", "check_diagram"]


MAX_FINDINGS = 500  # of one rule: nobody reads more, and a hostile file could ask for a million


class Check(Protocol):
    """A module of this package that judges one thing."""

    RULE: str

    def check(self, diagram: Diagram) -> Iterable[Finding]:
        """The findings of this rule."""


# What the token game, and the order of nodes, build on: while one of these finds an error, there is no game to play.
_STRUCTURE: tuple[Check, ...] = (schema, identifiers, references, whitelist, start)
_SOUNDNESS: tuple[Check, ...] = (deadlock, lack_of_synchronisation, dead_step, livelock, undecided)
_ORDERED: tuple[Check, ...] = (*_SOUNDNESS, recorded_before, due_times, hold_order, disposition)

CHECKS: tuple[Check, ...] = (
    size,
    *_STRUCTURE,
    process,
    foreign_extensions,
    extensions,
    drawing,
    reachability,
    split,
    default_flow,
    conditions,
    branches,
    cycle,
    loops,
    repetition,
    call_activity,
    event_codes,
    timers,
    due_times,
    step,
    instruction,
    names,
    verification,
    second_person,
    meanings,
    scans,
    materials,
    devices,
    parameters,
    limits,
    targets,
    limit_action,
    specification,
    units,
    quantities,
    mixed_units,
    why,
    expressions,
    decision_table,
    recorded_before,
    choice_values,
    division,
    write_once,
    hold_times,
    hold_order,
    order_fields,
    disposition,
    service,
    markup,
    *_SOUNDNESS,
)


def check_diagram(xml: bytes) -> Report:
    """All problems of an untrusted diagram, by line. Nothing is loaded unless the report is `ok`.

    Bytes that can't be read, that are no BPMN, and a diagram that is too large, are reported as that alone. Of one rule
    the first 500 findings are told.
    """
    try:
        root = read_xml(xml)
    except DiagramError as error:
        return Report((unreadable(error),))
    if too_large := tuple(size.of_file(root)):
        return Report(too_large)
    diagram = Diagram.of(xml, root)
    found: dict[str, list[Finding]] = {}
    is_bpmn = diagram.root.tag == f"{{{BPMN}}}definitions"
    for one in CHECKS if is_bpmn else (schema,):
        if one in _ORDERED and any(found[basis.RULE] for basis in _STRUCTURE):
            continue
        found[one.RULE] = list(islice(one.check(diagram), MAX_FINDINGS))
    findings = (finding for findings in found.values() for finding in findings)
    return Report(tuple(sorted(findings, key=lambda finding: finding.line)))
