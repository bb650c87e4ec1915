"""Diagrams of other modelers: what is safe is repaired, all else is listed, and nothing is lost unseen."""

from __future__ import annotations

import random
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from bpmn.checks import check_diagram
from bpmn.diagram import Diagram
from bpmn.importers.foreign import open_foreign
from bpmn.reading import DiagramError
from tests.bpmn.checks.test_broken_diagrams import break_something

TESTS = Path(__file__).parents[3]
OURS = sorted((TESTS / "data" / "interchange").glob("*.bpmn"))
SUITE = sorted((TESTS.parents[1] / "shared" / "data" / "bpmn_interchange").glob("*.bpmn"))
"""What other modelers export for the models of an interchange suite; read only where it lies beside this folder."""
DRAWN = [f"http://www.omg.org/spec/{part}" for part in ("BPMN/20100524/DI", "DD/20100524/DC", "DD/20100524/DI")]


def of(name):
    return next(path for path in OURS if path.stem == name).read_bytes()


def all_agreed(xml, **more):
    """Everything agreed to, also what is offered only once something else was done."""
    opened = open_foreign(xml, **more)
    for _ in range(3):
        opened = open_foreign(xml, decided={repair.key: True for repair in opened.repairs}, **more)
    return opened


def test_plain_tasks_without_ids_header_and_drawing_become_steps():
    opened = open_foreign(of("plain_tasks"))
    diagram = Diagram.parse(opened.xml)
    assert (diagram.recipe.id, diagram.recipe.title) == ("Media_fill", "Media fill")
    assert {step.title for step in diagram.steps.values()} == {"Set up line", "Fill <100> vials", "Inspect vials"}
    assert diagram.steps["S01"].instruction == "Sanitise, then set up."
    assert {f.rule for f in opened.remaining if f.severity == "error"} == {"reachability"}  # the step that was never connected
    assert b"BPMNShape" in opened.xml
    assert b"<!-- Exported by hand. -->" in opened.xml


def test_the_pool_that_runs_is_the_recipe_and_its_lanes_say_who_signs():
    opened = all_agreed(of("two_pools"))
    diagram = Diagram.parse(opened.xml)
    assert (opened.process_id, diagram.process_id, opened.ok) == ("Plant", "Plant", True)
    assert {s: step.signatures[0].roles for s, step in diagram.steps.items()} == {"make": ("MFG_OP",), "test": ("QC_ANL",)}


def test_another_pool_may_be_chosen():
    diagram = Diagram.parse(all_agreed(of("two_pools"), process_id="Clinic").xml)
    assert (diagram.process_id, list(diagram.steps)) == ("Clinic", ["ask"])


def test_what_changes_the_process_is_not_done_unless_a_person_says_so():
    opened = open_foreign(of("two_pools"))
    assert {r.key for r in opened.repairs if not r.applied} == {"pool:Clinic", "message_flow:Order", "user_task:test"}
    assert {"Clinic", "Order"} <= {finding.element_id for finding in opened.remaining if finding.severity == "error"}


def test_literal_times_conditions_and_silent_splits_are_said_in_our_words():
    opened = open_foreign(of("times_and_ways"))
    diagram = Diagram.parse(opened.xml)
    timers = {node.id: node.timer.due for node in diagram.nodes.values() if node.timer}
    assert timers == {"rest": "seed.end + days(1) + hours(2)", "late": "count.start + minutes(5)"}
    assert diagram.flows["e"].condition == "cells < 10 and day < 5"
    assert diagram.nodes["enough"].default == "f"
    split = diagram.nodes[diagram.flows["m"].source]
    assert (split.type, diagram.flows["n"].source) == ("parallelGateway", split.id)


def test_a_decision_without_conditions_may_be_taken_by_the_person_before_it():
    diagram = Diagram.parse(all_agreed(of("times_and_ways")).xml)
    asked = diagram.steps["harvest"].parameter("way_where")
    assert asked is not None
    assert [choice.label for choice in asked.choices] == ["Freezer", "Clinic"]
    assert (diagram.flows["i"].condition, diagram.nodes["where"].default) == ('harvest.way_where == "freezer"', "j")


