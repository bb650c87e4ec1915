"""The editor's model in a real browser: structure stays sound, undo is one stack, data go with their steps."""

from __future__ import annotations

from typing import Any

import pytest
from lxml import etree

from bpmn.checks import check_diagram
from bpmn.diagram import BPMN, Diagram
from bpmn.layout import lay_out
from tests.bpmn.round_trips import differences, meaning
from tests.recipes import random_recipe
from tests.web.editor.desk import desk

# Any edits, in any order, at any place; a refusal is as good as an edit. The faults are ways that nobody drew.
WANDER = """async ([seed, count]) => {
  const { model } = window.batchwrightEditor;
  let state = seed * 7919 + 13;
  const chance = (below) => { state = (state * 48271) % 2147483647; return state % below; };
  const any = (list) => list[chance(list.length)];
  const all = model.modeler.get("elementRegistry");
  const nodes = () => all.filter((e) => e.type !== "label" && e.businessObject.$instanceOf("bpmn:FlowNode"));
  const flows = () => all.filter((e) => e.type === "bpmn:SequenceFlow");
  const edits = [
    () => model.insertStep({ on: any(flows()) }, { title: "Inserted" }),
    () => model.insertNode(any(["step", "unit_procedure", "loop", "parallel", "choice", "timer"]), { after: any(nodes()) }),
    () => model.insertNode("step", { before: any(nodes()) }),
    () => model.wrap([any(nodes())], any(["unit_procedure", "loop", "parallel", "choice"])),
    () => model.remove([any(nodes().filter((n) => !/StartEvent|EndEvent|Gateway/.test(n.type)))]),
    () => model.move([any(nodes())], { after: any(nodes()) }),
    () => model.duplicate([any(nodes().filter((n) => model.step(n)))]),
    () => model.unwrap(any(nodes())),
    () => model.addBranch(any(nodes().filter((n) => n.type === "bpmn:ParallelGateway" && n.outgoing.length > 1))),
  ];
  const twice = (ways) => new Set(ways.map((flow) => flow.target)).size < ways.length;
  const drawn = new Set(nodes().filter((node) => twice(node.outgoing)).map((node) => node.id));
  const faults = [];
  let done = 0;
  for (let i = 0; i < count; i += 1) {
    const before = await model.xml();
    const at = edits[chance(edits.length)];
    try {
      at();
      done += 1;
    } catch (error) {
      if (error instanceof TypeError && !/undefined/.test(error.message)) faults.push(String(error.stack));
      if ((await model.xml()) !== before) faults.push(`a refused edit changed the diagram: ${error.message}`);
    }
    for (const node of nodes()) {
      const gateway = node.type.endsWith("Gateway");
      const out = node.outgoing.filter((f) => f.type === "bpmn:SequenceFlow");
      if (!gateway && out.length > 1) faults.push(`${i}: ${node.id} splits without a gateway after ${at}`);
      if (!drawn.has(node.id) && twice(out)) faults.push(`${i}: ${node.id} leads twice to one place`);
    }
    for (const flow of flows()) {
      const scopes = new Set([flow.parent, flow.source.parent, flow.target.parent]);
      if (scopes.size > 1) faults.push(`${i}: ${flow.id} crosses a border after ${at}`);
      if (flow.businessObject.$parent !== flow.parent.businessObject) faults.push(`${i}: ${flow.id} is written elsewhere`);
    }
  }
  const last = await model.xml();
  while (model.canUndo()) model.undo();
  const first = await model.xml();
  while (model.canRedo()) model.redo();
  return { faults, done, first, last, again: await model.xml() };
}"""

POOL = """<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
  xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC"
  xmlns:di="http://www.omg.org/spec/DD/20100524/DI" id="d" targetNamespace="urn:x">
 <bpmn:collaboration id="co"><bpmn:participant id="pa" name="Lab" processRef="P"/></bpmn:collaboration>
 <bpmn:process id="P" isExecutable="true"><bpmn:startEvent id="s"/><bpmn:userTask id="t" name="Do"/><bpmn:endEvent id="e"/>
  <bpmn:sequenceFlow id="f1" sourceRef="s" targetRef="t"/><bpmn:sequenceFlow id="f2" sourceRef="t" targetRef="e"/></bpmn:process>
 <bpmndi:BPMNDiagram id="dg"><bpmndi:BPMNPlane id="pl" bpmnElement="co">
  <bpmndi:BPMNShape id="pas" bpmnElement="pa" isHorizontal="true">
   <dc:Bounds x="10" y="10" width="600" height="200"/></bpmndi:BPMNShape>
  <bpmndi:BPMNShape id="ss" bpmnElement="s"><dc:Bounds x="70" y="80" width="36" height="36"/></bpmndi:BPMNShape>
  <bpmndi:BPMNShape id="ts" bpmnElement="t"><dc:Bounds x="170" y="60" width="100" height="80"/></bpmndi:BPMNShape>
  <bpmndi:BPMNShape id="es" bpmnElement="e"><dc:Bounds x="370" y="80" width="36" height="36"/></bpmndi:BPMNShape>
  <bpmndi:BPMNEdge id="f1e" bpmnElement="f1"><di:waypoint x="106" y="98"/><di:waypoint x="170" y="98"/></bpmndi:BPMNEdge>
  <bpmndi:BPMNEdge id="f2e" bpmnElement="f2"><di:waypoint x="270" y="98"/><di:waypoint x="370" y="98"/></bpmndi:BPMNEdge>
 </bpmndi:BPMNPlane></bpmndi:BPMNDiagram>
</bpmn:definitions>"""

