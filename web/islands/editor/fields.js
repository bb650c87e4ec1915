// Labelled fields of the panel. A field reads and writes the model itself, so it can be brought up to date where it
// stands; the one that is being typed in is left alone.
import { freshId, make, sentence } from "./dom.js";

const DONE_KEYS = new Set(["INPUT", "SELECT"]);

export class Fields {
  constructor() {
    this.all = [];
  }

  clear() {
    this.all = [];
  }

  refresh() {
    for (const field of this.all) if (!field.refused && !field.input.contains(document.activeElement)) field.show();
  }

  // Findings beside their fields: {parameter, property} of each says which; returns those that found no field.
  findings(found) {
    const left = new Set(found);
    for (const field of this.all) {
      const own = found.filter((finding) => isAt(finding, field.at));
      own.forEach((finding) => left.delete(finding));
      field.own = own;
    }
    for (const finding of left) { // of a parameter as a whole: at its first field
      const field = this.all.find(({ at }) => at && finding.parameter && at.parameter === finding.parameter);
      if (field && left.delete(finding)) field.own.push(finding);
    }
    for (const { own, tell } of this.all) {
      tell(own.map(({ message, what_to_do: advice }) => `${sentence(message)}. ${sentence(advice)}.`).join(" "), own.some((f) => f.severity === "error"));
    }
    return [...left];
  }

  focus({ parameter = "", property = "" }) {
    const field = this.all.find(({ at }) => at && (at.parameter ?? "") === parameter && at.property === property)
      ?? this.all.find(({ at }) => at && parameter && at.parameter === parameter);
    if (!field) return;
    for (let box = field.element; box; box = box.parentElement) if (box.tagName === "DETAILS") box.open = true;
    (field.input.matches("input, select, textarea") ? field.input : field.input.querySelector("input, select, textarea, summary"))?.focus();
  }

  #add(label, at, input, { read, write, hint, disabled }, show) {
    const id = input.id || freshId("panel");
    const error = make("p", { class: "error", id: `${id}-error`, hidden: true });
    const note = hint && make("p", { class: "hint", id: `${id}-hint` }, hint);
    input.id = id;
    if (disabled) input.setAttribute(input.tagName === "SELECT" || input.type === "checkbox" ? "disabled" : "readonly", "");
    const described = [note && note.id, error.id].filter(Boolean).join(" ");
    input.setAttribute("aria-describedby", described);
    const element = make("div", { class: "field" }, make("label", { for: id }, label), note, input, error);
    const field = {
      at, input, element, show: () => show(read() ?? ""),
      tell(text, bad = true) {
        if (field.refused) return;
        error.textContent = text;
        error.hidden = !text;
        error.classList.toggle("watch", !bad);
        element.classList.toggle("wrong", Boolean(text) && bad);
        if (text && bad) input.setAttribute("aria-invalid", "true");
        else input.removeAttribute("aria-invalid");
      },
      commit(value) {
        field.refused = false;
        try {
          write(value);
          field.tell("");
        } catch (problem) {
          field.tell(problem.message);
          field.refused = true;
        }
      },
    };
    this.all.push(field);
    field.show();
    return field;
  }

  text(label, spec) {
    const input = make(spec.rows ? "textarea" : "input", { rows: spec.rows, type: spec.rows ? undefined : "text", autocomplete: "off", spellcheck: spec.rows ? "true" : "false", list: spec.list });
    const field = this.#add(label, spec.at, input, spec, (value) => void (input.value = value));
    input.addEventListener("change", () => field.commit(input.value.trim()));
    input.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && DONE_KEYS.has(input.tagName)) field.commit(input.value.trim());
      if (event.key === "Escape") { field.refused = false; field.show(); event.stopPropagation(); }
    });
    return field.element;
  }

  // options: [[value, label]]
  select(label, spec) {
    const input = make("select", {}, spec.options.map(([value, text]) => make("option", { value }, text)));
    const field = this.#add(label, spec.at, input, spec, (value) => {
      if (value && ![...input.options].some((option) => option.value === value)) input.append(make("option", { value }, value));
      input.value = value;
    });
    input.addEventListener("change", () => field.commit(input.value));
    return field.element;
  }

  check(label, spec) {
    const input = make("input", { type: "checkbox" });
    const field = this.#add(label, spec.at, input, spec, (value) => void (input.checked = Boolean(value)));
    field.element.classList.add("check");
    input.addEventListener("change", () => field.commit(input.checked));
    return field.element;
  }

  // One entry per line.
  lines(label, spec) {
    return this.text(label, {
      ...spec, rows: 2, read: () => spec.read().join("\n"),
      write: (text) => spec.write(text.split("\n").map((line) => line.trim()).filter(Boolean)),
    });
  }

  // Several of a list, as boxes to tick; the value is the codes with a space between, in the list's order.
  several(label, spec) {
    const boxes = make("div", { class: "boxes" });
    const summary = make("summary", {});
    const input = make("details", { class: "several" }, summary, boxes);
    const field = this.#add(label, spec.at, input, spec, (value) => {
      const chosen = value.split(/\s+/).filter(Boolean);
      summary.textContent = chosen.map((code) => spec.options.find(([known]) => known === code)?.[1] ?? code).join(", ") || "None";
      const unknown = chosen.filter((code) => !spec.options.some(([known]) => known === code)).map((code) => [code, code]);
      boxes.replaceChildren(...[...spec.options, ...unknown].map(([code, text]) => make("label", { class: "box" },
        make("input", { type: "checkbox", value: code, checked: chosen.includes(code), disabled: spec.disabled }), text)));
    });
    const [name] = field.element.children;
    name.removeAttribute("for");
    name.id = `${input.id}-label`;
    summary.id = `${input.id}-chosen`;
    summary.setAttribute("aria-labelledby", `${name.id} ${summary.id}`);
    input.removeAttribute("aria-describedby");
    boxes.addEventListener("change", () => {
      field.commit([...boxes.querySelectorAll("input:checked")].map((box) => box.value).join(" "));
      summary.textContent = [...boxes.querySelectorAll("input:checked")].map((box) => box.parentElement.textContent).join(", ") || "None";
    });
    return field.element;
  }
}

function isAt(finding, at) {
  return at && finding.property === at.property && finding.parameter === (at.parameter ?? "")
    && (!at.element || finding.element_id === at.element);
}
