// What the server's checks say about the draft, while it is written: as a list, as marks on the canvas, and for the table
// and the panel ("findings" of the model).
import { button, make, sentence } from "./dom.js";
import { play } from "./playing.js";

const QUIET_MS = 350;
const GLYPHS = { error: "✕", warning: "!" };

export class Findings {
  constructor({ root, model, server, modeler }) {
    Object.assign(this, { root, model, server, overlays: modeler.get("overlays"), canvas: modeler.get("canvas"), modeler });
    this.list = root.querySelector("#editor-findings");
    this.toggle = root.querySelector("[data-do=findings]");
    this.found = [];
    this.marks = new Map(); // element id -> the mark on the canvas, as text
    this.model.on("stack", () => this.later());
    this.model.on("opened", () => this.later(0));
    this.toggle.addEventListener("click", () => this.show(this.list.hidden));
    this.later(0);
  }

  later(after = QUIET_MS) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.check(), after);
  }

  async check() {
    this.asking?.abort();
    this.asking = new AbortController();
    const { signal } = this.asking;
    const edition = this.model.edition;
    const began = performance.now();
    try {
      const { findings } = await this.server.checks(await this.model.xml(), signal);
      if (signal.aborted || edition !== this.model.edition) return;
      this.took = Math.round(performance.now() - began);
      this.found = findings;
      this.#draw();
      this.model.emit("findings", { findings });
    } catch (error) {
      if (signal.aborted) return;
      this.toggle.textContent = "Checks: not up to date";
      this.toggle.dataset.state = "unknown";
      if (!error.status || error.status >= 500) this.later(5000);
    }
  }

  #draw() {
    const errors = this.found.filter(({ severity }) => severity === "error").length;
    const warnings = this.found.length - errors;
    const count = (number, word) => (number ? `${number} ${word}${number > 1 ? "s" : ""}` : "");
    const words = [count(errors, "error"), count(warnings, "warning")].filter(Boolean).join(", ");
    this.toggle.textContent = words ? `${errors ? "✕" : "!"} ${words}` : "✓ All checks passed";
    this.toggle.dataset.state = errors ? "bad" : warnings ? "watch" : "good";
    this.#mark();
    if (!this.list.hidden) this.#fill();
  }

  show(open) {
    this.list.hidden = !open;
    this.toggle.setAttribute("aria-expanded", String(open));
    if (!open) return;
    if (this.root.classList.contains("without-panel")) this.root.querySelector("[data-do=panel]").click();
    this.#fill();
    this.list.querySelector("button")?.focus();
  }

  #fill() {
    const close = button("Close", () => { this.show(false); this.toggle.focus(); }, { class: "button plain" });
    const entries = this.found.map((finding) => this.#entry(finding));
    this.list.replaceChildren(
      make("div", { class: "editor-side-head" }, make("h2", {}, "Checks"), close),
      entries.length ? make("ul", {}, entries) : make("p", { class: "quiet" }, "Nothing to correct: the recipe passes every check."),
    );
  }

  #entry(finding) {
    const where = [finding.element_id, finding.parameter].filter(Boolean).join(" · ") || "Recipe";
    const go = make("button", { type: "button", class: "finding-place", onclick: () => this.go(finding) }, where);
    const text = `${sentence(finding.message)}. ${sentence(finding.what_to_do)}.`;
    const way = finding.path.length > 1 && button("Play the way there", () => play(this.modeler, finding.path, this.root), { class: "button plain" });
    const glyph = make("span", { class: `finding-glyph ${finding.severity}`, role: "img", "aria-label": finding.severity }, GLYPHS[finding.severity]);
    return make("li", {}, glyph, make("div", {}, go, make("p", {}, text), way));
  }

  // To the element and to the field: the panel and the table follow the selection.
  go({ element_id: id, parameter, property }) {
    const element = this.model.get(id) ?? this.model.process;
    this.model.select(element === this.model.process ? [] : [element]);
    if (element !== this.model.process) this.canvas.scrollToElement(element, { top: 60, bottom: 60, left: 120, right: 60 });
    this.model.emit("field", { element, parameter, property });
  }

  of(element) {
    return this.found.filter(({ element_id: id }) => id === element.id);
  }

  #mark() {
    const wanted = new Map();
    for (const { element_id: id, severity, message } of this.found) {
      if (!this.model.get(id)?.parent) continue;
      const mark = wanted.get(id) ?? { severity: "warning", messages: [] };
      if (severity === "error") mark.severity = "error";
      mark.messages.push(message);
      wanted.set(id, mark);
    }
    for (const [id, drawn] of this.marks) {
      if (JSON.stringify(wanted.get(id)) === drawn.text && this.model.get(id)) wanted.delete(id);
      else this.#unmark(id);
    }
    for (const [id, mark] of wanted) {
      const number = mark.messages.length > 1 ? mark.messages.length : GLYPHS[mark.severity];
      const html = make("div", { class: `canvas-finding ${mark.severity}`, title: mark.messages.join("\n"), "aria-hidden": "true" }, String(number));
      const element = this.model.get(id);
      const position = element.waypoints ? { top: -12, left: 0 } : { top: -11, left: -11 };
      this.marks.set(id, { text: JSON.stringify(mark), overlay: this.overlays.add(id, "finding", { position, html }) });
    }
  }

  #unmark(id) {
    try {
      this.overlays.remove(this.marks.get(id).overlay);
    } catch {
      // the element is gone, and its marks with it
    }
    this.marks.delete(id);
  }
}
