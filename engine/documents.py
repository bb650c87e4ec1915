"""What a revision says, by its kind: a recipe or a process of the site is a BPMN diagram, a form is a JSON definition.

Reading asks only that the text can be read at all, so that work in progress is never refused; `problems` says what keeps
it from being frozen.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from bpmn.checks import Finding, check_diagram
from bpmn.diagram import Diagram
from engine.canonical import sha256
from engine.control_recipe import ControlRecipe
from engine.errors import DiagramRefusedError, UnstorableTextError, UnsupportedDiagramError
from forms.definition import DefinitionError, parse, unlike_the_product

DIAGRAM_KINDS = {"recipe": "master_recipe", "process": "process"}


@dataclass(frozen=True, slots=True)
class Document:
    """A text with its identity. `hash` is that of the canonical XML, or of the text where it is no XML.

    `id` and `revision` are what its own header says, empty where it says nothing.
    """

    hash: str
    id: str
    revision: str
    title: str
    product: str = ""


def read_document(kind: str, text: str) -> Document:
    """The document, whether it is fit for use or not. Raises DiagramError, DiagramRefusedError for what can't be read."""
    return (_read_form if kind == "form" else _read_diagram)(_storable(text))


def problems(kind: str, text: str, recipe_id: str, revision: str) -> list[dict[str, Any]]:
    """Everything that is found in a document, errors and warnings, as an answer tells it."""
    if kind == "form":
        return _form_problems(text, recipe_id)
    report = check_diagram(text.encode())
    found = list(report.findings)
    if report.ok:
        found += _header_problems(kind, text, recipe_id, revision)
    if not any(f.severity == "error" for f in found):
        try:
            ControlRecipe(text.encode(), "")
        except UnsupportedDiagramError as error:
            found.append(Finding("engine", error.message, "draw it in another way", error.details.get("element", "")))
    return [told(finding) for finding in found]


def told(finding: Finding) -> dict[str, Any]:
    """A finding as an answer tells it."""
    return asdict(finding) | {"element": finding.element_id, "path": list(finding.path)}


def _storable(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UnstorableTextError("It contains half of a character.") from None
    return text


def _read_diagram(text: str) -> Document:
    diagram = Diagram.parse(text.encode())
    header = diagram.recipe
    return Document(diagram.hash, header.id, header.revision, header.title, header.product)


def _read_form(text: str) -> Document:
    try:
        given = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DiagramRefusedError(f"The form is not JSON: {error}.") from None
    said = given if isinstance(given, dict) else {}
    return Document(sha256(text), str(said.get("id") or ""), "", str(said.get("title") or ""))


def _header_problems(kind: str, text: str, recipe_id: str, revision: str) -> list[Finding]:
    header = Diagram.parse(text.encode()).recipe
    found = []
    if (header.id, header.revision) != (recipe_id, revision):
        message = f"the diagram says it is {header.id} {header.revision}, the draft is {recipe_id} {revision}"
        found.append(Finding("process", message, "correct number and revision in the recipe's header"))
    if header.kind != DIAGRAM_KINDS[kind]:
        message = f"the diagram is of the kind {header.kind}, the draft is a {kind}"
        found.append(Finding("process", message, f'write kind="{DIAGRAM_KINDS[kind]}" in the header'))
    return found


def _form_problems(text: str, name: str) -> list[dict[str, Any]]:
    try:
        definition = parse("the form", text)
    except DefinitionError as error:
        found = error.problems
    else:
        found = unlike_the_product(definition)
        if definition.id != name:
            found.append(f"the form says it is {definition.id}, the draft is {name}")
    return [told(Finding("form", problem, "correct it in the form")) for problem in found]
