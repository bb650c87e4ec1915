"""Durations of which only working days count, in the site's zone, whatever clocks do."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import SettingError
from engine.working_time import after_working, is_working, read_holidays

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "Asia/Kathmandu"])
FIRST = datetime(2024, 1, 1, tzinfo=UTC)
INSTANTS = st.integers(0, 5 * 366 * 86_400).map(lambda seconds: FIRST + timedelta(seconds=seconds))
DAYS = st.integers(0, 12)
SECONDS = st.integers(0, 86_399)
FREE = st.frozensets(st.dates(date(2024, 1, 1), date(2028, 12, 31)), max_size=5)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("start", "span", "due"),
    [
        ("2026-04-15T09:30", timedelta(days=1), "2026-04-16T09:30"),
        ("2026-04-17T15:00", timedelta(days=1), "2026-04-20T15:00"),  # Friday
        ("2026-04-17T22:00", timedelta(hours=4), "2026-04-20T02:00"),
        ("2026-04-18T11:00", timedelta(days=1), "2026-04-21T00:00"),  # Saturday begins with Monday
        ("2026-04-18T11:00", timedelta(0), "2026-04-20T00:00"),
        ("2026-03-27T15:00", timedelta(days=1), "2026-03-30T15:00"),  # clocks go forward on Sunday
        ("2026-10-23T15:00", timedelta(days=2), "2026-10-27T15:00"),  # and back
        ("2026-04-30T10:00", timedelta(days=1), "2026-05-04T10:00"),  # the first of May is free
        ("2026-04-17T12:00", timedelta(hours=12), "2026-04-18T00:00"),  # the end of Friday
    ],
)
def test_due_times_as_people_say_them(start: str, span: timedelta, due: str) -> None:
    assert after_working(local(start), span, BERLIN, {date(2026, 5, 1)}) == local(due)


@given(INSTANTS, DAYS, SECONDS, ZONES, FREE)
def test_it_is_due_on_a_working_day_or_at_the_end_of_one(
    start: datetime, days: int, seconds: int, zone: str, free: frozenset[date]
) -> None:
    where = ZoneInfo(zone)
    due = after_working(start, timedelta(days=days, seconds=seconds), where, free)
    last = (due - timedelta(microseconds=1)).astimezone(where).date()
    assert is_working(due.astimezone(where).date(), free) or is_working(last, free)
    assert due >= start


@given(INSTANTS, DAYS, SECONDS, ZONES, FREE)
def test_exactly_so_many_working_days_lie_between(
    start: datetime, days: int, seconds: int, zone: str, free: frozenset[date]
) -> None:
    where = ZoneInfo(zone)
    begun = after_working(start, timedelta(0), where, free)
    due = after_working(start, timedelta(days=days), where, free)
    first, last = begun.astimezone(where).date(), due.astimezone(where).date()
    between = [first + timedelta(days=n) for n in range(1, (last - first).days + 1)]
    assert sum(is_working(day, free) for day in between) == days


@given(INSTANTS, SECONDS, SECONDS, ZONES, FREE)
def test_a_longer_time_is_never_due_earlier(start: datetime, one: int, more: int, zone: str, free: frozenset[date]) -> None:
    where = ZoneInfo(zone)
    first = after_working(start, timedelta(seconds=one), where, free)
    assert after_working(start, timedelta(seconds=one + more), where, free) >= first


@given(INSTANTS, SECONDS, ZONES)
def test_within_one_working_day_time_is_time(start: datetime, seconds: int, zone: str) -> None:
    where, span = ZoneInfo(zone), timedelta(seconds=seconds)
    same_day = (start + span).astimezone(where).date() == start.astimezone(where).date()
    if is_working(start.astimezone(where).date()) and same_day:
        assert after_working(start, span, where) == start + span


def test_holidays_are_read_all_or_not_at_all() -> None:
    assert read_holidays("2026-12-25, 2026-12-26 2027-01-01") == {date(2026, 12, 25), date(2026, 12, 26), date(2027, 1, 1)}
    assert read_holidays("") == frozenset()
    with pytest.raises(SettingError, match="christmas"):
        read_holidays("christmas")
    free = {date(2026, 1, 1) + timedelta(days=n) for n in range(800)}
    with pytest.raises(SettingError, match="Nobody works"):
        after_working(local("2026-01-01T00:00"), timedelta(days=1), BERLIN, free)
