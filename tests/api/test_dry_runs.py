"""Dry runs over the API: begun, followed, ended, signed."""

from __future__ import annotations

import time

import pytest

from engine.canonical import canonical
from engine.dry_run import jobs, system_dry_run
from engine.site import Site
from tests.api.conftest import AsRole, one_database
from tests.engine.dry_run.drawn import branching, small
from tests.people import PASSWORD
from tests.stories.workshop import number

REVISION = "MR-ANY-001@1.0"
pytestmark = one_database


@pytest.fixture
def xml(as_role: AsRole) -> str:
    """The draft of a small recipe."""
    body = {"recipe_id": "MR-ANY-001", "revision": "1.0", "xml": branching().decode()}
    assert as_role("PROC").post("/drafts", body).status_code == 201
    return str(as_role("PROC").get(f"/drafts/{REVISION}").get_json()["xml"])


def test_a_dry_run_is_begun_followed_and_signed(as_role: AsRole, xml: str) -> None:
    owner = as_role("PROC")
    started = owner.post("/recipes/dry-runs", {"revision_id": REVISION})
    assert started.status_code == 202
    path, until = f"/dry-runs/{started.get_json()['dry_run']}", time.monotonic() + 60
    while (found := owner.get(path).get_json())["state"] in jobs.LIVE and time.monotonic() < until:
        time.sleep(0.2)
    assert (found["state"], found["report"]["verdict"], found["outdated"]) == ("done", "passed", False)
    signed = owner.post(f"{path}/signatures", {"password": PASSWORD, "report_hash": found["report_hash"]})
    assert signed.get_json()["verdict"] == "passed"
    listed = as_role("QA_FLR").get(f"/recipes/{REVISION}/dry-runs").get_json()["dry_runs"]
    assert [len(r["signatures"]) for r in listed] == [1]


def test_a_diagram_that_an_editor_has_open_is_refused_with_every_finding(as_role: AsRole, xml: str) -> None:
    wrong = small(number("ph", "7.4..7.0", "6.9..7.5")).decode()
    refused = as_role("PROC").post("/recipes/dry-runs", {"xml": wrong})
    assert refused.status_code == 422
    assert refused.get_json()["findings"][0]["element"] == "S01"
    assert as_role("PROC").post("/recipes/dry-runs", {"xml": "<a"}).status_code == 422
    assert as_role("PROC").post("/recipes/dry-runs", {}).status_code == 422
    assert as_role("MFG_OP").post("/recipes/dry-runs", {"revision_id": REVISION}).status_code == 403


def test_a_dry_run_is_ended_and_an_unknown_one_not_found(site: Site, as_role: AsRole, xml: str) -> None:
    job_id = jobs.add(site, revision_id=REVISION, digest="0" * 64, kind="system", started_by="proc", state="running")
    assert as_role("PROC").post(f"/dry-runs/{job_id}/end", {}).status_code == 200
    assert as_role("PROC").get(f"/dry-runs/{job_id}").get_json()["state"] == "cancelled"
    assert as_role("PROC").get("/dry-runs/DR-none").status_code == 404


def test_a_report_that_is_not_the_one_shown_is_not_signed(site: Site, as_role: AsRole, xml: str) -> None:
    found = system_dry_run(xml.encode())
    job_id = jobs.add(site, revision_id=REVISION, digest=found["hash"], kind="system", started_by="proc", state="running")
    jobs.tell(site.engine, job_id, state="done", message="passed", report=canonical(found))
    body = {"password": PASSWORD, "report_hash": "0" * 64}
    assert as_role("PROC").post(f"/dry-runs/{job_id}/signatures", body).status_code == 409
