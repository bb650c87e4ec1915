"""Changes of one batch through the pages, without scripts: asked for on one page, signed on another, proposed to the master."""

from __future__ import annotations

import re
from html import unescape

import pytest

from engine.batch_record import BatchRecord
from engine.queries.ad_hoc_changes import ad_hoc_inbox, departure_inbox
from engine.queries.people import person_actor
from engine.records import AdHocChange, Change, Departure, RecipeDraft
from tests.screenshots import EXPANSION
from tests.web.serving import PASSWORDS, demo_site
from web.app import create_app

pytestmark = pytest.mark.xdist_group("one at a time")  # the tests go on where the one before left it

NEW, DEPARTURES = f"/batches/{EXPANSION}/ad-hoc", f"/batches/{EXPANSION}/departures"
LIMIT, REPEATED = f"{NEW}/{EXPANSION}-A1", f"{NEW}/{EXPANSION}-A2"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    opened = demo_site(tmp_path_factory.mktemp("ad_hoc") / "site")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def app(site):
    return create_app(site, SIGN_IN_LIMIT="", WTF_CSRF_ENABLED=False, DEMO=True)


def station(app, login: str):
    client = app.test_client()
    assert client.post("/sign-in", data={"login": login, "password": PASSWORDS[login]}).status_code == 302
    return client


def said(page) -> str:
    return unescape(re.sub(r"<[^>]+>|\s+", " ", page.text))


def chosen(page, name: str) -> str:
    """What a page has filled in already."""
    select = re.search(rf'<select id="f-{name}".*?</select>', page.text, re.DOTALL)
    assert select is not None
    found = re.search(r'value="([^"]*)" selected', select[0])
    return found[1] if found else ""


def actor_of(site, login: str):
    with site.read() as reader:
        epoch = reader.fetch(f"SELECT session_epoch FROM person WHERE id = {reader.mark}", login)[0][0]
    return person_actor(site, login, session_epoch=epoch, session_id="tests")


def row(site, ad_hoc_id: str) -> dict:
    with site.read() as reader:
        return dict(reader.get(AdHocChange, id=ad_hoc_id))


@pytest.mark.requirement("P4-06")
def test_a_repeat_is_asked_for_in_five_interactions_the_open_step_is_chosen(app, site):
    susan = station(app, "susan")
    form = susan.get(NEW)
    assert chosen(form, "step") == "S24"
    assert chosen(form, "category") == "quality"
    kept = {"step": chosen(form, "step"), "category": chosen(form, "category")}
    five = {"kind": "repeat", "reason": "The tube broke.", "risk": "low", "password": PASSWORDS["susan"]}  # and the button
    answer = susan.post(NEW, data=kept | five)
    assert answer.status_code == 302
    page = susan.get(answer.location)
    assert "S24_R2" in page.text
    assert "Waits for QA operations on the floor" in said(page)
    assert row(site, f"{EXPANSION}-A3")["state"] == "REQUESTED"


def test_what_is_missing_is_said_at_its_field_and_nothing_typed_is_lost(app):
    susan = station(app, "susan")
    page = susan.post(NEW, data={"step": "S30", "reason": "Thin cells today.", "kind": "insert", "risk": "low", "password": "x"})
    assert page.status_code == 422
    assert 'href="#f-title"' in page.text
    assert "Thin cells today." in page.text
    kept = {"category": "quality", "reason": "Thin cells.", "risk": "low", "password": PASSWORDS["susan"]}
    page = susan.post(NEW, data={"kind": "skip", "step": "S02", **kept})
    assert page.status_code == 422
    assert {field for field in ("kind", "risk") if f'href="#f-{field}"' in page.text} == {"kind", "risk"}
    assert "is over" in said(page)
    assert susan.post(NEW, data={"kind": "skip", "step": "S02", **kept, "risk": "high"}).status_code == 409


def test_it_is_in_the_inbox_of_who_may_sign_it_and_of_nobody_else(app, site):
    waiting = ad_hoc_inbox(site, actor_of(site, "farid"))
    assert [item["url_args"]["ad_hoc_id"] for item in waiting][:1] == [f"{EXPANSION}-A2"]
    assert ad_hoc_inbox(site, actor_of(site, "susan")) == ad_hoc_inbox(site, actor_of(site, "diana")) == []
    assert [item["kind"] for item in departure_inbox(site, actor_of(site, "pia"))] == ["departure"]
    assert departure_inbox(site, actor_of(site, "farid")) == []
    assert f"{EXPANSION}-A2" in station(app, "farid").get("/inbox").text


def test_the_signer_sees_the_difference_and_both_diagrams_and_signs(app, site):
    farid = station(app, "farid")
    page = farid.get(REPEATED)
    assert page.text.count('class="change added"') >= 1
    assert "only in D6" in said(page)
    for side in ("before", "after"):
        assert ("S24_R1" in farid.get(f"{REPEATED}/{side}.xml").text) == (side == "after")
    done = {"do": "sign", "outcome": "approve", "reason": "A fresh count is needed.", "password": PASSWORDS["farid"]}
    assert farid.post(REPEATED, data=done | {"password": "wrong"}).status_code == 403
    assert farid.post(REPEATED, data=done).status_code == 302
    assert row(site, f"{EXPANSION}-A2")["state"] == "APPLIED"
    assert "In effect" in said(station(app, "anna").get(f"/batches/{EXPANSION}"))
    with site.read() as reader:
        assert "S24_R1" in BatchRecord(site, reader, EXPANSION).recipe.steps


