"""How changes are said: names of properties, one line for a thing that came or went, one sentence for a change."""

from __future__ import annotations

from collections.abc import Iterable

from bpmn.diff.meanings import MEANINGS
from bpmn.diff.parts import Part
from bpmn.vocabulary import MEANINGS as SIGNED
from bpmn.vocabulary import ROLES

PROPERTIES: dict[str, str] = {
    "norLow": "lower normal limit", "norHigh": "upper normal limit", "parLow": "lower accepted limit",
    "parHigh": "upper accepted limit", "limitAction": "what happens outside", "uom": "unit", "afterEnd": "recorded after the end",
    "when": "asked for when", "class": "class", "source": "where the value comes from", "why": "why",
    "qualifier": "results like <0.25", "exclusive": "bound", "unitProcedure": "unit procedure", "rationale": "why",
    "decisionRoles": "who decides exceptions",
    "roles": "who may sign", "meanings": "meaning", "differs": "not signed by the signers of",
    "nor": "normal", "par": "accepted", "from": "begins with", "to": "ends with", "links": "results to look at",
    "loopMaximum": "most iterations", "loopCondition": "repeats while", "loopCardinality": "number of iterations",
    "conditionExpression": "condition", "documentation": "remark", "attachedToRef": "attached to", "place": "place",
    "calledElement": "called process", "due": "due at", "hold": "hold time", "departs": "is a departure",
    "messageRef": "message", "escalationRef": "escalation", "departure": "departure", "target": "target",
    "mes:parameter": "parameter", "mes:signature": "signature", "mes:scan": "scan", "mes:choice": "answer",
    "mes:equipment": "equipment", "mes:material": "material", "mes:deviation": "typical deviation", "mes:origin": "origin",
    "mes:holdTime": "hold time", "mes:orderField": "field of the order", "mes:recipe": "header", "mes:step": "step data",
    "mes:timer": "due time", "mes:loop": "names of the iterations", "mes:service": "service", "dmn:definitions": "decision table",
    "dmn:rule": "row", "standardLoopCharacteristics": "loop", "multiInstanceLoopCharacteristics": "iterations",
    "textAnnotation": "note in the drawing", "lateEntry": "late entry", "branch": "branch",
    "hitPolicy": "hit policy", "minLength": "fewest characters", "maxLength": "most characters",
    "multiline": "several lines", "reporting": "what a change needs from the authorities",
    "working": "only working days count", "lateEntryMinutes": "minutes until an entry is late",
}  # fmt: skip
SLOTS = {"P": "performer", "W": "witness", "V": "verifier", "Q": "quality"}
_LONGEST = 90


def property_words(name: str) -> str:
    """What people call a property."""
    return PROPERTIES.get(name, name.rpartition(":")[2].rpartition("}")[2])


def item_words(part: Part) -> str:
    """What people call a thing that hangs on an element: `hold time H03`, `signature P`, `answer yes`."""
    words = property_words(part.name)
    return f"{words} {part.key}" if part.key and not part.key.startswith("#") else words


def content(part: Part) -> str:
    """All that a thing says, on one line: its name first, then its values, then what hangs on it."""
    if part.name == "mes:signature":
        return signature(part)
    known = ("name", "title", "")
    said = [part.get(name) for name in known if part.get(name)]
    values = [(k, text) for k, text in part.values.items() if k not in known and k != "id" and text != part.key]
    said += [f"{property_words(k)} {text}" for k, text in values]
    for inner in part.parts:
        said.append(f"{item_words(inner)} ({content(inner)})" if inner.values else property_words(inner.name))
    return "; ".join(said)


def signature(part: Part) -> str:
    """Who signs, as what; the identifiers where they are nobody we know."""
    roles = " or ".join(ROLES.get(role, role) for role in part.get("roles").split())
    meanings = " or ".join(SIGNED.get(meaning, meaning) for meaning in part.get("meanings").split())
    differs = part.get("differs")
    rest = [f"{name} {text}" for name, text in part.values.items() if name not in ("code", "roles", "meanings", "differs")]
    return "; ".join(filter(None, [roles, meanings, f"not the signers of {differs}" if differs else "", *rest]))


def lines(part: Part) -> str:
    """All that a step says, one line for each thing in it."""
    own = [f"{property_words(k)}: {text}" for k, text in part.values.items() if k not in ("name", "attachedToRef")]
    opened = ("extensionElements", "mes:step")
    inside = [lines(p) if p.name in opened else f"{item_words(p)}: {content(p)}" for p in part.parts]
    return "\n".join(filter(None, own + inside))


def short(text: str) -> str:
    """A value inside a sentence."""
    text = " ".join(text.split())
    return (text if len(text) <= _LONGEST else text[: _LONGEST - 1].rstrip() + "…") or "nothing"


def sentence(kind: str, where: Iterable[str], what: str, old: str, new: str, meanings: tuple[str, ...]) -> str:
    """One change in one sentence."""
    place = ", ".join(filter(None, where))
    meant = ", ".join(MEANINGS[name].words for name in meanings if MEANINGS[name].words not in what)
    if kind in ("added", "removed"):
        text = f"{place}: {what} {kind}" if what else f"{place} {kind}"
        detail = new if kind == "added" else old
        text += f": {short(detail)}" if detail else ""
    elif kind == "moved":
        text = f"{place}: {what}" if what else f"{place} moved"
        text += f": was {short(old)}, is {short(new)}"
    else:
        text = f"{place}: {what} from {short(old)} to {short(new)}"
    return f"{text} ({meant})" if meant else text
