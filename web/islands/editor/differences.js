// What differs between two texts of one recipe, field by field, for a person who must choose between them. The meaning of
// a change is judged on the server; here both sides are only put beside each other.
const SKIPPED = new Set(["$type", "id", "di", "incoming", "outgoing", "sourceRef", "targetRef", "attachedToRef", "default"]);

function describe(object, name, into, path) {
  const descriptor = object.$descriptor;
  for (const property of descriptor?.properties ?? []) {
    const key = property.ns?.localName ?? property.name;
    if (property.isReference || property.isVirtual || SKIPPED.has(key)) continue;
    const value = object.get(property.name);
    if (value === undefined || value === null || value === property.default) continue;
    if (Array.isArray(value)) value.forEach((entry, index) => entry?.$type && visit(entry, into, path, index));
    else if (value.$type) visit(value, into, path, 0);
    else into.set([...path, key].join(" · "), String(value));
  }
}

function visit(object, into, path, index) {
  const type = object.$type.replace(/^.*:/, "");
  if (/^(BPMNDiagram|ExtensionElements|Step|Recipe|Documentation)$/.test(type)) {
    if (type !== "BPMNDiagram") describe(object, type, into, path);
    for (const child of object.$children ?? []) visit(child, into, path, 0);
    return;
  }
  const own = object.get?.("id") ?? object.get?.("name") ?? object.get?.("code") ?? String(index + 1);
  const isNode = object.$descriptor?.isGeneric !== true && object.$instanceOf?.("bpmn:FlowElement");
  const here = isNode ? [own] : [...path, `${type} ${own}`];
  into.set(here.join(" · "), "");
  if (object.$descriptor?.isGeneric) into.set(here.join(" · "), JSON.stringify(object));
  else describe(object, type, into, here);
  for (const flow of ["sourceRef", "targetRef", "default"]) {
    if (isNode && object[flow]?.id) into.set([...here, flow].join(" · "), object[flow].id);
  }
}

export async function fields(moddle, xml) {
  const { rootElement } = await moddle.fromXML(xml);
  const into = new Map();
  rootElement.get("rootElements").forEach((root, index) => visit(root, into, [], index));
  return into;
}

// [{place, theirs, mine}]; a side without the place is undefined.
export async function differences(moddle, theirXml, myXml) {
  const [theirs, mine] = await Promise.all([fields(moddle, theirXml), fields(moddle, myXml)]);
  const places = new Set([...theirs.keys(), ...mine.keys()]);
  return [...places].filter((place) => theirs.get(place) !== mine.get(place))
    .map((place) => ({ place, theirs: theirs.get(place), mine: mine.get(place) }));
}
