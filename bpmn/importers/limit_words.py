"""The words of a limit phrase: numbers with their digits, units, comparisons, and what says which limit is meant."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from bpmn.importers.unit_words import unit_at

_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_GAP = "[ \u00a0\u2009\u202f']"  # what separates thousands, beside point and comma

# A number as people write it: 1.0, 1,5, 12 000, 1.0 x 10^8, 1.0 × 10⁸, 1.5E+08, 10^6. Each part is found by name.
_NUMBER = re.compile(
    rf"""
    (?P<digits>\d{{1,3}}(?:{_GAP}\d{{3}})+(?:[.,]\d+)?(?!\d) | \d+(?:[.,]\d+)*)
    (?:[eE](?P<e>[+-]?\d{{1,3}})(?![\w.])
      | \s*[x×*·⋅]\s*10\s*(?:(?:\^|\*\*|[eE])\s*\(?(?P<caret>[+-]?\d{{1,3}})\)?
          |(?P<raised>[⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)|(?P<lost>\d{{1,2}}))(?!\d)
    )?
    """,
    re.VERBOSE,
)
_POWER = re.compile(r"10\s*(?:\^|\*\*)\s*([+-]?\d{1,3})|10([⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)")
_FACTOR = re.compile(r"[x×*·⋅]\s*10\s*(?:(?:\^|\*\*)\s*([+-]?\d{1,3})|([⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)|[eE]([+-]?\d{1,3}))")

_PHRASES: dict[str, str] = {
    "at_most": "not more than|no more than|nicht mehr als|not exceeding|not to exceed|does not exceed|do not exceed|"
    "must not exceed|shall not exceed|not above|"
    "not higher than|not greater than|not over|no longer than|not longer than|no greater than|less than or equal to|at most|"
    "up to|within|nmt|n.m.t.|maximum|maximal|max.|max|höchstens|bis zu|nicht über|innerhalb von|innerhalb|kleiner gleich|"
    "kleiner oder gleich",
    "at_least": "not less than|no less than|nicht weniger als|not below|not lower than|not under|no fewer than|no shorter than|"
    "greater than or equal to|at least|nlt|n.l.t.|minimum|minimal|min.|min|mindestens|nicht unter|größer gleich|"
    "größer oder gleich",
    "below": "less than|lower than|smaller than|fewer than|below|under|kleiner als|weniger als|unter",
    "above": "more than|greater than|higher than|larger than|above|over|exceeding|größer als|mehr als|über",
    "or_less": "or less|or below|or lower|or fewer|and below|oder weniger|und weniger",
    "or_more": "or more|or above|or higher|or greater|and above|oder mehr|und mehr",
    "from": "between|zwischen|from|von|in the range of|in the range|range of|range|bereich",
    "to": "through|to|bis",
    "and": "and|und|but|&|;|,",
    "target": "set point|setpoint|set-point|target value|target|nominal|zielwert|sollwert|ziel|soll|aim|sp|typical",
    "nor": "normal operating range|normal operating limits|normal range|operating range|normal|nor",
    "alert": "alert limits|alert limit|alert level|alert|warning limit|warning level|warnwert|warngrenze",
    "action": "action limits|action limit|action level|action|aktionsgrenze",
    "par": "proven acceptable range|proven acceptable limits|acceptance criteria|acceptance criterion|acceptance limits|"
    "acceptance limit|acceptance range|acceptable range|acceptable limits|"
    "accepted|acceptable|specification limits|specification|spec.|spec|limits|limit|criterion|grenzwerte|grenzwert|zulässig|par",
    "about": "approximately|approx.|approx|circa|ca.|ca|about|around|etwa|ungefähr|~|≈",
    "exactly": "exactly|equal to|equals|genau|gleich|is equal to",
    "plain": "must be|shall be|should be|has to be|must|shall|should|is|be|are|of|the|a|an|value|result|results|temp.|"
    "temperature|time|duration|of total|each|per unit|inclusive|incl.|incl",
}
_KINDS = {word: kind for kind, words in _PHRASES.items() for word in words.split("|")}
_SYMBOLS = {
    "≤": "at_most",
    "<=": "at_most",
    "=<": "at_most",
    "⩽": "at_most",
    "≦": "at_most",
    "≥": "at_least",
    ">=": "at_least",
    "=>": "at_least",
    "⩾": "at_least",
    "≧": "at_least",
    "<": "below",
    ">": "above",
    "=": "exactly",
    "±": "tolerance",
    "+/-": "tolerance",
    "+/−": "tolerance",
    "+-": "tolerance",
    "+ / -": "tolerance",
    "-": "minus",
    "–": "dash",
    "—": "dash",
    "−": "minus",
    "‑": "minus",
    "‐": "minus",
    "...": "dash",
    "..": "dash",
    "…": "dash",
    "+": "plus",
    "(": "open",
    ")": "close",
    "[": "open",
    "]": "close",
    "/": "slash",
    ":": "colon",
    "|": "slash",
}
_WORDS_LONGEST_FIRST = sorted([*_KINDS, *_SYMBOLS], key=len, reverse=True)
_MOST = 300
"""Characters of a phrase; a longer cell is prose."""


class LimitPhraseError(ValueError):
    """This limit is not understood. Write it like 7.2 to 7.5, 25.0 ± 0.5 g, NMT 10 °C or not detected."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a phrase: its kind, its text (of a number: the digits as a limit writes them), what is doubtful."""

    kind: str
    text: str
    doubt: str = ""


def words_of(phrase: str, decimal_mark: str = "") -> list[Word]:
    """The words of a phrase. `decimal_mark`: the one its table uses, where that is known. Raises LimitPhraseError."""
    text = " ".join(phrase.replace("\u00a0", " ").split())
    if len(text) > _MOST:
        raise LimitPhraseError(f"{len(text)} characters are no limit")
    found: list[Word] = []
    place = 0
    while place < len(text):
        if text[place].isspace():
            place += 1
            continue
        known = _next(text, place, found, decimal_mark)
        word, place = known or _prose(text, place, found)
        if word.kind != "plain":
            found.append(word)
    doubts = [word for word in found if word.kind == "prose"]
    return [*(word for word in found if word.kind != "prose"), *doubts]


def _prose(text: str, place: int, before: list[Word]) -> tuple[Word, int]:
    """Words that are no part of a limit: a label before it, or when it holds, after it. Raises LimitPhraseError."""
    rest = text[place:]
    if not any(word.kind == "number" for word in before):
        begin = re.search(r"[\d<>≤≥±]|\b(?:NMT|NLT)\b", rest)
        if begin is None or len(rest[: begin.start()].split()) > 4:
            raise LimitPhraseError(f"{rest[:40]!r} is no limit")
        return Word("prose", "", f"{rest[: begin.start()].strip(' :-+')!r} is left out of the limit"), place + begin.start()
    if before[-1].kind == "number" and not _WHEN.match(rest):
        raise LimitPhraseError(f"{rest.split()[0]!r} is no unit of measure of a recipe")
    if any(c.isdigit() for c in rest):
        raise LimitPhraseError(f"{rest[:40]!r} is not understood")
    return Word("prose", "", f"{rest!r} is left out of the limit"), len(text)


_WHEN = re.compile(
    r"(?:after|before|at|in|during|for|per|since|when|if|until|following|with|on|nach|vor|bei|während|seit|pro|"
    r"\()(?:\b|(?<=\())",
    re.IGNORECASE,
)


def _next(text: str, place: int, before: list[Word], mark: str) -> tuple[Word, int] | None:
    last = before[-1].kind if before else ""
    if (factor := _FACTOR.match(text, place)) and last in ("close", "number", "unit"):
        return Word("factor", _signless(next(g for g in factor.groups() if g))), factor.end()
    if power := _POWER.match(text, place):
        return Word("number", f"1e{_signless(power[1] or power[2])}"), power.end()
    if number := _NUMBER.match(text, place):
        return _number(number, mark), number.end()
    if last in ("number", "close", "factor") and (unit := unit_at(text, place)):
        return Word("unit", unit.code, unit.doubt), place + unit.length
    for word in _WORDS_LONGEST_FIRST:
        end = place + len(word)
        if text[place:end].casefold() == word and not (word[-1].isalpha() and text[end : end + 1].isalpha()):
            return Word(_KINDS.get(word) or _SYMBOLS[word], text[place:end]), end
    if unit := unit_at(text, place):
        return Word("unit", unit.code, unit.doubt), place + unit.length
    if variable := re.compile(r"[a-zA-Z](?=\s*[<>≤≥=])").match(text, place):
        return Word("variable", variable[0]), variable.end()
    return None


def _signless(power: str) -> str:
    return str(int(power.translate(_SUPERSCRIPTS)))


def _number(match: re.Match[str], mark: str) -> Word:
    digits, doubt = _digits(match["digits"], mark)
    power = match["e"] or match["caret"] or match["raised"]
    if match["lost"]:
        power = match["lost"]
        doubt = f"{match[0].strip()} is taken as ten to the power of {power}"
    return Word("number", f"{digits}e{_signless(power)}" if power else digits, doubt)


def _digits(said: str, mark: str) -> tuple[str, str]:
    """The digits with a decimal point, and what is doubtful: a point or comma before three digits may be thousands."""
    plain = re.sub(_GAP, "", said)
    gap = "" if plain == said else f"{said} is taken as {plain.replace(',', '.')}"
    marks = [c for c in plain if c in ".,"]
    if not marks:
        return plain, gap
    if len(set(marks)) == 2:  # 1,500.0 or 1.500,0: the last one is the decimal mark
        last = plain[max(plain.rfind("."), plain.rfind(","))]
        if marks.count(last) > 1 or not re.fullmatch(r"\d{1,3}(?:[.,]\d{3})+[.,]\d+", plain):
            raise LimitPhraseError(f"{said} is no number")
        return plain.replace("," if last == "." else ".", "").replace(",", "."), gap
    groups = re.fullmatch(r"\d{1,3}(?:[.,]\d{3})+", plain)
    if len(marks) > 1:
        if not groups:
            raise LimitPhraseError(f"{said} is no number")
        return plain.replace(marks[0], ""), gap
    thousands = groups and not plain.startswith("0") and (marks[0] == "," if not mark else marks[0] != mark)
    if thousands:
        whole = plain.replace(marks[0], "")
        return whole, f"{said} is taken as {whole}; it could be {plain.replace(',', '.')}"
    return plain.replace(",", "."), gap


def with_default_unit(words: list[Word], code: str) -> list[Word]:
    """The phrase with a unit from elsewhere (a column, a heading) at its end, where it has none of its own."""
    if not code or any(word.kind == "unit" for word in words):
        return words
    return [*words, Word("unit", code)]


def doubts_of(words: list[Word]) -> list[str]:
    """What is doubtful about the single words."""
    return list(dict.fromkeys(word.doubt for word in words if word.doubt))


def as_minus(word: Word) -> Word:
    """A number with a minus before it."""
    return replace(word, text=f"-{word.text}")


def read_number(text: str, decimal_mark: str = "") -> tuple[str, str, str]:
    """A cell that is one number: its digits, its unit and what is doubtful; ("", "", "") for anything else."""
    try:
        words = words_of(text, decimal_mark)
    except LimitPhraseError:
        return "", "", ""
    kinds = [word.kind for word in words]
    sign = kinds[:1] in (["minus"], ["plus"])
    if kinds[sign:] not in (["number"], ["number", "unit"]):
        return "", "", ""
    number = as_minus(words[1]) if kinds[0] == "minus" else words[sign]
    return number.text, words[-1].text if kinds[-1] == "unit" else "", "; ".join(doubts_of(words))
