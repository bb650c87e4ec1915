"""Headings of columns with one limit each, put together from words: `Lower action limit`, `Alert (max)`, `obere Warngrenze`."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_LOW = _words("low lower lowest min minimum minimal untere unterer unteres untergrenze")
_HIGH = _words("high upper highest max maximum maximal obere oberer oberes obergrenze")
_NORMAL = _words("nor normal operating alert warning warn warngrenze warnwert normalbereich")
_ACCEPTED = _words(
    "par proven acceptable accepted acceptance action reject rejection spec specification specified aktionsgrenze zulässig "
    "zulässige zulässiger critical absolute"
)
_BESIDE = _words("limit limits range value bound level of the grenze grenzwert wert bereich criterion criteria")


def limit_column(heading: str) -> str:
    """The property (`nor_low` ... `par_high`) that a plain heading names; empty unless every word of it is understood."""
    words = set(heading.split())
    low, high = bool(words & _LOW), bool(words & _HIGH)
    normal, accepted = bool(words & _NORMAL), bool(words & _ACCEPTED)
    if len(words) < 2 or low == high or (normal and accepted) or words - _LOW - _HIGH - _NORMAL - _ACCEPTED - _BESIDE:
        return ""
    return f"{'nor' if normal else 'par'}_{'low' if low else 'high'}"
