"""The values an expression can have, and the arithmetic between them.

Five kinds: number (`Decimal`), truth (`bool`), text (`str`), instant (UTC `datetime`), duration (`timedelta`). No
binary float takes part anywhere. Numbers are computed to 28 significant digits, half to even; comparisons are exact.
"""

from __future__ import annotations

import decimal
import operator
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from bpmn.expressions.errors import LimitExceededError, TypeMismatchError, UndefinedValueError

Value = Decimal | bool | str | datetime | timedelta

MAX_DIGITS = 100
MAX_POWER = 1000
ROUND_PLACES = 28
MICROSECONDS = {"minutes": 60_000_000, "hours": 3_600_000_000, "days": 86_400_000_000}

_TRAPS = [decimal.InvalidOperation, decimal.DivisionByZero, decimal.Overflow, decimal.Underflow]
# The context is passed to every operation by hand, so the caller's own decimal context can't change a result. It is
# shared between threads: only its flags change, and nobody reads them, since every signal that matters is a trap.
EXACTLY_28 = decimal.Context(
    prec=28, rounding=decimal.ROUND_HALF_EVEN, Emin=-999, Emax=999, capitals=1, clamp=0, flags=[], traps=_TRAPS
)
_ADMITTED = decimal.Context(prec=MAX_DIGITS, Emin=-999, Emax=999, flags=[], traps=[*_TRAPS, decimal.Inexact])

_KINDS: dict[type, str] = {
    Decimal: "a number",
    bool: "true or false",
    str: "a text",
    datetime: "an instant",
    timedelta: "a duration",
}


def kind(value: object) -> str:
    """How a person would call the kind of this value."""
    return _KINDS.get(type(value), f"a {type(value).__name__}")


def admit(name: str, value: object) -> Value:
    """The value of a name, as the scope gave it, if an expression may see it.

    Raises UndefinedValueError for None (not recorded yet) and for NaN or infinity, TypeMismatchError for a float or any
    other kind, LimitExceededError for more than 100 digits. Whole `int` numbers are taken as they are.
    """
    if type(value) is Decimal:
        if not value.is_finite():
            raise UndefinedValueError(f"{name} is not a finite number")
        try:
            _ADMITTED.plus(value)  # refuses too many digits or too large an exponent; the value itself stays exact
        except decimal.DecimalException:
            raise LimitExceededError(f"{name} has more digits than a recorded value can have") from None
        return value
    if type(value) is bool or type(value) is str or type(value) is timedelta:
        return value
    if type(value) is int:
        return admit(name, _decimal_of(name, value))
    if isinstance(value, datetime) and value.utcoffset() is not None:
        # Python subtracts two datetimes of the same zone by the wall clock, wrong across a change to summer time
        return value if value.tzinfo is UTC else value.astimezone(UTC)
    if value is None:
        raise UndefinedValueError(f"{name} has no value yet")
    raise TypeMismatchError(f"{name} is {kind(value)}, which no expression can use")


def _decimal_of(name: str, value: int) -> Decimal:
    if value.bit_length() > 400:  # int -> Decimal takes quadratic time
        raise LimitExceededError(f"{name} has more digits than a recorded value can have")
    return Decimal(value)


def mismatch(symbol: str, left: Value, right: Value) -> TypeMismatchError:
    """The error for two operands that don't go together."""
    return TypeMismatchError(f"{kind(left)} {symbol} {kind(right)} has no meaning")


def add(left: Value, right: Value) -> Value:
    """Numbers, durations, or an instant moved by a duration."""
    if type(left) is Decimal and type(right) is Decimal:
        return EXACTLY_28.add(left, right)
    if isinstance(left, timedelta) and isinstance(right, (timedelta, datetime)):
        return left + right
    if isinstance(left, datetime) and isinstance(right, timedelta):
        return left + right
    raise mismatch("+", left, right)


def subtract(left: Value, right: Value) -> Value:
    """Numbers, durations, an instant moved back, or the duration between two instants."""
    if type(left) is Decimal and type(right) is Decimal:
        return EXACTLY_28.subtract(left, right)
    if isinstance(left, datetime) and isinstance(right, datetime):
        return left - right
    if isinstance(left, (datetime, timedelta)) and isinstance(right, timedelta):
        return left - right
    raise mismatch("-", left, right)


def multiply(left: Value, right: Value) -> Value:
    """Numbers, or a duration so many times."""
    if type(left) is Decimal and type(right) is Decimal:
        return EXACTLY_28.multiply(left, right)
    if isinstance(left, timedelta) and type(right) is Decimal:
        return _duration(EXACTLY_28.multiply(microseconds(left), right))
    if type(left) is Decimal and isinstance(right, timedelta):
        return multiply(right, left)
    raise mismatch("*", left, right)


def divide(left: Value, right: Value) -> Value:
    """Numbers, a part of a duration, or how often one duration fits into another."""
    if type(left) is Decimal and type(right) is Decimal:
        return EXACTLY_28.divide(left, right)
    if isinstance(left, timedelta) and type(right) is Decimal:
        return _duration(EXACTLY_28.divide(microseconds(left), right))
    if isinstance(left, timedelta) and isinstance(right, timedelta):
        return EXACTLY_28.divide(microseconds(left), microseconds(right))
    raise mismatch("/", left, right)


