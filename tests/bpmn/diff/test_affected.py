"""Change control asks what a change reaches: whoever uses a changed value, and the steps that come after."""

from __future__ import annotations

from bpmn.diagram import Diagram
from bpmn.diff import diff
from bpmn.diff.affected import Affected, affected
from tests.bpmn.diff.edits import BASE, EDITS


def reached_by(name: str) -> Affected:
    edited = EDITS[name][0].encode()
    return affected(diff(BASE.encode(), edited), Diagram.parse(edited))


def test_a_parameter_reaches_whoever_computes_or_decides_with_it() -> None:
    found = reached_by("limit tightened, no reason")
    assert found.by_data == {
        "ADD": ("WEIGH.salt",),
        "WEIGH": ("WEIGH.salt",),
        "enough": ("WEIGH.salt",),
        "note": ("WEIGH.salt",),
    }
    assert found.by_flow == ("WATER", "LABEL", "ADD", "MIX", "FILTER")


def test_a_changed_step_reaches_hold_times_that_begin_with_it() -> None:
    assert reached_by("no scan, other equipment and material").by_data["H1"] == ("WEIGH.end",)


def test_a_remark_reaches_nothing() -> None:
    assert reached_by("a remark and a comment") == Affected({}, ())
