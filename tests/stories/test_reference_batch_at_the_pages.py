"""The recorded reference batch once more, by people at the pages in a browser, from the order to the disposition."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

import pytest

from engine import clock, passwords
from engine.actions.timers import fire_due
from engine.database import migrate
from engine.keys import create_keys, load_keys
from engine.queries.review import review
from engine.site import open_site
from engine.verify import verify
from tests.web.hands import PageHands
from tests.web.serving import served
from web import demo
from web.app import create_app
from web.demo.floor import Floor, Moment
from web.demo.furnish import approve_recipe, stock
from web.demo.hands import DirectHands
from web.demo.people import settle, train
from web.demo.plans import recorded_run

BATCH = "CT-26-0007"
ORDER = {
    "coi": "COI-NVX-000117", "din": "G1234 98 654321H", "subject": "101-004",
    "collection_end": "2026-03-01T10:00:00+00:00", "weight_kg": "74.0", "dose_per_kg": "2.0e6", "max_dose": "2.0e8",
}  # fmt: skip
FOREVER = 10**9


@pytest.fixture
def site(tmp_path):
    passwords.set_cost(passwords.CHEAP)
    (tmp_path / "records").mkdir()
    url = f"sqlite:///{tmp_path}/records/site.sqlite"
    migrate(url)
    create_keys(tmp_path / "keys")
    opened = open_site(url, tmp_path / "keys", zone="Europe/Berlin")
    yield opened
    opened.close()
    clock.stop_simulating()


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.requirement("DI-11", "DI-06")
def test_the_reference_batch_reaches_its_disposition_with_no_exception(site, browser, tmp_path):
    visits = recorded_run()
    first = min(visit.started_at for visit in visits)
    clock.simulate(first - timedelta(days=2))
    crew, xml = settle(site), demo.recipe_xml()
    revision = approve_recipe(site, crew, xml)
    train(site, demo.PEOPLE, *revision.split("@"))
    stock(site, crew, xml)
    with served(create_app(site, SIGN_IN_LIMIT="", LOCK_AFTER_SECONDS=FOREVER)) as address:
        hands = PageHands(browser, address, site, DirectHands(site, crew))
        floor = Floor(site, hands, partial(fire_due, site), demo.after_end())
        issued = Moment(first - timedelta(minutes=20), 0, partial(hands.issue, BATCH, ORDER))
        floor.play([issued, *floor.moments(BATCH, visits)])
        hands.close()
    record = review(site, BATCH)
    assert record["exceptions"] == []
    assert (record["counts"]["values"], record["batch"]["disposition"]) == (148, "released_by")
    assert all(signature["valid"] for signature in record["signatures"])
    assert verify(site.url, load_keys(tmp_path / "keys")).ok
    assert datetime.fromisoformat(record["batch"]["order"]["collection_end"]).hour == 10
