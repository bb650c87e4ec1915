// Limit phrases in cells ("25.0 ± 0.5 g", "7.2 to 7.5"): the server knows what they mean; here they fill the cells of their
// parameter. What is not understood, and what had to be guessed, is marked at the cell.

const PER_REQUEST = 1000;
const EXPRESSION = /[A-Za-z]\w*\(|[A-Za-z]\w*\.[A-Za-z]|[*]/;
const FIGURE = /^[<>≤≥]?=?\s*[-+]?\d[\d.,]*(e[-+]?\d+)?$/i;
const PHRASE = /±|\+\/-|\bto\b|(?<!\w)\d[\d.,]*\s*[-–]\s*\d|^\s*[<>≤≥]|\d\s*[A-Za-z°%µ]|\b(nmt|nlt|max|min|not|about|between|below|above|less|more|at)\b/i;

// Whether a text is more than one limit: it goes to the server, which knows what such phrases mean.
export function isPhrase(text, cellKey) {
  const plain = text.trim();
  if (!plain || EXPRESSION.test(plain)) return false;
  if (FIGURE.test(plain)) return cellKey === "target" && /^[<>≤≥]/.test(plain);
  return PHRASE.test(plain);
}

// What a phrase in a cell says about its parameter. In a NOR or PAR column one range alone is that range.
function phraseProperties(phrase, cellKey) {
  const level = { nor: "nor", par: "par" }[cellKey.slice(0, 3)];
  const single = level && [phrase.nor_low + phrase.nor_high, phrase.par_low + phrase.par_high].filter(Boolean).length === 1;
  const moved = (name) => (single ? name.replace(/^(nor|par)/, level) : name);
  const limits = { norLow: phrase.nor_low, norHigh: phrase.nor_high, parLow: phrase.par_low, parHigh: phrase.par_high };
  const given = Object.entries({ type: phrase.type, uom: phrase.uom, target: phrase.target, ...limits }).filter(([, value]) => value);
  return {
    ...Object.fromEntries(given.map(([name, value]) => [moved(name), value])), exclusive: phrase.exclusive.map(moved).join(" "),
    ...(phrase.qualifier ? { qualifier: true } : {}),
    ...(phrase.choices?.length ? { choices: phrase.choices.map((value) => ({ value })) } : {}),
  };
}

export async function understood(table, texts) {
  const found = new Map();
  const wanted = [...new Set(texts)];
  for (let i = 0; i < wanted.length; i += PER_REQUEST) {
    const { phrases } = await table.server.phrases(wanted.slice(i, i + PER_REQUEST));
    for (const phrase of phrases) found.set(phrase.text, phrase);
  }
  return found;
}

// Phrases typed into cells: each fills the cells of its parameter. What is not understood stays as it was typed.
export async function readPhrases(table, entries) {
  table.bar.say("Reading the limits …");
  let phrases;
  try {
    phrases = await understood(table, entries.map(({ text }) => text));
  } catch (error) {
    phrases = new Map();
    table.refuse(`The limits can't be read just now: ${error.message}`);
  }
  table.attempt(() => table.model.transaction("Limits", () => {
    for (const { row, cell, text } of entries) takePhrase(table.model, row, cell, text, phrases.get(text), (said) => table.marks.doubt(row.key, cell.key, said));
  }));
  table.marks.tell();
}

export function takePhrase(model, row, cell, text, phrase, doubt) {
  if (!phrase || phrase.problem || !phrase.type) {
    doubt(phrase?.problem ? `“${text}” is not understood: ${phrase.problem}` : `“${text}” was not read as limits.`);
    return cell.write(row, text, model);
  }
  const properties = phraseProperties(phrase, cell.key);
  const shape = model.get(row.element.id) ?? row.element;
  if (model.parameters(row.element)[row.index]) model.setParameter(shape, row.index, properties);
  else model.addParameter(shape, -1, properties);
  return doubt(phrase.doubt ? `“${text}”: ${phrase.doubt}` : "");
}
