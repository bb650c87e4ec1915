"""Pages of dry runs: started and watched, the report signed; a person clicks through a rehearsal as several people."""

from __future__ import annotations

import re
import time
from html import unescape

import pytest

from engine.actions.drafts import start_draft
from engine.canonical import canonical
from engine.dry_run import by_hand, jobs, system_dry_run
from engine.queries.drafts import draft_view
from engine.queries.people import person_actor
from engine.records import DryRun
from engine.transaction import perform
from tests.engine.dry_run.drawn import branching, small
from tests.stories.workshop import number
from tests.web.conftest import OWN, hire, sign_in
from tests.web.serving import served
from tests.web.test_accessibility import sideways, violations

REVISION = "MR-ANY-001@1.0"
LIST = f"/recipes/{REVISION}/dry-run"


@pytest.fixture
def draft(small_site):
    hire(small_site, "pia", "Pia Owner", ("PROC",))
    with small_site.read() as reader:
        epoch = reader.fetch("SELECT session_epoch FROM person WHERE id = 'pia'")[0][0]
    actor = person_actor(small_site, "pia", session_epoch=epoch, session_id="x")
    assert actor is not None

    def begin(xml: bytes) -> str:
        perform(
            small_site, start_draft, actor=actor, stream="recipe:MR-ANY-001", recipe_id="MR-ANY-001", revision="1.0",
            xml=xml.decode(),
        )  # fmt: skip
        return draft_view(small_site, REVISION)["xml"]

    return begin


def done(site, xml: str) -> str:
    found = system_dry_run(xml.encode())
    job_id = jobs.add(site, revision_id=REVISION, digest=found["hash"], kind="system", started_by="pia", state="running")
    jobs.tell(site.engine, job_id, state="done", message=found["verdict"], report=canonical(found))
    return job_id


def test_a_process_owner_starts_a_dry_run_watches_it_and_signs_its_report(small_site, client, draft):
    draft(branching())
    sign_in(client, "pia")
    started = client.post(LIST, data={"do": "start"})
    where = started.headers["Location"]
    until = time.monotonic() + 60
    while "HX-Refresh" not in (page := client.get(where, headers={"HX-Request": "true"})).headers and time.monotonic() < until:
        assert "Under way" in page.text
        time.sleep(0.2)
    page = client.get(where).text
    assert "Passed" in page
    assert "4 of 4" in page
    [shown] = re.findall(r'name="report_hash" value="(\w+)"', page)
    assert client.post(where, data={"do": "sign", "report_hash": shown, "password": "wrong"}).status_code == 403
    assert client.post(where, data={"do": "sign", "report_hash": shown, "password": "Quiet-Copper-88"}).status_code == 302
    assert "Technical assessment by" in client.get(where).text
    with small_site.read() as reader:
        assert len(reader.rows(DryRun)) == 1


def test_the_coverage_and_the_report_can_be_fetched_and_every_value_is_on_the_page(small_site, client, draft):
    job_id = done(small_site, draft(small(number("ph", "7.0..7.4", "6.9..7.5"))))
    sign_in(client, "anna")
    states = client.get(f"/dry-runs/{job_id}/coverage.json").json
    assert states["S01"] == {"state": "reached", "label": "Reached."}
    assert b"BPMNShape" in client.get(f"/dry-runs/{job_id}/diagram.xml").data
    assert client.get(f"/dry-runs/{job_id}/report.json").json["verdict"] == "passed"
    page = client.get(f"/dry-runs/{job_id}").text
    assert "<code>7.6</code> outside the upper PAR: major and blocks" in page
    assert "Keep and sign" not in page


def test_who_has_no_right_on_recipes_sees_none_of_it_and_only_owners_start(small_site, client, draft):
    job_id = done(small_site, draft(small()))
    sign_in(client, "petra")
    for path in (LIST, f"/dry-runs/{job_id}", f"/dry-run/{job_id}/", f"/dry-runs/{job_id}/report.json"):
        assert client.get(path).status_code == 403
    sign_in(client, "sam")
    assert client.get(LIST).status_code == 200
    assert client.post(LIST, data={"do": "start"}).status_code == 403
    assert client.get(f"/dry-run/{job_id}/").status_code == 404


