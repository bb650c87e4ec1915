// What differs between two texts of one recipe, field by field, for a person who must choose between them. The meaning of
// a change is judged on the server; here both sides are only put beside each other.
const SKIPPED = new Set(["$type", "id", "di", "incoming", "outgoing", "sourceRef", "targetRef", "attachedToRef", "default"]);
const PART_OF_OWNER = /^(ExtensionElements|Step|Recipe|Documentation|FormalExpression|.*LoopCharacteristics|.*EventDefinition)$/;
const WORDS = { norLow: "NOR low", norHigh: "NOR high", parLow: "PAR low", parHigh: "PAR high", uom: "unit", rationale: "why", body: "condition" };

const words = (name) => WORDS[name] ?? name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
const localType = (object) => object.$type.replace(/^.*:/, "");
const key = (path) => path.join(" · ");

function describe(object, into, path) {
  const step = object.extensionElements?.get("values").some((value) => localType(value) === "Step");
  for (const property of object.$descriptor?.properties ?? []) {
    const name = property.ns?.localName ?? property.name;
    if (property.isReference || property.isVirtual || SKIPPED.has(name) || (step && name === "name")) continue;
    const value = object.get(property.name);
    if (value === undefined || value === null || value === property.default) continue;
    if (Array.isArray(value)) value.forEach((entry, index) => entry?.$type && visit(entry, into, path, index));
    else if (value.$type) visit(value, into, path, 0);
    else into.set(key([...path, words(name)]), String(value));
  }
}

function visit(object, into, path, index) {
  const type = localType(object);
  if (type === "BPMNDiagram") return;
  if (object.$descriptor?.isGeneric) return void into.set(key([...path, `${type} ${index + 1}`]), JSON.stringify(object));
  if (PART_OF_OWNER.test(type)) return describe(object, into, path);
  if (type === "SequenceFlow") {
    const [source, target] = [object.sourceRef, object.targetRef];
    const leads = key([source?.id, "leads to"]);
    into.set(leads, [...(into.get(leads)?.split(", ") ?? []), target?.id].sort().join(", "));
    return describe(object, into, [`${source?.id} → ${target?.id}`]);
  }
  const isNode = object.$instanceOf("bpmn:FlowElement") || object.$instanceOf("bpmn:RootElement");
  const own = object.get("id") ?? object.get("name") ?? object.get("code") ?? object.get("class") ?? object.get("kind") ?? index + 1;
  const here = isNode ? [own] : [...path, `${type.toLowerCase()} ${own}`];
  into.set(key(here), object.get("name") || object.get("title") || "");
  describe(object, into, here);
}

async function fields(moddle, xml) {
  const { rootElement } = await moddle.fromXML(xml);
  const into = new Map();
  rootElement.get("rootElements").forEach((root, index) => visit(root, into, [], index));
  return into;
}

// [{place, theirs, mine}]; a side without the place is undefined. Of what one side lacks as a whole, nothing is said twice.
export async function differences(moddle, theirXml, myXml) {
  const [theirs, mine] = await Promise.all([fields(moddle, theirXml), fields(moddle, myXml)]);
  const lacking = [];
  const found = [];
  for (const place of new Set([...theirs.keys(), ...mine.keys()])) {
    const [their, my] = [theirs.get(place), mine.get(place)];
    const renamed = their && my && theirs.get(`${place} · title`) !== mine.get(`${place} · title`); // the title says it
    if (their === my || renamed || lacking.some((whole) => place.startsWith(whole))) continue;
    if (their === undefined || my === undefined) lacking.push(`${place} · `);
    found.push({ place, theirs: their, mine: my });
  }
  return found;
}
