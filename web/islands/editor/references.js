// Where a recipe names a step or a parameter: expressions, hold times, timers, loops. Renaming one changes them all.
import { getBusinessObject, is } from "bpmn-js/lib/util/ModelUtil";

const EXPRESSIONS = {
  "mes:Parameter": ["target", "norLow", "norHigh", "parLow", "parHigh", "formula", "when"],
  "mes:Timer": ["due"],
  "mes:HoldTime": ["from", "to", "links"],
  "mes:Signature": ["differs"],
  "mes:Loop": ["previous"],
};
const MOST_ON_FLOW = 40;

// A condition as the name of its flow.
export const short = (condition) => (condition.length <= MOST_ON_FLOW ? condition : `${condition.slice(0, MOST_ON_FLOW - 1)}…`);

// The changes that write `to` for the name `from` (`S05`, or `S05.volume`) throughout the recipe.
export function referencesTo(elements, recipe, from, to) {
  const escaped = from.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const name = new RegExp(`(?<![\\w.-])${escaped}(?![\\w-])`, "g");
  const changes = [];
  const rewrite = (target, property) => {
    const text = target.get(property);
    if (typeof text !== "string") return;
    const renamed = text.replace(name, to);
    if (renamed !== text) changes.push({ target, properties: { [property]: renamed } });
  };
  const visit = (entry) => {
    for (const property of EXPRESSIONS[entry.$type] ?? []) rewrite(entry, property);
    if (is(entry, "mes:Step")) for (const list of ["parameters", "signatures"]) entry.get(list).forEach(visit);
  };
  for (const element of elements) {
    if (element.type === "label") continue;
    const node = getBusinessObject(element);
    node.extensionElements?.get("values").forEach((value) => value.$type.startsWith("mes:") && visit(value));
    if (node.conditionExpression) {
      rewrite(node.conditionExpression, "body");
      if (node.name === short(node.conditionExpression.body ?? "")) rewrite(node, "name");
    }
    const loop = node.loopCharacteristics;
    for (const part of ["loopCondition", "loopCardinality"]) if (loop?.[part]) rewrite(loop[part], "body");
    if (is(node, "bpmn:ScriptTask")) rewrite(node, "script");
  }
  recipe?.get("holdTimes").forEach(visit);
  return changes;
}
