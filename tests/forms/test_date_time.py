"""When it happened, by the clock on the wall or with its offset."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms.field import EntryError, Field
from forms.form import read

CLEANED = Field("clean_end", "End of last suite cleaning", "date_time")
BERLIN = ZoneInfo("Europe/Berlin")


def entered(text: str, zone: ZoneInfo | None = BERLIN) -> str:
    entry = read(CLEANED, text, zone)
    assert entry is not None
    return entry.canonical


def refused(text: str, zone: ZoneInfo | None = BERLIN) -> EntryError:
    with pytest.raises(EntryError) as caught:
        read(CLEANED, text, zone)
    return caught.value


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-03-01T20:00:00Z", "2026-03-01T20:00:00.000000Z"),
        ("2026-03-01 21:00+01:00", "2026-03-01T20:00:00.000000Z"),
        ("2026-03-01 21:00", "2026-03-01T20:00:00.000000Z"), ("2026-07-01T21:00:30.25", "2026-07-01T19:00:30.250000Z"),
        ("2026-03-01 15:30 -04:30", "2026-03-01T20:00:00.000000Z"), ("2024-02-29 12:00", "2024-02-29T11:00:00.000000Z"),
    ],
)  # fmt: skip
def test_local_time_and_offset(text: str, instant: str) -> None:
    assert entered(text) == instant


@pytest.mark.parametrize(
    "text",
    [
        "", "yesterday", "2026-03-01", "20:00", "01.03.2026 20:00", "2026-3-1 20:00", "2026-02-29 20:00",
        "2026-13-01 20:00", "2026-03-01 24:00", "2026-03-01 20:60", "2026-03-01 20:00:60", "2026-03-01 20:00+15:00",
        "2026-03-01 20:00+01", "1600-01-01 00:00", "9999-12-31 23:59", "２０２６-03-01 20:00",
    ],
)  # fmt: skip
def test_anything_else_is_refused(text: str) -> None:
    error = refused(text)
    assert error.what_to_do == ("Enter the end of last suite cleaning as year-month-day hours:minutes, like 2026-03-01 20:00")


def test_time_that_the_clocks_skipped() -> None:
    assert "does not exist" in refused("2026-03-29 02:30").message
    assert entered("2026-03-29 01:59") == "2026-03-29T00:59:00.000000Z"
    assert entered("2026-03-29 03:00") == "2026-03-29T01:00:00.000000Z"


def test_time_that_the_clocks_showed_twice() -> None:
    error = refused("2026-10-25 02:30")
    assert "happened twice" in error.message
    assert error.what_to_do == "Add which one you mean: 02:30+02:00 or 02:30+01:00"
    assert entered("2026-10-25 02:30+02:00") == "2026-10-25T00:30:00.000000Z"
    assert entered("2026-10-25 02:30+01:00") == "2026-10-25T01:30:00.000000Z"


def test_local_time_needs_the_zone_of_the_site() -> None:
    assert "offset from UTC" in refused("2026-03-01 20:00", None).message
    assert entered("2026-03-01 20:00Z", None) == "2026-03-01T20:00:00.000000Z"


ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata")


@given(st.datetimes(datetime(1950, 1, 1), datetime(2100, 1, 1)), st.sampled_from(ZONES).map(ZoneInfo))  # noqa: DTZ001
def test_every_local_time_is_one_instant_or_refused(local: datetime, zone: ZoneInfo) -> None:
    text = local.strftime("%Y-%m-%d %H:%M:%S.%f")
    instants = {local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)}
    real = {i for i in instants if i.astimezone(zone).replace(tzinfo=None) == local}
    if len(real) == 1:
        assert entered(text, zone) == real.pop().strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    else:
        refused(text, zone)
