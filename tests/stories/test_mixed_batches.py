"""Batches that take over items of changes, one after the other and in parts: what each step was done by, and what judges it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bpmn import vocabulary as v
from engine import records
from engine.actions.batches import plan_batch, resume_batch, start_batch
from engine.actions.corrections import correct_value
from engine.actions.open_batches import propose_decisions, sign_decisions
from engine.actions.taken_decisions import apply_decisions
from engine.batch_record import BatchRecord
from engine.errors import BatchHeldError, EntryRefusedError, OutcomeNotAllowedError
from engine.queries.adoptions import shown_adoptions
from engine.queries.open_batches import MatrixRow, open_batch_matrix
from engine.queries.review import review
from engine.records import Adoption, Batch, ExceptionRecord, Task
from engine.step_content import still_valid
from engine.transaction import Act, Actor, perform
from engine.verify import verify
from tests.drawings import call, called, loop, sub
from tests.stories.change import propose
from tests.stories.test_any_recipe import open_by_replay
from tests.stories.workshop import Workshop, number, recipe, step
from web.demo.people import PEOPLE, train

WIDE, NARROW = ("10..90", "0..100"), ("40..60", "30..70")
WAY = "begin > S1 > S2 > S3 > end"
RECIPE = "MR-ANY-001"


def drawn(way: str = WAY, *more: str, revision: str = "1.0", header: Any = None, **steps: Any) -> str:
    """A recipe whose steps ask for a number within wide limits, or those given."""
    names = {name for part in way.replace(">", ";").split(";") if (name := part.strip().split(" ")[0]).startswith("S")}
    given = {name: step(name, number("n", *WIDE)) for name in sorted(names)}
    found = {n: step(n, number("n", *s)) if isinstance(s, tuple) else s for n, s in steps.items()}
    return recipe(way, *more, header=header or {}, **(given | found)).replace('revision="1.0"', f'revision="{revision}"', 1)


def items(*subjects: list[str], category: str = "quality") -> list[dict[str, Any]]:
    return [{"title": f"Item {n}", "subjects": own, "category": category, "why": "Study 7"} for n, own in enumerate(subjects, 1)]


def proposed(
    shop: Workshop, xml: str, *subjects: list[str], change: str = "CC-1", base: str = "1.0", category: str = "quality"
) -> None:
    """A change with its approved revision, and everybody trained on it."""
    actor, _ = shop.crew["PROC"]
    perform(
        shop.site, propose, actor=actor, stream=f"batch:{change}", change_id=change, xml=xml, client_signs=False,
        items=items(*(subjects or ([],)), category=category), base=f"{RECIPE}@{base}",
    )  # fmt: skip
    revision = xml.partition('revision="')[2].partition('"')[0]
    train(shop.site, PEOPLE, RECIPE, revision)


def rows(shop: Workshop, change: str = "CC-1") -> dict[int, MatrixRow]:
    with shop.site.read() as reader:
        found = open_batch_matrix(shop.site, reader, change)
    return {row.item: row for row in found if row.batch == shop.batch}


def told(shop: Workshop, change: str = "CC-1") -> list[str]:
    return [f"{row.position} {' '.join(row.allowed)}" for row in rows(shop, change).values()]


def by(shop: Workshop, role: str, action: Any, change: str = "CC-1", **arguments: Any) -> dict[str, Any]:
    actor, proof = shop.crew[role]
    return perform(
        shop.site, action, actor=actor, stream=f"batch:{change}", change_id=change, proof=proof, **arguments
    )  # fmt: skip


def decide(shop: Workshop, change: str = "CC-1", **decisions: str) -> list[str]:
    """Signed by quality and the process owner, and applied; `i1="adopt"`. Answers why it was refused."""
    shop.wait(seconds=1)
    wanted = [{"batch": shop.batch, "item": int(n[1:]), "decision": d} for n, d in decisions.items()]
    made = by(shop, "QA_DISP", propose_decisions, change, rows=wanted, reason="As the rules lead to")
    by(shop, "PROC", sign_decisions, change, set_id=made["set"])
    found = [why for result in apply_decisions(shop.site, change) for why in result["refused"]]
    shop.wait(seconds=1)
    shop.site.runs.clear()
    if shop.rows(Task):
        assert shop.act(open_by_replay, "QA_FLR")["open"] == shop.open
    return found


def under(shop: Workshop) -> dict[str, int]:
    """By which of its control recipes each step was done: 0 is the one it was issued on."""
    hashes = [a["from_hash"] for a in adoptions(shop)[:1]] + [a["to_hash"] for a in adoptions(shop)]
    return {t["key"]: hashes.index(t["recipe_hash"]) for t in shop.rows(Task) if t["state"] != "withdrawn"}


def adoptions(shop: Workshop) -> list[dict[str, Any]]:
    return sorted(shop.rows(Adoption), key=lambda row: (row["at"], row["id"]))


def sound(shop: Workshop) -> None:
    """The past is as it was, every signature is valid, the record can be recomputed."""
    with shop.site.read() as reader:
        batch = BatchRecord(shop.site, reader, shop.batch)
        assert all(row["unchanged"] for row in shown_adoptions(batch))
        assert all(still_valid(batch, s) for s in reader.rows(records.Signature, batch_id=shop.batch))
    assert review(shop.site, shop.batch)["adoptions"]
    report = verify(shop.site.url, shop.site.keys)
    assert report.ok, str(report)


@pytest.mark.requirement("P4-05", "P11-06")
def test_items_adopted_one_after_the_other_lead_to_the_revision_itself(workshop: Workshop) -> None:
    workshop.run(drawn())
    workshop.do("S1", n="50")
    new = drawn(revision="1.1", S2=NARROW, S3=NARROW).replace("Any recipe", "A recipe with another title")
    proposed(workshop, new, ["S3.n"], [])
    assert told(workshop) == ["BEFORE adopt stay hold", "IN finish hold"]
    assert decide(workshop, i1="adopt", i2="finish") == []
    workshop.do("S2", n="20")
    assert workshop.value("S2", "n")["judgement"] == "ok"
    workshop.do("S3", n="35")
    assert workshop.value("S3", "n")["judgement"] == "minor"
    assert under(workshop) == {"S1": 0, "S2": 0, "S3": 1}
    [row] = adoptions(workshop)
    assert (json.loads(row["from_steps"]), row["to_revision"]) == (["S3"], f"{RECIPE}@1.0 + CC-1 item 1")
    assert len(json.loads(row["signatures"])) == len(set(json.loads(row["signatures"]))) == 2
    sound(workshop)


def test_all_items_of_a_change_are_the_revision_as_it_was_approved_whatever_its_title(workshop: Workshop) -> None:
    workshop.run(drawn())
    workshop.start("S1")
    proposed(workshop, drawn(revision="1.1", S2=NARROW, S3=NARROW).replace("Any recipe", "Another title"), ["S3.n"], [])
    assert decide(workshop, i1="adopt") == []
    assert decide(workshop, i2="adopt") == []
    with workshop.site.read() as reader:
        whole = reader.get(records.RecipeRevision, id=f"{RECIPE}@1.1")["hash"]
    batch = workshop.batch_row()
    assert (batch["recipe_hash"], batch["revision_id"], batch["adoptions"]) == (whole, f"{RECIPE}@1.1", 2)
    workshop.enter("S1", n="50")
    workshop.sign("S1")
    workshop.do("S2", "S3", n="50")
    assert under(workshop) == {"S1": 0, "S2": 2, "S3": 2}
    sound(workshop)


def test_a_second_change_meets_a_batch_that_took_over_a_part_of_the_first(workshop: Workshop) -> None:
    workshop.run(drawn())
    workshop.start("S1")
    first = drawn(revision="1.1", S2=NARROW, S3=NARROW)
    proposed(workshop, first, ["S3.n"], ["S2.n"])
    assert decide(workshop, i1="adopt", i2="stay") == []
    second = drawn(revision="1.2", S2=("45..55", "30..70"), S3=NARROW).replace('title="Do S3"', 'title="Do S3 so"')
    proposed(workshop, second, ["S2.n"], [], change="CC-2", base="1.1")
    found = rows(workshop, "CC-2")
    assert told(workshop, "CC-2") == ["BEFORE adopt stay hold"] * 2
    assert "Along with it comes: " in found[1].why
    assert "Along with it comes: " not in found[2].why
    assert decide(workshop, "CC-2", i2="adopt") == []
    workshop.enter("S1", n="50")
    workshop.sign("S1")
    workshop.do("S2", n="20")
    assert workshop.value("S2", "n")["judgement"] == "ok"
    workshop.do("S3", n="35")
    assert workshop.value("S3", "n")["judgement"] == "minor"
    assert under(workshop) == {"S1": 0, "S2": 0, "S3": 2}
    sound(workshop)


def test_what_a_later_revision_brought_is_not_undone_by_an_earlier_one(workshop: Workshop) -> None:
    workshop.run(drawn())
    workshop.start("S1")
    proposed(workshop, drawn(revision="1.1", S2=NARROW, S3=NARROW))
    later = drawn(revision="1.2", S2=NARROW, S3=("45..55", "44..56"))
    proposed(workshop, later, change="CC-2", base="1.1")
    assert decide(workshop, "CC-2", i1="adopt") == []
    assert told(workshop) == ["BEFORE stay hold"]
    assert "S3.n of MR-ANY-001@1.2 already" in rows(workshop)[1].why
    workshop.batch = "B-2"
    workshop.act(plan_batch, "MFG_SUP", recipe_id=RECIPE, order={})
    assert decide(workshop, "CC-2", i1="adopt") == []  # planned on 1.0, it takes all that came since
    assert workshop.batch_row()["revision_id"] == f"{RECIPE}@1.2"
    assert rows(workshop) == {}


def test_what_a_batch_has_already_by_another_change_does_not_concern_it(workshop: Workshop) -> None:
    workshop.run(drawn())
    workshop.start("S1")
    proposed(workshop, drawn(revision="1.1", S3=NARROW))
    proposed(workshop, drawn(revision="1.2", S2=NARROW, S3=NARROW), change="CC-2", base="1.0")
    assert decide(workshop, "CC-2", i1="adopt") == []
    assert rows(workshop) == {}


@pytest.mark.requirement("P4-05", "P11-06")
def test_a_batch_amid_what_changes_takes_over_the_rest_and_safety_asks_about_what_was_done(workshop: Workshop) -> None:
    twice = v.Parameter("double", "Double", "num", "1", source="calc", formula="n * 2", par_high="200", limit_action="block")
    tight = v.Parameter("double", "Double", "num", "1", source="calc", formula="n * 2", par_high="60", limit_action="block")
    old = {"S1": step("S1", number("n", *WIDE), twice), "S2": step("S2", number("n", *WIDE), number("m", par="0..S1.n"))}
    new = {"S1": step("S1", number("n", *NARROW), tight), "S2": step("S2", number("n", *WIDE), number("m", par="0..1000"))}
    workshop.run(drawn("begin > S1 > S2 > S3 > S4 > end", **old))
    workshop.do("S1", n="50")
    workshop.do("S2", n="50", m="45")
    workshop.start("S3")
    changed = drawn("begin > S1 > S2 > S3 > S4 > end", revision="1.1", S4=NARROW, **new)
    proposed(workshop, changed, category="safety")
    assert told(workshop) == ["BEFORE adopt hold"]
    assert "S1, S2 stays as it was done" in rows(workshop)[1].why
    assert decide(workshop, i1="adopt") == []
    raised = {(e["step_id"], e["rule"]): e["id"] for e in workshop.rows(ExceptionRecord)}
    assert raised.keys() == {("S4", "adopted_revision"), ("S1", "missed_change")}
    [row] = adoptions(workshop)
    assert json.loads(row["from_steps"]) == ["S4"]
    for text in ("80", "44"):
        value_id = workshop.value("S1", "n")["id"]
        workshop.act(correct_value, "MFG_OP", value_id=value_id, text=text, reason="Misread the scale.")
        judged = [(workshop.value("S1", name)["judgement"]) for name in ("n", "double")]
        assert judged == ["ok", "ok"]  # 80 and 160 are within the limits of then
    later = [e for e in workshop.rows(ExceptionRecord) if e["id"] not in raised.values()]
    assert [(e["task_key"], e["parameter_id"]) for e in later if e["number"] == 4] == [("S2", "m")]  # 45 is above 44 now
    assert {e["number"] for e in later} == {4, 20}
    assert under(workshop) == {"S1": 0, "S2": 0, "S3": 0}


LOOPED = "begin1 > S2 > S3 > end1"


@pytest.mark.requirement("P4-05")
def test_in_a_loop_the_next_iteration_follows_the_change_and_those_done_stay_as_they_were(workshop: Workshop) -> None:
    def days(**steps: Any) -> str:
        inner = {name: step(name, number("n", *WIDE)) for name in ("S2", "S3")} | steps
        return sub("L1", LOOPED, loop("day < 3", most=5), **inner)

    def whole(revision: str, **steps: Any) -> str:
        return drawn("begin > S1 > L1 > S4 > end", revision=revision, L1=days(**steps))

    workshop.run(whole("1.0"))
    workshop.do("S1", "S2[1]", n="50")
    proposed(workshop, whole("1.1", S2=step("S2", number("n", *NARROW))))
    assert told(workshop) == ["BEFORE adopt stay hold"]
    assert "S2[1] stays as it was done" in rows(workshop)[1].why
    workshop.do("S3[1]", n="50")
    assert told(workshop) == ["IN finish hold"]
    workshop.do("S2[2]", n="20")
    assert decide(workshop, i1="adopt") == []
    workshop.do("S3[2]", "S2[3]", "S3[3]", n="50")
    hashes = under(workshop)
    assert (hashes["S2[1]"], hashes["S2[2]"], hashes["S2[3]"]) == (0, 0, 1)
    assert told(workshop) == ["BEFORE "]
    workshop.do("S4", n="50")
    assert workshop.state == "COMPLETED"
    sound(workshop)


def test_in_parallel_branches_and_called_processes_each_row_stands_for_itself(workshop: Workshop) -> None:
    def whole(revision: str, **steps: Any) -> str:
        inner = {n: step(n, number("n", *s)) for n, s in ({"S8": WIDE, "S9": WIDE} | steps).items()}
        return drawn(
            "begin > p1 > S1 > S2 > p2; p1 > C1 > p2; p2 > S3 > end", called("Sub", "begin9 > S8 > S9 > end9", **inner),
            revision=revision, C1=call("C1", "Sub"), **({"S2": steps["S2"]} if "S2" in steps else {}),
        )  # fmt: skip

    workshop.run(whole("1.0"))
    workshop.do("S1", n="50")
    new = whole("1.1", S9=NARROW).replace('title="Do S2"', 'title="Do S2 so"')
    proposed(workshop, new, ["S9.n"], ["S2"])
    assert told(workshop) == ["BEFORE adopt stay hold", "IN finish hold"]
    assert decide(workshop, i1="adopt", i2="finish") == []
    workshop.do("C1/S8", "C1/S9", "S2", n="35")
    assert workshop.value("C1/S9", "n")["judgement"] == "minor"
    assert workshop.value("S2", "n")["judgement"] == "ok"
    assert under(workshop) == {"S1": 0, "S2": 0, "C1/S8": 0, "C1/S9": 1, "S3": 0}
    sound(workshop)


def held(nor: str, start: str = "S1.end") -> dict[str, Any]:
    return {"hold_times": (v.HoldTime("H1", start, ("S2.start",), nor, "600", "min"),)}


def test_a_hold_time_that_runs_is_not_changed_and_one_that_is_over_lies_behind(workshop: Workshop) -> None:
    workshop.run(drawn(header=held("60")))
    workshop.start("S1")
    proposed(workshop, drawn(revision="1.1", header=held("30")))
    assert told(workshop) == ["BEFORE adopt stay hold"]
    workshop.enter("S1", n="50")
    workshop.sign("S1")
    assert told(workshop) == ["IN finish hold"]
    workshop.start("S2")
    assert told(workshop) == ["AFTER not_applicable"]


def test_an_adopted_hold_time_is_timed_by_its_new_limit_from_the_step_that_begins_it(workshop: Workshop) -> None:
    workshop.run(drawn(header=held("60", "S2.end")).replace("S2.start", "S3.start"))
    workshop.start("S1")
    proposed(workshop, drawn(revision="1.1", header=held("30", "S2.end")).replace("S2.start", "S3.start"))
    assert decide(workshop, i1="adopt") == []
    workshop.enter("S1", n="50")
    workshop.sign("S1")
    workshop.do("S2", n="50")
    workshop.wait(minutes=40)
    assert [(e["hold_id"], e["severity"]) for e in workshop.rows(ExceptionRecord) if e["hold_id"]] == [("H1", "minor")]
    assert under(workshop) == {"S1": 0, "S2": 1, "S3": 1}
    sound(workshop)


def test_a_step_that_is_called_otherwise_is_the_same_step_and_never_swapped_while_open(workshop: Workshop) -> None:
    workshop.run(drawn())
    workshop.do("S1", n="50")
    proposed(workshop, drawn().replace('"S2"', '"S7"').replace("S1_S2", "S1_S7").replace('revision="1.0"', 'revision="1.1"'))
    assert told(workshop) == ["IN finish hold"]


def test_what_the_header_says_counts_from_its_adoption_on(workshop: Workshop) -> None:
    workshop.run(drawn())
    workshop.start("S1")
    proposed(workshop, drawn(revision="1.1", header={"late_entry_minutes": 7}))
    assert decide(workshop, i1="adopt") == []
    workshop.enter("S1", n="50")
    workshop.sign("S1")
    assert under(workshop) == {"S1": 0, "S2": 1}


ORDER_FIELD = v.OrderField("size", "num", "Batch size", uom="L")


def test_a_batch_that_is_issued_but_not_begun_is_issued_anew_as_a_whole(workshop: Workshop) -> None:
    collected = v.OrderField("taken", "date_time", "Taken")
    kept = v.HoldTime("H1", "order.taken", ("S3.start",), "60", "600", "min")
    header = {"order_fields": (collected,), "hold_times": (kept,)}
    workshop.run(drawn(header=header), {"taken": "2026-03-02T05:30:00Z"})
    longer = {**header, "hold_times": (v.HoldTime("H1", "order.taken", ("S3.start",), "90", "600", "min"),)}
    proposed(workshop, drawn("begin > S0 > S1 > S2 > S3 > end", revision="1.1", header=longer))
    assert told(workshop) == ["NOT_STARTED adopt stay hold"]
    assert decide(workshop, i1="adopt") == []
    assert workshop.open == ["S0"]
    workshop.wait(minutes=45)
    assert not [e for e in workshop.rows(ExceptionRecord) if e["hold_id"]]
    workshop.wait(minutes=30)
    assert [(e["hold_id"], e["severity"]) for e in workshop.rows(ExceptionRecord) if e["hold_id"]] == [("H1", "minor")]
    workshop.do("S0", "S1", "S2", n="50")
    assert under(workshop) == {"S0": 1, "S1": 1, "S2": 1, "S3": 1}
    workshop.do("S3", n="50")
    assert workshop.state == "COMPLETED"
    sound(workshop)


@pytest.mark.parametrize("started", [False, True])
@pytest.mark.parametrize("field", [(), (v.OrderField("size", "num", "Batch size", uom="mL"),)])
def test_an_order_that_would_be_read_otherwise_is_not_taken_along(
    workshop: Workshop, started: bool, field: tuple[v.OrderField, ...]
) -> None:
    old = {"order_fields": (ORDER_FIELD,)} if field else {}
    new = {"order_fields": field or (ORDER_FIELD,)}
    workshop.run(drawn(header=old), {"size": "5"} if field else {})
    if started:
        workshop.start("S1")
    proposed(workshop, drawn(revision="1.1", header=new))
    assert told(workshop) == [f"{'BEFORE' if started else 'NOT_STARTED'} stay hold"]
    assert "Batch size" in rows(workshop)[1].why


def test_a_planned_batch_takes_a_revision_whole_and_none_that_waits_is_issued(workshop: Workshop) -> None:
    workshop.run(drawn())
    workshop.batch = "B-2"
    workshop.act(plan_batch, "MFG_SUP", recipe_id=RECIPE, order={})
    proposed(workshop, drawn(revision="1.1", S2=NARROW, S3=NARROW), ["S3.n"], [])
    assert told(workshop) == ["NOT_STARTED adopt hold"] * 2
    with pytest.raises(EntryRefusedError, match="not under a part of it"):
        decide(workshop, i1="adopt")
    assert decide(workshop, i1="hold") == []
    with pytest.raises(BatchHeldError):
        workshop.act(start_batch, "MFG_SUP", recipe_id=RECIPE, order={}, proof=True)
    assert [row.settled for row in rows(workshop).values()] == [False, False]
    assert decide(workshop, i1="adopt", i2="adopt") == []
    with workshop.site.read() as reader:
        batch = reader.get(Batch, id="B-2")
    assert (batch["state"], batch["revision_id"], batch["held"]) == ("PLANNED", f"{RECIPE}@1.1", 1)
    workshop.act(resume_batch, "QA_FLR", reason="It is decided.", proof=True)


def test_what_was_put_on_hold_is_decided_again(workshop: Workshop) -> None:
    workshop.run(drawn())
    workshop.start("S1")
    proposed(workshop, drawn(revision="1.1", S2=NARROW))
    assert decide(workshop, i1="hold") == []
    assert told(workshop) == ["BEFORE adopt stay hold"]
    assert not rows(workshop)[1].settled
    assert decide(workshop, i1="adopt") == []
    assert (rows(workshop)[1].settled, workshop.batch_row()["held"]) == (True, 1)
    with pytest.raises(EntryRefusedError, match="decided already"):
        decide(workshop, i1="stay")


def test_nothing_is_decided_about_what_nobody_has_approved(workshop: Workshop) -> None:
    workshop.run(drawn())
    workshop.start("S1")
    proposed(workshop, drawn(revision="1.1", S2=NARROW))
    perform(workshop.site, back_in_review, actor=workshop.crew["PROC"][0], stream=f"recipe:{RECIPE}")
    with pytest.raises(OutcomeNotAllowedError, match="in review"):
        decide(workshop, i1="adopt")


def back_in_review(act: Act, *, actor: Actor) -> dict[str, Any]:
    row = act.get(records.RecipeRevision, id=f"{RECIPE}@1.1")
    act.update(records.RecipeRevision, {"id": row["id"]}, was=row, state="IN_REVIEW")
    act.note("recipe:stated", state="IN_REVIEW")
    return {}


def test_a_decision_that_another_one_replaced_is_signed_by_nobody(workshop: Workshop) -> None:
    workshop.run(drawn())
    workshop.start("S1")
    proposed(workshop, drawn(revision="1.1", S2=NARROW))
    row = {"batch": workshop.batch, "item": 1}
    first = by(workshop, "QA_DISP", propose_decisions, rows=[{**row, "decision": "adopt"}], reason="Adopt it")
    second = by(workshop, "QA_DISP", propose_decisions, rows=[{**row, "decision": "stay"}], reason="Better not")
    with pytest.raises(OutcomeNotAllowedError, match="since"):
        by(workshop, "PROC", sign_decisions, set_id=first["set"])
    by(workshop, "PROC", sign_decisions, set_id=second["set"])
    with pytest.raises(EntryRefusedError, match="decided already: stay"):
        by(workshop, "QA_DISP", propose_decisions, rows=[{**row, "decision": "adopt"}], reason="Or rather")
    assert [r["refused"] for r in apply_decisions(workshop.site, "CC-1")] == [[]]
    assert not workshop.rows(Adoption)


def test_a_change_without_meaning_for_a_batch_asks_nobody(workshop: Workshop) -> None:
    workshop.run(drawn())
    workshop.start("S1")
    remarked = drawn(revision="1.1").replace("Any recipe", "A new title")
    proposed(workshop, remarked)
    assert rows(workshop) == {}
