"""What a person enters is an entry and nothing else: from each form of the CAR-T recipe, whatever is sent beside its own
fields is refused, and the limits, the open steps and every other field stay as they were."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bpmn import vocabulary as v
from bpmn.diagram import Diagram
from engine.site import Site
from tests.api.conftest import AsRole, Client, one_database
from tests.batches import put_into_effect, start
from tests.people import Staff
from tests.small_recipes import every_form_of

DIAGRAM = Diagram.parse(Path("bpmn/processes/master_recipes/MR-CART-001.bpmn").read_bytes())
PERFORMERS = ("MFG_OP", "PROC", "QC_ANL", "QA_FLR", "QA_DISP", "MFG_SUP", "MFG_VER", "MED")
BATCH = "B-1"

INTERNAL = [
    "limit", "nor_low", "par_high", "severity", "judgement", "judged_by", "source", "state", "blocked", "qa_approved",
    "engine_outcome", "role", "actor", "batch_id", "task_key", "order.weight", "order.coi", "day", "previous.total",
    "start", "end", "__class__", "__proto__", "S13.n_viable", "S01", "LIMIT", "version", "outcome",
]  # fmt: skip
ELSEWHERE = [f"{step.id}.{p.id}" for step in DIAGRAM.steps.values() for p in step.parameters]
BARE = sorted({p.id for step in DIAGRAM.steps.values() for p in step.parameters})
VALUES = ["1000", "true", "approved", "NaN", "1e999", "0 or 1", "S13.n_viable", "{}", ""]

names = st.sampled_from(INTERNAL + ELSEWHERE + BARE) | st.text("abcdefSND_.[]0123456789", min_size=1, max_size=20)


@pytest.fixture
def forms(site: Site, staff: Staff) -> dict[str, v.Step]:
    """A batch in which every form of the recipe is open."""
    xml = every_form_of(DIAGRAM)
    start(site, staff, put_into_effect(site, staff, xml, trained=PERFORMERS), BATCH)
    return Diagram.parse(xml).steps


def on_record(site: Site) -> dict[str, Any]:
    """Everything that an entry could have changed."""
    with site.read() as reader:
        return {
            table: reader.fetch(f"SELECT * FROM {table} ORDER BY 1, 2")
            for table in ("batch", "task", "parameter_value", "exception_record", "recipe_document", "stream")
        }


def performer_of(step: v.Step) -> str:
    return next(role for slot in step.signatures for role in slot.roles if role in PERFORMERS)


@pytest.mark.requirement("A11-06")
@pytest.mark.slow
@one_database
def test_an_entry_can_not_change_a_limit_a_route_or_another_field(site: Site, forms: dict[str, v.Step], as_role: AsRole) -> None:
    callers: dict[str, Client] = {}
    for step in forms.values():
        role = performer_of(step)
        caller = callers.setdefault(role, as_role(role))
        path = f"/batches/{BATCH}/tasks/{step.id}"
        assert caller.post(f"{path}/start", {}).status_code == 200
        _attack(site, caller, path, step)


def _attack(site: Site, caller: Client, path: str, step: v.Step) -> None:
    before = on_record(site)
    own = {p.id: p for p in step.parameters}
    typed = [p.id for p in step.parameters if p.source in ("manual", "device")]
    foreign = names.filter(lambda name: name not in typed)

    @settings(max_examples=6, database=None, suppress_health_check=list(HealthCheck))
    @given(st.dictionaries(foreign, st.sampled_from(VALUES), min_size=1, max_size=4), st.sampled_from(VALUES))
    def beside(extra: dict[str, str], value: str) -> None:
        entries = {**dict.fromkeys(typed[:1], "1"), **extra}
        for act, body in (
            ("values", {"entries": entries}),
            ("values", {"entries": dict.fromkeys(typed[:1], "1"), next(iter(extra)): value}),
            ("readings", {"readings": dict.fromkeys(extra, "batch:X/1/1")}),
        ):
            refused = caller.post(f"{path}/{act}", body)
            assert 400 <= refused.status_code < 500, f"{step.id} {act} {body} -> {refused.get_json()}"

    beside()
    for parameter_id in own.keys() - set(typed):
        assert caller.post(f"{path}/values", {"entries": {parameter_id: "1"}}).status_code == 422
    assert on_record(site) == before


@one_database
def test_after_every_attempt_the_limits_still_judge(site: Site, forms: dict[str, v.Step], as_role: AsRole) -> None:
    operator, judged = as_role("MFG_OP"), 0
    for step in forms.values():
        bounded = [p for p in step.parameters if p.type == "num" and p.source in ("manual", "device") and p.par_high]
        if performer_of(step) != "MFG_OP" or not bounded:
            continue
        path = f"/batches/{BATCH}/tasks/{step.id}"
        operator.post(f"{path}/start", {})
        attempt = {"limit": "1e30", "par_high": "1e30", bounded[0].id: "1e20"}
        assert operator.post(f"{path}/values", {"entries": attempt}).status_code == 422
        found = operator.post(f"{path}/values", {"entries": {bounded[0].id: "1e20"}}).get_json()["exceptions"]
        assert 4 in [one["number"] for one in found], f"{step.id} {bounded[0].id}"
        judged += 1
    assert judged >= 15
