"""Our own elements: written and read back equal, and the same names in the descriptor of the diagram editor."""

from __future__ import annotations

import json
import subprocess
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

import bpmn
from bpmn import vocabulary as v
from bpmn.diagram import Diagram, attribute_name, camel, read_element, write_element
from tests import services

PACKAGE = Path(bpmn.__file__).parent
DESCRIPTOR = json.loads((PACKAGE / "moddle" / "mes.json").read_text("utf-8"))
KINDS = (
    v.Recipe, v.OrderField, v.HoldTime, v.Step, v.Signature, v.Scan, v.Deviation, v.Parameter, v.Choice, v.Loop, v.Timer,
    v.Service, v.Origin,
)  # fmt: skip

XML_TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"))
WORD = st.text(st.characters(categories=["L", "N"]), min_size=1)
LISTS_OF_TEXTS = {(v.Step, "equipment"), (v.Step, "materials")}  # an element each; every other list is words in an attribute


def values(kind: type) -> st.SearchStrategy[Any]:
    """Any value of one of our dataclasses that XML can carry."""
    hints = get_type_hints(kind)
    return st.builds(kind, **{f.name: value(kind, f.name, hints[f.name]) for f in fields(kind)})


def value(kind: type, name: str, hint: Any) -> st.SearchStrategy[Any]:
    if get_origin(hint) is tuple:
        of = get_args(hint)[0]
        words = XML_TEXT if (kind, name) in LISTS_OF_TEXTS else WORD
        one = values(of) if of in KINDS else st.sampled_from(get_args(of)) if get_args(of) else words
        return st.lists(one, max_size=3).map(tuple)
    choices = get_args(hint)
    return st.sampled_from(choices) if choices else {str: XML_TEXT, int: st.integers(0, 10**6), bool: st.booleans()}[hint]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@settings(max_examples=40)
@given(data=st.data())
def test_what_is_written_is_read_back_equal(kind: type, data: st.DataObject) -> None:
    written = data.draw(values(kind))
    parent = write_element(etree.Element("parent"), "element", written)
    assert read_element(kind, etree.fromstring(etree.tostring(parent))) == written


def described(name: str) -> dict[str, dict[str, Any]]:
    types = {found["name"]: found for found in DESCRIPTOR["types"]}
    return {prop["name"]: prop for prop in types[name]["properties"]}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_the_editor_knows_the_same_names_types_and_defaults(kind: type) -> None:
    hints, properties = get_type_hints(kind), described(kind.__name__)
    for f in fields(kind):
        if (kind, f.name) == (v.Step, "id"):
            continue  # it is the task's own id
        name, prop = attribute_name(kind, f.name), properties.pop(camel(f.name), None)
        if prop is None or not prop.get("isMany"):
            prop = prop or properties.pop(name)
            assert described_type(prop["type"]) == (hints[f.name] if hints[f.name] in (int, bool) else hinted(hints[f.name]))
            default = f.default if f.default not in (MISSING, "", ()) else None
            assert prop.get("default") == (" ".join(default) if isinstance(default, tuple) else default)
        else:
            assert prop["type"] == name[0].upper() + name[1:]
    assert properties == {}


def described_type(name: str) -> Any:
    simple = {"String": str, "Integer": int, "Boolean": bool}
    enumerations = {e["name"]: tuple(v["name"] for v in e["literalValues"]) for e in DESCRIPTOR["enumerations"]}
    return simple.get(name) or enumerations[name]


def hinted(hint: Any) -> Any:
    """A closed list of words as a tuple; lists of words are one attribute, a text."""
    return str if hint is str or get_origin(hint) is tuple else get_args(hint)


def test_the_namespace_of_the_editor_is_ours() -> None:
    assert (DESCRIPTOR["uri"], DESCRIPTOR["prefix"]) == (v.NAMESPACE, "mes")


REWRITE = """
import fs from "node:fs";
import { BpmnModdle } from "bpmn-moddle";
const [source, descriptor, out] = process.argv.slice(2);
const moddle = new BpmnModdle({ mes: JSON.parse(fs.readFileSync(descriptor, "utf8")) });
const read = await moddle.fromXML(fs.readFileSync(source, "utf8"));
fs.writeFileSync(out, (await moddle.toXML(read.rootElement)).xml);
console.log(JSON.stringify(read.warnings.map(String)));
"""


def test_the_editor_opens_and_saves_the_recipe_without_loss(tmp_path: Path) -> None:
    source = PACKAGE / "processes" / "master_recipes" / "MR-CART-001.bpmn"
    script, saved = services.ROOT / "node_modules" / ".rewrite.mjs", tmp_path / "saved.bpmn"
    script.write_text(REWRITE, "utf-8")
    arguments = [source, PACKAGE / "moddle" / "mes.json", saved]
    answer = subprocess.run(
        [services.VENV_BIN / "node", script, *arguments], capture_output=True, text=True, check=True, timeout=60
    )
    assert json.loads(answer.stdout) == []
    before, after = Diagram.parse(source.read_bytes()), Diagram.parse(saved.read_bytes())
    assert (after.recipe, after.steps) == (before.recipe, before.steps)
    assert {n.id: (n.timer, n.loop) for n in after.nodes.values()} == {n.id: (n.timer, n.loop) for n in before.nodes.values()}
    assert {f.id: f.condition for f in after.flows.values()} == {f.id: f.condition for f in before.flows.values()}
