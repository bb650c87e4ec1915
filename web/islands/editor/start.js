// Puts the parts of the editor together on its page.
import { Server } from "./server.js";
import { createModel } from "./model.js";
import { createModeler } from "./modeler.js";

export async function startEditor(root) {
  const region = (id) => root.querySelector(`#${id}`);
  const server = new Server(root.dataset);
  const modeler = createModeler(region("editor-canvas"));
  const model = createModel(modeler);
  const parts = { root, model, server, modeler };
  try {
    const draft = await server.draft();
    await model.open(draft.xml);
    if (root.dataset.locked) model.lock();
  } catch (error) {
    region("editor-saved").textContent = `The recipe can't be opened: ${error.message}`;
    root.dataset.ready = "error";
    return;
  }
  window.batchwrightEditor = parts;
  modeler.get("canvas").zoom("fit-viewport");
  root.dataset.ready = "true";
}
