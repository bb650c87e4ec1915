"""At every decision each way is taken by some batch, and the order in which the conditions were drawn decides nothing.

What a name may be is known from its choices, and from the proven acceptable range where a value outside of it blocks.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations

from bpmn.checks.report import Finding, shown
from bpmn.diagram import Diagram, Flow
from bpmn.expressions import Expression, ExpressionError, parse
from bpmn.expressions.possible import Case, Range, possible
from bpmn.vocabulary import Parameter

RULE = "branches"


def check(diagram: Diagram) -> Iterator[Finding]:
    """Refuses conditions that are never true; warns of ways that nobody takes and of conditions that overlap."""
    within = _domains(diagram)
    for node in diagram.nodes.values():
        ways = [(flow, parsed) for flow in diagram.outgoing[node.id] if (parsed := _parsed(flow)) is not None]
        if node.type != "exclusiveGateway" or not ways:
            continue
        names = set().union(*(parsed.names for _, parsed in ways))
        case = {name: within[name] for name in names & within.keys()}
        yield from _each(ways, case)
        yield from _overlaps(ways, case)
        default = diagram.flows.get(node.default)  # which may well be for values outside of PAR, let on by a decision
        case = {name: allowed for name, allowed in case.items() if allowed.words is not None}
        complete = len(ways) == len(diagram.outgoing[node.id]) - 1  # else a condition is missing, which others report
        if default is not None and complete and not possible([], [parsed for _, parsed in ways], case):
            message = "the default is never taken: one of the conditions always holds"
            yield _on(default, message, "let one of the conditions be the default instead", "warning")


def _each(ways: list[tuple[Flow, Expression]], case: Case) -> Iterator[Finding]:
    earlier: list[Expression] = []
    for flow, parsed in ways:
        says = shown(flow.condition)
        if not parsed.names:
            pass  # refused by `conditions`
        elif not possible([parsed]):
            yield _on(flow, f"{says} is never true", "correct the condition", "error")
        elif not possible([parsed], within=case):
            advice = "correct the condition, the limits or the choices"
            yield _on(flow, f"{says} is never true for what can be recorded", advice, "warning")
        elif earlier and not possible([parsed], earlier, case):
            advice = "draw the narrower condition first, or remove this way"
            yield _on(flow, f"{says} is never reached: the conditions before it hold whenever it does", advice, "warning")
        earlier.append(parsed)


def _overlaps(ways: list[tuple[Flow, Expression]], case: Case) -> Iterator[Finding]:
    for (flow, one), (later, other) in combinations(ways[:20], 2):
        if one.names != other.names or not one.names or not possible([one, other], within=case):
            continue
        if possible([one], [other], case) and possible([other], [one], case):
            message = f"{shown(flow.condition)} and {shown(later.condition)} can both hold; the first is taken"
            yield _on(later, message, "let only one of them hold, or make one part of the other", "warning")


def _parsed(flow: Flow) -> Expression | None:
    try:
        return parse(flow.condition) if flow.condition else None
    except ExpressionError:
        return None


def _domains(diagram: Diagram) -> dict[str, Range]:
    found: dict[str, Range] = {}
    for step_id, step in diagram.steps.items():
        for parameter in step.parameters:
            domain = _domain(parameter)
            if domain is not None:
                found[f"{step_id}.{parameter.id}"] = domain
    return found


def _domain(parameter: Parameter) -> Range | None:
    if parameter.type == "choice" and parameter.choices:
        return Range(words=frozenset(choice.value for choice in parameter.choices))
    if parameter.type not in ("num", "int") or parameter.limit_action not in ("block", "stop"):
        return None
    low, high = _number(parameter.par_low), _number(parameter.par_high)
    found = Range(low, high, "par_low" in parameter.exclusive, "par_high" in parameter.exclusive)
    return found if low is None or high is None or low <= high else None  # out of order: refused by `limits`


def _number(text: str) -> Fraction | None:
    try:
        return Fraction(text) if len(text) < 40 and "/" not in text else None
    except ValueError:
        return None


def _on(flow: Flow, message: str, what_to_do: str, severity: str) -> Finding:
    return Finding(RULE, message, what_to_do, flow.id[:100], flow.line, severity, property="condition")  # type: ignore[arg-type]
