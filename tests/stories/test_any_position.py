"""Any recipe, any change, any batch at any step: what the open-batch matrix says of it, against a plain re-statement.

Re-stated without the product's own reckoning: a step is touched where the diagrams, with and without the item, have it
otherwise; a hold time runs while its due time waits; what a batch has still to come is what opens when it goes on.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import asdict
from typing import Any

import pytest
from lxml import etree

from bpmn import vocabulary as v
from bpmn.checks import check_diagram
from bpmn.composition import CompositionError, compose, subjects
from bpmn.diagram import Diagram, write_element
from bpmn.diff import diff
from engine import records
from engine.actions.batches import start_batch
from engine.actions.taken_decisions import apply_to_batch
from engine.batch_record import BatchRecord
from engine.change_items import items_of
from engine.composing import control_recipe_with
from engine.errors import BatchwrightError
from engine.queries.open_batches import MatrixRow, open_batch_matrix
from engine.records import DueTime, ExceptionRecord, OpenBatchDecision, Task
from engine.transaction import SYSTEM, Act, Actor, perform
from engine.verify import verify
from tests.recipe_changes import changed_recipe
from tests.recipes import random_recipe
from tests.stories.change import propose
from tests.stories.test_any_adoption import Case
from tests.stories.test_any_recipe import LIVE, ORDER
from tests.stories.workshop import Workshop
from web.demo.people import PEOPLE, train

RECIPES = {"sqlite": 10, "postgresql": 3}
BATCHES = 3
MES = f"{{{v.NAMESPACE}}}"


def with_holds(xml: bytes, chance: random.Random, count: int = 2) -> bytes:
    """The recipe with hold times between its steps, as far as the checks let it have them."""
    steps = list(Diagram.parse(xml).steps)
    for number in range(count * 4):
        root = etree.fromstring(xml)
        header: Any = next(root.iter(f"{MES}recipe"))
        one, other = chance.choice(steps), chance.choice(steps)
        hold = v.HoldTime(f"H{number}", f"{one}.{chance.choice(['start', 'end'])}", (f"{other}.start",), "400", "900", "d")
        write_element(header.getparent(), "holdTime", hold)
        header.append(header.getparent()[-1])
        drawn = etree.tostring(root)
        if check_diagram(drawn).ok:
            xml, count = drawn, count - 1
        if not count:
            break
    return xml


def changed_holds(xml: bytes, chance: random.Random) -> bytes:
    """The recipe with one of its hold times longer, or gone."""
    root = etree.fromstring(xml)
    found: list[Any] = list(root.iter(f"{MES}holdTime"))
    if found:
        one = chance.choice(found)
        if chance.random() < 0.7:
            one.set("nor", "300")
        else:
            one.getparent().remove(one)
    return etree.tostring(root)


class Tried(Exception):
    """It can be done; and nothing of it stays."""


def settle(act: Act, *, actor: Actor, change_id: str, batch_id: str, decisions: dict[int, str], keep: bool) -> dict[str, Any]:
    """Decisions that everybody has signed take effect at one batch."""
    for n, decision in decisions.items():
        key = {"change_id": change_id, "batch_id": batch_id, "item": n}
        known = act.find(OpenBatchDecision, **key)
        chosen = act.insert(
            records.DecisionSet, id=act.new_id("decision_set"), change_id=change_id, rows=[[batch_id, n, "", decision]],
            roles=["QA"], reason="Try it", by="diana", at=act.now_text,
        )  # fmt: skip
        about = {"set_id": chosen["id"], "position": "BEFORE", "decision": decision, "state": "DECIDED"}
        if known is None:
            act.insert(OpenBatchDecision, **key, **about, version=1)
        else:
            act.update(OpenBatchDecision, key, was=known, **about)
    answer = apply_to_batch(act, actor=actor, change_id=change_id, batch_id=batch_id)
    if not keep:
        raise Tried
    return answer


class Matrix:
    """One batch beside one change of its recipe, and what a plain re-statement says of both."""

    def __init__(self, case: Case, change_id: str, base: bytes, new: bytes) -> None:
        self.case, self.shop, self.chance, self.change_id = case, case.shop, case.chance, change_id
        self.base, self.new = base, new
        self.items = self.split()

    def split(self) -> list[dict[str, Any]]:
        """Its subjects dealt to one to three items; the last covers what no other does."""
        names = [s.name for s in subjects(diff(self.base, self.new)) if not s.editorial]
        self.chance.shuffle(names)
        cut = sorted(self.chance.sample(range(1, len(names)), min(len(names) - 1, self.chance.randint(0, 2))))
        dealt = [names[a:b] for a, b in zip([0, *cut], [*cut, len(names)], strict=True)]
        return [
            {"title": f"Item {n}", "subjects": [] if n == len(dealt) else own, "covers": own, "why": "Seen",
             "category": self.chance.choice(["safety", "quality"])}
            for n, own in enumerate(dealt, 1)
        ]  # fmt: skip

    def proposed(self) -> None:
        actor, _ = self.shop.crew["PROC"]
        recipe_id = Diagram.parse(self.base).recipe.id
        perform(
            self.shop.site, propose, actor=actor, stream=f"batch:{self.change_id}", change_id=self.change_id,
            xml=self.new.decode(), client_signs=False, items=self.items, base=f"{recipe_id}@1.0",
        )  # fmt: skip

    def rows(self) -> list[MatrixRow]:
        with self.shop.site.read() as reader:
            found = open_batch_matrix(self.shop.site, reader, self.change_id)
        return [row for row in found if row.batch == self.shop.batch]

    def settle(self, decisions: dict[int, str], *, keep: bool = True) -> bool:
        """Whether they take effect; what is only tried leaves nothing behind."""
        before = self.case.record(), self.shop.batch_row(), self.shop.rows(DueTime)
        try:
            perform(
                self.shop.site, settle, actor=SYSTEM, source="system", stream=f"batch:{self.shop.batch}",
                also=(f"batch:{self.change_id}",), change_id=self.change_id, batch_id=self.shop.batch, decisions=decisions,
                keep=keep,
            )  # fmt: skip
        except Tried:
            pass
        except BatchwrightError:
            assert (self.case.record(), self.shop.batch_row(), self.shop.rows(DueTime)) == before
            return False
        return True

    def recipe_with(self, wanted: list[int]) -> str:
        """The hash of the control recipe with items taken over together."""
        with self.shop.site.read() as reader:
            batch = BatchRecord(self.shop.site, reader, self.shop.batch)
            chosen = [item for item in items_of(reader, self.change_id) if item.n in wanted]
            return control_recipe_with(batch, chosen).recipe.hash if chosen else batch.recipe.hash

    def touched(self, n: int) -> tuple[set[str], set[str]] | None:
        """Steps and hold times that are otherwise with the item than without it; None where it can't be taken alone."""
        try:
            made = Diagram.parse(compose(self.base, self.new, self.items[n - 1]["covers"]))
        except CompositionError:
            return None
        old = Diagram.parse(self.base)
        steps = {s: asdict(d.steps[s]) for d in (old,) for s in d.steps}
        others = {s: asdict(made.steps[s]) for s in made.steps}
        holds, other_holds = ({h.id: h for h in d.recipe.hold_times} for d in (old, made))
        return (
            {s for s in steps.keys() | others.keys() if steps.get(s) != others.get(s)},
            {h for h in holds.keys() | other_holds.keys() if holds.get(h) != other_holds.get(h)},
        )

    def judge(self, row: MatrixRow) -> None:
        """The position and what it allows, against the re-statement."""
        touched = self.touched(row.item)
        tasks = self.shop.rows(Task)
        begun = [t for t in tasks if t["started_at"]]
        running = {d["ref"] for d in self.shop.rows(DueTime, state="waiting") if d["kind"] != "timer"}
        if touched is not None:
            at = [t["key"] for t in tasks if t["state"] in LIVE and t["step_id"] in touched[0]]
            inside = bool(at or touched[1] & running)
            assert (row.position == "IN") == (inside and row.position != "NOT_STARTED"), (row, touched, running)
        assert (row.position == "NOT_STARTED") == (not begun and self.shop.state == "ISSUED"), (row, begun)
        allowed = {"IN": {"finish", "hold"}, "AFTER": {"assess"} if row.safety else {"not_applicable"}}.get(row.position)
        if allowed is None:
            allowed = {"hold"} if row.safety else {"stay", "hold"}
            if touched is None:
                assert "adopt" not in row.allowed, row
        assert set(row.allowed) - {"adopt"} == allowed, row
        assert row.default in row.allowed
        assert self.settle({row.item: "adopt"}, keep=False) == ("adopt" in row.allowed), row


