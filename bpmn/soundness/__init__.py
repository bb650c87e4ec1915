"""The token game: can every batch that starts also end, and can every step happen?

Each scope (process, subprocess) is played on its own: a subprocess is one step of the scope around it. What can be
decided by structure is folded away first (sequences, nested choices, parallel blocks), so a recipe of 5,000 steps or of
many parallel blocks leaves little to play; the rest is played to a bound, and beyond it the answer is `undecided`,
never a guess. Conditions are not looked at: every way out of a decision counts as possible.

Source: van der Aalst, workflow nets and soundness; the reductions are Murata's for nets with free choice.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from bpmn.diagram import Diagram
from bpmn.soundness.exploration import MAX_TOKENS, Result, explore
from bpmn.soundness.net import Net, Shape, interrupting_catchers
from bpmn.soundness.reduction import reduce

FaultKind = Literal["deadlock", "lack_of_synchronisation", "dead_step", "livelock", "undecided"]

__all__ = ["Fault", "FaultKind", "faults"]


@dataclass(frozen=True, slots=True)
class Fault:
    """What can go wrong at a node, and the path of nodes that leads there."""

    kind: FaultKind
    node_id: str
    message: str
    path: tuple[str, ...] = ()


def faults(diagram: Diagram) -> list[Fault]:
    """Every fault of every scope. The diagram has one start in each scope, and its references hold."""
    catchers = interrupting_catchers(diagram)
    return list(_all_faults(tuple(Shape.of(diagram, scope, catchers) for scope in diagram.scopes)))


@lru_cache(maxsize=4)
def _all_faults(shapes: tuple[Shape, ...]) -> tuple[Fault, ...]:
    """The faults of all scopes; the last are kept, because each kind of fault is a check of its own that asks here."""
    found: list[Fault] = []
    budget = MAX_TOKENS
    for shape in shapes:
        if shape.start is not None:
            net = Net(shape)
            reduce(net)
            result = explore(net, budget)
            budget = max(budget - result.tokens, 0)
            found += _faults_of(shape, result)
    return tuple(found)


def _faults_of(shape: Shape, result: Result) -> list[Fault]:
    """The faults of one scope that the game has shown."""
    found: list[Fault] = []
    if result.undecided:
        found.append(Fault("undecided", str(shape.start), "there are too many ways to follow them all"))
    for join, (missing, path) in result.deadlocks.items():
        waits = f"waits forever for {' and '.join(missing)}" if missing else "waits forever"
        found.append(Fault("deadlock", join, f"the batch stands still: {join} {waits}", path))
    for node_id, path in result.unsynchronised.items():
        found.append(Fault("lack_of_synchronisation", node_id, f"{node_id} is passed twice in one run", path))
    if result.livelock is not None:
        node_id, path = result.livelock
        found.append(Fault("livelock", node_id, "from here no way leads to an end", path))
    if not result.undecided:
        blocked = frozenset(result.joins - result.fired)
        for node_id in shape.dead(blocked):
            message = f"{node_id} can never happen"
            found.append(Fault("dead_step", node_id, message, shape.path_to(node_id)))
    return found
