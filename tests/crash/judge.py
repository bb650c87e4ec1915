"""Compare what was acknowledged with what is on record."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from sqlalchemy import Engine, text

from engine.keys import Keys
from engine.verify import verify


class Ledger:
    """What the people sent, and what they were told about it."""

    def __init__(self) -> None:
        self.sent: dict[str, Any] = {}
        self.acknowledged: dict[str, dict[str, Any]] = {}


def problems(ledger: Ledger, engine: Engine, url: str, keys: Keys) -> list[str]:
    """Everything that is on record and should not be, or should be and is not."""
    with engine.connect() as db:
        entries = db.execute(text("SELECT idempotency_key, body FROM journal WHERE idempotency_key IS NOT NULL")).all()
        values = db.execute(
            text("SELECT batch_id, task_key, parameter_id, text FROM parameter_value WHERE corrects IS NULL")
        ).all()
        tasks = db.execute(text("SELECT batch_id, key, state FROM task")).all()
        signed = db.execute(text("SELECT subject, batch_id, slot FROM signature WHERE batch_id IS NOT NULL")).all()
    found = _keys(ledger, entries)
    found += [f"{row[0]} {row[1]} {row[2]} is recorded twice" for row in _twice(row[:3] for row in values)]
    found += [f"{row[0]} of {row[1]} is signed twice" for row in _twice(tuple(row) for row in signed)]
    complete = {f"task:{key}" for _, key, state in tasks if state == "completed"}
    found += [f"{subject} is complete without a signature" for subject in complete - {row[0] for row in signed}]
    return found + [str(problem) for problem in verify(url, keys).problems]


def _keys(ledger: Ledger, entries: Any) -> list[str]:
    known = {key.partition(":")[2]: body for key, body in entries}
    found = [f"{key} was acted on twice" for key in _twice(key for key, _ in entries)]
    found += [f"{key} is on record and was never sent" for key in known.keys() - ledger.sent.keys()]
    for key, answer in ledger.acknowledged.items():
        if key not in known:
            found.append(f"{key} was acknowledged and is lost: {ledger.sent[key].path}")
        elif json.loads(known[key])["answer"] != answer:
            found.append(f"{key} was answered otherwise than the record says")
    return found


def _twice(rows: Any) -> list[Any]:
    return [row for row, count in Counter(rows).items() if count > 1]
