// What a person does with whole rows: begin, wrap, branch, move, remove. Each is one entry of the undo stack.
import { CellError } from "./cell_words.js";
import { firstNode, lastNode, leadsOn, nodesOf, outline, stepsIn } from "./outline.js";

const GROUPS = new Set(["unit_procedure", "loop"]);
const GATEWAY = /Gateway$/;
const NO_LEVEL = new Set(["branch", "attached", "operation"]);

export class RowActions {
  constructor(model) {
    this.model = model;
  }

  shape(element) {
    return this.model.get(element.id);
  }

  shapes(blocks) {
    return blocks.flatMap(nodesOf).map((node) => this.shape(node)).filter(Boolean);
  }

  resolved(place) {
    const [[how, where]] = Object.entries(place);
    return { [how]: this.shape(where) ?? this.model.process };
  }

  // Runs structural commands as one. A step that comes to stand in another unit procedure says that one's name then; what
  // stays where it was is left as it is, and in a process of the site a subprocess is no unit procedure.
  restructure(label, run) {
    return this.model.transaction(label, () => {
      const before = new Map(this.#units().map(([element, unit]) => [element.id, unit]));
      const answer = run();
      if (this.model.recipe()?.get("kind") !== "process") this.#nameUnits(before);
      return answer;
    });
  }

  // Every step with the name of the unit procedure it stands in, and all of these names.
  #units(names = new Set([""])) {
    const found = [];
    const visit = (body, unit) => {
      for (const block of body) {
        const name = block.kind === "unit_procedure" ? block.element.name ?? "" : unit;
        names.add(name);
        if (block.kind === "step") found.push([block.element, unit]);
        for (const inner of block.branches ? block.branches.map((branch) => branch.body) : [block.body ?? []]) visit(inner, name);
        for (const one of block.attached ?? []) visit(one.body, unit);
      }
    };
    visit(outline(this.model.processObject).body, "");
    return found;
  }

