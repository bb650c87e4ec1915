"""What one batch of the demo does differently: a limit that was changed for it, a repeated step and a departure that wait."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bpmn.edits import ChangeLimit, Edit, RepeatStep, edit_to_json
from engine.actions.ad_hoc_changes import request_ad_hoc, sign_ad_hoc
from engine.actions.departures import plan_departure, sign_departure
from engine.site import Site
from engine.transaction import perform
from web.demo.furnish import Crew

BATCH = "CT-26-0033"
CELLS_WHY = "Viability after thaw of this patient's cells was 84 % in the pilot run (DS-118); the dose is made up by volume."
LIMIT = ChangeLimit("S30", "viab", CELLS_WHY, nor_low="85")
REPEATED = RepeatStep("S24", "")
DEPARTURE = {
    "departure_id": "PD-2026-014", "step_id": "S30", "parameter_id": "car_pct", "low": "8", "high": "10", "uses": 1,
    "reason": "CAR expression of this patient was low on day 5, and a second apheresis is not possible.",
    "risk": "A lower dose of CAR-positive cells than planned.", "mitigation": "The dose is made up by volume; expression is "
    "measured again after thaw.", "roles": ("PROC", "MED", "QA_FLR"),
}  # fmt: skip


def change(site: Site, crew: Crew) -> None:
    """Ask for them, and sign what is in effect already."""

    def act(role: str, action: Callable[..., dict[str, Any]], **arguments: Any) -> dict[str, Any]:
        actor, proof = crew[role]
        if action is not plan_departure:
            arguments["proof"] = proof
        return perform(site, action, actor=actor, stream=f"batch:{BATCH}", batch_id=BATCH, **arguments)

    def ask(edit: Edit, reason: str, risk: str) -> str:
        about = {"category": "quality", "reason": reason, "risk": risk, "edit": edit_to_json(edit)}
        return str(act("MFG_SUP", request_ad_hoc, **about)["ad_hoc"])

    limit = ask(LIMIT, CELLS_WHY, "medium")
    for role, why in (("PROC", "The assay is linear there."), ("QA_FLR", "The accepted range is not touched.")):
        act(role, sign_ad_hoc, ad_hoc_id=limit, outcome="approve", reason=why)
    ask(REPEATED, "The first sample of today stood too long at the bench; count a fresh one.", "low")
    act("QA_FLR", plan_departure, **DEPARTURE)
    act("MED", sign_departure, departure_id=DEPARTURE["departure_id"], outcome="approve", reason="The patient can't wait.")
