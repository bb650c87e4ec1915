"""When something happened: an instant with its offset, or the local time of the site.

`2026-03-01T20:00:00Z`, `2026-03-01 21:00+01:00`, or `2026-03-01 21:00` with the site's zone. A local time that the
change to or from summer time skips or repeats is refused: nobody guesses which hour it was.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo

from forms.field import Entry, EntryError, Field, Reading, in_words

TYPE = "date_time"
EXAMPLE = "2026-03-01 20:00"

_FORM = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]((?:[01][0-9]|2[0-3]):[0-5][0-9])(?::([0-5][0-9])(?:[.]([0-9]{1,6}))?)?"
    r"[ ]?(Z|[+-][0-9]{2}:[0-9]{2})?"
)
YEARS = range(1900, 2201)


def read(field: Field, text: str, reading: Reading) -> Entry:
    """The instant in UTC. Raises EntryError."""
    found = _FORM.fullmatch(text)
    if found is None:
        raise EntryError(f"{field.label} is not a date and time", ask(field))
    date, clock, seconds, fraction, offset = found.groups()
    try:
        local = datetime.fromisoformat(f"{date}T{clock}:{seconds or '00'}.{(fraction or '').ljust(6, '0')}")
    except ValueError:
        raise EntryError(f"{field.label} is not in the calendar or on the clock", ask(field)) from None
    if local.year not in YEARS:
        raise EntryError(f"{field.label} must be between {YEARS[0]} and {YEARS[-1]}", ask(field))
    if offset:
        return Entry(text, local.replace(tzinfo=_offset(field, offset)).astimezone(UTC))
    if reading.zone is None:
        raise EntryError(f"{field.label} must say its offset from UTC", f"{ask(field)}Z, or with +01:00 at its end")
    return Entry(text, _instant(field, local, reading.zone))


def ask(field: Field) -> str:
    """What to do, in the imperative."""
    return f"Enter the {in_words(field)} as year-month-day hours:minutes, like {field.example or EXAMPLE}"


def _offset(field: Field, text: str) -> timezone:
    if text == "Z":
        return UTC
    hours, minutes = int(text[1:3]), int(text[4:6])
    if hours > 14 or minutes > 59:
        raise EntryError(f"{field.label} has an offset from UTC that no place has", ask(field))
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if text[0] == "-" else offset)


def _instant(field: Field, local: datetime, zone: tzinfo) -> datetime:
    """The one instant at which the site's clocks showed this time."""
    both = [local.replace(tzinfo=zone, fold=fold) for fold in (0, 1)]
    real = [moment for moment in both if moment.astimezone(UTC).astimezone(zone).replace(tzinfo=None, fold=0) == local]
    if not real:
        raise EntryError(
            f"{field.label} does not exist: the clocks went forward over it",
            "Enter the time that the clock showed, or add the offset from UTC",
        )
    offsets = dict.fromkeys(moment.strftime("%z") for moment in real)
    if len(offsets) > 1:
        either = " or ".join(f"{local:%H:%M}{offset[:3]}:{offset[3:5]}" for offset in offsets)
        raise EntryError(f"{field.label} happened twice: the clocks went back over it", f"Add which one you mean: {either}")
    return real[0].astimezone(UTC)
