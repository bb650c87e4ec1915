"""What a spreadsheet shows for a stored number: its decimals, percent, powers of ten, dates and the unit in its format."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

_QUOTED = re.compile(r'"([^"]*)"|\\(.)|_.|\*.')
_MOST_DAYS = 2_958_465  # 9999-12-31


def is_date_format(code: str) -> bool:
    """Whether a format shows a date or a time."""
    plain = re.sub(r"\[[^\]]*\]", "", _QUOTED.sub("", code)).lower()
    return "general" not in plain and bool(re.search(r"[ymdhs]", plain)) and not re.search(r"[0#?]", plain)


def displayed(value: str, code: str, from_1904: bool = False) -> str:
    """The number as a person sees it. Digits that the format would hide are kept: a limit is never rounded by its display."""
    try:
        number = Decimal(format(float(value), ".15g"))
    except (ValueError, InvalidOperation, OverflowError):
        return value
    if not number.is_finite():
        return value
    section = _section(code, number)
    if is_date_format(section):
        return _date(number, section, from_1904)
    literals = "".join(a or b for a, b in _QUOTED.findall(section)).strip()
    plain = re.sub(r"\[[^\]]*\]", "", _QUOTED.sub("", section))
    text = _plain(number, plain)
    return f"{text} {literals}" if literals else text


def _section(code: str, number: Decimal) -> str:
    """Formats may differ for positive, negative and zero."""
    sections = re.split(r";(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)", code)
    return sections[2] if number == 0 and len(sections) > 2 and re.search(r"[0#]", sections[2]) else sections[0]


def _plain(number: Decimal, code: str) -> str:
    places = len(match[1]) if (match := re.search(r"\.([0?#]+)", code)) else 0
    must = len(re.sub(r"[^0]", "", match[1])) if match else 0
    if "%" in code:
        return f"{_padded(number * 100, must)} %"
    if power := re.search(r"[eE][+-]", code):
        return _scientific(number, code[: power.start()])
    if "0" not in code and "#" not in code:  # General, or a text format
        return f"{number:f}" if abs(number.adjusted()) < 15 else str(number).replace("E+", "e").replace("E", "e")
    return _padded(number, must if places else 0)


def _padded(number: Decimal, places: int) -> str:
    """With at least so many decimals."""
    exact = number.normalize()
    exponent = exact.as_tuple().exponent
    own = max(0, -exponent) if isinstance(exponent, int) else 0
    return (
        f"{exact.quantize(Decimal(1).scaleb(-max(own, places)), ROUND_HALF_UP):f}" if own <= 28 and places <= 28 else f"{exact:f}"
    )


def _scientific(number: Decimal, head: str) -> str:
    if number == 0:
        return "0"
    power = number.adjusted()
    places = len(head.partition(".")[2])
    return f"{_padded(number.scaleb(-power), places)}e{power}"


def _date(number: Decimal, code: str, from_1904: bool) -> str:
    if not 0 <= number < _MOST_DAYS:
        return str(number)
    begin = datetime(1904, 1, 1, tzinfo=UTC) if from_1904 else datetime(1899, 12, 30, tzinfo=UTC)
    moment = begin + timedelta(seconds=round(float(number) * 86400))
    plain = _QUOTED.sub("", code).lower()
    clock = moment.strftime("%H:%M:%S" if "s" in plain else "%H:%M")
    if not re.search(r"[yd]", plain):
        return clock
    return moment.strftime("%Y-%m-%d") + (f" {clock}" if "h" in plain else "")
