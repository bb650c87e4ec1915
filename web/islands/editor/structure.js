// Structural edits: new nodes on a flow, parts wrapped and unwrapped, moved and removed. Each is made of the modeler's
// own commands, so that undo knows them; none ever leaves two ways out of a step.
import { is } from "bpmn-js/lib/util/ModelUtil";
import { KINDS } from "./kinds.js";
import { Pieces } from "./pieces.js";
import { placeOnFlow, roomPlaces, within } from "./places.js";
import { StructureError, flowsIn, flowsOut, isEnd, isPlainEnd, joinOf, nodesOf, runOf, startOf, wholeRun } from "./runs.js";

const STILL = { x: 0, y: 0 };
const HINTS = { autoResize: false, layout: false, recurse: false };
const GAP = 40;
const FRAME = { left: 30 + 36 + GAP, right: GAP + 36 + 30, top: 45, bottom: 30 };

export class Structure extends Pieces {
  insertNode(kind, where, props = {}) {
    const make = KINDS[kind];
    if (!make) throw new StructureError(`There is no ${kind} to insert.`);
    if (make.attached) return make.attach(this, where.on ?? where.after, props);
    const flow = this.flowAt(where);
    if (make.ends) return make.end(this, flow, props);
    const { first, last, main } = make.create(this, flow, props);
    this.splice(flow, first, last);
    return main ?? first;
  }

  // ---------------------------------------------------------------- parts
  wrap(elements, kind, props = {}) {
    const run = wholeRun(elements);
    if (!run.exit) throw new StructureError("The selected rows end the part; leave its end outside.");
    const first = run.entry.target;
    const last = run.exit.source;
    const make = KINDS[kind];
    if (!make?.wrap) throw new StructureError(`Rows can't be wrapped in a ${kind}.`);
    return make.wrap(this, { ...run, first, last }, props);
  }

  // A frame around a run, its own start and end inside.
  frame(run, attributes) {
    const box = boxOf(run.nodes);
    const { scope, entry, exit, first } = run;
    this.place(roomPlaces(scope, "x", box.x, FRAME.left));
    this.place(roomPlaces(scope, "x", box.x + FRAME.left + box.width, FRAME.right));
    this.place(roomPlaces(scope, "y", box.y, FRAME.top));
    this.place(roomPlaces(scope, "y", box.y + FRAME.top + box.height, FRAME.bottom));
    const size = { width: box.width + FRAME.left + FRAME.right, height: box.height + FRAME.top + FRAME.bottom };
    const frame = this.shape({ type: "bpmn:SubProcess", isExpanded: true, ...attributes }, scope, { x: box.x, y: box.y, ...size });
    this.adopt([...run.nodes, ...run.inner], frame);
    const middle = first.y + first.height / 2 - 18;
    const start = this.shape({ type: "bpmn:StartEvent", id: this.edit.freeId(`${frame.id}_start`) }, frame, { x: frame.x + 30, y: middle });
    const endAt = { x: frame.x + size.width - 66, y: middle };
    const end = this.shape({ type: "bpmn:EndEvent", id: this.edit.freeId(`${frame.id}_end`) }, frame, endAt);
    const after = exit.target;
    this.leadTo(entry, frame);
    this.connect(start, first);
    this.leadTo(exit, end);
    this.modeling.moveConnection(exit, STILL, frame, undefined, HINTS);
    this.adoptLabels([exit], frame);
    this.connect(frame, after);
    return frame;
  }

  // Nodes and flows change their scope; nothing moves.
  adopt(elements, scope) {
    for (const element of elements) {
      if (element.waypoints) this.modeling.moveConnection(element, STILL, scope, undefined, HINTS);
      else this.modeling.moveShape(element, STILL, scope, undefined, HINTS);
    }
    this.adoptLabels(elements, scope);
  }

  adoptLabels(elements, scope) {
    for (const label of elements.flatMap((element) => element.labels ?? [])) {
      if (label.parent !== scope) this.modeling.moveShape(label, STILL, scope, undefined, HINTS);
    }
  }

  unwrap(element) {
    if (is(element, "bpmn:SubProcess")) return this.#unframe(element);
    if (is(element, "bpmn:Gateway")) return this.#straighten(element);
    throw new StructureError(`${element.id} wraps nothing.`);
  }

