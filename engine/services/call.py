"""What a service gets to work with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.batch_record import BatchRecord
from engine.records import RecipeRevision
from engine.scope import Row
from engine.transaction import Act


def revision_stream(revision_id: str) -> str:
    """The chain that a revision, its draft and its neighbours belong to."""
    return f"recipe:{revision_id.partition('@')[0]}"


@dataclass(frozen=True, slots=True)
class Message:
    """Something that another run waits for, by the name of the message in its diagram."""

    run_id: str
    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """One service task that was reached. `value` is what the diagram tells the service."""

    act: Act
    run: BatchRecord
    value: str

    def __post_init__(self) -> None:
        # Before anything of the revision is read, and in the order in which whoever signs for it takes both.
        self.act.also(revision_stream(self.run.row["subject"]))

    @property
    def revision(self) -> Row:
        """The revision that the run is about, as it stands in this act."""
        return self.act.get(RecipeRevision, id=self.run.row["subject"])

    def change(self, **changes: Any) -> Row:
        """Change the revision."""
        row = self.revision
        return self.act.update(RecipeRevision, {"id": row["id"]}, was=row, **changes)
