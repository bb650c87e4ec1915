"""A process owner sends a recipe to another modeler and gets it back poorer: what is missing is said, and put back."""

from __future__ import annotations

import re

import pytest

from bpmn.checks import check_diagram
from bpmn.diff import diff
from bpmn.diff.lost import lost, restore
from bpmn.importers import import_tables
from tests.recipe_tables import CART


@pytest.fixture(scope="module")
def recipe() -> bytes:
    return import_tables(CART).xml


def without_step_data(xml: bytes, step_id: str) -> bytes:
    task = rb'(?s)<bpmn:userTask id="%s".*?</bpmn:userTask>' % step_id.encode()
    extension = rb"(?s)<bpmn:extensionElements>.*?</bpmn:extensionElements>"
    return re.sub(task, lambda found: re.sub(extension, b"", found[0]), xml)


def with_ids_of_their_own(xml: bytes) -> bytes:
    """Every id rewritten, as some programs do when they import a file, and nothing of ours kept."""
    xml = re.sub(rb"(?s)<mes:(recipe|step)\b.*?</mes:\1>|<mes:(loop|timer)\b[^>]*/>", b"", xml)
    names = {name: b"Id_%d" % number for number, name in enumerate(re.findall(rb' id="([^"]+)"', xml))}
    attributes = rb'(id|\w+Ref|bpmnElement|default)="([^"]+)"'
    xml = re.sub(attributes, lambda found: found[1] + b'="' + names.get(found[2], found[2]) + b'"', xml)
    return re.sub(rb"<bpmn:(incoming|outgoing)>([^<]+)<", lambda f: b"<bpmn:" + f[1] + b">" + names[f[2]] + b"<", xml)


def test_nothing_is_missing_in_the_file_itself(recipe: bytes) -> None:
    assert lost(recipe, recipe) == []


def test_each_loss_names_its_element_and_what_is_gone(recipe: bytes) -> None:
    returned = without_step_data(recipe, "S13").replace(b' default="G14_to_G14_join"', b"")
    returned = returned.replace(b' why="validated shipper window"', b"", 1)
    assert [loss.sentence for loss in lost(recipe, returned)] == [
        "S02 lost why of parameter t_min: validated shipper window",
        "S13 lost the step's data: Post-selection count, purity, decision (5 parameters)",
        "G14 lost the default way: G14_to_G14_join",
    ]


def test_only_what_the_person_chose_is_put_back(recipe: bytes) -> None:
    returned = without_step_data(without_step_data(recipe, "S13"), "S14")
    losses = lost(recipe, returned)
    back = restore(returned, recipe, {losses[0].id})
    assert [loss.element_id for loss in lost(recipe, back)] == ["S14"]


def test_a_file_without_any_of_our_data_and_ids_becomes_the_recipe_again(recipe: bytes) -> None:
    returned = with_ids_of_their_own(recipe)
    assert b"mes:step" not in returned
    assert b'"S13"' not in returned
    back = restore(returned, recipe)
    assert lost(recipe, back) == []
    assert check_diagram(back).findings == ()
    assert diff(recipe, back).entries == ()


def test_a_step_that_did_not_come_back_is_said_and_not_put_back(recipe: bytes) -> None:
    returned = re.sub(rb'(?s)<bpmn:userTask id="S13".*?</bpmn:userTask>', b"", recipe)
    losses = lost(recipe, returned)
    assert [(loss.element_id, loss.restorable) for loss in losses] == [("S13", False)]
    assert b"Post-selection" not in restore(returned, recipe)


def test_a_value_that_differs_is_an_edit_and_no_loss(recipe: bytes) -> None:
    assert lost(recipe, recipe.replace(b'norHigh="8"', b'norHigh="7"', 1)) == []
