"""Forms of the product, as JSON."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms.definition import DefinitionError, load, parse
from forms.field import Field
from forms.form import FormError, check

FOLDER = Path(__file__).parents[2] / "forms" / "definitions"
RIGHT: dict[str, Any] = {"id": "a", "title": "A", "fields": [{"name": "f", "label": "F", "type": "text"}]}


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("*.json")))
def test_every_form_of_the_product_is_valid(name: str) -> None:
    assert load(name).id == name


def test_decision_without_a_reason_is_refused() -> None:
    decision = load("decision").fields
    with pytest.raises(FormError) as caught:
        check(decision, {"outcome": "approve", "reason": "ok"})
    assert [problem.field for problem in caught.value.problems] == ["outcome", "reason"]
    found = check(decision, {"outcome": "proceed", "reason": "Recount confirmed 94.1 %; no impact."})
    assert set(found) == {"outcome", "reason"}


@pytest.mark.requirement("A11-10")
@pytest.mark.parametrize("reason", ["", " ", "x", "n/a", "-", "..."])
def test_empty_or_one_character_reason_is_refused(reason: str) -> None:
    with pytest.raises(FormError):
        check(load("reason").fields, {"reason": reason})


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"extra": 1}, "unknown key 'extra'"), ({"id": ""}, "id must be a text"),
        ({"title": 3}, "title must be a text"),
        ({"fields": []}, "at least one field"), ({"fields": ["f"]}, "fields[0] must be an object"),
        ({"fields": RIGHT["fields"] * 2}, "'f' stands there twice"),
    ],
)  # fmt: skip
def test_wrong_form(change: dict[str, Any], problem: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        parse("a", json.dumps({**RIGHT, **change}))
    assert problem in str(caught.value)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"type": "float"}, "type must be one of"), ({"name": " "}, "name must be given"),
        ({"limit": "1"}, "unknown key"),
        ({"required": "no"}, "required has the wrong type"), ({"type": "choice"}, "choices belong to a choice"),
        ({"choices": [{"value": "a"}]}, "choices belong to a choice"), ({"min_length": 0}, "min_length"),
        ({"type": "choice", "choices": [{"label": "a"}]}, "each need a value"), ({"max_length": True}, "wrong type"),
    ],
)  # fmt: skip
def test_wrong_field(change: dict[str, Any], problem: str) -> None:
    form = {**RIGHT, "fields": [{**RIGHT["fields"][0], **change}]}
    with pytest.raises(DefinitionError) as caught:
        parse("a", json.dumps(form))
    assert problem in str(caught.value)


def test_all_problems_are_named_at_once() -> None:
    with pytest.raises(DefinitionError) as caught:
        parse("a", json.dumps({"id": "", "fields": [{"name": "f", "type": "x"}], "more": 1}))
    assert len(caught.value.problems) == 5


KEYS = ("id", "title", "fields", "name", "label", "type", "choices", "value", "x")
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
)  # fmt: skip


@given(anything.map(json.dumps) | st.text())
def test_any_text_is_a_form_or_a_clear_error(text: str) -> None:
    problems: list[str] = []
    fields: tuple[Field, ...] = ()
    try:
        fields = parse("a", text).fields
    except DefinitionError as error:
        problems = error.problems
    assert bool(fields) != bool(problems)
