"""Limits that are no numbers: the answer that is expected, answers to choose from, dates, signatures, and nothing at all."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bpmn.vocabulary import ParameterType

_OPPOSITES = {
    "positive": "negative",
    "present": "absent",
    "detected": "not detected",
    "growth": "no growth",
    "pass": "fail",
    "passes": "fails",
    "passed": "failed",
    "conforms": "does not conform",
    "complies": "does not comply",
    "compliant": "not compliant",
    "conform": "not conform",
    "acceptable": "not acceptable",
    "ok": "not ok",
    "done": "not done",
    "sterile": "not sterile",
    "intact": "not intact",
    "clear": "not clear",
    "clean": "not clean",
    "free": "not free",
    "released": "not released",
    "visible": "not visible",
    "erfüllt": "nicht erfüllt",
    "entspricht": "entspricht nicht",
    "positiv": "negativ",
    "vorhanden": "nicht vorhanden",
    "nachweisbar": "nicht nachweisbar",
    "i.o.": "n.i.o.",
    "in ordnung": "nicht in ordnung",
    "bestanden": "nicht bestanden",
    "correct": "not correct",
    "verified": "not verified",
    "confirmed": "not confirmed",
}
_OTHER = (
    _OPPOSITES | {no: yes for yes, no in _OPPOSITES.items()} | {"none detected": "detected", "nd": "detected", "n.d.": "detected"}
)
_GOOD = frozenset(
    [
        "pass",
        "passes",
        "passed",
        "conforms",
        "complies",
        "compliant",
        "conform",
        "acceptable",
        "ok",
        "done",
        "sterile",
        "intact",
        "clean",
        "released",
        "correct",
        "verified",
        "confirmed",
        "erfüllt",
        "entspricht",
        "i.o.",
        "bestanden",
    ]
) | {"in ordnung"}
_YES = {"yes": "true", "ja": "true", "true": "true", "y": "true", "no": "false", "nein": "false", "false": "false", "n": "false"}
_NOTHING = {"", "-", "–", "—", "n/a", "na", "n.a.", "none", "k.a.", "entfällt", "./."}
_RECORD = re.compile(
    r"(?:to be )?(?:record(?:ed)?|report(?:ed)?|document(?:ed)?|eintragen|dokumentieren|for information(?: only)?|fio|fyi|info"
    r"|monitor(?:ed)?|(?:record|report|enter|document|note) [a-z ]{3,60}|no limits?|tbd)\.?",
    re.IGNORECASE,
)
_SIGNATURE = re.compile(
    r"(?:sign(?:ature|ed|atures)?|initials?|initial\s*/\s*date|sign(?:ature)?\s*(?:/|and|&)\s*date|visum|unterschrift|paraphe"
    r"|(?:performed|verified|checked|witnessed|done|reviewed) by)\s*[:.]?\s*_*",
    re.IGNORECASE,
)
_DATE = re.compile(
    r"(?:(?:expiry |exp\.? |expiration |start |end )?date(?:\s*(?:/|and|&|\+)?\s*time)?|time|uhrzeit|"
    r"datum(?:\s*/\s*uhrzeit)?|date_time"
    r"|datetime"
    r"|(?:dd|d|tt|yyyy|jjjj|mmm|mm)(?:[./\- ](?:dd|d|tt|mmm|mm|yyyy|jjjj|yy))+(?:[ ,]+hh:mm)?|hh:mm(?::ss)?"
    r"|_+[./]_+[./]_+(?:\s*_+:_+)?|_+:_+)\.?",
    re.IGNORECASE,
)
_BLANK = re.compile(r"_{2,}|\.{4,}|…{2,}")
_BOX = re.compile(r"[☐☑☒□▢◻◯○]|\[\s?[xX]?\s?\]|\(\s\)")


_MOST = 300
"""Characters; a longer cell is prose."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is asked for where no number is: its type (None: no value at all), the expected answer, the choices."""

    type: ParameterType | None
    expected: str = ""
    choices: tuple[str, ...] = ()
    doubt: str = ""


def read_answer(text: str) -> Answer | None:
    """What a cell without numbers asks for; None where it may be a limit with numbers."""
    if len(text) > _MOST:
        return None
    boxes = [part.strip(" ,;/|") for part in _BOX.split(text)] if _BOX.search(text) else []
    options = [part for part in boxes if part]
    if boxes and len(options) > 1:
        return _choice(options)
    if boxes:
        return _single_box(options[0] if options else "")
    plain = " ".join(text.split()).strip()
    folded = plain.casefold().rstrip(".") if plain.casefold() not in _OTHER else plain.casefold()
    if folded in _NOTHING:
        return Answer("text", doubt="no limit is given")
    if _SIGNATURE.fullmatch(plain):
        return Answer(None)
    if _DATE.fullmatch(plain):
        return Answer(
            "date_time", doubt="a time is recorded with its date" if folded == "time" or folded.startswith("hh") else ""
        )
    if _RECORD.fullmatch(plain) or _BLANK.fullmatch(plain):
        return Answer("text", doubt="it is recorded without a limit; say whether it is a number")
    if folded in _YES:
        return Answer("bool", _YES[folded])
    if folded in _OTHER:
        return Answer("choice", plain, (plain, _OTHER[folded]))
    parts = [part.strip() for part in re.split(r"\s*(?:/|\||;|\bor\b|\boder\b)\s*", plain) if part.strip()]
    if len(parts) > 1 and not any(c.isdigit() for c in plain) and "," not in plain:
        return _choice(parts)
    return _expected(plain)


def _choice(options: list[str]) -> Answer:
    folded = [option.casefold() for option in options]
    if len(options) == 2 and all(option in _YES for option in folded):
        return Answer("bool")
    if len(set(folded)) < len(options):
        options = list(dict.fromkeys(options))
    choices = tuple(option.replace('"', "'") for option in options)
    good = [option for option in choices if option.casefold() in _GOOD]
    if len(good) == 1 and len(choices) == 2:
        return Answer("choice", good[0], choices, f"{good[0]} is taken as the expected answer")
    if len(choices) < 2:
        return _single_box(choices[0])
    return Answer("choice", "", choices)


def _single_box(label: str) -> Answer:
    """A box to tick: done or not."""
    return Answer("bool", "true", doubt=f"a box to tick ({label or 'without text'}) becomes a yes that is expected")


_COMPARES = re.compile(
    r"[<>≤≥±=]|\b(?:nmt|nlt|max|min|not more|not less|no more|no less|at most|at least|target|nor|par|between|room|rt|"
    r"below|above|"
    r"less|more|under|over)\b",
    re.IGNORECASE,
)


def _expected(plain: str) -> Answer | None:
    """A text without any number is the appearance that is expected, to be confirmed or not."""
    if any(c.isdigit() for c in plain) or _COMPARES.search(plain) or not any(c.isalpha() for c in plain) or len(plain) > 120:
        return None
    if len(plain) < 3:
        return None
    choice = plain.replace('"', "'")
    return Answer("choice", choice, (choice, "does not conform"), f"{plain!r} is taken as the expected answer")
