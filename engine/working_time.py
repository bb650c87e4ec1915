"""Durations of which only working days count: Monday to Friday in the site's zone, without its holidays.

A due time of one working day is "by this time on the next working day", as people say it, also when clocks change.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from engine.errors import SettingError

DAY = timedelta(days=1)
SATURDAY = 5
MOST_FREE_DAYS = 366


def after_working(start: datetime, span: timedelta, zone: ZoneInfo, holidays: Collection[date] = ()) -> datetime:
    """The instant at which a duration is over that begins at `start`. What begins on a free day begins with the next working one.

    Whole days go by the clock on the wall, the hours that are left by how long they last. Both in UTC; `span` is not negative.
    """
    days, rest = divmod(span, DAY)
    at = _awake(start.astimezone(zone), holidays)
    for _ in range(days):
        at = _wall(_next_working(at.date(), holidays), at.timetz().replace(tzinfo=None), zone)
    left = rest
    while left > timedelta(0):
        midnight = _wall(at.date() + DAY, time(0), zone)
        today = midnight.astimezone(UTC) - at.astimezone(UTC)
        if left <= today:
            return at.astimezone(UTC) + left
        left -= today
        at = _wall(_next_working(at.date(), holidays), time(0), zone)
    return at.astimezone(UTC)


def is_working(day: date, holidays: Collection[date] = ()) -> bool:
    """Whether people work on a day."""
    return day.weekday() < SATURDAY and day not in holidays


def read_holidays(text: str) -> frozenset[date]:
    """The setting BATCHWRIGHT_HOLIDAYS: days like `2026-12-25`, with blanks or commas between. SettingError for anything else."""
    try:
        return frozenset(date.fromisoformat(word) for word in text.replace(",", " ").split())
    except ValueError:
        raise SettingError(f"BATCHWRIGHT_HOLIDAYS is {text!r}; write days like 2026-12-25, with commas between.") from None


def _awake(at: datetime, holidays: Collection[date]) -> datetime:
    if is_working(at.date(), holidays):
        return at
    zone = at.tzinfo
    assert isinstance(zone, ZoneInfo)
    return _wall(_next_working(at.date(), holidays), time(0), zone)


def _next_working(day: date, holidays: Collection[date]) -> date:
    for _ in range(MOST_FREE_DAYS):
        day += DAY
        if is_working(day, holidays):
            return day
    raise SettingError(f"Nobody works for {MOST_FREE_DAYS} days before {day}.")


def _wall(day: date, shown: time, zone: ZoneInfo) -> datetime:
    """When the clock on the wall shows that time; where clocks skip it, as much later as they skip."""
    local = datetime.combine(day, shown.replace(fold=0), zone)
    return local.astimezone(UTC).astimezone(zone)
