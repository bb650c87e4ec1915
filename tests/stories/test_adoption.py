"""A batch goes on under another recipe: what was done stays, an open step is never swapped, and the reasons are told."""

from __future__ import annotations

from typing import Any

import pytest

from bpmn import vocabulary as v
from engine.actions.adoptions import Because, adopt, keep_document
from engine.adoption import executed_prefix
from engine.batch_record import BatchRecord
from engine.errors import AdoptionRefusedError
from engine.queries.adoptions import shown_adoptions
from engine.records import Adoption, DueTime, ExceptionRecord, Task
from engine.rules import AdoptionFacts
from engine.transaction import Act, Actor
from engine.verify import verify
from tests.stories.test_any_recipe import open_by_replay
from tests.stories.workshop import Workshop, number, recipe, step


def adopted(act: Act, *, actor: Actor, batch_id: str, xml: str, from_steps: tuple[str, ...]) -> dict[str, Any]:
    """Adopt a whole document, as a decision about an item does."""
    batch = BatchRecord(act.site, act, batch_id)
    facts = AdoptionFacts(what="adopted", because="CC-1", from_revision=batch.recipe.title, to_revision="the new one")
    row = adopt(act, batch, keep_document(act, xml.encode()), Because(facts, "VCN", from_steps, ()))
    batch.save(act)
    return row


def go_on_under(shop: Workshop, xml: str, *from_steps: str) -> dict[str, Any]:
    found: dict[str, Any] = shop.act(adopted, "QA_FLR", xml=xml, from_steps=from_steps)
    assert shop.act(open_by_replay, "QA_FLR")["open"] == shop.open
    shop.site.runs.clear()
    with shop.site.writing() as connection:
        connection.exec_driver_sql("DELETE FROM engine_snapshot")
        connection.commit()
    assert shop.act(open_by_replay, "QA_FLR")["open"] == shop.open
    return found


WAY = "begin > S1 > S2 > S3 > end"


def drawn(way: str = WAY, **steps: str) -> str:
    given: dict[str, Any] = {name: step(name, number("n", "10..90", "0..100")) for name in ("S1", "S2")}
    return recipe(way, **(given | steps))


def refused(shop: Workshop, xml: str, *from_steps: str) -> list[str]:
    before = [shop.batch_row(), shop.rows(Task), shop.rows(DueTime)]
    with pytest.raises(AdoptionRefusedError) as refusal:
        go_on_under(shop, xml, *from_steps)
    assert [shop.batch_row(), shop.rows(Task), shop.rows(DueTime)] == before
    return list(refusal.value.details["reasons"])


@pytest.mark.requirement("P11-06", "P4-05", "S88-04")
def test_what_was_done_stays_and_what_comes_follows_the_new_recipe(workshop: Workshop) -> None:
    workshop.run(drawn())
    workshop.do("S1", n="95")
    tighter = drawn(S3=step("S3", number("m", "2..3", "1..4")))
    row = go_on_under(workshop, tighter, "S3")
    workshop.do("S2", n="50")
    workshop.do("S3", m="3.5")
    assert workshop.state == "COMPLETED"
    hashes = {t["key"]: t["recipe_hash"] for t in workshop.rows(Task)}
    assert hashes == {"S1": row["from_hash"], "S2": row["from_hash"], "S3": row["to_hash"]}
    assert [(e["task_key"] or e["step_id"], e["number"]) for e in workshop.rows(ExceptionRecord)].count(("S3", 31)) == 1
    assert workshop.value("S3", "m")["judgement"] == "minor"
    with workshop.site.read() as reader:
        batch = BatchRecord(workshop.site, reader, workshop.batch)
        [shown] = shown_adoptions(batch)
        assert shown["unchanged"]
        assert (shown["prefix_hash"], shown["prefix_steps"]) == executed_prefix(batch, row["at"])
        assert executed_prefix(batch) != executed_prefix(batch, row["at"])
    report = verify(workshop.site.url, workshop.site.keys)
    assert report.ok, str(report)


@pytest.mark.parametrize(
    ("new", "why"),
    [
        (drawn(S2=step("S2", number("n", "20..80", "0..100"))), "is open"),
        (recipe("begin > S2 > S3 > end", S2=step("S2", number("n", "10..90", "0..100"))), "no such step"),
        (drawn(S1=step("S1", v.Parameter("n", "N", "int", "1"))), "type"),
        (drawn(S1=step("S1", v.Parameter("n", "N", "num", "g"))), "unit"),
        (drawn(S1=step("S1", v.Parameter("n", "Another", "num", "1"))), "name"),
        (drawn(S1=step("S1")), "not asked for any more"),
        (drawn("begin > S1 > S3 > S2 > end"), "stand elsewhere"),
        (drawn("begin > S1 > S4 > S2 > S3 > end"), "stand elsewhere"),
    ],
)
def test_what_would_change_the_past_is_refused_in_words(workshop: Workshop, new: str, why: str) -> None:
    workshop.run(drawn())
    workshop.do("S1", n="50")
    workshop.start("S2")
    reasons = refused(workshop, new, "S3")
    assert any(why in reason for reason in reasons), reasons
    workshop.enter("S2", n="50")
    workshop.sign("S2")
    workshop.do("S3")
    assert workshop.state == "COMPLETED"
    assert not workshop.rows(Adoption)


def test_a_gateway_that_reads_what_was_not_routed_before_gets_what_was_recorded(workshop: Workshop) -> None:
    workshop.run(drawn())
    workshop.do("S1", n="77")
    way = "begin > S1 > S2 > x1; x1 > S3 if S1.n > 70; x1 > S4 else; S3 > x2; S4 > x2; x2 > end"
    go_on_under(workshop, drawn(way), "S3", "S4")
    workshop.do("S2", n="50")
    assert workshop.open == ["S3"]
