"""Playing what is left of a net after folding.

Without cycles the tokens that are furthest behind move first. Then every token that will ever pass an edge gets there
before any moves on from it, so two tokens on one edge are seen whatever order people would work in, and only choices
multiply the situations, not the order of independent steps. With cycles every order is played.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from bpmn.soundness.net import END, TERMINATE, Edge, Net, Rope, flatten

MAX_TOKENS = 500_000  # counted over all situations of a whole diagram; about a second and 100 MB

State = frozenset[Edge]


@dataclass
class Result:
    """What was seen. Paths are ids in the order they were passed."""

    joins: set[str]
    fired: set[str] = field(default_factory=set)
    deadlocks: dict[str, tuple[list[str], tuple[str, ...]]] = field(default_factory=dict)
    unsynchronised: dict[str, tuple[str, ...]] = field(default_factory=dict)
    livelock: tuple[str, tuple[str, ...]] | None = None
    undecided: bool = False
    tokens: int = 0


def explore(net: Net, budget: int = MAX_TOKENS) -> Result:
    """Play all runs, up to so many tokens in all situations; beyond them the result is `undecided`."""
    return _Game(net, budget).play()


class _Game:
    def __init__(self, net: Net, budget: int) -> None:
        self.net = net
        self.budget = budget
        self.order = _topological(net)
        self.came: dict[State, tuple[State | None, Rope]] = {}
        self.ahead: dict[State, list[State]] = {}
        self.result = Result({node for node, kind in net.kinds.items() if kind == "join"})

    def play(self) -> Result:
        entry = Edge("", self.net.start)
        first = State([entry])
        self.came[first] = (None, ())
        waiting = [first]
        finals: list[State] = []
        for state in waiting:
            if self.result.tokens > self.budget:
                self.result.undecided = True
                break
            following = list(self.moves(state))
            self.ahead[state] = []
            if not following:
                finals.append(state)
                self.judge(state)
            for after, passed in following:
                self.ahead[state].append(after)
                if after not in self.came:
                    self.came[after] = (state, passed)
                    self.result.tokens += len(after)
                    waiting.append(after)
        if not self.result.undecided and self.order is None:
            self.find_livelock(finals)
        return self.result

    def moves(self, state: State) -> Iterator[tuple[State, Rope]]:
        """The situations that can follow, with the nodes passed on the way to each."""
        order = self.order
        if order is None:
            for edge in state:
                yield from self.fire(state, edge)
            return
        for edge in sorted(state, key=lambda edge: order[edge.target]):
            found = list(self.fire(state, edge))
            if found:
                yield from found
                return

    def fire(self, state: State, edge: Edge) -> Iterator[tuple[State, Rope]]:
        node = edge.target
        kind = self.net.kinds[node]
        outs = list(self.net.outs[node])
        if kind in ("end", "terminate"):
            return
        if kind == "join":
            ins = self.net.ins[node]
            if ins and not ins.keys() <= state:
                return
            taken = frozenset(ins) | {edge}
            self.result.fired.add(node)
            yield from self.put(state, taken, outs)
        elif kind == "maybe":
            yield from self.put(state, frozenset([edge]), outs[:1])
            yield from self.put(state, frozenset([edge]), outs)
        else:
            for out in outs:
                yield from self.put(state, frozenset([edge]), [out])

    def put(self, state: State, taken: State, new: list[Edge]) -> Iterator[tuple[State, Rope]]:
        rest = state - taken
        passed: Rope = (tuple((edge.via, "") for edge in taken), next(iter(taken)).target)
        for edge in new:
            if edge in rest:
                path = self.path(state, passed)
                times = Counter(path)
                meeting = next((node for node in path if times[node] > 1), _shown(edge.source))
                self.result.unsynchronised.setdefault(meeting, path)
        yield rest | frozenset(new), passed

    def judge(self, state: State) -> None:
        """Nothing moves any more: a good end, unless somebody still waits."""
        stuck = [edge for edge in state if self.net.kinds[edge.target] not in ("end", "terminate")]
        if not stuck or any(edge.target == TERMINATE for edge in state):
            return
        for edge in stuck:
            join = edge.target
            if join not in self.result.deadlocks:
                missing = [edge for edge in self.net.ins[join] if edge not in state]
                names = sorted({(flatten(edge.via) or (_shown(edge.source),))[-1] for edge in missing})
                path = self.path(state, tuple((edge.via, "") for edge in stuck))
                self.result.deadlocks[join] = (names, (*path, join))

    def path(self, state: State, last: Rope) -> tuple[str, ...]:
        ropes = [last]
        step: State | None = state
        while step is not None:
            step, passed = self.came[step]
            ropes.append(passed)
        return flatten(tuple(reversed(ropes)))

    def find_livelock(self, finals: list[State]) -> None:
        back: dict[State, list[State]] = {}
        for state, following in self.ahead.items():
            for after in following:
                back.setdefault(after, []).append(state)
        ending, waiting = set(finals), list(finals)
        for state in waiting:
            for before in back.get(state, []):
                if before not in ending:
                    ending.add(before)
                    waiting.append(before)
        for state in self.ahead:
            if state not in ending:
                edge = next(iter(state))
                self.result.livelock = (_shown(edge.target), (*self.path(state, edge.via), _shown(edge.target)))
                return


def _shown(node: str) -> str:
    """The id of the diagram that a node of the net stands for."""
    return node.partition(" ")[0]


def _topological(net: Net) -> dict[str, int] | None:
    """A number for each node, higher than those of all nodes before it; None when there is a cycle. Ends come last."""
    missing = {node: len(ins) for node, ins in net.ins.items()}
    ready = [node for node, number in missing.items() if number == 0]
    order: dict[str, int] = {}
    while ready:
        node = ready.pop()
        order[node] = len(order)
        for edge in net.outs[node]:
            missing[edge.target] -= 1
            if missing[edge.target] == 0:
                ready.append(edge.target)
    if len(order) < len(net.kinds):
        return None
    order[END] = order[TERMINATE] = len(order) + 1
    return order
