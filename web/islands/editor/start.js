// Puts the parts of the editor together on its page: one model, and the views of it.
import { make } from "./dom.js";
import { Findings } from "./findings.js";
import { Panel } from "./panel.js";
import { openDiagram, warnOfLoss } from "./opening.js";
import { CLASSES } from "./panel_step.js";
import { Saving } from "./saving.js";
import { Server } from "./server.js";
import { Tidying } from "./tidying.js";
import { Toolbar } from "./toolbar.js";
import { createModel } from "./model.js";
import { createModeler } from "./modeler.js";
import { createNotices } from "./notices.js";
import { createTable } from "./table.js";

export async function startEditor(root) {
  const region = (id) => root.querySelector(`#${id}`);
  const server = new Server(root.dataset);
  const sheet = make("div", { class: "canvas-sheet" });
  region("editor-canvas").append(sheet);
  const modeler = createModeler(sheet);
  const model = createModel(modeler);
  const notices = createNotices(region("editor-notices"));
  const vocabulary = JSON.parse(root.dataset.vocabulary);
  const parts = { root, model, server, modeler, notices, vocabulary };
  let draft;
  let unread;
  try {
    draft = await server.draft();
    unread = await openDiagram(parts, draft.xml);
  } catch (error) {
    region("editor-saved").textContent = "Not open";
    notices.show("open", "bad", `The recipe can't be opened here: ${error.message}`);
    root.dataset.ready = "error";
    return;
  }
  parts.draft = draft;
  root.append(suggestions("editor-units", vocabulary.units), suggestions("editor-classes", CLASSES));
  root.append(suggestions("editor-services", vocabulary.services));
  parts.toolbar = new Toolbar({ ...parts, region: region("editor-canvas") });
  parts.panel = new Panel(parts);
  parts.table = createTable(parts);
  if (root.dataset.locked) {
    model.lock();
    notices.show("locked", "", root.dataset.locked);
  } else if (unread.length) {
    warnOfLoss(parts, unread);
  }
  parts.saving = new Saving(parts);
  parts.findings = new Findings(parts);
  parts.tidying = new Tidying(parts);
  bindBar(parts);
  chooseView(parts, savedView());
  offerDrawings(parts);
  fillWindow(root);
  showSelection(parts);
  window.batchwrightEditor = parts; // for the person who looks into it, and for the tests
  performance.mark("editor-ready");
  root.dataset.ready = "true";
}

function showPanel(root, open) {
  root.classList.toggle("without-panel", !open);
  root.querySelector("[data-do=panel]").setAttribute("aria-pressed", String(open));
}

function suggestions(id, values) {
  return make("datalist", { id }, values.map((value) => make("option", { value: [value].flat()[0], label: [value].flat()[1] })));
}

function bindBar({ root, model, panel, saving, tidying, notices }) {
  const control = (name) => root.querySelector(`[data-do=${name}]`);
  const menu = root.querySelector(".editor-bar .editor-menu");
  const acts = {
    undo: () => model.undo(),
    redo: () => model.redo(),
    tidy: () => tidying.tidy(),
    recipe: () => { model.select([]); panel.open(); panel.show([]); panel.region.querySelector("input")?.focus(); },
    export: () => saving.download(),
    panel: () => showPanel(root, root.classList.contains("without-panel")),
  };
  for (const [name, act] of Object.entries(acts)) {
    control(name)?.addEventListener("click", () => { menu.open = false; act(); });
  }
  const lock = () => { for (const name of ["undo", "redo", "tidy"]) control(name).hidden = model.readOnly; };
  lock();
  model.on("locked", lock);
  const refresh = () => {
    control("undo").disabled = !model.canUndo();
    control("redo").disabled = !model.canRedo();
  };
  model.on("stack", refresh);
  model.on("opened", refresh);
  const title = () => { root.querySelector("#editor-title").textContent = model.recipe()?.get("title") || root.dataset.recipe; };
  model.on("changed", title);
  model.on("opened", title);
  document.addEventListener("keydown", (event) => keys(event, model));
  document.addEventListener("click", (event) => {
    for (const open of root.querySelectorAll("details.editor-menu[open]")) if (!open.contains(event.target)) open.open = false;
  });
  root.addEventListener("keydown", (event) => {
    const open = event.key === "Escape" && event.target.closest("details.editor-menu[open]");
    if (open) { open.open = false; open.querySelector("summary").focus(); }
  });
  root.addEventListener("click", (event) => leaveSaved(event, saving, notices));
}

