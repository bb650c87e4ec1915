// A recipe's diagram with what a dry run reached of it.
//
//   <div class="diagram" data-diagram-url="…" data-coverage-url="…" aria-label="…"></div>
//
// The coverage comes as {"<element id>": {"state": "reached", "label": "Reached."}}, for nodes and flows alike. What was
// not reached has a badge, so that neither colour nor line alone says it. "Next not reached" steps through them.
// The container says data-ready="true" once everything is drawn, data-ready="error" when that failed.
import NavigatedViewer from "bpmn-js/lib/NavigatedViewer";
import "bpmn-js/dist/assets/diagram-js.css";
import "bpmn-js/dist/assets/bpmn-js.css";
import "bpmn-js/dist/assets/bpmn-font/css/bpmn.css";
import "./coverage.css";

const MARGIN = 24;
const READABLE_SCALE = 0.75;
const ZOOM_STEP = 1.25;
const ARROWS = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down" };
const GLYPHS = { reached: "✓", alone: "–", missed: "!", failed: "✕" };

async function fetched(url, kind) {
  const response = await fetch(url, { credentials: "same-origin", headers: { Accept: kind } });
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  return response;
}

class Coverage {
  constructor(container) {
    this.container = container;
    this.holder = this.add("div", "coverage-canvas");
    this.status = this.add("p", "coverage-status");
    this.status.setAttribute("role", "status");
    this.viewer = new NavigatedViewer({ container: this.holder });
    this.canvas = this.viewer.get("canvas");
    this.missed = [];
    this.at = -1;
  }

  add(tag, className) {
    const element = document.createElement(tag);
    element.className = className;
    this.container.append(element);
    return element;
  }

  async start() {
    try {
      const { diagramUrl, coverageUrl } = this.container.dataset;
      const [xml, states] = await Promise.all([
        fetched(diagramUrl, "application/xml").then((answer) => answer.text()),
        fetched(coverageUrl, "application/json").then((answer) => answer.json()),
      ]);
      await this.viewer.importXML(xml);
      this.paint(states);
    } catch (error) {
      this.status.textContent = `The coverage can't be shown: ${error.message}. The lists on this page say the same.`;
      this.container.dataset.ready = "error";
      return;
    }
    this.listenToKeys();
    this.addButtons();
    this.fitWidth();
    this.container.dataset.ready = "true";
  }

  paint(states) {
    const registry = this.viewer.get("elementRegistry");
    const overlays = this.viewer.get("overlays");
    for (const [id, { state, label }] of Object.entries(states)) {
      const element = registry.get(id);
      if (!element || !(state in GLYPHS)) continue;
      this.canvas.addMarker(id, `covered-${state}`);
      const isFlow = Boolean(element.waypoints);
      if (state !== "reached") this.missed.push(id);
      if (isFlow && state === "reached") continue;
      overlays.add(id, "coverage", { position: isFlow ? middle(element) : { top: -10, right: 10 }, html: badge(state, `${id}: ${label}`) });
    }
  }

  listenToKeys() {
    const drawing = this.holder.querySelector("svg[tabindex]");
    drawing.setAttribute("role", "group");
    drawing.setAttribute("aria-label", `${this.container.getAttribute("aria-label") || "Coverage"}; arrow keys move it`);
    this.viewer.get("keyboard").addListener(({ keyEvent }) => {
      const direction = ARROWS[keyEvent.key];
      if (!direction || keyEvent.ctrlKey || keyEvent.metaKey || keyEvent.altKey) return;
      this.viewer.get("keyboardMove").moveCanvas({ direction, speed: 80 });
      return true; // handled: the page itself stays where it is
    });
  }

  addButtons() {
    const bar = this.add("div", "coverage-buttons");
    const buttons = [
      ["+", "Zoom in", () => this.canvas.zoom(this.canvas.zoom() * ZOOM_STEP)],
      ["−", "Zoom out", () => this.canvas.zoom(this.canvas.zoom() / ZOOM_STEP)],
      ["Width", "Fit the width", () => this.fitWidth()],
    ];
    if (this.missed.length) buttons.push(["Next not reached", "Show the next element that was not reached", () => this.next()]);
    for (const [text, label, act] of buttons) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = text;
      if (text.length < 3) button.setAttribute("aria-label", label);
      button.title = label;
      button.addEventListener("click", act);
      bar.append(button);
    }
  }

  next() {
    this.at = (this.at + 1) % this.missed.length;
    const id = this.missed[this.at];
    this.canvas.scrollToElement(id, { padding: 60 });
    this.status.textContent = `${this.at + 1} of ${this.missed.length}: ${id}`;
  }

  fitWidth() {
    const { inner, outer } = this.canvas.viewbox();
    const scale = Math.min(1, Math.max(READABLE_SCALE, outer.width / (inner.width + 2 * MARGIN)));
    this.canvas.viewbox({ x: inner.x - MARGIN, y: inner.y - MARGIN, width: outer.width / scale, height: outer.height / scale });
  }
}

// Where a flow's badge stands: on the middle of its line, relative to the line's bounding box.
function middle(flow) {
  const points = flow.waypoints;
  const left = Math.min(...points.map((p) => p.x));
  const top = Math.min(...points.map((p) => p.y));
  const from = points[Math.floor((points.length - 1) / 2)];
  const to = points[Math.floor((points.length - 1) / 2) + 1] || from;
  return { left: (from.x + to.x) / 2 - left - 10, top: (from.y + to.y) / 2 - top - 10 };
}

function badge(state, label) {
  const holder = document.createElement("div");
  holder.className = `coverage-badge covered-${state}`;
  holder.setAttribute("role", "img");
  holder.setAttribute("aria-label", label);
  holder.title = label;
  holder.textContent = GLYPHS[state];
  return holder;
}

for (const container of document.querySelectorAll("[data-coverage-url]")) new Coverage(container).start();
