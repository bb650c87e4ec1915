"""Yes and no."""

import pytest

from forms.field import EntryError, Field
from forms.form import read

INTACT = Field("intact", "Bag intact", "bool")


@pytest.mark.parametrize(
    ("text", "value"), [("true", True), ("Yes", True), ("YES", True), ("false", False), ("no", False), ("No ", False)]
)
def test_answers(text: str, value: bool) -> None:
    entry = read(INTACT, text)
    assert entry is not None
    assert (entry.value, entry.canonical) == (value, str(value).lower())


@pytest.mark.parametrize("text", ["", "y", "1", "0", "on", "ja", "maybe", "yes yes"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(EntryError) as caught:
        read(INTACT, text)
    assert caught.value.what_to_do == "Answer yes or no: Bag intact"
