"""Flow and hold times as one cell beside a step or a section says them, in the words of a paper record.

    in parallel with S05, S06            this part beside that sequence; more branches are separated by |
    only if S03.viability >= 80, otherwise skip       (or: otherwise terminate)
    otherwise                            the other way of the "only if" in the rows right before
    repeat until S10.vcd >= 5, at most 5 times        this part; or: repeat from S08 until ..., repeat while ...
    go on only if S03.viability >= 80, otherwise terminate        (or: if S03.viability < 80 go to S09)
    if S03.viability >= 80 then S04, S05, otherwise S06           one of two parts that follow
    loop back to S08 if S10.vcd < 5, at most 5 times

    within 2 h of end of S03             hold times: this step begins within that time; "complete within ..." is its end
    NOR 60 min, PAR 120 min after end of S03
    at least 18 h after end of S16       a minimum

Reading knows nothing of the steps: names and conditions stay text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal

FLOW_FORMS = (
    "write 'in parallel with S05, S06', 'only if S03.x >= 80, otherwise skip', 'otherwise', 'repeat until S10.x >= 5, at most 5 "
    "times' or 'go on only if S03.x >= 80, otherwise terminate'"
)
HOLD_FORMS = "write 'within 2 h of end of S03', 'NOR 60 min, PAR 120 min after end of S03' or 'at least 18 h after end of S16'"


_LONGEST = 300
"""Characters of a phrase; a longer one is prose."""


class FlowPhraseError(ValueError):
    """This is not understood as flow or as a hold time; `forms` says what is."""

    def __init__(self, message: str, forms: str) -> None:
        super().__init__(message)
        self.message, self.forms = message, forms


@dataclass(frozen=True, slots=True)
class Beside:
    """Runs in parallel with other branches, each a list of names."""

    branches: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class OnlyIf:
    """Runs only where a condition holds (`negated`: does not); else it is skipped, or the batch ends (`terminate`)."""

    condition: str
    terminate: bool = False
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Otherwise:
    """Runs where the conditions of the parts right before do not hold."""


@dataclass(frozen=True, slots=True)
class Repeat:
    """Is repeated, from `first` to `last` if given, until or while a condition holds, at most `times` times."""

    condition: str
    until: bool
    times: int
    first: str = ""
    last: str = ""


@dataclass(frozen=True, slots=True)
class After:
    """A decision after it: where the condition holds to `then`, else to `otherwise`; each is go on, terminate or names."""

    condition: str
    then: tuple[str, ...]
    otherwise: tuple[str, ...]


Flow = Beside | OnlyIf | Otherwise | Repeat | After

GO_ON, TERMINATE = ("go on",), ("terminate",)

_ELSE = r"\s*[,;]?\s*(?:otherwise|else|sonst|andernfalls)\s*:?\s*"
_NO_ELSE = r"(?:(?!\b(?:otherwise|else|sonst|andernfalls)\b).)"
_IF = r"(?:if|when|where|wenn|falls)"
_MOST = r"\(?\s*(?:at most|max\.?|maximum|up to|not more than|höchstens)\s+(?P<n>\d+)\s*(?:times|x|iterations|cycles|mal)?\s*\)?"
_TO = r"(?:go(?:es)? to|goto|skip to|jump to|continue (?:with|at)|proceed to|weiter (?:mit|bei))"
_END = r"(?:terminate|stop|abort|end)(?: the batch| here)?|abbrechen|beenden"
_BACK = r"(?:from|ab|with|steps?|schritte?)?\s*(?P<f>[\w.]+?)(?:\s*(?:to|bis|-|–)\s*(?P<l>[\w.]+?))?"


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE | re.DOTALL)


_GO_ON = _pattern(rf"(?:go on|continue|proceed|weiter)\s+(?:only\s+|nur\s+)?{_IF}\s+(?P<c>.+?){_ELSE}(?P<o>.+)")
_REPEATS = (
    _pattern(
        rf"(?:repeat(?:ed)?|loop|wiederhole(?:n)?)\b\s*(?:{_BACK}\s*,?\s+)??(?P<k>until|while|as long as|bis|"
        rf"solange)\s+(?P<c>.+?)"
        rf"\s*[,;]?\s*{_MOST}"
    ),
    _pattern(rf"(?:repeat(?:ed)?|loop|wiederhole(?:n)?)\b\s*(?:{_BACK}\s*,?\s+)??{_MOST}\s*,?\s*(?P<k>until|while|bis|solange)\s+(?P<c>.+)"),
    _pattern(rf"(?:loop|go|jump|return)\s+back\s+to\s+(?:step\s+)?(?P<f>[\w.]+)\s+(?P<k>if|while|until|unless)\s+(?P<c>.+?)\s*[,;]?\s*{_MOST}"),
)
_COUNT = _pattern(rf"(?:repeat|wiederholen)\s+(?:{_BACK}\s+)??(?:exactly\s+)?(?P<n>\d+)\s*(?:times|x|mal)")
_BESIDE = _pattern(
    r"(?:runs? )?(?:in parallel (?:with|to)|parallel (?:with|to|zu|mit)|beside|at the same time as|simultaneously with|"
    r"gleichzeitig mit)\s+(?P<w>.+)"
)
_WAYS = (
    _pattern(rf"{_IF}\s+(?P<c>{_NO_ELSE}+?),?\s+(?:then\s+)?(?:{_TO}\s+(?P<t>.+?)|(?P<end>{_END}))(?:{_ELSE}(?:{_TO}\s+)?(?P<o>.+))?"),
    _pattern(rf"(?:{_TO}\s+(?P<t>.+?)|(?P<end>{_END}))\s+{_IF}\s+(?P<c>.+)"),
    _pattern(rf"{_IF}\s+(?P<c>.+?),?\s+(?:then|dann|->)\s+(?P<t>.+?){_ELSE}(?:{_TO}\s+)?(?P<o>.+)"),
)
_SKIP = _pattern(r"skip\s+(?P<k>if|when|unless)\s+(?P<c>.+)")
_ONLY = _pattern(rf"(?:(?:do |perform )?only {_IF}|nur {_IF}|{_IF})\s+(?P<c>.+?)(?:{_ELSE}(?P<o>.+))?")


def read_flow(cell: str) -> list[Flow]:
    """What a cell says, each part on a line of its own or after a semicolon. Raises FlowPhraseError."""
    parts = [part.strip().rstrip(".") for part in re.split(r"\n|;(?!\s*(?:otherwise|else|sonst|at most|max))", cell)]
    return [_flow(" ".join(part.split())) for part in parts if part]


def _flow(part: str) -> Flow:
    if len(part) > _LONGEST:
        raise FlowPhraseError(f"{len(part)} characters are no flow", FLOW_FORMS)
    if part.casefold() in ("otherwise", "else", "sonst", "andernfalls"):
        return Otherwise()
    if match := _GO_ON.fullmatch(part):
        return After(_condition(match), GO_ON, _target(match["o"], part))
    if (repeat := _repeat(part)) is not None:
        return repeat
    if match := _BESIDE.fullmatch(part):
        branches = [tuple(_names(branch)) for branch in match["w"].split("|")]
        if all(branches):
            return Beside(tuple(branches))
    if match := _SKIP.fullmatch(part):
        return OnlyIf(_condition(match), negated=match["k"].casefold() != "unless")
    for pattern in _WAYS:
        if match := pattern.fullmatch(part):
            found = match.groupdict()
            then = TERMINATE if found.get("end") else tuple(_names(found["t"]))
            return After(_condition(match), then, _target(found.get("o") or "go on", part))
    if match := _ONLY.fullmatch(part):
        target = _target(match["o"] or "skip", part)
        if target in (GO_ON, TERMINATE):
            return OnlyIf(_condition(match), target == TERMINATE)
    raise FlowPhraseError(f"{part!r} is not understood as flow", FLOW_FORMS)


def _repeat(part: str) -> Repeat | None:
    for pattern in _REPEATS:
        if match := pattern.fullmatch(part):
            found = match.groupdict()
            until = found["k"].casefold() in ("until", "bis", "unless")
            return Repeat(_condition(match), until, int(found["n"]), found.get("f") or "", found.get("l") or "")
    if match := _COUNT.fullmatch(part):
        return Repeat("", True, int(match["n"]), match["f"] or "", match["l"] or "")
    return None


def _condition(match: re.Match[str]) -> str:
    return match["c"].strip(" ,")


def _names(text: str) -> list[str]:
    return [name.strip().strip('"“”') for name in re.split(r",|\band\b|\bund\b", text) if name.strip()]


def _target(text: str, part: str) -> tuple[str, ...]:
    plain = text.strip().rstrip(".").casefold()
    if plain in ("skip", "skip it", "go on", "continue", "proceed", "skip this step", "überspringen", "weiter"):
        return GO_ON
    if re.fullmatch(_END, plain):
        return TERMINATE
    names = _names(re.sub(rf"^{_TO}\s+", "", text.strip().rstrip("."), flags=re.IGNORECASE))
    if not names or any(" " in name and not re.match(r"(?:steps?|schritte?|section|UP)", name, re.IGNORECASE) for name in names):
        raise FlowPhraseError(f"{part!r}: {text.strip()!r} is no way to go", FLOW_FORMS)
    return tuple(names)


@dataclass(frozen=True, slots=True)
class Hold:
    """A time limit that ends at this step's start (or `at_end`), or those of the step `to`, from an event of a step."""

    step: str
    moment: str
    nor: str
    par: str
    uom: str
    minimum: bool = False
    at_end: bool = False
    to: str = ""


