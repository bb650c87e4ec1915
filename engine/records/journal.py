"""The journal: every act of the site, in chains that nobody can change unnoticed."""

from __future__ import annotations

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from engine.records.base import STRICT, Record, counted, filled, flag, instant, one_of, sha256_hex

SOURCES = ("ui", "api", "device", "system")


class Journal(Record):
    """One act on one stream: who did what, when and why, and every row it wrote. This is the audit trail.

    `body` is canonical JSON: `{"data": ..., "more": [...], "writes": [...], "request": ..., "answer": ...}`. `hash`
    covers every other column and the hash before it; `mac` is keyed, with the key outside the database.
    """

    __tablename__ = "journal"
    APPEND_ONLY = True

    stream: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[str]
    zone: Mapped[str]
    simulated: Mapped[int]
    tag: Mapped[str]
    critical: Mapped[int]
    actor_id: Mapped[str]
    actor_name: Mapped[str]
    actor_role: Mapped[str]
    source: Mapped[str]
    idempotency_key: Mapped[str | None]
    recipe_hash: Mapped[str | None]
    body: Mapped[str]
    prev_hash: Mapped[str]
    hash: Mapped[str]
    mac: Mapped[str]

    __table_args__ = (
        counted("seq"),
        *instant("at"),
        *flag("simulated", "critical"),
        *filled("stream", "zone", "tag", "actor_id", "actor_name"),
        *sha256_hex("recipe_hash", "prev_hash", "hash", "mac"),
        one_of("source", SOURCES),
        Index(
            "uq_journal_idempotency_key",
            "idempotency_key",
            unique=True,
            sqlite_where=text("idempotency_key IS NOT NULL"),
            postgresql_where=text("idempotency_key IS NOT NULL"),
        ),
        Index("ix_journal_at", "at"),
        STRICT,
    )


class Stream(Record):
    """The head of one chain, keyed, and the row that an act locks: one act at a time per stream."""

    __tablename__ = "stream"

    name: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int]
    hash: Mapped[str]
    mac: Mapped[str]

    __table_args__ = (counted("seq", 0), *sha256_hex("hash", "mac"), STRICT)


class Checkpoint(Record):
    """The heads of all streams at one moment under one signature; what it covers can't be taken back.

    `streams` lists the heads that changed since the checkpoint before it, as `{name: [seq, hash]}`; `root` is the
    Merkle root over all of them. `signature` is Ed25519 over the other columns, in hex.
    """

    __tablename__ = "checkpoint"
    APPEND_ONLY = True
    STREAM = "site"

    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[str]
    root: Mapped[str]
    streams: Mapped[str]
    prev_hash: Mapped[str]
    signature: Mapped[str]

    __table_args__ = (counted("seq"), *instant("at"), *sha256_hex("root", "prev_hash"), STRICT)


class EngineSnapshot(Record):
    """What the workflow engine had open after entry `seq` of a batch: a cache, recomputed from the journal at will."""

    __tablename__ = "engine_snapshot"
    WORKING = True

    batch_id: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int]
    data: Mapped[str]
    mac: Mapped[str]

    __table_args__ = (counted("seq"), *sha256_hex("mac"), STRICT)
