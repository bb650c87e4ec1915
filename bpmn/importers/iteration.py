"""What is particular inside a loop: parts of some iterations only, and the decision that ends an iteration."""

from __future__ import annotations

import re

from bpmn.expressions import ExpressionError, parse
from bpmn.importers.blocks import Body, Branch, Gateway, Loop, Place, Stop, all_bodies, around, inside, places, steps_of
from bpmn.importers.names import Names, bracketed, checked, literals, negated
from bpmn.importers.phrases import LoopItem, StructureError
from bpmn.importers.tables import Problems, Row

_NOT_THE_LAST = re.compile(r"(?:\band\s+)?\bthe (\w+) is not the (\w+) \1\b")


def conditions_on_iterations(loop: Loop, item: LoopItem, steps: set[str], when: str) -> None:
    """Let a part run in some iterations only: `day == 6`."""
    place = next((p for p in places(loop.body, steps) if p.body is loop.body), None)
    if place is None:
        raise StructureError(f"{', '.join(item.names)} are not parts of the loop itself", "name whole parts of the loop")
    branches = [Branch([*place.blocks], when), Branch([])]
    place.replace(Gateway(f"{loop.id}_{item.names[0]}", False, branches, f"{loop.counter.capitalize()}?"))


def beside_last(root: Body, condition: str, place: Place) -> tuple[str, bool]:
    """A condition without "and the day is not the harvest day", and whether it said so."""
    match = _NOT_THE_LAST.search(condition)
    if not match:
        return condition, False
    loop = next((b for b in around(root, place.blocks[0]) if isinstance(b, Loop)), None)
    if loop is None or loop.counter != match[1]:
        raise StructureError(f"{match[0]!r} needs a loop of one iteration a {match[1]}", "put the step into such a loop")
    words = sorted({word for found in literals([loop.again]).values() for word in found})
    if match[2] not in words:
        raise StructureError(f"no decision {match[2]!r} ends {loop.id}", f"write one of {', '.join(words)}")
    return _NOT_THE_LAST.sub("", condition).strip(), True


def run_beside_decision(root: Body, gateway: Gateway) -> None:
    """Let a part run beside the decision that may end the iteration, which then withdraws it.

    Nobody knows the last iteration before that decision; a part that waited for it would come late on every other day.
    """
    loop = next(block for block in around(root, gateway) if isinstance(block, Loop))
    deciders = {name.partition(".")[0] for name in literals([loop.again])}
    after = loop.body[loop.body.index(gateway) + 1 :] if gateway in loop.body else []
    last = next((block for block in after if deciders & set(steps_of([block]))), None)
    if last is None:
        raise StructureError(f"the decision that ends {loop.id} does not come after it", "put the decision further on")
    branch = after[: after.index(last) + 1]
    inner = [body for body in all_bodies(branch) if any(block.id in deciders for block in body)][-1]
    ended = [Branch([Stop(f"{loop.id}_ended", loop.id)], loop.again), Branch([])]
    inner.append(Gateway(f"{loop.id}_decided", False, ended, "Decided?"))
    beside = Gateway(f"{loop.id}_beside", True, [Branch([gateway]), Branch(branch)])
    Place(loop.body, [gateway, *branch]).replace(beside)


def finish(loop: Loop, row: Row, names: Names, problems: Problems) -> None:
    """Spell out the condition to go again.

    A decision that is not asked in every iteration counts only where it is asked: before, it has no value.
    """
    first = steps_of(loop.body)[0]
    again = checked(loop.again, first, names, row, "condition", problems, outside=True)
    if loop.due:
        loop.due = checked(loop.due, first, names, row, "id", problems, outside=True)
    for block in inside(loop.body):
        if isinstance(block, Gateway) and block.id == f"{loop.id}_decided":
            block.branches[0].condition = negated(again)
    try:
        deciders = {name.partition(".")[0] for name in parse(again).names} & set(steps_of(loop.body))
    except ExpressionError:
        return  # noted above
    asked = {tuple(_asked_when(loop.body, step)) for step in deciders} - {()}
    if asked and len(deciders) > 1:
        raise StructureError(f"{loop.id} is ended by several values that not every iteration has", "end it by one")
    guards = [condition for conditions in asked for condition in conditions]
    if guards:
        never = negated(guards[0]) if len(guards) == 1 else " or ".join(bracketed(negated(guard)) for guard in guards)
        again = f"{never} or {bracketed(again)}"
    loop.again = again


def _asked_when(body: Body, step: str) -> list[str]:
    """The conditions under which an iteration comes to a step; none for always."""
    found: list[str] = []
    for block in inside(body):
        if isinstance(block, Gateway) and not block.parallel:
            for index, branch in enumerate(block.branches):
                if step in steps_of(branch.body):
                    found += [negated(earlier.condition) for earlier in block.branches[:index]]
                    found += [branch.condition] if branch.condition else []
    return found
