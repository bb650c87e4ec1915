"""The counts that a review signs: computed by the system, never typed. Source: 21 CFR 211.192, Annex 11 s.9."""

from __future__ import annotations

from engine.reader import Reader
from engine.records import Correction, ExceptionRecord, ExceptionTriage, ParameterValue, Signature

CLOSING = frozenset({"accept", "deviation", "correct"})


def review_counts(reader: Reader, batch_id: str) -> dict[str, int]:
    """How many values, exceptions, open exceptions, critical entries and signatures there are."""
    values = reader.rows(ParameterValue, batch_id=batch_id)
    exceptions = reader.rows(ExceptionRecord, batch_id=batch_id)
    mark = reader.mark
    critical = reader.fetch(
        f"SELECT COUNT(*) FROM journal WHERE stream = {mark} AND critical = {mark}", f"batch:{batch_id}", 1
    )[0][0]
    return {
        "values": len(values),
        "judged": sum(1 for v in values if v["judgement"] != "recorded"),
        "exceptions": len(exceptions),
        "open": len(open_exceptions(reader, batch_id)),
        "critical_entries": critical,
        "signatures": len(reader.rows(Signature, batch_id=batch_id)),
        "corrections": len(reader.rows(Correction, batch_id=batch_id)),
    }


def open_exceptions(reader: Reader, batch_id: str) -> list[str]:
    """Ids of exceptions that quality has not closed: not triaged, or a deviation without an assessed impact.

    A correction alone closes nothing (the first value stays an exception).
    """
    kinds: dict[str, set[str]] = {}
    for row in reader.rows(ExceptionTriage, batch_id=batch_id):
        kinds.setdefault(row["exception_id"], set()).add(row["kind"])
    still_open = []
    for row in reader.rows(ExceptionRecord, batch_id=batch_id):
        done = kinds.get(row["id"], set())
        if not done & CLOSING or ("deviation" in done and "impact" not in done):
            still_open.append(row["id"])
    return still_open
