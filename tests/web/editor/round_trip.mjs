// Opens diagrams as the editor does and writes them again: {name: xml} on stdin, {name: {xml, unread} or {problem}} on stdout.
// `--stock`: as a modeler that knows only BPMN.
import { readFileSync } from "node:fs";
import { BpmnModdle } from "bpmn-moddle";
import { unread } from "../../../web/islands/editor/unread.js";
import { exact } from "../../../web/islands/editor/written.js";

const stock = process.argv.includes("--stock");
const descriptor = JSON.parse(readFileSync(new URL("../../../bpmn/moddle/mes.json", import.meta.url)));
const moddle = new BpmnModdle(stock ? {} : { mes: descriptor });
const answers = {};
for (const [name, xml] of Object.entries(JSON.parse(readFileSync(0, "utf8")))) {
  try {
    const { rootElement, warnings } = await moddle.fromXML(xml);
    const written = await moddle.toXML(rootElement, { format: true });
    answers[name] = { xml: stock ? written.xml : exact(written.xml), unread: unread(rootElement, warnings) };
  } catch (error) {
    answers[name] = { problem: error.message };
  }
}
process.stdout.write(JSON.stringify(answers));
