"""One clock: instants with their zone, one width of text; only a test or demo process may move it, and says so."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import clock, records
from engine.site import Site
from engine.transaction import perform
from tests.engine.small_site import QUINN, add_lot, change_lot

INSTANT = datetime(2026, 3, 2, 8, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _real_time_afterwards() -> Iterator[None]:
    yield
    clock.stop_simulating()


@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)))
def test_text_and_instant_are_one_to_one_and_text_order_is_time_order(one: datetime, two: datetime) -> None:
    assert clock.parse(clock.text(one)) == one
    assert len(clock.text(one)) == 27
    assert (clock.text(one) < clock.text(two)) == (one < two)


@pytest.mark.parametrize("text", ["2026-03-02", "2026-03-02T08:00:00Z", "2026-03-02T08:00:00.000000+00:00", "x" * 27])
def test_only_the_stored_form_is_read_back(text: str) -> None:
    with pytest.raises(ValueError):
        clock.parse(text)


def test_an_instant_in_any_zone_is_stored_in_utc() -> None:
    there = datetime(2026, 3, 2, 9, tzinfo=timezone(timedelta(hours=1)))
    assert clock.text(there) == "2026-03-02T08:00:00.000000Z"


def test_a_time_without_a_zone_is_refused() -> None:
    naive = INSTANT.replace(tzinfo=None)
    for refuse in (clock.text, clock.simulate):
        with pytest.raises(ValueError, match="no time zone"):
            refuse(naive)


def test_a_moved_clock_runs_on_and_says_so() -> None:
    assert not clock.is_simulated()
    clock.simulate(INSTANT)
    assert INSTANT <= clock.now() < INSTANT + timedelta(seconds=5)
    assert clock.is_simulated()


@pytest.mark.requirement("MHRA-01")
def test_a_production_process_has_no_such_switch() -> None:
    environment = {name: value for name, value in os.environ.items() if name != "BATCHWRIGHT_SIMULATED_TIME"}
    program = "from engine import clock; print(hasattr(clock, 'simulate'))"
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment, check=True)
    assert said.stdout.strip() == "False"


@pytest.mark.requirement("P11-09")
def test_an_act_under_a_moved_clock_is_marked_as_simulated(site: Site) -> None:
    clock.simulate(INSTANT)
    perform(site, add_lot, actor=QUINN, stream="lot:L-1", lot_id="L-1")
    with site.read() as reader:
        entry = reader.get(records.Journal, stream="lot:L-1", seq=1)
    assert (entry["simulated"], entry["at"][:19]) == (1, "2026-03-02T08:00:00")


def tags(site: Site) -> list[str]:
    with site.read() as reader:
        entry = reader.rows(records.Journal, stream="lot:L-1", order=("seq",))[-1]
    return [entry["tag"], *(note["tag"] for note in json.loads(entry["body"]).get("more", []))]


@pytest.mark.requirement("MHRA-01", "P11-09")
def test_a_wall_clock_that_was_set_is_in_the_trail_of_the_next_act(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    perform(site, add_lot, actor=QUINN, stream="lot:L-1", lot_id="L-1")
    assert tags(site) == ["lot:registered"]
    real = clock.time.time
    monkeypatch.setattr(clock.time, "time", lambda: real() - 3600)
    perform(site, change_lot, actor=QUINN, stream="lot:L-1", lot_id="L-1", status="quarantined")
    assert tags(site) == ["lot:changed", "clock:stepped"]
    perform(site, change_lot, actor=QUINN, stream="lot:L-1", lot_id="L-1", status="released")
    assert tags(site) == ["lot:changed"]


def test_each_move_of_a_simulated_clock_is_in_the_trail(site: Site) -> None:
    perform(site, add_lot, actor=QUINN, stream="lot:L-1", lot_id="L-1")
    clock.simulate(INSTANT)
    perform(site, change_lot, actor=QUINN, stream="lot:L-1", lot_id="L-1", status="quarantined")
    assert tags(site) == ["lot:changed", "clock:moved"]
