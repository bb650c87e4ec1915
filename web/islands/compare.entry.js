// Two revisions side by side: both drawings move and zoom together, every change is marked on them.
//
//   <div class="drawing" data-side="old" data-xml-url="…" aria-label="…"></div>, and another with data-side="new"
//   <li class="change" data-kind="changed" data-old="S02" data-new="S02">…</li>
//
// "Show" of a change, or the keys j and k, bring its place into view in both drawings. A change has a sign, a colour and
// an outline on the drawing; the list says the same in words. A drawing says data-ready="true" when it is drawn.
import NavigatedViewer from "bpmn-js/lib/NavigatedViewer";
import "bpmn-js/dist/assets/diagram-js.css";
import "bpmn-js/dist/assets/bpmn-js.css";
import "bpmn-js/dist/assets/bpmn-font/css/bpmn.css";
import "./compare.css";

const SIGNS = { added: "+", removed: "−", changed: "~", moved: "↷" };
const READABLE = 0.7; // step names of 12 px are then 8 px high; a long row is panned
const MARGIN = 24;
const ZOOM_STEP = 1.25;
const ARROWS = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down" };
const KEYS_OFF = "batchwright-comparison-keys-off";

class Drawing {
  constructor(container) {
    this.container = container;
    this.side = container.dataset.side;
    this.holder = this.add("div", "drawing-canvas");
    this.status = this.add("p", "drawing-status");
    this.status.setAttribute("role", "status");
    this.status.textContent = "Drawing …";
    this.viewer = new NavigatedViewer({ container: this.holder });
    this.canvas = this.viewer.get("canvas");
  }

  add(tag, className) {
    const element = document.createElement(tag);
    element.className = className;
    this.container.append(element);
    return element;
  }

  async draw() {
    try {
      const response = await fetch(this.container.dataset.xmlUrl, { credentials: "same-origin" });
      if (!response.ok) throw new Error(`the server answered ${response.status}`);
      await this.viewer.importXML(await response.text());
      this.status.textContent = "";
      this.fit();
      this.listenToKeys();
      this.container.dataset.ready = "true";
      return true;
    } catch (error) {
      this.status.textContent = `This diagram can't be shown: ${error.message}. The list says everything.`;
      this.container.dataset.ready = "error";
      return false;
    }
  }

  // The drawing takes the focus; arrow keys then move it.
  listenToKeys() {
    const drawing = this.holder.querySelector("svg[tabindex]");
    drawing?.setAttribute("role", "group");
    drawing?.setAttribute("aria-label", `${this.container.getAttribute("aria-label")}; arrow keys move it`);
    this.viewer.get("keyboard").addListener(({ keyEvent }) => {
      const direction = ARROWS[keyEvent.key];
      if (!direction || keyEvent.ctrlKey || keyEvent.metaKey || keyEvent.altKey) return;
      this.viewer.get("keyboardMove").moveCanvas({ direction, speed: 80 });
      return true;
    });
  }

  fit() {
    const { inner, outer } = this.canvas.viewbox();
    const scale = Math.min(1, Math.max(READABLE, outer.width / (inner.width + 2 * MARGIN)));
    this.canvas.viewbox({ x: inner.x - MARGIN, y: inner.y - MARGIN, width: outer.width / scale, height: outer.height / scale });
  }

  element(id) {
    return id && this.viewer.get("elementRegistry").get(id);
  }

  mark(id, kind) {
    const element = this.element(id);
    if (!element || !element.parent) return;
    this.canvas.addMarker(id, `diff-${kind}`);
    if (this.viewer.get("overlays").get({ element: id, type: "diff" }).length) return;
    const badge = document.createElement("div");
    badge.className = `diff-badge diff-${kind}`;
    badge.title = kind;
    badge.textContent = SIGNS[kind];
    const position = element.waypoints ? { top: -13, left: 0 } : { top: -13, left: -13 };
    this.viewer.get("overlays").add(id, "diff", { position, html: badge });
  }

  show(id) {
    if (this.here) this.canvas.removeMarker(this.here, "diff-here");
    this.here = undefined;
    const element = this.element(id);
    if (!element || !element.parent) return;
    this.canvas.addMarker(id, "diff-here");
    this.here = id;
    const box = this.viewer.get("canvas").getAbsoluteBBox(element);
    const view = this.canvas.viewbox();
    const middle = { x: view.x + (box.x + box.width / 2) / view.scale, y: view.y + (box.y + box.height / 2) / view.scale };
    this.canvas.viewbox({ ...view, x: middle.x - view.width / 2, y: middle.y - view.height / 2 });
  }
}

