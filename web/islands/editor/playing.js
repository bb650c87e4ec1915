// Plays the way to a finding on the diagram: element after element, with pause, forward and back.
import { button, make } from "./dom.js";

const STEP_MS = 900;
let stop = () => {};

export function play(modeler, path, root) {
  stop();
  const [registry, canvas] = [modeler.get("elementRegistry"), modeler.get("canvas")];
  const way = path.map((id) => registry.get(id)).filter(Boolean);
  if (!way.length) return;
  let at = -1;
  let timer;
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;

  const said = make("p", { role: "status" });
  const pause = button("Pause", () => (timer ? halt() : run()));
  const bar = make("div", { class: "canvas-player", role: "group", "aria-label": "The way to the finding" },
    button("Back", () => { halt(); show(at - 1); }), pause, button("Forward", () => { halt(); show(at + 1); }), said, button("Close", () => stop()));
  root.querySelector("#editor-canvas").append(bar);

  function show(next) {
    at = Math.max(0, Math.min(way.length - 1, next));
    way.forEach((element, index) => canvas[index < at ? "addMarker" : "removeMarker"](element, "played"));
    way.forEach((element, index) => canvas[index === at ? "addMarker" : "removeMarker"](element, "playing"));
    canvas.scrollToElement(way[at], { top: 80, bottom: 80, left: 140, right: 80 });
    said.textContent = `${at + 1} of ${way.length}: ${way[at].businessObject.name || way[at].id}`;
    if (at === way.length - 1) halt();
  }

  function run() {
    if (at === way.length - 1) at = -1;
    pause.textContent = "Pause";
    timer = setInterval(() => show(at + 1), STEP_MS);
    show(at + 1);
  }

  function halt() {
    clearInterval(timer);
    timer = undefined;
    pause.textContent = "Play";
  }

  stop = () => {
    halt();
    for (const element of way) {
      if (!registry.get(element.id)) continue;
      canvas.removeMarker(element, "played");
      canvas.removeMarker(element, "playing");
    }
    bar.remove();
    stop = () => {};
  };
  if (still) show(0);
  else run();
  pause.focus();
}
