"""The lineage of a limit: each value that it ever had in effect, by which change, for which reason, and who approved it.

Source: ICH Q10 1.6.1 and ICH Q12, knowledge of a process is kept and found again; 21 CFR 211.100(a), 211.180(e).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from bpmn.diagram import BPMN, mes_elements, read_element
from bpmn.diff import diff
from bpmn.reading import DiagramError, read_xml
from bpmn.vocabulary import MEANINGS, Parameter, Step
from engine import clock
from engine.errors import RecordNotFoundError
from engine.queries.rows import rows_of
from engine.reader import Reader
from engine.records import (
    AdHocChange,
    Batch,
    Change,
    ChangeItem,
    Departure,
    ParameterValue,
    RecipeDocument,
    RecipeDraft,
    RecipeRevision,
    Signature,
)
from engine.revisions import revision_order
from engine.rules.limits import written_range
from engine.scope import Row
from engine.site import Site

IN_EFFECT = ("APPROVED", "EFFECTIVE", "SUPERSEDED", "RETIRED")
TOUCHING = ("limit", "replace", "skip")
"""Changes for one batch that touch a limit that is there; what is inserted or repeated has limits of its own."""

STATED = {"reason": "reason", "change": "change"}
"""What an author states with a revision, by the ids of the life cycle's step."""

Ids = tuple[str, str]


def limit_lineage(site: Site, recipe_id: str, step_id: str, parameter_id: str) -> dict[str, Any]:
    """Each value that a parameter's limits had in effect, oldest first, and whatever touched them besides.

    `values`: `nor`, `par`, `target`, `action`, `why` (as the recipe says it), `since`, `until` (None: still), `revisions`
    (those that had it), and `by`: what brought it: the items of changes with reason, evidence, confidence, and who
    approved them; of a revision without a change, what its author stated. `proposals`: items of changes on it that are
    not in effect: under way, refused, cancelled. `ad_hoc` and `departures`: of single batches. Follows a step and a
    parameter that were renumbered. RecordNotFoundError where no revision in effect ever had it.
    """
    with site.read() as reader:
        now = clock.text(clock.now())
        revisions = _in_effect(reader, recipe_id, now)
        found, ids = _values(site, reader, revisions, (step_id, parameter_id))
        if not found:
            raise RecordNotFoundError(f"{step_id}.{parameter_id} of {recipe_id} in any revision that was in effect.")
        items = _items(reader, recipe_id)
        _explain(reader, found, items)
        parameter, step = found[-1]["parameter"], found[-1]["step"]
        return {
            "recipe_id": recipe_id,
            "step_id": step_id,
            "parameter_id": parameter_id,
            "title": step.title,
            "name": parameter.name,
            "uom": parameter.uom,
            "class": parameter.parameter_class,
            "values": [_shown(value) for value in found],
            "proposals": _proposals(reader, items, ids, {row["id"] for row in revisions}),
            "ad_hoc": _ad_hoc(reader, recipe_id, ids),
            "departures": _departures(reader, recipe_id, ids),
        }


def _in_effect(reader: Reader, recipe_id: str, now: str) -> list[Row]:
    """The revisions that were in effect, in the order in which they came; each with `until`, when the next one did."""
    rows = [r for r in reader.rows(RecipeRevision, recipe_id=recipe_id) if r["state"] in IN_EFFECT and r["effective_at"]]
    found: list[Row] = []
    for row in sorted((r for r in rows if r["effective_at"] <= now), key=lambda r: (r["effective_at"], revision_order(r))):
        if not found or revision_order(row) > revision_order(found[-1]):  # an older number that came later never was
            if found:
                found[-1]["until"] = row["effective_at"]
            found.append(dict(row) | {"until": None})
    return found


