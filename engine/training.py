"""Whether somebody is trained for a step: the one place that decides it, for the acts, the matrix and the reading list.

Trained is who has a valid training on the very revision that defines the step. A revision that says who must read what of
it leaves the others as they were: they stay trained by the revision before. One that says nothing asks everybody.

Source: 21 CFR 211.25, 11.10(i).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from engine.reader import Reader
from engine.records import (
    PersonRole,
    RecipeRevision,
    Signature,
    Training,
    TrainingRequirement,
)
from engine.records.shape import Row
from engine.revisions import last_in_effect

END = "9999"
SUBJECT = "training:"
"""Before the revision's id: the subject of a signature of somebody who has read and understood."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """Who must have read and understood what of a revision. No `steps`: all of it. No `roles`: nobody has to read it."""

    id: str
    revision_id: str
    roles: frozenset[str]
    steps: frozenset[str]
    reading: str
    set_by: str
    set_at: str
    version: int

    def concerns(self, roles: Iterable[str], step_id: str) -> bool:
        """Whether it is meant for somebody with these roles, at this step; "" is any step."""
        return not self.roles.isdisjoint(roles) and (not self.steps or not step_id or step_id in self.steps)


@dataclass(frozen=True, slots=True)
class Standing:
    """How somebody stands at a step. `state`: "valid", "lapsed" (was valid once) or "none".

    `revision_id`: the revision that the training is valid for, or that is to be read. `asked`: what that revision asks of
    this person. `row`: the training that counts, or the last one that did.
    """

    state: str
    revision_id: str
    asked: tuple[Requirement, ...] = ()
    row: Row | None = None

    @property
    def valid(self) -> bool:
        """Whether the person may act."""
        return self.state == "valid"


def active(row: Row, instant: str) -> bool:
    """Whether a training is valid at an instant (as stored); one without an end does not lapse."""
    return bool(row["valid_from"] <= instant and (not row["valid_until"] or instant <= row["valid_until"]))


def requirement_of(row: Row) -> Requirement:
    """A requirement as it is stored, opened."""
    roles, steps = (frozenset(json.loads(row[name])) for name in ("roles", "steps"))
    return Requirement(
        row["id"], row["revision_id"], roles, steps, row["reading"], row["set_by"], row["set_at"], row["version"]
    )


def revision_before(reader: Reader, row: Row) -> Row | None:
    """The revision that a revision follows: the last one in effect before it, or now; else the one it was begun from."""
    others = [r for r in reader.rows(RecipeRevision, recipe_id=row["recipe_id"]) if r["id"] != row["id"]]
    found = last_in_effect(others, row["effective_at"] or END)
    if found is not None:
        return found
    # Not by `rows`: that would read the whole diagram for one word.
    begun = reader.fetch(f"SELECT based_on FROM recipe_draft WHERE revision_id = {reader.mark}", row["id"])
    return next((r for r in others if begun and r["id"] == begun[0][0]), None)


