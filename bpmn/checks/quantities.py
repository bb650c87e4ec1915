"""A unit measures what the name says: a temperature is no mass, and a value called `gross_g` is in grams."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from lxml import etree

from bpmn.checks.report import Finding, at, shown, step_elements
from bpmn.diagram import Diagram, camel
from bpmn.expressions import ExpressionError, parse
from bpmn.units import UNITS, Unit
from bpmn.vocabulary import LIMIT_NAMES, Parameter

RULE = "quantities"

# A word at the end or beginning of a name -> what a unit of it measures. Only words that mean one thing.
_MEASURES = {
    "temperature": {"temperature", "rate of temperature"},
    "temp": {"temperature"},
    "ph": {"acidity"},
    "pressure": {"pressure"},
    "mass": {"mass", "mass by body mass", "mass flow", "mass concentration"},
    "weight": {"mass"},
    "duration": {"time"},
    "conductivity": {"conductivity"},
    "osmolality": {"osmolality", "osmolarity"},
    "viability": {"ratio"},
    "humidity": {"relative humidity", "ratio"},
}
# The last part of an id -> the units it may stand for. `min` is left out: it is a minute and a minimum.
_SUFFIXES = {
    "g": {"g"}, "kg": {"kg"}, "mg": {"mg"}, "ug": {"ug"}, "ml": {"mL"}, "ul": {"uL"}, "pct": {"%"}, "rpm": {"rpm"},
    "kpa": {"kPa"}, "mbar": {"mbar"}, "bar": {"bar"}, "degc": {"C"}, "hours": {"h"}, "minutes": {"min"}, "days": {"d"},
}  # fmt: skip
# What is measured -> between what it always lies, the lower end from where the scale begins.
_BOUNDS: dict[str, tuple[int | None, int | None]] = {
    "acidity": (0, 14), "temperature": (0, None), "relative humidity": (0, 100), "volume fraction": (0, 100),
    "mass fraction": (0, 100), "oxygen saturation": (0, None),
}  # fmt: skip
_SIGNED = frozenset({
    "rate of temperature", "time", "ratio", "pressure", "volume flow", "mass flow", "velocity", "voltage", "current", "power",
    "energy", "absorbance", "cell doublings",
})  # fmt: skip
_SHARE = re.compile(r"\b(?:viability|purity|humidity|confluence|confluency|saturation)\b", re.IGNORECASE)
_DIFFERENCE = re.compile(
    r"difference|differenz|change|änderung|delta|drift|deviation|abweichung|balance|error|offset|loss", re.IGNORECASE
)


def check(diagram: Diagram) -> Iterator[Finding]:
    """Warns of units that contradict the name or id, or each other under one name, and of limits that nothing ever reaches."""
    first: dict[str, tuple[str, str]] = {}
    for node in diagram.nodes.values():
        if node.step is None:
            continue
        for element, parameter in zip(step_elements(node, "parameter"), node.step.parameters, strict=True):
            unit = UNITS.get(parameter.uom)
            if unit is None or parameter.type not in ("num", "int"):
                continue
            yield from _impossible(element, parameter, unit)
            problem = _contradiction(parameter, unit.dimension)
            name = " ".join(parameter.name.lower().split())
            where, dimension = first.setdefault(name, (node.id, unit.dimension))
            if not problem and dimension != unit.dimension:
                problem = f"{shown(parameter.name)} is a {dimension} in {where}"
            if problem:
                message = f"{parameter.id} is in {parameter.uom}, a unit of {unit.dimension}; {problem}"
                yield at(element, RULE, message, "correct the unit, or the name", "warning", property="uom")


def _impossible(element: etree._Element, parameter: Parameter, unit: Unit) -> Iterator[Finding]:
    """Limits that nothing of this quantity ever comes to: a slipped decimal point, a sign too many."""
    for name in LIMIT_NAMES:
        value = _number(getattr(parameter, name))
        if value is None:
            continue
        problem = ""
        least, most = _BOUNDS.get(unit.dimension, (None, None))
        share = _SHARE.search(parameter.name) if unit.code == "%" else None
        most = 100 if share else most
        if (least is not None and value < least - unit.zero) or (most is not None and value > most):
            problem = f"no {share[0].lower() if share else unit.dimension} is ever {value} {unit.code}"
        elif least is None and value < 0 and unit.dimension not in _SIGNED and not _DIFFERENCE.search(parameter.name):
            problem = f"a {unit.dimension} of {value} {unit.code} is less than nothing"
        if problem:
            message = f"{parameter.id}: {name.replace('_', ' ')} is {value}, but {problem}"
            yield at(element, RULE, message, "correct the limit, or the unit", "warning", property=camel(name))


def _number(text: str) -> Decimal | None:
    try:
        value = parse(text).try_evaluate({}) if text else None
    except ExpressionError:
        return None
    return value if isinstance(value, Decimal) else None


def _contradiction(parameter: Parameter, dimension: str) -> str:
    words = re.findall(r"[a-z]+", parameter.name.lower())
    for word in dict.fromkeys((words[:1] + words[-1:]) if words else ()):
        if word in _MEASURES and dimension not in _MEASURES[word]:
            return f"{shown(parameter.name)} says {word}"
    suffix = parameter.id.lower().rpartition("_")[2] if "_" in parameter.id else ""
    if suffix in _SUFFIXES and parameter.uom not in _SUFFIXES[suffix]:
        return f"its id says {suffix}"
    return ""