def _values(site: Site, reader: Reader, revisions: list[Row], ids: Ids) -> tuple[list[dict[str, Any]], set[Ids]]:
    """The values of the limits, oldest first, equal ones of successive revisions together; and every id they stood under."""
    texts = {row["hash"]: row["xml"] for row in rows_of(reader, RecipeDocument, "hash", [r["hash"] for r in revisions])}
    found: list[dict[str, Any]] = []
    names = {ids}
    for row in reversed(revisions):
        step, parameter = _read(site, row["hash"], texts[row["hash"]], ids)
        if parameter is None and found:
            ids = _before_renumbering(texts[row["hash"]], texts[found[-1]["rows"][-1]["hash"]], ids)
            step, parameter = _read(site, row["hash"], texts[row["hash"]], ids)
            names.add(ids)
        if step is None or parameter is None:
            if found:
                break
            continue
        if found and _limits(found[-1]["parameter"]) == _limits(parameter):
            found[-1]["rows"].append(row)
            found[-1]["ids"].append(ids)
        else:
            found.append({"parameter": parameter, "step": step, "rows": [row], "ids": [ids]})
    return found[::-1], names


def _limits(parameter: Parameter) -> tuple[Any, ...]:
    """All that makes a limit another one: bounds, target, what happens outside, and the reason that the recipe gives."""
    p = parameter
    bounds = (p.nor_low, p.nor_high, p.par_low, p.par_high, *sorted(p.exclusive))
    return bounds, p.target, p.limit_action, p.parameter_class, p.uom, p.why


def _read(site: Site, document_hash: str, xml: str, ids: Ids) -> tuple[Step | None, Parameter | None]:
    """Step and parameter of a document, without reading all the rest of it."""
    known = site.recipes.get(document_hash)
    step = known.steps.get(ids[0]) if known is not None else _step_in(xml, ids[0])
    return step, step.parameter(ids[1]) if step else None


def _step_in(xml: str, step_id: str) -> Step | None:
    for task in read_xml(xml.encode()).iter(f"{{{BPMN}}}userTask", f"{{{BPMN}}}manualTask"):
        if task.get("id") == step_id:
            element = next(iter(mes_elements(task, "step")), None)
            step: Step | None = read_element(Step, element, id=step_id) if element is not None else None
            return step
    return None


def _before_renumbering(old: str, new: str, ids: Ids) -> Ids:
    """Under which ids the older document has what the newer one calls so."""
    entries = [entry for entry in diff(old.encode(), new.encode()).entries if entry.element_id == ids[0]]
    step_id = next((entry.old_element_id for entry in entries if entry.old_element_id), ids[0])
    parameter_id = next((entry.old for entry in entries if entry.parameter == ids[1] and entry.property == "id"), ids[1])
    return step_id, parameter_id


# What brought each value


def _items(reader: Reader, recipe_id: str) -> list[dict[str, Any]]:
    """Every item on a revision of the recipe that was not withdrawn, with its change, its subjects and evidence opened."""
    mark = reader.mark
    numbers = reader.fetch(
        "SELECT i.change_id, i.n FROM change_item i JOIN recipe_revision r ON r.id = i.revision_id "
        f"WHERE r.recipe_id = {mark} AND i.withdrawn = 0",
        recipe_id,
    )
    wanted = set(numbers)
    ids = sorted({change_id for change_id, _ in numbers})
    changes = {row["id"]: row for row in rows_of(reader, Change, "id", ids)}
    return [
        dict(row) | {
            "subjects": json.loads(row["subjects"]), "evidence": json.loads(row["evidence"]), "change": changes[row["change_id"]],
        }
        for row in sorted(rows_of(reader, ChangeItem, "change_id", ids), key=lambda row: (row["change_id"], row["n"]))
        if (row["change_id"], row["n"]) in wanted
    ]  # fmt: skip


def _covering(items: Iterable[dict[str, Any]], revision_id: str, ids: Ids) -> list[dict[str, Any]]:
    """The items of a revision that cover a parameter: those that name it, its step, or what no other item names."""
    mine = [item for item in items if item["revision_id"] == revision_id]
    step_id, parameter_id = ids
    for subject in (f"{step_id}.{parameter_id}", step_id):
        if named := [item for item in mine if subject in item["subjects"]]:
            return named
    return [item for item in mine if not item["subjects"]]


