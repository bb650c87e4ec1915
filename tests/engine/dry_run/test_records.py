"""A dry run beside a site: in a process of its own, nothing in the record but the signed report, which is evidence."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from engine import clock
from engine.actions.drafts import save_draft, start_draft
from engine.actions.dry_runs import sign_dry_run
from engine.canonical import canonical
from engine.dry_run import by_hand, jobs, system_dry_run
from engine.errors import (
    DiagramRefusedError,
    DryRunBusyError,
    DryRunOutdatedError,
    NotPermittedError,
    RecordNotFoundError,
    SiteNotReadyError,
)
from engine.queries.drafts import draft_view
from engine.queries.dry_runs import dry_run, dry_runs_of, evidence
from engine.records import DryRun
from engine.site import Site
from engine.transaction import SYSTEM, perform
from engine.verify import verify
from tests.engine.dry_run.drawn import branching, small
from tests.people import Staff, actor_of, proof_of
from tests.stories.workshop import number

REVISION = "MR-ANY-001@1.0"
PATIENCE_SECONDS = 90
one_database = pytest.mark.parametrize("database_kind", ["sqlite"])


@pytest.fixture
def staff(site: Site) -> Staff:
    return Staff(site)


@pytest.fixture
def draft(site: Site, staff: Staff) -> str:
    """A draft of a small recipe; answers its diagram."""
    xml = branching().decode()
    perform(
        site, start_draft, actor=actor_of(site, staff["PROC"]), stream="recipe:MR-ANY-001", recipe_id="MR-ANY-001",
        revision="1.0", xml=xml,
    )  # fmt: skip
    return dry_run_text(site)


def dry_run_text(site: Site) -> str:
    return str(draft_view(site, REVISION)["xml"])


def entries(site: Site) -> int:
    """How many entries the site's whole trail has."""
    with site.read() as reader:
        return int(reader.fetch("SELECT COUNT(*) FROM journal")[0][0])


def finished(site: Site, xml: str) -> str:
    """A job that is done, without a process."""
    found = system_dry_run(xml.encode())
    job_id = jobs.add(site, revision_id=REVISION, digest=found["hash"], kind="system", started_by="proc", state="running")
    jobs.tell(site.engine, job_id, state="done", message=found["verdict"], report=canonical(found))
    return job_id


def sign(site: Site, staff: Staff, job_id: str, role: str = "PROC") -> dict:
    return perform(
        site, sign_dry_run, actor=actor_of(site, staff[role]), stream="recipe:MR-ANY-001", revision_id=REVISION, job_id=job_id,
        proof=proof_of(site, staff[role]),
    )  # fmt: skip


def test_it_runs_in_a_process_of_its_own_and_records_nothing_in_the_site(site: Site, draft: str) -> None:
    before = entries(site)
    job_id = jobs.start(site, revision_id=REVISION, xml=draft, started_by="proc")
    until = time.monotonic() + PATIENCE_SECONDS
    while (job := jobs.job(site, job_id))["state"] in jobs.LIVE and time.monotonic() < until:
        time.sleep(0.2)
    assert (job["state"], job["message"]) == ("done", "passed")
    assert json.loads(job["report"])["verdict"] == "passed"
    assert entries(site) == before


@pytest.mark.requirement("CSA-03")
def test_the_signed_report_is_evidence_for_exactly_this_diagram(site: Site, staff: Staff, draft: str) -> None:
    job_id = finished(site, draft)
    digest = dry_run(site, job_id)["hash"]
    with site.read() as reader:
        assert evidence(reader, digest) is None
    sign(site, staff, job_id)
    with site.read() as reader:
        found = evidence(reader, digest)
        assert found is not None
        assert found["id"] == job_id
        assert evidence(reader, "0" * 64) is None
    assert verify(site.url, site.keys).ok


