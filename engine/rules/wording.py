"""How values and ranges are written for people: every digit of a recorded number, few of a computed one."""

from __future__ import annotations

import decimal
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from bpmn.expressions import Value

SIGNIFICANT = 4
MOST_DIGITS = 28
NO_UNIT = ("", "1")


def format_value(value: Value | None, uom: str = "", *, calculated: bool = False, apart_from: Iterable[Value | None] = ()) -> str:
    """The value as a person reads it, with its unit: `7.20 g/L`, `6.0e8 cells`, `yes`, `2026-03-01 20:00 UTC`.

    A recorded number keeps its digits. A `calculated` one is rounded to four significant digits, and to more as long as
    rounding would move it onto or across one of the limits in `apart_from`: 36.0001 never reads "36, at most 36".
    """
    if value is None:
        return "no value"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return _instant(value)
    if isinstance(value, timedelta):
        return format_duration(value)
    if isinstance(value, Decimal):
        bounds = [bound for bound in apart_from if isinstance(bound, Decimal)]
        text = _calculated(value, bounds) if calculated and value.is_finite() else number_text(value)
        return with_uom(text, uom)
    return str(value)


def number_text(value: Decimal) -> str:
    """A number with exactly its digits, in the notation of recipes: `7.20`, `8.99e9`."""
    return str(value).replace("E+", "e").replace("E", "e")


def with_uom(text: str, uom: str) -> str:
    """A text with its unit of measure; counts and ratios ("1") have none."""
    return text if uom in NO_UNIT else f"{text} {uom}"


def format_duration(value: timedelta) -> str:
    """A duration to the second, like `1 d 2 h 5 min`; never rounded to nothing."""
    sign = "-" if value < timedelta(0) else ""
    value = abs(value)
    minutes, seconds = divmod(value.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    exact = Decimal(seconds) + Decimal(value.microseconds) / 1_000_000
    parts = [f"{n} {unit}" for n, unit in ((value.days, "d"), (hours, "h"), (minutes, "min")) if n]
    if exact or not parts:
        parts.append(f"{exact.normalize():f} s")
    return sign + " ".join(parts)


def with_reason(message: str, reason: str) -> str:
    """A finding's message with the reason that the person gave, so that it stays in the record."""
    return f"{message} Reason given: {reason.strip()}" if reason.strip() else message


def format_range(
    low: Value | None,
    high: Value | None,
    uom: str = "",
    *,
    calculated: bool = False,
    apart_from: Iterable[Value | None] = (),
    exclusive: tuple[bool, bool] = (False, False),
) -> str:
    """Two limits as a person reads them: `80 to 100 %`, `at least 3.5 bar`, `exactly 3`, `above 70, at most 100 %`.

    `exclusive`: whether the low and the high limit must not be reached.
    `calculated`: the limits are computed and may be rounded, but never onto or across a value in `apart_from`.
    """
    if low is None and high is None:
        return "no limit"
    first = format_value(low, calculated=calculated, apart_from=apart_from)
    last = format_value(high, calculated=calculated, apart_from=apart_from)
    from_low = f"{'above' if exclusive[0] else 'at least'} {first}"
    to_high = f"{'below' if exclusive[1] else 'at most'} {last}"
    if low is None:
        return with_uom(to_high, uom)
    if high is None:
        return with_uom(from_low, uom)
    if any(exclusive):
        return with_uom(f"{from_low}, {to_high}", uom)
    return with_uom(f"exactly {first}" if low == high else f"{first} to {last}", uom)


def _calculated(value: Decimal, bounds: list[Decimal]) -> str:
    for digits in range(SIGNIFICANT, MOST_DIGITS + 1):
        rounded = _round(value, digits)
        if all(_side(rounded, bound) == _side(value, bound) for bound in bounds):
            return _plain(rounded)
    return number_text(value)


def _round(value: Decimal, digits: int) -> Decimal:
    """To so many significant digits; below a million the whole part is never rounded."""
    if 0 <= value.adjusted() < 6:
        digits = max(digits, value.adjusted() + 1)
    return decimal.Context(prec=digits, rounding=decimal.ROUND_HALF_UP).plus(value)


def _side(value: Decimal, bound: Decimal) -> int:
    return (value > bound) - (value < bound)


def _plain(value: Decimal) -> str:
    if value.is_zero():
        return "0"
    sign, digits, _ = value.as_tuple()
    if -4 <= value.adjusted() < 6:
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    mantissa = "".join(map(str, digits)).rstrip("0")
    fraction = f".{mantissa[1:]}" if mantissa[1:] else ""
    return f"{'-' if sign else ''}{mantissa[0]}{fraction}e{value.adjusted()}"


def _instant(value: datetime) -> str:
    if value.utcoffset() is None:
        return f"{value.isoformat(' ')} (no zone)"
    value = value.astimezone(UTC)
    return value.strftime("%Y-%m-%d %H:%M:%S UTC" if value.second or value.microsecond else "%Y-%m-%d %H:%M UTC")
