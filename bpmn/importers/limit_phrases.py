"""Limits as people write them in a batch record, with their meaning: `25.0 ± 0.5 g`, `NMT 10 °C`, `120 rpm (100-140)`.

A phrase that names no level bounds the proven acceptable range: outside of what a paper record allows is a deviation.
`NOR ... / PAR ...` names both. Digits stay as they are written; a tolerance is worked out to the digits it has. Below
and above are exclusive, at most and at least are not. What had to be guessed is said as a doubt, never silently taken.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from bpmn.importers.answers import read_answer
from bpmn.importers.limit_reader import Range, Reader
from bpmn.importers.limit_words import LimitPhraseError, Word, doubts_of, with_default_unit, words_of
from bpmn.importers.unit_words import read_unit, split_power
from bpmn.vocabulary import LimitName, ParameterType

__all__ = ["LimitPhrase", "LimitPhraseError", "read_limits"]

_COUNTED = frozenset(
    {"labels", "bags", "vials", "bottles", "syringes", "tubes", "plates", "flasks", "samples", "pieces", "cycles"}
)


@dataclass(frozen=True, slots=True)
class LimitPhrase:
    """What a phrase asks for. `type` is empty where it asks for no value (a signature). `doubt`: what had to be guessed."""

    type: ParameterType | None
    uom: str = ""
    target: str = ""
    nor_low: str = ""
    nor_high: str = ""
    par_low: str = ""
    par_high: str = ""
    exclusive: tuple[LimitName, ...] = ()
    qualifier: bool = False
    choices: tuple[str, ...] = ()
    doubt: str = ""

    @property
    def bounded(self) -> bool:
        """Whether it says any limit."""
        return any((self.nor_low, self.nor_high, self.par_low, self.par_high))


def read_limits(phrase: str, unit: str = "", decimal_mark: str = "") -> LimitPhrase:
    """What a phrase means. `unit`: as a column or heading says it. Raises LimitPhraseError for what is not understood."""
    answer = read_answer(phrase)
    if answer is not None:
        return LimitPhrase(
            answer.type, par_low=answer.expected, par_high=answer.expected, choices=answer.choices, doubt=answer.doubt
        )
    power, unit = split_power(unit)
    said = read_unit(unit)
    every = words_of(phrase, decimal_mark)
    doubts = [*doubts_of(every), *([said.doubt] if said.doubt else [])]
    words = with_default_unit([word for word in every if word.kind != "prose"], "" if said.code == "1" else said.code)
    levels = _levels(words)
    ranges: dict[str, Range] = {}
    for level, part in levels:
        reader = Reader(part, bare=level in ("nor", "par"))
        found = reader.read()
        doubts += reader.doubts
        if level in ranges:
            raise LimitPhraseError(f"the {level.upper() or 'limit'} stands there twice")
        ranges[level] = found
    if power:
        doubts.append(f"the numbers are in 10^{power} {said.code}")
        for found in ranges.values():
            found.scale(power)
    return _phrase(ranges, said.code, doubts)


def _levels(words: list[Word]) -> list[tuple[str, list[Word]]]:
    """The parts of the phrase by what they bound: nor, par, target, or "" for the part before any of these words."""
    parts: list[tuple[str, list[Word]]] = [("", [])]
    alarms = False
    for word in words:
        if word.kind in ("nor", "par", "target", "alert", "action"):
            parts.append(({"alert": "nor", "action": "par"}.get(word.kind, word.kind), []))
            alarms = word.kind in ("alert", "action")
        else:
            parts[-1][1].append(_as_bound(word) if alarms else word)
    trimmed = [(level, _trim(part)) for level, part in parts]
    return [(level, part) for level, part in trimmed if part]


_ALARMS = {"above": "at_most", "at_least": "below", "below": "at_least", "at_most": "above"}


def _as_bound(word: Word) -> Word:
    """Action above 10 is what must not happen: at most 10."""
    if word.kind not in _ALARMS or word.text.casefold().startswith(("n", "max", "min", "at")):
        return word
    return replace(word, kind=_ALARMS[word.kind])


def _trim(part: list[Word]) -> list[Word]:
    """Without the punctuation that only separates one part from the next."""
    kinds = ("and", "slash", "colon", "exactly")
    while part and part[0].kind in kinds and not (part[0].kind == "exactly" and len(part) == 2 and part[0].text != ":"):
        part = part[1:]
    while part and part[-1].kind in ("and", "slash", "colon"):
        part = part[:-1]
    return _balanced(part)


def _balanced(part: list[Word]) -> list[Word]:
    """Without the brackets whose other half stands in another part."""
    waiting: list[int] = []
    alone: set[int] = set()
    for place, word in enumerate(part):
        if word.kind == "open":
            waiting.append(place)
        elif word.kind == "close":
            waiting.pop() if waiting else alone.add(place)
    alone |= set(waiting)
    return [word for place, word in enumerate(part) if place not in alone]


def _phrase(ranges: dict[str, Range], unit: str, doubts: list[str]) -> LimitPhrase:
    if not ranges:
        raise LimitPhraseError("there is no number")
    plain = ranges.get("", Range())
    target = ranges.get("target", Range())
    nor, par = ranges.get("nor", Range()), ranges.get("par", Range())
    loose = plain if plain.bounded else target  # "target 37.0 (36.5 to 37.5)"
    if loose.bounded:
        if not par.bounded:
            par = loose
        elif not nor.bounded:
            nor = loose
        else:
            raise LimitPhraseError("a limit stands beside NOR and PAR")
    aim = target.target or plain.target or nor.target or par.target
    units = list(dict.fromkeys(r.uom for r in ranges.values() if r.uom))
    uom = units[0] if units else "" if unit == "1" else unit
    if len(units) > 1:
        raise LimitPhraseError(f"it has several units: {', '.join(units)}")
    if aim and not (nor.bounded or par.bounded):
        doubts = [*doubts, f"{aim} is taken as the target, which bounds nothing"]
    exclusive: list[LimitName] = []
    for name, is_exclusive in (
        ("nor_low", nor.low_exclusive),
        ("nor_high", nor.high_exclusive),
        ("par_low", par.low_exclusive),
        ("par_high", par.high_exclusive),
    ):
        if is_exclusive:
            exclusive.append(name)  # type: ignore[arg-type]
    numbers = (aim, nor.low, nor.high, par.low, par.high)
    counted = uom in _COUNTED and all(number.isdigit() for number in numbers if number)
    one_sided = bool(exclusive) and not all(r.low and r.high for r in (nor, par) if r.bounded)
    return LimitPhrase(
        "int" if counted else "num",
        uom or ("1" if unit == "1" else ""),
        aim,
        nor.low,
        nor.high,
        par.low,
        par.high,
        tuple(exclusive),
        one_sided and not counted,
        (),
        "; ".join(dict.fromkeys(doubts)),
    )
