// Reads diagrams as [name, xml] from the standard input (JSON) and answers for each what the step table would list.
import { readFile } from "node:fs/promises";
import { BpmnModdle } from "bpmn-moddle";
import { outline, rowsOf } from "../../web/islands/editor/outline.js";

const mes = JSON.parse(await readFile(new URL("../../bpmn/moddle/mes.json", import.meta.url), "utf8"));
const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);

const stepOf = (element) => element.extensionElements?.values?.find((value) => value.$type === "mes:Step");

const answers = {};
for (const [name, xml] of JSON.parse(Buffer.concat(chunks).toString())) {
  const { rootElement } = await new BpmnModdle({ mes }).fromXML(xml);
  const process = rootElement.rootElements.find((element) => element.$type === "bpmn:Process");
  const tree = outline(process);
  const rows = rowsOf(tree, {
    process, parametersOf: (element) => stepOf(element)?.parameters ?? [], operationOf: (element) => stepOf(element)?.operation ?? "",
  });
  answers[name] = { free: tree.free, rows: rows.map(({ kind, key, depth, block }) => [depth, kind, key, Boolean(block?.goesOn)]) };
}
console.log(JSON.stringify(answers));