def test_findings_are_told_where_the_dry_run_is_started(client, draft):
    draft(small(number("ph", "7.4..7.0", "6.9..7.5")))
    sign_in(client, "pia")
    refused = client.post(LIST, data={"do": "start"})
    assert refused.status_code == 422
    assert "is above nor high" in refused.text


class Hand:
    """A person in a rehearsal, who reads each form before sending it."""

    def __init__(self, client, root: str) -> None:
        self.client, self.root = client, root
        self.page = client.get(f"{root}tasks").text

    def send(self, path: str, **fields: str) -> None:
        hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', self.page))
        kept = {n: unescape(x) for n, x in hidden.items() if n != "do"} | fields
        answer = self.client.post(path, data=kept, follow_redirects=True)
        assert answer.status_code == 200, re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", answer.text))[:2000]
        self.page = answer.text

    def be(self, person: str) -> None:
        self.send(f"{self.root}rehearsal/person", person=person, back=f"{self.root}tasks")

    def do(self, step: str, **values: str) -> None:
        path = f"{self.root}batches/{by_hand.BATCH}/tasks/{step}"
        self.page = self.client.get(path).text
        self.send(path, do="start")
        if values:
            self.send(path, do="record", **{f"v:{n}": x for n, x in values.items()})
        self.send(path, do="sign", meaning="performed_by", password="")


def test_a_person_clicks_through_it_as_an_operator_and_nothing_is_recorded(small_site, client, draft):
    draft(branching())
    sign_in(client, "pia")
    started = client.post(LIST, data={"do": "by_hand", "like": "targets"})
    hand = Hand(client, started.headers["Location"])
    with small_site.read() as reader:
        before = reader.fetch("SELECT COUNT(*) FROM journal")[0][0]
    assert "nothing is recorded" in hand.page
    hand.be("mfg_op.2")
    assert "Operator 2" in hand.page
    hand.page = client.get(f"{hand.root}batches/{by_hand.BATCH}/tasks/S01").text
    hand.do("S01", seed="30")
    hand.send(f"{hand.root}rehearsal/time", hours="1", back=f"{hand.root}tasks")
    assert "1 h 0 min have passed." in hand.page
    hand.do("S02", count="45")
    hand.do("S03", answer="on")
    hand.do("S04")
    job_id = started.headers["Location"].split("/")[2]
    client.post(f"/dry-runs/{job_id}", data={"do": "finish"})
    report = jobs.job(small_site, job_id)
    assert (report["state"], report["message"]) == ("done", "passed")
    page = client.get(f"/dry-runs/{job_id}").text
    assert "S01 → S02 → S03 → S04" in page
    with small_site.read() as reader:
        assert reader.fetch("SELECT COUNT(*) FROM journal")[0][0] == before


def test_the_coverage_is_painted_with_glyphs_and_the_pages_are_accessible(small_site, app, page, draft):
    job_id = done(small_site, draft(branching()))
    with served(app) as address:
        page.goto(f"{address}/sign-in")
        page.fill("#f-login", "pia")
        page.fill("#f-password", OWN)
        page.click("button.main")
        page.wait_for_url(lambda url: not url.endswith("/sign-in"))
        page.goto(f"{address}/dry-runs/{job_id}")
        page.wait_for_selector(".diagram[data-ready=true]")
        assert page.locator(".coverage-badge.covered-reached", has_text="✓").count() >= 10
        assert violations(page) + sideways(page) == []
        page.set_viewport_size({"width": 320, "height": 700})
        assert sideways(page) == []
        page.goto(f"{address}{LIST}")
        page.click("text=Rehearse it yourself")
        page.wait_for_selector(".rehearsal")
        assert violations(page) + sideways(page) == []
        by_hand.end(small_site, by_hand.opened(small_site, page.url.split("/dry-run/")[1].split("/")[0]))
