// Keeps what was typed on this station, for this person and this form, until the server says that it took it.
// Passwords, hidden fields and codes are never kept: a code that was taken or refused is on record. The session store ends with the browser's tab.

const prefix = (person) => `draft:${person}:`;

export function keepDrafts(page, connection) {
  const person = page.body.dataset.person;
  if (!person) return;
  forgetTaken(page, person);
  for (const form of page.querySelectorAll("form[data-draft]")) {
    restore(form, person);
    form.addEventListener("input", () => store(form, person));
    form.addEventListener("change", () => store(form, person));
  }
  page.addEventListener("submit", (event) => {
    if (connection.online || event.target.method !== "post") return;
    event.preventDefault();
    event.stopImmediatePropagation();
    tell(event.target, "Not connected: nothing was recorded. What you typed is kept; press again when the header says Connected.");
  }, true);
}

function forgetTaken(page, person) {
  for (const mark of page.querySelectorAll("[data-draft-taken]")) {
    sessionStorage.removeItem(prefix(person) + mark.dataset.draftTaken);
  }
  for (const key of Object.keys(sessionStorage)) {
    if (key.startsWith("draft:") && !key.startsWith(prefix(person))) sessionStorage.removeItem(key);
  }
}

function kept(form) {
  const passing = ["hidden", "password", "submit", "button", "fieldset"];
  return [...form.elements].filter((e) => e.name && !("scan" in e.dataset) && !passing.includes(e.type));
}

function store(form, person) {
  const values = {};
  for (const element of kept(form)) {
    if (["radio", "checkbox"].includes(element.type)) {
      if (element.checked) (values[element.name] ??= []).push(element.value);
    } else if (element.value !== element.defaultValue) {
      values[element.name] = element.value;
    }
  }
  sessionStorage.setItem(prefix(person) + form.dataset.draft, JSON.stringify(values));
}

// What the server put into a field counts more than what was left here.
function restore(form, person) {
  const text = sessionStorage.getItem(prefix(person) + form.dataset.draft);
  if (!text) return;
  const values = JSON.parse(text);
  let restored = 0;
  for (const element of kept(form)) {
    const value = values[element.name];
    if (value === undefined || element.readOnly) continue;
    if (["radio", "checkbox"].includes(element.type)) {
      const group = [...form.elements].filter((e) => e.name === element.name);
      if (group.some((e) => e.defaultChecked) || element.checked || !value.includes(element.value)) continue;
      element.checked = true;
      restored += 1;
    } else if (element.value === "" && value !== "") {
      element.value = value;
      element.dispatchEvent(new Event("input", { bubbles: true }));
      restored += 1;
    }
  }
  if (restored) tell(form, "What you typed here before is back. Nothing of it has been recorded yet.");
}

function tell(form, text) {
  let notice = form.querySelector(":scope > .notice[data-told]");
  if (!notice) {
    notice = document.createElement("div");
    notice.className = "notice watch";
    notice.dataset.told = "yes";
    notice.setAttribute("role", "status");
    form.prepend(notice);
  }
  notice.textContent = text;
}
