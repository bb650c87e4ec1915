"""Every check has a diagram that it refuses and one that it accepts."""

import importlib
import pkgutil
from pathlib import Path

import pytest

import bpmn.checks
from bpmn.checks import CHECKS, check_diagram

DATA = Path(__file__).parents[2] / "data" / "checks"
SUPPORT = {"report"}


def rules(report):
    return {finding.rule for finding in report.findings}


def test_every_module_of_the_package_is_a_check_in_the_list():
    modules = {info.name for info in pkgutil.iter_modules(bpmn.checks.__path__)} - SUPPORT
    assert modules == {one.RULE for one in CHECKS}
    assert len({one.RULE for one in CHECKS}) == len(CHECKS)


@pytest.mark.parametrize("rule", [one.RULE for one in CHECKS])
def test_the_right_diagram_passes_every_check(rule):
    assert check_diagram((DATA / rule / "right.bpmn").read_bytes()).findings == ()


@pytest.mark.parametrize("rule", [one.RULE for one in CHECKS])
def test_the_wrong_diagram_is_found_by_its_rule_with_element_line_and_advice(rule):
    findings = check_diagram((DATA / rule / "wrong.bpmn").read_bytes()).findings
    found = [finding for finding in findings if finding.rule == rule]
    assert found
    assert all(finding.element_id and finding.line and finding.message and finding.what_to_do for finding in found)


@pytest.mark.parametrize("rule", [one.RULE for one in CHECKS])
def test_without_its_check_nobody_finds_the_wrong_diagram_wrong_in_that_way(rule, monkeypatch):
    others = tuple(one for one in CHECKS if rule != one.RULE)
    monkeypatch.setattr(bpmn.checks, "CHECKS", others)
    monkeypatch.setattr(bpmn.checks, "_STRUCTURE", tuple(one for one in bpmn.checks._STRUCTURE if one in others))
    assert rule not in rules(check_diagram((DATA / rule / "wrong.bpmn").read_bytes()))


def test_every_folder_of_diagrams_belongs_to_a_check():
    assert {folder.name for folder in DATA.iterdir()} == {one.RULE for one in CHECKS}


def test_every_check_says_what_it_refuses():
    for one in CHECKS:
        module = importlib.import_module(f"bpmn.checks.{one.RULE}")
        assert module.__doc__
        assert (one.check.__doc__ or "").startswith(("Refuses", "Warns"))


def test_all_problems_are_told_at_once_and_by_line():
    xml = (DATA / "why" / "wrong.bpmn").read_text()
    xml = xml.replace('uom="g"', 'uom="gramm"').replace("MFG_VER", "NOBODY").replace("finish", "Root")
    report = check_diagram(xml.encode())
    assert rules(report) == {"why", "units", "verification", "identifiers"}
    assert [finding.line for finding in report.findings] == sorted(finding.line for finding in report.findings)


def test_a_warning_lets_a_diagram_be_loaded_and_an_error_does_not():
    assert check_diagram((DATA / "markup" / "wrong.bpmn").read_bytes()).ok
    assert not check_diagram((DATA / "why" / "wrong.bpmn").read_bytes()).ok
