"""A choice is compared only with what can be chosen: a misspelt choice would never hold, and nobody would notice."""

from __future__ import annotations

from collections.abc import Iterator

from bpmn.checks.report import Finding, at, shown
from bpmn.diagram import Diagram
from bpmn.expression_places import expression_places
from bpmn.expressions import ExpressionError, parse
from bpmn.expressions.reads import compared_words

RULE = "choice_values"


def check(diagram: Diagram) -> Iterator[Finding]:
    """Refuses comparisons of a choice with a text that is none of its choices."""
    choices = {
        f"{step_id}.{parameter.id}": tuple(choice.value for choice in parameter.choices)
        for step_id, step in diagram.steps.items()
        for parameter in step.parameters
        if parameter.type == "choice"
    }
    for place in expression_places(diagram) if choices else ():
        try:
            compared = compared_words(parse(place.text))
        except ExpressionError:
            continue
        for name, word in compared:
            known = choices.get(name, choices.get(f"{place.node_id}.{name}"))
            if known is not None and word not in known:
                advice = f"write {' or '.join(shown(choice) for choice in known[:20])}"
                yield at(place.element, RULE, f"{shown(word)} is no choice of {name}", advice, property=place.property)
