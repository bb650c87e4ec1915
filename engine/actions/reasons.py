"""A reason has to say something."""

from __future__ import annotations

from engine.errors import ReasonRequiredError


def reason(text: str) -> str:
    """A reason that says something; one character is none. Source: Annex 11 s.9."""
    stripped = " ".join(text.split())
    if len(stripped) < 3 or len(set(stripped)) < 2:
        raise ReasonRequiredError("At least a word or two.")
    return stripped
