"""What a cell of a paper record leaves blank, `Weight: ______ g`, `Start: ____ End: ____`, and what its instruction limits."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bpmn.importers.limit_phrases import LimitPhrase, LimitPhraseError, read_limits
from bpmn.importers.unit_words import unit_at

_BLANK = re.compile(r"(?:[_…·]{2,}|\.{3,})(?:\s*[/.:]\s*(?:[_…·]{2,}|\.{3,}))*")
_MOMENT = re.compile(r"\b(?:start|end|begin|stop|time|date|ende|beginn|zeit|uhrzeit|datum|exp(?:iry)?)\b", re.IGNORECASE)
_SIGNED = re.compile(r"\b(?:by|initials?|signature|sign|visum|unterschrift)\b", re.IGNORECASE)
_BEGINS = re.compile(
    r"[<>≤≥±(\d]|(?:nmt|nlt|max|min|limits?|target|between|from|not|no|at|less|more|below|above|höchstens|mindestens|zwischen|"
    r"range|acceptance|spec)\b",
    re.IGNORECASE,
)
_MOST_WORDS = 14


@dataclass(frozen=True, slots=True)
class Blank:
    """One blank: what stands before it, and what is filled in: a number of this unit, an instant, or a text."""

    label: str
    phrase: LimitPhrase


def blanks_of(result: str) -> list[Blank]:
    """The blanks of a cell, left to right; those that somebody signs are none."""
    found: list[Blank] = []
    for line in result.split("\n"):
        before = ""
        matches = list(_BLANK.finditer(line))
        ends = [*(match.start() for match in matches[1:]), len(line)]
        for match, end in zip(matches, ends, strict=bool(matches)):
            label = line[: match.start()] if match is matches[0] else before
            rest = line[match.end() : end]
            lead = len(rest) - len(rest.lstrip())
            unit = unit_at(rest, lead)
            before = rest[lead + unit.length :] if unit else rest
            label = " ".join(re.sub(r"^[\s,;/|)]+|[\s:=(\-–,]+$", "", label).split())
            if not _SIGNED.search(label):
                found.append(Blank(label[:60], _asked(label, unit.code if unit else "")))
    return found


def _asked(label: str, uom: str) -> LimitPhrase:
    if uom:
        return LimitPhrase("num", uom)
    if re.search(r"\bpH\b", label):
        return LimitPhrase("num", "pH")
    return LimitPhrase("date_time" if _MOMENT.search(label) else "text")


def limits_said(instruction: str, uom: str) -> list[tuple[str, LimitPhrase]]:
    """The limits of values in that unit which an instruction says, each with its words."""
    found: list[tuple[str, LimitPhrase]] = []
    for sentence in re.split(r"(?<=[.;!?])\s+|\n", instruction):
        words = sentence.split()
        place = 0
        while place < len(words):
            ahead = words[place : place + _MOST_WORDS]
            length, phrase = _longest(ahead, uom) if _BEGINS.match(words[place]) else (0, None)
            if phrase is not None:
                said = length
                while said > 1 and ahead[said - 1].isalpha() and _read(ahead[: said - 1], uom) == phrase:
                    said -= 1  # "of", "and": words that say nothing of the limit
                found.append((" ".join(ahead[:said]).rstrip(".,;"), phrase))
            place += max(length, 1)
    return found


def _longest(words: list[str], uom: str) -> tuple[int, LimitPhrase | None]:
    """The longest beginning of these words that is a limit in that unit, and in no other."""
    read = ((length, _read(words[:length], uom)) for length in range(len(words), 0, -1))
    return next(((length, phrase) for length, phrase in read if phrase is not None), (0, None))


def _read(words: list[str], uom: str) -> LimitPhrase | None:
    try:
        phrase = read_limits(" ".join(words).rstrip(".,;"), "pH" if uom == "pH" else "")
    except LimitPhraseError:
        return None
    fits = phrase.bounded and phrase.type in ("num", "int") and phrase.uom == uom and not phrase.doubt
    return phrase if fits else None