def test_what_can_not_be_repaired_is_listed_with_element_line_and_advice():
    errors = {f.element_id: f for f in all_agreed(of("times_and_ways")).remaining if f.severity == "error"}
    assert set(errors) == {"either", "over", "yearly", "e"}
    assert (errors["either"].line, errors["over"].line) == (28, 29)
    assert all(finding.what_to_do for finding in errors.values())


def test_extension_elements_of_other_vendors_are_still_there_and_named():
    opened = open_foreign(of("two_pools"))
    task = etree.fromstring(opened.xml).find(".//{*}userTask[@id='make']")
    assert task is not None
    assert task.get("{http://camunda.org/schema/1.0/bpmn}assignee") == "operator"
    hint = task.find(".//{urn:example:lab}hint")
    assert hint is not None
    assert (hint.get("colour"), hint.text, hint[0].text) == ("red", "Mind the ", "valve")
    assert ("foreign_extensions", "make") in {(f.rule, f.element_id) for f in opened.remaining}


def facts(xml):
    """Everything a file says: its elements, attributes and texts, each as often as it is said; of the drawing nothing."""
    found: Counter[str] = Counter()
    for element in etree.fromstring(xml).iter(etree.Element):
        name = etree.QName(element)
        if name.namespace not in DRAWN:
            found[name.localname] += 1
            found.update(str(value) for value in element.attrib.values())
            found.update(said for text in (element.text, element.tail) if (said := (text or "").strip()))
    return found


def only(xml, *keys):
    """With no other repair agreed to: what is refused makes room for other offers, which are refused too."""
    decided = dict.fromkeys(keys, True)
    for _ in range(4):
        opened = open_foreign(xml, decided=decided)
        decided = {repair.key: False for repair in opened.repairs} | decided
    return opened


@pytest.mark.parametrize("path", OURS + SUITE[::4], ids=lambda path: path.stem)
def test_without_agreement_nothing_changes(path):
    xml = path.read_bytes()
    assert facts(only(xml).xml) == facts(xml)


@pytest.mark.parametrize("path", OURS + SUITE[3::20], ids=lambda path: path.stem)
def test_each_repair_takes_away_only_what_it_says(path):
    xml = path.read_bytes()
    for repair in only(xml).repairs:
        if repair.key.startswith(("pool:", "message_flow:")):
            continue  # left out as a whole, as they say
        gone = facts(xml) - facts(only(xml, repair.key).xml)
        said = f"{repair.what} {repair.before} {repair.element_id} {repair.key}"
        assert {fact for fact in gone if fact not in said and fact not in ("outgoing", "conditionExpression")} <= flow_ids(xml)


def flow_ids(xml):
    """A moved flow's `outgoing` is said by the flow itself."""
    return {element.text or "" for element in etree.fromstring(xml).iter("{*}outgoing")}


@pytest.mark.parametrize("path", OURS + SUITE, ids=lambda path: path.stem)
def test_a_file_passes_or_every_reason_is_listed_in_time(path):
    began = time.process_time()
    opened = open_foreign(path.read_bytes())
    assert time.process_time() - began < 2
    assert opened.ok == check_diagram(opened.xml).ok
    assert all(f.message and f.what_to_do for f in opened.remaining)
    assert all(repair.what and repair.after for repair in opened.repairs)
    again = open_foreign(opened.xml, decided={r.key: False for r in opened.repairs})
    assert not [r for r in again.repairs if r.safe and r.key not in {other.key for other in opened.repairs}]


@settings(max_examples=60)
@given(st.integers(0, 10**9))
def test_however_a_file_is_broken_it_is_opened_or_refused(seed):
    pick = random.Random(seed)
    root = etree.fromstring(pick.choice(OURS).read_bytes())
    for _ in range(pick.randint(1, 6)):
        break_something(root, pick)
    with suppress(DiagramError):
        opened = open_foreign(etree.tostring(root))
        open_foreign(opened.xml, decided={repair.key: pick.random() < 0.5 for repair in opened.repairs})


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"<a/>", b"<!DOCTYPE a><a/>", b"no xml"])
def test_what_is_no_bpmn_is_refused_with_what_to_do(data):
    with pytest.raises(DiagramError) as refused:
        open_foreign(data)
    assert refused.value.what_to_do
