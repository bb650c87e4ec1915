"""Whether something is repeated depends on what happens in it: another value, or the number of the iteration.

A condition that stays as it was repeats the steps until the maximum is reached, or never. One that is always true may
stand where an interrupting event ends the repetition.
"""

from __future__ import annotations

from collections.abc import Iterator

from bpmn.checks.report import Finding, at, shown
from bpmn.diagram import BPMN, Diagram
from bpmn.expressions import ExpressionError, parse
from bpmn.known_names import loop_names, script_names

RULE = "repetition"


def check(diagram: Diagram) -> Iterator[Finding]:
    """Refuses loop conditions that look at nothing where no event ends the loop; warns where nothing in them changes."""
    written = {node.id: script_names(node) for node in diagram.nodes.values()}
    for node in diagram.nodes.values():
        standard = node.element.find(f"{{{BPMN}}}standardLoopCharacteristics/{{{BPMN}}}loopCondition")
        text = (standard.text or "").strip() if standard is not None else ""
        if standard is None or not text:
            continue  # a loop without condition is refused by `loops`
        try:
            names = parse(text).names
        except ExpressionError:
            continue
        if not names and not _left_otherwise(diagram, node.id):
            message = f"{shown(text)} is always the same"
            yield at(standard, RULE, message, "compare something that is recorded in the loop", property="loopCondition")
        elif names and not _changes(diagram, node.id, names, written):
            message = f"nothing in {shown(text)} changes from one iteration to the next"
            advice = "compare something that is recorded in the loop, or its number"
            yield at(standard, RULE, message, advice, "warning", property="loopCondition")


def _left_otherwise(diagram: Diagram, loop: str) -> bool:
    """An event at the loop, or at what it is in, takes the batch out of it."""
    around = {loop, *diagram.ancestors(loop)}
    return any(node.attached_to in around and node.interrupting for node in diagram.nodes.values())


def _changes(diagram: Diagram, loop: str, names: frozenset[str], written: dict[str, list[str]]) -> bool:
    if names & set(loop_names(diagram, loop)[:1]):
        return True
    writers = [name.partition(".")[0] for name in names] + [n for n, own in written.items() if names & set(own)]
    return any(loop in diagram.ancestors(writer) for writer in writers if writer in diagram.nodes)
