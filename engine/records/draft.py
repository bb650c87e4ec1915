"""Drafts: the working copy of a revision that is still written."""

from __future__ import annotations

from sqlalchemy.orm import Mapped, mapped_column

from engine.records.base import STRICT, Record, counted, filled, instant, refers, sha256_hex


class RecipeDraft(Record):
    """What a draft says now. Each save is in the trail with the document's digest; only the last one is kept whole.

    `version` counts the saves: whoever saves says which one they had before them. `origin` is JSON: the files and the
    mapping that the draft was imported with.
    """

    __tablename__ = "recipe_draft"
    STREAM = "recipe:{recipe_id}"
    SECRET = frozenset({"xml"})

    revision_id: Mapped[str] = mapped_column(refers("recipe_revision.id"), primary_key=True)
    recipe_id: Mapped[str]
    xml: Mapped[str]
    hash: Mapped[str]
    based_on: Mapped[str] = mapped_column(default="")
    origin: Mapped[str] = mapped_column(default="{}")
    saved_by: Mapped[str]
    saved_at: Mapped[str]
    version: Mapped[int] = mapped_column(default=1)

    __table_args__ = (*sha256_hex("hash"), *filled("recipe_id", "xml", "saved_by"), *instant("saved_at"), counted(), STRICT)