// Layouts differ, so the views are not made equal: what one moves, the other moves as far.
function together(one, other) {
  let following = false;
  for (const [leader, follower] of [[one, other], [other, one]]) {
    let last = leader.canvas.viewbox();
    leader.viewer.on("canvas.viewbox.changed", () => {
      const now = leader.canvas.viewbox();
      const before = last;
      last = now;
      if (following) return;
      following = true;
      const view = follower.canvas.viewbox();
      const grown = before.scale / now.scale;
      const width = view.width * grown;
      const height = view.height * grown;
      const middle = { x: view.x + view.width / 2, y: view.y + view.height / 2 };
      const moved = {
        x: now.x + now.width / 2 - before.x - before.width / 2,
        y: now.y + now.height / 2 - before.y - before.height / 2,
      };
      follower.canvas.viewbox({ x: middle.x + moved.x - width / 2, y: middle.y + moved.y - height / 2, width, height });
      following = false;
    });
  }
  return (act) => {
    following = true;
    act();
    following = false;
  };
}

function addButtons(drawing) {
  const bar = drawing.add("div", "drawing-buttons");
  const zoom = (factor) => () => drawing.canvas.zoom(drawing.canvas.zoom() * factor);
  for (const [text, label, act] of [["+", "Zoom in", zoom(ZOOM_STEP)], ["−", "Zoom out", zoom(1 / ZOOM_STEP)], ["Width", "Fit the width", () => drawing.fit()]]) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = text;
    button.title = label;
    button.setAttribute("aria-label", `${label}, both diagrams`);
    button.addEventListener("click", act);
    bar.append(button);
  }
}

class Changes {
  constructor(drawings, alone) {
    this.rows = [...document.querySelectorAll(".change")];
    this.drawings = drawings;
    this.alone = alone;
    this.current = -1;
    for (const [number, row] of this.rows.entries()) {
      for (const drawing of drawings) drawing.mark(row.dataset[drawing.side], row.dataset.kind);
      this.addButton(row, number);
    }
    this.byElement = drawings.map((drawing) => drawing.viewer.on("element.click", ({ element }) => this.find(drawing.side, element.id)));
    this.listenToKeys();
  }

  addButton(row, number) {
    if (!this.drawings.some((drawing) => drawing.element(row.dataset[drawing.side])?.parent)) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button show no-print";
    button.textContent = "Show";
    button.setAttribute("aria-label", `Show change ${number + 1} on the diagrams`);
    button.addEventListener("click", () => this.go(number));
    row.querySelector("h3, h5").append(button);
  }

  listenToKeys() {
    const box = document.getElementById("keys");
    box.checked = !localStorage.getItem(KEYS_OFF);
    box.addEventListener("change", () => box.checked ? localStorage.removeItem(KEYS_OFF) : localStorage.setItem(KEYS_OFF, "yes"));
    box.closest("[hidden]").hidden = false;
    document.addEventListener("keydown", (event) => {
      const typing = event.target.closest("input:not([type=checkbox]), select, textarea");
      if (!box.checked || typing || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "j") this.go(Math.min(this.current + 1, this.rows.length - 1));
      if (event.key === "k") this.go(Math.max(this.current - 1, 0));
    });
  }

  find(side, id) {
    const number = this.rows.findIndex((row) => row.dataset[side] === id);
    if (number >= 0) this.go(number);
  }

  firstDrawn() {
    return this.rows.find((row) => this.drawings.some((drawing) => drawing.element(row.dataset[drawing.side])?.parent));
  }

  bringIntoView(row) {
    if (row) this.alone(() => this.drawings.forEach((drawing) => drawing.show(row.dataset[drawing.side])));
  }

  go(number) {
    const row = this.rows[number];
    if (!row) return;
    this.rows[this.current]?.removeAttribute("aria-current");
    this.current = number;
    row.setAttribute("aria-current", "true");
    row.scrollIntoView({ block: "nearest" });
    this.bringIntoView(row);
    document.getElementById("position").textContent = `Change ${number + 1} of ${this.rows.length}`;
  }
}

async function start() {
  const drawings = [...document.querySelectorAll(".drawing")].map((container) => new Drawing(container));
  const drawn = await Promise.all(drawings.map((drawing) => drawing.draw()));
  const shown = drawings.filter((_, number) => drawn[number]);
  const alone = shown.length === 2 ? together(...shown) : (act) => act();
  shown.forEach(addButtons);
  const changes = new Changes(shown, alone);
  const comparison = document.querySelector(".comparison");
  if (comparison.dataset.begin) changes.bringIntoView(changes.firstDrawn());
  comparison.dataset.ready = "true";
}

start();
