"""How an act is sealed into the audit trail.

An entry's `hash` is SHA-256 over the canonical JSON of every other column with the hash of the entry before it; its
`mac` is keyed. The head of each chain is keyed too and names its last entry, so that cutting off the end is noticed
as well. The verifier shares this module and nothing else with the application.

Source: 21 CFR 11.10(e); Annex 11 s.9.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.canonical import fast_canonical, sha256
from engine.keys import Keys

GENESIS = "0" * 64
SITE = "site"

# Every column of the journal but its two seals, in the table's order.
SEALED = (
    "stream",
    "seq",
    "at",
    "zone",
    "simulated",
    "tag",
    "critical",
    "actor_id",
    "actor_name",
    "actor_role",
    "source",
    "idempotency_key",
    "recipe_hash",
    "body",
    "prev_hash",
)
JOURNAL_COLUMNS = (*SEALED, "hash", "mac")


def seal_entry(entry: Mapping[str, Any], keys: Keys) -> tuple[str, str]:
    """(hash, mac) of a journal entry, given as all its other columns."""
    digest = entry_hash(entry)
    return digest, keys.seal("entry", digest)


def entry_hash(entry: Mapping[str, Any]) -> str:
    """The unkeyed hash of an entry: of every column but the seals, types included."""
    return sha256(fast_canonical({column: entry[column] for column in SEALED}))


def seal_head(name: str, seq: int, digest: str, keys: Keys) -> str:
    """The keyed seal of a chain's head: its last entry and its length."""
    return keys.seal("head", f"{seq}\n{digest}\n{name}")


def secret_digest(value: str | None) -> str | None:
    """What the trail holds of a secret column: enough to notice a change, too little to guess from."""
    return None if value is None else "sha256:" + sha256(value)
