// What can be inserted or wrapped around rows, by kind. `create` makes the shapes of it on a flow and answers the first
// and the last of them; `wrap` puts it around a run; `attach` sits on a step; `end` ends a way.
import { is } from "bpmn-js/lib/util/ModelUtil";
import { flowsOut } from "./runs.js";

const event = (type, definition) => ({ type, ...(definition ? { eventDefinitionType: `bpmn:${definition}EventDefinition` } : {}) });

function one(shape, main = shape) {
  return { first: shape, last: shape, main };
}

function plain(attributes, setUp = () => {}) {
  return {
    create(structure, flow, props) {
      const shape = structure.shapeOn(flow, attributes);
      if (props.name) structure.edit.setName(shape, props.name);
      setUp(structure.edit, shape, props);
      return one(shape);
    },
  };
}

const FRAME_SIZE = { width: 310, height: 150 };

// A frame with start, end and one step: a part without a step is worth nothing.
function framed(finish, idFor = () => undefined) {
  return {
    create(structure, flow, props) {
      const id = idFor(structure.edit);
      const frame = structure.shapeOn(flow, { type: "bpmn:SubProcess", isExpanded: true, id, ...FRAME_SIZE });
      const inner = structure.bareScope(frame);
      finish(structure.edit, frame, props);
      if (props.step !== false) {
        const step = structure.shapeOn(inner, { type: "bpmn:UserTask" });
        structure.edit.becomeStep(step, props.step ?? {});
        structure.splice(inner, step, step);
      }
      return one(frame);
    },
    wrap(structure, run, props) {
      const frame = structure.frame(run, { id: idFor(structure.edit) });
      finish(structure.edit, frame, props);
      return frame;
    },
  };
}

function named(edit, frame, props) {
  edit.setName(frame, props.name ?? frame.id);
}

function repeated(edit, frame, { name, maximum = 10, again = "", label = "#", first = 1, count = "iteration", previous = "" }) {
  edit.setLoop(frame, { maximum, again, label, first, name: count, previous });
  edit.setName(frame, name ?? `${frame.id} Repeated, ${maximum} times at most`);
}

function gateways(type) {
  const decides = type === "bpmn:ExclusiveGateway";
  const wrap = (structure, run, props) => {
    const { first } = run;
    const { split, join } = around(structure, run, type, props.name);
    if (decides) {
      const straight = structure.connect(split, join);
      structure.edit.setFlow(straight, { isDefault: true, name: "otherwise" });
      if (props.condition) structure.edit.setFlow(flowsOut(split).find((flow) => flow.target === first), { condition: props.condition });
    } else {
      structure.way(split, join, props.step ?? {});
    }
    return split;
  };
  const create = (structure, flow, props) => {
    const { split, join } = structure.gateways(flow, type, props.name);
    if (decides) {
      const { flow: way } = structure.way(split, join, props.step ?? {});
      if (props.condition) structure.edit.setFlow(way, { condition: props.condition });
      structure.edit.setFlow(structure.connect(split, join), { isDefault: true, name: "otherwise" });
    } else {
      for (const step of props.steps ?? [{}, {}]) structure.way(split, join, step);
    }
    return { first: split, last: join, main: split };
  };
  return { wrap, create };
}

// Split before and join behind a run that stays where it is.
function around(structure, run, type, name = "") {
  const split = structure.shapeOn(run.entry, { type });
  if (name) structure.edit.setName(split, name);
  const join = structure.shapeOn(run.exit, { type, id: structure.edit.freeId(`${split.id}_join`) });
  structure.splice(run.entry, split, split);
  structure.splice(run.exit, join, join);
  return { split, join };
}

const timer = (edit, shape, props) => edit.setTimer(shape, { due: props.due ?? "", hold: "" });

export const KINDS = {
  step: plain({ type: "bpmn:UserTask" }, (edit, shape, props) => edit.becomeStep(shape, props)),
  unit_procedure: framed(named),
  loop: framed(repeated, (edit) => edit.nextId("bpmn:SubProcess", true)),
  parallel: gateways("bpmn:ParallelGateway"),
  choice: gateways("bpmn:ExclusiveGateway"),
  timer: plain(event("bpmn:IntermediateCatchEvent", "Timer"), timer),
  message: plain(event("bpmn:IntermediateCatchEvent", "Message"), (edit, shape, props) => edit.setMessage(shape, props.message)),
  script: plain({ type: "bpmn:ScriptTask" }, (edit, shape, props) => edit.setScript(shape, props.script ?? "")),
  service: plain({ type: "bpmn:ServiceTask" }, (edit, shape, { action, value }) => edit.setService(shape, { action, value })),
  call: plain({ type: "bpmn:CallActivity" }, (edit, shape, props) => edit.setCalled(shape, props.called ?? "")),
  rule: plain({ type: "bpmn:BusinessRuleTask" }),
  hold: {
    attached: true,
    attach(structure, host, { hold = "" }) {
      const taken = (host.attachers ?? []).length;
      const bounds = { x: host.x + host.width - 36 - taken * 60, y: host.y + host.height - 18 };
      const id = structure.edit.freeId(hold ? `${hold}_timer` : `${host.id}_timer`);
      const attributes = { ...event("bpmn:BoundaryEvent", "Timer"), id, cancelActivity: false };
      const boundary = structure.shape(attributes, host, bounds, { attach: true });
      structure.edit.setTimer(boundary, { hold, due: "" });
      if (hold) structure.edit.setName(boundary, hold);
      const below = { x: bounds.x, y: bounds.y + 70 };
      const end = structure.shape({ type: "bpmn:EndEvent", id: structure.edit.freeId(`${hold || host.id}_end`) }, host.parent, below);
      structure.connect(boundary, end);
      return boundary;
    },
  },
  end: {
    ends: true,
    end(structure, flow, { terminate = false, name = "" }) {
      const bounds = { x: flow.source.x + flow.source.width + 40, y: flow.source.y + 60 };
      const inside = is(flow.parent, "bpmn:SubProcess");
      const definition = terminate ? (inside ? "Escalation" : "Terminate") : "";
      const end = structure.shape(event("bpmn:EndEvent", definition), flow.parent, bounds);
      if (name) structure.edit.setName(end, name);
      if (terminate && inside) {
        structure.edit.setEscalation(end, flow.parent.id);
        structure.leadOut(flow.parent, name);
      }
      structure.leadTo(flow, end);
      return end;
    },
  },
};
