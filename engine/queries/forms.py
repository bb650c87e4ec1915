"""Forms as people see them: their revisions, and their fields shown as a step's parameters are."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from bpmn import vocabulary as v
from bpmn.diagram import camel
from engine.errors import RecordNotFoundError
from engine.form import KIND, current, of_revision, parameter_of, text_of
from engine.queries.task_view import parameter_view
from engine.reader import Reader
from engine.records import RecipeDraft, RecipeRevision
from engine.revisions import revision_order
from engine.rules.facts import Limits
from engine.site import Site
from forms.definition import DefinitionError, packaged, packaged_text, parse
from forms.field import Field

_PLAIN = v.Parameter("", "", "text")


def form_list(site: Site) -> list[dict[str, Any]]:
    """Every form by name: its title, the revision shown to people now ("": none yet), and every revision it has."""
    with site.read() as reader:
        rows = sorted(reader.rows(RecipeRevision, kind=KIND), key=revision_order)
        names = sorted({*packaged(), *(row["recipe_id"] for row in rows)})
        return [_listed(reader, name, [row for row in rows if row["recipe_id"] == name]) for name in names]


def _listed(reader: Reader, name: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    shown = current(reader, name)
    revisions = [{"id": row["id"], "state": row["state"]} for row in rows]
    if name in packaged():
        revisions.insert(0, {"id": f"{name}@1", "state": "PACKAGED"})
    title = shown.definition.title if shown else rows[-1]["title"]
    fields = len(shown.definition.fields) if shown else 0
    return {"name": name, "title": title, "current": shown.revision_id if shown else "", "fields": fields, "revisions": revisions}


def form_view(site: Site, revision_id: str) -> dict[str, Any]:
    """One revision with its text and what is wrong with it. `version` is the one to save a draft with."""
    name, _, number = revision_id.partition("@")
    with site.read() as reader:
        row = reader.find(RecipeRevision, id=revision_id)
        shown = current(reader, name)
        if row is None and number == "1" and name in packaged():
            text, state, version, title = packaged_text(name), "PACKAGED", 0, ""
        elif row is None or row["kind"] != KIND:
            raise RecordNotFoundError(f"There is no form {revision_id}.")
        else:
            draft = reader.find(RecipeDraft, revision_id=revision_id)
            text, state, version = text_of(reader, row), row["state"], draft["version"] if draft else 0
            title = row["title"]
    try:
        definition, problems = parse(name, text), []
    except DefinitionError as error:
        definition, problems = None, error.problems
    return {
        "revision_id": revision_id, "name": name, "title": definition.title if definition else title, "state": state,
        "version": version, "text": text, "definition": definition, "problems": problems,
        "in_use": bool(shown and shown.revision_id == revision_id),
    }  # fmt: skip


def form_in_use(site: Site, name: str) -> dict[str, Any]:
    """The form that people are shown now: its revision, its title, and its fields as the templates take them."""
    with site.read() as reader:
        form = current(reader, name)
    if form is None:
        raise RecordNotFoundError(f"There is no form {name}.")
    fields = [field_view(field) for field in form.definition.fields]
    return {"id": form.revision_id, "title": form.definition.title, "fields": fields}


def form_parameters(site: Site, name: str, revision: str = "") -> dict[str, Any]:
    """What a step that uses a form takes: the revision to note in the step, and its parameters as the diagram writes them."""
    with site.read() as reader:
        form = of_revision(reader, f"{name}@{revision}") if revision else current(reader, name)
    if form is None:
        raise RecordNotFoundError(f"There is no form {name}{'@' + revision if revision else ''}.")
    found = [_written(parameter_of(field)) for field in form.definition.fields]
    return {"form": form.revision_id, "title": form.definition.title, "parameters": found}


def _written(parameter: v.Parameter) -> dict[str, Any]:
    """The attributes of a parameter by their names in the diagram; what is as usual is left out."""
    given = {n: value for n, value in asdict(parameter).items() if value != getattr(_PLAIN, n) or n in ("id", "name", "type")}
    if parameter.choices:
        given["choices"] = [{"value": c.value, "label": c.label} for c in parameter.choices]
    return {camel(name): value for name, value in given.items()}


def field_view(field: Field) -> dict[str, Any]:
    """A field as the templates of a step take it."""
    return parameter_view(parameter_of(field), Limits())
