"""Counts."""

import pytest

from forms.field import EntryError, Field
from forms.form import read

LABELS = Field("printed", "Labels printed", "int", "labels")


@pytest.mark.parametrize(("text", "canonical"), [("16", "16"), ("0", "0"), ("1.5e3", "1.5e3"), ("3.0", "3.0"), ("1e8", "1e8")])
def test_whole_numbers(text: str, canonical: str) -> None:
    entry = read(LABELS, text)
    assert entry is not None
    assert entry.canonical == canonical


@pytest.mark.parametrize("text", ["3.5", "3,5", "1e-3", "three", "", "0." + "1" * 30, "1234567890" * 3 + ".5"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(EntryError) as caught:
        read(LABELS, text)
    assert caught.value.what_to_do == "Enter the labels printed in labels as a whole number, like 3"
