"""The token game played by brute force: every order, every choice, token by token; no folding, no order, no cleverness.

One scope at a time. A state is how many tokens lie on each flow. Independent of `bpmn.soundness` but for its question.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from bpmn.diagram import Diagram, Node

State = tuple[tuple[str, int], ...]
Move = tuple[tuple[str, ...], tuple[str, ...], str]
MOST_STATES = 4_000


class TooLargeError(Exception):
    """The scope has more states than anybody waits for."""


def play(diagram: Diagram, scope: str) -> set[str]:
    """What can go wrong in a scope: deadlock, lack_of_synchronisation, dead_step, livelock."""
    return _Scope(diagram, scope).faults()


class _Scope:
    def __init__(self, diagram: Diagram, scope: str) -> None:
        self.diagram = diagram
        self.members = diagram.scopes[scope]
        self.events: dict[str, list[Node]] = {}
        for member in self.members:
            self.events.setdefault(diagram.nodes[member].attached_to, []).append(diagram.nodes[member])
        self.start = next(m for m in self.members if diagram.nodes[m].type == "startEvent")

    def faults(self) -> set[str]:
        first = _state(Counter({f"into {self.start}": 1}))
        ahead: dict[State, list[State]] = {}
        waiting, visited, found = [first], set[str](), set[str]()
        while waiting:
            state = waiting.pop()
            if state in ahead:
                continue
            if len(ahead) > MOST_STATES:
                raise TooLargeError
            ahead[state] = []
            tokens = Counter(dict(state))
            for taken, given, node in self.moves(tokens):
                visited.add(node)
                after = Counter() if given == ("stop",) else tokens - Counter(taken) + Counter(given)
                if max(after.values(), default=0) > 1:
                    found.add("lack_of_synchronisation")
                    continue
                ahead[state].append(_state(after))
                waiting.append(_state(after))
            if not ahead[state] and state and "lack_of_synchronisation" not in found:
                found.add("deadlock")
        never = self.drawn_ahead() - visited
        if any(self.diagram.nodes[node].type != "parallelGateway" for node in never):  # a join that waits is the deadlock itself
            found.add("dead_step")
        finals = {state for state, following in ahead.items() if not following}
        if len(_leading_to(finals, ahead)) < len(ahead):
            found.add("livelock")
        return found

    def moves(self, tokens: Counter[str]) -> Iterator[Move]:
        """Every way to go on: flows that lose a token, flows that get one, the node that is passed."""
        for member in self.members:
            node = self.diagram.nodes[member]
            ins = [flow.id for flow in self.diagram.incoming[member]] or [f"into {member}"]
            if node.type == "parallelGateway":
                if all(tokens[flow] for flow in ins):
                    yield tuple(ins), self.outs(member), member
            else:
                for taken in (flow for flow in ins if tokens[flow]):
                    for given in self.choices(node):
                        yield (taken,), given, member

    def choices(self, node: Node) -> Iterator[tuple[str, ...]]:
        """What a token at a node may turn into."""
        if node.type == "endEvent":
            yield ("stop",) if node.event == "terminateEventDefinition" else ()
            return
        ends: list[tuple[str, ...]] = [(out,) for out in self.outs(node.id)]
        besides: list[tuple[str, ...]] = [()]
        for event in self.events.get(node.id, ()):
            if event.interrupting:
                ends.append((f"into {event.id}",))
            else:
                besides += [(*beside, f"into {event.id}") for beside in besides]
        yield from (end + beside for end in ends or [()] for beside in besides)

    def outs(self, node_id: str) -> tuple[str, ...]:
        return tuple(flow.id for flow in self.diagram.outgoing[node_id])

    def drawn_ahead(self) -> set[str]:
        """The nodes that flows and events lead to from the start, whatever happens at joins."""
        found, waiting = {self.start}, [self.start]
        while waiting:
            node = waiting.pop()
            for target in (*(f.target for f in self.diagram.outgoing[node]), *(e.id for e in self.events.get(node, ()))):
                if target not in found:
                    found.add(target)
                    waiting.append(target)
        return found


def _state(tokens: Counter[str]) -> State:
    return tuple(sorted((flow, number) for flow, number in tokens.items() if number))


def _leading_to(finals: set[State], ahead: dict[State, list[State]]) -> set[State]:
    back: dict[State, list[State]] = {}
    for state, following in ahead.items():
        for after in following:
            back.setdefault(after, []).append(state)
    found, waiting = set(finals), list(finals)
    while waiting:
        for before in back.get(waiting.pop(), []):
            if before not in found:
                found.add(before)
                waiting.append(before)
    return found
