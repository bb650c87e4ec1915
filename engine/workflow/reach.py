"""What can still happen after an open item, whatever the values will be: behind hold times and forgotten values.

Per scope one bit set per node, computed from the ends backwards, so that a recipe of 5,000 steps answers at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from bpmn import vocabulary as v
from bpmn.diagram import BPMN, Diagram, Node


class Reach:
    """Answers for one diagram; immutable once built. `users`: the nodes that read or write a routing value."""

    def __init__(self, diagram: Diagram, users: Mapping[str, Iterable[str]]) -> None:
        self._scope_of = {node.id: node.scope for node in diagram.nodes.values()}
        self._bit: dict[str, int] = {}
        self._ahead: dict[str, int] = {}
        self._loops: dict[str, v.Loop] = {}
        self._most: dict[str, int | None] = {}
        self._callers: dict[str, list[str]] = {}
        for node in diagram.nodes.values():
            self._note(node)
        for scope_id in diagram.scopes:
            self._scan(diagram, scope_id)
        self._users = {name: self._places(nodes) for name, nodes in users.items()}

    def _note(self, node: Node) -> None:
        if node.type == "callActivity":
            self._callers.setdefault(node.element.get("calledElement", ""), []).append(node.id)
        for child in node.element:
            if isinstance(child.tag, str) and child.tag.endswith("LoopCharacteristics"):
                most = child.get("loopMaximum") or child.findtext(f"{{{BPMN}}}loopCardinality", "").strip()
                self._loops[node.id] = node.loop or v.Loop()
                self._most[node.id] = int(most) if most.isdecimal() else None

    def _scan(self, diagram: Diagram, scope_id: str) -> None:
        """`_ahead[n]`: the nodes of the scope that can follow n, by flows and by the boundary events attached to it."""
        members = diagram.scopes[scope_id]
        follows = {n: [f.target for f in diagram.outgoing.get(n, ())] for n in members}
        for n in members:
            if (host := diagram.nodes[n].attached_to) in follows:
                follows[host].append(n)
        for index, n in enumerate(members):
            self._bit[n] = 1 << index
        for n in _from_the_ends(follows):
            ahead = 0
            for target in follows[n]:
                ahead |= self._bit[target] | self._ahead[target]
            self._ahead[n] = ahead

    def after(self, key: str, node_id: str) -> bool:
        """Whether the node can happen after the open item of that key."""
        if node_id not in self._scope_of:
            return False
        places = self._places([node_id])
        for node, scope, repeats in self._outwards(key):
            bits = places.get(scope, 0)
            if self._ahead[node] & bits or (repeats and self._bit[node] & bits):
                return True
        return False

    def ahead(self, keys: Iterable[str]) -> dict[str, int]:
        """The nodes that can still happen, scope by scope, while these are the open items: their own nodes too."""
        found: dict[str, int] = {}
        for key in keys:
            at = True
            for node, scope, repeats in self._outwards(key):
                bits = self._ahead[node] | self._bit[node] if at or repeats else self._ahead[node]
                found[scope] = found.get(scope, 0) | bits
                at = False
        return found

    def uses(self, ahead: Mapping[str, int], name: str) -> bool:
        """Whether one of those nodes reads or writes the routing value."""
        users = self._users[name]
        return any(bits & users.get(scope, 0) for scope, bits in ahead.items())

    def _places(self, nodes: Iterable[str]) -> dict[str, int]:
        """Where nodes are to be found, scope by scope: themselves, and every subprocess or call around them."""
        places: dict[str, int] = {}
        ahead = list(nodes)
        while ahead:
            node = ahead.pop()
            scope = self._scope_of[node]
            if not places.get(scope, 0) & self._bit[node]:
                places[scope] = places.get(scope, 0) | self._bit[node]
                ahead.extend([scope] if scope in self._scope_of else self._callers.get(scope, ()))
        return places

    def _outwards(self, key: str) -> list[tuple[str, str, bool]]:
        """The item's node and every subprocess and call around it: node, its scope, whether it can be repeated.

        An item in a loop says which iteration it is in: after the last one there is no other.
        """
        *calls, name = key.split("/")
        node, _, inside = name.rstrip("]").partition("[")
        iteration = [int(n) for n in inside.split(".")] if inside else []
        found = [(node, self._scope_of[node], False)]
        while (scope := found[-1][1]) in self._scope_of or calls:
            node = scope if scope in self._scope_of else calls.pop()
            repeats = False
            if node in self._loops:
                index, most = iteration.pop() if iteration else 1, self._most[node]
                repeats = most is None or index < most
            found.append((node, self._scope_of[node], repeats))
        return found

    def numbers(self, key: str) -> dict[str, Decimal]:
        """The loop numbers at an open item, by name; of two loops with one name the inner one."""
        found: dict[str, Decimal] = {}
        _, _, inside = key.rstrip("]").partition("[")
        iteration = [int(n) for n in inside.split(".")] if inside else []
        for node, _, _ in self._outwards(key)[1:]:
            if node in self._loops and iteration:
                loop = self._loops[node]
                found.setdefault(loop.name, Decimal(loop.first + iteration.pop() - 1))
        return found


def _from_the_ends(follows: dict[str, list[str]]) -> list[str]:
    """The nodes in an order in which each comes after all that follow it. The graph has no circle."""
    waiting = dict.fromkeys(follows, 0)
    for targets in follows.values():
        for target in targets:
            waiting[target] += 1
    order = [n for n, count in waiting.items() if not count]
    for n in order:
        for target in follows[n]:
            waiting[target] -= 1
            if not waiting[target]:
                order.append(target)
    return order[::-1]
