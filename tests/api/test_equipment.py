"""Equipment over the API: kept by the supervisor and quality on the floor; secrets go in and never come out."""

from __future__ import annotations

from tests.api.conftest import AsRole

SECRET = "s" * 40
NEXT_YEAR = "2199-01-01T00:00:00Z"


def registered(as_role: AsRole, equipment_id: str = "CC-01") -> None:
    body = {"equipment_id": equipment_id, "equipment_class": "cell counter", "name": "Counter", "secret": SECRET}
    assert as_role("MFG_SUP").post("/equipment", body).status_code == 201


def test_a_device_is_registered_and_its_secret_is_never_shown(as_role: AsRole) -> None:
    registered(as_role)
    shown = as_role("MFG_OP").get("/equipment/CC-01").get_json()
    assert shown["is_device"]
    assert SECRET not in str(shown)
    assert "credential_hash" not in shown


def test_a_device_authenticates_with_its_own_secret_and_gets_no_page_of_people(as_role: AsRole) -> None:
    registered(as_role)
    device = as_role("MFG_OP")
    for credentials, status in ((f"CC-01:{SECRET}", 403), ("CC-01:wrong", 401), (f"CC-99:{SECRET}", 401)):
        device.headers = {"Authorization": f"Device {credentials}"}
        assert device.get("/people").status_code == status


def test_a_second_registration_of_a_number_is_refused(as_role: AsRole) -> None:
    registered(as_role)
    again = as_role("MFG_SUP").post("/equipment", {"equipment_id": "CC-01", "equipment_class": "scale"})
    assert again.status_code == 409


def test_a_calibration_against_an_old_version_is_refused(as_role: AsRole) -> None:
    registered(as_role)
    keeper = as_role("QA_FLR")
    calibration = {"due_at": NEXT_YEAR, "reference": "C-1", "version": 1}
    assert keeper.post("/equipment/CC-01/calibrations", calibration).status_code == 200
    stale = keeper.post("/equipment/CC-01/calibrations", calibration)
    assert (stale.status_code, stale.get_json()["type"]) == (409, "urn:batchwright:problem:stale-record")


def test_the_etag_that_was_seen_may_stand_for_the_version(as_role: AsRole) -> None:
    registered(as_role)
    keeper = as_role("QA_FLR")
    seen = keeper.get("/equipment/CC-01").headers["ETag"]
    calibration = {"due_at": NEXT_YEAR, "reference": "C-1"}
    first = keeper.post("/equipment/CC-01/calibrations", calibration, headers={"If-Match": seen})
    assert first.status_code == 200
    second = keeper.post("/equipment/CC-01/calibrations", calibration, headers={"If-Match": seen})
    assert second.status_code == 412
    assert keeper.get("/equipment/CC-01", headers={"If-None-Match": seen}).status_code == 200
    unchanged = keeper.get("/equipment/CC-01").headers["ETag"]
    assert keeper.get("/equipment/CC-01", headers={"If-None-Match": unchanged}).status_code == 304


def test_a_long_list_is_read_page_by_page(as_role: AsRole) -> None:
    for number in range(5):
        registered(as_role, f"CC-{number}")
    seen, after = [], ""
    while True:
        page = as_role("MFG_OP").get(f"/equipment?limit=2{after}").get_json()
        seen += [item["id"] for item in page["items"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert seen == [f"CC-{number}" for number in range(5)]
