"""A whole form."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms.field import Choice, Entry, EntryError, Field
from forms.fields import FIELD_TYPES
from forms.form import FormError, check, read

COUNT = [
    Field("viab", "Viability", "num", "%"),
    Field("n", "Bags", "int"),
    Field("note", "Note", "text", required=False),
]


def problems(entries: Any) -> list[str]:
    with pytest.raises(FormError) as caught:
        check(COUNT, entries)
    return [problem.field for problem in caught.value.problems]


def test_all_values_in_the_order_of_the_form() -> None:
    found = check(COUNT, {"n": "2", "viab": "94,10"})
    assert list(found) == ["viab", "n"]
    assert [entry.canonical for entry in found.values()] == ["94.10", "2"]


def test_all_problems_at_once_in_the_order_of_the_form() -> None:
    assert problems({"n": "two"}) == ["viab", "n"]
    assert problems({}) == ["viab", "n"]
    assert problems({"n": "1", "viab": "1", "note": "\x00"}) == ["note"]


@pytest.mark.parametrize("name", ["limit", "par_high", "qa_approved", "VIAB", "", "__class__"])
def test_entry_that_no_field_asks_for_is_refused(name: str) -> None:
    assert problems({"viab": "94.1", "n": "2", name: "1000"}) == [name]


@pytest.mark.parametrize("sent", [94.1, 94, True, None, ["94.1"], {"text": "94.1"}, float("nan")])
def test_entry_is_a_text_and_nothing_else(sent: Any) -> None:
    assert problems({"viab": sent, "n": "2"}) == ["viab"]


def test_problem_says_what_is_wrong_and_what_to_do() -> None:
    with pytest.raises(FormError) as caught:
        check(COUNT, {"n": "2", "viab": ""})
    assert str(caught.value) == "Viability is missing. Enter the viability in %, like 94.1."


def test_very_long_entry_is_answered() -> None:
    assert problems({"viab": "9" * 1_000_000, "n": "2", "note": "x" * 1_000_000}) == ["viab", "note"]


def test_field_types_are_what_recipes_can_ask() -> None:
    assert [module.TYPE for module in FIELD_TYPES.values()] == list(FIELD_TYPES)
    assert list(FIELD_TYPES) == ["num", "int", "bool", "choice", "text", "date_time"]


@st.composite
def fields(draw: st.DrawFn) -> Field:
    """Any field that a recipe or a form can have."""
    kind = draw(st.sampled_from(sorted(FIELD_TYPES)))
    return Field(
        "f", draw(st.sampled_from(("Viability", "pH", ""))), kind, draw(st.sampled_from(("", "%", "1"))),
        required=draw(st.booleans()), qualifier=draw(st.booleans()), multiline=draw(st.booleans()),
        choices=(Choice("continue"), Choice("yes")) if kind == "choice" else (),
    )  # fmt: skip


typed = st.one_of(
    st.text(), st.text(alphabet="0123456789+-.,eE<> _'NaInf", max_size=12), st.decimals().map(str),
    st.floats().map(repr), st.from_regex(r"\s*[<>]?[+-]?\d{1,45}([.,]\d{1,45})?([eE][+-]?\d{1,4})?\s*", fullmatch=True),
    st.datetimes().map(str), st.datetimes(timezones=st.timezones()).map(lambda d: d.isoformat()),
    st.sampled_from(("yes", "No", "true", "continue", "2026-02-30 10:00", "0000-00-00 00:00")),
)  # fmt: skip


def outcome(field: Field, text: str) -> Entry | EntryError | None:
    """What reading gives: an entry, none for an empty text, or why not."""
    try:
        return read(field, text)
    except EntryError as error:
        return error


@given(fields(), typed)
def test_whatever_is_typed_is_a_value_or_a_clear_problem(field: Field, text: str) -> None:
    entry = outcome(field, text)
    if entry is None:
        assert not field.required
        return
    if isinstance(entry, EntryError):
        assert entry.message
        assert entry.what_to_do
        return
    again = read(field, entry.canonical)
    assert again == Entry(entry.canonical, entry.value, entry.qualifier)
    assert str(again.value) == str(entry.value)
    assert again.canonical == entry.canonical
    assert entry.qualifier == "" or (field.qualifier and field.type in ("num", "int"))
    json.dumps(entry.canonical).encode("utf-8")


@given(st.from_regex(r"[+-]?[0-9]{1,20}([.][0-9]{1,20})?(e[+-]?[0-9])?", fullmatch=True))
def test_every_digit_typed_is_a_digit_of_the_value(text: str) -> None:
    entry = read(Field("f", "Density", "num"), text)
    assert entry is not None
    mantissa = text.partition("e")[0].lstrip("+-")
    kept = "".join(map(str, entry.value.as_tuple().digits))  # type: ignore[union-attr]
    assert kept == (mantissa.replace(".", "").lstrip("0") or "0")
    _, _, fraction = mantissa.partition(".")
    assert entry.value.as_tuple().exponent == int(text.partition("e")[2] or 0) - len(fraction)  # type: ignore[union-attr]
