"""A unit measures what the name says: a temperature is no mass, and a value called `gross_g` is in grams."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bpmn.checks.report import Finding, at, shown, step_elements
from bpmn.diagram import Diagram
from bpmn.units import UNITS
from bpmn.vocabulary import Parameter

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


def check(diagram: Diagram) -> Iterator[Finding]:
    """Warns of a unit that contradicts the name or id, and of one name with units that don't convert into each other."""
    first: dict[str, tuple[str, str]] = {}
    for node in diagram.nodes.values():
        if node.step is None:
            continue
        for element, parameter in zip(step_elements(node, "parameter"), node.step.parameters, strict=True):
            unit = UNITS.get(parameter.uom)
            if unit is None or parameter.type not in ("num", "int"):
                continue
            problem = _contradiction(parameter, unit.dimension)
            name = " ".join(parameter.name.lower().split())
            where, dimension = first.setdefault(name, (node.id, unit.dimension))
            if not problem and dimension != unit.dimension:
                problem = f"{shown(parameter.name)} is a {dimension} in {where}"
            if problem:
                message = f"{parameter.id} is in {parameter.uom}, a unit of {unit.dimension}; {problem}"
                yield at(element, RULE, message, "correct the unit, or the name", "warning", property="uom")


def _contradiction(parameter: Parameter, dimension: str) -> str:
    words = re.findall(r"[a-z]+", parameter.name.lower())
    for word in dict.fromkeys((words[:1] + words[-1:]) if words else ()):
        if word in _MEASURES and dimension not in _MEASURES[word]:
            return f"{shown(parameter.name)} says {word}"
    suffix = parameter.id.lower().rpartition("_")[2] if "_" in parameter.id else ""
    if suffix in _SUFFIXES and parameter.uom not in _SUFFIXES[suffix]:
        return f"its id says {suffix}"
    return ""
