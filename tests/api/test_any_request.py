"""Whatever is sent, right or wrong: no fault of the server, and every answer is as the OpenAPI document says."""

from __future__ import annotations

import contextlib
import os
import re
import time
from typing import Any

import hypothesis
import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, settings
from schemathesis import GenerationMode

from api.auth import DEVICE, PUBLIC, SIGNED_IN
from engine.dry_run import jobs
from engine.site import Site
from tests.api.conftest import AsRole, one_database
from tests.api.test_app import routes
from tests.api.test_equipment import SECRET, registered
from tests.batches import put_into_effect, start
from tests.changes import ABOUT
from tests.people import PASSWORD, Staff
from tests.small_recipes import sequence

SEARCHING = os.environ.get("HYPOTHESIS_PROFILE") == "search"
EXAMPLES = 150 if SEARCHING else 6
"""Requests per operation, mode and kind of address."""
SECONDS = 3600 if SEARCHING else 50
"""After this long, one request has to do for each that is left: a loaded machine tries less, and still everything."""

KNOWN = {
    "batch_id": "B-1",
    "task_key": "S001",
    "equipment_id": "CC-01",
    "person_id": "ra",
    "revision_id": "MR-ROW-001@1.0",
    "change_id": "CC-2026-0001",
    "name": "reason",
    "element_id": "D1",
    "old_id": "MR-ROW-001@1.0",
    "new_id": "MR-ROW-001@1.0",
    "recipe_id": "MR-ROW-001",
    "step_id": "S001",
    "parameter_id": "weight",
    "ad_hoc_id": "B-1-A1",
    "departure_id": "PD-1",
}


@pytest.fixture
def seeded(site: Site, staff: Staff, as_role: AsRole) -> Site:
    """A site at work: a batch with a started step and one that is blocked, a device, a person whom nobody misses."""
    recipe_id = put_into_effect(site, staff, sequence(3))
    for batch_id in ("B-1", "B-2"):
        start(site, staff, recipe_id, batch_id)
        as_role("MFG_OP").post(f"/batches/{batch_id}/tasks/S001/start", {})
    as_role("MFG_OP").post("/batches/B-2/tasks/S001/values", {"entries": {"weight": "120"}})
    asked = {"category": "quality", "reason": "A sample was lost.", "risk": "low", "password": PASSWORD}
    as_role("MFG_SUP").post("/batches/B-1/ad-hoc-changes", {**asked, "edit": {"kind": "skip_step", "step_id": "S003"}})
    departure = {"departure_id": "PD-1", "step_id": "S003", "parameter_id": "weight", "high": "120", "uses": 1}
    why = {"reason": "One large dose.", "risk": "None.", "mitigation": "None."}
    as_role("PROC").post("/batches/B-1/departures", {**departure, **why})
    as_role("RA")
    as_role("PROC").post("/changes", ABOUT | {"change_id": KNOWN["change_id"]})
    registered(as_role)
    KNOWN["dry_run_id"] = jobs.add(site, revision_id=KNOWN["revision_id"], digest="0" * 64, kind="system", started_by="proc")
    return site


@pytest.mark.slow
@one_database
def test_no_request_makes_the_server_fail(app: Flask, seeded: Site, as_role: AsRole) -> None:
    document = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    callers = {(method, _template(rule)): allowed for method, rule, allowed in routes(app)}
    until = time.monotonic() + SECONDS
    tried = 0
    for found in document.get_all_operations():
        operation: Any = found.ok()  # type: ignore[union-attr]  # a faulty operation raises here
        headers = _headers(callers[operation.method.upper(), operation.path], as_role)
        known = {name: KNOWN[name] for name in re.findall(r"{(\w+)}", operation.path)}
        if operation.path.endswith(("decisions", "departures", "comments", "triages")):
            known["batch_id"] = "B-2"
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            for fixed in [known, {}] if known else [{}]:
                tried += _try(operation, mode, fixed, headers, until)
    assert tried > 300


def _try(operation: Any, mode: GenerationMode, fixed: dict[str, str], headers: dict[str, str], until: float) -> int:
    strategy = operation.as_strategy(mode, path_parameters=fixed or None)
    count = 0

    @settings(
        max_examples=EXAMPLES if time.monotonic() < until else 1,
        suppress_health_check=list(HealthCheck),
        database=None,
        phases=[hypothesis.Phase.generate],
    )
    @hypothesis.given(strategy)
    def each(case: schemathesis.Case) -> None:
        nonlocal count
        count += 1
        case.headers.update(headers)
        if isinstance(case.body, dict) and isinstance(case.body.get("password"), str) and "login" not in case.body:
            case.body = case.body | {"password": PASSWORD}  # past the password check, and no account gets locked
        response = case.call()
        said = f"{case.method} {case.formatted_path} {case.body!r:.300} -> {response.status_code} {response.text[:300]}"
        assert response.status_code < 500, said
        case.operation.validate_response(response, case=case)

    with contextlib.suppress(hypothesis.errors.Unsatisfiable):  # nothing wrong can be sent where there is nothing to send
        each()
    return count


def _headers(allowed: frozenset[str], as_role: AsRole) -> dict[str, str]:
    if PUBLIC in allowed:
        return {}
    if DEVICE in allowed:
        return {"Authorization": f"Device CC-01:{SECRET}"}
    role = "MFG_OP" if allowed & {"MFG_OP", SIGNED_IN} else min(allowed)
    return as_role(role).headers


def _template(rule: str) -> str:
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule)
