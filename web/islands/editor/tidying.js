// Tidy drawings: the server's layout, taken over as one command. After edits in the table this happens by itself, as long
// as nobody has moved shapes by hand; it is then a part of the edit before it when that is undone.
const AFTER_MS = 250;

const DI = "http://www.omg.org/spec/BPMN/20100524/DI";

// The places of a laid-out diagram for the shapes and flows of the one that is open.
function placesOf(xml, registry) {
  const page = pageOf(xml);
  const drawn = (name) => [...page.getElementsByTagNameNS(DI, name)]
    .map((di) => ({ di, element: registry.get(di.getAttribute("bpmnElement")) }))
    .filter(({ element }) => element?.parent);
  const places = [];
  for (const { di, element } of [...drawn("BPMNShape"), ...drawn("BPMNEdge")]) {
    if (element.waypoints) places.push({ element, waypoints: [...di.children].filter((c) => c.localName === "waypoint").map(pointOf) });
    else places.push({ element, bounds: boundsOf(di) });
    const label = [...di.children].find((child) => child.localName === "BPMNLabel");
    if (label?.children.length && element.label) places.push({ element: element.label, bounds: boundsOf(label) });
  }
  return places.filter(isNew);
}

const pageOf = (xml) => new DOMParser().parseFromString(xml, "application/xml");

// Whether a shape stands elsewhere than the server would draw it.
function isArranged(xml, tidy) {
  const [places, wanted] = [xml, tidy].map((one) => new Map([...pageOf(one).getElementsByTagNameNS(DI, "BPMNShape")]
    .map((di) => [di.getAttribute("bpmnElement"), JSON.stringify(boundsOf(di))])));
  return [...places].some(([id, bounds]) => wanted.has(id) && wanted.get(id) !== bounds);
}

const numbers = (element, names) => Object.fromEntries(names.map((name) => [name, Number(element.getAttribute(name))]));
const pointOf = (element) => numbers(element, ["x", "y"]);
const boundsOf = (di) => numbers([...di.children].find((child) => child.localName === "Bounds"), ["x", "y", "width", "height"]);

function isNew({ element, bounds, waypoints }) {
  if (bounds) return ["x", "y", "width", "height"].some((name) => element[name] !== bounds[name]);
  return JSON.stringify(element.waypoints.map(({ x, y }) => [x, y])) !== JSON.stringify(waypoints.map(({ x, y }) => [x, y]));
}

const BY_HAND = ["shape.move.end", "resize.end", "bendpoint.move.end", "connectionSegment.move.end", "spaceTool.end"];

export class Tidying {
  constructor({ model, modeler, server, notices }) {
    Object.assign(this, { model, server, notices });
    for (const name of ["elementRegistry", "commandStack", "eventBus"]) this[name] = modeler.get(name);
    this.eventBus.on(BY_HAND, 100, () => this.#is(true));
    this.model.on("opened", () => this.#look());
    this.model.on("restructured", () => this.#soon());
    this.#look();
  }

  // A drawing that somebody arranged is left as it is; one that was opened as the server draws it is kept that way. What is
  // edited while the server still answers is tidied after.
  async #look() {
    this.#is(true);
    if (this.model.readOnly || this.#pooled()) return;
    const look = this.look = { edited: false };
    try {
      const opened = await this.model.xml();
      const { xml } = await this.server.layout(opened);
      if (look !== this.look) return;
      this.#is(isArranged(opened, xml));
      if (look.edited) this.#soon();
    } catch {
      // not readable or not connected: the drawing stays as it is
    }
  }

  // Whether the drawing is somebody's own; a look that is under way has nothing to add.
  #is(byHand) {
    Object.assign(this, { byHand, look: null });
  }

  #soon() {
    if (this.look) this.look.edited = true;
    if (this.byHand) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#apply(true).catch(() => {}), AFTER_MS); // without a connection the next edit tries again
  }

  // The server draws processes, not the pools around them.
  #pooled() {
    return this.model.process.businessObject !== this.model.processObject;
  }

  async tidy() {
    clearTimeout(this.timer);
    if (this.#pooled()) return void this.notices.show("tidy", "", "A diagram with pools is not tidied; arrange it by hand.");
    try {
      await this.#apply(false);
      this.#is(false);
      this.notices.close("tidy");
    } catch (error) {
      this.notices.show("tidy", "watch", `The drawing can't be tidied now: ${error.message}`);
    }
  }

  async #apply(automatic) {
    const edition = this.model.edition;
    const { xml } = await this.server.layout(await this.model.xml());
    if (edition !== this.model.edition) return automatic ? this.#soon() : this.#apply(automatic);
    const places = placesOf(xml, this.elementRegistry);
    if (places.length) this.commandStack.execute("edit.places", { places, automatic });
    return this.model.emit("tidied", { automatic });
  }
}
