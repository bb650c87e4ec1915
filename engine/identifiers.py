"""Identifiers that people and scanners read: compared without spaces, their check characters verified.

Source: ISO/IEC 7064 (mod 37-2); ISBT 128 for the form of a donation identification number.
"""

from __future__ import annotations

import re

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ*"
_DIN = re.compile(r"^=?([A-NP-Z1-9]\d{4}\d{2}\d{6})([0-9A-Z*])?$")


def check_character(text: str) -> str:
    """The ISO/IEC 7064 mod 37-2 check character of letters and digits: `G123498654321` has `H`."""
    total = 0
    for character in text:
        total = (total + _ALPHABET.index(character)) * 2 % 37
    return _ALPHABET[(38 - total) % 37]


def plain(code: str) -> str:
    """A code as it is compared: upper case, no spaces; a donation identification number without its check character."""
    folded = "".join(code.upper().split())
    din = _DIN.match(folded)
    return din[1] if din else folded


def wrong_check_character(code: str) -> str:
    """Why a donation identification number can't be right, or nothing."""
    din = _DIN.match("".join(code.upper().split()))
    if din and din[2] and check_character(din[1]) != din[2]:
        return f"{code}: the check character should be {check_character(din[1])}, not {din[2]}. Scan it again."
    return ""
