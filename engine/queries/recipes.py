"""Recipes and their revisions, as people read them."""

from __future__ import annotations

from typing import Any

from bpmn.decision_tables import table_of
from bpmn.decision_tables.place import TASK
from bpmn.diagram import Diagram
from engine import clock
from engine.control_recipe import ControlRecipe, control_recipe
from engine.documents import DIAGRAM_KINDS, told
from engine.form import findings_of_forms
from engine.queries.life_cycle import last_word
from engine.queries.task_view import parameter_view, step_view
from engine.reader import Reader
from engine.records import Person, RecipeDraft, RecipeRevision, Signature
from engine.revision_facts import current_document, findings, revision_facts
from engine.revisions import in_effect, revision_order
from engine.rules.facts import Limits
from engine.scope import Row
from engine.site import Site

ENDED = ("RETIRED", "REJECTED", "WITHDRAWN")


def recipe_list(site: Site, kinds: tuple[str, ...] = ("recipe",)) -> list[dict[str, Any]]:
    """Every revision of these kinds, by recipe and number.

    `in_effect` marks the one that a batch would be issued on now; `state` says so too before its timer has fired. `errors`
    and `warnings`: what the checks find in a draft; `batches` and `exceptions`: how many there are on the revision;
    `why` it was retired, rejected or withdrawn.
    """
    with site.read() as reader:
        rows = sorted(reader.rows(RecipeRevision), key=lambda row: (row["recipe_id"], revision_order(row)))
        rows = [row for row in rows if row["kind"] in kinds]
        counts, effective = _experience(reader), _all_in_effect(rows)
        return [
            _shown(row, row["id"] in effective)
            | dict(zip(("batches", "exceptions"), counts.get(row["id"], (0, 0)), strict=True))
            | _found(reader, row)
            | {"why": last_word(site, reader, row["id"]) if row["state"] in ENDED else ""}
            for row in rows
        ]


def revision_view(site: Site, revision_id: str) -> dict[str, Any]:
    """One revision: header, steps with parameters, hold times, who signed it and may sign next, what reviewers look at."""
    with site.read() as reader:
        row = reader.get(RecipeRevision, id=revision_id)
        diagram = _diagram(site, reader, row)
        draft = reader.find(RecipeDraft, revision_id=revision_id)
        return {
            "revision": _shown(row, row["id"] in _all_in_effect(reader.rows(RecipeRevision, recipe_id=row["recipe_id"]))),
            "signatures": _signatures(reader, revision_id),
            "steps": [
                step_view(s) | {"parameters": [parameter_view(p, Limits()) for p in s.parameters]}
                for s in diagram.steps.values()
            ],
            "decisions": [
                {"id": node.id, "name": node.name, "table": table_of(node.element).table}
                for node in diagram.nodes.values()
                if node.type == TASK
            ],
            "holds": list(diagram.recipe.hold_times),
            "order_fields": diagram.recipe.order_fields,
            "facts": revision_facts(reader, revision_id),
            "findings": _findings(reader, row) if row["state"] == "DRAFT" else [],
            "draft": _draft(reader, draft) if draft else None,
        }


def revision_xml(site: Site, revision_id: str) -> str:
    """The revision's document: of a draft its working copy, else as it was frozen."""
    with site.read() as reader:
        return current_document(reader, reader.get(RecipeRevision, id=revision_id))[1]


def effective_recipe(site: Site, recipe_id: str) -> ControlRecipe | None:
    """The revision that a batch would be issued on now, or None."""
    with site.read() as reader:
        rows = reader.rows(RecipeRevision, recipe_id=recipe_id, kind="recipe")
        found = in_effect(rows, clock.text(clock.now()))
        return control_recipe(site, reader, found["hash"]) if found else None


def _diagram(site: Site, reader: Reader, row: Row) -> Diagram:
    """The diagram to read; of a form there is none."""
    if row["kind"] not in DIAGRAM_KINDS:
        return Diagram.parse(b'<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"/>')
    if row["state"] != "DRAFT":
        return control_recipe(site, reader, row["hash"]).diagram
    return Diagram.parse(current_document(reader, row)[1].encode())


def _draft(reader: Reader, draft: Row) -> dict[str, Any]:
    person = reader.find(Person, id=draft["saved_by"])
    told = {name: draft[name] for name in ("version", "saved_by", "saved_at", "based_on")}
    return told | ({"saved_by": person["full_name"]} if person else {})


def _signatures(reader: Reader, revision_id: str) -> list[Row]:
    """Those of its life cycle, and those from before there was one."""
    rows = reader.rows(Signature, subject=f"recipe:{revision_id}") + reader.rows(Signature, batch_id=revision_id)
    return sorted(rows, key=lambda row: (row["signed_at"], row["id"]))


def _shown(row: Row, effective: bool) -> dict[str, Any]:
    return dict(row) | {"in_effect": effective, "state": "EFFECTIVE" if effective else row["state"]}


def _all_in_effect(rows: list[Row]) -> set[str]:
    """The ids of the revisions that are in effect now, of each recipe the newest whose instant has come."""
    now = clock.text(clock.now())
    of_recipe: dict[str, list[Row]] = {}
    for row in rows:
        of_recipe.setdefault(row["recipe_id"], []).append(row)
    return {found["id"] for each in of_recipe.values() if (found := in_effect(each, now))}


def _found(reader: Reader, row: Row) -> dict[str, int]:
    """How many findings a draft has; a revision that is in review or later passed its checks."""
    found = _findings(reader, row) if row["state"] == "DRAFT" else []
    return {f"{severity}s": sum(f["severity"] == severity for f in found) for severity in ("error", "warning")}


def _findings(reader: Reader, row: Row) -> list[dict[str, Any]]:
    text = current_document(reader, row)[1]
    forms = [told(finding) for finding in findings_of_forms(reader, text)] if row["kind"] in DIAGRAM_KINDS else []
    return findings(row["kind"], text, row["recipe_id"], row["revision"]) + forms


def _experience(reader: Reader) -> dict[str, tuple[int, int]]:
    """Of each revision how many batches ran on it, and how many exceptions they had."""
    statement = (
        "SELECT b.revision_id, COUNT(DISTINCT b.id), COUNT(e.id) FROM batch b LEFT JOIN exception_record e ON e.batch_id = b.id "
        "WHERE b.kind = 'batch' GROUP BY b.revision_id"
    )
    return {revision: (batches, exceptions) for revision, batches, exceptions in reader.fetch(statement)}
