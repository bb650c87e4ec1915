"""What happens at a limit fits the limits: only a proven acceptable range can block, and what blocks is no trifle."""

from __future__ import annotations

from collections.abc import Iterator

from bpmn.checks.report import Finding, at, step_elements
from bpmn.diagram import Diagram
from bpmn.vocabulary import CRITICAL_CLASSES, Parameter

RULE = "limit_action"

_LIMITS = ("nor_low", "nor_high", "par_low", "par_high")


def check(diagram: Diagram) -> Iterator[Finding]:
    """Warns of blocking without a PAR, of blocking for an info, and of limits of a critical parameter without effect."""
    for node in diagram.nodes.values():
        if node.step is None:
            continue
        for element, parameter in zip(step_elements(node, "parameter"), node.step.parameters, strict=True):
            for message, advice, name in _contradictions(parameter):
                yield at(element, RULE, f"{parameter.id} {message}", advice, "warning", property=name)


def _contradictions(parameter: Parameter) -> Iterator[tuple[str, str, str]]:
    limits = any(getattr(parameter, name) for name in _LIMITS)
    stops = parameter.limit_action in ("block", "stop")
    if stops and limits and not (parameter.par_low or parameter.par_high):
        yield f"{parameter.limit_action}s outside of a PAR that it has not", "write its PAR, or flag only", "limitAction"
    if stops and parameter.severity == "info":
        yield f"{parameter.limit_action}s for an exception of no weight (info)", "raise the severity, or flag", "severity"
    if limits and parameter.limit_action == "none" and parameter.parameter_class in CRITICAL_CLASSES:
        message = f"is {parameter.parameter_class} with limits, and nothing happens outside of them"
        yield message, 'set limitAction="flag", "block" or "stop"', "limitAction"
