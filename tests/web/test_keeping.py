"""The pages that keep people, equipment and lots in order."""

from __future__ import annotations

import pytest

from tests.web.conftest import OWN, sign_in


def test_petra_opens_an_account_with_a_role_and_sam_trains_it(client, app):
    sign_in(client, "petra")
    account = {
        "login": "Nina", "full_name": "Nina New", "new_password": "Silver-Lantern-3", "identity_by": "Petra",
        "identity_how": "passport", "identity_on": "today",
    }  # fmt: skip
    assert client.post("/people/new", data=account).location == "/people/nina"
    client.post("/people/nina", data={"do": "grant", "role": "MFG_OP"})
    assert "Operator" in client.get("/people/nina").text


def test_an_account_with_gaps_is_refused_with_every_gap_and_what_was_typed(client):
    sign_in(client, "petra")
    answer = client.post("/people/new", data={"full_name": "Nina New"})
    assert answer.status_code == 422
    assert 'value="Nina New"' in answer.text
    for field in ("f-login", "f-new_password", "f-identity_how"):
        assert f'href="#{field}"' in answer.text


def test_a_reset_takes_the_second_persons_own_password(client):
    sign_in(client, "petra")
    ask = {"do": "reset", "new_password": "Silver-Lantern-3", "witness_login": "sam", "reason_reset": "forgotten"}
    assert client.post("/people/anna", data=ask | {"witness_password": "guess"}).status_code == 401
    assert client.post("/people/anna", data=ask | {"witness_password": OWN}).status_code == 302


def test_equipment_is_registered_calibrated_and_taken_out_of_service(client):
    sign_in(client, "sam")
    new = {"equipment_id": "BAL-01", "equipment_class": "balance", "calibration_due_at": "2020-01-01", "device": "yes"}
    assert client.post("/equipment/new", data=new).location == "/equipment/BAL-01"
    shown = client.get("/equipment/BAL-01").text
    assert "Overdue" in shown
    assert "shown this once" in shown
    assert "shown this once" not in client.get("/equipment/BAL-01").text
    due = {"do": "calibrate", "version": "1", "due_at": "2199-01-01", "reference": "C-1"}
    assert client.post("/equipment/BAL-01", data=due).status_code == 302
    assert "Overdue" not in client.get("/equipment/BAL-01").text
    stale = {"do": "change", "version": "1", "status": "out_of_service", "reason": "broken"}
    answer = client.post("/equipment/BAL-01", data=stale)
    assert (answer.status_code, 'value="broken"' in answer.text) == (409, True)


@pytest.mark.requirement("G-01", "G-22")
def test_a_lot_lies_in_quarantine_until_quality_releases_it(client, app):
    sign_in(client, "anna")
    lot = {"lot_id": "L-1", "material": "medium", "certificate": "titer: 2.10e8\n"}
    assert client.post("/materials/new", data=lot).location == "/materials/L-1"
    assert "2.10e8" in client.get("/materials/L-1").text
    release = {"status": "released", "version": "1", "reason": "inspection 12"}
    assert client.post("/materials/L-1", data=release).status_code == 403
    quality = app.test_client()
    sign_in(quality, "quinn")
    assert quality.post("/materials/L-1", data=release).status_code == 302
    assert "Released" in quality.get("/materials/L-1").text


def test_a_form_sent_twice_is_one_act(client, small_site):
    sign_in(client, "anna")
    lot = {"lot_id": "L-1", "material": "medium", "idempotency_key": "abcdefgh-12345"}
    assert [client.post("/materials/new", data=lot).status_code for _ in range(2)] == [302, 302]
    with small_site.read() as reader:
        assert reader.fetch("SELECT seq FROM stream WHERE name = 'lot:L-1'") == [(1,)]


def test_health_lists_refused_sign_ins_for_the_security_role(client):
    sign_in(client, "anna", "wrong")
    sign_in(client, "petra")
    assert "Wrong password" in client.get("/health").text
