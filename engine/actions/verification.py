"""Blind verification: the verifier's own readings are compared with the record before they may sign.

Source: 21 CFR 211.188(b)(11), Annex 11 s.6.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.actions.findings import raise_findings
from engine.batch_record import BatchRecord
from engine.form import needed_field
from engine.rules import Finding
from engine.scope import Row
from engine.transaction import Act, Actor
from engine.values import canonical
from forms.form import check

BLIND_TYPES = frozenset({"num", "int", "date_time", "text", "bool"})


def to_verify(batch: BatchRecord, task: Row) -> list[str]:
    """Parameters that a verifier reads for themselves: those typed by hand at this step. Devices need no second reading."""
    typed = {p for p, row in batch.values(task["key"]).items() if row["source"] == "manual" and row["value"] != ""}
    return [p.id for p in batch.step(task).parameters if p.id in typed and p.type in BLIND_TYPES and not p.after_end]


def compare(
    act: Act, batch: BatchRecord, task: dict[str, Any], actor: Actor, readings: Mapping[str, str]
) -> dict[str, str]:
    """The verifier's readings that differ from the record, by parameter; each difference is an exception and stays on record.

    All typed values have to be read; FormError lists what is missing or unreadable.
    """
    step = batch.step(task)
    asked = [p for p in step.parameters if p.id in to_verify(batch, task)]
    checked = check([needed_field(p) for p in asked], readings, act.site.zone)
    recorded = batch.values(task["key"])
    differing = {}
    for parameter in asked:
        entry, row = checked[parameter.id], recorded[parameter.id]
        read = canonical(entry.value) if entry.value is not None else ""
        same = (entry.value, entry.qualifier) == (batch.typed_values(task["key"])[parameter.id], row["qualifier"])
        if not same:
            differing[parameter.id] = entry.text
            message = f"{parameter.name}: the verifier read {entry.text}, recorded is {row['text']}."
            finding = Finding(
                26,
                "verification",
                "minor",
                message,
                needs_comment=True,
                expected=row["text"],
                actual=read or entry.text,
                rule_version="1",
            )
            raise_findings(act, batch, [finding], task, parameter_id=parameter.id, value_id=row["id"])
    return differing
