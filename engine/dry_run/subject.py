"""What a process of the site is about in a dry run: a draft that somebody has begun, or a change, with the process run on it."""

from __future__ import annotations

from typing import Any

from lxml import etree

from bpmn import vocabulary as v
from bpmn.diagram import BPMN, write_element
from bpmn.layout import DI, lay_out
from bpmn.new_diagram import smallest_diagram
from bpmn.reading import read_xml
from engine.act import Act
from engine.actions import changes, life_cycle, processes
from engine.actions.completion import advance
from engine.actor import Actor
from engine.batch_record import BatchRecord
from engine.control_recipe import control_recipe
from engine.documents import read_document
from engine.records import Change, ChangeItem, RecipeDocument, RecipeDraft, RecipeRevision


def begin_process(act: Act, *, actor: Actor, batch_id: str, process_id: str) -> dict[str, Any]:
    """Begin what the process under test is about, and its run on it, under the same id."""
    drawn = act.get(RecipeRevision, id=process_id)
    recipe = control_recipe(act.site, act, drawn["hash"])
    actions = {node.service.action for node in recipe.diagram.nodes.values() if node.service is not None}
    if any(action.startswith("change.") for action in actions):
        _begin_change(act, actor, batch_id)
        kind = changes.KIND
    else:
        _begin_draft(act, actor, batch_id)
        kind = life_cycle.KIND
    processes.begin_drawn(act, drawn, run_id=batch_id, kind=kind, subject=batch_id)
    return {"batch": batch_id}


def awaited_messages(act: Act, *, actor: Actor, batch_id: str) -> dict[str, Any]:
    """What the run waits for that another run would send, by key."""
    batch = BatchRecord(act.site, act, batch_id)
    items = [item for item in batch.run.open.values() if item.kind == "message" and item.node_id not in batch.recipe.steps]
    act.site.runs.put(batch_id, act.seq_in(f"batch:{batch_id}") - 1, batch.run)
    return {"keys": [item.key for item in items]}


def send_message(act: Act, *, actor: Actor, batch_id: str, key: str) -> dict[str, Any]:
    """Let a message come that another run would send."""
    batch = BatchRecord(act.site, act, batch_id)
    opened = advance(act, batch, batch.run.fire(key), [("fire", key)]).opened
    batch.save(act)
    return {"opened": opened}


def _begin_change(act: Act, actor: Actor, change_id: str) -> None:
    """A change that says something and touches no revision."""
    told = {
        "title": "What the process is rehearsed on", "kind": "document", "reason": "The rehearsal.", "category": "quality",
        "state": "INITIATED", "opened_by": actor.id, "opened_at": act.now_text, "version": 1,
    }  # fmt: skip
    act.insert(Change, id=change_id, **told)
    act.insert(
        ChangeItem, change_id=change_id, n=1, kind="text", title="A text", proposed="Another text.", category="editorial",
        why="The rehearsal.", confidence="high", version=1,
    )  # fmt: skip


def _begin_draft(act: Act, actor: Actor, revision_id: str) -> None:
    """A draft of an invented recipe."""
    recipe_id, _, revision = revision_id.partition("@")
    xml = _diagram(v.Recipe(recipe_id, revision, "What the process is rehearsed on"))
    document = read_document("recipe", xml)
    act.insert(RecipeDocument, hash=document.hash, xml=xml)
    act.insert(
        RecipeRevision, id=revision_id, recipe_id=recipe_id, revision=revision, title=document.title, product="",
        hash=document.hash, state="DRAFT", authored_by=actor.id, kind="recipe", version=1,
    )  # fmt: skip
    act.insert(
        RecipeDraft, revision_id=revision_id, recipe_id=recipe_id, xml=xml, hash=document.hash, saved_by=actor.id,
        saved_at=act.now, version=1,
    )  # fmt: skip


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
