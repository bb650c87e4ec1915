"""Recipes: the frozen document, and the life of a revision."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from engine.records.base import STRICT, Record, counted, filled, instant, one_of, refers, sha256_hex

REVISION_KINDS = ("recipe", "process", "form")
REVISION_STATES = (
    "DRAFT",
    "IN_REVIEW",
    "PENDING_APPROVAL",
    "APPROVED",
    "EFFECTIVE",
    "SUPERSEDED",
    "RETIRED",
    "REJECTED",
    "WITHDRAWN",
)


class RecipeDocument(Record):
    """A diagram, byte for byte, under its own hash. A batch's control recipe is the document its hash names.

    Source: 21 CFR 211.188(a), accurate reproduction of the master record.
    """

    __tablename__ = "recipe_document"
    APPEND_ONLY = True

    hash: Mapped[str] = mapped_column(primary_key=True)
    xml: Mapped[str]

    __table_args__ = (*sha256_hex("hash"), *filled("xml"), STRICT)


class RecipeRevision(Record):
    """One revision of a master recipe, of a process of the site or of a form, on its way from draft to superseded."""

    __tablename__ = "recipe_revision"
    STREAM = "recipe:{recipe_id}"
    ADDED: ClassVar[Mapping[str, str | int]] = {"kind": "recipe"}

    id: Mapped[str] = mapped_column(primary_key=True)
    recipe_id: Mapped[str]
    revision: Mapped[str]
    title: Mapped[str]
    product: Mapped[str]
    hash: Mapped[str] = mapped_column(refers("recipe_document.hash"))
    state: Mapped[str]
    authored_by: Mapped[str]
    effective_at: Mapped[str | None]
    kind: Mapped[str] = mapped_column(default="recipe", server_default="recipe")
    version: Mapped[int] = mapped_column(default=1)

    __table_args__ = (
        UniqueConstraint("recipe_id", "revision"),
        one_of("kind", REVISION_KINDS),
        one_of("state", REVISION_STATES),
        *instant("effective_at"),
        *filled("id", "recipe_id", "revision"),
        counted(),
        STRICT,
    )