  // A name that no subprocess has was given by somebody on purpose, and stays.
  #nameUnits(before) {
    const names = new Set([""]);
    for (const [element, unit] of this.#units(names)) {
      if (before.get(element.id) === unit) continue;
      const said = this.model.step(element)?.get("unitProcedure") ?? "";
      if (said !== unit && names.has(said)) this.model.setStep(this.shape(element), { unitProcedure: unit });
    }
  }

  // ---------------------------------------------------------------- beginning

  // Where a new row after (or before) this one goes.
  placeBeside(row, before = false) {
    if (row.kind === "new") return row.place;
    if (row.kind === "branch") return row.block.body.length ? { before: firstNode(row.block.body[0]) } : { on: row.block.flow };
    const run = row.kind === "operation" ? row.block.body : [row.kind === "attached" ? row.parent.block : row.block];
    const block = before ? run[0] : run.at(-1);
    if (before) return { before: firstNode(block) };
    const last = lastNode(block);
    const next = row.siblings?.[row.siblings.indexOf(block) + 1];
    if (last) return { after: last };
    return next ? { before: firstNode(next) } : undefined;
  }

  // Where the first row inside an empty group goes.
  placeInside(row) {
    if (GROUPS.has(row.kind) && !row.block.body.length && !row.block.free) return { into: row.block.element };
    if (row.kind === "branch" && !row.block.body.length && !row.block.goesOn) return { on: row.block.flow };
    return undefined;
  }

  step(place, properties) {
    const shape = this.restructure("New step", () => this.model.insertStep(this.resolved(place), properties));
    return shape.id;
  }

  // A new row, or a step nobody has written anything into, becomes a group. Answers the id of what is there then.
  become(row, kind, name = "") {
    if (row.kind === "step") {
      const step = this.model.step(row.element);
      const isBlank = !this.model.parameters(row.element).length && !step?.get("instruction");
      if (!isBlank) throw new CellError(`${row.element.id} is a step already. To put it into a ${kind.replace("_", " ")}, use the Structure menu.`);
      return this.restructure("New group", () => this.#instead(row, kind, step?.get("title") ?? name).id);
    }
    return this.restructure("New group", () => this.#make(kind, this.#around(row, kind, row.place), name).id);
  }

  // The blank step goes first, so that its number is free again; not where a branch would be left without anything.
  #instead(row, kind, name) {
    const shape = this.shape(row.element);
    const [flow] = shape.incoming;
    const where = this.#around(row, kind, flow ? { on: flow } : { before: row.element });
    const isAlone = !flow || (row.parent?.kind === "branch" && row.siblings.length === 1);
    if (!isAlone) this.model.remove([shape]);
    const made = this.#make(kind, where, name);
    if (isAlone) this.model.remove([shape]);
    return made;
  }

  // A unit procedure does not stand in another one: it goes behind the one that the row is in.
  #around(row, kind, place) {
    if (kind !== "unit_procedure") return this.resolved(place);
    let outer;
    for (let at = row.parent; at; at = at.parent) if (at.kind === "unit_procedure") outer = at;
    return this.resolved(outer ? { after: outer.element } : place);
  }

  #make(kind, where, name) {
    const properties = name ? { name } : {};
    if (kind === "end") return this.#stop(where, name);
    if (GROUPS.has(kind)) return this.model.insertNode(kind, where, { ...properties, step: false });
    return this.model.insertNode(kind, where, properties);
  }

  // A stop ends a branch: what came after it would never happen.
  #stop(where, name) {
    const [[how, element]] = Object.entries(where);
    const flow = { on: element, after: element.outgoing?.[0], before: element.incoming?.[0] }[how];
    const join = flow?.target;
    if (!join || !GATEWAY.test(join.type) || join.incoming.length < 2) {
      throw new CellError("A stop stands at the end of a branch of a choice: what comes after it would never happen.");
    }
    const made = this.model.insertNode("end", { on: flow }, { terminate: true, name: name || "Batch terminated" });
    if (join.incoming.length === 1 && join.outgoing.length === 1) this.model.remove([join]);
    return made;
  }

  // ---------------------------------------------------------------- what is selected

  // The neighbouring blocks of one body that hold all these rows.
  blocksOf(rows) {
    const paths = rows.filter((row) => row.block).map(pathOf);
    const inner = paths[0]?.findLast(({ siblings }) => paths.every((path) => path.some((entry) => entry.siblings === siblings)));
    if (!inner) return undefined;
    const places = paths.flatMap((path) => path.filter((entry) => entry.siblings === inner.siblings).map((entry) => [entry.at, entry.to]));
    const from = Math.min(...places.map(([at]) => at));
    const to = Math.max(...places.map(([, end]) => end));
    return { body: inner.siblings, from, to, blocks: inner.siblings.slice(from, to + 1) };
  }

  need(rows) {
    const found = this.blocksOf(rows);
    if (!found?.blocks.length) throw new CellError("Select one or more rows of steps first.");
    if (rows.some((row) => row.free)) throw new CellError("This part is drawn freely; change its structure on the diagram.");
    const leading = found.blocks.find(leadsOn);
    if (leading) throw new CellError(`An event at ${leading.id} leads back into the flow further on; change that on the diagram first.`);
    return found;
  }

  // ---------------------------------------------------------------- structure

  wrap(rows, kind) {
    const { blocks } = this.need(rows);
    return this.restructure(`Wrap in ${kind}`, () => {
      if (kind !== "parallel" || blocks.length < 2) return this.model.wrap(this.shapes(blocks), kind, {}).id;
      return this.#sideBySide(blocks);
    });
  }

  // Several blocks side by side: each becomes a branch.
  #sideBySide([first, ...others]) {
    const { model } = this;
    const split = model.wrap(this.shapes([first]), "parallel", {});
    others.forEach((block, index) => {
      const flow = index ? model.addBranch(split) : split.outgoing.find((way) => way.target.id !== firstNode(first).id);
      const stand = flow.target;
      model.move(this.shapes([block]), { before: stand });
      model.remove([stand]);
    });
    return split.id;
  }

  unwrap(row) {
    const group = row.kind === "branch" ? row.parent : row;
    if (!group.block?.branches && !GROUPS.has(group.kind)) throw new CellError("Go to the row of a group first.");
    this.restructure("Take the group away", () => this.model.unwrap(this.shape(group.element)));
  }

  addBranch(row) {
    let at = row;
    while (at && !at.block?.branches) at = at.parent;
    if (!at) throw new CellError("Go to a parallel or a choice first, or to a row in one.");
    const way = at.block.join ? undefined : at.block.branches.find((branch) => branch.goesOn);
    const properties = way ? { along: this.shape(way.flow) } : {};
    return this.restructure("Add branch", () => this.model.addBranch(this.shape(at.element), properties).id);
  }

  // The same once more, behind it; of a branch, another branch. Answers the id of what is there then.
  duplicate(rows) {
    const [row] = rows;
    if (rows.length === 1 && row.kind === "branch" && row.block.body.length) return this.#anotherBranch(row);
    const { blocks } = this.need(rows);
    return this.restructure("Another like this", () => this.model.duplicate(this.shapes(blocks))[0].id);
  }

  #anotherBranch(row) {
    const { body } = row.block;
    if (body.some(leadsOn) || !lastNode(body.at(-1))) throw new CellError("This branch does not lead back to the others; draw another one on the diagram.");
    return this.restructure("Another branch like this", () => {
      const copies = this.model.duplicate(this.shapes(body));
      const flow = this.model.addBranch(this.shape(row.parent.element));
      const stand = flow.target;
      this.model.move(copies, { before: stand });
      this.model.remove([stand]);
      return flow.id;
    });
  }

  move(rows, by) {
    const { body, from, to, blocks } = this.need(rows);
    const neighbour = by < 0 ? body[from - 1] : body[to + 1];
    if (!neighbour) return by < 0 ? undefined : this.shift(rows, -1);
    const where = by < 0 ? { before: firstNode(neighbour) } : lastNode(neighbour) && { after: lastNode(neighbour) };
    if (!where) throw new CellError("Nothing goes on from there.");
    return this.restructure("Move", () => this.model.move(this.shapes(blocks), this.resolved(where)));
  }

  // One level out (-1): behind the group. One level in (+1): to the end of the group before.
  shift(rows, by) {
    const { body, from, blocks } = this.need(rows);
    const where = by < 0 ? outOf(rows[0]) : intoEnd(body[from - 1]);
    if (!where) throw new CellError(by < 0 ? "These rows stand in no group." : "There is no group right before these rows.");
    return this.restructure(by < 0 ? "Move out" : "Move in", () => this.model.move(this.shapes(blocks), this.resolved(where)));
  }

  // A further parameter is removed alone; everything else as a whole.
  remove(rows) {
    const [row] = rows;
    const isParameter = rows.every((one) => one.kind === "step" && one.element === row.element)
      && rows.length < this.model.parameters(row.element).length;
    if (isParameter) {
      const places = rows.map((one) => one.index).sort((a, b) => b - a);
      return this.model.transaction("Remove parameters", () => places.forEach((index) => this.model.removeParameter(this.shape(row.element), index)));
    }
    if (rows.length === 1 && row.kind === "branch") return this.restructure("Remove branch", () => this.#removeBranch(row));
    if (rows.length === 1 && row.kind === "attached") {
      const { element, body, end } = row.block;
      const nodes = [element, ...body.flatMap(nodesOf), ...(end ? [end] : [])];
      return this.restructure("Remove", () => this.model.remove(nodes.map((node) => this.shape(node))));
    }
    const { blocks } = this.need(rows);
    return this.restructure("Remove", () => {
      const holds = blocks.flatMap(stepsIn).map((step) => step.id);
      this.model.remove(this.shapes(blocks));
      this.#forgetHolds(holds);
    });
  }

  // The way itself goes too, as long as two others are left; of two, the other one is the sequence then.
  #removeBranch(row) {
    const { flow, body } = row.block;
    const way = this.shape(flow);
    const gateway = this.shape(row.parent.element);
    if (body.length) this.model.remove(this.shapes(body));
    if (!gateway.parent || !way.parent || way.source !== gateway) return;
    if (gateway.outgoing.length > 2) this.model.remove([way]);
    else this.model.unwrap(gateway);
  }

  // Hold times that only ended at steps which are gone.
  #forgetHolds(stepIds) {
    const gone = new Set(stepIds);
    const holds = this.model.recipe()?.get("holdTimes") ?? [];
    const ended = (hold) => (hold.to ?? "").split(" ").every((event) => gone.has(event.split(".")[0]));
    [...holds.keys()].reverse().filter((index) => ended(holds[index])).forEach((index) => this.model.removeHoldTime(index));
  }
}

function pathOf(row) {
  const path = [];
  for (let at = row; at; at = at.parent) {
    const to = at.kind === "operation" ? at.at + at.block.body.length - 1 : at.at;
    if (!NO_LEVEL.has(at.kind) || (at.kind === "operation" && at === row)) path.unshift({ siblings: at.siblings, at: at.at, to });
  }
  return path;
}

function outOf(row) {
  let at = row.parent;
  while (at && at.kind === "operation") at = at.parent;
  if (!at) return undefined;
  if (at.kind === "branch") return at.parent.block.join && { after: at.parent.block.join };
  return { after: at.element };
}

function intoEnd(block) {
  if (!block) return undefined;
  if (GROUPS.has(block.kind) && !block.free) return { into: block.element };
  const branch = block.branches?.at(-1);
  if (!branch || branch.goesOn) return undefined;
  if (!branch.body.length) return { on: branch.flow };
  const last = lastNode(branch.body.at(-1));
  return last && { after: last };
}