class Trainings:
    """Trainings and what revisions ask for, as one transaction sees them: each row is read once.

    `whole`: somebody asks about everybody, so tables are read at once instead of a person at a time.
    """

    def __init__(self, reader: Reader, *, whole: bool = False) -> None:
        self._reader, self._whole = reader, whole
        self._revisions: dict[str, Row | None] = {}
        self._before: dict[str, str] = {}
        self._requirements: dict[str, list[Requirement]] = {}
        self._rows: dict[str, list[Row]] = {}
        self._roles: dict[str, list[Row]] = {}
        self._signatures: dict[str, Row | None] = {}
        if whole:
            self._rows = _grouped(reader.rows(Training), "person_id")
            self._roles = _grouped(reader.rows(PersonRole), "person_id")

    def standing(self, person_id: str, revision_id: str, step_id: str, instant: str) -> Standing:
        """How somebody stands at a step that a revision defines, at an instant (as stored); "" is every step of theirs."""
        seen: set[str] = set()
        had: Row | None = None
        while True:
            seen.add(revision_id)
            if (counting := self._counting(person_id, revision_id, instant)) is not None:
                return Standing("valid", revision_id, row=counting)
            had = had or max(self.rows(person_id, revision_id), key=_end, default=None)
            asked = self.requirements(revision_id, instant)
            mine = [one for one in asked if one.concerns(self.roles(person_id, instant), step_id)] if asked else []
            before = self.before(revision_id) if asked and not mine else ""
            if not before or before in seen:
                return Standing("lapsed" if had else "none", revision_id, tuple(mine), had)
            revision_id = before

    def trained_before(self, person_id: str, revision_id: str, instant: str) -> Standing | None:
        """The nearest revision before this one on which somebody is validly trained themselves, or None."""
        seen = {revision_id}
        while (revision_id := self.before(revision_id)) and revision_id not in seen:
            seen.add(revision_id)
            if (row := self._counting(person_id, revision_id, instant)) is not None:
                return Standing("valid", revision_id, row=row)
        return None

    def _counting(self, person_id: str, revision_id: str, instant: str) -> Row | None:
        """The training on a revision that is valid at an instant; of several the one that lasts longest."""
        rows = [row for row in self.rows(person_id, revision_id) if active(row, instant) and self.still_fits(row)]
        return max(rows, key=_end, default=None)

    def rows(self, person_id: str, revision_id: str) -> list[Row]:
        """A person's trainings on one revision, whether they are valid or not."""
        if person_id not in self._rows and not self._whole:
            self._rows[person_id] = self._reader.rows(Training, person_id=person_id)
        recipe_id, _, revision = revision_id.partition("@")
        rows = self._rows.get(person_id, ())
        return [row for row in rows if (row["recipe_id"], row["revision"]) == (recipe_id, revision)]

    def roles(self, person_id: str, instant: str) -> frozenset[str]:
        """The roles that a person holds, or held at an instant. One that came later counts too: nobody asks less by it."""
        if person_id not in self._roles and not self._whole:
            self._roles[person_id] = self._reader.rows(PersonRole, person_id=person_id)
        rows = self._roles.get(person_id, ())
        return frozenset(row["role"] for row in rows if not row["revoked_at"] or row["revoked_at"] > instant)

    def requirements(self, revision_id: str, instant: str = END) -> list[Requirement]:
        """What a revision asks for, without what was withdrawn; at an instant, what had been asked for by then."""
        if revision_id not in self._requirements:
            rows = self._reader.rows(TrainingRequirement, revision_id=revision_id, withdrawn=0)
            self._requirements[revision_id] = sorted(map(requirement_of, rows), key=lambda one: (one.set_at, one.id))
        return [one for one in self._requirements[revision_id] if one.set_at <= instant]

    def revision(self, revision_id: str) -> Row | None:
        """The row of a revision, or None."""
        if revision_id not in self._revisions:
            self._revisions[revision_id] = self._reader.find(RecipeRevision, id=revision_id)
        return self._revisions[revision_id]

    def before(self, revision_id: str) -> str:
        """The id of the revision that this one follows, or ""."""
        if revision_id not in self._before:
            row = self.revision(revision_id)
            found = revision_before(self._reader, row) if row else None
            self._before[revision_id] = found["id"] if found else ""
        return self._before[revision_id]

    def still_fits(self, row: Row) -> bool:
        """Whether what somebody signed as read is what the revision says now; what was recorded for them always is.

        A revision that was returned and written again is to be read again.
        """
        if not row["basis"]:
            return True
        revision = self.revision(f"{row['recipe_id']}@{row['revision']}")
        signature = self.signature(row["basis"], revision["id"]) if revision is not None else None
        if revision is None or signature is None:
            return False
        return bool(json.loads(signature["shown"])["record"]["hash"] == revision["hash"])

    def signature(self, signature_id: str, revision_id: str = "") -> Row | None:
        """A signature of somebody who has read `revision_id`, which saves looking for each where many are wanted."""
        if signature_id not in self._signatures:
            wanted: dict[str, Any] = {"subject": SUBJECT + revision_id} if self._whole and revision_id else {"id": signature_id}
            self._signatures[signature_id] = None
            self._signatures |= {row["id"]: row for row in self._reader.rows(Signature, **wanted)}
        return self._signatures[signature_id]


def _end(row: Row) -> str:
    """When a training ends, for comparison."""
    return row["valid_until"] or END


def _grouped(rows: list[Row], column: str) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row[column], []).append(row)
    return found
