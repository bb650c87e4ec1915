"""Words that people write."""

import pytest

from forms.field import EntryError, Field
from forms.form import read

REMARK = Field("remark", "Remark", "text", multiline=True, min_length=3, max_length=20)
RESULT = Field("sterility", "Sterility", "text")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (" no growth ", "no growth"),
        ("Zellzahl geprüft", "Zellzahl geprüft"),
        ("gepru\u0308ft", "geprüft"),
        ("نمی‌شود", "نمی‌شود"),
    ],
)
def test_text_is_trimmed_and_composed(text: str, value: str) -> None:
    entry = read(RESULT, text)
    assert entry is not None
    assert (entry.value, entry.text) == (value, text.strip())


def test_lines_of_a_remark_end_alike() -> None:
    entry = read(REMARK, "one\r\ntwo\n")
    assert entry is not None
    assert entry.value == "one\ntwo"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a\nb", "one line"), ("a\rb", "one line"), ("a\x00b", "can't be seen"), ("a\x1bb", "can't be seen"),
        ("abc\u202edef", "can't be seen"), ("no\u200bgrowth", "can't be seen"), ("\ufeffabc", "can't be seen"),
        ("a\ud800b", "can't be seen"), ("a\u2028b", "can't be seen"), ("", "is missing"),
    ],
)  # fmt: skip
def test_what_reads_otherwise_than_it_is_stored_is_refused(text: str, why: str) -> None:
    with pytest.raises(EntryError) as caught:
        read(RESULT, text)
    assert why in caught.value.message


@pytest.mark.parametrize("text", ["n/a", "N/A", "PENDING", "xxx", "tbd", "-", "...", "?"])
def test_stand_in_is_no_entry_where_one_is_needed(text: str) -> None:
    with pytest.raises(EntryError):
        read(RESULT, text)
    assert read(Field("note", "Note", "text", required=False), text) is not None


@pytest.mark.parametrize(("text", "why"), [("ab", "too short"), ("a" * 21, "has 21 characters")])
def test_length(text: str, why: str) -> None:
    with pytest.raises(EntryError) as caught:
        read(REMARK, text)
    assert why in caught.value.message
    assert read(REMARK, "a" * 20) is not None