_UNITS = {
    word: code
    for code, words in (
        ("s", "s sec seconds"),
        ("min", "min mins minute minutes minuten"),
        ("h", "h hr hrs hour hours std stunde stunden"),
        ("d", "d day days tag tage"),
    )
    for word in words.split()
}
_AMOUNT = r"(\d+(?:[.,]\d+)?)\s*([a-zA-Z]+)\.?"
_FROM = re.compile(
    r"(?:of|after|from|following|since|nach|ab|seit)\s+(?:the\s+)?(?:(?P<m>end|start|completion|beginning|begin|finish|ende|beginn)\s+"
    r"(?:of\s+|von\s+)?)?(?:step\s+|schritt\s+)?(?P<s>[\w.]+?)(?:[\s.](?P<n>end|start|ende|beginn))?",
    re.IGNORECASE,
)
_HOLD = re.compile(rf"(?P<t>.*?\d\s*[a-zA-Z]+\.?\)?)\s*,?\s*(?P<f>{_FROM.pattern})", re.IGNORECASE | re.DOTALL)
_MINIMUM = re.compile(
    r"\b(?:at least|not before|not earlier than|minimum|min\.?|≥|>=|mindestens|frühestens|wait)(?=[\s\d])|≥|>=", re.IGNORECASE
)
_LEVEL = re.compile(rf"\b(nor|par|normal|accepted|alert|action|limit)\s*:?\s*(?:[≤<]=?\s*)?{_AMOUNT}", re.IGNORECASE)


