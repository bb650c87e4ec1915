// Hold times in a cell of the step where they end: "60/120 min from S10.end; min 18/16 h from S16.end to end".
// NOR / PAR, the unit, the event it runs from (the step before, when left out), and whether it ends at this step's start
// (usual) or end.
const UNITS = { min: "min", minutes: "min", minute: "min", h: "h", hour: "h", hours: "h", d: "d", day: "d", days: "d" };
const FORM = new RegExp([
  /^(?:(\w+)\s*:\s*)?/, // H01:
  /(?:(min|max|at least|at most|≥|≤)\s+|([≥≤]))?/,
  /([^\s/]+)(?:\s*\/\s*([^\s/]+))?\s*([a-z]+)/, // 60/120 min
  /(?:\s+from\s+(\S+))?(?:\s+to\s+(?:\S+\.)?(\w+))?/,
  /(?:\s+\((first|last|next)\))?$/,
].map((part) => part.source).join(""), "i");

const listed = (recipe) => recipe?.get("holdTimes") ?? [];
const endsAt = (hold, stepId) => (hold.to ?? "").split(" ").filter((event) => event.split(".")[0] === stepId);

// The hold times that end at a step, with their places in the recipe's list.
function holdTimesOf(stepId, model) {
  return listed(model.recipe()).map((hold, index) => ({ hold, index })).filter(({ hold }) => endsAt(hold, stepId).length);
}

export function holdTimesText(stepId, model) {
  return holdTimesOf(stepId, model).map(({ hold }) => {
    const [to] = endsAt(hold, stepId);
    const kind = hold.kind === "min" ? "min " : "";
    const until = to.endsWith(".start") ? "" : ` to ${to.split(".")[1]}`;
    const select = (hold.select ?? "first") === "first" ? "" : ` (${hold.select})`;
    return `${hold.id}: ${kind}${hold.nor ?? ""}/${hold.par ?? ""} ${hold.uom ?? ""} from ${hold.from ?? ""}${until}${select}`;
  }).join("; ");
}

function understood(text, stepId, previous, Problem) {
  const [, id, word, sign, nor, par = nor, unit, from = previous, to = "start", select] = FORM.exec(text.trim()) ?? [];
  if (!nor || !UNITS[unit.toLowerCase()]) {
    throw new Problem(`“${text.trim()}” is no hold time. Write NOR/PAR, unit and where from: 60/120 min from S10.end.`);
  }
  if (!from) throw new Problem("Write what the hold time runs from: 60/120 min from S10.end.");
  const least = /^(min|at least|≥)$/i.test(word ?? sign ?? "");
  const figure = (value) => value.replace(/^(\d+),(\d+)$/, "$1.$2");
  return { id, properties: {
    nor: figure(nor), par: figure(par), uom: UNITS[unit.toLowerCase()], kind: least ? "min" : undefined, select,
    from: from.includes(".") ? from : `${from}.end`, to: `${stepId}.${to}`,
  } };
}

function nextId(recipe, taken) {
  const numbers = listed(recipe).map((hold) => Number(/^H(\d+)/.exec(hold.id)?.[1] ?? 0));
  let number = Math.max(0, ...numbers) + 1;
  while (taken.has(`H${String(number).padStart(2, "0")}`)) number += 1;
  return `H${String(number).padStart(2, "0")}`;
}

// Writes the whole cell: entries keep their hold time by id, else by place; those that are gone are removed, with the
// timer drawn for them. A maximum gets a timer at the step, so that people are warned before it runs out.
export function writeHoldTimes(element, text, model, Problem) {
  const before = holdTimesOf(element.id, model);
  const previous = previousStep(element, model);
  const wanted = text.split(/[;\n]/).filter((part) => part.trim()).map((part) => understood(part, element.id, previous, Problem));
  const taken = new Set(listed(model.recipe()).map((hold) => hold.id));
  const kept = new Set();
  model.transaction("Hold times", () => {
    wanted.forEach(({ id, properties }, place) => {
      const found = before.find(({ hold }) => hold.id === id) ?? (id ? undefined : before[place]);
      if (found) {
        kept.add(found.hold);
        const others = (found.hold.to ?? "").split(" ").filter((event) => event && event.split(".")[0] !== element.id);
        const to = [...others, properties.to].join(" ");
        return model.setHoldTime(found.index, { ...properties, to, select: properties.select ?? found.hold.select });
      }
      const name = id ?? nextId(model.recipe(), taken);
      taken.add(name);
      model.setHoldTime(-1, { id: name, ...properties });
      if (properties.kind !== "min") model.insertNode("hold", { on: element }, { hold: name });
      return undefined;
    });
    for (const { hold } of before.filter((one) => !kept.has(one.hold)).reverse()) drop(hold, element, model);
  });
}

function drop(hold, element, model) {
  const timers = (element.attachers ?? []).filter((event) => model.timer(event)?.get("hold") === hold.id);
  if (timers.length) model.remove(timers);
  const others = hold.to.split(" ").filter((event) => event.split(".")[0] !== element.id);
  const index = listed(model.recipe()).indexOf(hold);
  if (others.length) model.setHoldTime(index, { to: others.join(" ") });
  else model.removeHoldTime(index);
}

function previousStep(element, model) {
  const steps = model.inFlowOrder(element.parent).filter((node) => model.step(node));
  const before = steps[steps.indexOf(element) - 1];
  return before ? `${before.id}.end` : "";
}
