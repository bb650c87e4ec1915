// What the pages gain when scripts run. Without this file every page still reads, records and signs.
//
//   form[data-draft="key"]      what is typed stays on this station until the server took it
//   input[data-limits='{…}']    the bar beside a number follows what is typed; the judgement is the server's alone
//   [data-scan]                 a scanner's burst lands here, wherever the focus is
//   [data-due="instant"]        time left, counted from the server's clock
//   body[data-connection-url]   asks whether the server answers, and what time it is
import { watchConnection } from "./connection.js";
import { keepDrafts } from "./drafts.js";
import { followLimits } from "./limits.js";
import { catchScans } from "./scanner.js";

function focusProblems() {
  document.querySelector("[data-focus]")?.focus();
}

// A second press while the first is under way would be the same act (same key), but the person should see that.
function showBusy() {
  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    const button = event.submitter;
    if (!button || event.target.dataset.busy) return;
    event.target.dataset.busy = "yes";
    button.dataset.label = button.textContent;
    button.setAttribute("aria-busy", "true");
    if (button.classList.contains("main")) button.textContent = "Sending …";
    setTimeout(() => release(event.target), 20000);
  });
  window.addEventListener("pageshow", () => document.querySelectorAll("form[data-busy]").forEach(release));
  document.addEventListener("htmx:finally:request", (event) => {
    const form = event.target.closest?.("form[data-busy]");
    if (form) release(form);
  });
}

function release(form) {
  delete form.dataset.busy;
  for (const button of form.querySelectorAll("[aria-busy]")) {
    button.removeAttribute("aria-busy");
    button.textContent = button.dataset.label;
  }
}

// Enter does what the field is for: signs in the password field, takes the code in the scan field, else goes on to the
// next field. Recording is always a button's press.
function leadEnter(event) {
  const field = event.target;
  const form = field.form;
  if (event.key !== "Enter" || !form?.classList.contains("step-form") || field.tagName !== "INPUT") return;
  event.preventDefault();
  const button = field.type === "password" ? form.querySelector("[name=do][value=sign]")
    : field.dataset.scan ? document.getElementById(field.dataset.scan) : null;
  if (button) return form.requestSubmit(button);
  const fields = [...form.querySelectorAll("input:not([type=hidden]), textarea, select")].filter((f) => f.offsetParent);
  fields[fields.indexOf(field) + 1]?.focus();
}

// A field that sends itself takes only what it names of its form along: a tick needs no password.
function sendOnly(event) {
  const only = event.target.dataset?.sends?.split(" ");
  const body = event.detail.ctx.request.body;
  if (only) for (const name of new Set(body.keys())) if (!only.includes(name)) body.delete(name);
}

const connection = watchConnection(document.body);
keepDrafts(document, connection);
followLimits(document);
catchScans(document);
showBusy();
document.addEventListener("keydown", leadEnter);
focusProblems();
document.addEventListener("htmx:config:request", sendOnly);
document.addEventListener("htmx:after:swap", () => followLimits(document));
document.documentElement.dataset.scripts = "ready";
