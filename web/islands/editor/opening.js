// Opens a diagram; one whose shapes have no places, or not all of them, is laid out by the server first.
import { make } from "./dom.js";

function undrawn(scope, model) {
  return (scope.flowElements ?? []).some((node) =>
    node.$instanceOf("bpmn:FlowNode") && (!model.get(node.id) || undrawn(node, model)));
}

export async function openDiagram({ model, server, notices }, xml) {
  let text = xml;
  let anew = !/<(\w+:)?BPMNPlane/.test(xml);
  if (anew) text = (await server.layout(xml)).xml;
  let unread = await model.open(text);
  if (!anew && undrawn(model.processObject, model)) {
    anew = true;
    unread = await model.open((await server.layout(xml)).xml);
  }
  if (anew) notices.show("layout", "", "Parts of this diagram had no place in the drawing, so it was laid out anew.", [["Close", () => notices.close("layout")]]);
  return unread;
}

// Nothing is dropped silently: what can't be read is listed, and nothing is saved before the person says so.
export function warnOfLoss({ model, notices }, unread) {
  model.lock();
  const list = make("ul", {}, unread.slice(0, 20).map((text) => make("li", {}, text)), unread.length > 20 ? make("li", {}, `and ${unread.length - 20} more`) : null);
  notices.show("unread", "bad", "The editor can't read parts of this diagram; saving it from here would lose them. Import the file again to have it repaired, or edit it without them.",
    [["Edit without them", () => { notices.close("unread"); model.unlock(); }]], list);
}

