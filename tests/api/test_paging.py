"""Pages of a long list: a cursor names a row, never a count, and nothing but a cursor of ours is taken as one."""

from __future__ import annotations

import marshmallow as ma
import pytest

from api.paging import LARGEST_PAGE, PageQuery, encode, page


def test_the_last_page_has_no_next() -> None:
    rows = [{"seq": n} for n in range(3)]
    assert page(rows, 3, lambda row: [row["seq"]]) == {"items": rows, "next": None}


def test_a_page_ends_where_the_next_begins() -> None:
    rows = [{"seq": n} for n in range(4)]
    first = page(rows, 3, lambda row: [row["seq"]])
    assert len(first["items"]) == 3
    assert PageQuery().load({"after": first["next"]})["after"] == [2]


@pytest.mark.parametrize("limit", ["0", str(LARGEST_PAGE + 1), "99999999999999999999", "-1", "many"])
def test_a_page_has_an_upper_bound(limit: str) -> None:
    with pytest.raises(ma.ValidationError):
        PageQuery().load({"limit": limit})


@pytest.mark.parametrize(
    "cursor", ["x", "W10=", "é", "bnVsbA==", encode([{}]), encode([1.5]), encode(["\0"]), encode([2**63]), "[" * 5000]
)
def test_what_no_page_gave_is_no_cursor(cursor: str) -> None:
    with pytest.raises(ma.ValidationError):
        PageQuery().load({"after": cursor})
