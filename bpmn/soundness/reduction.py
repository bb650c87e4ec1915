"""Folding a net: what can't change the answer is taken out, until nothing more folds."""

from __future__ import annotations

from itertools import product

from bpmn.soundness.net import END, TERMINATE, Edge, Net

MAX_MOVES = 500_000  # edges touched; a net that needs more is played as far as it is folded


def reduce(net: Net) -> None:
    """Fold the net in place.

    Kept: whether a run can stand still, whether an edge can be passed twice, which joins can never pass a token on.
    """
    waiting = dict.fromkeys(net.kinds)
    moves = 0
    while waiting and moves < MAX_MOVES:
        node, _ = waiting.popitem()
        if node not in net.kinds or node in (END, TERMINATE):
            continue
        touched = _ends(net, node) or _twins(net, node) or _fuse(net, node)
        moves += len(touched)
        waiting.update(dict.fromkeys(touched))


def _ends(net: Net, node: str) -> list[str]:
    """Ways straight to an end that change nothing for the others."""
    kind, outs = net.kinds[node], list(net.outs[node])
    for edge in outs[1:] if kind == "maybe" else outs:
        # One branch of several that just ends; one choice of several that ends everything, which is a good end.
        harmless = {"join": (END,), "choice": (TERMINATE,), "maybe": (END, TERMINATE)}[kind]
        if edge.target in harmless and len(outs) > 1:
            net.drop(edge)
            if kind == "maybe":
                net.kinds[node] = "choice"
            return [node]
    return []


def _twins(net: Net, node: str) -> list[str]:
    """Two ways from one choice to one choice or end, or from one join to one join, are like one."""
    if net.kinds[node] == "maybe":
        return []
    alike = ("join",) if net.kinds[node] == "join" else ("choice", "end", "terminate")
    seen: dict[str, Edge] = {}
    touched: list[str] = []
    for edge in list(net.outs[node]):
        if net.kinds[edge.target] not in alike:
            continue
        if edge.target in seen:
            net.drop(edge)
            touched = [node, edge.target]
        seen.setdefault(edge.target, edge)
    return touched


def _fuse(net: Net, node: str) -> list[str]:
    """A node with one way in, or one way out, is one with its neighbour of the same kind; with both, it is any edge."""
    ins, outs, kind = list(net.ins[node]), list(net.outs[node]), net.kinds[node]
    if kind == "maybe" or not ins or not outs or node == net.start:
        return []
    if len(ins) == 1 == len(outs):
        fits = ins[0].source != node
    elif len(ins) == 1:
        fits = net.kinds[ins[0].source] == kind and ins[0].source != node
    elif len(outs) == 1:
        fits = net.kinds[outs[0].target] == kind and outs[0].target != node
    else:
        fits = False
    if not fits:
        return []
    # A `maybe` tells its edges apart by their order, so an edge out of one is only ever lengthened in its place.
    if len(ins) > 1 and any(net.kinds[edge.source] == "maybe" for edge in ins):
        return _lengthen_ins(net, node, ins, outs[0])
    if net.kinds[ins[0].source] == "maybe":
        return _lengthen_ins(net, node, ins, outs[0]) if len(outs) == 1 else []
    touched: dict[str, None] = {}
    for before, after in product(ins, outs):
        # All edges of a join are passed together, so only the first tells of what lies before or behind all of them.
        first = kind != "join" or (before is ins[0] and after is outs[0])
        via = (before.via, node, after.via) if first else (before.via if len(outs) == 1 else after.via)
        net.edge(before.source, after.target, via)
        touched.update({before.source: None, after.target: None})
    for edge in [*ins, *outs]:
        net.drop(edge)
    net.remove(node)
    return list(touched)


def _lengthen_ins(net: Net, node: str, ins: list[Edge], after: Edge) -> list[str]:
    """Lead every way into the node on to where its only way out leads, keeping each edge in its place."""
    for edge in ins:
        del net.ins[node][edge]
        edge.target = after.target
        edge.via = (edge.via, node, after.via)
        net.ins[after.target][edge] = None
    net.drop(after)
    net.remove(node)
    return [*(edge.source for edge in ins), after.target]
