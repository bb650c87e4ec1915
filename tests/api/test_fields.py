"""The API's field types: bounds on every string, number and instant, so that no driver ever overflows."""

from __future__ import annotations

from datetime import UTC, datetime

import marshmallow as ma
import pytest

from api.fields import KEY, Code, Count, Entries, Instant, Schema, Text


class Form(Schema):
    count = Count()
    at = Instant()
    text = Text(10)
    key = Code(KEY)
    entries = Entries()


def problems(**sent: object) -> set[str]:
    try:
        Form().load(sent)
    except ma.ValidationError as error:
        return set(error.messages)
    return set()


def test_an_unknown_field_is_refused() -> None:
    assert problems(limit="1000") == {"limit"}


@pytest.mark.parametrize("count", [-1, 2**31, 10**30, True, "1e3", "٣", None])
def test_a_count_is_a_whole_number_that_the_database_holds(count: object) -> None:
    assert problems(count=count) == {"count"}


@pytest.mark.parametrize(
    "instant",
    ["2026-03-02T08:00:00", "2026-03-02", "yesterday", "0001-01-01T00:00:00+23:00", "9999-12-31T23:59:59-23:00", 5],
)
def test_an_instant_without_offset_or_out_of_our_time_is_refused(instant: object) -> None:
    assert problems(at=instant) == {"at"}


def test_an_instant_is_kept_in_utc() -> None:
    assert Form().load({"at": "2026-03-02T09:00:00+01:00"})["at"] == datetime(2026, 3, 2, 8, tzinfo=UTC)


@pytest.mark.parametrize("text", ["a\0b", "\ud800", "x" * 11, "\x1b[2J", 7])
def test_a_text_that_can_not_be_stored_or_shown_is_refused(text: object) -> None:
    assert problems(text=text) == {"text"}


@pytest.mark.parametrize("key", ["S24[4]", "S24[2.1]", "S01"])
def test_the_key_of_a_task_is_accepted(key: str) -> None:
    assert not problems(key=key)


@pytest.mark.parametrize("key", ["S24[]", "S24[a]", "S24\n", "../S24", "S24[4]x", ""])
def test_what_is_no_key_of_a_task_is_refused(key: str) -> None:
    assert problems(key=key) == {"key"}


def test_entries_are_texts_by_parameter() -> None:
    assert not problems(entries={"viability": "94.1"})
    assert problems(entries={"viability": 94}) == {"entries"}
    assert problems(entries={"__class__ ": "x"}) == {"entries"}
