"""Departures for one patient: asked for on a blocked step, or planned and approved before anything departs.

The third use of the same departure (recipe, step and parameter, whoever the patient is) opens a change request.

Source: EU GMP Part IV s.6, s.14; 21 CFR 211.100(b); domain rules 3.4, 3.7.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from engine import clock
from engine.actions import access, approvals, changes
from engine.actions.departure_uses import APPROVED, PROPOSED_AT, USED, is_planned, propose_soon
from engine.actions.reasons import reason as said
from engine.batch_record import BatchRecord
from engine.canonical import canonical as dump
from engine.errors import DuplicateRecordError, EntryRefusedError, NotBlockedError, OutcomeNotAllowedError, RecordNotFoundError
from engine.form import needed_field
from engine.passwords import Proof
from engine.queries.changes import next_change_id
from engine.reader import Reader
from engine.records import Batch, Departure
from engine.rules.limits import ORDERED
from engine.scope import Row
from engine.site import Site
from engine.transaction import SYSTEM, Act, Actor, perform
from forms.form import check

DEPARTURE_ROLES = ("PROC", "MED", "QA_FLR", "CLI_QA")
REQUESTERS = ("PROC", "QA_FLR")
QUALITY = frozenset({"QA_FLR", "QA_DISP", "QP"})
MOST_USES = 50
REQUESTED, REFUSED = "REQUESTED", "REFUSED"
BOUNDS = {"low": "The lowest accepted value", "high": "The highest accepted value"}


def request_departure(
    act: Act,
    *,
    actor: Actor,
    batch_id: str,
    task_key: str,
    departure_id: str,
    parameter_id: str,
    reason: str,
    risk: str,
    mitigation: str,
    roles: Iterable[str] = DEPARTURE_ROLES,
) -> dict[str, Any]:
    """Ask to go on with a value that the recipe does not allow, for this patient only; every role named has to sign.

    Bound to the COI and this batch. The roles can be added to and never taken away. The third use of the same departure
    asks for a change of the recipe. Source: EU GMP Part IV s.14; domain 3.7.
    """
    batch = access.open_batch(act, batch_id, even_held=True)
    task = batch.task(task_key)
    access.permit(actor, REQUESTERS)
    if not task["blocked"] or task["stopped"]:
        raise NotBlockedError(f"{task_key} has no block that a departure could lift.")
    needed = list(dict.fromkeys([*json.loads(task["decision_roles"]), *roles]))
    _refuse(_roles_problem(needed))
    about = {"step_id": task["step_id"], "parameter_id": parameter_id, "roles": needed}
    _insert(act, batch, departure_id, reason, risk, mitigation, **about)
    batch.change_task(task, decision_roles=dump(needed))
    act.note("departure:requested", departure=departure_id, task=task_key, roles=needed, critical=True)
    batch.save(act)
    return {"departure": departure_id, "roles": needed, "task": access.task_answer(task)}


def plan_departure(
    act: Act,
    *,
    actor: Actor,
    batch_id: str,
    departure_id: str,
    step_id: str,
    parameter_id: str,
    low: str,
    high: str,
    uses: int,
    reason: str,
    risk: str,
    mitigation: str,
    roles: Iterable[str] = DEPARTURE_ROLES,
) -> dict[str, Any]:
    """Ask for a departure before anything departs: values of one parameter from `low` to `high`, for this COI, `uses` times.

    An empty bound is unbounded. Every role named approves it; one of them is quality. EntryRefusedError or FormError with
    every problem. Source: EU GMP Part IV s.6.
    """
    batch = access.open_batch(act, batch_id, even_held=True)
    access.permit(actor, REQUESTERS)
    needed = list(dict.fromkeys(roles))
    problems = _roles_problem(needed) | _place_problem(batch, step_id, parameter_id)
    if not needed or not QUALITY.intersection(needed):
        problems.setdefault("roles", "Quality approves every departure: name one of its roles.")
    if not 1 <= uses <= MOST_USES:
        problems["uses"] = f"A departure is used 1 to {MOST_USES} times."
    _refuse(problems)
    bounds = _bounds(act, batch, step_id, parameter_id, low, high)
    about = {"step_id": step_id, "parameter_id": parameter_id, "roles": needed, **bounds, "most_uses": uses}
    _insert(act, batch, departure_id, reason, risk, mitigation, **about)
    act.note(
        "departure:requested", departure=departure_id, step=step_id, parameter=parameter_id, roles=needed, uses=uses,
        critical=True, **bounds,
    )  # fmt: skip
    return {"departure": departure_id, "roles": needed, "state": REQUESTED}


def sign_departure(
    act: Act,
    *,
    actor: Actor,
    batch_id: str,
    departure_id: str,
    outcome: str,
    reason: str,
    proof: Proof,
    role: str | None = None,
) -> dict[str, Any]:
    """Approve a planned departure as one of its roles, or refuse it for all. With the last role it may be used.

    Nobody approves their own, nobody twice. Source: 21 CFR 211.22, 211.100(b).
    """
    batch = access.open_batch(act, batch_id, even_held=True)
    row = act.find(Departure, id=departure_id)
    if row is None or row["batch_id"] != batch_id:
        raise RecordNotFoundError(f"Departure {departure_id} of batch {batch_id}.")
    if not is_planned(row) or row["state"] != REQUESTED:
        told = "it is decided on its blocked step" if not is_planned(row) else f"it is {row['state'].lower()}"
        raise OutcomeNotAllowedError(f"{departure_id}: {told}.")
    still = approvals.answer(
        act, actor=actor, proof=proof, subject=f"departure:{departure_id}", roles=json.loads(row["roles"]),
        requested_by=row["requested_by"], outcome=outcome, reason=reason, role=role, record=shown(row), batch=batch,
    )  # fmt: skip
    state = REFUSED if outcome == approvals.REFUSE else REQUESTED if still else APPROVED
    row = act.update(Departure, {"id": departure_id}, was=row, state=state)
    tag = "departure:refused" if state == REFUSED else "departure:signed"
    act.note(tag, departure=departure_id, reason=said(reason), critical=True)
    batch.save(act)
    return {"departure": departure_id, "state": state, "open_roles": still if state == REQUESTED else []}


def shown(row: Row) -> dict[str, Any]:
    """What is signed with a planned departure: all that it allows, and why."""
    names = ("id", "coi", "batch_id", "step_id", "parameter_id", "low", "high", "most_uses", "reason", "risk", "mitigation")
    return {name: row[name] for name in names}


def used_by_decision(act: Act, batch: BatchRecord, task: Row) -> None:
    """A block was lifted by a departure that was requested on it: that is its use."""
    for row in act.rows(Departure, batch_id=batch.id, step_id=task["step_id"], state=REQUESTED):
        if not is_planned(row):
            act.update(Departure, {"id": row["id"]}, was=row, state=USED, uses=1)
            propose_soon(act)


def propose_changes(site: Site) -> list[str]:
    """Open a change request for every departure that was used three times and that no change names yet; their numbers.

    Outside of any act; also called by the leader's scheduler. Safe beside other processes.
    """
    with site.read() as reader:
        due = [(key, rows) for key, rows in _used(reader).items() if sum(row["uses"] for row in rows) >= PROPOSED_AT]
    opened = []
    for key, rows in due:
        with site.read() as reader:
            change_id = next_change_id(reader, clock.now())
        also = sorted({f"batch:{row['batch_id']}" for row in rows})
        answer = perform(
            site, _open_change, actor=SYSTEM, stream=f"batch:{change_id}", also=also, source="system", change_id=change_id,
            key=key,
        )  # fmt: skip
        opened += [answer["change"]] if answer else []
    return opened


def _open_change(act: Act, *, actor: Actor, change_id: str, key: tuple[str, str, str]) -> dict[str, Any]:
    """The change request, prefilled with what was used, by whom it was asked for, and why."""
    rows = _used(act).get(key, [])
    uses = sum(row["uses"] for row in rows)
    if uses < PROPOSED_AT:
        return {}
    recipe_id, step_id, parameter_id = key
    batches = sorted({row["batch_id"] for row in rows})
    product = act.get(Batch, id=batches[0])["product"]
    reasons = "; ".join(f"{row['id']}: {row['reason']}" for row in rows)
    title = f"{step_id} {parameter_id} of {recipe_id}: the same departure was used {uses} times"
    origin = {
        "kind": "departures", "departures": [row["id"] for row in rows], "batches": batches, "recipe": recipe_id,
        "step": step_id, "parameter": parameter_id,
    }  # fmt: skip
    changes.open_change(
        act, actor=actor, change_id=change_id, title=title, kind="recipe", reason=reasons, category="quality", product=product,
        origin=origin,
    )  # fmt: skip
    evidence = [{"kind": "batch", "reference": b, "says": f"{step_id} {parameter_id} by a planned departure"} for b in batches]
    changes.put_item(
        act, actor=actor, change_id=change_id, kind="text", title=f"Limits of {step_id} {parameter_id}", category="quality",
        proposed=f"A recipe in which {step_id} {parameter_id} needs no departure.", why=reasons, evidence=evidence,
        confidence="low",
    )  # fmt: skip
    for row in rows:
        act.update(Departure, {"id": row["id"]}, was=row, proposed=change_id)
    act.note("change:proposed", stream="site", critical=True, change=change_id, **origin)
    return {"change": change_id}


def _used(reader: Reader) -> dict[tuple[str, str, str], list[Row]]:
    """Departures that were used and that no change names, by recipe, step and parameter."""
    found: dict[tuple[str, str, str], list[Row]] = {}
    for row in reader.rows(Departure, proposed="", order=("requested_at", "id")):
        if row["uses"]:
            recipe_id = reader.get(Batch, id=row["batch_id"])["recipe_id"]
            found.setdefault((recipe_id, row["step_id"], row["parameter_id"]), []).append(row)
    return found


def _insert(act: Act, batch: BatchRecord, departure_id: str, reason: str, risk: str, mitigation: str, **about: Any) -> None:
    if act.find(Departure, id=departure_id) is not None:
        raise DuplicateRecordError(f"There is a departure {departure_id} already.")
    act.insert(
        Departure, id=departure_id, coi=batch.row["coi"], batch_id=batch.id, reason=said(reason), risk=said(risk),
        mitigation=said(mitigation), state=REQUESTED, requested_by=act.actor.id, requested_at=act.now_text, uses=0, version=1,
        **{**about, "roles": dump(about["roles"])},
    )  # fmt: skip


def _roles_problem(roles: Iterable[str]) -> dict[str, str]:
    unknown = [r for r in roles if r not in approvals.MEANING]
    return {"roles": f"No decision is signed as {', '.join(unknown)}."} if unknown else {}


def _place_problem(batch: BatchRecord, step_id: str, parameter_id: str) -> dict[str, str]:
    step = batch.recipe.steps.get(step_id)
    if step is None:
        return {"step_id": f"This batch's recipe has no step {step_id}."}
    parameter = step.parameter(parameter_id)
    if parameter is None:
        return {"parameter_id": f"{step_id} has no parameter {parameter_id}."}
    if parameter.limit_action == "stop":
        return {"parameter_id": f"{parameter.name} stops the batch outside its limits, and no departure lifts a stop."}
    if parameter.limit_action != "block" or not (parameter.par_low or parameter.par_high):
        return {"parameter_id": f"No value of {parameter.name} blocks its step, so nothing departs."}
    return {}


def _bounds(act: Act, batch: BatchRecord, step_id: str, parameter_id: str, low: str, high: str) -> dict[str, str]:
    """Both bounds as canonical texts; they say something, and the lower one is not the higher."""
    parameter = batch.recipe.steps[step_id].parameter(parameter_id)
    assert parameter is not None
    field = replace(needed_field(parameter), required=False, qualifier=False)
    asked = [replace(field, name=name, label=label) for name, label in BOUNDS.items()]
    entries = check(asked, {"low": low, "high": high}, act.site.zone)
    values = {name: entry.value for name, entry in entries.items()}
    if not values:
        _refuse({"low": "Say which values it accepts: the lowest, the highest, or both."})
    if len(values) == 2 and parameter.type in ORDERED and values["low"] > values["high"]:  # type: ignore[operator]
        _refuse({"low": "The lowest accepted value is higher than the highest."})
    if parameter.type not in ORDERED and len(set(map(str, values.values()))) > 1:
        _refuse({"high": f"{parameter.name} has no range: name the one value that is accepted."})
    return {name: entries[name].canonical if name in entries else "" for name in BOUNDS}


def _refuse(problems: dict[str, str]) -> None:
    if problems:
        raise EntryRefusedError(" ".join(problems.values()), problems=problems)
