"""The recorded batch through the pages in a browser, from its order to the signed disposition and the shipment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from engine.queries.counts import review_counts
from engine.records import Batch, Decision, ParameterValue, Scan, Signature
from engine.verify import verify
from tests.conftest import Databases
from tests.stories.cart import BATCH, ORDER, recorded
from tests.web.measure_pages import told
from tests.web.page_hands import AtPages, cart_at_pages


@pytest.fixture
def at_pages(request, browser, database_kind, databases_of, tmp_path) -> Iterator[AtPages]:
    """Parametrised indirectly: whether scripts run."""
    databases: Databases = databases_of(database_kind)
    name, url = databases.migrated()
    with cart_at_pages(url, tmp_path, browser, scripts=getattr(request, "param", True)) as found:
        yield found
    databases.drop(name)


one_database = pytest.mark.parametrize("database_kind", ["sqlite"])


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.requirement("DI-06", "P11-28")
def test_the_recorded_batch_goes_from_order_to_shipment_through_the_pages_without_an_exception(at_pages):
    cart, hands = at_pages.cart, at_pages.hands
    at_pages.floor.at(min(visit.started_at for visit in recorded()) - timedelta(minutes=30))
    hands.issue("MFG_SUP", BATCH, ORDER)
    at_pages.floor.run(BATCH, recorded())
    (disposition,) = cart.rows(Signature, BATCH, subject="task:S41")
    with cart.site.read() as reader:
        batch, counts = reader.get(Batch, id=BATCH), review_counts(reader, BATCH)
    assert (batch["state"], disposition["meaning"]) == ("COMPLETED", "released_by")
    assert (counts["values"], counts["exceptions"], cart.exceptions(BATCH)) == (148, 0, [])
    assert verify(cart.site.url, cart.site.keys).problems == []
    print(f"\nsubmit to next step: {told(hands.waited)}, with a password hash that costs nothing")


@one_database
@pytest.mark.parametrize("at_pages", [False], indirect=True)
def test_without_scripts_the_first_steps_are_started_scanned_recorded_verified_and_signed(at_pages):
    visits = recorded("S03")
    at_pages.floor.at(visits[0].started_at - timedelta(minutes=30))
    at_pages.hands.issue("MFG_SUP", BATCH, ORDER)
    at_pages.floor.run(BATCH, visits[:2])
    at_pages.floor.at(visits[2].started_at)
    at_pages.floor.begin(BATCH, visits[2])
    assert "Expected: yes" in at_pages.hands.page_of("MFG_OP").inner_text("main")
    at_pages.floor.finish(BATCH, visits[2])
    assert [at_pages.cart.task(BATCH, visit.step_id)["state"] for visit in visits] == ["completed"] * 3
    assert at_pages.hands.page_of("MFG_OP").evaluate("document.documentElement.dataset.scripts") is None
    assert at_pages.cart.exceptions(BATCH) == []


DEPARTURE = {
    "departure_id": "PD-2026-031", "parameter_id": "viab", "departure_reason": "Second apheresis impossible.",
    "risk": "Lower expansion.", "mitigation": "Seed 7e7.",
}  # fmt: skip
AGREED = "The disease progresses; there is no other way for this patient."


@one_database
@pytest.mark.requirement("P4-06", "G-07")
def test_0009_low_viability_is_blocked_until_four_people_have_signed_at_their_pages(at_pages):
    batch, cart, hands = "CT-26-0009", at_pages.cart, at_pages.hands
    cart.run(batch, recorded("S03"))
    there = next(visit for visit in recorded() if visit.step_id == "S04")
    there = replace(there, values={**there.values, "viab": "78"})
    at_pages.floor.at(there.started_at)
    at_pages.floor.begin(batch, there)
    at_pages.floor.at(there.ended_at)
    at_pages.floor.record(batch, there)
    page = hands.at("MFG_OP", f"/batches/{batch}/tasks/S04")
    assert "This step is blocked" in page.inner_text("main")
    assert page.query_selector('button[value="sign"]') is None
    hands.request_departure("PROC", batch, "S04", **DEPARTURE)
    for role in ("PROC", "MED", "QA_FLR", "CLI_QA"):
        assert cart.task(batch, "S04")["blocked"]
        hands.decide(role, batch, "S04", "proceed", AGREED)
        again = hands.at(role, f"/batches/{batch}/tasks/S04/decision")
        assert again.query_selector('[name="outcome"]') is None
    at_pages.floor.sign(batch, there)
    assert cart.task(batch, "S04")["state"] == "completed"
    assert [d["role"] for d in cart.rows(Decision, batch)] == ["PROC", "MED", "QA_FLR", "CLI_QA"]



@one_database
def test_readings_come_to_the_page_by_themselves_and_what_is_typed_there_stays(at_pages):
    cart, hands = at_pages.cart, at_pages.hands
    visits = recorded("S02")
    cart.run(BATCH, visits[:1])
    at_pages.floor.at(visits[1].started_at)
    at_pages.floor.begin(BATCH, visits[1])
    page = hands.page_of("MFG_OP")
    page.fill('[name="password"]', "half typed")
    (scan,) = cart.rows(Scan, BATCH, task_key="S02", kind="equipment")
    hands.read(scan["equipment_id"], BATCH, "S02", "t_min", "3.1", "C")
    page.wait_for_selector('button[value="accept"]')
    assert "Transport temperature max" in page.inner_text("#readings p")
    assert page.input_value('[name="password"]') == "half typed"
    hands.press(page, 'button[value="accept"]')
    assert [row["text"] for row in cart.rows(ParameterValue, BATCH, parameter_id="t_min")] == ["3.1"]
