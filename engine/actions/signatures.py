"""Give a signature: the password was proven just now, the statement accepted, the training at this moment kept with it.

Source: 21 CFR 11.10(i), 11.50, 11.70, 11.100(c), 11.200.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bpmn.vocabulary import MEANINGS
from engine.actions import access
from engine.batch_record import BatchRecord
from engine.errors import MeaningNotAllowedError, NotPermittedError, StatementNotAcceptedError
from engine.passwords import Proof
from engine.records import Person
from engine.scope import Row
from engine.signing import sign
from engine.transaction import Act, Actor


def give_signature(
    act: Act,
    *,
    actor: Actor,
    proof: Proof,
    subject: str,
    slot: str,
    meaning: str,
    role: str,
    record: Mapping[str, Any],
    batch: BatchRecord | None = None,
    task: Row | None = None,
) -> Row:
    """Sign `record` for `subject` as `actor`. `proof` is theirs, made with the password they have now.

    The state of their training is kept with it: for the task where it is about one, else for the batch.
    """
    prove(act, actor, proof)
    if meaning not in MEANINGS:
        raise MeaningNotAllowedError(meaning)
    act.role = role
    row = sign(
        act,
        actor=actor,
        batch_id=batch.id if batch else None,
        subject=subject,
        slot=slot,
        role=role,
        meaning=meaning,
        record=record,
        seen_hash=None,
        training_state=access.training_state(act, actor.id, batch, act.now, task) if batch else "not needed",
    )
    if batch:
        batch.signed(row)
    return row


def prove(act: Act, actor: Actor, proof: Proof) -> None:
    """Refuse a proof that is another person's, or of a password that is no longer theirs."""
    person = act.get(Person, id=actor.id)
    if proof.person_id != actor.id or proof.password_hash != person["password_hash"] or person["state"] != "active":
        raise NotPermittedError("The password was not proven for this person.")
    if not person["accepted_esig_at"]:
        raise StatementNotAcceptedError()
