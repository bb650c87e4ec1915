// A recipe's diagram with the live state of its steps.
//
//   <div class="diagram" data-xml-url="…" data-state-url="…" aria-label="…"></div>
//
// The state comes as {"<element id>": {"state": "open", "label": "Open since 08:10"}} and is asked for again every
// five seconds. Each state has a colour, a glyph and a shape, so that none of them carries the meaning alone.
// A diagram that is stored nowhere yet comes from a field of the page instead (data-xml-from="its id"), with marks that
// stay as they are (data-marks="{…}", in the same form).
// The container says data-ready="true" once everything is drawn, data-ready="error" when that failed.
import NavigatedViewer from "bpmn-js/lib/NavigatedViewer";
import "bpmn-js/dist/assets/diagram-js.css";
import "bpmn-js/dist/assets/bpmn-js.css";
import "bpmn-js/dist/assets/bpmn-font/css/bpmn.css";
import "./diagram.css";

const REFRESH_MS = 5000;
const READABLE_SCALE = 0.75; // step names of the usual 12 px are then 9 px high; a long row is panned instead
const MARGIN = 24;
const ZOOM_STEP = 1.25;
const ARROWS = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down" };

const GLYPHS = { done: "✓", open: "○", started: "▶", blocked: "✕", exception: "!", withdrawn: "–" };

// Outlines in a 24 x 24 square.
const SHAPES = {
  done: "M12 1a11 11 0 1 0 0 22a11 11 0 1 0 0-22z",
  open: "M2 2h20v20h-20z",
  started: "M2 2h13l8 10l-8 10h-13z",
  blocked: "M7.5 1h9l6.500 6.500v9l-6.500 6.500h-9l-6.500-6.500v-9z",
  exception: "M12 0l12 23h-24z",
  withdrawn: "M1 5h22v14h-22z",
};

function svgElement(name, attributes, text = "") {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.textContent = text;
  return element;
}

function badge(state, label) {
  const drawing = svgElement("svg", { viewBox: "-1 -1 26 26", width: 24, height: 24, role: "img" });
  drawing.append(
    svgElement("title", {}, label || state),
    svgElement("path", { d: SHAPES[state] }),
    svgElement("text", { x: 12, y: state === "exception" ? 20 : 17, "text-anchor": "middle" }, GLYPHS[state]),
  );
  const holder = document.createElement("div");
  holder.className = `diagram-badge state-${state}`;
  holder.append(drawing);
  return holder;
}

async function fetched(url, kind) {
  const response = await fetch(url, { credentials: "same-origin", headers: { Accept: kind } });
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  return response;
}

class Diagram {
  constructor(container) {
    this.container = container;
    this.drawn = new Map(); // element id -> the state drawn on it, as text
    this.canvasHolder = this.add("div", "diagram-canvas");
    this.status = this.add("p", "diagram-status");
    this.status.setAttribute("role", "status");
    this.viewer = new NavigatedViewer({ container: this.canvasHolder });
    this.canvas = this.viewer.get("canvas");
  }

  add(tag, className) {
    const element = document.createElement(tag);
    element.className = className;
    this.container.append(element);
    return element;
  }

  async start() {
    try {
      const { xmlFrom, xmlUrl } = this.container.dataset;
      const xml = xmlFrom ? document.getElementById(xmlFrom).value : await (await fetched(xmlUrl, "application/xml")).text();
      await this.viewer.importXML(xml);
    } catch (error) {
      this.status.textContent = `The diagram can't be shown: ${error.message}.`;
      this.container.dataset.ready = "error";
      return;
    }
    this.listenToKeys();
    this.addButtons();
    this.fitWidth();
    if (this.container.dataset.marks) this.draw(JSON.parse(this.container.dataset.marks));
    if (this.container.dataset.stateUrl) {
      await this.refresh();
      this.showWork();
      setInterval(() => document.hidden || this.refresh(), REFRESH_MS);
    }
    this.container.dataset.ready = "true";
  }

  // The drawing takes the focus; arrow keys then move it.
  listenToKeys() {
    const drawing = this.canvasHolder.querySelector("svg[tabindex]");
    drawing.setAttribute("role", "group");
    drawing.setAttribute("aria-label", `${this.container.getAttribute("aria-label") || "Diagram"}; arrow keys move it`);
    this.viewer.get("keyboard").addListener(({ keyEvent }) => {
      const direction = ARROWS[keyEvent.key];
      if (!direction || keyEvent.ctrlKey || keyEvent.metaKey || keyEvent.altKey) return;
      this.viewer.get("keyboardMove").moveCanvas({ direction, speed: 80 });
      return true; // handled: the page itself stays where it is
    });
  }

  addButtons() {
    const bar = this.add("div", "diagram-buttons");
    const buttons = [
      ["+", "Zoom in", () => this.canvas.zoom(this.canvas.zoom() * ZOOM_STEP)],
      ["−", "Zoom out", () => this.canvas.zoom(this.canvas.zoom() / ZOOM_STEP)],
      ["Width", "Fit the width", () => this.fitWidth()],
      ["Open step", "Show the open step", () => this.showWork()],
    ];
    for (const [text, label, act] of buttons) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = text;
      button.title = label;
      button.setAttribute("aria-label", label);
      button.addEventListener("click", act);
      bar.append(button);
    }
  }

  fitWidth() {
    const { inner, outer } = this.canvas.viewbox();
    const scale = Math.min(1, Math.max(READABLE_SCALE, outer.width / (inner.width + 2 * MARGIN)));
    const [width, height] = [outer.width / scale, outer.height / scale];
    this.canvas.viewbox({ x: inner.x - MARGIN, y: inner.y - MARGIN, width, height });
  }

  // Brings the step that waits for somebody into view; leaves the view alone when it is there already.
  showWork() {
    for (const wanted of ["blocked", "started", "open", "exception"]) {
      for (const [id, drawn] of this.drawn) {
        if (JSON.parse(drawn).state === wanted) return this.canvas.scrollToElement(id, { padding: 20 });
      }
    }
  }

  async refresh() {
    try {
      this.draw(await (await fetched(this.container.dataset.stateUrl, "application/json")).json());
      this.status.textContent = "";
      this.refreshedAt = new Date();
    } catch (error) {
      const since = this.refreshedAt ? ` since ${this.refreshedAt.toLocaleTimeString()}` : "";
      this.status.textContent = `The state shown is not up to date${since}: ${error.message}. Trying again.`;
    }
  }

  draw(states) {
    for (const id of [...this.drawn.keys()].filter((id) => !(id in states))) this.erase(id);
    for (const [id, entry] of Object.entries(states)) {
      const text = JSON.stringify(entry);
      if (this.drawn.get(id) === text || !(entry.state in GLYPHS) || !this.viewer.get("elementRegistry").get(id)) continue;
      this.erase(id);
      this.canvas.addMarker(id, `state-${entry.state}`);
      const html = badge(entry.state, entry.label);
      this.viewer.get("overlays").add(id, "state", { position: { top: -12, right: 12 }, html });
      this.drawn.set(id, text);
    }
  }

  erase(id) {
    if (!this.drawn.has(id)) return;
    this.canvas.removeMarker(id, `state-${JSON.parse(this.drawn.get(id)).state}`);
    this.viewer.get("overlays").remove({ element: id, type: "state" });
    this.drawn.delete(id);
  }
}

for (const container of document.querySelectorAll("[data-xml-url], [data-xml-from]")) new Diagram(container).start();