def read_holds(cell: str) -> list[Hold]:
    """The hold times of a cell, each on a line of its own or after a semicolon. Raises FlowPhraseError."""
    return [_hold(" ".join(part.split())) for part in re.split(r"[\n;]", cell) if part.strip()]


_BETWEEN = _pattern(
    r"(?P<t>.*?\d\s*[a-zA-Z]+\.?\)?)\s*,?\s*(?:between|from|zwischen|von)\s+(?:the\s+)?(?P<m>end|start|completion|ende|beginn)\s+"
    r"(?:of\s+|von\s+)?(?:step\s+|schritt\s+)?(?P<s>[\w.]+)\s+(?:and|to|und|bis)\s+(?:the\s+)?(?P<n>end|start|completion|ende|beginn)\s+"
    r"(?:of\s+|von\s+)?(?:step\s+|schritt\s+)?(?P<to>[\w.]+)"
)


def _hold(part: str) -> Hold:
    if len(part) > _LONGEST:
        raise FlowPhraseError(f"{len(part)} characters are no hold time", HOLD_FORMS)
    if between := _BETWEEN.fullmatch(part.rstrip(".")):
        inner = _hold(f"{between['t']} after {between['m']} of {between['s']}")
        return replace(inner, to=between["to"], at_end=between["n"].casefold() not in ("start", "beginn"))
    match = _HOLD.fullmatch(part.rstrip("."))
    if match is None:
        raise FlowPhraseError(f"{part!r} is not understood as a hold time", HOLD_FORMS)
    times = match["t"]
    moment = (match["m"] or match["n"] or "end").casefold()
    levels = {word.casefold(): (number, unit) for word, number, unit in _LEVEL.findall(times)}
    single = re.findall(_AMOUNT, times)
    nor = next((levels[w] for w in ("nor", "normal", "alert") if w in levels), None)
    par = next((levels[w] for w in ("par", "accepted", "action", "limit") if w in levels), None)
    if nor is None and par is None:
        if len(single) != 1:
            raise FlowPhraseError(f"{part!r} has {len(single)} times", HOLD_FORMS)
        nor = par = single[0]
    nor, par = nor or par, par or nor
    assert nor is not None
    assert par is not None
    uom, other = (_UNITS.get(unit.casefold(), "") for _, unit in (nor, par))
    if not uom or uom != other:
        raise FlowPhraseError(f"{part!r} has the units {nor[1]} and {par[1]}", "write both in min, h or d")
    minimum = bool(_MINIMUM.search(times))
    values = [number.replace(",", ".") for number, _ in (nor, par)]
    if (Decimal(values[1]) < Decimal(values[0])) != minimum and values[0] != values[1]:
        raise FlowPhraseError(f"{part!r}: the accepted time lies inside the normal one", HOLD_FORMS)
    at_end = bool(re.match(r"(?:complete|completed|finish|finished|end|abschließen|beenden)\b", part, re.IGNORECASE))
    begin = moment in ("start", "beginning", "begin", "beginn")
    return Hold(match["s"], "start" if begin else "end", values[0], values[1], uom, minimum, at_end)
