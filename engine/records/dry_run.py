"""Dry runs: the evidence that a diagram does what it is meant to do, and the work in progress towards it."""

from __future__ import annotations

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from engine.records.base import STRICT, Record, filled, instant, one_of, sha256_hex

RUN_BY = ("system", "person")
VERDICTS = ("passed", "failed")
JOB_STATES = ("waiting", "running", "done", "failed", "cancelled")


class DryRun(Record):
    """The report of a dry run of one diagram, named by its hash: paths, values, expected and actual judgements, coverage.

    Its signature has the subject `dry_run:<id>`. Source: GAMP 5, 2nd edition, appendix D5; FDA CSA 2025.
    """

    __tablename__ = "dry_run"
    APPEND_ONLY = True
    STREAM = "recipe:{recipe_id}"

    id: Mapped[str] = mapped_column(primary_key=True)
    recipe_id: Mapped[str]
    revision_id: Mapped[str]
    hash: Mapped[str]
    kind: Mapped[str]
    verdict: Mapped[str]
    report: Mapped[str]
    product_version: Mapped[str]
    run_by: Mapped[str]
    started_at: Mapped[str]
    ended_at: Mapped[str]

    __table_args__ = (
        one_of("kind", RUN_BY),
        one_of("verdict", VERDICTS),
        *sha256_hex("hash"),
        *instant("started_at", "ended_at"),
        *filled("recipe_id", "revision_id", "report", "run_by"),
        Index("ix_dry_run_hash", "hash"),
        Index("ix_dry_run_revision_id", "revision_id"),
        STRICT,
    )


class DryRunJob(Record):
    """A dry run under way: how far it is, and its report until somebody keeps it. No record."""

    __tablename__ = "dry_run_job"
    WORKING = True

    id: Mapped[str] = mapped_column(primary_key=True)
    revision_id: Mapped[str]
    hash: Mapped[str]
    kind: Mapped[str]
    state: Mapped[str]
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    message: Mapped[str] = mapped_column(default="")
    report: Mapped[str] = mapped_column(default="")
    started_by: Mapped[str]
    started_at: Mapped[str]
    alive_at: Mapped[str]

    __table_args__ = (
        one_of("kind", RUN_BY),
        one_of("state", JOB_STATES),
        *instant("started_at", "alive_at"),
        Index("ix_dry_run_job_revision_id", "revision_id"),
        STRICT,
    )
