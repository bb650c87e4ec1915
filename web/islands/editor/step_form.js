// A step takes its parameters from one of the site's forms and notes which revision of it they are from.
import { button, make } from "./dom.js";

const COPIED = ["name", "type", "uom", "qualifier", "optional", "multiline", "minLength", "maxLength", "example", "choices"];
const FORMS = "/api/v1/forms";

// The field of the form's name, and the button that copies what it asks for into the step.
export function formPart(panel, element, own) {
  const told = make("p", { class: "hint", role: "status" });
  const take = async () => {
    const [name, revision] = (panel.model.step(element).get("form") ?? "").trim().split("@");
    told.textContent = "Asking for the form …";
    try {
      takeForm(panel.model, element, await formOf(name, revision)); // the panel is drawn anew: the fields themselves say it
    } catch (error) {
      told.textContent = error.message;
    }
  };
  return [
    own.text("form", "Form", { hint: "Its name, like reason, for the revision in use; or reason@2" }),
    make("p", {}, !panel.disabled && button("Take the form's fields", take), " ", make("a", { href: "/forms" }, "All forms")),
    told,
  ];
}

async function formOf(name, revision) {
  if (!name) throw new Error("Write the form's name first.");
  const query = revision ? `?revision=${encodeURIComponent(revision)}` : "";
  const answer = await fetch(`${FORMS}/${encodeURIComponent(name)}/parameters${query}`, { credentials: "same-origin", headers: { Accept: "application/json" } });
  if (answer.status === 404) throw new Error(`There is no form ${name}${revision ? `@${revision}` : ""}.`);
  if (!answer.ok) throw new Error("The form could not be read. Try again in a moment.");
  return answer.json();
}

// One undo takes it all back. What the step has beside the form's fields stays, and so do limits and whys of its own.
export function takeForm(model, element, { form, parameters }) {
  model.transaction("Take a form", () => {
    for (const parameter of parameters) {
      const index = model.parameters(element).findIndex(({ id }) => id === parameter.id);
      if (index < 0) model.addParameter(element, -1, parameter);
      else model.setParameter(element, index, Object.fromEntries(COPIED.map((name) => [name, parameter[name]])));
    }
    model.setStep(element, { form });
  });
}
