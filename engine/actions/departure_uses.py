"""Use a departure that was approved before: the value is recorded and judged as ever, and its step does not wait.

Bound to one COI, one recipe, one step and parameter, and a number of uses. A stop is never lifted.

Source: EU GMP Part IV s.6, s.14; domain rules 3.4 (planned departure), 3.7 (level 3).
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from bpmn import vocabulary as v
from engine.actions.findings import judge_and_raise
from engine.batch_record import BatchRecord
from engine.errors import BatchwrightError
from engine.records import Batch, Departure, ExceptionRecord
from engine.rules import Finding, format_range, format_value
from engine.rules.facts import DepartureFacts, Limits, ValueFacts
from engine.rules.limits import JUDGES, keeps
from engine.scope import Row
from engine.site import Site
from engine.transaction import Act
from engine.values import typed

APPROVED, USED = "APPROVED", "USED"
PROPOSED_AT = 3


@dataclass(frozen=True, slots=True)
class Use:
    """A departure that covers a value. `counted`: this measurement has counted as a use already (it was corrected)."""

    departure: Row
    facts: DepartureFacts
    subject: str
    counted: bool


def lifted(
    act: Act, batch: BatchRecord, task: Row, facts: ValueFacts, n: int, findings: Sequence[Finding]
) -> tuple[list[Finding], Use | None]:
    """The findings about measurement `n` of a value as they are to be raised, and the departure that it uses, if any.

    Only what the limits' rules found is lifted; whatever else blocks, blocks.
    """
    found = list(findings)
    lifts = [f for f in found if f.blocks and f.rule in JUDGES]
    if not batch.is_batch or not lifts or any(f.stops for f in found):
        return found, None
    use = _covering(act, batch, task, facts, n)
    if use is None:
        return found, None
    return [replace(f, blocks=False) if f in lifts else f for f in found], use


def note_use(act: Act, batch: BatchRecord, task: dict[str, Any], use: Use, **about: Any) -> list[dict[str, Any]]:
    """Count the use and raise it as an exception, beside the one of the value. The third use asks for a change."""
    row = use.departure
    if not use.counted:
        uses = row["uses"] + 1
        state = USED if uses >= row["most_uses"] else row["state"]
        act.update(Departure, {"id": row["id"]}, was=row, uses=uses, state=state)
        propose_soon(act)
    return judge_and_raise(act, batch, "departure", use.facts, task, subject=use.subject, **{**about, "why": row["reason"]})


def propose_soon(act: Act) -> None:
    """After the commit, look whether a departure was used so often that the recipe should change."""
    act.after_commit.append(lambda: _propose(act.site))


def _propose(site: Site) -> None:
    # Change control stands on the acts of a batch, which stand on this module.
    from engine.actions.departures import propose_changes

    with suppress(BatchwrightError):  # what was recorded is recorded; the leader looks again
        propose_changes(site)


def bound_to(reader: Act, batch: BatchRecord, row: Row) -> bool:
    """Whether a departure is this patient's, on this recipe. Without a COI it is bound to its batch alone."""
    if row["batch_id"] == batch.id:
        return True
    if not row["coi"] or row["coi"] != batch.row["coi"]:
        return False
    return bool(reader.get(Batch, id=row["batch_id"])["recipe_id"] == batch.row["recipe_id"])


def accepted(parameter: v.Parameter, row: Row) -> str:
    """The values that a departure accepts, in words."""
    if parameter.type in ("num", "int"):
        return format_range(row["low"] or None, row["high"] or None, parameter.uom)
    return row["low"] or row["high"]


def is_planned(row: Row) -> bool:
    """Whether it was asked for before anything departed."""
    return bool(row["low"] or row["high"])


def _covering(act: Act, batch: BatchRecord, task: Row, facts: ValueFacts, n: int) -> Use | None:
    """The departure that accepts this value: one that the same measurement has used, else the oldest with a use left."""
    parameter = facts.parameter
    wanted = {"step_id": task["step_id"], "parameter_id": parameter.id}
    found: list[Use] = []
    for seen in act.rows(Departure, **wanted, order=("requested_at", "id")):
        if not is_planned(seen) or not bound_to(act, batch, seen) or not _accepts(seen, facts):
            continue
        act.also(f"batch:{seen['batch_id']}")
        row = act.get(Departure, id=seen["id"])  # as it stands now that no other batch can use it
        subject = f"departure:{row['id']}:{task['key']}:{parameter.id}:{n}"
        counted = act.find(ExceptionRecord, batch_id=batch.id, dedupe=f"{subject}:24:minor:") is not None
        if counted or (row["state"] == APPROVED and row["uses"] < row["most_uses"]):
            words = facts.qualifier + format_value(facts.value, parameter.uom, calculated=parameter.source == "calc")
            told = DepartureFacts(
                departure=row["id"], name=parameter.name, accepted=accepted(parameter, row), actual=words,
                use=row["uses"] + (not counted), most=row["most_uses"],
            )  # fmt: skip
            found.append(Use(row, told, subject, counted))
    return next((use for use in found if use.counted), found[0] if found else None)


def _accepts(row: Row, facts: ValueFacts) -> bool:
    """Whether the value is proven to lie within what the departure accepts, both ends included."""
    low, high = row["low"], row["high"]
    kind = facts.parameter.type
    limits = Limits(par_low=typed(kind, low), par_high=typed(kind, high))
    parameter = replace(facts.parameter, par_low=low, par_high=high, exclusive=())
    return keeps(replace(facts, parameter=parameter, limits=limits), "PAR")
