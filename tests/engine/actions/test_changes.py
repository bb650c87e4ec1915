"""A change goes as its process is drawn: assessed, approved, in effect from its instant, decided for the batches, closed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from engine import clock, errors
from engine.actions.timers import fire_due
from engine.site import Site
from engine.verify import verify
from tests.changes import CHANGE, ChangeTeam


@pytest.fixture
def team(site: Site) -> ChangeTeam:
    return ChangeTeam(site)


def test_a_change_goes_the_full_route_as_it_is_drawn(team: ChangeTeam) -> None:
    team.proposed()
    states = [team.change()["state"]]
    states.append(team.initiate()["state"])
    assert {"MFG", "MSAT"} <= set(team.assess())
    assert team.state(team.revision) == "PENDING_APPROVAL"
    at = clock.now() + timedelta(hours=1)
    states.append(team.approve_change(at=at)["state"])
    assert team.state(team.revision) == "APPROVED"
    assert team.revision_row(team.revision)["effective_at"] == clock.text(at)
    clock.simulate(clock.now() + timedelta(hours=2))
    fire_due(team.site)
    assert team.state(team.revision) == "EFFECTIVE"
    assert team.state("MR-ROW-001@1.0") == "SUPERSEDED"
    team.do("OPEN_BATCHES", "QA_FLR", "reviewed_by_qa")
    team.do_duties()
    states.append(team.do("IMPLEMENT", "MFG_SUP", "implementation_verified_by", evidence="Seen.")["state"])
    states.append(
        team.do("EFFECTIVENESS", "MSAT", "technical_assessment_by", criterion="10 batches", result="10 good", effective="true")["state"]
    )
    states.append(team.do("CLOSE", "QA_DISP", "closed_by_qa")["state"])
    assert states == ["INITIATED", "ASSESSMENT", "IMPLEMENTING", "EFFECTIVENESS", "EFFECTIVENESS", "CLOSED"]
    assert verify(team.site.url, team.site.keys).ok
