"""The layout over the API: new places for every shape, nothing else, nothing stored."""

from __future__ import annotations

from bpmn.diagram import Diagram
from tests.api.conftest import AsRole
from tests.bpmn.round_trips import differences, meaning
from tests.small_recipes import sequence


def without_drawing(xml: str):
    """What a diagram says, but for where its shapes stand."""
    tag, attributes, text, children = meaning(xml)
    return tag, attributes, text, {name: found for name, found in children.items() if not name.endswith("}BPMNDiagram")}


def test_a_diagram_is_laid_out_and_says_what_it_said(as_role: AsRole) -> None:
    author = as_role("PROC")
    recipe = sequence(3).decode()
    laid_out = author.post("/recipes/layout", {"xml": recipe}).get_json()["xml"]
    assert differences(without_drawing(recipe), without_drawing(laid_out)) == []
    root = Diagram.parse(laid_out.encode()).root
    drawn = {shape.get("bpmnElement") for shape in root.iter("{http://www.omg.org/spec/BPMN/20100524/DI}BPMNShape")}
    assert drawn == {"start", "S001", "S002", "S003", "end"}
    assert author.get("/recipes").get_json()["items"] == []


def test_what_is_no_diagram_is_refused_with_its_place(as_role: AsRole) -> None:
    answer = as_role("PROC").post("/recipes/layout", {"xml": "<a>"})
    assert answer.status_code == 422
    assert "line 1" in answer.get_json()["detail"]