@one_database
def test_only_a_process_owner_signs_and_only_for_the_diagram_as_it_is_now(site: Site, staff: Staff, draft: str) -> None:
    job_id = finished(site, draft)
    with pytest.raises(NotPermittedError):
        sign(site, staff, job_id, "QA_FLR")
    perform(
        site, save_draft, actor=actor_of(site, staff["PROC"]), stream="recipe:MR-ANY-001", revision_id=REVISION,
        xml=small(number("ph", "7.0..7.4", "6.9..7.5")).decode(), version=1,
    )  # fmt: skip
    with pytest.raises(DryRunOutdatedError, match="changed since"):
        sign(site, staff, job_id)
    assert [r["outdated"] for r in dry_runs_of(site, REVISION)["dry_runs"]] == [True]
    with site.read() as reader:
        assert not reader.rows(DryRun)


def test_a_job_whose_process_is_gone_says_that_it_has_ended(site: Site, draft: str) -> None:
    job_id = jobs.add(site, revision_id=REVISION, digest="0" * 64, kind="system", started_by="proc", state="running")
    long_ago = clock.text(datetime.now(UTC) - 2 * jobs.SILENT)
    with site.writing() as connection:
        connection.execute(update(jobs.TABLE).where(jobs.TABLE.c.id == job_id).values(alive_at=long_ago))
        connection.commit()
    assert jobs.job(site, job_id)["state"] == "failed"
    assert "has ended before it was done" in jobs.job(site, job_id)["message"]


@one_database
def test_a_diagram_with_findings_and_a_third_dry_run_at_once_are_refused(site: Site, draft: str) -> None:
    with pytest.raises(DiagramRefusedError):
        jobs.start(site, revision_id=REVISION, xml=small(number("ph", "7.4..7.0")).decode(), started_by="proc")
    for _ in range(jobs.MOST_AT_ONCE):
        jobs.add(site, revision_id=REVISION, digest="0" * 64, kind="system", started_by="proc", state="running")
    with pytest.raises(DryRunBusyError):
        jobs.start(site, revision_id=REVISION, xml=draft, started_by="proc")


@one_database
def test_a_cancelled_job_hears_of_it(site: Site, draft: str) -> None:
    job_id = jobs.add(site, revision_id=REVISION, digest="0" * 64, kind="system", started_by="proc")
    assert jobs.tell(site.engine, job_id, state="running", done=1)
    jobs.cancel(site, job_id)
    assert not jobs.tell(site.engine, job_id, state="running", done=2)


@one_database
def test_a_rehearsals_clock_counts_on_no_other_site(site: Site) -> None:
    with clock.rehearse(clock.RehearsalClock(datetime(2030, 1, 1, tzinfo=UTC))):
        assert clock.now().year == 2030
        with pytest.raises(SiteNotReadyError, match="dry run"):
            perform(site, lambda act, actor: act.note("lot:registered") or {}, actor=SYSTEM, stream="lot:x")
    assert clock.now().year != 2030


@one_database
def test_a_person_rehearses_with_the_time_moved_on_and_the_report_says_how_far_they_came(site: Site, draft: str) -> None:
    before = entries(site)
    about = by_hand.begin(site, revision_id=REVISION, xml=draft, started_by="proc", like="targets")
    assert float(about.fill["S01"]["seed"]) == 30
    own = by_hand.site_of(about)
    passed = by_hand.let_time_pass(about, own, 2.0)
    assert passed >= timedelta(hours=2)
    assert by_hand.opened(site, about.id).clock().now() - datetime.now(UTC) > timedelta(hours=1.9)
    own.close()
    report = by_hand.end(site, about)
    assert (report["kind"], report["verdict"]) == ("person", "failed")
    assert report["reasons"] == ["The dry run was ended before any batch came to its end."]
    with pytest.raises(RecordNotFoundError):
        by_hand.opened(site, about.id)
    assert entries(site) == before
    assert not (by_hand.root(site) / about.id).exists()


@one_database
def test_rehearsals_are_bounded_in_number_and_age(site: Site, draft: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(by_hand, "MOST", 1)
    first = by_hand.begin(site, revision_id=REVISION, xml=draft, started_by="proc")
    with pytest.raises(DryRunBusyError):
        by_hand.begin(site, revision_id=REVISION, xml=draft, started_by="proc")
    monkeypatch.setattr(by_hand, "MOST_HOURS", -1)
    by_hand.clean_up(site)
    assert jobs.job(site, first.id)["state"] == "failed"
    assert list(by_hand.root(site).iterdir()) == []

