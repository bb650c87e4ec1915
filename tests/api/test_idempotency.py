"""The same request sent again gets the stored answer; the same key with another request is refused."""

from __future__ import annotations

import pytest

from tests.api.conftest import AsRole

LOT = {"lot_id": "LV-221", "material": "vector", "certificate": {"titer": "2.10e8"}}
KEY = "0b5c1f9e-lot-LV-221"


@pytest.mark.requirement("A11-06")
def test_a_retry_gets_the_stored_answer_and_records_nothing_twice(as_role: AsRole) -> None:
    operator = as_role("MFG_OP")
    first = operator.post("/material-lots", LOT, key=KEY)
    again = operator.post("/material-lots", LOT, key=KEY)
    assert (first.status_code, first.get_json()) == (again.status_code, again.get_json())
    assert len(operator.get("/material-lots").get_json()["items"]) == 1


def test_a_key_that_belongs_to_another_request_is_refused(as_role: AsRole) -> None:
    operator = as_role("MFG_OP")
    operator.post("/material-lots", LOT, key=KEY)
    other = operator.post("/material-lots", LOT | {"lot_id": "LV-222"}, key=KEY)
    assert (other.status_code, other.get_json()["type"]) == (422, "urn:batchwright:problem:idempotency-key-reused")


def test_two_people_who_hit_upon_the_same_key_do_not_get_each_others_answers(as_role: AsRole) -> None:
    as_role("MFG_OP").post("/material-lots", LOT, key=KEY)
    supervisor = as_role("MFG_SUP").post("/material-lots", LOT | {"lot_id": "LV-222"}, key=KEY)
    assert supervisor.get_json()["lot_id"] == "LV-222"


def test_an_act_without_a_key_is_refused_with_the_reason(as_role: AsRole) -> None:
    operator = as_role("MFG_OP")
    refused = operator._client.post("/api/v1/material-lots", json=LOT, headers=operator.headers)
    assert refused.status_code == 400
    assert refused.get_json()["type"] == "urn:batchwright:problem:idempotency-key-missing"


def test_a_body_that_is_too_large_or_of_another_type_is_refused_before_it_is_read(as_role: AsRole) -> None:
    operator = as_role("MFG_OP")
    headers = operator.headers | {"Idempotency-Key": KEY}
    large = operator._client.post("/api/v1/material-lots", json=LOT | {"supplier": "x" * 300_000}, headers=headers)
    assert (large.status_code, large.get_json()["type"]) == (413, "urn:batchwright:problem:too-large")
    form = operator._client.post("/api/v1/material-lots", data=LOT["lot_id"], headers=headers, content_type="text/plain")
    assert (form.status_code, form.get_json()["type"]) == (415, "urn:batchwright:problem:unsupported-media-type")


@pytest.mark.parametrize("key", ["short", "with space 123", "x" * 101, "é" * 10])
def test_a_key_that_is_none_is_refused(as_role: AsRole, key: str) -> None:
    assert as_role("MFG_OP").post("/material-lots", LOT, headers={"Idempotency-Key": key}).status_code == 400
