"""The people who take the revisions of one recipe through its life cycle, and what each of them does."""

from __future__ import annotations

from typing import Any

from engine.actions import drafts, life_cycle, recipes
from engine.queries.life_cycle import life_cycle_view
from engine.records import RecipeRevision
from engine.site import Site
from engine.transaction import perform
from tests.batches import SIGNERS, sign
from tests.people import Staff, actor_of, proof_of
from tests.small_recipes import sequence

XML = sequence(2).decode()
FIRST = "MR-ROW-001@1.0"


class Team:
    """The people of the site, and what they do with the revisions of one recipe."""

    def __init__(self, site: Site) -> None:
        self.site, self.staff = site, Staff(site)

    def draft(self, revision: str = "1.0", xml: str = XML, **more: Any) -> str:
        """Pia begins a revision."""
        arguments = {"recipe_id": "MR-ROW-001", "revision": revision, "xml": xml} | more
        stream = f"recipe:{arguments['recipe_id']}"
        answer = perform(self.site, drafts.start_draft, actor=actor_of(self.site, self.staff["PROC"]), stream=stream, **arguments)
        return str(answer["revision"])

    def save(self, revision_id: str, xml: str, version: int = 1) -> dict[str, Any]:
        return perform(
            self.site, drafts.save_draft, actor=actor_of(self.site, self.staff["PROC"]), stream="recipe:MR-ROW-001",
            revision_id=revision_id, xml=xml, version=version,
        )  # fmt: skip

    def sign(self, revision_id: str, meaning: str, role: str, **entries: str) -> dict[str, Any]:
        return sign(self.site, self.staff, revision_id, meaning, role, **entries)

    def submit(self, revision_id: str, **entries: str) -> dict[str, Any]:
        return self.sign(revision_id, "authored_by", "PROC", **entries)

    def approve(self, revision_id: str) -> str:
        for meaning, role in SIGNERS:
            answer = self.sign(revision_id, meaning, role)
        return str(answer["state"])

    def effective(self, revision_id: str, at: Any) -> dict[str, Any]:
        diana = self.staff["QA_DISP"]
        return perform(
            self.site, recipes.make_effective, actor=actor_of(self.site, diana), stream=f"batch:{revision_id}",
            revision_id=revision_id, effective_at=at.isoformat(), proof=proof_of(self.site, diana),
        )  # fmt: skip

    def at_any_time(self, revision_id: str, step_id: str, role: str, meaning: str, **entries: str) -> dict[str, Any]:
        """Withdraw or retire: a message that may come any time."""
        with self.site.read() as reader:
            waiting = next(t for t in life_cycle.open_steps(reader, revision_id) if t["step_id"] == step_id)
        someone = self.staff[role]
        return perform(
            self.site, life_cycle.sign, actor=actor_of(self.site, someone), stream=f"batch:{revision_id}",
            revision_id=revision_id, task_key=waiting["key"], meaning=meaning, proof=proof_of(self.site, someone),
            entries=entries,
        )  # fmt: skip

    def state(self, revision_id: str) -> str:
        with self.site.read() as reader:
            return str(reader.get(RecipeRevision, id=revision_id)["state"])

    def view(self, revision_id: str, role: str = "MFG_OP") -> dict[str, Any]:
        return life_cycle_view(self.site, revision_id, actor_of(self.site, self.staff[role]))


def sign_bare(team: Team, revision_id: str, meaning: str, role: str, entries: dict[str, str]) -> dict[str, Any]:
    someone = team.staff[role]
    return perform(
        team.site, recipes.sign_recipe, actor=actor_of(team.site, someone), stream=f"batch:{revision_id}",
        revision_id=revision_id, meaning=meaning, proof=proof_of(team.site, someone), entries=entries,
    )  # fmt: skip
