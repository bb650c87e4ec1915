"""Whatever our words in a diagram can say has a meaning when it changes; a new attribute is given one with its field."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

import pytest

from bpmn import vocabulary as v
from bpmn.diagram import attribute_name
from bpmn.diff.judging import meanings_of_value
from bpmn.diff.parts import KINDS, Part
from bpmn.diff.words import PROPERTIES

LISTS = {"choices", "origins", "signatures", "equipment", "materials", "scans", "deviations", "parameters", "order_fields"}
KEYS = {("mes:signature", "code"), ("mes:scan", "kind"), ("mes:choice", "value"), ("mes:deviation", "text")}


def attributes() -> Iterator[tuple[str, str]]:
    for name, kind in KINDS.items():
        for field in fields(kind):
            if field.name not in {*LISTS, "hold_times", "id"} and (name, attribute_name(kind, field.name)) not in KEYS:
                yield name, attribute_name(kind, field.name)


def test_every_element_of_the_vocabulary_is_known() -> None:
    ours = {value for value in vars(v).values() if isinstance(value, type) and value.__module__ == v.__name__}
    assert set(KINDS.values()) == ours


@pytest.mark.parametrize(("name", "attribute"), list(attributes()))
def test_a_changed_attribute_means_something(name: str, attribute: str) -> None:
    old, new = Part(name, "x", {attribute: "1"}), Part(name, "x", {attribute: "2"})
    if attribute == "exclusive":
        return  # said limit by limit
    values = {"limitAction": ("none", "flag"), "severity": ("minor", "major"), "optional": ("", "true")}
    values |= {"qualifier": ("", "true"), "departs": ("", "true")}
    if attribute in values:
        old, new = (Part(name, "x", {attribute: text}) for text in values[attribute])
    assert "other" not in meanings_of_value(old, new, attribute)


def test_properties_are_said_in_words() -> None:
    camel = {attribute for _, attribute in attributes() if attribute != attribute.lower()}
    assert camel <= set(PROPERTIES)