@pytest.mark.slow
@pytest.mark.requirement("P4-05", "P11-06")
def test_positions_and_choices_are_those_of_a_plain_re_statement(workshop: Workshop, database_kind: str) -> None:
    told: Counter[str] = Counter()
    for seed in range(1, RECIPES[database_kind] + 1):
        of_one_recipe(workshop, 7_000 + seed, told)
    report = verify(workshop.site.url, workshop.site.keys)
    assert report.ok, str(report)
    print(f"\n{database_kind}: {dict(told)}")
    seen = ("NOT_STARTED", "BEFORE", "IN", "AFTER") if database_kind == "sqlite" else ("NOT_STARTED", "BEFORE", "IN")
    assert all(told[position] for position in seen), told
    assert told["adopted"] >= RECIPES[database_kind] // 2, told


def of_one_recipe(shop: Workshop, seed: int, told: Counter[str]) -> None:
    """Some batches of one recipe, each beside a change of its own."""
    chance = random.Random(seed)
    base = with_holds(random_recipe(seed, 4 + seed % 8), chance)
    for number in range(BATCHES):
        new = next((c for _ in range(20) if (c := changed_recipe(base, chance, f"2.{number}"))), None)
        new = changed_holds(new, chance) if new and chance.random() < 0.4 else new
        if new is None or not check_diagram(new).ok or all(s.editorial for s in subjects(diff(base, new))):
            continue
        shop.batch = f"B-{seed}-{number}"
        try:
            if number:
                shop.act(start_batch, "MFG_SUP", recipe_id=f"MR-RND-{seed}", order=ORDER, proof=True, revision="1.0")
            else:
                shop.run(base.decode(), ORDER)
        except BatchwrightError:
            return
        of_one_batch(Matrix(Case(shop, chance), f"CC-{seed}-{number}", base, new), told)