SNIPPETS = {
    "Count with daily loop": {"loops", "instruction"},
    "Dispense with witness": {"instruction"},
    "Hold": {"hold_times", "extensions", "instruction"},
    "QA gate": set(),
    "Parallel preparation": {"instruction"},
}


@pytest.fixture(scope="module")
def editor(browser, tmp_path_factory):
    """An open editor of Pia's, and the desk it stands on."""
    with desk(tmp_path_factory.mktemp("desk")) as found:
        page = found.page(browser)
        yield found, page
        page.context.close()


def blank(editor, number: str):
    """A new empty draft in the editor."""
    found, page = editor
    found.open(page, found.draft(f"MR-NEW-{number}"))
    return page


def without_mentions(xml: bytes):
    """What a diagram says, but for each node's list of its flows, which the flows themselves say already."""
    root = etree.fromstring(xml, etree.XMLParser(remove_blank_text=True))
    for element in [*root.iter(f"{{{BPMN}}}incoming", f"{{{BPMN}}}outgoing")]:
        element.getparent().remove(element)
    return meaning(etree.tostring(root))


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_is_edited_the_diagram_stays_connected_and_undo_brings_every_byte_back(editor, seed):
    found, page = editor
    drawn = etree.fromstring(random_recipe(seed, 8))
    lay_out(drawn)
    found.open(page, found.draft(f"MR-ANY-{seed}", etree.tostring(drawn, encoding="unicode")))
    began = page.evaluate("batchwrightEditor.model.xml()")
    page.evaluate("clearTimeout(batchwrightEditor.tidying.timer); batchwrightEditor.tidying.byHand = true")
    told = page.evaluate(WANDER, [seed, 40])
    assert told["faults"] == []
    assert told["done"] > 10
    assert differences(without_mentions(began.encode()), without_mentions(told["first"].encode())) == []
    assert told["again"] == told["last"]
    broken = {f.rule for f in check_diagram(told["last"].encode()).errors}
    assert broken & {"references", "identifiers", "split", "schema", "reachability", "extensions", "step"} == set()


def test_a_step_added_after_a_step_stands_between_it_and_the_next(editor):
    page = blank(editor, "1")
    page.click("button:text-is('Step')")
    page.click("button:text-is('Step')")
    page.evaluate("batchwrightEditor.model.select([batchwrightEditor.model.get('S01')])")
    page.click(".djs-context-pad [data-action=append-step]")
    ways = page.evaluate(
        "['start', 'S01', 'S02', 'S03'].map((id) => batchwrightEditor.model.get(id).outgoing.map((flow) => flow.id))"
    )
    assert ways == [["start_to_S01"], ["S01_to_S03"], ["S02_to_end"], ["S03_to_S02"]]
    allowed = """({ target }) => { const { model, modeler } = batchwrightEditor;
      return modeler.get("rules").allowed("connection.create", { source: model.get("S01"), target: model.get(target) }); }"""
    assert page.evaluate(allowed, {"target": "end"}) is False


def test_every_snippet_passes_the_checks_but_for_what_only_a_person_knows(editor):
    for number, (label, open_points) in enumerate(SNIPPETS.items()):
        page = blank(editor, f"2{number}")
        page.click("button:text-is('Step')")
        page.evaluate(
            "batchwrightEditor.model.setStep(batchwrightEditor.model.get('S01'), {title: 'Begin', instruction: 'Begin.'})"
        )
        page.click("summary:text-is('Snippets')")
        page.click(f"button:text-is('{label}')")
        found = {f.rule for f in check_diagram(page.evaluate("batchwrightEditor.model.xml()").encode()).findings}
        assert found <= open_points, label


