"""The eight people who take changes through a day: what each does about what they find."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from bpmn.composition import subjects
from bpmn.diff import diff
from engine import clock
from engine.actions import batches, changes, drafts, duties, recipes
from engine.actions.open_batches import propose_decisions, sign_decisions
from engine.queries.changes import change_inbox, change_view, duties_waiting, next_change_id
from engine.queries.decision_sets import decisions_waiting
from engine.queries.open_batches import MatrixRow, open_batch_matrix
from engine.records import (
    Batch,
    ChangeItem,
    OpenBatchDecision,
    RecipeDocument,
    RecipeDraft,
    RecipeRevision,
)
from engine.revisions import in_effect
from engine.transaction import Actor
from tests.batches import SUBMISSION
from tests.stories.day import Day, Person
from tests.stories.day_script import HOUR, PLAN, PLANS, SIGN, Plan, edited, reworded

EVIDENCE = [{"kind": "study", "reference": "DS-7", "says": "It works as well."}]
MEANINGS = {
    "INITIATE": ("initiated_by",), "MFG": ("assessed_by_manufacturing",), "MSAT": ("technical_assessment_by",),
    "QC": ("assessed_by_qc",), "RA": ("regulatory_assessment_by",), "CLIENT": ("assessed_by_client",), "IT": ("assessed_by_it",),
    "LIGHT_MFG": ("assessed_by_manufacturing",), "LIGHT_MSAT": ("technical_assessment_by",), "APPROVE": ("approved_by_qa",),
    "LIGHT_APPROVE": ("approved_by_qa",), "CLIENT_APPROVE": ("approved_by_client",), "RETROSPECTIVE": ("approved_by_qa",),
    "OPEN_BATCHES": ("reviewed_by_qa",), "IMPLEMENT": ("implementation_verified_by",), "CLOSE": ("closed_by_qa",),
    "AUTHORISE": ("authorised_to_proceed", "approved_by_qa"), "EFFECTIVENESS": ("technical_assessment_by", "reviewed_by_qa"),
}  # fmt: skip
LOOKED_AT = ("APPROVE", "LIGHT_APPROVE", "RETROSPECTIVE")
DECIDES = ("PROC", "CLI_QA")
ON_HOLD_FOR = 2 * HOUR


class Colleague(Person):
    """Somebody who works down what their inbox offers, opens what they planned, and signs what waits for their role."""

    def __init__(self, day: Day, actor: Actor) -> None:
        super().__init__(day, actor)
        self.planned = [plan for plan in PLANS if plan.by == actor.id]
        self.dared: set[tuple[str, str]] = set()
        for plan in self.planned:
            day.wake(plan.opens_at)

    def round(self) -> int:
        done = sum(self.open(plan) for plan in list(self.planned) if self.ready(plan))
        done += sum(self.cancel(plan) for plan in PLANS if plan.cancels == self.name)
        inbox = change_inbox(self.site, self.actor)
        self.chance.shuffle(inbox)
        done += sum(self.step(row) for row in inbox)
        return done + self.sign_sets() + self.do_duties()

    def on(self, change_id: str, action: Any, **arguments: Any) -> dict[str, Any] | None:
        return self.act(action, f"batch:{change_id}", change_id=change_id, **arguments)

    # Opening

    def ready(self, plan: Plan) -> bool:
        """Whether it is time, and what was planned before it for the same recipe is in effect or over."""
        if clock.now() < plan.opens_at:
            return False
        before = [p for p in PLANS if p.recipe and p.recipe == plan.recipe and p.name < plan.name]
        if not before:
            return True
        earlier = self.day.change(before[-1])
        if earlier is None:
            return False
        if earlier["state"] in ("CLOSED", "REJECTED", "CANCELLED"):
            return True
        with self.site.read() as reader:
            return bool(reader.get(RecipeRevision, id=self.day.revisions[before[-1].name])["state"] == "EFFECTIVE")

    def open(self, plan: Plan) -> int:
        """A change under the next number; who is beaten to it takes the one after."""
        about = {
            "title": plan.name, "kind": "recipe" if plan.recipe else "document", "reason": "It is better so.",
            "category": plan.category, "product": "Test product", "client": "Client One" if plan.client else "",
            "client_signs": plan.client, "risk": {"severity": 1 + self.chance.randrange(5), "probability": 2, "detectability": 2},
        }  # fmt: skip
        with self.site.read() as reader:
            change_id = next_change_id(reader, clock.now())
        if self.on(change_id, changes.open_change, **about, **plan.asks) is None:
            return 0
        self.planned.remove(plan)
        self.day.of_plan[plan.name] = change_id
        if plan.recipe:
            self.propose(plan, change_id)
        else:
            text = {"kind": "text", "title": plan.name, "proposed": "The other form is used.", "category": plan.category}
            self.on(change_id, changes.put_item, **text, why="Fewer mistakes.", evidence=EVIDENCE, confidence="high")
        if plan.cancel_after:
            self.day.wake(clock.now() + plan.cancel_after)
        return 1

    def propose(self, plan: Plan, change_id: str) -> None:
        """A draft on the revision in effect, its items, submitted."""
        with self.site.read() as reader:
            rows = reader.rows(RecipeRevision, recipe_id=plan.recipe)
            base = in_effect(rows, clock.text(clock.now()))
            assert base is not None
            old = reader.get(RecipeDocument, hash=base["hash"])["xml"]
        new, revision = edited(old, plan.edit, int(plan.name[1:])), f"1.{plan.name[1:]}"
        self.day.revisions[plan.name] = revision_id = f"{plan.recipe}@{revision}"
        begun = {"recipe_id": plan.recipe, "revision": revision, "xml": new, "based_on": base["id"]}
        self.act(drafts.start_draft, f"recipe:{plan.recipe}", **begun)
        own = [[s.name] for s in subjects(diff(old.encode(), new.encode())) if s.name not in ("header", "flow:Main")]
        for n, wanted in enumerate([*own, []] if plan.edit == "both" else [[]], 1):
            self.on(
                change_id, changes.put_item, kind="revision", title=f"Item {n}", revision_id=revision_id, subjects=wanted,
                category=plan.category if n == 1 else "quality", why="The last batches came close.", evidence=EVIDENCE,
                confidence="medium",
            )  # fmt: skip
        self.submit(revision_id)

    def submit(self, revision_id: str) -> None:
        self.act(
            recipes.sign_recipe, f"batch:{revision_id}", revision_id=revision_id, meaning="authored_by", proof=self.proof,
            entries=SUBMISSION,
        )  # fmt: skip

    def rework(self, plan: Plan, change_id: str) -> None:
        """What came back is written anew: another value in the draft, other words in the text."""
        if plan.recipe:
            revision_id = self.day.revisions[plan.name]
            with self.site.read() as reader:
                draft = reader.get(RecipeDraft, revision_id=revision_id)
            saved = {"revision_id": revision_id, "xml": reworded(draft["xml"]), "version": draft["version"]}
            self.act(drafts.save_draft, f"recipe:{plan.recipe}", **saved)
            self.submit(revision_id)
            return
        with self.site.read() as reader:
            item = reader.get(ChangeItem, change_id=change_id, n=1)
        told = {name: item[name] for name in ("kind", "title", "category", "why", "confidence", "version", "n")}
        self.on(change_id, changes.put_item, **told, proposed=f"{item['proposed']} So it is.", evidence=EVIDENCE)

    def cancel(self, plan: Plan) -> int:
        row = self.day.change(plan)
        if row is None or row["state"] not in ("INITIATED", "ASSESSMENT"):
            return 0
        if plan.cancel_after:
            if clock.now() < clock.parse(row["opened_at"]) + plan.cancel_after:
                return 0
        elif row["state"] != "ASSESSMENT":
            return 0
        return int(self.on(row["id"], changes.cancel_change, reason="It is not needed.", proof=self.proof) is not None)

    # What the inbox offers

    def step(self, row: Mapping[str, Any]) -> int:
        """One open step of a change: done, left alone for a while, or tried by somebody who may not."""
        plan, step_id, change_id = PLAN[row["about"]], row["step_id"], row["change"]
        if step_id == "INITIATE" and plan.by != self.name:
            return 0
        wait = plan.slow.get(step_id) or plan.slow.get(f"{step_id}:{next(iter(row['roles']), '')}")
        if wait is not None:
            until = clock.parse(row["opened_at"]) + wait
            if clock.now() < until:
                self.day.wake(until)
                return 0
        if not row["mine"]:
            if (change_id, row["key"]) in self.dared or self.chance.random() > DARING:
                return 0
            self.dared.add((change_id, row["key"]))
        if step_id == "OPEN_BATCHES" and (done := self.decide(plan, change_id)) is not None:
            return done
        if step_id == "INITIATE" and row["key"] != "INITIATE[1]":
            self.rework(plan, change_id)
        return self.sign(plan, row)

    def sign(self, plan: Plan, row: Mapping[str, Any]) -> int:
        step_id, change_id = row["step_id"], row["change"]
        entries = self.entries(plan, row)
        shown: dict[str, Any] = {}
        if step_id in LOOKED_AT:
            view = change_view(self.site, change_id, self.actor)
            step = next((one for one in view["run"]["waiting"] if one["key"] == row["key"]), None)
            if step is None:
                return 0
            shown = {"shown_hash": step["shown_hash"]}
            looked = [entry["entry"] for item in view["items"] for entry in item["entries"] if not entry["ticked"]]
            if row["mine"] and looked:
                self.on(change_id, changes.review_entries, entries=looked)
        own = self.meaning(step_id)
        done = self.on(
            change_id, changes.sign_step, task_key=row["key"], meaning=own, proof=self.proof, entries=entries, **shown
        )  # fmt: skip
        if done is None:
            return self.decide(plan, change_id) or 0 if step_id == "CLOSE" else 0
        if "verdict" in entries:
            self.day.said.add((plan.name, step_id))
        return 1

    def meaning(self, step_id: str) -> str:
        """What this person signs a step with; where it differs by role, quality has the second."""
        return MEANINGS[step_id][-1 if self.actor.roles & {"QA_FLR", "QA_DISP"} else 0]

    def entries(self, plan: Plan, row: Mapping[str, Any]) -> dict[str, str]:
        step_id, key = row["step_id"], row["key"]
        if step_id == "INITIATE":
            return {} if key == "INITIATE[1]" else {"answer": "It was written anew."}
        if step_id == "AUTHORISE":
            return {"why": "A patient waits."} if "MFG_SUP" in self.actor.roles else {}
        if step_id == "IMPLEMENT":
            return {"evidence": "Seen in the suite."}
        if step_id == "EFFECTIVENESS":
            return {"criterion": "Ten batches", "result": "All good", "effective": "true"}
        if step_id in ("OPEN_BATCHES", "CLOSE"):
            return {}
        verdict = "agree" if (plan.name, step_id) in self.day.said else plan.says.get(step_id, "agree")
        told = {"verdict": verdict}
        if verdict != "agree":
            told["comment"] = "Only with another mixing time."
        if verdict == "refuse":
            told["deviation"] = "DEV-1"
        if verdict == "agree" and step_id in ("APPROVE", "LIGHT_APPROVE"):
            told["effective_at"] = (clock.now() + plan.effect).isoformat()
        return told

    # Open batches

    def decide(self, plan: Plan, change_id: str) -> int | None:
        """Decide what is undecided and waits for nobody; None where no row is left."""
        with self.site.read() as reader:
            left = [row for row in open_batch_matrix(self.site, reader, change_id) if not row.settled]
            waiting = reader.rows(OpenBatchDecision, change_id=change_id, decision="hold")
            on_hold = {decision["batch_id"]: decision["applied_at"] for decision in waiting}
            stopped = {row.batch for row in left if reader.get(Batch, id=row.batch)["held"]}
        if not left:
            return None
        chosen, lifted = [], []
        for row in left:
            if row.state == "APPLIED":
                until = clock.parse(on_hold[row.batch]) + ON_HOLD_FOR
                if clock.now() < until:
                    self.day.wake(until)
                    continue
                lifted += [row.batch] if row.batch in stopped else []
            if row.state in ("", "REFUSED") or (row.state == "APPLIED" and row.allowed != ("hold",)):
                chosen.append({"batch": row.batch, "item": row.item, "decision": self.decision(plan, row)})
        made = None
        if chosen:
            made = self.on(change_id, propose_decisions, rows=chosen, reason="As the rules propose.", proof=self.proof)
        if chosen and made is None:
            return 0
        for batch in dict.fromkeys(lifted):
            self.act(batches.resume_batch, f"batch:{batch}", batch_id=batch, reason="It goes on.", proof=self.proof)
        return int(made is not None) + len(lifted)

    def decision(self, plan: Plan, row: MatrixRow) -> str:
        """What is proposed, or another that is possible; where the plan wants it, one batch is put on hold first."""
        if plan.holds and row.state == "" and "hold" in row.allowed and (plan.name, "hold") not in self.day.said:
            self.day.said.add((plan.name, "hold"))
            return "hold"
        other = [decision for decision in row.allowed if decision != "hold"]
        return self.chance.choice(other) if other and row.state != "REFUSED" else row.default

    def sign_sets(self) -> int:
        """Decisions about open batches that wait for this person's signature as one of the further roles."""
        done = 0
        for waiting in decisions_waiting(self.site, self.actor):
            until = clock.parse(waiting["at"]) + PLAN[waiting["change"]["title"]].slow.get(SIGN, timedelta(0))
            if waiting["role"] not in DECIDES:
                continue
            if clock.now() < until:
                self.day.wake(until)
                continue
            done += self.on(waiting["change_id"], sign_decisions, set_id=waiting["id"], proof=self.proof) is not None
        return done

    # Duties

    def do_duties(self) -> int:
        """What has to be done for a change by this person's role."""
        done = 0
        for row in duties_waiting(self.site, self.actor):
            done += self.on(row["change_id"], duties.do_duty, duty_id=row["id"], evidence="Filed.") is not None
        return done


DARING = 0.25
"""How often somebody tries to sign what the inbox shows them and does not let them."""
