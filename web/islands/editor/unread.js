// What a diagram says and this editor could not read: it would be lost with the first save, so the person is told first.
// `warnings` are the reader's; a number that is none is not among them.
export function unread(definitions, warnings = []) {
  const told = warnings.map(({ message }) => message.replace(/\s*\n\s*/g, ", "));
  const seen = new Set();
  const walk = (object, place) => {
    if (!object?.$type || seen.has(object)) return;
    seen.add(object);
    const here = object.id ?? place;
    for (const { name, isReference } of object.$descriptor?.properties ?? []) {
      const value = isReference ? undefined : object[name];
      if (typeof value === "number" && Number.isNaN(value)) told.push(`${name.replace(/^.*:/, "")} of ${here} is not a number`);
      for (const child of [].concat(value ?? [])) walk(child, here);
    }
  };
  walk(definitions, "the diagram");
  return told;
}
