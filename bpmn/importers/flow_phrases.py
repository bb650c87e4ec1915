"""Flow and hold times as one cell beside a step or a section says them, in the words of a paper record.

    in parallel with S05, S06            this part beside that sequence; more branches are separated by |
    only if S03.viability >= 80, otherwise skip       (or: otherwise terminate)
    otherwise                            the other way of the "only if" in the rows right before
    repeat until S10.vcd >= 5, at most 5 times        this part; or: repeat from S08 until ..., repeat while ...
    go on only if S03.viability >= 80, otherwise terminate        (or: otherwise go to S09)

    within 2 h of end of S03             hold times: this step begins within that time; "complete within ..." is its end
    NOR 60 min, PAR 120 min after end of S03
    at least 18 h after end of S16       a minimum

Reading knows nothing of the steps: names and conditions stay text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

FLOW_FORMS = (
    "write 'in parallel with S05, S06', 'only if S03.x >= 80, otherwise skip', 'otherwise', 'repeat until S10.x >= 5, at most 5 "
    "times' or 'go on only if S03.x >= 80, otherwise terminate'"
)
HOLD_FORMS = "write 'within 2 h of end of S03', 'NOR 60 min, PAR 120 min after end of S03' or 'at least 18 h after end of S16'"


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
    """Runs only where a condition holds; else it is skipped, or the batch ends (`terminate`)."""

    condition: str
    terminate: bool = False


@dataclass(frozen=True, slots=True)
class Otherwise:
    """Runs where the conditions of the parts right before do not hold."""


@dataclass(frozen=True, slots=True)
class Repeat:
    """Is repeated, from `first` on if given, until or while a condition holds, at most `times` times."""

    condition: str
    until: bool
    times: int
    first: str = ""


@dataclass(frozen=True, slots=True)
class GoOnIf:
    """After it the procedure goes on only where a condition holds; else it ends, or goes on at `target`."""

    condition: str
    target: str


Flow = Beside | OnlyIf | Otherwise | Repeat | GoOnIf

_NAME = r"[^,;|]+?"
_ONLY = re.compile(
    r"(?:(?:do |perform )?only (?:if|when|where)|if|when|nur (?:wenn|falls)|wenn|falls)\s+(?P<c>.+?)"
    r"(?:\s*[,;]?\s*(?:otherwise|else|sonst|andernfalls)\s*:?\s*(?P<o>.+))?",
    re.IGNORECASE | re.DOTALL,
)
_GO_ON = re.compile(
    r"(?:go on|continue|proceed|weiter)\s+(?:only\s+|nur\s+)?(?:if|when|where|wenn|falls)\s+(?P<c>.+?)\s*[,;]?\s*"
    r"(?:otherwise|else|sonst|andernfalls)\s*:?\s*(?P<o>.+)",
    re.IGNORECASE | re.DOTALL,
)
_REPEAT = re.compile(
    r"(?:repeat|loop|repeated|wiederholen|wiederhole)\b\s*(?:from\s+(?P<f>\S+?)\s*,?\s+|ab\s+(?P<ab>\S+?)\s*,?\s+)?"
    r"(?P<k>until|while|as long as|bis|solange)\s+(?P<c>.+?)\s*[,;]\s*"
    r"(?:at most|max\.?|maximum|up to|not more than|höchstens)\s+(?P<n>\d+)\s*(?:times|x|iterations|cycles|mal)?",
    re.IGNORECASE | re.DOTALL,
)
_COUNT = re.compile(r"(?:repeat|wiederholen)\s+(?:exactly\s+)?(?P<n>\d+)\s*(?:times|x|mal)", re.IGNORECASE)
_BESIDE = re.compile(
    r"(?:runs? )?(?:in parallel (?:with|to)|parallel (?:with|to|zu|mit)|beside|at the same time as|"
    r"gleichzeitig mit)\s+(?P<w>.+)",
    re.IGNORECASE | re.DOTALL,
)


def read_flow(cell: str) -> list[Flow]:
    """What a cell says, each part on a line of its own or after a semicolon. Raises FlowPhraseError."""
    parts = [part.strip().rstrip(".") for part in re.split(r"\n|;(?!\s*(?:otherwise|else|sonst|at most|max))", cell)]
    return [_flow(" ".join(part.split())) for part in parts if part]


def _flow(part: str) -> Flow:
    if part.casefold() in ("otherwise", "else", "sonst", "andernfalls"):
        return Otherwise()
    if match := _GO_ON.fullmatch(part):
        return GoOnIf(match["c"].strip(" ,"), _target(match["o"], part))
    if match := _REPEAT.fullmatch(part):
        until = match["k"].casefold() in ("until", "bis")
        return Repeat(match["c"].strip(), until, int(match["n"]), match["f"] or match["ab"] or "")
    if match := _COUNT.fullmatch(part):
        return Repeat("", True, int(match["n"]))
    if match := _BESIDE.fullmatch(part):
        branches = [tuple(_names(branch)) for branch in match["w"].split("|")]
        if all(branches):
            return Beside(tuple(branches))
    if match := _ONLY.fullmatch(part):
        target = _target(match["o"] or "skip", part)
        if target in ("skip", "terminate"):
            return OnlyIf(match["c"].strip(" ,"), target == "terminate")
    raise FlowPhraseError(f"{part!r} is not understood as flow", FLOW_FORMS)


def _names(text: str) -> list[str]:
    return [name.strip().strip('"“”') for name in re.split(r",|\band\b|\bund\b", text) if name.strip()]


def _target(text: str, part: str) -> str:
    plain = text.strip().rstrip(".").casefold()
    if plain in ("skip", "skip it", "go on", "continue", "skip this step", "überspringen", "weiter"):
        return "skip"
    if plain in ("terminate", "stop", "stop the batch", "end", "abort", "terminate the batch", "abbrechen", "beenden"):
        return "terminate"
    match = re.fullmatch(
        r"(?:go to|goto|skip to|continue (?:with|at)|weiter (?:mit|bei))\s+(\S+)", text.strip().rstrip("."), re.IGNORECASE
    )
    if match is None:
        raise FlowPhraseError(f"{part!r}: {text.strip()!r} is no way to go", FLOW_FORMS)
    return match[1]


@dataclass(frozen=True, slots=True)
class Hold:
    """A time limit that ends at this step's start (or `at_end`), counted from an event of another step."""

    step: str
    moment: str
    nor: str
    par: str
    uom: str
    minimum: bool = False
    at_end: bool = False


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


def _hold(part: str) -> Hold:
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
