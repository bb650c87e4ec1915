"""What a process of the site is about in a dry run: a draft that somebody has begun, with the process run on it."""

from __future__ import annotations

from typing import Any

from lxml import etree

from bpmn import vocabulary as v
from bpmn.diagram import BPMN, write_element
from bpmn.layout import DI, lay_out
from bpmn.new_diagram import smallest_diagram
from bpmn.reading import read_xml
from engine.act import Act
from engine.actions.completion import advance
from engine.actions.life_cycle import KIND
from engine.actor import Actor
from engine.batch_record import BatchRecord
from engine.control_recipe import control_recipe
from engine.documents import read_document
from engine.records import Batch, RecipeDocument, RecipeDraft, RecipeRevision
from engine.workflow import Change


def begin_process(act: Act, *, actor: Actor, batch_id: str, process_id: str) -> dict[str, Any]:
    """Begin a draft of an invented recipe, and the process under test on it, under the draft's id."""
    recipe_id, _, revision = batch_id.partition("@")
    xml = _diagram(v.Recipe(recipe_id, revision, "What the process is rehearsed on"))
    document = read_document("recipe", xml)
    act.insert(RecipeDocument, hash=document.hash, xml=xml)
    act.insert(
        RecipeRevision, id=batch_id, recipe_id=recipe_id, revision=revision, title=document.title, product="",
        hash=document.hash, state="DRAFT", authored_by=actor.id, kind="recipe", version=1,
    )  # fmt: skip
    act.insert(
        RecipeDraft, revision_id=batch_id, recipe_id=recipe_id, xml=xml, hash=document.hash, saved_by=actor.id,
        saved_at=act.now, version=1,
    )  # fmt: skip
    drawn = act.get(RecipeRevision, id=process_id)
    recipe = control_recipe(act.site, act, drawn["hash"])
    issued = act.insert(
        Batch, id=batch_id, recipe_id=drawn["recipe_id"], revision_id=process_id, recipe_hash=drawn["hash"], coi="",
        product="", order_json="{}", state="IN_PROGRESS", issued_at=act.now_text, kind=KIND, subject=batch_id, version=1,
    )  # fmt: skip
    act.note("life_cycle:begun", revision=batch_id, life_cycle=process_id)
    run = BatchRecord(act.site, act, batch_id, issued)
    run.begin(recipe.procedure.start({}))
    advance(act, run, Change(opened=tuple(run.run.open.values()), withdrawn=()), [("start", {})])
    run.save(act)
    return {"batch": batch_id}


def _diagram(header: v.Recipe) -> str:
    """A recipe of one step, which passes every check."""
    root = read_xml(smallest_diagram(header).encode())
    process = root.find(f"{{{BPMN}}}process")
    flow = root.find(f".//{{{BPMN}}}sequenceFlow")
    assert process is not None
    assert flow is not None
    task = etree.SubElement(process, f"{{{BPMN}}}userTask", id="S01", name="The only step")
    performed = v.Signature("P", ("MFG_OP",), ("performed_by",))
    step = v.Step("S01", "The only step", instruction="Do what the step says.", signatures=(performed,))
    del write_element(etree.SubElement(task, f"{{{BPMN}}}extensionElements"), "step", step).attrib["id"]  # the task's own
    etree.SubElement(process, f"{{{BPMN}}}sequenceFlow", id="S01_to_end", sourceRef="S01", targetRef=flow.get("targetRef", ""))
    flow.set("targetRef", "S01")
    for way in [*root.iter(f"{{{BPMN}}}incoming"), *root.iter(f"{{{BPMN}}}outgoing")]:
        way.getparent().remove(way)  # type: ignore[union-attr]
    for drawn in root.findall(f"{{{DI}}}BPMNDiagram"):
        root.remove(drawn)
    lay_out(root)
    return etree.tostring(root, encoding="unicode")
