"""Limits over the API: where one comes from, and what a draft's limits would have done."""

from __future__ import annotations

from engine.site import Site
from tests.api.conftest import AsRole
from tests.batches import put_into_effect, start
from tests.people import Staff
from tests.small_recipes import sequence


def test_lineage_and_replay(site: Site, staff: Staff, as_role: AsRole) -> None:
    put_into_effect(site, staff, sequence(2))
    start(site, staff, "MR-ROW-001", "B-1")
    operator = as_role("MFG_OP")
    operator.post("/batches/B-1/tasks/S001/start", {})
    assert operator.post("/batches/B-1/tasks/S001/values", {"entries": {"weight": "88"}}).status_code == 200
    tight = sequence(2).decode().replace('revision="1.0"', 'revision="1.1"').replace('norHigh="90"', 'norHigh="85"', 1)
    assert as_role("PROC").post("/recipes", {"xml": tight}).status_code == 201
    found = operator.get("/limits/MR-ROW-001/S001/weight").get_json()
    assert [(value["nor"], value["by"][0]["why"]) for value in found["values"]] == [("70 to 90 g", "First revision.")]
    [replayed] = operator.get("/recipes/MR-ROW-001@1.0/replay/MR-ROW-001@1.1").get_json()["parameters"]
    assert (replayed["were"], replayed["would_be"], replayed["of"]) == (0, 1, 1)


def test_a_limit_that_never_was_has_no_lineage(site: Site, as_role: AsRole) -> None:
    assert as_role("MFG_OP").get("/limits/MR-ROW-001/S001/weight").status_code == 404
