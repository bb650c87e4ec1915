"""Training: what a revision asks of people, and that they did it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from engine.records.base import STRICT, Record, counted, filled, flag, instant, refers


class Training(Record):
    """That a person is trained on one revision of one recipe, from when until when.

    `basis`: empty where somebody recorded it for them; the id of the signature where they read and understood it.
    """

    __tablename__ = "training"
    STREAM = "person:{person_id}"
    ADDED: ClassVar[Mapping[str, str | int]] = {"basis": ""}

    id: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(refers("person.id"))
    recipe_id: Mapped[str]
    revision: Mapped[str]
    valid_from: Mapped[str]
    valid_until: Mapped[str | None]
    recorded_by: Mapped[str]
    basis: Mapped[str] = mapped_column(default="", server_default="")
    version: Mapped[int] = mapped_column(default=1)

    __table_args__ = (
        Index("ix_training_person_id_recipe_id_revision", "person_id", "recipe_id", "revision"),
        *instant("valid_from", "valid_until"),
        *filled("recipe_id", "revision", "recorded_by"),
        counted(),
        STRICT,
    )


class TrainingRequirement(Record):
    """Who must have read and understood what of a revision before they work by it. Source: 21 CFR 211.25.

    `roles`, `steps`: JSON lists; no steps means all of the revision. People named by no requirement stay trained by the
    revision before. `reading`: what is to be read, in words.
    """

    __tablename__ = "training_requirement"
    STREAM = "recipe:{recipe_id}"

    id: Mapped[str] = mapped_column(primary_key=True)
    recipe_id: Mapped[str]
    revision_id: Mapped[str] = mapped_column(refers("recipe_revision.id"))
    roles: Mapped[str]
    steps: Mapped[str] = mapped_column(default="[]")
    reading: Mapped[str]
    set_by: Mapped[str]
    set_at: Mapped[str]
    withdrawn: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)

    __table_args__ = (
        *instant("set_at"),
        *flag("withdrawn"),
        *filled("recipe_id", "roles", "reading", "set_by"),
        counted(),
        UniqueConstraint("revision_id", "roles", "steps"),
        Index("ix_training_requirement_revision_id", "revision_id"),
        STRICT,
    )
