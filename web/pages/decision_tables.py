"""The decision table of a business rule task: a typed table, judged while it is written, and tried before it is used.

Every button sends the whole table and gets it back changed; only *Save* writes it into the draft.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from bpmn.decision_tables import (
    Input,
    Output,
    Problem,
    Rule,
    Table,
    decision_names,
    editing,
    evaluate,
    judge,
    read_file,
    write_file,
)
from bpmn.decision_tables.table import AGGREGATIONS, COLUMN_TYPES, HIT_POLICIES, MAX_COLUMNS, MAX_RULES
from bpmn.expressions import EvaluationError, ExpressionError
from bpmn.expressions.values import Value
from bpmn.reading import DiagramError
from engine.actions.decision_tables import save_table
from engine.queries.decision_tables import TableView, decision_table
from engine.queries.forms import field_view
from forms.field import Choice, EntryError, Field
from forms.form import read
from web.access import GMP_ROLES, allow
from web.acting import Outcome, PageProblem, act, actor, attempt, site

page = Blueprint("decision_tables_page", __name__)

AUTHORS = frozenset({"PROC"})
MOST_BYTES = 1_000_000
_TYPES = {Decimal: "num", bool: "bool", str: "text", datetime: "date_time"}


@page.route("/recipes/<revision_id>/decisions/<element_id>", methods=["GET", "POST"])
@allow(*GMP_ROLES)
def show(revision_id: str, element_id: str) -> ResponseReturnValue:
    """The table; of a draft, for a process owner, to be written."""
    view = decision_table(site(), revision_id, element_id)
    may_write = view.draft["state"] == "DRAFT" and bool(AUTHORS & actor().roles)
    table, outcome, notes = view.table or editing.EMPTY, Outcome(None, []), list[Problem]()
    do = request.form.get("do", "check") if request.method == "POST" else ""
    if do and not may_write and do not in ("try", "check"):
        abort(403)
    if do and may_write:
        table = table_of_form(request.form)
        if do == "save":
            outcome = attempt(lambda: _save(view, table), done="The table is saved in the draft.")
            if outcome.done:
                return redirect(url_for("decision_tables_page.show", revision_id=revision_id, element_id=element_id))
            outcome = told_to_save_again(outcome, "Saving again puts your table into it; whatever else changed there stays.")
        elif do == "import":
            table, notes, outcome = _imported(table)
        else:
            table = _changed(table, do)
    return _shown(view, table, may_write, outcome, notes), outcome.status


@page.get("/recipes/<revision_id>/decisions/<element_id>/table.dmn")
@allow(*GMP_ROLES)
def export(revision_id: str, element_id: str) -> ResponseReturnValue:
    """The table as a DMN file."""
    table = decision_table(site(), revision_id, element_id).table or editing.EMPTY
    name = f'attachment; filename="{element_id}.dmn"'
    data = write_file(table, element_id)
    return Response(data, content_type="application/xml; charset=utf-8", headers={"Content-Disposition": name})


def _shown(view: TableView, table: Table, may_write: bool, outcome: Outcome, notes: list[Problem]) -> str:
    written = request.method == "POST" and may_write
    problems = judge(table, view.around) if written else [p for p in view.problems if view.table]
    tried = _tried(view, table)
    version = view.draft["version"] if outcome.status == 409 else request.form.get("version") or view.draft["version"]
    return render_template(
        "pages/decision_table.html", view=view, version=version, draft=view.draft, table=table, may_write=may_write, notes=notes,
        problems=outcome.problems, found=_by_place(problems), count=len(problems), unsaved=written and table != view.table,
        types=COLUMN_TYPES, policies=HIT_POLICIES, aggregations=AGGREGATIONS, names=sorted(view.around.names or ()), tried=tried,
    )  # fmt: skip


def told_to_save_again(outcome: Outcome, advice: str) -> Outcome:
    """Somebody saved meanwhile: the page now has their version, so that saving again is a decision and no accident."""
    if outcome.status == 409:
        outcome.problems = [PageProblem("", problem.message, advice) for problem in outcome.problems]
    return outcome


def _by_place(problems: list[Problem]) -> dict[str, list[Problem]]:
    """The problems of each rule (`rule3`), each column (`in1`) and of the table as a whole (`table`)."""
    found: dict[str, list[Problem]] = {}
    for problem in problems:
        place = f"rule{problem.rule}" if problem.rule else problem.column or "table"
        found.setdefault(place, []).append(problem)
    return found


# ---- from the form and back ----


def table_of_form(form: Mapping[str, str]) -> Table:
    """The table as the page sent it, with whatever is still wrong in it."""
    inputs = range(1, _count(form, "inputs", MAX_COLUMNS) + 1)
    outputs = range(1, _count(form, "outputs", MAX_COLUMNS) + 1)
    notes = range(1, _count(form, "annotations", MAX_COLUMNS) + 1)

    def text(name: str) -> str:
        return form.get(name, "").strip()[:2000]

    def column(kind: Any, prefix: str, *names: str) -> Any:
        given = {name: text(f"{prefix}.{name}") for name in names}
        kind_of = text(f"{prefix}.type")
        return kind(**given, type=kind_of if kind_of in COLUMN_TYPES else "text")

    rules = [
        Rule(
            tuple(text(f"r{n}.in{i}") or "-" for i in inputs),
            tuple(text(f"r{n}.out{i}") for i in outputs),
            tuple(text(f"r{n}.note{i}") for i in notes),
        )
        for n in range(1, _count(form, "rules", MAX_RULES) + 1)
    ]
    policy, aggregation = text("policy"), text("aggregation")
    return Table(
        name=text("name"),
        hit_policy=policy if policy in HIT_POLICIES else "UNIQUE",
        aggregation=aggregation if aggregation in AGGREGATIONS and policy == "COLLECT" else "",
        inputs=tuple(column(Input, f"in{i}", "expression", "label", "allowed") for i in inputs),
        outputs=tuple(column(Output, f"out{i}", "name", "label", "allowed", "default") for i in outputs),
        rules=tuple(rules),
        annotations=tuple(text(f"note{i}") for i in notes),
    )


def _count(form: Mapping[str, str], name: str, most: int) -> int:
    text = form.get(name, "")
    return min(int(text), most) if text.isascii() and text.isdigit() and len(text) < 6 else 0


def _changed(table: Table, do: str) -> Table:
    """The table after one of its buttons: `rule.up.2`, `inputs.remove.1`, `outputs.add` (counted from 1)."""
    part, _, rest = do.partition(".")
    verb, _, number = rest.partition(".")
    index = int(number) - 1 if number.isascii() and number.isdigit() and len(number) < 6 else -1
    if verb == "add" and index < 0:
        adding = {"rule": editing.add_rule, "inputs": editing.add_input, "outputs": editing.add_output,
                  "annotations": editing.add_annotation}  # fmt: skip
        return adding[part](table) if part in adding else table
    if index < 0 or part not in ("rule", "inputs", "outputs", "annotations"):
        return table
    to = {"up": index - 1, "down": index + 1}.get(verb)
    if part == "rule":
        if verb == "add":
            return editing.add_rule(table, index)
        return editing.move_rule(table, index, to) if to is not None else editing.remove_rule(table, index)
    return editing.move_column(table, part, index, to) if to is not None else editing.remove_column(table, part, index)


def _save(view: TableView, table: Table) -> dict[str, Any]:
    version = request.form.get("version", "")
    return act(
        save_table, stream=f"recipe:{view.draft['recipe_id']}", revision_id=view.draft["revision_id"],
        element_id=view.element_id, table=table, version=int(version) if version.isdecimal() and len(version) < 10 else 0,
    )  # fmt: skip


def _imported(table: Table) -> tuple[Table, list[Problem], Outcome]:
    """The table of a DMN file in place of this one, not saved yet, with what was left out of it."""

    def refused(message: str, what_to_do: str = "") -> tuple[Table, list[Problem], Outcome]:
        return table, [], Outcome(None, [PageProblem("file", message, what_to_do)], 422)

    file = request.files.get("file")
    data = file.read(MOST_BYTES + 1) if file else b""
    if not data:
        return refused("Choose a DMN file")
    if len(data) > MOST_BYTES:
        return refused("The file is larger than a decision table may be", "Keep one decision table in it.")
    try:
        found = read_file(data)
    except DiagramError as error:
        return refused(f"The file can't be read: {error.message}", f"{error.what_to_do}.")
    errors = [p for p in found.problems if p.severity == "error"]
    if found.table is None or errors:
        told = [PageProblem("file", f"Line {p.line}: {p.message}", f"{p.what_to_do}.") for p in errors]
        return table, [], Outcome(None, told, 422)
    return found.table, found.problems, Outcome(None, [])


# ---- trying it ----


def _tried(view: TableView, table: Table) -> dict[str, Any]:
    """The fields to try the table with, and where they are filled, its outcome with the rules that said so."""
    fields = [_field(view, table, name) for name in sorted(decision_names(table))]
    shown: dict[str, Any] = {"fields": [field_view(field) for field in fields], "problems": [], "outcome": None, "rules": ()}
    if request.form.get("do") != "try":
        return shown
    values: dict[str, Value | None] = {}
    for field in fields:
        try:
            entry = read(replace(field, required=False), request.form.get(f"try:{field.name}", ""), site().zone)
        except EntryError as error:
            shown["problems"].append(PageProblem(f"try:{field.name}", error.message, f"{error.what_to_do}."))
        else:
            values[field.name] = entry.value if entry else None
    if shown["problems"]:
        return shown
    try:
        outcome = evaluate(table, values)
    except (EvaluationError, ExpressionError) as error:
        shown["refusal"] = error.message
        return shown
    shown["outcome"], shown["rules"] = outcome.values, outcome.rules
    return shown


def _field(view: TableView, table: Table, name: str) -> Field:
    """A field for a name: of the kind that the recipe says, else of the kind that its column says."""
    known = (view.around.names or {}).get(name)
    column = next((c.type for c in table.inputs if c.expression == name), "num")
    kind = _TYPES.get(type(known), "text" if column == "choice" else column)
    choices = tuple(Choice(value) for value in view.around.choices.get(name, ()))
    return Field(name, name, "choice" if choices else kind, choices=choices)
