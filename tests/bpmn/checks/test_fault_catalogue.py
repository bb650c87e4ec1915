"""The catalogue of seeded faults: each is found at its place, by its rule, with what to do; the sound recipes have none.

A fault is a script of edits on one of three sound recipes (`tests/data/faults/catalogue.json`): `set` an attribute (null
removes it), `add` XML inside, `remove` an element, replace one `text` of the file by another. Places are `S02` (the step),
`S02/ph` (its parameter), `S02/signature:2` (the second of its name), `hold:H1`, `order:bag`, `recipe` and `#id` (BPMN).
"""

import json
from pathlib import Path

import pytest
from lxml import etree

import bpmn
from bpmn.checks import check_diagram
from bpmn.diagram import BPMN
from bpmn.vocabulary import NAMESPACE

DATA = Path(__file__).parents[2] / "data" / "faults"
RECIPES = {
    "cart": Path(bpmn.__file__).parent / "processes" / "master_recipes" / "MR-CART-001.bpmn",
    "buffer": DATA / "buffer.bpmn",
    "culture": DATA / "culture.bpmn",
}
CATALOGUE = json.loads((DATA / "catalogue.json").read_text("utf-8"))
NAMES = {"bpmn": BPMN, "mes": NAMESPACE}
WORDS = {"hold": "holdTime", "order": "orderField"}


def place(root, path):
    first, *rest = path.split("/")
    kind, _, name = first.rpartition(":")
    if first.startswith("#"):
        found = root.xpath(f"//bpmn:*[@id='{first[1:]}']", namespaces=NAMES)
    elif first == "recipe":
        found = root.xpath("//mes:recipe", namespaces=NAMES)
    elif kind:
        found = root.xpath(f"//mes:{WORDS[kind]}[@id='{name}' or @name='{name}']",
                           namespaces=NAMES)  # fmt: skip
    else:
        found = root.xpath(f"//bpmn:*[@id='{first}']/bpmn:extensionElements/mes:step", namespaces=NAMES)
    for part in rest:
        child, _, number = part.partition(":")
        inside = (
            f"*[local-name()='{child}'][{number or 1}]"
            if number or child == "extensionElements"
            else f"mes:parameter[@id='{child}']"
        )
        found = found[0].xpath(inside, namespaces=NAMES)
    assert len(found) == 1, path
    return found[0]


def edited(xml, edits):
    text = xml.decode()
    for _, *of in (edit for edit in edits if edit[0] == "text"):
        assert of[0] in text, of[0]
        text = text.replace(*of)
    root = etree.fromstring(text.encode())
    for kind, path, *of in (edit for edit in edits if edit[0] != "text"):
        element = place(root, path)
        if kind == "remove":
            element.getparent().remove(element)
        elif kind == "add":
            element.append(etree.fromstring(f'<a xmlns:mes="{NAMESPACE}">{of[0]}</a>')[0])
        elif of[1] is None:
            del element.attrib[of[0]]
        else:
            element.set(*of)
    return etree.tostring(root)


def seen(report):
    return {(f.rule, f.element_id, f.parameter, f.property, f.severity) for f in report.findings}


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_sound_recipe_has_none_of_the_faults(recipe):
    assert check_diagram(RECIPES[recipe].read_bytes()).findings == ()


@pytest.mark.parametrize("fault", CATALOGUE, ids=[fault["name"] for fault in CATALOGUE])
def test_a_seeded_fault_is_found_at_its_place_with_what_to_do(fault):
    report = check_diagram(edited(RECIPES[fault["recipe"]].read_bytes(), fault["edits"]))
    expected = tuple(fault[name] for name in ("rule", "element", "parameter", "property", "severity"))
    assert expected in seen(report)
    assert all(finding.what_to_do and finding.line for finding in report.findings)


def test_the_catalogue_names_each_of_its_many_faults_once():
    names = [fault["name"] for fault in CATALOGUE]
    assert len(names) == len(set(names)) >= 100
    assert {fault["recipe"] for fault in CATALOGUE} == set(RECIPES)
