"""The site's forms: which revision of each is used now, and what a step took from one.

The forms of the product are revision 1 of each; a site's revision takes their place when it is in effect.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import tzinfo

from bpmn import vocabulary as v
from bpmn.checks import Finding
from bpmn.diagram import Diagram
from bpmn.reading import DiagramError
from engine import clock
from engine.reader import Reader
from engine.records import RecipeDocument, RecipeDraft, RecipeRevision
from engine.revisions import in_effect
from engine.scope import Row
from forms.definition import Definition, DefinitionError, load, packaged, parse
from forms.field import Choice, Field
from forms.form import check

KIND = "form"
_COPIED = ("name", "type", "uom", "qualifier", "optional", "multiline", "min_length", "max_length", "example", "choices")


@dataclass(frozen=True, slots=True)
class Form:
    """One revision of a form: `reason@2`."""

    revision_id: str
    definition: Definition


@dataclass(frozen=True, slots=True)
class Answer:
    """What was written on a form, with the revision that asked for it: both belong to the record."""

    revision_id: str
    values: dict[str, str]

    def beside(self, *known: str) -> dict[str, str]:
        """What the form asked for beside these fields, which the record has places of its own for."""
        return {name: value for name, value in self.values.items() if name not in known}


def current(reader: Reader, name: str) -> Form | None:
    """The revision that is shown to people now: the site's that is in effect, else the product's; None for no such form."""
    row = in_effect(reader.rows(RecipeRevision, recipe_id=name, kind=KIND), clock.text(clock.now()))
    if row is not None:
        return Form(row["id"], parse(name, text_of(reader, row)))
    return Form(f"{name}@1", load(name)) if name in packaged() else None


def of_revision(reader: Reader, revision_id: str) -> Form | None:
    """That revision of a form; None where there is none, or where it is a draft that can't be used yet."""
    row = reader.find(RecipeRevision, id=revision_id)
    name, _, number = revision_id.partition("@")
    if row is None:
        return Form(revision_id, load(name)) if number == "1" and name in packaged() else None
    if row["kind"] != KIND:
        return None
    try:
        return Form(revision_id, parse(name, text_of(reader, row)))
    except DefinitionError:
        return None


def answered(reader: Reader, name: str, texts: Mapping[str, str], zone: tzinfo | None = None) -> Answer:
    """What people wrote, checked against the form in use: all problems at once (FormError), with the revision that asked.

    `texts`: by field name. Empty texts count as not given; what the form does not ask for is refused where it says something.
    """
    form = current(reader, name)
    assert form is not None, f"the product has a form {name}"
    entries = check(form.definition.fields, {field: text for field, text in texts.items() if text.strip()}, zone)
    return Answer(form.revision_id, {field: entry.canonical for field, entry in entries.items()})


def text_of(reader: Reader, row: Row) -> str:
    """The JSON text of a revision: of a draft its working copy, else as it was frozen."""
    draft = reader.find(RecipeDraft, revision_id=row["id"]) if row["state"] == "DRAFT" else None
    found: str = draft["xml"] if draft else reader.get(RecipeDocument, hash=row["hash"])["xml"]
    return found


def parameter_of(field: Field) -> v.Parameter:
    """The parameter that asks for the same as a form's field: what a step that uses the form has."""
    return v.Parameter(
        id=field.name,
        name=field.label,
        type=field.type,  # type: ignore[arg-type]
        uom=field.uom,
        qualifier=field.qualifier,
        optional=not field.required,
        multiline=field.multiline,
        min_length=field.min_length,
        max_length=field.max_length,
        example=field.example,
        choices=tuple(v.Choice(choice.value, choice.label) for choice in field.choices),
    )


def field_of(parameter: v.Parameter) -> Field:
    """The field that a parameter asks with."""
    return Field(
        name=parameter.id,
        label=parameter.name,
        type=parameter.type,
        uom=parameter.uom,
        qualifier=parameter.qualifier,
        required=not parameter.optional,
        multiline=parameter.multiline,
        min_length=parameter.min_length,
        max_length=parameter.max_length,
        example=parameter.example,
        choices=tuple(Choice(c.value, c.label) for c in parameter.choices),
    )


def needed_field(parameter: v.Parameter) -> Field:
    """The same where a value has to be given, optional or not: what corrects, verifies or accepts one is never empty."""
    return replace(field_of(parameter), required=True)


def findings_of_forms(reader: Reader, xml: str) -> list[Finding]:
    """What is found about the forms that a diagram's steps use; nothing of what can't be read, which others say."""
    if ' form="' not in xml:
        return []
    try:
        return form_findings(reader, Diagram.parse(xml.encode()))
    except (DiagramError, UnicodeEncodeError):
        return []


def form_findings(reader: Reader, diagram: Diagram) -> list[Finding]:
    """Steps whose copy of a form is not what that revision of the form says, and forms that the site does not have."""
    found = []
    for node in diagram.nodes.values():
        if node.step is None or not node.step.form:
            continue
        form = of_revision(reader, node.step.form)
        if form is None:
            message = f"there is no form {node.step.form}"
            found.append(_finding(node.id, node.line, message, "take a revision of a form that the site has", "error"))
            continue
        for message in differences(node.step, form):
            found.append(_finding(node.id, node.line, message, f"take {node.step.form} again, or write no form", "warning"))
    return found


def differences(step: v.Step, form: Form) -> list[str]:
    """How a step's copy differs from the form, in words. What a step has beside the form's fields is its own."""
    told = []
    for wanted in map(parameter_of, form.definition.fields):
        own = step.parameter(wanted.id)
        if own is None:
            told.append(f"{wanted.id} of {form.revision_id} is missing")
            continue
        differing = [f.name for f in fields(v.Parameter) if f.name in _COPIED and not _same(own, wanted, f.name)]
        if differing:
            words = ", ".join(name.replace("_", " ") for name in differing)
            told.append(f"{wanted.id} differs from {form.revision_id}: {words}")
    return told


def _same(own: v.Parameter, wanted: v.Parameter, name: str) -> bool:
    if name == "choices":  # that a choice departs is the recipe's own
        return [(c.value, c.label or c.value) for c in own.choices] == [(c.value, c.label or c.value) for c in wanted.choices]
    return bool(getattr(own, name) == getattr(wanted, name))


def _finding(element_id: str, line: int, message: str, what_to_do: str, severity: str) -> Finding:
    return Finding("form", message, what_to_do, element_id, line, severity, property="form")  # type: ignore[arg-type]
