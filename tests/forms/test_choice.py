"""A choice among the answers offered."""

import pytest

from forms.field import Choice, EntryError, Field
from forms.form import read

DECISION = Field("decision", "Decision", "choice", choices=(Choice("continue", "Go on"), Choice("harvest")))


def test_value_offered() -> None:
    entry = read(DECISION, "harvest")
    assert entry is not None
    assert entry.value == entry.canonical == "harvest"


@pytest.mark.parametrize("text", ["", "Harvest", "Go on", "terminate", "continue harvest"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(EntryError) as caught:
        read(DECISION, text)
    assert caught.value.what_to_do == "Choose the decision: continue or harvest"


def test_field_without_answers_takes_none() -> None:
    with pytest.raises(EntryError):
        read(Field("decision", "Decision", "choice"), "harvest")
