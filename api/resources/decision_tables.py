"""Decision tables: read from a revision, written into a draft, checked and tried, as DMN."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import marshmallow as ma

from api.auth import GMP_ROLES, allow
from api.fields import Count, Entries, Schema, answer
from api.resource import Resource, act, site
from bpmn.decision_tables import Problem, ReadTable, Table, decision_names, evaluate, judge, read_file, write_file
from bpmn.expressions import EvaluationError, ExpressionError
from bpmn.reading import DiagramError
from engine.actions.decision_tables import save_table
from engine.errors import DiagramRefusedError, UnstorableTextError
from engine.queries.decision_tables import decision_table
from forms.field import EntryError, Field, canonical
from forms.form import read

decision_tables = Resource("decision tables", "Decision tables: DMN inside a recipe's diagram.")

MAX_DMN = 1_000_000
_KINDS = ("num", "bool", "date_time", "text")


class Dmn(Schema):
    """A DMN 1.3, 1.4 or 1.5 file with one decision table."""

    dmn = ma.fields.String(required=True, validate=ma.validate.Length(min=1, max=MAX_DMN))


class SavedTable(Dmn):
    """The table, and the version of the draft that it follows."""

    version = Count(1, required=True)


class Trial(Dmn):
    """A table, and values to try it with, by the names that it asks for; as text, digits as they are."""

    values = Entries()


Stored = answer(
    "DecisionTable",
    element_id=ma.fields.String(),
    dmn=ma.fields.String(),
    version=ma.fields.Integer(),
    problems=ma.fields.List(ma.fields.Dict()),
)
Saved = answer("SavedDecisionTable", version=ma.fields.Integer(), hash=ma.fields.String(), saved_at=ma.fields.String())
Judged = answer("JudgedTable", ok=ma.fields.Boolean(), problems=ma.fields.List(ma.fields.Dict()))
Tried = answer("TriedTable", outputs=ma.fields.Dict(), rules=ma.fields.List(ma.fields.Integer()), refusal=ma.fields.String())


@decision_tables.reads("/drafts/<name:revision_id>/decisions/<name:element_id>", Stored)
@allow(*GMP_ROLES)
def one_table(revision_id: str, element_id: str) -> dict:
    """A decision table

    Of a draft its working copy; empty where its task has no table yet. `version` is the draft's, to save with.
    """
    view = decision_table(site(), revision_id, element_id)
    dmn = write_file(view.table, element_id).decode() if view.table else ""
    found = [asdict(problem) for problem in view.problems]
    return {"element_id": element_id, "dmn": dmn, "version": view.draft["version"], "problems": found}


@decision_tables.acts(
    "/drafts/<name:revision_id>/decisions/<name:element_id>", SavedTable, Saved, method="PUT", max_body=2 * MAX_DMN
)
@allow("PROC")
def save(body: dict, revision_id: str, element_id: str) -> dict:
    """Write a decision table into a draft

    Whatever is still wrong with what it says; what can't be read as one table is refused.
    """
    found = _read(body["dmn"])
    errors = [problem for problem in found.problems if problem.severity == "error"]
    if found.table is None or errors:
        raise DiagramRefusedError(f"{len(errors)} findings.", findings=[asdict(problem) for problem in errors])
    return act(
        save_table, stream=f"recipe:{revision_id.partition('@')[0]}", revision_id=revision_id, element_id=element_id,
        table=found.table, version=body["version"],
    )  # fmt: skip


@decision_tables.acts("/decision-tables/checks", Dmn, Judged, keyed=False, max_body=2 * MAX_DMN)
@allow(*GMP_ROLES)
def check(body: dict) -> dict:
    """Check a decision table

    Overlaps, gaps, rules that are never used, wrong types: each with an example. Nothing is loaded.
    """
    found = _read(body["dmn"])
    problems: list[Problem] = found.problems + (judge(found.table) if found.table else [])
    return {"ok": all(p.severity != "error" for p in problems), "problems": [asdict(p) for p in problems]}


@decision_tables.acts("/decision-tables/trials", Trial, Tried, keyed=False, max_body=2 * MAX_DMN)
@allow(*GMP_ROLES)
def trial(body: dict) -> dict:
    """Try a decision table

    The outputs for these values and the rules that said so, or why there is no answer. Nothing is recorded.
    """
    table = _read(body["dmn"]).table
    if table is None:
        raise DiagramRefusedError("There is no decision table in it.", findings=[])
    try:
        outcome = evaluate(table, _values(table, body.get("values") or {}))
    except (EvaluationError, ExpressionError) as error:
        return {"outputs": {}, "rules": [], "refusal": error.message}
    outputs = {n: v if isinstance(v, bool) else canonical(v) for n, v in outcome.values.items()}  # type: ignore[arg-type]
    return {"outputs": outputs, "rules": list(outcome.rules), "refusal": ""}


def _read(text: str) -> ReadTable:
    try:
        return read_file(text.encode())
    except UnicodeEncodeError:
        raise UnstorableTextError("It contains half of a character.") from None
    except DiagramError as error:
        told = {"message": error.message, "what_to_do": error.what_to_do, "line": error.line, "rule": error.rule}
        raise DiagramRefusedError(f"{error.message}.", findings=[told]) from None


def _values(table: Table, given: dict[str, str]) -> dict[str, Any]:
    """The values by name: of the type of the input that is just this name, else of the first type that reads the text."""
    types = {column.expression: "text" if column.type == "choice" else column.type for column in table.inputs}
    return {name: _value(name, given[name], types.get(name)) for name in decision_names(table) if given.get(name)}


def _value(name: str, text: str, kind: str | None) -> Any:
    for one in [kind] if kind else _KINDS:
        try:
            entry = read(Field(name, name, str(one), required=False), text)
        except EntryError:
            continue
        return entry.value if entry else None
    return text