def of_one_batch(matrix: Matrix, told: Counter[str]) -> None:
    case, shop = matrix.case, matrix.shop
    for _ in range(matrix.chance.choice([0, 1, 1, 2, 3, 4, 6])):
        case.step()
        shop.wait(minutes=1)
    if shop.state in ("COMPLETED", "TERMINATED"):
        return
    matrix.proposed()
    header = Diagram.parse(matrix.new).recipe
    train(shop.site, PEOPLE, header.id, header.revision)
    rows = matrix.rows()
    for row in rows:
        told[row.position] += 1
        matrix.judge(row)
    behind = [row.item for row in rows if row.position == "AFTER"]
    known = {t["key"] for t in shop.rows(Task)}
    wanted = [row.item for row in rows if "adopt" in row.allowed]
    matrix.chance.shuffle(wanted)
    if matrix.settle(dict.fromkeys(wanted, "adopt"), keep=False):
        one_after_the_other(matrix, wanted, told)
    touched = {s for n in behind if (found := matrix.touched(n)) for s in found[0]}
    for _ in range(40):
        if not case.step():
            break
        shop.wait(minutes=1)
    later = [t for t in shop.rows(Task) if t["key"] not in known]
    assert not [t["key"] for t in later if t["step_id"] in touched], "It lay behind"


def one_after_the_other(matrix: Matrix, wanted: list[int], told: Counter[str]) -> None:
    """Items adopted one by one lead to the recipe that they lead to together, in whichever order; the past stays."""
    shop = matrix.shop
    anew = not any(t["started_at"] for t in shop.rows(Task))
    before = matrix.case.record()
    together = matrix.recipe_with(wanted)
    for n in wanted:
        assert matrix.settle({n: "adopt"}), (n, matrix.rows())
    if wanted:
        assert shop.batch_row()["recipe_hash"] == together
        told["adopted"] += 1
        told["adopted one after the other"] += len(wanted) > 1
        with shop.site.read() as reader:
            batch = BatchRecord(shop.site, reader, shop.batch)
            assert {json.loads(a["items"])[0] for a in batch.adoptions} == set(wanted)
        after = matrix.case.record()
        assert after["prefix"] == before["prefix"]
        assert after["values"] == before["values"]
        assert anew or after["tasks"] == before["tasks"]
        assert [r for r in shop.rows(ExceptionRecord) if r["number"] == 31]
        assert not [row for row in matrix.rows() if row.item in wanted and not row.settled]
        matrix.case.replayed()
