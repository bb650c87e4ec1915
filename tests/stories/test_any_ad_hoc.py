"""Any change of any batch, anywhere in it: refused with reasons, or the batch goes on to its end, and it is an exception."""

from __future__ import annotations

import random
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from bpmn import vocabulary as v
from bpmn.edits import ChangeLimit, Edit, InsertStep, RepeatStep, ReplaceStep, SkipStep
from engine.actions.batches import start_batch
from engine.adoption import executed_prefix
from engine.batch_record import BatchRecord
from engine.control_recipe import ControlRecipe
from engine.errors import AdHocRefusedError
from engine.records import Adoption, Batch, ExceptionRecord, Task
from engine.verify import verify
from tests.recipes import random_recipe
from tests.stories.test_ad_hoc import KIND_NUMBER, ask, forgotten, sign
from tests.stories.test_any_recipe import ORDER, Crew, with_limits
from tests.stories.workshop import OPERATOR, Workshop

RECIPES, BATCHES, MOST_TRIES, MOST_ACTS = 8, 7, 5, 150
SIGNERS = ("PROC", "QA_FLR")


class Calm(Crew):
    """People who correct nothing: what is under test are the changes."""

    def correct(self) -> None:
        pass


def some_edit(recipe: ControlRecipe, chance: random.Random) -> Edit:
    """An edit that may be possible or not."""
    step_id = chance.choice(list(recipe.steps))
    other = chance.choice([*recipe.steps, *recipe.diagram.flows])
    asked = (v.Parameter("number", "Number", "num", "1", par_low="1", limit_action="flag"),) if chance.random() < 0.5 else ()
    new = v.Step("", "Something else", signatures=(OPERATOR,), parameters=asked)
    numbers = [p.id for p in recipe.steps[step_id].parameters if p.type == "num"]
    low, high = sorted(Decimal(chance.randrange(0, 1000)).scaleb(-1) for _ in range(2))
    bounds = {"par_low": str(low), "par_high": str(high), "nor_low": "", "nor_high": ""}
    found: list[Edit] = [
        InsertStep(other, new), RepeatStep(step_id, ""), RepeatStep(step_id, "", other), ReplaceStep(step_id, new),
        SkipStep(step_id), ChangeLimit(step_id, (numbers or ["none"])[0], "Cells differ.", **bounds),
    ]  # fmt: skip
    return chance.choice(found)


def tried(shop: Workshop, crew: Calm, edit: Edit) -> str:
    """Ask for it; with everybody's signature the past is what it was, and the exception is there."""
    before = [shop.batch_row(), shop.rows(Task), shop.rows(ExceptionRecord)]
    prefix = prefix_of(shop)
    reasons: list[str] | None = None
    try:
        asked = ask(shop, edit, "medium")
    except AdHocRefusedError as refusal:
        reasons = list(refusal.details["reasons"])
    if reasons is not None:
        assert all(reasons)
        assert [shop.batch_row(), shop.rows(Task), shop.rows(ExceptionRecord)] == before
        return "refused"
    for role in SIGNERS:
        sign(shop, asked, role)
    kind = str(asked["kind"])
    crew.expected[None, None, KIND_NUMBER[kind], "major", False, False] += 1  # type: ignore[index]  # at no task
    [row] = shop.rows(Adoption)
    assert prefix_of(shop, row["at"]) == prefix_of(shop) == prefix == (row["prefix_hash"], row["prefix_steps"])
    forgotten(shop)
    crew.over = shop.state in ("COMPLETED", "TERMINATED")
    return kind


def prefix_of(shop: Workshop, until: str = "9999") -> tuple[str, int]:
    with shop.site.read() as reader:
        return executed_prefix(BatchRecord(shop.site, reader, shop.batch), until)


def go_on(crew: Calm, most: int) -> None:
    for _ in range(most):
        if ended(crew):
            return
        crew.go_on()


def ended(crew: Calm) -> bool:
    return crew.over


def one_batch(shop: Workshop, recipe: ControlRecipe, chance: random.Random) -> list[str]:
    crew = Calm(shop, chance)
    go_on(crew, chance.randrange(0, 6))
    if ended(crew):
        return []
    with shop.site.read() as reader:
        now = BatchRecord(shop.site, reader, shop.batch).recipe
    outcomes: list[str] = []
    while len(outcomes) < MOST_TRIES and outcomes.count("refused") == len(outcomes):
        outcomes.append(tried(shop, crew, some_edit(now, chance)))
    go_on(crew, MOST_ACTS)
    assert ended(crew), f"{shop.batch} does not end: {shop.open}"
    crew.check_record()
    hashes = {t["recipe_hash"] for t in shop.rows(Task)} | {shop.batch_row()["recipe_hash"]}
    assert hashes <= {recipe.hash, *(a["to_hash"] for a in shop.rows(Adoption))}
    return outcomes


@pytest.mark.requirement("P4-06", "P11-06")
def test_any_change_is_refused_with_reasons_or_the_batch_goes_on_to_its_end(workshop: Workshop, database_kind: str) -> None:
    outcomes: Counter[str] = Counter()
    for seed in range(database_kind == "postgresql", RECIPES, 2):
        chance = random.Random(f"ad hoc {seed}")
        workshop.batch = f"B-{seed}-0"
        workshop.run(with_limits(random_recipe(seed, 5 + seed % 13), chance), ORDER)
        with workshop.site.read() as reader:
            row = reader.get(Batch, id=workshop.batch)
            recipe = BatchRecord(workshop.site, reader, workshop.batch).recipe
        for count in range(BATCHES):
            if count:
                workshop.batch = f"B-{seed}-{count}"
                order: dict[str, Any] = {"recipe_id": row["recipe_id"], "order": ORDER, "proof": True}
                workshop.act(start_batch, "MFG_SUP", **order)
            outcomes.update(one_batch(workshop, recipe, chance))
    assert outcomes.total() >= 45, outcomes
    assert outcomes.total() - outcomes["refused"] >= 10, outcomes
    assert all(outcomes[kind] for kind in ("insert", "repeat", "replace", "refused")), outcomes
    report = verify(workshop.site.url, workshop.site.keys)
    assert report.ok, str(report)