def test_a_new_id_is_written_wherever_the_old_one_stood(editor):
    page = blank(editor, "3")
    page.evaluate("""() => { const { model } = batchwrightEditor;
      const s = model.insertStep({ into: model.process }, { title: "Weigh" });
      model.addParameter(s, -1, { name: "Gross", id: "gross", uom: "g" });
      model.insertNode("choice", { after: s }, { condition: "S01.gross > 5" });
      model.insertTimer({ after: s }, { due: "S01.end + hours(1)" });
      model.setHoldTime(-1, { id: "H01", from: "S01.start", to: "S010.end S01.end", nor: "1", par: "2", uom: "h" });
      model.setId(s, "W_1"); model.setParameter(s, 0, { id: "mass" }); }""")
    xml = page.evaluate("batchwrightEditor.model.xml()")
    for text in (
        "W_1.mass &gt; 5",
        'due="W_1.end + hours(1)"',
        'from="W_1.start" to="S010.end W_1.end"',
        'name="W_1 Weigh"',
        'id="start_to_W_1"',
    ):
        assert text in xml
    assert "S01." not in xml
    refused = page.evaluate(
        """(() => { const { model } = batchwrightEditor;
          try { model.setId(model.get("W_1"), "G1"); } catch (error) { return error.message; } })()"""
    )
    assert refused == "G1 is the id of something else in this diagram."


def test_copies_and_other_types_keep_what_we_know_of_a_step(editor):
    page = blank(editor, "4")
    kept = page.evaluate("""async () => { const { model, modeler } = batchwrightEditor;
      const s = model.insertStep({ into: model.process }, { title: "Weigh", equipment: ["balance"] });
      model.addParameter(s, -1, { name: "Mass", uom: "g", norLow: "7.20" });
      const [copy] = model.duplicate([s]);
      const manual = modeler.get("bpmnReplace").replaceElement(copy, { type: "bpmn:ManualTask" });
      const [parameter, equipment] = [model.parameters(manual)[0], model.step(manual).get("equipment")[0]];
      return [copy.id, manual.id, manual.businessObject.name, parameter.get("norLow"), equipment.get("class")]; }""")
    assert kept == ["S02", "S02", "S02 Weigh", "7.20", "balance"]


def test_a_name_written_on_the_canvas_is_the_title_of_the_step(editor):
    page = blank(editor, "5")
    page.click("button:text-is('Step')")
    named = page.evaluate("""() => { const { model, modeler } = batchwrightEditor; const s = model.get("S01");
      modeler.get("modeling").updateLabel(s, "Weigh the bag"); return [model.step(s).get("title"), s.businessObject.name]; }""")
    assert named == ["Weigh the bag", "S01 Weigh the bag"]


def test_a_choice_that_is_drawn_has_a_default_and_loses_its_conditions_when_it_becomes_parallel(editor):
    page = blank(editor, "6")
    told = page.evaluate("""() => { const { model } = batchwrightEditor;
      const gateway = model.insertNode("choice", { into: model.process }, { condition: "1 > 2" });
      const was = Boolean(gateway.businessObject.default);
      const now = model.changeType(gateway, { type: "bpmn:ParallelGateway" });
      const conditions = now.outgoing.map((flow) => flow.businessObject.conditionExpression ?? null);
      return [was, now.id, conditions, now.businessObject.default ?? null]; }""")
    assert told == [True, "G1", [None, None], None]


def test_edits_in_the_table_are_tidied_by_the_server_and_one_undo_takes_both_back(editor):
    page = blank(editor, "7")
    before = page.evaluate("batchwrightEditor.model.xml()")
    with page.expect_response("**/recipes/layout"):
        page.evaluate(
            """(() => { const { model } = batchwrightEditor;
              window.tidied = new Promise((done) => model.on("tidied", done));
              model.insertStep({ into: model.process }); })()"""
        )
    page.evaluate("window.tidied")
    laid_out = page.evaluate("batchwrightEditor.model.xml()")
    page.evaluate("batchwrightEditor.model.undo()")
    assert page.evaluate("batchwrightEditor.model.xml()") == before
    page.evaluate("batchwrightEditor.model.redo()")
    assert differences(meaning(laid_out), meaning(page.evaluate("batchwrightEditor.model.xml()"))) == []


@pytest.mark.parametrize(("number", "moved"), [("71", False), ("72", True)])
def test_what_is_edited_before_the_server_has_looked_at_the_drawing_is_tidied_unless_it_is_moved_by_hand(editor, number, moved):
    _, page = editor
    held: list[Any] = []
    page.route("**/recipes/layout", lambda route: route.continue_() if held else held.append(route))
    with page.expect_request("**/recipes/layout"):  # the look at the drawing as it was opened
        blank(editor, number)
    page.evaluate(
        """() => { const { model } = batchwrightEditor;
          window.tidied = new Promise((done) => { model.on("tidied", () => done(true)); setTimeout(() => done(false), 2000); });
          model.insertStep({ into: model.process }); }"""
    )
    if moved:
        box = page.locator("[data-element-id=S01] .djs-hit-all").bounding_box()
        page.mouse.move(box["x"] + 30, box["y"] + 30)
        page.mouse.down()
        page.mouse.move(box["x"] + 60, box["y"] + 60, steps=4)
        page.mouse.up()
    held[0].continue_()
    assert page.evaluate("window.tidied") is not moved
    page.unroute("**/recipes/layout")


