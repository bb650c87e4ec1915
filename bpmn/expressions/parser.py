"""Tokens into the tree of an expression, by precedence climbing.

From loose to tight: `if else`, `or`, `and`, `not`, comparisons, `+ -`, `* /`, minus sign, `**`.
"""

from __future__ import annotations

from decimal import Decimal

from bpmn.expressions import nodes
from bpmn.expressions.errors import ExpressionError
from bpmn.expressions.nodes import Node
from bpmn.expressions.tokens import KEYWORDS, Token, tokens
from bpmn.expressions.values import FUNCTIONS

MAX_DEPTH = 40  # at two Python frames a level, far from the interpreter's recursion limit
MAX_WORDS = 500  # the dearest 500, a chain of fractional powers, take 7 ms

_IF, _OR, _AND, _NOT, _COMPARE, _SUM, _PRODUCT, _SIGN, _POWER = range(1, 10)
_LEVELS = {
    "if": _IF,
    "or": _OR,
    "and": _AND,
    **dict.fromkeys(("<", "<=", ">", ">=", "==", "!="), _COMPARE),
    "+": _SUM,
    "-": _SUM,
    "*": _PRODUCT,
    "/": _PRODUCT,
    "**": _POWER,
}
RESERVED = KEYWORDS | FUNCTIONS.keys()


class Parser:
    """Reads one expression; afterwards `names` holds every name it asks for."""

    def __init__(self, text: str) -> None:
        self._tokens = tokens(text)
        self._next = 0
        self._count = 0
        self.names: set[str] = set()

    def parse(self) -> Node:
        """The whole text as one tree. Raises ExpressionError."""
        if self._token.sort == "end":
            raise ExpressionError("the expression is empty", 0)
        tree = self._expression(_IF, 0)
        if self._token.sort != "end":
            raise self._unexpected(self._token)
        return tree

    @property
    def _token(self) -> Token:
        return self._tokens[self._next]

    def _advance(self) -> Token:
        token = self._tokens[self._next]
        self._next += 1
        self._count += 1
        if self._count > MAX_WORDS:
            raise ExpressionError(
                f"an expression has at most {MAX_WORDS} words", token.position, "compute it in several parameters"
            )
        return token

    # Comparing the text of a token alone is safe: the text of a quoted text includes its quotes.

    def _expression(self, level: int, depth: int) -> Node:
        """Everything that binds at least as tightly as `level`."""
        if depth > MAX_DEPTH:
            raise ExpressionError(f"nested more than {MAX_DEPTH} deep", self._token.position, "take it apart")
        left = self._operand(level, depth + 1)
        while (found := _LEVELS.get(self._token.text, 0)) >= level:
            left = self._chain(left, found, depth + 1)
        return left

    def _operand(self, level: int, depth: int) -> Node:
        token = self._advance()
        if token.sort == "number":
            return nodes.Literal(Decimal(token.text))
        if token.sort == "text":
            return nodes.Literal(token.text[1:-1])
        if token.sort == "name":
            return self._name_or_call(token, depth)
        if token.text in ("true", "false"):
            return nodes.Literal(token.text == "true")
        if token.text == "not" and level <= _NOT:
            return nodes.Not(self._expression(_NOT, depth))
        if token.text == "-":
            return nodes.Negation(self._expression(_SIGN, depth))
        if token.text == "(":
            inner = self._expression(_IF, depth)
            self._expect(")")
            return inner
        raise self._unexpected(token)

    def _chain(self, left: Node, level: int, depth: int) -> Node:
        """`left` and all that follows it on this level: flat, so a long sum is not a deep one."""
        if level == _IF:
            self._advance()
            condition = self._expression(_OR, depth)
            self._expect("else")
            return nodes.Choice(condition, left, self._expression(_IF, depth))
        if level == _POWER:  # groups to the right: 2 ** 3 ** 2 is 2 ** 9, and 2 ** -1 is a half
            self._advance()
            return nodes.Calculation(left, (("**", self._expression(_SIGN, depth)),))
        rest: list[tuple[str, Node]] = []
        while _LEVELS.get(self._token.text) == level:
            symbol = self._advance().text
            rest.append((symbol, self._expression(level + 1, depth)))
        if level == _OR:
            return nodes.AnyOf((left, *(node for _, node in rest)))
        if level == _AND:
            return nodes.AllOf((left, *(node for _, node in rest)))
        if level == _COMPARE:
            return nodes.Comparison(left, tuple(rest))
        return nodes.Calculation(left, tuple(rest))

    def _name_or_call(self, token: Token, depth: int) -> Node:
        called = self._token.text == "("
        if token.text in FUNCTIONS:
            if not called:
                raise ExpressionError(f"{token.text} is a function", token.position, f"write {token.text}(...)")
            return self._call(token, depth)
        if called:
            known = ", ".join(sorted(FUNCTIONS))
            raise ExpressionError(f"there is no function {token.text}", token.position, f"there are {known}")
        if token.text in ("True", "False", "None"):
            raise ExpressionError(f"{token.text} is not a value", token.position, "write true or false")
        self.names.add(token.text)
        return nodes.Name(token.text)

    def _call(self, token: Token, depth: int) -> Node:
        self._advance()
        arguments: list[Node] = []
        while self._token.text != ")":
            if arguments:
                self._expect(",")
            arguments.append(self._expression(_IF, depth))
        self._advance()
        _, fewest, most = FUNCTIONS[token.text]
        if not fewest <= len(arguments) <= most:
            number = str(fewest) if fewest == most else f"{fewest} to {most}"
            raise ExpressionError(f"{token.text} takes {number} arguments, not {len(arguments)}", token.position)
        return nodes.Call(token.text, tuple(arguments))

    def _expect(self, text: str) -> None:
        if self._token.text != text:
            raise self._unexpected(self._token, f"{text} is expected here")
        self._advance()

    @staticmethod
    def _unexpected(token: Token, hint: str = "") -> ExpressionError:
        if token.sort == "end":
            return ExpressionError("the expression ends too early", token.position, hint)
        return ExpressionError(f"{token.text} is not expected here", token.position, hint)
