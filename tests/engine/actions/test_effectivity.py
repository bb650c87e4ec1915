"""Which revision is in effect: from its instant, to the microsecond, whether or not a timer has fired."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bpmn.new_diagram import with_header
from engine import clock, errors
from engine.actions import batches
from engine.actions.timers import fire_due
from engine.records import RecipeRevision
from engine.revisions import in_effect
from engine.site import Site
from engine.transaction import perform
from tests.batches import start
from tests.people import actor_of, proof_of, train
from tests.revisions import FIRST, XML, Team


@pytest.fixture
def team(site: Site) -> Team:
    return Team(site)


@pytest.fixture
def simulated() -> Iterator[Any]:
    """The clock stands at a full minute of this day, and is moved by the test."""
    clock.simulate(clock.now().replace(second=0, microsecond=0))
    yield clock.simulate
    clock.stop_simulating()


def revisions_in_effect(team: Team, first: Any, second: Any) -> str:
    """Two revisions, approved, each with its instant."""
    newer = with_header(XML, revision="2.0")
    team.draft()
    team.draft("2.0", newer)
    for revision_id, at in ((FIRST, first), ("MR-ROW-001@2.0", second)):
        assert team.approve(revision_id) == "APPROVED"
        team.effective(revision_id, at)
    for revision in ("1.0", "2.0"):
        train(team.site, team.staff["MFG_SUP"], "MR-ROW-001", revision)
    return "MR-ROW-001@2.0"


def issued_on(team: Team, number: int) -> str:
    return str(start(team.site, team.staff, "MR-ROW-001", f"B-{number}")["recipe"])


@pytest.mark.requirement("C4-02", "N-15")
@pytest.mark.parametrize("fired", [False, True], ids=["before the timer", "after the timer"])
def test_which_revision_is_issued_turns_over_at_the_instant_itself(team: Team, simulated: Any, fired: bool) -> None:
    now = clock.now()
    turn = now + timedelta(hours=1)
    newer = revisions_in_effect(team, now + timedelta(minutes=5), turn)
    simulated(turn - timedelta(seconds=30))
    assert fire_due(team.site) == 1
    assert issued_on(team, 1) == FIRST
    simulated(turn)
    assert (fire_due(team.site) == 1) if fired else True
    assert issued_on(team, 2) == newer
    supervisor = team.staff["MFG_SUP"]
    order: dict[str, Any] = {"revision": "1.0", "order": {"coi": "C"}, "proof": proof_of(team.site, supervisor)}
    with pytest.raises(errors.RevisionNotEffectiveError):
        perform(
            team.site, batches.start_batch, actor=actor_of(team.site, supervisor), stream="batch:B-3",
            recipe_id="MR-ROW-001", batch_id="B-3", **order,
        )  # fmt: skip
    fire_due(team.site)
    assert (team.state(FIRST), team.state(newer)) == ("SUPERSEDED", "EFFECTIVE")
    assert team.view(FIRST)["waiting"] == team.view(FIRST)["any_time"] == [], "its own life cycle has ended"


@pytest.mark.requirement("N-15")
def test_of_the_hour_that_clocks_repeat_it_is_the_second_that_was_meant(team: Team, simulated: Any) -> None:
    zone, hour = ZoneInfo("Europe/Berlin"), clock.now().replace(minute=0)
    while not hour.astimezone(zone).fold:
        hour += timedelta(hours=1)
    turn = hour + timedelta(minutes=30)  # half past two for the second time
    simulated(turn - timedelta(days=1))
    newer = revisions_in_effect(team, turn - timedelta(hours=20), turn.astimezone(zone))
    simulated(turn - timedelta(hours=1))  # half past two for the first time
    assert issued_on(team, 1) == FIRST
    simulated(turn - timedelta(seconds=1))
    assert issued_on(team, 2) == FIRST
    simulated(turn)
    assert issued_on(team, 3) == newer


def test_the_instant_counts_to_the_microsecond(team: Team) -> None:
    team.draft()
    team.approve(FIRST)
    at = clock.now() + timedelta(hours=1, microseconds=7)
    stored = team.effective(FIRST, at)["effective_at"]
    with team.site.read() as reader:
        rows = reader.rows(RecipeRevision, recipe_id="MR-ROW-001")
    assert stored == clock.text(at)
    assert in_effect(rows, clock.text(at - timedelta(microseconds=1))) is None
    assert in_effect(rows, clock.text(at)) is not None


def test_an_older_revision_can_t_follow_a_newer_one(team: Team, simulated: Any) -> None:
    now = clock.now()
    team.draft()
    team.draft("2.0", with_header(XML, revision="2.0"))
    for revision_id in (FIRST, "MR-ROW-001@2.0"):
        team.approve(revision_id)
    team.effective("MR-ROW-001@2.0", now + timedelta(minutes=10))
    with pytest.raises(errors.RevisionNotEffectiveError, match=r"2\.0"):
        team.effective(FIRST, now + timedelta(hours=1))
    simulated(now + timedelta(minutes=11))
    fire_due(team.site)
    assert team.state(FIRST) == "SUPERSEDED", "it was approved and is never needed now"


def test_an_instant_that_is_past_is_refused(team: Team) -> None:
    team.draft()
    team.approve(FIRST)
    with pytest.raises(errors.RevisionNotEffectiveError, match="past"):
        team.effective(FIRST, clock.now() - timedelta(minutes=2))


def test_a_retired_revision_is_issued_no_more(team: Team) -> None:
    team.draft()
    team.approve(FIRST)
    team.effective(FIRST, clock.now())
    fire_due(team.site)
    train(team.site, team.staff["MFG_SUP"], "MR-ROW-001", "1.0")
    assert issued_on(team, 1) == FIRST
    team.at_any_time(FIRST, "RETIRE", "QA_DISP", "approved_by_qa", reason="The product ended.")
    assert team.state(FIRST) == "RETIRED"
    with pytest.raises(errors.RevisionNotEffectiveError):
        issued_on(team, 2)
