"""Forms as people see them: their fields shown as a step's parameters are."""

from __future__ import annotations

from typing import Any

from bpmn import vocabulary as v
from engine.queries.task_view import parameter_view
from engine.rules.facts import Limits
from forms.field import Field


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


def field_view(field: Field) -> dict[str, Any]:
    """A field as the templates of a step take it."""
    return parameter_view(parameter_of(field), Limits())