// Whoever goes on to a page about this draft finds there what is here: it is saved first.
async function leaveSaved(event, saving, notices) {
  const link = event.target.closest("a[href^='/']");
  if (!link || !saving.dirty || saving.stopped || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  while (saving.dirty && (await saving.save()));
  if (!saving.dirty) location.assign(link.href);
  else notices.show("leaving", "watch", "The draft could not be saved yet, so that page would not show it. Try again when it is saved.");
}

// Undo and redo reach the one stack from everywhere but a field that is being typed in.
function keys(event, model) {
  const typing = event.target.closest?.("input, textarea, select, [contenteditable=true], .djs-container");
  if (typing || event.defaultPrevented || event.altKey || !(event.ctrlKey || event.metaKey)) return;
  const key = event.key.toLowerCase();
  if (key === "z" || key === "y") {
    event.preventDefault();
    if (key === "y" || event.shiftKey) model.redo();
    else model.undo();
  }
}

// A file may hold parts that the recipe calls, each with a drawing of its own.
function offerDrawings({ root, model, toolbar }) {
  const select = make("select", { "aria-label": "Part", onchange: () => model.show(select.value).then(() => toolbar.fit()) });
  const fill = () => {
    const drawings = model.drawings().filter(({ element }) => element);
    const now = drawings.find(({ element }) => element === model.processObject);
    select.replaceChildren(...drawings.map(({ id, element }) => make("option", { value: id }, element.name || element.id)));
    if (now) select.value = now.id;
    select.hidden = drawings.length < 2;
  };
  model.on("opened", fill);
  fill();
  root.querySelector(".editor-bar h1").after(select);
}

// The editor is as high as the window leaves it below the header, however many lines that has.
function fillWindow(root) {
  const fit = () => root.style.setProperty("--editor-top", `${Math.round(root.getBoundingClientRect().top + scrollY)}px`);
  fit();
  new ResizeObserver(fit).observe(document.querySelector("body > header"));
}

// What is selected, wherever that was done, is in sight on the diagram.
function showSelection({ model, modeler }) {
  const canvas = modeler.get("canvas");
  model.on("selected", ({ elements: [element] }) => {
    if (!element?.parent || element.waypoints) return;
    const { x, y, width, height } = canvas.viewbox();
    const frame = (element.children ?? []).length > 0;
    const hidden = frame
      ? element.x > x + width || element.y > y + height || element.x + element.width < x || element.y + element.height < y
      : element.x < x || element.y < y || element.x + element.width > x + width || element.y + element.height > y + height;
    if (hidden && width) canvas.scrollToElement(element, { top: 40, bottom: 40, left: 60, right: 60 });
  });
}

const VIEW_KEY = "batchwright:editor:view";

function savedView() {
  try {
    return localStorage.getItem(VIEW_KEY) ?? "both";
  } catch {
    return "both";
  }
}

function chooseView({ root, toolbar }, chosen) {
  const body = root.querySelector(".editor-body");
  const buttons = [...root.querySelectorAll(".editor-views [data-view]")];
  let fitted = false;
  const show = (view) => {
    body.dataset.view = view;
    for (const item of buttons) item.setAttribute("aria-pressed", String(item.dataset.view === view));
    if (view === "table") return;
    toolbar.canvas.resized();
    if (!fitted) toolbar.fit();
    fitted = true;
  };
  for (const item of buttons) {
    item.addEventListener("click", () => {
      show(item.dataset.view);
      try { localStorage.setItem(VIEW_KEY, item.dataset.view); } catch { /* no storage: the choice holds for this page */ }
    });
  }
  show(buttons.some((item) => item.dataset.view === chosen) ? chosen : "both");
}
