"""A batch does something differently, for itself alone: each kind, what refuses, and that it is always an exception."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from bpmn import vocabulary as v
from bpmn.edits import ChangeLimit, Edit, InsertStep, RepeatStep, ReplaceStep, SkipStep, edit_to_json
from engine.actions.ad_hoc_changes import request_ad_hoc, sign_ad_hoc
from engine.actions.corrections import correct_value
from engine.batch_record import BatchRecord
from engine.errors import (
    AdHocRefusedError,
    EntryRefusedError,
    NotPermittedError,
    OutcomeNotAllowedError,
    SamePersonError,
)
from engine.queries.adoptions import shown_adoptions
from engine.records import AdHocChange, Adoption, ExceptionRecord, Signature, Task
from engine.transaction import perform
from engine.verify import verify
from tests import drawings
from tests.stories.test_any_recipe import open_by_replay
from tests.stories.workshop import OPERATOR, Workshop, number, recipe, step

WAY = "begin > S1 > S2 > S3 > S4 > end"
KIND_NUMBER = {"insert": 23, "repeat": 23, "replace": 23, "limit": 23, "skip": 10}
SIGNERS = {"low": ("QA_FLR",), "medium": ("PROC", "QA_FLR"), "high": ("PROC", "MED", "QA_DISP")}
CELLS = number("m", "2..3", "1..4")
COUNT = v.Step("A1", "Count again", "Count the cells once more.", signatures=(OPERATOR,), parameters=(CELLS,))


def drawn(way: str = WAY, *more: str, **steps: str) -> str:
    asked = {n: step(n, number("n", "10..90", "5..95")) for n in ("S1", "S2", "S3", "S4") if n in way}
    return recipe(way, *more, header={}, **(asked | steps))


def ask(shop: Workshop, edit: Edit, risk: str = "low", role: str = "MFG_SUP", **more: Any) -> dict[str, Any]:
    about = {"category": "quality", "reason": "The sample was lost.", **more}
    answer: dict[str, Any] = shop.act(request_ad_hoc, role, edit=edit_to_json(edit), risk=risk, proof=True, **about)
    return answer


def sign(shop: Workshop, asked: dict[str, Any], role: str, outcome: str = "approve") -> dict[str, Any]:
    answer: dict[str, Any] = shop.act(
        sign_ad_hoc, role, ad_hoc_id=asked["ad_hoc"], outcome=outcome, reason="Agreed, it is needed.", proof=True
    )
    return answer


def change(shop: Workshop, edit: Edit, risk: str = "low") -> dict[str, Any]:
    """Ask, sign by everybody, and look whether the journal alone leads to the same open steps."""
    asked = ask(shop, edit, risk)
    for role in SIGNERS[risk]:
        answer = sign(shop, asked, role)
    assert answer["state"] == "APPLIED"
    forgotten(shop)
    return asked


def forgotten(shop: Workshop) -> None:
    """All that is cached is thrown away: the journal gives the same open steps."""
    if shop.state not in ("COMPLETED", "TERMINATED"):
        assert shop.act(open_by_replay, "QA_FLR")["open"] == shop.open
        shop.site.runs.clear()
        with shop.site.writing() as connection:
            connection.exec_driver_sql("DELETE FROM engine_snapshot")
            connection.commit()
        assert shop.act(open_by_replay, "QA_FLR")["open"] == shop.open


def found(shop: Workshop) -> list[tuple[str | None, int, str]]:
    """The exceptions of changes of the batch: step, number, severity."""
    rows = shop.rows(ExceptionRecord, rule="ad_hoc_change")
    return [(r["step_id"], r["number"], r["severity"]) for r in rows]


def refused(shop: Workshop, edit: Edit, *words: str, risk: str = "low") -> None:
    before = [shop.batch_row(), shop.rows(Task), shop.rows(Signature)]
    with pytest.raises(AdHocRefusedError) as refusal:
        ask(shop, edit, risk)
    assert any(word in " ".join(refusal.value.details["reasons"]) for word in words), refusal.value.details
    assert [shop.batch_row(), shop.rows(Task), shop.rows(Signature)] == before


def whole(shop: Workshop) -> None:
    assert shop.state == "COMPLETED"
    with shop.site.read() as reader:
        assert all(a["unchanged"] for a in shown_adoptions(BatchRecord(shop.site, reader, shop.batch)))
    report = verify(shop.site.url, shop.site.keys)
    assert report.ok, str(report)


@pytest.mark.requirement("P4-06", "P11-06")
def test_a_step_is_inserted_behind_the_open_one_and_done_like_any_other(workshop: Workshop) -> None:
    workshop.run(drawn())
    workshop.do("S1", n="50")
    workshop.start("S2")
    asked = change(workshop, InsertStep("S2", COUNT))
    workshop.enter("S2", n="50")
    workshop.sign("S2")
    assert workshop.open == ["A1"]
    workshop.start("A1")
    workshop.enter("A1", m="3.5")
    workshop.act(correct_value, "MFG_OP", value_id=workshop.value("A1", "m")["id"], text="3.4", reason="Misread, see raw data.")
    workshop.sign("A1")
    workshop.do("S3", "S4", n="50")
    assert found(workshop) == [("A1", 23, "minor")]
    assert [e[:2] for e in workshop.exceptions() if e[0] == "A1"] == [("A1", 23), ("A1", 17), ("A1", 17), ("A1", 20), ("A1", 38)]
    hashes = {t["key"]: t["recipe_hash"] for t in workshop.rows(Task)}
    [adoption] = workshop.rows(Adoption)
    assert hashes["A1"] == adoption["to_hash"] != hashes["S2"]
    assert adoption["ad_hoc_id"] == asked["ad_hoc"]
    assert len(json.loads(adoption["signatures"])) == 2
    whole(workshop)


@pytest.mark.requirement("P11-14")
def test_a_step_is_repeated(workshop: Workshop) -> None:
    workshop.run(drawn())
    workshop.do("S1", n="50")
    asked = change(workshop, RepeatStep("S1", "", after="S2"))
    assert asked["step"] == "S1_R1"
    workshop.do("S2", "S1_R1", "S3", "S4", n="50")
    assert found(workshop) == [("S1_R1", 23, "minor")]
    assert workshop.value("S1_R1", "n")["judgement"] == "ok"
    whole(workshop)


def test_a_step_to_come_is_replaced(workshop: Workshop) -> None:
    workshop.run(drawn())
    workshop.do("S1", n="50")
    change(workshop, ReplaceStep("S3", COUNT), "medium")
    workshop.do("S2", "A1", "S4", n="50", m="2.5")
    assert found(workshop) == [("A1", 23, "major")]
    whole(workshop)


@pytest.mark.requirement("P11-14")
def test_a_step_to_come_is_skipped(workshop: Workshop) -> None:
    workshop.run(drawn())
    change(workshop, SkipStep("S3"), "high")
    workshop.do("S1", "S2", "S4", n="50")
    assert found(workshop) == [("S3", 10, "critical")]
    whole(workshop)


@pytest.mark.requirement("P11-14")
def test_an_open_step_that_nobody_has_started_is_skipped_and_the_next_one_opens(workshop: Workshop) -> None:
    workshop.run(drawn())
    workshop.do("S1", n="50")
    change(workshop, SkipStep("S2"))
    assert workshop.open == ["S3"]
    assert workshop.task("S2")["state"] == "withdrawn"
    assert workshop.exceptions() == [("S2", 10, "minor")]
    workshop.do("S3", "S4", n="50")
    whole(workshop)


def test_the_last_step_is_skipped_and_the_batch_is_at_its_end(workshop: Workshop) -> None:
    workshop.run(drawn())
    workshop.do("S1", "S2", "S3", n="50")
    change(workshop, SkipStep("S4"))
    whole(workshop)


@pytest.mark.requirement("P4-05")
def test_a_limit_of_a_step_to_come_is_judged_as_it_is_now_and_shown_with_what_it_was(workshop: Workshop) -> None:
    workshop.run(drawn())
    workshop.do("S1", n="50")
    change(workshop, ChangeLimit("S3", "n", "Thin cells, see DS-9.", par_high="200", nor_high="150"))
    workshop.do("S2", "S3", n="93", evidence="x")
    assert workshop.value("S2", "n")["judgement"] == "minor"
    assert workshop.value("S3", "n")["judgement"] == "ok"
    [row] = workshop.rows(ExceptionRecord, rule="ad_hoc_change")
    assert (row["step_id"], row["number"]) == ("S3", 23)
    assert "upper PAR 95 becomes 200" in row["message"]
    workshop.do("S4", n="50")
    whole(workshop)


def test_before_anything_was_started_the_batch_is_issued_anew(workshop: Workshop) -> None:
    workshop.run(drawn())
    change(workshop, SkipStep("S1"))
    assert workshop.open == ["S2"]
    workshop.do("S2", "S3", "S4", n="50")
    whole(workshop)


def test_a_step_is_inserted_in_one_of_two_branches_while_both_are_under_way(workshop: Workshop) -> None:
    way = "begin > S1 > p1; p1 > S2 > S3 > p2; p1 > S5 > S6 > p2; p2 > S4 > end"
    workshop.run(drawn(way))
    workshop.do("S1", n="50")
    workshop.start("S2")
    workshop.do("S5")
    change(workshop, InsertStep("S6", replace(COUNT, parameters=())))
    workshop.enter("S2", n="50")
    workshop.sign("S2")
    workshop.do("S6")
    assert workshop.open == ["A1", "S3"]
    workshop.do("A1", "S3", "S4", n="50")
    assert {t["key"]: t["recipe_hash"] for t in workshop.rows(Task)}["S3"] == workshop.rows(Adoption)[0]["from_hash"]
    whole(workshop)


LOOP = "begin > S1 > L > S4 > end"


def looped(again: str = "S3.n < 50", **more: str) -> str:
    inner = drawings.sub(
        "L", "begin_l > S2 > S3 > end_l", drawings.loop(again), S2=step("S2", number("n", "10..90", "5..95")),
        S3=step("S3", number("n", "", "")),
    )  # fmt: skip
    return drawn(LOOP, L=inner, **more)


def test_a_step_in_a_loop_is_repeated_in_the_iteration_that_is_under_way_only(workshop: Workshop) -> None:
    workshop.run(looped())
    workshop.do("S1", n="50")
    workshop.do("S2[1]", "S3[1]", n="20")
    workshop.start("S2[2]")
    asked = change(workshop, RepeatStep("S2", ""))
    assert "only in D2" in asked["words"]
    workshop.enter("S2[2]", n="20")
    workshop.sign("S2[2]")
    assert workshop.open == ["S2_R1[2]"]
    workshop.do("S2_R1[2]", "S3[2]", "S2[3]", n="20")
    assert workshop.open == ["S3[3]"]
    workshop.do("S3[3]", "S4", n="60")
    assert found(workshop) == [("S2_R1", 23, "minor")]
    whole(workshop)


def test_a_step_in_a_loop_is_skipped_in_the_iteration_that_is_under_way_only(workshop: Workshop) -> None:
    workshop.run(looped())
    workshop.do("S1", n="50")
    workshop.do("S2[1]", "S3[1]", n="20")
    change(workshop, SkipStep("S2"))
    assert workshop.open == ["S3[2]"]
    workshop.do("S3[2]", "S2[3]", n="20")
    workshop.do("S3[3]", "S4", n="60")
    assert found(workshop) == [("S2", 10, "minor")]
    whole(workshop)


def test_a_step_in_a_loop_is_replaced_in_the_next_iteration(workshop: Workshop) -> None:
    workshop.run(looped())
    workshop.do("S1", n="50")
    workshop.do("S2[1]", n="20")
    change(workshop, ReplaceStep("S2", COUNT))
    workshop.do("S3[1]", n="20")
    assert workshop.open == ["A1[2]"]
    workshop.do("A1[2]", "S3[2]", "S2[3]", n="20", m="2")
    workshop.do("S3[3]", "S4", n="60")
    whole(workshop)


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (InsertStep("S1", COUNT), "stand elsewhere"),
        (RepeatStep("S9", ""), "no step"),
        (ReplaceStep("S2", COUNT), "never swapped"),
        (ReplaceStep("S1", COUNT), "is over"),
        (SkipStep("S1"), "is over"),
        (SkipStep("S2"), "has been started"),
        (SkipStep("S3"), "needs S3.n"),
        (ChangeLimit("S2", "n", "Thin cells.", par_high="200"), "never swapped"),
        (ChangeLimit("S1", "n", "Thin cells.", par_high="200"), "is over"),
        (ChangeLimit("S3", "x", "Thin cells.", par_high="200"), "no parameter x"),
        (ChangeLimit("S3", "n", "Thin cells.", par_high="95"), "another than before"),
        (InsertStep("S3", replace(COUNT, id="S4")), "something else"),
        (InsertStep("S3", replace(COUNT, kind="disposition")), "not added to one batch"),
        (InsertStep("S3", replace(COUNT, signatures=())), "nobody signs"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_what_can_not_be_is_refused_in_words(workshop: Workshop, edit: Edit, words: str) -> None:
    more = v.Parameter("t", "Sum", "num", "1", source="calc", formula="S3.n + 1")
    workshop.run(drawn(S4=step("S4", more)))
    workshop.do("S1", n="50")
    workshop.start("S2")
    refused(workshop, edit, words)
    assert not workshop.rows(AdHocChange)


def test_a_review_and_a_disposition_are_never_skipped_repeated_or_replaced(workshop: Workshop) -> None:
    workshop.run(drawn(S4=step("S4", kind="qa_review")))
    for edit in (SkipStep("S4"), RepeatStep("S4", ""), ReplaceStep("S4", COUNT)):
        refused(workshop, edit, "review")


@pytest.mark.requirement("P11-16")
def test_nobody_approves_their_own_nobody_twice_and_only_the_roles_of_its_class(workshop: Workshop) -> None:
    workshop.run(drawn())
    with pytest.raises(NotPermittedError):
        ask(workshop, SkipStep("S3"), role="MFG_OP")
    asked = ask(workshop, SkipStep("S3"), "medium", role="QA_FLR")
    assert asked["roles"] == ["PROC", "QA_FLR"]
    with pytest.raises(SamePersonError):
        sign(workshop, asked, "QA_FLR")
    with pytest.raises(NotPermittedError):
        sign(workshop, asked, "MED")
    assert sign(workshop, asked, "PROC")["open_roles"] == ["QA_FLR"]
    actor, proof = workshop.crew["PROC"]
    both = replace(actor, roles=frozenset({"PROC", "QA_FLR"}))
    with pytest.raises(SamePersonError):
        perform(
            workshop.site, sign_ad_hoc, actor=both, stream="batch:B-1", batch_id="B-1", ad_hoc_id=asked["ad_hoc"],
            outcome="approve", reason="And as the other role.", proof=proof,
        )  # fmt: skip
    assert not workshop.rows(Adoption)


def test_one_role_refuses_for_all_and_nothing_has_changed(workshop: Workshop) -> None:
    workshop.run(drawn())
    asked = ask(workshop, SkipStep("S3"), "medium")
    assert sign(workshop, asked, "PROC", "refuse")["state"] == "REFUSED"
    with pytest.raises(OutcomeNotAllowedError):
        sign(workshop, asked, "QA_FLR")
    workshop.do("S1", "S2", "S3", "S4", n="50")
    whole(workshop)
    assert found(workshop) == []


def test_a_batch_that_moved_on_meanwhile_is_not_changed_and_the_signature_is_not_taken(workshop: Workshop) -> None:
    workshop.run(drawn())
    workshop.do("S1", n="50")
    asked = ask(workshop, SkipStep("S2"))
    workshop.start("S2")
    with pytest.raises(AdHocRefusedError, match="has been started"):
        sign(workshop, asked, "QA_FLR")
    assert len(workshop.rows(Signature, subject=f"ad_hoc:{asked['ad_hoc']}")) == 1
    assert sign(workshop, asked, "QA_FLR", "refuse")["state"] == "REFUSED"


def test_what_is_critical_can_not_be_called_low(workshop: Workshop) -> None:
    critical = number("n", "10..90", "5..95", parameter_class="CPP", why="It makes the product.")
    release = number("n", "10..90", "5..95", judge="specification")
    workshop.run(drawn(S3=step("S3", critical), S4=step("S4", release)))
    for edit, risk, least in (
        (ChangeLimit("S3", "n", "Thin cells.", par_high="200"), "low", "medium"),
        (SkipStep("S3"), "low", "medium"),
        (ChangeLimit("S4", "n", "Thin cells.", par_high="200"), "medium", "high"),
    ):
        with pytest.raises(EntryRefusedError, match=f"its risk is {least} at least"):
            ask(workshop, edit, risk)
    assert ask(workshop, ChangeLimit("S4", "n", "Thin cells.", par_high="200"), "high")["roles"] == ["PROC", "MED", "QA_DISP"]


def test_several_changes_of_one_batch_stand_beside_each_other(workshop: Workshop) -> None:
    workshop.run(drawn())
    workshop.do("S1", n="50")
    workshop.start("S2")
    first, second = ask(workshop, RepeatStep("S2", "")), ask(workshop, RepeatStep("S2", ""))
    assert (first["step"], second["step"]) == ("S2_R1", "S2_R2")
    for asked in (first, second):
        sign(workshop, asked, "QA_FLR")
    change(workshop, SkipStep("S3"))
    workshop.enter("S2", n="50")
    workshop.sign("S2")
    workshop.do("S2_R2", "S2_R1", "S4", n="50")
    assert sorted(found(workshop), key=str) == [("S2_R1", 23, "minor"), ("S2_R2", 23, "minor"), ("S3", 10, "minor")]
    whole(workshop)
