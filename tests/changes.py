"""The people who take a change through change control, and what each of them does."""

from __future__ import annotations

from typing import Any

from engine import clock
from engine.actions import changes, duties, people, processes
from engine.change_facts import item_entries, item_rows
from engine.records import Change, Duty, Notice, RecipeDraft, RecipeRevision
from engine.site import Site
from engine.transaction import SYSTEM, perform
from tests.batches import put_into_effect
from tests.people import Someone, Staff, actor_of, join, proof_of
from tests.revisions import Team
from tests.small_recipes import sequence

CHANGE = "CC-2026-0001"
BASE = sequence(2).decode()
PROPOSED = BASE.replace('parHigh="100"', 'parHigh="90"', 1).replace('revision="1.0"', 'revision="1.1"')
ABOUT = {
    "title": "Tighter mixing", "kind": "recipe", "reason": "The last batches came close to the limit.", "category": "quality",
    "product": "Test product", "client": "Client One", "risk": {"severity": 3, "probability": 2, "detectability": 2},
}  # fmt: skip
ITEM = {
    "kind": "revision", "title": "Tighter limit", "category": "quality", "why": "Five batches of the last ten came close.",
    "evidence": [{"kind": "study", "reference": "DS-1", "says": "It mixes as well."}], "confidence": "medium",
}  # fmt: skip
ASSESSORS = {
    "MFG": ("assessed_by_manufacturing", "MFG_SUP"), "MSAT": ("technical_assessment_by", "MSAT"),
    "QC": ("assessed_by_qc", "QC_REV"), "RA": ("regulatory_assessment_by", "RA"), "CLIENT": ("assessed_by_client", "CLI_QA"),
    "IT": ("assessed_by_it", "IT"), "LIGHT_MFG": ("assessed_by_manufacturing", "MFG_SUP"),
    "LIGHT_MSAT": ("technical_assessment_by", "MSAT"),
}  # fmt: skip


class ChangeTeam(Team):
    """The people of a site, a recipe in effect, and a draft of its next revision."""

    def __init__(self, site: Site, staff: Staff | None = None) -> None:
        super().__init__(site)
        self.staff = self.staff if staff is None else staff
        self.staff["MSAT"] = join(site, "msat.two", "Process owner Two", "PROC")  # the author does not assess their own work
        self.revision = "MR-ROW-001@1.1"

    def recipe_in_effect(self, base: str = BASE) -> None:
        put_into_effect(self.site, self.staff, base.encode())

    def act(self, role: str, action: Any, change_id: str = CHANGE, **arguments: Any) -> dict[str, Any]:
        return perform(
            self.site, action, actor=actor_of(self.site, self.staff[role]), stream=f"batch:{change_id}", change_id=change_id,
            **arguments,
        )  # fmt: skip

    def open(self, change_id: str = CHANGE, **about: Any) -> dict[str, Any]:
        return self.act("PROC", changes.open_change, change_id, **{**ABOUT, **about})

    def put(self, change_id: str = CHANGE, **about: Any) -> dict[str, Any]:
        return self.act("PROC", changes.put_item, change_id, **{**ITEM, "revision_id": self.revision, **about})

    def proposed(self, change_id: str = CHANGE, xml: str = PROPOSED, **about: Any) -> None:
        """A recipe in effect, a draft of the next revision under a change, submitted for review."""
        self.recipe_in_effect()
        self.draft("1.1", xml)
        self.open(change_id, **about)
        self.put(change_id)
        self.submit(self.revision)

    def draft_xml(self) -> str:
        """The working copy of the revision."""
        with self.site.read() as reader:
            return str(reader.get(RecipeDraft, revision_id=self.revision)["xml"])

    def waiting(self, change_id: str = CHANGE) -> list[str]:
        with self.site.read() as reader:
            return [task["key"] for task in processes.open_steps(reader, change_id)]

    def key_of(self, step_id: str, change_id: str = CHANGE) -> str:
        return next(key for key in self.waiting(change_id) if key.partition("[")[0] == step_id)

    def do(self, step_id: str, role: str, meaning: str, change_id: str = CHANGE, **entries: str) -> dict[str, Any]:
        proof = proof_of(self.site, self.staff[role])
        return self.act(
            role, changes.sign_step, change_id, task_key=self.key_of(step_id, change_id), meaning=meaning, proof=proof,
            entries=entries,
        )  # fmt: skip

    def initiate(self, change_id: str = CHANGE, role: str = "PROC", **entries: str) -> dict[str, Any]:
        return self.do("INITIATE", role, "initiated_by", change_id, **entries)

    def assess(self, change_id: str = CHANGE, **verdicts: str) -> list[str]:
        """Everybody who is asked assesses; who objects, says why. Answers the steps."""
        asked = [key.partition("[")[0] for key in self.waiting(change_id)]
        for step_id in (found := [s for s in asked if s in ASSESSORS]):
            meaning, role = ASSESSORS[step_id]
            verdict = verdicts.get(step_id, "agree")
            more = {} if verdict == "agree" else {"comment": "Only with another mixing time."}
            self.do(step_id, role, meaning, change_id, verdict=verdict, **more)
        return found

    def tick(self, role: str, change_id: str = CHANGE, leave: int = 0) -> list[str]:
        """Look at every entry but the last few."""
        entries = self.entries(change_id)
        self.act(role, changes.review_entries, change_id, entries=entries[: len(entries) - leave])
        return entries

    def entries(self, change_id: str = CHANGE) -> list[str]:
        with self.site.read() as reader:
            return [e.name(i["n"]) for i in item_rows(reader, change_id) for e in item_entries(reader, change_id, i)]

    def approve_change(
        self, step_id: str = "APPROVE", role: str = "QA_DISP", change_id: str = CHANGE, at: Any = None
    ) -> dict[str, Any]:
        self.tick(role, change_id)
        effective_at = (at or clock.now()).isoformat()
        return self.do(step_id, role, "approved_by_qa", change_id, verdict="agree", effective_at=effective_at)

    def do_duties(self, change_id: str = CHANGE) -> list[str]:
        with self.site.read() as reader:
            rows = reader.rows(Duty, change_id=change_id, state="open")
        for row in rows:
            self.act(row["owner"] or "PROC", duties.do_duty, change_id, duty_id=row["id"], evidence="Filed as D-1.")
        return [row["title"] for row in rows]

    def change(self, change_id: str = CHANGE) -> dict[str, Any]:
        with self.site.read() as reader:
            return dict(reader.get(Change, id=change_id))

    def notices(self, change_id: str = CHANGE) -> list[tuple[str, str]]:
        with self.site.read() as reader:
            rows = reader.rows(Notice, batch_id=change_id, order=("at", "id"))
            return [(row["kind"], row["task_key"]) for row in rows]

    def revision_row(self, revision_id: str) -> dict[str, Any]:
        with self.site.read() as reader:
            return dict(reader.get(RecipeRevision, id=revision_id))

    def give(self, holder: str, role: str) -> Someone:
        login = self.staff[holder].login
        perform(self.site, people.grant_role, actor=SYSTEM, stream=f"person:{login}", person_id=login, role=role)
        return self.staff[holder]