  #unframe(frame) {
    const start = startOf(frame);
    const ends = nodesOf(frame).filter((node) => isPlainEnd(node) && !is(flowsIn(node)[0]?.source, "bpmn:BoundaryEvent"));
    const others = nodesOf(frame).filter((node) => isEnd(node) && !isPlainEnd(node));
    const [leadIn] = start ? flowsOut(start) : [];
    if (!leadIn || ends.length !== 1 || others.length || flowsIn(ends[0]).length !== 1 || frame.attachers.length) {
      throw new StructureError(`${frame.id} has more than one way out. Lead them to one end first.`);
    }
    const [entry] = flowsIn(frame);
    const [exit] = flowsOut(frame);
    const leadOut = flowsIn(ends[0])[0];
    const content = nodesOf(frame).filter((node) => node !== start && node !== ends[0]);
    const inner = frame.children.filter((child) => child.waypoints && child !== leadIn && child !== leadOut);
    const first = leadIn.target;
    const after = exit?.target;
    if (!content.length || !entry || !after) {
      throw new StructureError(`${frame.id} is empty or stands alone; remove it instead.`);
    }
    this.modeling.removeConnection(leadIn);
    this.adopt([...content, ...inner, leadOut], frame.parent);
    this.leadTo(entry, first);
    this.leadTo(leadOut, after);
    this.modeling.removeElements([frame]);
    return first;
  }

  #straighten(split) {
    const join = joinOf(split);
    const ways = flowsOut(split).map((flow) => flow.target).filter((node) => node !== join);
    if (!join || flowsOut(join).length !== 1 || flowsIn(split).length !== 1) {
      throw new StructureError(`The ways out of ${split.id} do not meet again.`);
    }
    if (is(split, "bpmn:ExclusiveGateway") && ways.length > 1) {
      throw new StructureError(`${split.id} chooses between several ways; remove all but one first.`);
    }
    const lasts = flowsIn(join).filter((flow) => flow.source !== split);
    const [exit] = flowsOut(join);
    const after = exit.target;
    let lead = flowsIn(split)[0];
    const tails = ways.map((way) => lasts.find((flow) => comesFrom(way, flow.source)));
    if (new Set(tails).size !== lasts.length || tails.includes(undefined)) {
      throw new StructureError(`The ways out of ${split.id} are woven together; remove the cross connections first.`);
    }
    ways.forEach((way, index) => {
      this.leadTo(lead, way);
      lead = tails[index];
    });
    this.leadTo(lead, after);
    this.modeling.removeElements([split, join]);
    return ways[0];
  }

  // ---------------------------------------------------------------- removing, moving, copying
  remove(elements) {
    const touched = new Set();
    const connections = elements.filter((element) => element.waypoints);
    for (const part of connected(elements.filter((element) => !element.waypoints))) {
      const run = runOf(part);
      for (const flow of [...run.entries, ...run.exits]) touched.add(flow.source).add(flow.target);
      if (run.entries.length >= 1 && run.exits.length === 1) {
        run.entries.forEach((entry) => this.#bypass(entry, run.exit.target));
      }
      this.modeling.removeElements(run.nodes);
    }
    if (connections.length) this.modeling.removeElements(connections);
    for (const node of touched) if (node.parent && is(node, "bpmn:Gateway")) this.#dissolve(node);
  }

  // Leads on to what comes after the removed part; the same way twice is drawn once.
  #bypass(entry, target) {
    const twin = flowsOut(entry.source).find((flow) => flow !== entry && flow.target === target);
    if (!twin) return this.leadTo(entry, target);
    const wasDefault = entry.source.businessObject.default === entry.businessObject;
    this.modeling.removeConnection(entry);
    if (wasDefault) this.edit.setFlow(twin, { isDefault: true });
    return twin;
  }

  // A gateway with one way in and one way out decides nothing any more.
  #dissolve(gateway) {
    const [into, out] = [flowsIn(gateway), flowsOut(gateway)];
    if (into.length !== 1 || out.length !== 1) return;
    this.#bypass(into[0], out[0].target);
    this.modeling.removeElements([gateway]);
  }

  // Another kind of the same thing, under the same id and with its data. What decides only at a choice goes with the choice.
  changeType(element, target) {
    if (target.type === "bpmn:ParallelGateway") {
      for (const flow of flowsOut(element)) this.edit.setFlow(flow, { condition: "", name: "", isDefault: false });
    }
    const changed = this.bpmnReplace.replaceElement(element, target, { autoResize: false });
    if (is(changed, "bpmn:ExclusiveGateway") && flowsOut(changed).length > 1 && !changed.businessObject.default) {
      this.edit.setFlow(flowsOut(changed).at(-1), { isDefault: true });
    }
    return changed;
  }

  move(elements, where) {
    const run = wholeRun(elements);
    if (!run.exit) throw new StructureError("The end of a part can't be moved.");
    const flow = this.flowAt(where);
    if (flow === run.entry || flow === run.exit || run.inner.includes(flow)) return run.entry.target;
    for (let scope = flow.parent; scope; scope = scope.parent) {
      if (run.nodes.includes(scope)) throw new StructureError(`${scope.id} can't be moved into itself.`);
    }
    const first = run.entry.target;
    const last = run.exit.source;
    const before = run.exit.target;
    const behind = run.entry.source;
    this.#bypass(run.entry, before);
    const { bounds, room } = placeOnFlow(flow, boxOf(run.nodes));
    this.place(room);
    const parts = [...run.nodes, ...run.inner, run.exit];
    if (flow.parent !== run.scope) this.adopt(parts, flow.parent);
    this.#shift(parts, boxOf(run.nodes), bounds);
    const target = flow.target;
    this.leadTo(flow, first);
    this.leadTo(run.exit, target);
    for (const node of [behind, before]) if (node.parent && is(node, "bpmn:Gateway")) this.#dissolve(node);
    return last && first;
  }

  #shift(elements, from, to) {
    const [dx, dy] = [to.x - from.x, to.y - from.y];
    const all = new Set(elements.flatMap((e) => [e, ...(e.labels ?? []), ...within(e)]));
    this.place([...all].map((element) => element.waypoints
      ? { element, waypoints: element.waypoints.map(({ x, y }) => ({ x: x + dx, y: y + dy })) }
      : { element, bounds: { x: element.x + dx, y: element.y + dy, width: element.width, height: element.height } }));
  }

  duplicate(elements) {
    const run = wholeRun(elements);
    const flow = run.exit ?? this.flowAt({ after: run.nodes.at(-1) });
    const box = boxOf(run.nodes);
    const { bounds, room } = placeOnFlow(flow, box);
    const order = run.nodes.filter((node) => !is(node, "bpmn:BoundaryEvent"));
    const [first, last] = [order.indexOf(run.entry.target), order.indexOf(flow.source)];
    this.place(room);
    this.bpmnFactory.aside(() => this.copyPaste.copy([...run.nodes, ...run.inner]));
    const at = { x: bounds.x + box.width / 2, y: bounds.y + box.height / 2 };
    const pasted = this.copyPaste.paste({ element: run.scope, point: at, hints: { autoResize: false } });
    const copies = pasted.filter((element) => is(element, "bpmn:FlowNode") && element.parent === run.scope && element.type !== "label");
    const main = copies.filter((node) => !is(node, "bpmn:BoundaryEvent"));
    this.splice(flow, main[first] ?? main[0], main[last] ?? main.at(-1));
    return copies;
  }
}

function boxOf(nodes) {
  const x = Math.min(...nodes.map((node) => node.x));
  const y = Math.min(...nodes.map((node) => node.y));
  const right = Math.max(...nodes.map((node) => node.x + node.width));
  const bottom = Math.max(...nodes.map((node) => node.y + node.height));
  return { x, y, width: right - x, height: bottom - y };
}

function comesFrom(start, node) {
  const seen = new Set();
  const waiting = [start];
  while (waiting.length) {
    const next = waiting.pop();
    if (next === node) return true;
    if (seen.has(next)) continue;
    seen.add(next);
    waiting.push(...flowsOut(next).map((flow) => flow.target));
  }
  return false;
}

// Elements in groups that hang together by flows among themselves.
function connected(elements) {
  const left = new Set(elements);
  const groups = [];
  for (const element of elements) {
    if (!left.delete(element)) continue;
    const group = [element];
    for (const node of group) {
      const near = [...flowsIn(node).map((f) => f.source), ...flowsOut(node).map((f) => f.target), ...(node.attachers ?? [])];
      group.push(...near.filter((other) => left.delete(other)));
    }
    groups.push(group);
  }
  return groups;
}

