"""The step's page where something is out of the ordinary: a value that can't be had, a laboratory's own verdict."""

from __future__ import annotations

import re
from html import unescape

import pytest

from engine.queries.review import review
from tests.batches import put_into_effect, start
from tests.people import PASSWORD, Staff
from tests.small_recipes import sequence
from tests.web.conftest import sign_in
from web.display import short_number

BATCH = "B-1"
STEP = f"/batches/{BATCH}/tasks/S001"


HIDDEN = re.compile(r'<input type="hidden" name="(version|content_hash|meaning)" value="([^"]*)"')


@pytest.fixture(params=["MFG_OP", "QC_ANL"])
def performer(request) -> str:
    """Who works on the step."""
    return request.param


@pytest.fixture
def at_step(small_site, client, performer):
    """The performer at the started step, at a station without scripts."""
    staff = Staff(small_site)
    recipe = put_into_effect(small_site, staff, sequence(2).replace(b"MFG_OP", performer.encode()), (performer, "MFG_SUP"))
    start(small_site, staff, recipe, BATCH)
    sign_in(client, staff[performer].login, PASSWORD)
    send(client, "start")
    return client


def send(client, do: str, **typed: str):
    """Press one of the page's buttons with everything the page sends along."""
    hidden = {name: unescape(text) for name, text in HIDDEN.findall(client.get(STEP).text)}
    return client.post(STEP, data=hidden | {"do": do} | typed)


@pytest.mark.requirement("DI-06", "DI-02")
@pytest.mark.parametrize("performer", ["MFG_OP"], indirect=True)
def test_a_lost_sample_is_said_to_be_lost_with_the_reason_and_quality_has_to_decide(at_step, small_site):
    assert send(at_step, "not_obtained", missing="weight").status_code == 422
    said = send(at_step, "not_obtained", missing="weight", reason="The tube broke.")
    assert said.status_code == 302
    assert "not obtained" in at_step.get(STEP).text
    send(at_step, "record", **{"v:label": "L-1"})
    send(at_step, "sign", password=PASSWORD)
    assert "This step is blocked" in at_step.get(STEP).text
    assert [e["number"] for e in review(small_site, BATCH)["exceptions"]] == [13]


@pytest.mark.parametrize("performer", ["MFG_OP"], indirect=True)
def test_a_value_that_is_there_is_not_offered_as_missing(at_step):
    send(at_step, "record", **{"v:weight": "80.1"})
    page = at_step.get(STEP).text
    assert '<option value="label">' in page
    assert '<option value="weight">' not in page


@pytest.mark.requirement("DI-07")
@pytest.mark.parametrize("performer", ["QC_ANL"], indirect=True)
@pytest.mark.parametrize("do", ["record", "sign"])
def test_a_result_that_the_laboratory_passed_against_its_limits_is_an_exception(at_step, small_site, do):
    send(at_step, do, **{"v:weight": "120", "v:label": "L-1", "p:weight": "pass", "password": PASSWORD})
    assert "reported: pass" in at_step.get(STEP).text
    assert 40 in [e["number"] for e in review(small_site, BATCH)["exceptions"]]


@pytest.mark.parametrize("performer", ["QC_ANL"], indirect=True)
def test_a_verdict_without_its_value_is_refused(at_step, small_site):
    refused = send(at_step, "sign", **{"v:label": "L-1", "p:weight": "pass", "password": PASSWORD})
    assert refused.status_code == 422
    assert "for a value entered here" in refused.text
    assert review(small_site, BATCH)["values"] == []


def test_only_a_laboratory_is_asked_for_a_verdict(at_step, performer):
    assert ("Reported as" in at_step.get(STEP).text) == (performer == "QC_ANL")


@pytest.mark.parametrize(
    ("text", "short"), [("8990000000", "= 8.99e9"), ("8991234567", "≈ 8.991e9"), ("8.99e9", ""), ("97.20", ""), ("L-1", "")]
)
def test_a_long_number_is_also_shown_as_limits_are_written(text, short):
    assert short_number(text) == short
