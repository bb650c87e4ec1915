"""Forms: what the site asks people beside its recipes; each revision as the operator sees it, and a draft to be written.

Every button sends the whole form and gets it back changed, with the preview; only *Save* writes it into the draft.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine.actions.drafts import save_draft
from engine.actions.forms import start_form
from engine.queries.forms import field_view, form_list, form_view
from forms.definition import MOST_FIELDS, Definition, DefinitionError, parse, place_of, write
from web.access import GMP_ROLES, allow
from web.acting import Outcome, PageProblem, act, actor, attempt, require, site
from web.pages.decision_tables import told_to_save_again

page = Blueprint("forms_page", __name__)

AUTHORS = frozenset({"PROC"})
WORDS = {
    "num": "Number", "int": "Whole number", "bool": "Yes or no", "choice": "Choice", "text": "Text", "date_time": "Date and time",
}  # fmt: skip
_TEXTS = ("name", "label", "type", "uom", "example")
_SWITCHES = {"required": True, "qualifier": False, "multiline": False}
_LENGTHS = {"min_length": 1, "max_length": 2000}


@page.route("/forms", methods=["GET", "POST"])
@allow(*GMP_ROLES)
def show_all() -> ResponseReturnValue:
    """Every form with its revisions; a process owner begins one here."""
    outcome = Outcome(None, [])
    if request.method == "POST":
        if not AUTHORS & actor().roles:
            abort(403)
        outcome = attempt(_start)
        if outcome.answer:
            return redirect(url_for("forms_page.show", revision_id=outcome.answer["revision"]))
    return render_template("pages/forms.html", forms=form_list(site()), problems=outcome.problems), outcome.status


@page.route("/forms/<revision_id>", methods=["GET", "POST"])
@allow(*GMP_ROLES)
def show(revision_id: str) -> ResponseReturnValue:
    """One revision with its preview; of a draft, for a process owner, to be written. A name alone is the one in use."""
    if "@" not in revision_id:
        found = next((form for form in form_list(site()) if form["name"] == revision_id), None)
        if found is None:
            abort(404)
        return redirect(url_for("forms_page.show", revision_id=found["current"] or found["revisions"][-1]["id"]))
    view, outcome = form_view(site(), revision_id), Outcome(None, [])
    may_write = view["state"] == "DRAFT" and bool(AUTHORS & actor().roles)
    sheet = sheet_of_text(view["text"])
    if request.method == "POST":
        if not may_write:
            abort(403)
        sheet, do = sheet_of_form(request.form), request.form.get("do", "check")
        if do == "save":
            text = sheet.text(view["name"])
            outcome = attempt(lambda: _save(revision_id, text), done="The form is saved in the draft.")
            if outcome.done:
                return redirect(url_for("forms_page.show", revision_id=revision_id))
            outcome = told_to_save_again(outcome, "Saving again replaces it with yours.")
        else:
            sheet.change(do)
    return _shown(view, sheet, may_write, outcome), outcome.status


def _start() -> dict[str, Any]:
    require([("name", "the name of the form")])
    name = request.form["name"].strip()
    return act(start_form, stream=f"recipe:{name}", name=name, title=request.form.get("title", ""))


def _save(revision_id: str, text: str) -> dict[str, Any]:
    version = request.form.get("version", "")
    return act(
        save_draft, stream=f"recipe:{revision_id.partition('@')[0]}", revision_id=revision_id, xml=text,
        version=int(version) if version.isdecimal() and len(version) < 10 else 0,
    )  # fmt: skip


def _shown(view: dict[str, Any], sheet: Sheet, may_write: bool, outcome: Outcome) -> str:
    text = sheet.text(view["name"])
    definition, wrong = _read(view["name"], text)
    version = view["version"] if outcome.status == 409 else request.form.get("version") or view["version"]
    return render_template(
        "pages/form.html", view=view, version=version, sheet=sheet, may_write=may_write, problems=outcome.problems,
        found=_by_place(wrong), count=len(wrong), words=WORDS,
        preview=[field_view(f) for f in definition.fields] if definition else None,
        title=definition.title if definition else sheet.title, unsaved=may_write and not same(text, view["text"]),
    )  # fmt: skip


def _read(name: str, text: str) -> tuple[Definition | None, list[str]]:
    try:
        return parse(name, text), []
    except DefinitionError as error:
        return None, error.problems


def _by_place(wrong: list[str]) -> dict[int, list[PageProblem]]:
    """The problems of each field (from 1), and of the form as a whole (0)."""
    found: dict[int, list[PageProblem]] = {}
    for problem in wrong:
        index, key, message = place_of(problem)
        about = key.replace("_", " ").replace("uom", "unit")
        told = PageProblem(key, f"{about} {message}".strip().capitalize())
        found.setdefault(0 if index is None else index + 1, []).append(told)
    return found


# ---- the form while it is written: texts as typed, right or wrong ----


@dataclass(slots=True)
class Sheet:
    """What the page's fields hold. `fields`: keys of a form's field as texts, choices one a line (`value = label`)."""

    title: str
    fields: list[dict[str, Any]] = field(default_factory=list)

    def text(self, name: str) -> str:
        """As a definition's JSON: written the usual way where it is right, else as it stands."""
        given = {"id": name, "title": self.title, "fields": [_definition(f) for f in self.fields]}
        plain = json.dumps(given, ensure_ascii=False, indent=2) + "\n"
        definition, _ = _read(name, plain)
        return write(definition) if definition else plain

    def change(self, do: str) -> None:
        """One of the buttons: `add`, `add.2`, `remove.1`, `up.3`, `down.1` (counted from 1)."""
        verb, _, number = do.partition(".")
        index = int(number) - 1 if number.isascii() and number.isdigit() and len(number) < 6 else -1
        if verb == "add" and len(self.fields) < MOST_FIELDS:
            at = index + 1 if 0 <= index < len(self.fields) else len(self.fields)
            self.fields.insert(at, _field_of({"type": "text"}))
        elif 0 <= index < len(self.fields):
            to = {"up": index - 1, "down": index + 1, "remove": -1}.get(verb)
            if verb == "remove":
                self.fields.pop(index)
            elif to is not None and 0 <= to < len(self.fields):
                self.fields.insert(to, self.fields.pop(index))


