"""One value, one text: equal to the reference library wherever both apply."""

from __future__ import annotations

from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from engine.canonical import canonical, digest
from engine.errors import UnstorableTextError

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
keys = st.text(st.characters(max_codepoint=0x7E, min_codepoint=0x20))
plain = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | texts
values = st.recursive(plain, lambda inner: st.lists(inner) | st.dictionaries(keys, inner), max_leaves=20)


@given(values)
def test_it_is_rfc_8785(value: Any) -> None:
    assert canonical(value).encode() == rfc8785.dumps(value)


@pytest.mark.parametrize("value", [7.2, float("nan"), 2**53, {"µ": 1}, {1: 1}, b"x", object(), {"a": [1, {"b": 0.5}]}])
def test_what_has_no_one_text_is_refused(value: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        canonical(value)


@pytest.mark.parametrize("text", ["half \ud83d", "a\x00b"])
def test_text_that_a_database_would_change_is_refused(text: str) -> None:
    with pytest.raises(UnstorableTextError):
        canonical({"text": text})


def test_trailing_zeros_look_alikes_and_types_give_other_digests() -> None:
    different = [{"v": v} for v in ("7.20", "7.2", "а", "a", "", None, "1", 1, True, "a ", "a\u00a0")]
    assert len({digest(value) for value in different}) == len(different)
