"""The decision tables of a revision, as people read and write them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bpmn.checks.decision_table import around
from bpmn.decision_tables import Problem, Surroundings, Table, judge, table_of
from bpmn.decision_tables.place import TASK
from bpmn.diagram import Diagram
from bpmn.reading import DiagramError
from engine.errors import RecordNotFoundError
from engine.queries.drafts import draft_view
from engine.site import Site


@dataclass(frozen=True, slots=True)
class TableView:
    """A table where it stands. `table` is None where its task has none yet; `problems` are of how it is written and of
    what it says; `around` is what it may ask for."""

    draft: dict[str, Any]
    element_id: str
    name: str
    table: Table | None
    problems: list[Problem]
    around: Surroundings


def decision_table(site: Site, revision_id: str, element_id: str) -> TableView:
    """The table of a business rule task. Raises RecordNotFoundError."""
    draft = draft_view(site, revision_id)
    diagram = _diagram(draft)
    node = diagram.nodes.get(element_id) if diagram else None
    if diagram is None or node is None or node.type != TASK:
        raise RecordNotFoundError(f"{revision_id} has no business rule task {element_id}.")
    return _view(draft, diagram, element_id)


def decision_tables(site: Site, revision_id: str) -> list[TableView]:
    """Every table of a revision, in the order of the document."""
    draft = draft_view(site, revision_id)
    diagram = _diagram(draft)
    found = diagram.nodes.values() if diagram else ()
    return [_view(draft, diagram, node.id) for node in found if node.type == TASK and diagram]


def _diagram(draft: dict[str, Any]) -> Diagram | None:
    if draft["kind"] == "form":
        return None
    try:
        return Diagram.parse(draft["xml"].encode())
    except DiagramError:
        return None


def _view(draft: dict[str, Any], diagram: Diagram, element_id: str) -> TableView:
    node, known = diagram.nodes[element_id], around(diagram, element_id)
    read = table_of(node.element)
    problems = list(read.problems) + (judge(read.table, known) if read.table else [])
    return TableView(draft, element_id, node.name, read.table, problems, known)