def sheet_of_form(form: Mapping[str, str]) -> Sheet:
    """What was sent."""
    number = form.get("fields", "")
    count = min(int(number), MOST_FIELDS) if number.isascii() and number.isdigit() and len(number) < 6 else 0
    found = []
    for n in range(1, count + 1):
        texts = {key: form.get(f"f{n}.{key}", "").strip() for key in (*_TEXTS, *_LENGTHS, "choices")}
        found.append({**texts, **{key: form.get(f"f{n}.{key}") == "yes" for key in _SWITCHES}})
    return Sheet(form.get("title", "").strip(), found)


def sheet_of_text(text: str) -> Sheet:
    """What a draft says, as far as it can be shown."""
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        given = None
    said = given if isinstance(given, dict) else {}
    listed = said.get("fields")
    items = listed[:MOST_FIELDS] if isinstance(listed, list) else []
    return Sheet(str(said.get("title") or ""), [_field_of(item) for item in items if isinstance(item, dict)])


def same(text: str, other: str) -> bool:
    """Whether two texts say the same form."""
    return sheet_of_text(text) == sheet_of_text(other)


def _field_of(item: Mapping[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {key: str(item.get(key, "")) for key in _TEXTS}
    shown |= {key: bool(item.get(key, usual)) for key, usual in _SWITCHES.items()}
    shown |= {key: str(item.get(key, usual)) for key, usual in _LENGTHS.items()}
    listed = item.get("choices") if isinstance(item.get("choices"), list) else []
    choices = [(str(c.get("value", "")), c.get("label")) for c in listed or () if isinstance(c, dict)]
    return shown | {"choices": "\n".join(f"{value} = {label}" if label else value for value, label in choices)}


def _definition(shown: Mapping[str, Any]) -> dict[str, Any]:
    """The field as JSON. A length that is no number stays the text it is, and is told as such."""
    found: dict[str, Any] = {key: shown[key] for key in _TEXTS if shown[key] or key in ("name", "label", "type")}
    found |= {key: shown[key] for key, usual in _SWITCHES.items() if shown[key] != usual}
    for key, usual in _LENGTHS.items():
        text = shown[key]
        if text and text != str(usual):
            found[key] = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else text
    pairs = [line.partition("=") for line in shown["choices"].splitlines() if line.strip()]
    if pairs and shown["type"] == "choice":
        found["choices"] = [{"value": v.strip(), **({"label": label.strip()} if label.strip() else {})} for v, _, label in pairs]
    return found


