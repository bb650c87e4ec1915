"""What becomes of the batches that run while a change is decided: CC-2026-0142, row by row, and what has to be refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from engine.actions.batches import plan_batch, terminate_batch
from engine.actions.open_batches import propose_decisions, sign_decisions
from engine.actions.taken_decisions import apply_decisions
from engine.batch_record import BatchRecord
from engine.errors import EntryRefusedError, NotPermittedError, OutcomeNotAllowedError, SamePersonError
from engine.queries.adoptions import shown_adoptions
from engine.queries.open_batches import MatrixRow, open_batch_matrix, undecided
from engine.records import Adoption, Batch, ExceptionRecord, Task
from engine.transaction import perform
from engine.verify import verify
from tests.stories.cart import ORDER, Cart, recorded
from tests.stories.change import CHANGE, later, next_recipe, of_the_file, propose, run_until, table
from tests.stories.test_any_recipe import open_by_replay
from web.demo.people import PEOPLE, train


def order(number: int) -> dict[str, str]:
    return ORDER | {"coi": f"COI-NVX-0002{number}", "subject": f"101-0{number}", "collection_end": "2026-03-01T10:00:00Z"}


def decide(cart: Cart, role: str, action: Any, **arguments: Any) -> dict[str, Any]:
    actor, proof = cart.crew[role]
    return perform(cart.site, action, actor=actor, stream=f"batch:{CHANGE}", change_id=CHANGE, proof=proof, **arguments)


def matrix(cart: Cart) -> dict[tuple[str, int], MatrixRow]:
    with cart.site.read() as reader:
        return {(row.batch, row.item): row for row in open_batch_matrix(cart.site, reader, CHANGE)}


@pytest.fixture
def changed(cart: Cart) -> Cart:
    """Three batches at different steps, and the change with its approved revision."""
    run_until(cart, "CT-26-0021", "S19", 0, order(21))
    cart.hands.start("MFG_OP", "CT-26-0021", "S20")
    run_until(cart, "CT-26-0020", "S12", 8, ORDER | {"collection_end": "2026-03-09T10:00:00Z"})
    actor, _ = cart.crew["MFG_SUP"]
    planned: dict[str, Any] = {"recipe_id": "MR-CART-001", "batch_id": "CT-26-0019", "order": order(19)}
    perform(cart.site, plan_batch, actor=actor, stream="batch:CT-26-0019", **planned)
    actor, _ = cart.crew["PROC"]
    about: dict[str, Any] = {"change_id": CHANGE, "xml": next_recipe(), "client_signs": True, "items": of_the_file()}
    perform(cart.site, propose, actor=actor, stream=f"batch:{CHANGE}", **about)
    return cart


EXPECTED = {"NOT_STARTED": "NOT_STARTED", "BEFORE": "BEFORE", "IN_STEP": "IN"}


def test_the_positions_and_what_they_allow_are_those_of_the_file(changed: Cart) -> None:
    rows = matrix(changed)
    for given in table("open_batches.csv"):
        first, second = rows[given["batch"], 1], rows[given["batch"], 2]
        assert first.position == EXPECTED[given["class_item1"]]
        assert given["expected_item1"].split()[0] in first.allowed
        assert given["expected_item2"].split()[0] in second.allowed
    assert "stay" in rows["CT-26-0020", 2].allowed
    assert "stay" not in rows["CT-26-0020", 1].allowed
    assert rows["CT-26-0021", 1].allowed == ("finish", "hold")
    with changed.site.read() as reader:
        assert len(undecided(changed.site, reader, CHANGE)) == 6


@pytest.mark.requirement("P4-05", "P11-06")
def test_the_decisions_of_the_file_take_effect_batch_by_batch(changed: Cart) -> None:
    wanted = [
        {"batch": row["batch"], "item": n, "decision": row[f"expected_item{n}"].split()[0]}
        for row in table("open_batches.csv")
        for n in (1, 2)
    ]
    with changed.site.read() as reader:
        before = BatchRecord(changed.site, reader, "CT-26-0020").row["recipe_hash"]
    made = decide(changed, "QA_DISP", propose_decisions, rows=wanted, reason="As the rules lead to")
    assert made["roles_open"] == ["PROC", "CLI_QA"]
    assert apply_decisions(changed.site, CHANGE) == []
    with pytest.raises(SamePersonError):
        sign_again(changed, made["set"])
    decide(changed, "PROC", sign_decisions, set_id=made["set"])
    with pytest.raises(NotPermittedError):
        decide(changed, "MFG_OP", sign_decisions, set_id=made["set"])
    decide(changed, "CLI_QA", sign_decisions, set_id=made["set"])
    results = apply_decisions(changed.site, CHANGE)
    assert [r["refused"] for r in results] == [[], [], []]
    assert all(row.settled for row in matrix(changed).values())
    with changed.site.read() as reader:
        assert undecided(changed.site, reader, CHANGE) == []
        planned = reader.get(Batch, id="CT-26-0019")
        assert (planned["state"], planned["revision_id"]) == ("PLANNED", "MR-CART-001@3.1")
    [adopted] = changed.rows(Adoption, "CT-26-0020")
    done = [t for t in changed.rows(Task, "CT-26-0020") if t["state"] == "completed"]
    assert (adopted["from_hash"], adopted["prefix_steps"]) == (before, len(done))
    assert ("S20", 31, "minor") in changed.exceptions("CT-26-0020")
    assert ("S20", 31, "major") in changed.exceptions("CT-26-0021")
    mixed = changed.rows(Adoption, "CT-26-0021")
    assert len(mixed) == 1
    with changed.site.read() as reader:
        batch = BatchRecord(changed.site, reader, "CT-26-0021")
        assert batch.recipe.steps["S20"].parameter("moi").nor_high == "5.0"  # type: ignore[union-attr]
        assert batch.recipe.steps["S27"].parameter("vcn_ip") is not None
        assert all(row["unchanged"] for row in shown_adoptions(batch))
    assert changed.act(open_by_replay, "QA_FLR", "CT-26-0021")["open"] == ["S20"]
    report = verify(changed.site.url, changed.site.keys)
    assert report.ok, str(report)
    train(changed.site, PEOPLE, "MR-CART-001", "3.1")
    go_on_to(changed, "S21")
    under = {t["key"]: t["recipe_hash"] for t in changed.rows(Task, "CT-26-0020")}
    assert {under[f"S{n:02}"] for n in range(1, 20)} == {adopted["from_hash"]}
    assert under["S20"] == under["S21"] == adopted["to_hash"] == planned["recipe_hash"]
    with changed.site.read() as reader:
        assert all(row["unchanged"] for row in shown_adoptions(BatchRecord(changed.site, reader, "CT-26-0020")))


def sign_again(cart: Cart, set_id: str) -> None:
    actor, proof = cart.crew["QA_DISP"]
    both = type(actor)(actor.id, actor.full_name, actor.roles | {"PROC"}, actor.kind, actor.session_id)
    perform(
        cart.site, sign_decisions, actor=both, stream=f"batch:{CHANGE}", change_id=CHANGE, set_id=set_id, proof=proof, role="PROC"
    )  # fmt: skip


def test_what_a_position_does_not_allow_is_refused_with_all_of_it_at_once(changed: Cart) -> None:
    rows = [
        {"batch": "CT-26-0021", "item": 1, "decision": "adopt"},
        {"batch": "CT-26-0020", "item": 1, "decision": "stay"},
        {"batch": "CT-26-0020", "item": 7, "decision": "adopt"},
    ]
    with pytest.raises(EntryRefusedError) as refusal:
        decide(changed, "QA_DISP", propose_decisions, rows=rows, reason="Try it")
    assert set(refusal.value.details["problems"]) == {"CT-26-0021:1", "CT-26-0020:1", "CT-26-0020:7"}
    assert "never swapped" in refusal.value.details["problems"]["CT-26-0021:1"]


def test_a_batch_that_moved_on_between_decision_and_effect_is_to_be_decided_again(changed: Cart) -> None:
    rows = [{"batch": "CT-26-0020", "item": 1, "decision": "adopt"}]
    made = decide(changed, "QA_DISP", propose_decisions, rows=rows, reason="Adopt it")
    decide(changed, "PROC", sign_decisions, set_id=made["set"])
    decide(changed, "CLI_QA", sign_decisions, set_id=made["set"])
    go_on_to(changed, "S19")
    [result] = apply_decisions(changed.site, CHANGE)
    assert "CT-26-0020" in result["refused"][0]
    row = matrix(changed)["CT-26-0020", 1]
    assert (row.state, row.position, row.settled) == ("REFUSED", "IN", False)
    assert not changed.rows(Adoption, "CT-26-0020")
    assert not [r for r in changed.rows(ExceptionRecord, "CT-26-0020") if r["number"] == 31]
    assert changed.rows(Task, "CT-26-0020", key="S20")


def go_on_to(cart: Cart, step: str) -> None:
    """CT-26-0020 goes on to a step at its own times."""
    steps = [one for one in recorded(step) if one.step_id not in {one.step_id for one in recorded("S12")}]
    cart.floor.run("CT-26-0020", later(steps, timedelta(days=8)))


def taken(cart: Cart, **decisions: str) -> dict[str, Any]:
    """Decide rows (`CT_26_0020_1="adopt"`) with every signature; nothing of it is applied yet."""
    rows = [{"batch": name[:-2].replace("_", "-"), "item": int(name[-1]), "decision": what} for name, what in decisions.items()]
    made = decide(cart, "QA_DISP", propose_decisions, rows=rows, reason="As the rules lead to")
    decide(cart, "PROC", sign_decisions, set_id=made["set"])
    decide(cart, "CLI_QA", sign_decisions, set_id=made["set"])
    return made


def test_what_is_not_in_effect_at_its_batch_yet_stands_against_closing_and_is_not_decided_again(changed: Cart) -> None:
    taken(changed, CT_26_0020_1="adopt")
    with changed.site.read() as reader:
        assert "CT-26-0020, item 1: adopt, not in effect at the batch yet" in undecided(changed.site, reader, CHANGE)
    with pytest.raises(EntryRefusedError, match="decided already"):
        taken(changed, CT_26_0020_1="hold")
    apply_decisions(changed.site, CHANGE)
    assert matrix(changed)["CT-26-0020", 1].settled


def test_a_batch_that_was_put_on_hold_is_decided_again_by_where_it_stands_then(changed: Cart) -> None:
    taken(changed, CT_26_0020_1="hold")
    apply_decisions(changed.site, CHANGE)
    row = matrix(changed)["CT-26-0020", 1]
    assert (row.state, row.position, row.settled, row.default) == ("APPLIED", "BEFORE", False, "adopt")
    taken(changed, CT_26_0020_1="adopt")
    apply_decisions(changed.site, CHANGE)
    assert matrix(changed)["CT-26-0020", 1].settled


def test_a_batch_that_ended_before_its_decision_took_effect_keeps_no_change_open(changed: Cart) -> None:
    taken(changed, CT_26_0020_1="adopt")
    actor, proof = changed.crew["QA_DISP"]
    where: dict[str, Any] = {"stream": "batch:CT-26-0020", "batch_id": "CT-26-0020"}
    perform(changed.site, terminate_batch, actor=actor, **where, reason="The patient withdrew.", proof=proof)
    [result] = apply_decisions(changed.site, CHANGE)
    assert result["refused"]
    row = matrix(changed)["CT-26-0020", 1]
    assert (row.allowed, row.why, row.settled) == (("not_applicable",), "It has ended.", False)
    taken(changed, CT_26_0020_1="not_applicable")
    apply_decisions(changed.site, CHANGE)
    assert matrix(changed)["CT-26-0020", 1].settled


def test_a_proposal_is_replaced_by_another_person_only_who_has_seen_it_and_then_waits_for_nobody(changed: Cart) -> None:
    row = {"batch": "CT-26-0020", "item": 1, "decision": "adopt"}
    first = decide(changed, "QA_DISP", propose_decisions, rows=[row], reason="Adopt it")
    with pytest.raises(EntryRefusedError, match=r"adopt was proposed .* waits for PROC, CLI_QA"):
        decide(changed, "QA_FLR", propose_decisions, rows=[row | {"decision": "hold"}], reason="Wait")
    second = decide(changed, "QA_FLR", propose_decisions, rows=[row | {"replaces": first["set"]}], reason="Said better")
    with pytest.raises(OutcomeNotAllowedError):
        decide(changed, "PROC", sign_decisions, set_id=first["set"])
    assert decide(changed, "PROC", sign_decisions, set_id=second["set"])["roles_open"] == ["CLI_QA"]
