"""What can be wrong with an expression: when it is written, and when it is asked for its value."""

from __future__ import annotations

from typing import ClassVar


class ExpressionError(ValueError):
    """The text is not an expression; nothing of it is ever evaluated.

    `position` is the index into the text (from 0) where reading stopped, `hint` what to write instead, or "".
    """

    def __init__(self, message: str, position: int = 0, hint: str = "") -> None:
        super().__init__(message, position, hint)
        self.message = message
        self.position = position
        self.hint = hint

    def __str__(self) -> str:
        text = f"{self.message} (at character {self.position + 1})"
        return f"{text}; {self.hint}" if self.hint else text


class EvaluationError(Exception):
    """The expression has no value for what was recorded. `code` enters records and never changes."""

    code: ClassVar[str]

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class UnknownNameError(EvaluationError):
    """The expression asks for a name that the scope does not know. `name` is that name."""

    code = "unknown_name"

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is not known here")
        self.name = name


class UndefinedValueError(EvaluationError):
    """There is no such number: division by zero, ln of nothing, or a value that is not recorded yet."""

    code = "undefined_value"


class TypeMismatchError(EvaluationError):
    """Two things were put together that do not go together, such as a number and a text."""

    code = "type_mismatch"


class LimitExceededError(EvaluationError):
    """The value is larger, smaller or longer than any record of a batch can be."""

    code = "limit_exceeded"
