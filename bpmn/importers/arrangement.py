"""What the structure of a procedure says beside the flow: the choices of its decisions, and which of them depart."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bpmn import vocabulary as v
from bpmn.expressions import EvaluationError, ExpressionError, parse
from bpmn.importers.blocks import Body, Gateway, Loop, inside, steps_of
from bpmn.importers.names import literals
from bpmn.importers.parameters import ParameterRow
from bpmn.importers.tables import Problems


@dataclass(frozen=True)
class Arrangement:
    """The procedure, the loop that each step is in, and the conditions of the gateways that the author drew."""

    body: Body
    loop_of: dict[str, Loop]
    gateways: tuple[tuple[str, ...], ...]

    @property
    def expressions(self) -> list[str]:
        """Every condition and due time of the procedure."""
        found = []
        for block in inside(self.body):
            if isinstance(block, Gateway):
                found += [branch.condition for branch in block.branches]
            elif isinstance(block, Loop):
                found += [block.again, block.due]
        return [text for text in found if text]


def arrangement(body: Body, rows: set[str]) -> Arrangement:
    """The arrangement of a finished procedure; `rows` are the ids of the rows of structure."""
    loop_of: dict[str, Loop] = {}
    for loop in [block for block in inside(body) if isinstance(block, Loop)]:
        loop_of |= dict.fromkeys(steps_of(loop.body), loop)
    drawn = [b for b in inside(body) if isinstance(b, Gateway) and not b.parallel and b.id in rows]
    return Arrangement(body, loop_of, tuple(tuple(b.condition for b in gateway.branches) for gateway in drawn))


def with_choices(found: list[ParameterRow], arranged: Arrangement, problems: Problems) -> list[ParameterRow]:
    """Parameters of type choice with their choices: those of the table, else those that the structure asks for.

    Choosing what leads off the default route of a gateway departs; what only ends or goes on with a loop does not.
    """
    return [_with_choices(one, arranged, problems) if one.parameter.type == "choice" else one for one in found]


def _with_choices(one: ParameterRow, arranged: Arrangement, problems: Problems) -> ParameterRow:
    name = f"{one.step}.{one.parameter.id}"
    asked = _asked(name, arranged)
    values = [choice.value for choice in one.parameter.choices] or asked
    missing = [value for value in asked if value not in values and value != GO_ON]
    if missing:
        problems.add(one.row, "choices", f"the structure asks for {', '.join(missing)}", "add it to the choices")
    if len(values) < 2:
        problems.add(one.row, "choices", f"{name} has fewer than two choices", "list them, separated by semicolons")
    if one.parameter.judge == "specification":
        return one
    choices = tuple(v.Choice(value, departs=_departs(name, value, arranged)) for value in values)
    return replace(one, parameter=replace(one.parameter, choices=choices))


GO_ON = "continue"
"""The choice that goes on with a loop which ends when anything else is chosen."""


def _asked(name: str, arranged: Arrangement) -> list[str]:
    loops = [block.again for block in inside(arranged.body) if isinstance(block, Loop)]
    words = literals([*loops, *(text for gateway in arranged.gateways for text in gateway if text)]).get(name, [])
    goes_on = any(f'{name} != "' in again for again in loops)
    return [GO_ON, *(word for word in words if word != GO_ON)] if goes_on else words


def _departs(name: str, value: str, arranged: Arrangement) -> bool:
    for conditions in arranged.gateways:
        for condition in (text for text in conditions if text and name in literals([text])):
            try:
                result = parse(condition).try_evaluate({name: value})
            except ExpressionError:
                return False  # noted with its row
            if result is True or (isinstance(result, EvaluationError) and value in literals([condition])[name]):
                return True
    return False
