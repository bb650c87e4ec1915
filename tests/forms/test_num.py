"""Numbers as people type them."""

from decimal import Decimal

import pytest

from forms.field import Entry, EntryError, Field
from forms.form import read

VIABILITY = Field("viab", "Viability", "num", "%")
ENDOTOXIN = Field("endotoxin", "Endotoxin", "num", "EU/mL", qualifier=True)


def entered(text: str, field: Field = VIABILITY) -> Entry:
    entry = read(field, text)
    assert entry is not None
    return entry


def refused(text: str, field: Field = VIABILITY) -> EntryError:
    with pytest.raises(EntryError) as caught:
        read(field, text)
    return caught.value


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("94.1", "94.1"), ("7.20", "7.20"), ("7,20", "7.20"), ("0,500", "0.500"), ("-80", "-80"), ("+5", "5"),
        ("8.99e9", "8.99e9"), ("8.99E+9", "8.99e9"), ("1e-3", "0.001"), ("007", "7"), (" 94.1\t", "94.1"), ("0", "0"),
        ("1234,5", "1234.5"), ("1,23", "1.23"), ("1,2345", "1.2345"), ("1.234", "1.234"), ("1" * 40, "1" * 40),
    ],
)  # fmt: skip
def test_digits_are_kept(text: str, canonical: str) -> None:
    entry = entered(text)
    assert entry.canonical == canonical
    assert entry.text == text.strip()
    assert entry.value == Decimal(canonical)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is missing"), ("  ", "is missing"), ("abc", "is not a number"), ("1 2", "is not a number"),
        ("--5", "is not a number"), ("1e5.5", "is not a number"), ("1_000", "thousands"),
        ("NaN", "was measured"), ("-Infinity", "was measured"), ("sNaN", "was measured"), ("1/2", "its unit"),
        ("٣.٤", "look like"), ("９４", "look like"), ("−5", "look like"), ("1\u00a0234", "thousands"),
        ("94.1 %", "its unit"), ("94.1%", "its unit"), ("5 mL", "its unit"), ("1 234", "thousands"),
        ("1'234", "thousands"), ("1.234.567", "thousands"), ("1,234.5", "thousands"), ("1.234,5", "thousands"),
        ("1,234,567", "thousands"), (".5", "before and after"), ("5.", "before and after"), ("5,", "before and after"),
        ("8.99×10^9", "with e"), ("8.99x10^9", "with e"), ("8.99*10^9", "with e"), ("1e100", "too large or too small"),
        ("1e-100", "too large or too small"), ("1" * 41, "more than 40 digits"), ("1" * 200 + "m", "much too long"),
        ("<0.25", "without <"), (">1", "without >"), ("1e9999", "is not a number"),
    ],
)  # fmt: skip
def test_nothing_is_guessed(text: str, why: str) -> None:
    error = refused(text)
    assert why in error.message
    assert error.message.startswith("Viability")
    assert error.what_to_do == "Enter the viability in %, like 94.1"


@pytest.mark.parametrize("text", ["1,234", "-1,234", "12,000", "999,999"])
def test_comma_that_may_separate_thousands_is_asked_about(text: str) -> None:
    error = refused(text)
    assert "two ways" in error.message
    assert text.replace(",", ".") in error.what_to_do
    assert text.replace(",", "") in error.what_to_do


@pytest.mark.parametrize(
    ("text", "qualifier", "canonical"), [("<0.25", "<", "<0.25"), ("> 100", ">", ">100"), ("0,3", "", "0.3")]
)
def test_result_below_or_above_what_can_be_measured(text: str, qualifier: str, canonical: str) -> None:
    entry = entered(text, ENDOTOXIN)
    assert (entry.qualifier, entry.canonical) == (qualifier, canonical)


@pytest.mark.parametrize("text", ["<=0.25", "≤0.25", ">=1", "≥ 1"])
def test_only_strictly_below_or_above(text: str) -> None:
    error = refused(text, ENDOTOXIN)
    assert "not equal to it" in error.message
    assert error.what_to_do.startswith("Enter the endotoxin in EU/mL, like 94.1. A result below or above")


@pytest.mark.parametrize(
    ("label", "uom", "words"),
    [
        ("pH", "pH", "the pH,"), ("MOI", "TU/cell", "the MOI in TU/cell,"),
        ("CD4:CD8 ratio", "1", "the CD4:CD8 ratio,"),
        ("Time since cleaning", "h", "the time since cleaning in h,"), ("IL-7 stock", "mL", "the IL-7 stock in mL,"),
    ],
)  # fmt: skip
def test_field_is_named_as_people_say_it(label: str, uom: str, words: str) -> None:
    assert words in refused("x", Field("f", label, "num", uom)).what_to_do


def test_own_example_is_used() -> None:
    assert refused("", Field("f", "Seeded cells", "num", "cells", example="1.0e8")).what_to_do.endswith("like 1.0e8")
