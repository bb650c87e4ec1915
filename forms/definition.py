"""Forms of the product that are not steps of a recipe, as JSON in `forms/definitions`, read once and validated."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, fields
from functools import cache
from importlib.resources import files
from typing import Any, get_type_hints

from forms.field import Choice, Field
from forms.fields import FIELD_TYPES

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,59}", re.ASCII)
_PLACE = re.compile(r"fields\[(\d+)\](?:\.(\w+))?")
MOST_FIELDS = 100


class DefinitionError(ValueError):
    """A form's definition is not usable. `problems` names every place."""

    def __init__(self, name: str, problems: list[str]) -> None:
        super().__init__(f"{name}: " + "; ".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Definition:
    """A form: its id, its title, and its fields in the order in which they are asked."""

    id: str
    title: str
    fields: tuple[Field, ...]


@cache
def packaged() -> tuple[str, ...]:
    """The names of the forms that come with the product; each is revision 1 of its form."""
    folder = files("forms") / "definitions"
    return tuple(sorted(file.name.removesuffix(".json") for file in folder.iterdir() if file.name.endswith(".json")))


@cache
def packaged_text(name: str) -> str:
    """The JSON text of one of them."""
    return (files("forms") / "definitions" / f"{name}.json").read_text(encoding="utf-8")


@cache
def load(name: str) -> Definition:
    """The product's form of that name. Raises DefinitionError."""
    return parse(name, packaged_text(name))


def unlike_the_product(definition: Definition) -> list[str]:
    """What a form lacks that the product itself reads from it: its fields, of the same type, with no other choices."""
    if definition.id not in packaged():
        return []
    own = {field.name: field for field in definition.fields}
    problems = []
    for wanted in load(definition.id).fields:
        field = own.get(wanted.name)
        if field is None or field.type != wanted.type:
            problems.append(f"the product needs the field {wanted.name} of type {wanted.type}")
        elif more := {choice.value for choice in field.choices} - {choice.value for choice in wanted.choices}:
            problems.append(f"the product has no choice {', '.join(sorted(more))} for {wanted.name}")
    return problems


def write(definition: Definition) -> str:
    """The JSON text of a form, defaults left out. Reading it gives an equal form."""
    plain = Field("", "", "")
    items = []
    for field in definition.fields:
        given = {k: v for k, v in asdict(field).items() if v != getattr(plain, k) or k in ("name", "label", "type")}
        if field.choices:
            given["choices"] = [{k: v for k, v in asdict(choice).items() if v} for choice in field.choices]
        items.append(given)
    return json.dumps({"id": definition.id, "title": definition.title, "fields": items}, ensure_ascii=False, indent=2) + "\n"


def place_of(problem: str) -> tuple[int | None, str, str]:
    """Where a problem is: the field (from 0, None: the form itself), its key, and the problem without that place."""
    found = _PLACE.match(problem)
    if found is None:
        return None, "", problem
    return int(found[1]), found[2] or "", problem[found.end() :].lstrip(": ")


def parse(name: str, text: str) -> Definition:
    """A form from its JSON text, every problem at once. Raises DefinitionError."""
    try:
        given = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DefinitionError(name, [f"not JSON: {error}"]) from None
    if not isinstance(given, dict):
        raise DefinitionError(name, ["must be an object with id, title and fields"])
    problems = [f"unknown key {key!r}" for key in given if key not in ("id", "title", "fields")]
    problems += [f"{key} must be a text" for key in ("id", "title") if not _is_filled(given.get(key))]
    items = given.get("fields")
    if not isinstance(items, list) or not items:
        raise DefinitionError(name, [*problems, "fields must be a list with at least one field"])
    if len(items) > MOST_FIELDS:
        raise DefinitionError(name, [*problems, f"fields must be at most {MOST_FIELDS}"])
    found = [_field(item, f"fields[{i}]", problems) for i, item in enumerate(items)]
    names = [field.name for field in found]
    problems += [f"the field {twice!r} stands there twice" for twice in sorted({n for n in names if names.count(n) > 1})]
    if problems:
        raise DefinitionError(name, problems)
    return Definition(given["id"], given["title"], tuple(found))


def _field(item: Any, place: str, problems: list[str]) -> Field:
    values = _checked(Field, item, place, problems)
    if "choices" in values:
        offered = values["choices"] if isinstance(values["choices"], list) else []
        values["choices"] = tuple(
            Choice(**{"value": "", **_checked(Choice, choice, f"{place}.choices[{i}]", problems)})
            for i, choice in enumerate(offered)
        )
    field = Field(**{"name": "", "label": "", "type": "", **values})
    problems += [f"{place}.{key} must be given" for key in ("name", "label") if not _is_filled(getattr(field, key))]
    if field.name.strip() and not _NAME.fullmatch(field.name):
        problems.append(f"{place}.name must begin with a letter and have A-Z, a-z, 0-9 and _ only, at most 60")
    if field.type not in FIELD_TYPES:
        problems.append(f"{place}.type must be one of {', '.join(FIELD_TYPES)}")
    if (field.type == "choice") != bool(field.choices):
        problems.append(f"{place}.choices belong to a choice, and only there")
    if any(not _is_filled(choice.value) for choice in field.choices):
        problems.append(f"{place}.choices each need a value")
    if len({choice.value for choice in field.choices}) < len(field.choices):
        problems.append(f"{place}.choices must differ")
    if field.qualifier and field.type not in ("num", "int"):
        problems.append(f"{place}.qualifier belongs to a number")
    if not 0 < field.min_length <= field.max_length:
        problems.append(f"{place}.min_length must be above 0 and not above max_length")
    return field


def _checked(kind: type, item: Any, place: str, problems: list[str]) -> dict[str, Any]:
    """The keys of an object that `kind` has, each of the right type; the others become problems and are left out."""
    if not isinstance(item, dict):
        problems.append(f"{place} must be an object")
        return {}
    hints = get_type_hints(kind)
    known = {f.name for f in fields(kind)}
    right: dict[str, Any] = {}
    for key, value in item.items():
        if key not in known:
            problems.append(f"{place}: unknown key {key!r}")
        elif type(value) is not (list if key == "choices" else hints[key]):
            problems.append(f"{place}.{key} has the wrong type")
        else:
            right[key] = value
    return right


def _is_filled(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())
