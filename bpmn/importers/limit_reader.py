"""The words of one limit, read left to right: a range, a tolerance, a bound said before or after its number, a target."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation

from bpmn.importers.limit_words import LimitPhraseError, Word, as_minus
from bpmn.units import UNITS, UnitMismatchError, convert

_STARTS = ("number", "minus", "variable", "unit")
_COMPARISONS = ("at_most", "at_least", "below", "above", "exactly")


@dataclass(slots=True)
class Range:
    """What is known so far of one level: the bounds with their units, in words of the phrase."""

    target: str = ""
    low: str = ""
    high: str = ""
    low_exclusive: bool = False
    high_exclusive: bool = False
    uom: str = ""

    @property
    def bounded(self) -> bool:
        """Whether it says any limit."""
        return bool(self.low or self.high)

    def scale(self, power: str) -> None:
        """Multiply all numbers that have no power of ten of their own by one; their digits stay."""
        for name in ("low", "high", "target"):
            number = getattr(self, name)
            if number and "e" not in number:
                setattr(self, name, f"{number}e{power}")


class Reader:
    """Reads the words of one level, left to right."""

    def __init__(self, words: list[Word], bare: bool = False) -> None:
        self._words = list(words)
        self._said = " ".join(word.text for word in words)
        self._bare = bare
        self.doubts: list[str] = []

    def read(self) -> Range:
        """The range that all words together mean."""
        found = Range()
        while self._words:
            self._item(found)
            while self._peek() in ("and", "slash", "colon"):
                self._take()
        if found.low and found.high and _number(found.low) > _number(found.high):
            raise LimitPhraseError(f"{found.low} is above {found.high}")
        return found

    def _item(self, found: Range) -> None:
        kind = self._peek()
        if kind in ("about", "variable"):
            self._take()
            self.doubts += ["about says nothing of how far it may be off"] if kind == "about" else []
        elif kind in _COMPARISONS:
            self._compare(found, self._take().kind)
        elif kind == "from":
            self._take()
            if self._peek() in (*_COMPARISONS, "open"):
                return
            self._between(found, *self._quantity())
        elif kind == "open":
            self._brackets(found)
        elif kind == "tolerance" and found.target:
            self._tolerance(found, found.target)
        elif kind == "unit":
            self._late_unit(found)
        elif kind == "factor":
            found.scale(self._take().text)  # (0.8 - 1.2) x 10^6: for all numbers before it
        else:
            self._between(found, *self._quantity())

    # ------------------------------------------------------------------ forms

    def _between(self, found: Range, first: str, uom: str) -> None:
        """What begins with a quantity: a range, a tolerance, a bound said after it, or a target."""
        kind = self._peek()
        if kind in ("minus", "dash", "to") or (kind == "and" and self._ahead() in ("number", "minus")):
            self._take()
            excludes_last = self._peek() == "below"  # 5 to < 8
            if self._peek() in ("at_most", "below"):
                self._take()
            last, last_uom = self._quantity()
            if uom and last_uom and uom != last_uom:
                last, last_uom = self._converted(last, last_uom, uom), uom
            if not uom and "e" in last and "e" not in first:  # 0.8-1.2 x 10^6
                first = f"{first}e{last.partition('e')[2]}"
                self.doubts.append(f"the power of ten is taken for both numbers, {first} to {last}")
            self._bound(found, "low", first, False)
            self._bound(found, "high", last, excludes_last)
            self._unit(found, uom or last_uom)
        elif kind == "tolerance":
            self._unit(found, uom)
            self._tolerance(found, first)
        elif kind == "plus":
            self._unit(found, uom)
            self._unequal(found, first)
        elif kind in ("or_less", "or_more") or (kind in ("at_most", "at_least") and self._ahead() not in _STARTS):
            side = "high" if self._take().kind in ("or_less", "at_most") else "low"
            self._bound(found, side, first, False)
            self._unit(found, uom)
        elif kind in ("below", "at_most", "above", "at_least") and self._ahead() == "variable":  # 5 < x ≤ 10
            comparison = self._take().kind
            self._take()
            self._bound(found, "low" if comparison in ("below", "at_most") else "high", first, comparison in ("below", "above"))
            self._unit(found, uom)
        else:
            self._target(found, first, uom)

    def _target(self, found: Range, number: str, uom: str) -> None:
        self._unit(found, uom)
        if self._bare and not found.bounded and not self._words:
            found.high = number
            self.doubts.append(f"{number} alone is taken as the most")
            return
        if found.target:
            raise LimitPhraseError(f"{self._said!r} has two numbers, and nothing says what they are")
        found.target = number

    def _compare(self, found: Range, comparison: str) -> None:
        if self._peek() == "variable":
            self._take()
            return
        number, uom = self._quantity()
        if comparison == "exactly":
            self._bound(found, "low", number, False)
            self._bound(found, "high", number, False)
        else:
            side = "high" if comparison in ("at_most", "below") else "low"
            self._bound(found, side, number, comparison in ("below", "above"))
        self._unit(found, uom)

    def _brackets(self, found: Range) -> None:
        self._take()
        inner: list[Word] = []
        depth = 1
        while self._words and depth:
            word = self._take()
            depth += {"open": 1, "close": -1}.get(word.kind, 0)
            inner.append(word)
        if depth:
            inner.append(Word("close", ")"))
        reader = Reader(self._with_target(inner[:-1], found))
        before, inside = replace(found), reader.read()
        self.doubts += reader.doubts
        if inside.bounded:
            self._bound(found, "low", inside.low, inside.low_exclusive)
            self._bound(found, "high", inside.high, inside.high_exclusive)
        found.target = before.target or inside.target
        self._unit(found, inside.uom)

    def _with_target(self, inner: list[Word], found: Range) -> list[Word]:
        """`25.0 (±0.5) g`, `(100;140)`: what stands in brackets speaks of the number before them, or is a range."""
        if inner and inner[0].kind in ("tolerance", "plus") and found.target:
            unit = [Word("unit", found.uom)] if found.uom else []
            return [Word("number", found.target), *unit, *inner]
        return [Word("dash", "to") if w.kind == "and" and w.text in ";," else w for w in inner]

    def _tolerance(self, found: Range, target: str) -> None:
        self._take()
        width, uom = self._quantity()
        known = found.uom or uom
        following = self._words[0].text if self._peek() == "unit" else ""
        if uom == "%" and found.uom != "%" and not following:
            low, high = _share(target, width)
            if not found.uom:
                low_points, high_points = _apart(target, width)
                known = ""
                self.doubts.append(
                    f"± {width} % is taken as a share of {target}, {low} to {high}; "
                    f"in points of % it is {low_points} to {high_points}"
                )
        else:
            if uom == "%":
                share = _share(target, width)
                self.doubts.append(f"± {width} % is taken in points of %; as a share it is {share[0]} to {share[1]} %")
            if uom and found.uom and uom != found.uom:
                width = self._converted(width, uom, found.uom)
            low, high = _apart(target, width)
        found.target = target
        self._bound(found, "low", low, False)
        self._bound(found, "high", high, False)
        if not found.uom and known != "%":
            self._unit(found, known)

    def _unequal(self, found: Range, target: str) -> None:
        """`25.0 +0.5/-0.2 g`."""
        self._take()
        up, uom = self._quantity()
        while self._peek() in ("slash", "and"):
            self._take()
        if self._peek() not in ("minus", "dash"):
            raise LimitPhraseError(f"{self._said!r}: + is there without -")
        self._take()
        down, other = self._quantity()
        found.target = target
        self._bound(found, "low", _sum(target, f"-{down}"), False)
        self._bound(found, "high", _sum(target, up), False)
        self._unit(found, found.uom or uom or other)

    def _late_unit(self, found: Range) -> None:
        word = self._take()
        self._unit(found, word.text)
        if self._peek() in ("at_most", "at_least") and self._ahead() not in ("number", "minus") and found.target:
            side = "high" if self._take().kind == "at_most" else "low"
            self._bound(found, side, found.target, False)
            found.target = ""

    # ------------------------------------------------------------------ words

    def _quantity(self) -> tuple[str, str]:
        negative = False
        while self._peek() in ("minus", "plus", "unit"):
            word = self._take()
            if word.kind == "unit":  # "pH 7.2": the unit stands before the number
                if self._peek() not in ("number", "minus"):
                    raise LimitPhraseError(f"{self._said!r} has a unit without a number")
                return self._quantity()[0], word.text
            negative ^= word.kind == "minus"
        if self._peek() == "exactly":
            self._take()
        if self._peek() != "number":
            raise LimitPhraseError(f"{self._said!r} is not understood: a number is missing")
        number = self._take()
        if negative:
            number = as_minus(number)
        if self._peek() == "factor":
            number = replace(number, text=f"{number.text}e{self._take().text}")
        uom = self._take().text if self._peek() == "unit" else ""
        return number.text, uom

    def _bound(self, found: Range, side: str, number: str, is_exclusive: bool) -> None:
        if not number:
            return
        if getattr(found, side):
            raise LimitPhraseError(f"{self._said!r} has two {side} limits")
        setattr(found, side, number)
        setattr(found, f"{side}_exclusive", is_exclusive)

    def _unit(self, found: Range, uom: str) -> None:
        if not uom or found.uom == uom:
            return
        if found.uom:
            raise LimitPhraseError(f"{self._said!r} has the units {found.uom} and {uom}")
        found.uom = uom

    def _converted(self, number: str, from_uom: str, to_uom: str) -> str:
        try:
            value = convert(Decimal(number), from_uom, to_uom)
        except UnitMismatchError:
            kinds = " and ".join(UNITS[code].dimension for code in (from_uom, to_uom))
            raise LimitPhraseError(f"{self._said!r} has {from_uom} and {to_uom}, which are {kinds}") from None
        text = f"{value.normalize():f}"
        self.doubts.append(f"{number} {from_uom} is written as {text} {to_uom}")
        return text

    def _peek(self) -> str:
        return self._words[0].kind if self._words else ""

    def _ahead(self) -> str:
        return self._words[1].kind if len(self._words) > 1 else ""

    def _take(self) -> Word:
        return self._words.pop(0)


def _number(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise LimitPhraseError(f"{text} is no number") from None


def _written(value: Decimal, like: str) -> str:
    """A number in the notation of another: 1.1e6 beside 1.0e6, 24.5 beside 25.0."""
    head, _, power = like.partition("e")
    if not power:
        return f"{value:f}"
    scaled = value.scaleb(-int(power))
    return f"{scaled:f}e{power}" if head else str(value)


def _sum(one: str, other: str) -> str:
    return _written(_number(one) + _number(other), one)


def _apart(target: str, width: str) -> tuple[str, str]:
    return _sum(target, f"-{width}"), _sum(target, width)


def _share(target: str, percent: str) -> tuple[str, str]:
    """So many percent of the target below and above it, with no more zeros than the target's digits need."""
    base = _number(target)
    exact = base * _number(percent) / 100
    places = min(0, int(base.as_tuple().exponent))
    width = exact.normalize()
    if int(width.as_tuple().exponent) > places:
        width = width.quantize(Decimal(1).scaleb(places))
    return _written(base - width, target), _written(base + width, target)