def power(left: Value, right: Value) -> Value:
    """A number to the power of a number, the exponent within +-1000."""
    if type(left) is not Decimal or type(right) is not Decimal:
        raise mismatch("**", left, right)
    if right.copy_abs() > MAX_POWER:
        raise LimitExceededError(f"an exponent beyond {MAX_POWER}")
    result = EXACTLY_28.power(left, right)
    if not result.is_finite():  # 0 ** -1 is Infinity without any signal
        raise UndefinedValueError("zero to a negative power")
    return result


def negate(value: Value) -> Value:
    """A number or a duration with its sign turned."""
    if type(value) is Decimal:
        return EXACTLY_28.minus(value)
    if isinstance(value, timedelta):
        return -value
    raise TypeMismatchError(f"minus {kind(value)} has no meaning")


def equal(left: Value, right: Value) -> bool:
    """Same value of the same kind; comparing two kinds is an error, never just `false`."""
    if type(left) is not type(right):
        raise mismatch("==", left, right)
    return left == right


def compare(symbol: str, order: Callable[[Any, Any], bool], left: Value, right: Value) -> bool:
    """Order of two numbers, instants or durations; texts have none ("10" would come before "9")."""
    if type(left) is not type(right) or type(left) is bool or type(left) is str:
        raise mismatch(symbol, left, right)
    return order(left, right)


def microseconds(value: timedelta) -> Decimal:
    """The whole duration as an exact number of microseconds."""
    return Decimal((value.days * 86_400 + value.seconds) * 1_000_000 + value.microseconds)


def _duration(value: Decimal) -> timedelta:
    """A duration of so many microseconds; half a microsecond is rounded away from zero."""
    if value.adjusted() > 40:  # keep int() from writing out a thousand digits
        raise LimitExceededError("a duration longer or shorter than any calendar has")
    return timedelta(microseconds=int(value.to_integral_value(decimal.ROUND_HALF_UP)))


# ---- functions: each takes the tuple of arguments ----


def _one_number(name: str, arguments: tuple[Value, ...]) -> Decimal:
    (value,) = arguments
    if type(value) is not Decimal:
        raise TypeMismatchError(f"{name} of {kind(value)} has no meaning")
    return value


def _least(arguments: tuple[Value, ...]) -> Value:
    found = arguments[0]
    for other in arguments:
        if compare("min", operator.lt, other, found):
            found = other
    return found


def _greatest(arguments: tuple[Value, ...]) -> Value:
    found = arguments[0]
    for other in arguments:
        if compare("max", operator.gt, other, found):
            found = other
    return found


def _total(arguments: tuple[Value, ...]) -> Value:
    found = arguments[0]
    if type(found) is not Decimal and type(found) is not timedelta:
        raise TypeMismatchError(f"sum of {kind(found)} has no meaning")
    for other in arguments[1:]:
        found = add(found, other)
    return found


def _round(arguments: tuple[Value, ...]) -> Value:
    number = _one_number("round", arguments[:1])
    places = _one_number("round", arguments[1:]) if len(arguments) == 2 else Decimal(0)
    if places != places.to_integral_value() or places.copy_abs() > ROUND_PLACES:
        raise TypeMismatchError(f"round takes a whole number of places, at most {ROUND_PLACES}")
    exponent = number.as_tuple().exponent
    if isinstance(exponent, int) and exponent >= -int(places):
        return number
    unit = Decimal((0, (1,), -int(places)))
    rounded = number.quantize(unit, decimal.ROUND_HALF_UP, _ROUNDING)
    return rounded if rounded else rounded.copy_abs()  # never minus zero


_ROUNDING = decimal.Context(prec=MAX_DIGITS + ROUND_PLACES, Emin=-999, Emax=999, flags=[], traps=_TRAPS)


def _absolute(arguments: tuple[Value, ...]) -> Value:
    (value,) = arguments
    if isinstance(value, timedelta):
        return abs(value)
    return EXACTLY_28.abs(_one_number("abs", arguments))


def _time(name: str) -> Callable[[tuple[Value, ...]], Value]:
    size = Decimal(MICROSECONDS[name])

    def convert(arguments: tuple[Value, ...]) -> Value:
        (value,) = arguments
        if isinstance(value, timedelta):
            return EXACTLY_28.divide(microseconds(value), size)
        return _duration(EXACTLY_28.multiply(_one_number(name, arguments), size))

    return convert


# name -> (function, fewest arguments, most arguments)
FUNCTIONS: dict[str, tuple[Callable[[tuple[Value, ...]], Value], int, int]] = {
    "min": (_least, 1, 100),
    "max": (_greatest, 1, 100),
    "sum": (_total, 1, 100),
    "round": (_round, 1, 2),
    "abs": (_absolute, 1, 1),
    "ln": (lambda arguments: _ln(_one_number("ln", arguments)), 1, 1),
    "exp": (lambda arguments: EXACTLY_28.exp(_one_number("exp", arguments)), 1, 1),
    "sqrt": (lambda arguments: EXACTLY_28.sqrt(_one_number("sqrt", arguments)), 1, 1),
    "days": (_time("days"), 1, 1),
    "hours": (_time("hours"), 1, 1),
    "minutes": (_time("minutes"), 1, 1),
}


def _ln(number: Decimal) -> Decimal:
    if number <= 0:  # decimal itself answers -Infinity for ln(0), without a signal
        raise UndefinedValueError("ln of a number that is not above zero")
    return EXACTLY_28.ln(number)
