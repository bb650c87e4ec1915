"""Units of measure as people write them, mapped to the units that a recipe can print.

A spelling that can mean one unit only is taken; one that could mean several, or that differs only in capitals where
capitals matter, is taken with a doubt that names the others. What is no unit of ours stays unknown.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bpmn.units import UNITS, UnknownUnitError, unit

_WORDS: dict[str, tuple[str, ...]] = {
    "C": (
        "°C",
        "° C",
        "ºC",
        "℃",
        "deg C",
        "degC",
        "deg. C",
        "degrees C",
        "degree C",
        "degrees Celsius",
        "Celsius",
        "Cel",
        "Grad C",
    ),
    "K": ("Kelvin", "kelvin"),
    "%": ("percent", "per cent", "pct", "Prozent", "％"),
    "% v/v": ("%v/v", "% (v/v)", "%(v/v)", "% vol", "vol%", "Vol.-%", "Vol-%"),
    "% w/v": ("%w/v", "% (w/v)", "%(w/v)", "% m/v"),
    "% w/w": ("%w/w", "% (w/w)", "%(w/w)", "% m/m", "wt%"),
    "% RH": ("%RH", "% r.h.", "% rH", "% r.F.", "%rF", "RH"),
    "% DO": ("%DO", "% dO2", "% air saturation", "% pO2", "DO"),
    "pH": ("pH units", "pH unit", "pH-Einheiten"),
    "s": ("sec", "sec.", "secs", "second", "seconds", "Sek", "Sek.", "Sekunde", "Sekunden"),
    "min": ("min.", "mins", "minute", "minutes", "Minute", "Minuten"),
    "h": ("hr", "hr.", "hrs", "hrs.", "hour", "hours", "Std", "Std.", "Stunde", "Stunden"),
    "d": ("day", "days", "Tag", "Tage", "Tagen"),
    "wk": ("week", "weeks", "Woche", "Wochen"),
    "g": ("gram", "grams", "gramme", "grammes", "gr", "gm", "Gramm"),
    "kg": ("kilogram", "kilograms", "kilo", "kilos"),
    "mg": ("milligram", "milligrams"),
    "ug": ("µg", "μg", "mcg", "microgram", "micrograms"),
    "L": ("l", "ltr", "litre", "litres", "liter", "liters", "Liter"),
    "mL": ("ml", "cc", "ccm", "millilitre", "millilitres", "milliliter", "milliliters"),
    "uL": ("µL", "μL", "µl", "μl", "ul", "microlitre", "microlitres", "microliter", "microliters"),
    "um": ("µm", "μm", "micron", "microns"),
    "m2": ("m²",),
    "cm2": ("cm²",),
    "m3": ("m³",),
    "rpm": ("r.p.m.", "rev/min", "min-1", "min^-1", "min⁻¹", "1/min.", "rounds per minute", "revolutions per minute"),
    "x g": ("xg", "×g", "× g", "*g", "rcf", "RCF", "g-force", "x-g"),
    "bar": ("bars", "barg", "bar(g)", "bar g"),
    "mbar": ("millibar",),
    "psi": ("psig", "lb/in2"),
    "mmHg": ("mm Hg", "torr", "Torr"),
    "mL/min": ("ml/min", "mL per minute", "mL per min", "ml per minute"),
    "L/min": ("l/min", "lpm", "LPM", "slpm", "SLPM", "L per minute"),
    "mL/h": ("ml/h", "mL/hr", "ml/hr"),
    "L/h": ("l/h", "L/hr", "l/hr"),
    "C/min": ("°C/min", "deg C/min", "°C per minute"),
    "mS/cm": ("mS cm-1",),
    "uS/cm": ("µS/cm", "μS/cm"),
    "mOsm/kg": ("mOsmol/kg", "mosm/kg", "mOsm"),
    "mPa.s": ("mPas", "mPa·s", "mPa*s"),
    "EU/mL": ("EU/ml", "I.E./mL", "EU per mL"),
    "IU/mL": ("IU/ml", "I.U./mL", "IE/mL", "IE/ml"),
    "U/mL": ("U/ml",),
    "CFU/mL": ("cfu/ml", "KBE/mL", "KBE/ml"),
    "CFU/100 mL": ("CFU/100mL", "cfu/100 ml", "KBE/100 mL"),
    "CFU/m3": ("CFU/m³", "cfu/m3", "KBE/m³", "KBE/m3"),
    "CFU": ("cfu", "KBE"),
    "CFU/plate": ("cfu/plate", "KBE/Platte"),
    "cells": ("cell", "viable cells", "Zellen"),
    "cells/mL": (
        "cells/ml",
        "cells per mL",
        "cells per ml",
        "cell/mL",
        "viable cells/mL",
        "viable cells/ml",
        "vc/mL",
        "c/mL",
        "Zellen/mL",
        "Zellen/ml",
    ),
    "cells/cm2": ("cells/cm²", "Zellen/cm²"),
    "cells/kg": ("cells per kg",),
    "cells/bag": ("cells per bag",),
    "copies/cell": ("copies per cell",),
    "copies/transduced cell": ("copies per transduced cell",),
    "particles/m3": ("particles/m³", "Partikel/m³"),
    "pieces": ("pcs", "pcs.", "pc", "pc.", "piece", "ea", "each", "Stück", "Stk", "Stk."),
    "vials": ("vial",),
    "bags": ("bag",),
    "bottles": ("bottle",),
    "tubes": ("tube",),
    "plates": ("plate",),
    "flasks": ("flask",),
    "syringes": ("syringe",),
    "samples": ("sample",),
    "labels": ("label",),
    "cycles": ("cycle", "Zyklen"),
    "passages": ("passage",),
    "doses": ("dose",),
    "beads": ("bead",),
    "doublings": ("doubling", "PDL"),
    "1/min": ("/min", "per minute", "bpm"),
    "1/h": ("/h", "per hour"),
}

_DOUBTS = {
    "U/min": ("rpm", "U/min is taken as revolutions per minute; it could be enzyme units per minute"),
    "Upm": ("rpm", ""),
    "m": ("m", "m is metres; minutes are written min"),
    "M": ("M", "M is mol/L; metres are written m"),
    "sec-1": ("1/s", ""),
    "units": ("U", "units are taken as enzyme units; pieces and international units have codes of their own"),
    "unit": ("U", "units are taken as enzyme units; pieces and international units have codes of their own"),
    "gauge": ("bar", "gauge is taken as bar"),
    "/mL": ("cells/mL", "counted per mL: taken as cells"),
    "/ml": ("cells/mL", "counted per mL: taken as cells"),
    "torr": ("mmHg", "torr is taken as mmHg"),
    "Torr": ("mmHg", "torr is taken as mmHg"),
    "DO": ("% DO", "DO is taken as % of air saturation"),
    "RH": ("% RH", ""),
    "barg": ("bar", "pressure above that of the air: say so in the name"),
    "bar(g)": ("bar", "pressure above that of the air: say so in the name"),
    "bar g": ("bar", "pressure above that of the air: say so in the name"),
    "psig": ("psi", "pressure above that of the air: say so in the name"),
    "slpm": ("L/min", "standard litres are taken as litres"),
    "SLPM": ("L/min", "standard litres are taken as litres"),
}
_SAID: dict[str, tuple[str, str]] = {code: (code, "") for code in UNITS if code != "1"}
for _code, _spellings in _WORDS.items():
    unit(_code)
    for _spelling in _spellings:
        _SAID.setdefault(_spelling, (_code, ""))
_SAID |= _DOUBTS
_FOLDED: dict[str, set[str]] = {}
for _spelling, (_code, _) in _SAID.items():
    _FOLDED.setdefault(_spelling.casefold(), set()).add(_code)


_LONGEST = 40
_SHARE = re.compile(
    r"%\s?(?:(?P<gas>CO2|CO₂|O2|O₂|N2|N₂)|viability|viable|recovery|purity|confluence|confluency|CD\d+\+?)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class UnitWord:
    """A unit as it was read: its code (empty: unknown), what is doubtful about that, and how many characters it took."""

    code: str
    doubt: str = ""
    length: int = 0


_POWER = re.compile(r"(?:[x×*]\s*)?(?:10\s*\^\s*(\d{1,2})|1?[eE]\+?(\d{1,2})|10([⁰¹²³⁴⁵⁶⁷⁸⁹]{1,2}))\s*[·*x×]?\s*(?=\S)")


def split_power(text: str) -> tuple[str, str]:
    """A unit that counts in powers of ten, `x 10^6 cells/mL`: the power, and the unit; ("", text) for others."""
    match = _POWER.match(text.strip())
    if match is None or read_unit(text).code:
        return "", text
    power = (match[1] or match[2] or match[3]).translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789"))
    return str(int(power)), text.strip()[match.end() :]


def read_unit(text: str) -> UnitWord:
    """The unit that a whole cell says; code "" with a doubt where it says none of ours, and "" for an empty cell."""
    plain = re.sub(r"\s+", " ", text).strip().strip("[]").strip()
    if not plain or plain in ("-", "–", "—", "n/a", "N/A", "none"):
        return UnitWord("")
    if plain in ("1", "dimensionless", "ratio"):
        return UnitWord("1")
    if len(plain) > _LONGEST:
        return UnitWord("", f"{plain[:_LONGEST]} … is no unit of measure of a recipe")
    found = _meaning(plain)
    if found is not None:
        return found
    if plain.startswith("(") and plain.endswith(")"):
        return read_unit(plain[1:-1])
    return UnitWord("", _unknown(plain))


def unit_at(text: str, start: int) -> UnitWord | None:
    """The longest unit that begins at a place of a text and ends where a word ends; None where there is none."""
    for spelling in _candidates(text, start):
        end = start + len(spelling)
        following = text[end : end + 1]
        if following and (following.isalnum() or following in "/²³µ°") and spelling[-1] not in "°":
            continue
        found = _meaning(re.sub(r"\s+", " ", spelling))
        if found is not None:
            return UnitWord(found.code, found.doubt, len(spelling))
    return None


def _candidates(text: str, start: int) -> list[str]:
    """What may be a unit at this place, longest first: no unit is longer than 25 characters."""
    piece = text[start : start + 26]
    return [piece[:length] for length in range(len(piece), 0, -1) if not piece[length - 1].isspace()]


def _meaning(plain: str) -> UnitWord | None:
    if share := _SHARE.fullmatch(plain):
        code = "% v/v" if share["gas"] else "%"
        return UnitWord(code, f"{plain} is taken as {code}; what it is a share of stands in the name")
    exact = _SAID.get(plain) or _SAID.get(plain.replace(" ", ""))
    if exact is not None:
        return UnitWord(*exact)
    codes = sorted(_FOLDED.get(plain.casefold(), set()) | _FOLDED.get(plain.casefold().replace(" ", ""), set()))
    if not codes:
        return None
    if len(codes) == 1:
        return UnitWord(codes[0], "" if len(plain) > 2 or plain.casefold() != codes[0].casefold() else _capitals(plain, codes))
    return UnitWord(codes[0], _capitals(plain, codes))


def _capitals(plain: str, codes: list[str]) -> str:
    others = f"; it could be {' or '.join(codes[1:])}" if codes[1:] else ""
    return f"{plain} is taken as {codes[0]}{others}"


def _unknown(plain: str) -> str:
    try:
        unit(plain)
    except UnknownUnitError as error:
        near = f"; did you mean {' or '.join(error.near)}?" if error.near else ""
        return f"{plain} is no unit of measure of a recipe{near}"
    return ""