@pytest.mark.requirement("N-07")
def test_the_review_shows_each_of_them_against_the_master(app):
    page = said(station(app, "diana").get(f"/batches/{EXPANSION}/review"))
    assert "What differs from the master recipe" in page
    assert page.count("Against the master recipe:") == 2
    assert "Step or parameter added for this batch" in page
    assert "90" in page
    assert "becomes 85" in page


def test_a_change_in_effect_is_proposed_to_the_master(app, site):
    pia = station(app, "pia")
    assert "Propose it to the master recipe" in said(pia.get(LIMIT))
    assert "Propose it" not in said(station(app, "farid").get(LIMIT))
    proposal = {"do": "propose", "change_id": "CC-2026-0900", "revision": "9.0"}
    assert pia.post(LIMIT, data=proposal).status_code == 302
    with site.read() as reader:
        assert f"{EXPANSION}-A1" in reader.get(Change, id="CC-2026-0900")["origin"]
        assert f"ad hoc change {EXPANSION}-A1" in reader.get(RecipeDraft, revision_id="MR-CART-001@9.0")["xml"]
    assert "CC-2026-0900" in pia.get(LIMIT).text
    assert pia.post(LIMIT, data=proposal).status_code == 409


def test_a_departure_is_planned_and_approved_on_its_page(app, site):
    pia = station(app, "pia")
    plan = {
        "do": "plan", "departure_id": "PD-9", "place": "S33.bag_ml", "low": "17", "high": "18", "uses": "2", "risk": "None.",
        "plan_reason": "Small bags.", "mitigation": "Weighed twice.", "roles": ["MED", "QA_DISP"],
    }  # fmt: skip
    assert 'href="#f-uses"' in pia.post(DEPARTURES, data=plan | {"uses": "many"}).text
    assert 'href="#f-roles"' in pia.post(DEPARTURES, data=plan | {"roles": ["MED"]}).text
    assert pia.post(DEPARTURES, data=plan).status_code == 302
    for login in ("marek", "diana"):
        word = {"do": "sign", "at": "PD-9", "outcome": "approve", "reason": "No effect.", "password": PASSWORDS[login]}
        assert station(app, login).post(DEPARTURES, data=word).status_code == 302
    with site.read() as reader:
        assert reader.get(Departure, id="PD-9")["state"] == "APPROVED"
    assert "Approved, 0 of 2 used" in said(pia.get(DEPARTURES))


def test_the_step_leads_to_it_for_those_who_may_ask(app):
    path = f"/batches/{EXPANSION}/tasks/S24[4]"
    assert f"{NEW}?step=S24" in station(app, "susan").get(path).text
    assert "Something is not as planned" not in said(station(app, "anna").get(path))


def hidden(page, name: str) -> str:
    found = re.search(rf'<input type="hidden" name="{name}" value="([^"]*)"', page.text)
    assert found is not None
    return found[1]


@pytest.mark.requirement("P4-06")
def test_a_limit_is_written_over_where_it_stands_as_it_is_now(app, site):
    susan = station(app, "susan")
    form = susan.get(f"{NEW}?kind=limit")
    now = re.search(r'name="limit:S31.conc:nor_low" value="([^"]*)"', form.text)
    assert now is not None
    kept = {"kind": "limit", "recipe": hidden(form, "recipe"), "category": "quality", "reason": "Thin cells.", "risk": "low"}
    kept |= {"limit:S31.conc:nor_low": now[1], "password": PASSWORDS["susan"]}
    page = susan.post(NEW, data=kept)
    assert "Write over the limit" in said(page)
    page = susan.post(NEW, data=kept | {"limit:S31.conc:nor_low": "1"})
    assert 'href="#f-risk"' in page.text
    assert "its risk is medium at least" in said(page)
    assert 'name="limit:S31.conc:nor_low" value="1"' in page.text
    several = {"limit:S31.conc:nor_low": "1", "limit:S33.bag_ml:par_low": "1"}
    page = susan.post(NEW, data=kept | several)
    assert "one parameter at a time" in said(page)
    page = susan.post(NEW, data=kept | {"limit:S31.conc:nor_low": "1", "recipe": "0" * 64})
    assert "changed meanwhile" in said(page)
    done = susan.post(NEW, data=kept | {"limit:S31.conc:nor_low": "7,5E+6", "risk": "medium"})
    assert done.status_code == 302, said(done)
    asked = row(site, done.location.rpartition("/")[2])
    assert '"nor_low":"7.5E+6"' in asked["edit"].replace(" ", "")
    assert "par_low" not in asked["edit"]
