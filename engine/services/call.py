"""What a service gets to work with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bpmn.expressions import Value
from engine.batch_record import BatchRecord
from engine.records import Change, RecipeRevision
from engine.scope import Row
from engine.transaction import Act


def revision_stream(revision_id: str) -> str:
    """The chain that a revision, its draft and its neighbours belong to."""
    return f"recipe:{revision_id.partition('@')[0]}"


@dataclass(frozen=True, slots=True)
class Message:
    """Something that another run waits for, by the name of the message in its diagram.

    `needed`: the act is refused where the run does not wait for it; else such a run is left alone.
    """

    run_id: str
    name: str
    needed: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """One service task that was reached, of a revision's life cycle or of a change.

    `value` is what the diagram tells the service, `key` the place in the run that was reached. What the service answers by
    name in `values` can be asked for by conditions and decision tables behind it, as `<node>.<name>`.
    """

    act: Act
    run: BatchRecord
    value: str
    key: str = ""
    values: dict[str, Value] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # Before anything of the revision is read, and in the order in which whoever signs for it takes both.
        if self.run.row["kind"] != "change":
            self.act.also(revision_stream(self.run.row["subject"]))

    @property
    def revision(self) -> Row:
        """The revision that the run is about, as it stands in this act."""
        return self.act.get(RecipeRevision, id=self.run.row["subject"])

    def change(self, **changes: Any) -> Row:
        """Change the revision."""
        row = self.revision
        return self.act.update(RecipeRevision, {"id": row["id"]}, was=row, **changes)

    @property
    def under_control(self) -> Row:
        """The change that the run decides, as it stands in this act."""
        return self.act.get(Change, id=self.run.row["subject"])

    def change_control(self, **changes: Any) -> Row:
        """Change the change's own row."""
        row = self.under_control
        return self.act.update(Change, {"id": row["id"]}, was=row, **changes)
