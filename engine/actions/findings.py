"""From a rule's findings to exception records, blocks and what QA sees. Used by every action that records something."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from engine.batch_record import BatchRecord
from engine.canonical import canonical as dump
from engine.records import ExceptionRecord, ExceptionTriage
from engine.rules import Finding, judge
from engine.scope import Row
from engine.transaction import Act


def raise_findings(
    act: Act,
    batch: BatchRecord,
    findings: Iterable[Finding],
    task: dict[str, Any] | None = None,
    *,
    step_id: str | None = None,
    parameter_id: str | None = None,
    value_id: str | None = None,
    hold_id: str | None = None,
    why: str = "",
    links: tuple[str, ...] = (),
    subject: str = "",
) -> list[dict[str, Any]]:
    """Record each finding once as an exception; block its task where the finding blocks.

    `subject` names what was judged where it can be judged twice (a hold time by its timer and at its event): the same
    finding about the same subject is not raised again. Returns what people are shown.
    """
    shown = []
    for finding in findings:
        exception_id = act.new_id("exception")
        dedupe = f"{subject}:{finding.number}:{finding.severity}:{finding.dedupe}" if subject else exception_id
        if subject and _known(act, batch, dedupe):
            continue
        row = act.insert(
            ExceptionRecord,
            id=exception_id,
            batch_id=batch.id,
            task_key=task["key"] if task else None,
            step_id=task["step_id"] if task else step_id,
            parameter_id=parameter_id,
            value_id=value_id,
            hold_id=hold_id,
            number=finding.number,
            rule=finding.rule,
            rule_version=finding.rule_version,
            severity=finding.severity,
            blocks=int(finding.blocks),
            stops=int(finding.stops),
            needs_comment=int(finding.needs_comment),
            message=finding.message,
            expected=finding.expected,
            actual=finding.actual,
            why=why,
            links=dump(list(links)),
            dedupe=dedupe,
            raised_at=act.now_text,
        )
        batch.raised(row)
        if task is not None and (finding.blocks or finding.stops):
            block(act, batch, task, exception_id, stops=finding.stops)
        shown.append(
            {
                "id": exception_id,
                "number": finding.number,
                "severity": finding.severity,
                "message": finding.message,
                "blocks": finding.blocks,
                "stops": finding.stops,
                "needs_comment": finding.needs_comment,
                "parameter": parameter_id,
                "hold": hold_id,
            }
        )
    return shown


def judge_and_raise(
    act: Act, batch: BatchRecord, moment: str, facts: object, task: dict[str, Any] | None = None, **about: Any
) -> list[dict[str, Any]]:
    """Run the rules of one moment and record what they find."""
    return raise_findings(act, batch, judge(moment, facts).findings, task, **about)


def block(act: Act, batch: BatchRecord, task: dict[str, Any], exception_id: str, *, stops: bool) -> None:
    """Close a task until the people named decide; who decided before did not know of this one. A stop overrides all."""
    roles = json.loads(task["decision_roles"]) or list(batch.step(task).decision_roles)
    batch.change_task(
        task,
        blocked=1,
        stopped=int(stops or task["stopped"]),
        blocked_at=act.now_text,
        blocked_by=dump([*json.loads(task["blocked_by"]), exception_id]),
        decision_roles=dump(roles),
    )


def _known(act: Act, batch: BatchRecord, dedupe: str) -> bool:
    return act.find(ExceptionRecord, batch_id=batch.id, dedupe=dedupe) is not None


def comments_due(act: Act, batch: BatchRecord, task: Row) -> list[Row]:
    """Exceptions at a task that still need a comment."""
    rows = [row for row in batch.exceptions(task) if row["needs_comment"]]
    if not rows:
        return []
    done = commented(act, batch)
    return [row for row in rows if row["id"] not in done]


def commented(act: Act, batch: BatchRecord) -> set[str]:
    """Ids of the batch's exceptions that carry at least one comment or triage."""
    return {row["exception_id"] for row in act.rows(ExceptionTriage, batch_id=batch.id)}
