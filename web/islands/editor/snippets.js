// Small patterns that recur in recipes, ready but for what only the process owner knows: limits, names, times.
const P = { code: "P", roles: "MFG_OP", meanings: "performed_by" };
const W = { code: "W", roles: "MFG_WIT", meanings: "witnessed_by" };
const V = { code: "V", roles: "MFG_VER", meanings: "verified_by" };

// The step that ends before a place, if it is one: what follows may be timed from it.
function stepBefore(model, where) {
  const element = where.after ?? where.on?.source;
  return element && model.step(element) ? element : undefined;
}

function snippet(label, about, insert) {
  return { label, about, insert: (model, where) => model.transaction(label, () => insert(model, where)) };
}

function countDaily(model, where) {
  const before = stepBefore(model, where);
  const loop = model.insertNode("loop", where, {
    maximum: 10, label: "D", first: 1, count: "day",
    step: {
      title: "Sample and count", instruction: "Take a sample, count, and enter the result.", signatures: [P, V], equipment: ["cell counter"],
      parameters: [{ id: "vcd", name: "Viable cell density", type: "num", uom: "cells/mL", source: "device" },
        { id: "viability", name: "Viability", type: "num", uom: "%", source: "device" }],
    },
  });
  model.setName(loop, `${loop.id} Count each day, 10 days at most`);
  const [start] = loop.children.filter((child) => child.type === "bpmn:StartEvent");
  model.insertNode("timer", { after: start }, { name: "Due", due: before ? `${before.id}.end + days(day)` : "" });
  return loop;
}

function dispense(model, where) {
  return model.insertStep(where, {
    title: "Dispense", instruction: "Scan the lot, tare, weigh; a second person watches the weighing.", signatures: [P, W],
    equipment: ["balance"], materials: ["(name the material)"], scans: [{ kind: "material" }],
    parameters: [
      { id: "tare", name: "Tare", type: "num", uom: "g", source: "device" },
      { id: "gross", name: "Gross mass", type: "num", uom: "g", source: "device" },
      { id: "net", name: "Net mass", type: "num", uom: "g", source: "calc", formula: "gross - tare" },
    ],
  });
}

// A hold time from the end of the step before to the start of a new one, with its timer.
function hold(model, where) {
  const before = stepBefore(model, where) ?? model.insertStep(where, { title: "Start of the hold" });
  const step = model.insertStep(where.on && stepBefore(model, where) ? where : { after: before }, { title: "After the hold", signatures: [P] });
  const taken = new Set((model.recipe()?.get("holdTimes") ?? []).map((entry) => entry.get("id")));
  let number = taken.size + 1;
  while (taken.has(`H${String(number).padStart(2, "0")}`)) number += 1;
  const id = `H${String(number).padStart(2, "0")}`;
  model.setHoldTime(-1, { id, from: `${before.id}.end`, to: `${step.id}.start`, uom: "h" });
  model.insertNode("hold", { on: step }, { hold: id });
  return step;
}

function gate(model, where) {
  return model.insertStep(where, {
    title: "QA gate", instruction: "Review what is recorded so far and decide whether the batch goes on.",
    signatures: [{ code: "Q", roles: "QA_FLR", meanings: "authorised_to_proceed" }],
    parameters: [{
      id: "proceed", name: "The batch may proceed", type: "bool", target: "true", norLow: "true", norHigh: "true", parLow: "true",
      parHigh: "true", limitAction: "stop", severity: "critical",
    }],
  });
}

function preparation(model, where) {
  return model.insertNode("parallel", where, {
    steps: [{ title: "Prepare the materials", signatures: [P, V] }, { title: "Prepare the equipment", signatures: [P, V] }],
  });
}

export const SNIPPETS = [
  snippet("Count with daily loop", "A loop with a wait and a counting step. Fill in: while what it goes on, limits.", countDaily),
  snippet("Dispense with witness", "Weighing with tare, gross and net, witnessed. Fill in: material, limits.", dispense),
  snippet("Hold", "A time limit from the end of a step to the start of the next, with its timer. Fill in: the limits.", hold),
  snippet("QA gate", "Quality on the floor authorises to proceed, or the batch stops.", gate),
  snippet("Parallel preparation", "Two steps side by side.", preparation),
];
