"""Every routing name has one writer: what decides the way of a batch is never overwritten by another branch.

The engine's parallel join keeps the value of whichever branch came last, so two writers would make the way depend on
the order in which people finish.
"""

from __future__ import annotations

from collections.abc import Iterator

from bpmn.checks.report import Finding, at
from bpmn.diagram import Diagram
from bpmn.known_names import is_loop, script_names
from bpmn.vocabulary import Loop

RULE = "write_once"


def check(diagram: Diagram) -> Iterator[Finding]:
    """Refuses a name written by two script lines, and a script or inner loop that writes the number of a loop."""
    writer: dict[str, str] = {}
    for node in diagram.nodes.values():
        if node.type == "subProcess" and is_loop(node):
            name = (node.loop or Loop()).name
            for outer in diagram.ancestors(node.id):
                around = diagram.nodes.get(outer)
                if around is not None and is_loop(around) and (around.loop or Loop()).name == name:
                    yield at(
                        node.element,
                        RULE,
                        f"{name} numbers the loop {outer} too",
                        "name the iterations otherwise",
                        property="name",
                    )
            writer.setdefault(name, node.id)
    for node in diagram.nodes.values():
        for name in script_names(node):
            if name in writer:
                yield at(node.element, RULE, f"{name} is written at {writer[name]} too", "use another name", property="script")
            writer.setdefault(name, node.id)
