"""What several roles have to approve before it takes effect: each by another person, none of them whoever asked for it.

Source: 21 CFR 211.22, 211.100; EU GMP Chapter 1, 1.9; domain rule: nobody approves their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bpmn.vocabulary import ROLES
from engine.actions.reasons import reason as said
from engine.actions.signatures import give_signature
from engine.batch_record import BatchRecord
from engine.errors import NotPermittedError, OutcomeNotAllowedError, SamePersonError
from engine.passwords import Proof
from engine.reader import Reader
from engine.records import Signature
from engine.scope import Row
from engine.transaction import Act, Actor

APPROVE, REFUSE = "approve", "refuse"
OUTCOMES = (APPROVE, REFUSE)
REQUESTED, REFUSED = "requested_by", "rejected_by"
REQUESTER = "R"
MEANING = {
    "QA_FLR": "approved_by_qa",
    "QA_DISP": "approved_by_qa",
    "PROC": "technical_assessment_by",
    "MED": "risk_accepted_by",
    "CLI_QA": "approved_by_client",
    "MFG_SUP": "authorised_to_proceed",
    "QP": "approved_by_qa",
    "RA": "regulatory_assessment_by",
}
"""What each role says with its signature under a decision."""


def approvals(reader: Reader, subject: str) -> dict[str, Row]:
    """The signatures that approve a subject, by role."""
    rows = reader.rows(Signature, subject=subject, order=("signed_at", "id"))
    return {row["slot"]: row for row in rows if row["meaning"] not in (REQUESTED, REFUSED)}


def roles_open(reader: Reader, subject: str, roles: Sequence[str]) -> list[str]:
    """The roles that have still to approve."""
    given = approvals(reader, subject)
    return [role for role in roles if role not in given]


def request(
    act: Act, *, actor: Actor, proof: Proof, subject: str, role: str, record: Mapping[str, Any], batch: BatchRecord
) -> Row:
    """Whoever asks for it signs what they ask for."""
    return give_signature(
        act, actor=actor, proof=proof, subject=subject, slot=REQUESTER, meaning=REQUESTED, role=role, record=record, batch=batch
    )


def answer(
    act: Act,
    *,
    actor: Actor,
    proof: Proof,
    subject: str,
    roles: Sequence[str],
    requested_by: str,
    outcome: str,
    reason: str,
    role: str | None,
    record: Mapping[str, Any],
    batch: BatchRecord,
) -> list[str]:
    """One role approves, or refuses for all. Returns the roles that have still to approve.

    SamePersonError for whoever asked for it, and for a second signature of one person.
    """
    if outcome not in OUTCOMES:
        raise OutcomeNotAllowedError(f"{outcome}: {' or '.join(OUTCOMES)}.")
    if actor.id == requested_by:
        raise SamePersonError(f"{actor.full_name} has asked for it.")
    rows = act.rows(Signature, subject=subject)
    if any(row["person_id"] == actor.id for row in rows):
        raise SamePersonError(f"{actor.full_name} has signed it already.")
    chosen = _role(actor, roles_open(act, subject, roles) if outcome == APPROVE else roles, role)
    give_signature(
        act, actor=actor, proof=proof, subject=subject, slot=chosen,
        meaning=MEANING.get(chosen, "authorised_to_proceed") if outcome == APPROVE else REFUSED, role=chosen,
        record={**record, "outcome": outcome, "reason": said(reason)}, batch=batch,
    )  # fmt: skip
    return roles_open(act, subject, roles)


def _role(actor: Actor, wanted: Sequence[str], role: str | None) -> str:
    own = [r for r in wanted if r in actor.roles and role in (None, r)]
    if not own:
        names = " or ".join(ROLES.get(r, r) for r in wanted)
        raise NotPermittedError(f"This needs the role {names}.", roles=list(wanted))
    return own[0]
