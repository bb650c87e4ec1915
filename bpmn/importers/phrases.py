"""The phrases of the table of structure: what the cells `of` and `condition` of a parallel, exclusive or loop row say.

    parallel   [UP1] then {[UPM] | [UP2, UP3]} joined before S16
               after S33 {[UPQ: S34] | [UP8: S35, S36]} joined before S37      branches may hold {... | ...} again
               S26 beside L24
    exclusive  after S13        condition -> go on; condition -> S20; default -> terminate
               around S14       condition -> S14; default -> skip
               also             patient-specific departure (signed decision), then go on
    loop       S24, [G25: S25], [S27 once, on day 6], [S28 from day 7]
               again while S28.decision is not "harvest" or "terminate", at most to day 12     (or: at most 5 times)
               note: one iteration a day, first on day 3; previous of the first iteration is S22

Reading knows nothing of the steps: it only says what is written. Conditions stay text, in the words of the table.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

NAME = r"[A-Za-z][A-Za-z0-9_]*"


class PhraseError(ValueError):
    """A phrase that is not understood; `forms` says which ones are."""

    def __init__(self, message: str, forms: str) -> None:
        super().__init__(message)
        self.forms = forms


class StructureError(PhraseError):
    """A phrase that is understood but does not fit the steps; `forms` says what to do."""


PARALLEL_FORMS = (
    "write '[UP1] then {[UP2] | [UP3, UP4]} joined before S16', 'after S33 {[UP7: S34] | [S35, S36]} joined before "
    "S37' or 'S26 beside L24'"
)
EXCLUSIVE_OF_FORMS = "write 'after S13' or 'around S14'"
EXCLUSIVE_FORMS = (
    "write 'condition -> target; default -> target', where a target is go on, skip, terminate, a step, or "
    "'patient-specific departure (signed decision), then go on'"
)
LOOP_OF_FORMS = "write steps like 'S24, [G25: S25], [S27 once, on day 6], [S28 from day 7]'"
LOOP_FORMS = "write 'again while condition, at most to day 12' or 'again while condition, at most 5 times'"
LOOP_NOTE_FORMS = "write 'one iteration a day, first on day 3; previous of the first iteration is S22'"


@dataclass(frozen=True, slots=True)
class Branches:
    """Parts that run side by side; a part is names and, nested, branches again."""

    parts: tuple[tuple[str | Branches, ...], ...]


@dataclass(frozen=True, slots=True)
class ParallelPhrase:
    """Branches, what comes before them (`after`) and the step that needs them all (`before`); either may be empty."""

    branches: Branches
    after: str = ""
    before: str = ""
    beside: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """One way out of an exclusive gateway: `condition` (empty: default), by a signed departure or not, to `targets`.

    `targets` are names, or one of the words go on, terminate.
    """

    condition: str
    targets: tuple[str, ...]
    departure: bool = False


@dataclass(frozen=True, slots=True)
class LoopItem:
    """Names inside a loop; `gateway` is the exclusive row around them, `when` a condition on the iteration."""

    names: tuple[str, ...]
    gateway: str = ""
    when: str = ""


@dataclass(frozen=True, slots=True)
class LoopPhrase:
    """A loop: its items, the condition to go again (empty: always), and the number of its last iteration or of its iterations."""

    items: tuple[LoopItem, ...]
    again: str
    last: int = 0
    times: int = 0
    counter: str = ""
    first: int = 1
    previous: str = ""


def split_outside(text: str, separator: str) -> list[str]:
    """The parts of a text between separators that stand in no quotes and no brackets."""
    parts, depth, quote, start = [], 0, "", 0
    for place, character in enumerate(text):
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
        elif character == separator and depth == 0:
            parts.append(text[start:place])
            start = place + 1
    return [part.strip() for part in [*parts, text[start:]]]


def read_parallel(of: str) -> ParallelPhrase:
    """The `of` cell of a parallel row. Raises PhraseError."""
    match = re.fullmatch(rf"({NAME}(?:\s*,\s*{NAME})*)\s+beside\s+({NAME})", of)
    if match:
        return ParallelPhrase(Branches(((match[2],), _names(match[1]))), beside=True)
    return _ParallelReader(of).read()


class _ParallelReader:
    """Reads `prefix {[a] | [b, {[c] | [d]}]} joined before e`, one word at a time."""

    def __init__(self, text: str) -> None:
        self._words = re.findall(rf"{NAME}|\S", text)
        self._text = text

    def read(self) -> ParallelPhrase:
        after = before = ""
        if self._take("after"):
            after = self._name()
        elif self._peek() == "[":
            after = str(self._bracket()[-1])
            self._expect("then")
        branches = self._branches()
        if self._take("joined"):
            self._expect("before")
            before = self._name()
        if self._words:
            raise self._not_understood(self._words[0])
        return ParallelPhrase(branches, after, before)

    def _branches(self) -> Branches:
        self._expect("{")
        parts = [self._part()]
        while self._take("|"):
            parts.append(self._part())
        self._expect("}")
        if len(parts) < 2:
            raise PhraseError(f"{self._text!r} has one branch only", PARALLEL_FORMS)
        return Branches(tuple(parts))

    def _part(self) -> tuple[str | Branches, ...]:
        return self._bracket() if self._peek() == "[" else self._entries()

    def _bracket(self) -> tuple[str | Branches, ...]:
        self._expect("[")
        entries = self._entries()
        self._expect("]")
        return entries

    def _entries(self) -> tuple[str | Branches, ...]:
        entries = [self._entry()]
        while True:
            if self._take(":"):
                entries.pop()  # the unit procedure in "UP8: S35, S36" only says where the steps stand
            elif not self._take(","):
                return tuple(entries)
            entries.append(self._entry())

    def _entry(self) -> str | Branches:
        return self._branches() if self._peek() == "{" else self._name()

    def _peek(self) -> str:
        return self._words[0] if self._words else ""

    def _take(self, word: str) -> bool:
        if self._peek() != word:
            return False
        self._words.pop(0)
        return True

    def _expect(self, word: str) -> None:
        if not self._take(word):
            raise self._not_understood(self._peek() or "the end")

    def _name(self) -> str:
        if not re.fullmatch(NAME, self._peek()):
            raise self._not_understood(self._peek() or "the end")
        return self._words.pop(0)

    def _not_understood(self, word: str) -> PhraseError:
        return PhraseError(f"{self._text!r} is not understood at {word!r}", PARALLEL_FORMS)


def read_exclusive_of(of: str) -> tuple[str, tuple[str, ...]]:
    """The `of` cell of an exclusive row: ("after" or "around", names). Raises PhraseError."""
    match = re.fullmatch(rf"(after|around)\s+\[?\s*({NAME}(?:\s*,\s*{NAME})*)\s*\]?", of)
    if not match or (match[1] == "after" and "," in match[2]):
        raise PhraseError(f"{of!r} is not understood", EXCLUSIVE_OF_FORMS)
    return match[1], _names(match[2])


def read_outcomes(condition: str) -> tuple[Outcome, ...]:
    """The `condition` cell of an exclusive row; the default comes last. Raises PhraseError."""
    outcomes = []
    for part in (part for part in split_outside(condition, ";") if part):
        said, arrow, target = (word.strip() for word in re.sub("→", "->", part).rpartition("->"))
        if not arrow or not said or not target:
            raise PhraseError(f"{part!r} is not understood", EXCLUSIVE_FORMS)
        outcomes.append(_outcome("" if said in ("default", "otherwise", "else") else said, target))
    defaults = [outcome for outcome in outcomes if not outcome.condition]
    if len(defaults) != 1 or len(outcomes) < 2 or outcomes[-1].condition:
        raise PhraseError(f"{condition!r} needs conditions and, last, one default", EXCLUSIVE_FORMS)
    return tuple(outcomes)


def _outcome(condition: str, target: str) -> Outcome:
    match = re.fullmatch(r"patient[- ]specific departure(?:\s*\(signed decision\))?(?:\s*,?\s*then\s+(.+))?", target)
    if match:
        return Outcome(condition, _targets(match[1] or "go on"), departure=True)
    return Outcome(condition, _targets(target))


def _targets(target: str) -> tuple[str, ...]:
    if target in ("go on", "skip", "continue"):
        return ("go on",)
    if target in ("terminate", "stop"):
        return ("terminate",)
    if not re.fullmatch(rf"{NAME}(\s*,\s*{NAME})*", target):
        raise PhraseError(f"the target {target!r} is not understood", EXCLUSIVE_FORMS)
    return _names(target)


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(","))


def read_loop(of: str, condition: str, note: str) -> LoopPhrase:
    """The three cells of a loop row. Raises PhraseError."""
    said: dict[str, str | int] = {}
    for clause in (clause for clause in split_outside(condition, ",") if clause):
        if not _clause(clause, _CONDITION_CLAUSES, said):
            raise PhraseError(f"{clause!r} is not understood", LOOP_FORMS)
    for clause in (clause for part in split_outside(note, ";") for clause in split_outside(part, ",") if clause):
        # Anything else in a note is a remark, but not what looks like one of our phrases and is misspelt.
        if not _clause(clause, _NOTE_CLAUSES, said) and re.search(r"\b(first|previous|iteration)\b", clause):
            raise PhraseError(f"{clause!r} is not understood", LOOP_NOTE_FORMS)
    counter = str(said.get("counter", "") or said.get("word", ""))
    for word in (said.get("word", counter), said.get("first_word", counter)):
        if word not in (counter, "iteration"):
            raise PhraseError(f"iterations are counted as {counter} and as {word}", LOOP_NOTE_FORMS)
    if not ("last" in said or "times" in said):
        raise PhraseError(f"{condition!r} does not say at most how often", LOOP_FORMS)
    items = tuple(_loop_item(part, counter or "iteration") for part in split_outside(of, ",") if part)
    return LoopPhrase(
        items, str(said.get("again", "")), int(said.get("last", 0)), int(said.get("times", 0)), counter,
        int(said.get("first", 1)), str(said.get("previous", "")),
    )  # fmt: skip


_Clauses = tuple[tuple[str, Callable[[re.Match[str]], dict[str, str | int]]], ...]
_CONDITION_CLAUSES: _Clauses = (
    (r"again while (.+)", lambda m: {"again": m[1]}),
    (r"at most to (\w+) (\d+)", lambda m: {"word": m[1], "last": int(m[2])}),
    (r"at most (\d+) times", lambda m: {"times": int(m[1])}),
    (r"(?:exactly )?(\d+) times", lambda m: {"times": int(m[1])}),
)
_NOTE_CLAUSES: _Clauses = (
    (r"one iteration an? (\w+)", lambda m: {"counter": m[1]}),
    (r"first on (\w+) (\d+)", lambda m: {"first_word": m[1], "first": int(m[2])}),
    (rf"previous of the first iteration is ({NAME})", lambda m: {"previous": m[1]}),
)


def _clause(clause: str, known: _Clauses, said: dict[str, str | int]) -> bool:
    for pattern, meaning in known:
        match = re.fullmatch(pattern, clause)
        if match:
            said.update(meaning(match))
            return True
    return False


def _loop_item(part: str, counter: str) -> LoopItem:
    if re.fullmatch(NAME, part):
        return LoopItem((part,))
    names_and_when = rf"({NAME}(?:\s*,\s*{NAME})*?)(?:\s*,?\s*\b((?:once|on|from|to|until)\b.*?))?"
    match = re.fullmatch(rf"\[\s*(?:({NAME})\s*:)?\s*{names_and_when}\s*\]", part)
    if not match:
        raise PhraseError(f"{part!r} is not understood", LOOP_OF_FORMS)
    gateway, names, when = match.groups()
    if gateway and when:
        raise PhraseError(f"{part!r} has both a gateway and a time", LOOP_OF_FORMS)
    return LoopItem(_names(names), gateway or "", _when(when, counter, part) if when else "")


def _when(text: str, counter: str, part: str) -> str:
    """A condition on the iteration's number: `once, on day 6` is `day == 6`."""
    words = re.sub(r"^once\s*,?\s*", "", text)
    for pattern, form in (
        (rf"on {counter} (\d+)", "{counter} == {0}"),
        (rf"from {counter} (\d+)", "{counter} >= {0}"),
        (rf"(?:to|until) {counter} (\d+)", "{counter} <= {0}"),
        (rf"from {counter} (\d+) to (?:{counter} )?(\d+)", "{0} <= {counter} <= {1}"),
    ):
        match = re.fullmatch(pattern, words)
        if match:
            return form.format(*match.groups(), counter=counter)
    match = re.fullmatch(rf"on {counter}s ((?:\d+, )*\d+(?: and \d+)?)", words)
    if match:
        return " or ".join(f"{counter} == {number}" for number in re.findall(r"\d+", match[1]))
    forms = f"write 'once, on {counter} 6', 'on {counter}s 4, 6 and 8', 'from {counter} 7' or 'to {counter} 9'"
    raise PhraseError(f"{text!r} in {part!r} is not understood", forms)