def test_a_batch_that_ends_inside_two_parts_is_led_out_of_both(editor):
    page = blank(editor, "8")
    page.evaluate("""() => { const { model } = batchwrightEditor;
      const parameters = [{ id: "n", name: "N", type: "num", uom: "1" }];
      const step = model.insertStep({ into: model.process }, { title: "Count", instruction: "Count.", parameters });
      const choice = model.insertNode("choice", { after: step }, { condition: "S01.n < 5" });
      const [way] = choice.outgoing.filter((flow) => flow.businessObject.conditionExpression);
      model.wrap([step, choice, way.target, model.joinOf(choice)], "unit_procedure");
      model.wrap([model.get("UP1")], "unit_procedure");
      const [leaving] = way.target.outgoing;
      model.insertNode("end", { on: leaving }, { terminate: true, name: "Batch terminated" }); }""")
    xml = page.evaluate("batchwrightEditor.model.xml()")
    assert check_diagram(xml.encode()).errors == ()
    diagram = Diagram.parse(xml.encode())
    assert diagram.nodes["UP1_terminated"].attached_to == "UP1"
    assert diagram.nodes["UP2_terminated"].attached_to == "UP2"
    assert diagram.nodes["UP2_terminate_end"].event == "terminateEventDefinition"


def test_a_step_dropped_on_a_flow_stands_on_it_with_room(editor):
    page = blank(editor, "9")
    step = page.locator(".canvas-bar button:text-is('Step')").bounding_box()
    flow = page.locator("[data-element-id=start_to_end] .djs-hit").first.bounding_box()
    page.mouse.move(step["x"] + 10, step["y"] + 10)
    page.mouse.down()
    page.mouse.move(step["x"] + 60, step["y"] + 80, steps=4)
    page.mouse.move(flow["x"] + flow["width"] / 2, flow["y"] + flow["height"] / 2, steps=4)
    page.mouse.up()
    page.wait_for_selector("[data-element-id=S01]")
    placed = page.evaluate(
        "['start', 'S01', 'end'].map((id) => batchwrightEditor.model.get(id)).map((e) => [e.x, e.x + e.width])"
    )
    assert placed[0][1] < placed[1][0] < placed[1][1] < placed[2][0]
    assert check_diagram(page.evaluate("batchwrightEditor.model.xml()").encode()).errors == ()


def test_steps_say_the_name_of_their_unit_procedure_also_when_it_changes(editor):
    page = blank(editor, "10")
    said = page.evaluate("""() => { const { model } = batchwrightEditor;
      const part = model.insertUnitProcedure({ into: model.process }, { name: "UP1 Wash" });
      const first = model.get("S01"); const said = [model.step(first).get("unitProcedure")];
      model.setName(part, "UP1 Rinse"); said.push(model.step(first).get("unitProcedure"));
      model.undo(); return [...said, model.step(first).get("unitProcedure")]; }""")
    assert said == ["UP1 Wash", "UP1 Rinse", "UP1 Wash"]


def test_a_part_that_the_recipe_calls_has_a_drawing_of_its_own(editor):
    found, page = editor
    drawn = etree.fromstring(random_recipe(0, 8))
    called = [str(process.get("id")) for process in drawn.iter(f"{{{BPMN}}}process")][1:]
    lay_out(drawn)
    found.open(page, found.draft("MR-CALL-1", etree.tostring(drawn, encoding="unicode")))
    before = page.evaluate("batchwrightEditor.model.xml()")
    page.select_option(".editor-bar select", f"{called[0]}_diagram")
    page.wait_for_function("name => document.querySelector('.editor-bar select').value === name", arg=f"{called[0]}_diagram")
    assert page.evaluate("batchwrightEditor.model.xml()") == before
    page.evaluate("batchwrightEditor.model.insertStep({ into: batchwrightEditor.model.process }, { title: 'Deep inside' })")
    after = Diagram.parse(page.evaluate("batchwrightEditor.model.xml()").encode())
    (added,) = [node for node in after.nodes.values() if node.name.endswith("Deep inside")]
    assert added.scope == called[0]


def test_a_diagram_in_a_pool_is_edited_where_it_stands(editor):
    found, page = editor
    found.open(page, found.draft("MR-POOL-1", POOL))
    page.click("button:text-is('Step')")
    made = Diagram.parse(page.evaluate("batchwrightEditor.model.xml()").encode())
    assert [flow.target for flow in made.outgoing["t"]] == ["S01"]
    assert made.nodes["S01"].scope == "P"
    assert page.locator("[role=treegrid] [role=row]").count() >= 3
