// Elements of the page, written short: make("button", {type: "button", onclick}, "Save", …).
let counted = 0;

export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (["value", "checked", "textContent", "disabled", "hidden", "open"].includes(name)) element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== undefined && child !== null && child !== false));
  return element;
}

export const button = (text, onclick, attributes = {}) => make("button", { type: "button", class: "button", onclick, ...attributes }, text);

export function freshId(prefix) {
  counted += 1;
  return `${prefix}-${counted}`;
}

// A file for the person, made on this station.
export function download(name, text, type = "application/xml") {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = make("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

export const clockTime = (instant, zone) =>
  new Date(instant).toLocaleTimeString("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit", second: "2-digit" });

export const dayTime = (instant, zone) =>
  new Date(instant).toLocaleString("en-GB", { timeZone: zone, day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

// A message as a sentence: a capital, unless it begins with a name of the recipe.
export const sentence = (text) => (/^[a-z]+[ ,]/.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text);
