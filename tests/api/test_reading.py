"""What a client sends is read strictly: sizes, nesting, doubles and numbers are judged before any schema looks."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.errors import Problem
from api.reading import MAX_DEPTH, read_object


def refusal(body: bytes) -> Problem:
    with pytest.raises(Problem) as caught:
        read_object(body)
    return caught.value


def test_an_object_is_read_as_sent() -> None:
    assert read_object(b'{"entries": {"viability": "94.10"}, "version": 3}') == {
        "entries": {"viability": "94.10"},
        "version": 3,
    }


@pytest.mark.parametrize("number", ["94.1", "1e3", "NaN", "Infinity", "-Infinity", "1e999"])
def test_a_number_with_a_fraction_or_no_end_is_refused(number: str) -> None:
    assert refusal(f'{{"value": {number}}}'.encode()).code == 400


def test_a_number_of_five_thousand_digits_is_refused_and_not_a_fault() -> None:
    assert refusal(b'{"version": ' + b"9" * 5000 + b"}").code == 400


def test_a_name_that_stands_twice_is_refused() -> None:
    assert "viability" in refusal(b'{"entries": {"viability": "94", "viability": "78"}}').detail


def test_nesting_is_bounded_before_parsing() -> None:
    assert refusal(b'{"a": ' * 100_000).code == 413
    inside = b'{"a": ' * (MAX_DEPTH - 1) + b"{}" + b"}" * (MAX_DEPTH - 1)
    assert read_object(inside)


def test_brackets_inside_a_text_are_no_nesting() -> None:
    assert read_object(json.dumps({"reason": '[{"\\"' * 50}).encode())


@pytest.mark.parametrize("body", [b"[]", b'"x"', b"{", b"\xff\xfe", b"null", b'{"a": "\x00"}'])
def test_what_is_no_json_object_is_refused(body: bytes) -> None:
    assert refusal(body).code == 400


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    with contextlib.suppress(Problem):  # any other exception fails the test
        assert isinstance(read_object(body), dict)
