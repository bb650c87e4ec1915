"""Every service is known to diagrams, says what it means, and is drawn in the life cycle that the tests go through."""

from __future__ import annotations

import importlib
import pkgutil
from types import SimpleNamespace
from typing import Any

import pytest

import engine.services
from bpmn import vocabulary as v
from bpmn.checks import check_diagram
from bpmn.diagram import Diagram
from engine.actions.processes import SHIPPED, shipped_xml
from engine.errors import EngineFaultError
from engine.records.change import CHANGE_STATES
from engine.records.recipe import REVISION_STATES
from engine.revisions import revision_order
from engine.services import SERVICES, change_state, state

SUPPORT = {"call"}


def test_diagrams_know_the_services_and_states_that_there_are() -> None:
    assert v.SERVICES.keys() == SERVICES.keys()
    assert set(v.REVISION_STATES) == set(REVISION_STATES)
    assert set(v.CHANGE_STATES) == set(CHANGE_STATES)


def test_every_module_of_the_package_is_a_service_in_the_list_and_says_what_it_means() -> None:
    modules = {info.name for info in pkgutil.iter_modules(engine.services.__path__)} - SUPPORT
    listed = {service.__name__.rpartition(".")[2] for service in SERVICES.values()}  # type: ignore[attr-defined]
    assert modules == listed
    for name in modules:
        module = importlib.import_module(f"engine.services.{name}")
        assert module.__doc__
        assert module.perform.__doc__


def test_every_service_and_every_state_is_drawn_in_the_processes_that_ship() -> None:
    drawn = [
        node.service
        for process_id in SHIPPED
        for node in Diagram.parse(shipped_xml(process_id).encode()).nodes.values()
        if node.service
    ]
    assert {service.action for service in drawn} == SERVICES.keys()
    assert {service.value for service in drawn if service.action == state.NAME} == set(REVISION_STATES)
    begun_in = {CHANGE_STATES[0]}
    assert {service.value for service in drawn if service.action == change_state.NAME} | begun_in == set(CHANGE_STATES)


@pytest.mark.parametrize("process_id", SHIPPED)
def test_the_processes_that_ship_pass_every_check(process_id: str) -> None:
    assert check_diagram(shipped_xml(process_id).encode()).findings == ()


def test_a_state_that_does_not_exist_is_a_fault_and_no_record() -> None:
    call: Any = SimpleNamespace(value="BLESSED")
    with pytest.raises(EngineFaultError, match="BLESSED"):
        state.perform(call)


@pytest.mark.parametrize(
    ("older", "newer"), [("1.0", "1.1"), ("3.9", "3.10"), ("3", "3.1"), ("A", "B"), ("2.0", "10.0"), ("1.0-a", "1.0-b")]
)
def test_revisions_are_ordered_as_people_number_them(older: str, newer: str) -> None:
    assert revision_order({"revision": older}) < revision_order({"revision": newer})
