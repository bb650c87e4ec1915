"""The patient's order: the fields that a recipe's expressions and hold times use, and its identifiers."""

from __future__ import annotations

from collections.abc import Iterable

from bpmn import vocabulary as v
from bpmn.expressions import ExpressionError
from bpmn.expressions.tokens import Token, tokens
from bpmn.importers.header import Header

_MOMENTS = ("start", "end")
_TIMES = ("hours", "minutes", "days")


def order_fields(texts: Iterable[str], holds: Iterable[v.HoldTime], header: Header) -> tuple[v.OrderField, ...]:
    """Identifiers first, then the other fields in the order of the header and of use; the type follows the use."""
    types: dict[str, v.ParameterType] = {}
    for text in texts:
        for name, kind in _uses(text).items():
            types[name] = kind if types.get(name, "num") == "num" else types[name]
    for hold in holds:
        head, _, name = hold.from_event.partition(".")
        if head == "order":
            types[name] = "date_time"
    said = {**header.order, **{name: header.order.get(name, {}) for name in types}}
    fields = [
        v.OrderField(
            name,
            entry.get("type", types.get(name, "text")),
            entry.get("label") or (name[0].upper() + name[1:].replace("_", " ")),
            entry.get("uom", ""),
            entry.get("identifier", False),
        )
        for name, entry in said.items()
    ]
    return tuple(sorted(fields, key=lambda f: not f.identifier))


def _uses(text: str) -> dict[str, v.ParameterType]:
    """The order's fields in an expression, with the type that their use there asks for."""
    try:
        words = tokens(text)
    except ExpressionError:
        return {}
    found: dict[str, v.ParameterType] = {}
    for index, word in enumerate(words):
        head, _, name = word.text.partition(".")
        if word.sort == "name" and head == "order" and name:
            found[name] = _type(words, index)
    return found


def _type(words: list[Token], index: int) -> v.ParameterType:
    before = words[index - 1].text if index else ""
    beyond = words[index - 2] if index > 1 else None
    after, following = words[index + 1].text, words[min(index + 2, len(words) - 1)]
    for symbol, other in ((before, beyond), (after, following)):
        if other is None:
            continue
        if symbol in ("==", "!=") and other.sort == "text":
            return "text"
        if symbol in ("==", "!=") and other.text in ("true", "false"):
            return "bool"
        moment = other.text.rpartition(".")[2] in _MOMENTS
        if symbol in ("-", "<", "<=", ">", ">=") and moment:
            return "date_time"
        if symbol in ("-", "+") and other.text in _TIMES:
            return "date_time"
    return "num"
