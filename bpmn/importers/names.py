"""Names inside the expressions of a recipe: which ones there are, and what a short one means."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bpmn.expressions import ExpressionError, parse
from bpmn.expressions.tokens import Token, tokens
from bpmn.importers.tables import Problems, Row

IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
MOMENTS = frozenset({"start", "end"})


@dataclass(frozen=True)
class Names:
    """The steps of a recipe with the ids of their parameters, and the names that count the iterations of its loops."""

    parameters: Mapping[str, frozenset[str]]
    counters: frozenset[str] = field(default_factory=frozenset)

    def full(self, name: str, step: str) -> str:
        """What a name in an expression of that step means: `dose` is `S31.dose` when only S31 has a dose.

        Raises KeyError (with the reason) for a name that means nothing or more than one thing.
        """
        head, dot, tail = name.partition(".")
        if head == "order" and dot:
            return name
        if head == "previous" and dot:
            if tail not in self.parameters.get(step, ()):
                raise KeyError(f"{step} has no parameter {tail}")
            return name
        if dot:
            if head not in self.parameters:
                raise KeyError(f"there is no step {head}")
            if tail not in MOMENTS and tail not in self.parameters[head]:
                raise KeyError(f"{head} has no parameter {tail}")
            return name
        if name in MOMENTS or name in self.counters or name in self.parameters.get(step, ()):
            return name
        owners = [owner for owner, known in self.parameters.items() if name in known]
        if len(owners) == 1:
            return f"{owners[0]}.{name}"
        raise KeyError(f"{name} is a parameter of {' and '.join(owners)}" if owners else f"nothing is called {name}")


def rename(text: str, meaning: Mapping[str, str]) -> str:
    """The expression with names replaced; everything else stays as it was written. Raises ExpressionError."""
    pieces, last = [], 0
    for token in tokens(text):
        if token.sort == "name":
            pieces += [text[last : token.position], meaning.get(token.text, token.text)]
            last = token.position + len(token.text)
    return "".join([*pieces, text[last:]])


def checked(text: str, step: str, names: Names, row: Row, column: str, problems: Problems, *, outside: bool = False) -> str:
    """The expression with short names of other steps spelled out; what is wrong with it is noted.

    `outside`: it is evaluated outside of the step (a gateway), so the step's own parameters are spelled out too.
    """
    try:
        found = parse(text).names
    except ExpressionError as error:
        problems.add(row, column, f"{text!r} is no expression: {error.message}", error.hint or "correct it")
        return text
    meaning = {}
    for name in sorted(found):
        try:
            full = names.full(name, step)
        except KeyError as error:
            problems.add(row, column, f"{error.args[0]}, in {text!r}", "write a parameter of this step or STEP.parameter")
            continue
        own = outside and "." not in full and full not in names.counters
        meaning[name] = f"{step}.{full}" if own else full
    return rename(text, meaning)


def plain_words(text: str) -> str:
    """The table's words in the expression language: `x is not "a" or "b"`, `the day`."""
    for words, symbol, joint in (("is not", "!=", " and "), ("is", "==", " or ")):
        for match in reversed(list(re.finditer(rf'([\w.]+) {words} ("[^"]*"(?: or "[^"]*")*)', text))):
            parts = [f"{match[1]} {symbol} {word}" for word in re.findall('"[^"]*"', match[2])]
            plain = joint.join(parts)
            text = text[: match.start()] + (plain if len(parts) == 1 else f"({plain})") + text[match.end() :]
    return re.sub(r"\bthe (?=[A-Za-z]\w*\b)", "", text).strip()


def literals(texts: Iterable[str]) -> dict[str, list[str]]:
    """Texts that a name is compared with: `S28.decision == "harvest"` gives {"S28.decision": ["harvest"]}."""
    found: dict[str, list[str]] = {}
    for text in texts:
        for name, symbol, literal in _triples(tokens(text)):
            if name.sort == "name" and symbol.text in ("==", "!=") and literal.sort == "text":
                known = found.setdefault(name.text, [])
                if (value := literal.text[1:-1]) not in known:
                    known.append(value)
    return found


def _triples(words: list[Token]) -> Iterable[tuple[Token, Token, Token]]:
    return zip(words, words[1:], words[2:], strict=False)


_OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_SIMPLE = re.compile(r"([\w.]+) (==|!=|<=|>=|<|>) (\"[^\"]*\"|[\w.]+)")


def bracketed(text: str) -> str:
    """The expression so that it can stand beside `and` and `or`."""
    return text if _SIMPLE.fullmatch(text) or _is_bracketed(text) else f"({text})"


def _is_bracketed(text: str) -> bool:
    return text.startswith("(") and text.endswith(")") and text.count("(") == 1


def negated(text: str) -> str:
    """The opposite of a condition, in the form a person would write it where that is short."""
    plain = text[1:-1] if _is_bracketed(text) else text
    for joint, other in ((" and ", " or "), (" or ", " and ")):
        matches = [_SIMPLE.fullmatch(part) for part in plain.split(joint)]
        if all(matches):
            return other.join(f"{m[1]} {_OPPOSITE[m[2]]} {m[3]}" for m in matches if m)
    return f"not ({text})"
