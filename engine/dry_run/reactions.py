"""How people react in a rehearsed batch: they decide on blocks, comment, triage, and sign in their turn."""

from __future__ import annotations

import json
from typing import Any

from bpmn import vocabulary as v
from engine.actions import access, batches, change_rules, changes, decisions, exceptions, tasks
from engine.actions.verification import to_verify
from engine.actor import Actor
from engine.dry_run.batch_view import BatchView, StuckError
from engine.dry_run.rehearsal import Someone
from engine.errors import OpenItemsError
from engine.queries.counts import open_exceptions
from engine.records import ExceptionRecord, ExceptionTriage, Task
from engine.scope import Row
from engine.transaction import perform

MOST_TURNS = 12
TOLD = "Seen in the dry run, and told."


class Reactions(BatchView):
    """What people do besides the work itself."""

    __slots__ = ()

    def performer(self, step: v.Step, task: Row) -> Someone:
        roles = access.performer_roles(step)
        worked = task["started_by"]
        for members in self.rehearsal.crew.values():
            for someone in members:
                if someone[0].id == worked:
                    return someone
        first = next((s for s in step.signatures if s.code == "P"), None) or next(iter(step.signatures), None)
        avoid: set[str] = set()
        if first is not None and first.differs:
            with self.look() as batch:
                for step_id in first.differs:
                    avoid |= {r["person_id"] for t in batch.tasks_of(step_id) for r in batch.signatures(t["key"])}
        return self.rehearsal.someone(roles, avoid)

    def _signer(self, key: str, slot: v.Signature, signed: set[str]) -> Someone:
        task = self.task(key)
        avoid = {*signed, task["performed_by"], task["started_by"]}
        with self.look() as batch:
            for step_id in slot.differs:
                for other in batch.tasks_of(step_id):
                    avoid |= {row["person_id"] for row in batch.signatures(other["key"])}
        return self.rehearsal.someone(slot.roles, avoid)

    def sign_slot(self, key: str, step: v.Step, performer: Someone, slot: v.Signature, signed: set[str]) -> None:
        """One signature, by somebody who may give it."""
        who, proof = performer if slot.code == "P" else self._signer(key, slot, signed)
        arguments: dict[str, Any] = {"task_key": key, "meaning": slot.meanings[0], "proof": proof}
        arguments["comments"] = self.due_comments(key)
        if step.kind == "change_approval":
            self._look_at_every_entry(who)
        if slot.code != "P" and "P" in step.slots and slot.meanings[0] == "verified_by":
            arguments["verification"] = self._reading(key)
        try:
            self.rehearsal.act(tasks.sign_task, who, self.batch_id, **arguments)
        except OpenItemsError:
            self._close_exceptions()
            self.rehearsal.act(tasks.sign_task, who, self.batch_id, **arguments)
        self.watcher.recorded(self, key)

    def _look_at_every_entry(self, who: Actor) -> None:
        with self.look() as batch:
            left = list(change_rules.unreviewed(batch.reader, self.batch_id, who.id))
        if left:
            perform(
                self.rehearsal.site, changes.review_entries, actor=who, stream=f"batch:{self.batch_id}", source="api",
                change_id=self.batch_id, entries=left,
            )  # fmt: skip

    def _unblock(self, key: str) -> None:
        """Those who have to decide on a blocked step let it go on; what nobody may let go on is terminated."""
        for _ in range(MOST_TURNS):
            task = self.task(key)
            if not task["blocked"] or self.batch_row()["state"] in access.CLOSED:
                return
            worked = self._worked(task)
            if task["stopped"]:
                who, proof = self.rehearsal.someone(batches.STOPPERS, worked)
                outcome, role = "terminate", None
                self.ended = f"stopped at {key}"
            else:
                with self.look() as batch:
                    decided = decisions.decided_roles(batch.reader, batch, task)  # type: ignore[arg-type]
                role = next(r for r in json.loads(task["decision_roles"]) if r not in decided)
                who, proof = self.rehearsal.someone([role], worked | {row["by"] for row in decided.values()})
                outcome = "proceed"
            self.rehearsal.act(
                decisions.decide, who, self.batch_id, task_key=key, outcome=outcome, role=role, reason=TOLD, proof=proof
            )
        raise StuckError(key, "it stays blocked although everybody has decided")

    def _worked(self, task: Row) -> set[str]:
        with self.look() as batch:
            return {task["started_by"], task["performed_by"], *(r["entered_by"] for r in batch.value_rows(task["key"]))}

    def due_comments(self, key: str) -> dict[str, str]:
        with self.look() as batch:
            return {row["id"]: TOLD for row in batch.exceptions(batch.task(key)) if row["needs_comment"]}

    def comment(self, key: str) -> None:
        """Comment what still needs a comment at a step."""
        with self.look() as batch:
            done = {r["exception_id"] for r in batch.reader.rows(ExceptionTriage, batch_id=self.batch_id)}
            due = [r["id"] for r in batch.exceptions(batch.task(key)) if r["needs_comment"] and r["id"] not in done]
        for exception_id in due:
            who, _ = self.rehearsal.someone(exceptions.FLOOR)
            self.rehearsal.act(exceptions.comment_exception, who, self.batch_id, exception_id=exception_id, text=TOLD)

    def _close_exceptions(self) -> None:
        """Blocks are decided, production comments, quality triages: all of it, so that a review can be signed."""
        for task in self.rows(Task, blocked=1):
            self._unblock(task["key"])
        with self.look() as batch:
            rows = {r["id"]: r for r in batch.reader.rows(ExceptionRecord, batch_id=self.batch_id)}
            told = {t["exception_id"] for t in batch.reader.rows(ExceptionTriage, batch_id=self.batch_id)}
            silent = [e for e in rows if e not in told]
            still = open_exceptions(batch.reader, self.batch_id)
        for exception_id in silent:
            who, _ = self.rehearsal.someone(exceptions.FLOOR)
            self.rehearsal.act(exceptions.comment_exception, who, self.batch_id, exception_id=exception_id, text=TOLD)
        for exception_id in still:
            row = rows[exception_id]
            avoid = self._worked(self.task(row["task_key"])) if row["task_key"] else set()
            who, proof = self.rehearsal.someone(exceptions.QUALITY, avoid)
            kinds = ("deviation", "impact") if row["severity"] == "critical" else ("accept",)
            for kind in kinds:
                self.rehearsal.act(
                    exceptions.triage_exception, who, self.batch_id, exception_id=exception_id, kind=kind, text=TOLD,
                    proof=proof, reference="DRY-RUN" if kind != "accept" else None,
                )  # fmt: skip

    def _reading(self, key: str) -> dict[str, str]:
        with self.look() as batch:
            rows = batch.values(key)
            return {p: rows[p]["text"] for p in to_verify(batch, batch.task(key))}
