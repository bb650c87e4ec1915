// The pieces that structural edits are made of: shapes with room for them, flows, the place where something new goes.
import { is } from "bpmn-js/lib/util/ModelUtil";
import { placeOnFlow, roomPlaces, straightLine } from "./places.js";
import { StructureError, flowsIn, flowsOut, inFlowOrder, isEnd, isPlainEnd, joinOf, nodesOf, startOf } from "./runs.js";

const GAP = 40;

export class Pieces {
  constructor(modeler, edit) {
    for (const name of ["modeling", "elementFactory", "bpmnFactory", "commandStack", "canvas", "copyPaste", "bpmnReplace"]) {
      this[name] = modeler.get(name);
    }
    this.edit = edit; // the model: sets our own data
  }

  // ---------------------------------------------------------------- pieces
  place(places) {
    if (places.length) this.commandStack.execute("edit.places", { places });
  }

  // A shape that is not drawn yet. An id must be the element's from the start: the factory gives it to the shape alone.
  make({ id, ...attributes }) {
    const businessObject = id && this.bpmnFactory.create(attributes.type, { id });
    return this.elementFactory.createShape({ ...attributes, ...(id ? { businessObject } : {}) });
  }

  shape(attributes, parent, bounds, hints = {}) {
    const shape = this.make(attributes);
    const { width, height } = shape;
    this.modeling.createShape(shape, { width, height, ...bounds }, parent, { autoResize: false, ...hints });
    return shape;
  }

  connect(source, target, { condition = "", name = "" } = {}) {
    const waypoints = straightLine(source, target);
    const flow = this.modeling.createConnection(source, target, { type: "bpmn:SequenceFlow", waypoints }, source.parent);
    if (condition || name) this.edit.setFlow(flow, { condition, name });
    return flow;
  }

  leadTo(flow, target) {
    this.modeling.reconnectEnd(flow, target, straightLine(flow.source, target), { layout: false });
    this.rename(flow);
    return flow;
  }

  // A flow's id says where it leads, as long as it was named that way.
  rename(flow) {
    if (/_to_/.test(flow.id)) this.edit.renameFlow(flow);
  }

  // A scope with start and end, and the flow between them.
  bareScope(scope) {
    const x = scope.width ? scope.x : 0;
    const y = scope.width ? scope.y + scope.height / 2 : 100;
    const start = startOf(scope) ?? this.shape({ type: "bpmn:StartEvent", id: this.edit.freeId(`${scope.id}_start`) }, scope, { x: x + 30, y: y - 18 });
    const end = nodesOf(scope).find((node) => isPlainEnd(node) && !flowsIn(node).length)
      ?? this.shape({ type: "bpmn:EndEvent", id: this.edit.freeId(`${scope.id}_end`) }, scope, { x: x + 106, y: y - 18 });
    return this.connect(start, end);
  }

  // The flow before the last end of a scope, where something new at its end goes.
  lastFlow(scope) {
    const start = startOf(scope);
    if (!start || !flowsOut(start).length) return this.bareScope(scope);
    const ordered = inFlowOrder(scope).filter((node) => isPlainEnd(node) && flowsIn(node).length);
    const reached = ordered.filter((node) => !is(flowsIn(node)[0].source, "bpmn:BoundaryEvent"));
    if (reached.length) return flowsIn(reached.at(-1))[0];
    const last = inFlowOrder(scope).findLast((node) => !isEnd(node) && !flowsOut(node).length);
    if (!last) throw new StructureError(`${scope.id} has no end where something could be added. Draw one.`);
    return this.appendEnd(last);
  }

  appendEnd(node) {
    const bounds = { x: node.x + node.width + GAP, y: node.y + node.height / 2 - 18 };
    const id = this.edit.freeId(`${node.parent.id}_end`);
    return this.connect(node, this.shape({ type: "bpmn:EndEvent", id }, node.parent, bounds));
  }