def _explain(reader: Reader, found: list[dict[str, Any]], items: list[dict[str, Any]]) -> None:
    """Add to each value what brought it, with those who approved it."""
    first = [(value, value["rows"][-1], value["ids"][-1]) for value in found]
    covering = [(value, row, _covering(items, row["id"], ids)) for value, row, ids in first]
    runs = {item["change_id"] for _, _, some in covering for item in some} | {row["id"] for _, row, some in covering if not some}
    approvals = _approvals(reader, sorted(runs))
    stated = _stated(reader, sorted(row["id"] for _, row, some in covering if not some))
    for value, row, some in covering:
        brought = [_by_item(item, approvals) for item in some]
        value["by"] = brought or [_by_author(row, stated.get(row["id"], {}), approvals)]


def _by_item(item: dict[str, Any], approvals: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    change = item["change"]
    return {
        "change": change["id"],
        "change_title": change["title"],
        "change_reason": change["reason"],
        "state": change["state"],
        "item": item["n"],
        "title": item["title"],
        "category": item["category"],
        "why": item["why"],
        "evidence": item["evidence"],
        "confidence": item["confidence"],
        "origin": json.loads(change["origin"]),
        "revision": item["revision_id"],
        "approved": approvals.get(change["id"], []),
    }


def _by_author(row: Row, said: dict[str, str], approvals: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """Of a revision that no change brought: the author's reason, and the change that they named in words."""
    return {
        "change": "",
        "change_title": said.get("change", ""),
        "change_reason": said.get("reason", ""),
        "state": "",
        "item": 0,
        "title": row["title"],
        "category": "",
        "why": said.get("reason", ""),
        "evidence": [],
        "confidence": "",
        "origin": {},
        "revision": row["id"],
        "approved": approvals.get(row["id"], []),
    }


def _approvals(reader: Reader, runs: list[str]) -> dict[str, list[dict[str, Any]]]:
    """Who approved, by run: the signatures of the last round of each step that approves."""
    found: dict[str, dict[str, list[Row]]] = {}
    for row in rows_of(reader, Signature, "batch_id", runs):
        if row["meaning"].startswith("approved_by"):
            steps = found.setdefault(row["batch_id"], {})
            steps.setdefault(row["subject"].partition("[")[0], []).append(row)
    last = {run: [row for rows in steps.values() for row in _last_round(rows)] for run, steps in found.items()}
    return {run: _each_once(sorted(rows, key=lambda row: row["signed_at"])) for run, rows in last.items()}


def _each_once(rows: list[Row]) -> list[dict[str, Any]]:
    """The first approval of each person, who may also have set the instant of its effect."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        found.setdefault((row["person_id"], row["meaning"]), _approval(row))
    return list(found.values())


def _approval(row: Row) -> dict[str, Any]:
    meaning = MEANINGS.get(row["meaning"], row["meaning"])
    return {"full_name": row["full_name"], "role": row["role"], "meaning": meaning, "at": row["signed_at"]}


def _last_round(rows: list[Row]) -> list[Row]:
    latest = max(rows, key=lambda row: row["signed_at"])["subject"]
    return [row for row in rows if row["subject"] == latest]


def _stated(reader: Reader, revisions: list[str]) -> dict[str, dict[str, str]]:
    """What the authors of revisions stated last, by revision."""
    found: dict[str, dict[str, str]] = {}
    rows = [row for row in rows_of(reader, ParameterValue, "batch_id", revisions) if row["parameter_id"] in STATED]
    for row in sorted(rows, key=lambda row: (row["recorded_at"], row["id"])):
        found.setdefault(row["batch_id"], {})[STATED[row["parameter_id"]]] = row["text"]
    return found


def _shown(value: dict[str, Any]) -> dict[str, Any]:
    parameter, rows = value["parameter"], value["rows"]
    return {
        "nor": written_range(parameter, "NOR"),
        "par": written_range(parameter, "PAR"),
        "target": parameter.target,
        "action": parameter.limit_action,
        "class": parameter.parameter_class,
        "why": parameter.why,
        "since": rows[-1]["effective_at"],
        "until": rows[0]["until"],
        "retired": rows[0]["state"] == "RETIRED",
        "revisions": [row["id"] for row in reversed(rows)],
        "by": value["by"],
    }


# What did not come into effect, and what held for single batches


def _proposals(reader: Reader, items: list[dict[str, Any]], ids: set[Ids], done: set[str]) -> list[dict[str, Any]]:
    """Items on these limits whose revision is not in effect, newest first: also the refused ones, with their reasons."""
    found = []
    for item in items:
        if item["revision_id"] in done:
            continue
        covered = [pair for pair in ids if item in _covering(items, item["revision_id"], pair)]
        touched = covered and _touched(reader, item, covered)
        if touched:
            found.append(_by_item(item, {}) | {"opened_at": item["change"]["opened_at"], **touched})
    return sorted(found, key=lambda row: (row["opened_at"], row["change"], row["item"]), reverse=True)


def _touched(reader: Reader, item: dict[str, Any], pairs: list[Ids]) -> dict[str, str]:
    """The limits that an item would change, from and to; empty where its revision leaves them as they are."""
    texts = [_text(reader, item[name]) if item[name] else "" for name in ("base_id", "revision_id")]
    for step_id, parameter_id in pairs:
        try:
            steps = [_step_in(text, step_id) if text else None for text in texts]
        except DiagramError:
            continue
        old, new = (step.parameter(parameter_id) if step else None for step in steps)
        if old != new:
            return {"from": _in_words(old), "to": _in_words(new)}
    return {}


def _text(reader: Reader, revision_id: str) -> str:
    row = reader.get(RecipeRevision, id=revision_id)
    draft = reader.find(RecipeDraft, revision_id=revision_id) if row["state"] == "DRAFT" else None
    return str(draft["xml"] if draft else reader.get(RecipeDocument, hash=row["hash"])["xml"])


def _in_words(parameter: Parameter | None) -> str:
    if parameter is None:
        return ""
    ranges = (("normal", written_range(parameter, "NOR")), ("accepted", written_range(parameter, "PAR")))
    told = [f"target {parameter.target}"] if parameter.target else []
    return "; ".join([*told, *(f"{name} {text}" for name, text in ranges if text)]) or "no limit"


def _ad_hoc(reader: Reader, recipe_id: str, ids: set[Ids]) -> list[dict[str, Any]]:
    """Changes of these limits for one running batch only, oldest first: the limit itself, or its step replaced or skipped."""
    rows = _of_batches(reader, AdHocChange, recipe_id, {step for step, _ in ids})
    found = [dict(row) | {"edit": json.loads(row["edit"])} for row in rows if row["kind"] in TOUCHING]
    mine = [row for row in found if row["kind"] != "limit" or (row["step_id"], row["edit"].get("parameter_id", "")) in ids]
    return sorted(mine, key=lambda row: (row["requested_at"], row["id"]))


def _departures(reader: Reader, recipe_id: str, ids: set[Ids]) -> list[dict[str, Any]]:
    """Departures from these limits that were approved for one patient, by number."""
    rows = _of_batches(reader, Departure, recipe_id, {step for step, _ in ids})
    named = ("id", "batch_id", "coi", "reason", "state", "low", "high", "uses", "most_uses", "requested_by", "proposed")
    return [{name: row[name] for name in named} for row in rows if (row["step_id"], row["parameter_id"]) in ids]


def _of_batches(reader: Reader, table: type[AdHocChange | Departure], recipe_id: str, steps: set[str]) -> list[Row]:
    rows = [row for step_id in sorted(steps) for row in reader.rows(table, step_id=step_id)]
    batches = {b["id"]: b["recipe_id"] for b in rows_of(reader, Batch, "id", sorted({row["batch_id"] for row in rows}))}
    return [row for row in rows if batches[row["batch_id"]] == recipe_id]
