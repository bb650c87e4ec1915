"""Signatures: bound to the hash of exactly what was shown, and invalid as soon as that would look different.

What is shown is one plain object: the batch, the subject and the record on the page. A page shows it, sends its hash
back with the password, and the server signs only if the record still has that hash. Later, the same object is made
again from what is on record now; any difference makes the signature show as invalid. The subject is inside, so a
signature copied to another record does not fit there.

Source: 21 CFR 11.50, 11.70, 11.200; Annex 11 s.14; draft Annex 11 s.13.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.act import Act
from engine.actor import Actor
from engine.canonical import canonical, sha256
from engine.errors import StaleRecordError
from engine.records import Signature
from engine.records.shape import Row


def shown_text(batch_id: str | None, subject: str, record: Mapping[str, Any]) -> str:
    """Canonical JSON of what a person signs: `record` as the page shows it, with what it is a record of."""
    return canonical({"batch_id": batch_id, "subject": subject, "record": dict(record)})


def shown_hash(batch_id: str | None, subject: str, record: Mapping[str, Any]) -> str:
    """The hash that a page shows beside a signature field and sends back with it."""
    return sha256(shown_text(batch_id, subject, record))


def sign(
    act: Act,
    *,
    actor: Actor,
    batch_id: str | None,
    subject: str,
    slot: str,
    role: str,
    meaning: str,
    record: Mapping[str, Any],
    seen_hash: str | None,
    training_state: str = "",
) -> Row:
    """Record a signature; the caller has checked password, role and meaning.

    `seen_hash` is what the person saw, StaleRecordError if the record looks different now; None only where there was
    no page (an API client that signs what it sends in the same request).
    """
    text = shown_text(batch_id, subject, record)
    digest = sha256(text)
    if seen_hash is not None and seen_hash != digest:
        raise StaleRecordError(f"What you were about to sign ({subject}) has changed since it was shown.")
    return act.insert(
        Signature,
        id=act.new_id("signature"),
        batch_id=batch_id,
        subject=subject,
        slot=slot,
        person_id=actor.id,
        full_name=actor.full_name,
        role=role,
        meaning=meaning,
        shown_hash=digest,
        shown=text,
        training_state=training_state,
        session_id=actor.session_id,
        signed_at=act.now,
        zone=act.site.settings.zone,
    )


@dataclass(frozen=True, slots=True)
class Validity:
    """Whether a signature still belongs to its record; `changed` names each place that differs, old and new."""

    valid: bool
    changed: tuple[tuple[str, Any, Any], ...] = ()


def validity(signature: Mapping[str, Any], record: Mapping[str, Any]) -> Validity:
    """Compare a signature with `record`, made now in the same way as when it was signed."""
    if sha256(signature["shown"]) != signature["shown_hash"]:
        return Validity(False, (("shown", signature["shown_hash"], sha256(signature["shown"])),))
    now = shown_text(signature["batch_id"], signature["subject"], record)
    if now == signature["shown"]:
        return Validity(True)
    return Validity(False, tuple(_differences("", json.loads(signature["shown"]), json.loads(now))))


def _differences(path: str, then: Any, now: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(then, dict) and isinstance(now, dict):
        for key in sorted(then.keys() | now.keys()):
            yield from _differences(f"{path}.{key}" if path else key, then.get(key), now.get(key))
    elif isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        for index, (old, new) in enumerate(zip(then, now, strict=True)):
            yield from _differences(f"{path}[{index}]", old, new)
    elif then != now or type(then) is not type(now):
        yield path, then, now
