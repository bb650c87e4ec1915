// What the person must know about the draft as a whole: one notice per matter, above the table and the diagram.
import { button, make } from "./dom.js";

export function createNotices(region) {
  const shown = new Map();

  function close(matter) {
    shown.get(matter)?.remove();
    shown.delete(matter);
  }

  // actions: [[label, function]]; an action leaves the notice open unless it closes it. `more`: an element below the text.
  function show(matter, tone, text, actions = [], more = undefined) {
    close(matter);
    const acts = actions.map(([label, act]) => button(label, act));
    const notice = make("div", { class: `notice ${tone}`, role: tone === "bad" ? "alert" : "status" },
      make("div", {}, make("p", {}, text), more, acts.length ? make("div", { class: "actions" }, acts) : null));
    shown.set(matter, notice);
    region.append(notice);
    return notice;
  }

  return { show, close };
}
