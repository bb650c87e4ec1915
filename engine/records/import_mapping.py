"""How a site reads the tables it imports: kept so that the next table of the same make needs no mapping."""

from __future__ import annotations

from sqlalchemy.orm import Mapped, mapped_column

from engine.records.base import STRICT, Record, counted, filled


class ImportMapping(Record):
    """Which column of a table means what. `columns` is JSON; `name` is what people call it."""

    __tablename__ = "import_mapping"

    name: Mapped[str] = mapped_column(primary_key=True)
    columns: Mapped[str]
    kept_by: Mapped[str]
    version: Mapped[int] = mapped_column(default=1)

    __table_args__ = (*filled("name", "columns", "kept_by"), counted(), STRICT)
