"""The recorded batch once more, every act a request to the API: the same record, and still no exception."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine.records import Batch, Signature
from engine.verify import verify
from tests.stories.api_hands import ApiHands
from tests.stories.cart import BATCH, ORDER, Cart, expected_values, recorded
from web.app import create_app


@pytest.mark.slow
def test_the_recorded_batch_runs_over_the_api_with_its_devices_and_times(cart: Cart) -> None:
    hands = ApiHands(create_app(cart.site, SIGN_IN_LIMIT="").test_client())
    cart.floor.hands = hands
    visits = recorded()
    cart.floor.at(min(visit.started_at for visit in visits) - timedelta(minutes=30))
    hands.issue(BATCH, "MR-CART-001", ORDER)
    cart.floor.run(BATCH, visits)
    assert cart.exceptions(BATCH) == []
    values = cart.values(BATCH)
    assert values.keys() == expected_values().keys()
    assert {row["source"] for row in values.values()} == {"manual", "device", "calc", "scan", "master"}
    with cart.site.read() as reader:
        assert reader.get(Batch, id=BATCH)["disposition"] == "released_by"
        sources = reader.fetch(f"SELECT DISTINCT source FROM journal WHERE stream = {reader.mark}", f"batch:{BATCH}")
    assert {"api", "device"} <= {row[0] for row in sources} <= {"api", "device", "system"}
    assert len(cart.rows(Signature, BATCH, subject="task:S41")) >= 1
    assert verify(cart.site.url, cart.site.keys).ok