  // `where` as the one flow that the new part is put on.
  flowAt(where) {
    if (where.on) return where.on;
    if (where.into) return this.lastFlow(where.into);
    const { before, after } = where;
    if (before) {
      const flows = flowsIn(before);
      if (flows.length) return flows[0];
      return this.flowAt({ after: before });
    }
    if (isEnd(after)) return this.flowAt({ before: after });
    const flows = flowsOut(after);
    if (!flows.length) return this.appendEnd(after);
    return flows.length > 1 ? flows.find((flow) => after.businessObject.default === flow.businessObject) ?? flows[0] : flows[0];
  }

  // Splits a flow: what led from a to b leads from a to `first`, and a new flow from `last` to b. The condition, if
  // any, stays with its gateway.
  splice(flow, first, last) {
    const { target } = flow;
    this.leadTo(flow, first);
    return this.connect(last, target);
  }

  // One shape where a flow is, with room made for it.
  shapeOn(flow, attributes) {
    const probe = this.make(attributes);
    const { bounds, room } = placeOnFlow(flow, probe);
    this.place(room);
    this.modeling.createShape(probe, bounds, flow.parent, { autoResize: false });
    return probe;
  }

  // Split and join on a flow; `flow` leads to the split afterwards, the join to where it led.
  gateways(flow, type, name = "") {
    const split = this.shapeOn(flow, { type });
    if (name) this.edit.setName(split, name);
    this.place(roomPlaces(flow.parent, "x", split.x + split.width + 1, 260));
    const bounds = { x: split.x + split.width + 260 - 50, y: split.y };
    const join = this.shape({ type, id: this.edit.freeId(`${split.id}_join`) }, flow.parent, bounds);
    return { split, join };
  }

  // A step of its own on a new way from split to join, below the ways that are there.
  way(split, join, props = {}) {
    const lowest = Math.max(split.y + split.height, ...flowsOut(split).map((flow) => flow.target).filter((n) => n !== join).map((n) => n.y + n.height));
    const step = this.shape({ type: "bpmn:UserTask" }, split.parent, { x: split.x + split.width + GAP, y: lowest + 24 });
    this.edit.becomeStep(step, props);
    const flow = this.connect(split, step);
    if (join) this.connect(step, join);
    else this.appendEnd(step);
    return { flow, step };
  }

  // Ends the whole batch from inside a part: an event on the edge of every part around it leads on to the outermost.
  leadOut(frame, name) {
    const known = frame.attachers.some((event) => event.businessObject.get("eventDefinitions")[0]?.escalationRef?.id === `${frame.id}_escalation`);
    if (known) return;
    const outer = is(frame.parent, "bpmn:SubProcess");
    const catching = { type: "bpmn:BoundaryEvent", id: this.edit.freeId(`${frame.id}_terminated`), eventDefinitionType: "bpmn:EscalationEventDefinition" };
    const at = { x: frame.x + frame.width - 80, y: frame.y + frame.height - 18 };
    const boundary = this.shape(catching, frame, at, { attach: true });
    this.edit.setEscalation(boundary, frame.id);
    const kind = `bpmn:${outer ? "Escalation" : "Terminate"}EventDefinition`;
    const ending = { type: "bpmn:EndEvent", id: this.edit.freeId(`${frame.id}_terminate_end`), eventDefinitionType: kind };
    const end = this.shape(ending, frame.parent, { x: at.x, y: at.y + 70 });
    if (name) this.edit.setName(end, name);
    this.connect(boundary, end);
    if (!outer) return;
    this.edit.setEscalation(end, frame.parent.id);
    this.leadOut(frame.parent, name);
  }

  joinOn(flow, gateway) {
    const join = this.shapeOn(flow, { type: gateway.type, id: this.edit.freeId(`${gateway.id}_join`) });
    this.splice(flow, join, join);
    return join;
  }

  // `along`: the one way that goes on where all others end; the new branch meets it again right behind the gateway.
  addBranch(gateway, { along, ...props } = {}) {
    const join = along ? this.joinOn(along, gateway) : joinOf(gateway);
    const { flow, step } = this.way(gateway, join, props);
    this.place(roomPlaces(gateway.parent, "y", step.y + step.height, step.height + 24).filter((p) => p.element !== step));
    if (is(gateway, "bpmn:ExclusiveGateway") && !gateway.businessObject.default) {
      this.edit.setFlow(flowsOut(gateway)[0], { isDefault: true });
    }
    return flow;
  }
}
