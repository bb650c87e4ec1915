"""The CAR-T site of the stories: people, lots, equipment, the recipe in effect, and the recorded batch to run on it."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from bpmn.diagram import Diagram
from engine import clock, keys, passwords
from engine.actions.batches import start_batch
from engine.actions.timers import fire_due
from engine.records import ExceptionRecord, ParameterValue, Task
from engine.site import Site, open_site
from engine.transaction import perform
from web.demo import recipe_xml
from web.demo.floor import Floor, Visit
from web.demo.furnish import Crew, approve_recipe, stock
from web.demo.hands import DirectHands
from web.demo.people import PEOPLE, settle, train

DATA = Path(__file__).parent.parent / "data" / "cart"
ORDER = {
    "coi": "COI-NVX-000117", "din": "G1234 98 654321 H", "subject": "101-004", "collection_end": "2026-03-01T10:00:00Z",
    "weight_kg": "74.0", "dose_per_kg": "2.0e6", "max_dose": "2.0e8",
}  # fmt: skip
BATCH = "CT-26-0007"


@dataclass(slots=True)
class Cart:
    """A furnished site with its crew; `floor` runs batches on it."""

    site: Site
    crew: Crew
    hands: DirectHands
    floor: Floor

    def issue(self, batch: str, order: Mapping[str, str] = ORDER) -> None:
        """Start a batch from an order, by the supervisor."""
        actor, proof = self.crew["MFG_SUP"]
        perform(
            self.site,
            start_batch,
            actor=actor,
            stream=f"batch:{batch}",
            recipe_id="MR-CART-001",
            batch_id=batch,
            order=order,
            proof=proof,
        )

    def run(self, batch: str, visits: list[Visit], order: Mapping[str, str] = ORDER) -> None:
        """Issue a batch shortly before its first visit, then perform the visits."""
        self.floor.at(min(v.started_at for v in visits) - timedelta(minutes=30))
        self.issue(batch, order)
        self.floor.run(batch, visits)

    def act(self, action: Callable[..., Any], role: str, batch: str, **arguments: Any) -> Any:
        """One act of the person of a role; with `proof=True` their password is proven."""
        actor, proof = self.crew[role]
        if arguments.get("proof") is True:
            arguments["proof"] = proof
        return perform(self.site, action, actor=actor, stream=f"batch:{batch}", batch_id=batch, **arguments)

    def rows(self, table: Any, batch: str, **equal: Any) -> list[dict[str, Any]]:
        """Rows of a batch."""
        with self.site.read() as reader:
            return reader.rows(table, batch_id=batch, **equal)

    def exceptions(self, batch: str) -> list[tuple[str, int, str]]:
        """(step, number, severity) of each exception of a batch, in the order they were raised."""
        rows = sorted(self.rows(ExceptionRecord, batch), key=lambda r: (r["raised_at"], r["id"]))
        return [(r["step_id"], r["number"], r["severity"]) for r in rows]

    def values(self, batch: str) -> dict[tuple[str, str, str], dict[str, Any]]:
        """Values by (step, label, parameter); of corrected ones the first."""
        rows = sorted(self.rows(ParameterValue, batch), key=lambda r: r["recorded_at"], reverse=True)
        return {(r["step_id"], r["label"], r["parameter_id"]): r for r in rows}

    def task(self, batch: str, step: str, label: str = "") -> dict[str, Any]:
        """The task of a step."""
        return next(t for t in self.rows(Task, batch, step_id=step) if t["label"] == label)


def cart_site(url: str, folder: Path) -> Cart:
    """Furnish an empty, migrated database for the CAR-T recipe, a day before the recorded batch."""
    passwords.set_cost(passwords.CHEAP)
    keys.create_keys(folder / "keys")
    site = open_site(url, folder / "keys")
    clock.simulate(datetime.fromisoformat("2026-03-01T06:00:00+00:00"))
    crew = settle(site)
    xml = recipe_xml()
    approve_recipe(site, crew, xml)
    train(site, PEOPLE, "MR-CART-001", "3.0")
    stock(site, crew, xml)
    return _cart(site, crew)


def reopened(url: str, key_folder: Path, crew: Crew) -> Cart:
    """A copy of a furnished site."""
    passwords.set_cost(passwords.CHEAP)
    return _cart(open_site(url, key_folder), crew)


def _cart(site: Site, crew: Crew) -> Cart:
    hands = DirectHands(site, crew)
    steps = Diagram.parse(recipe_xml().encode()).steps.values()
    late = {(s.id, p.id) for s in steps for p in s.parameters if p.after_end}
    return Cart(site, crew, hands, Floor(site, hands, partial(fire_due, site), lambda step, p: (step, p) in late))


def recorded(until: str = "") -> list[Visit]:
    """The visits of the recorded batch, up to and with the step `until`."""
    values: dict[tuple[str, str], dict[str, str]] = {}
    for row in _table("batch_CT-26-0007.csv"):
        values.setdefault((row["step"], row["iteration"]), {})[row["param"]] = row["value"]
    visits = [
        Visit(
            r["step"],
            r["iteration"],
            datetime.fromisoformat(r["started_at"]),
            datetime.fromisoformat(r["ended_at"]),
            values.get((r["step"], r["iteration"]), {}),
        )
        for r in _table("batch_CT-26-0007_timeline.csv")
    ]
    if not until:
        return visits
    end = max(v.ended_at for v in visits if v.step_id == until)
    return [v for v in visits if v.ended_at <= end]


def expected_values() -> dict[tuple[str, str, str], str]:
    """The values of the recorded batch as its file has them."""
    return {(r["step"], r["iteration"], r["param"]): r["value"] for r in _table("batch_CT-26-0007.csv")}


def _table(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
