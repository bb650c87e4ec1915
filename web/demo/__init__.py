"""The demo site: people, equipment, lots and batches, made by the same acts that people and devices use."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from importlib.resources import files

from bpmn.diagram import Diagram
from engine import clock
from engine.actions.batches import start_batch
from engine.actions.timers import fire_due
from engine.site import Site
from engine.transaction import perform
from web.demo import changes, single
from web.demo.floor import Floor, Moment, Visit
from web.demo.furnish import DRAFTED, Crew, approve_recipe, begin_draft, stock
from web.demo.hands import DirectHands
from web.demo.people import PEOPLE, DemoPerson, settle, train
from web.demo.plans import changed, moved, recorded_run, until

__all__ = ["PEOPLE", "DemoPerson", "seed"]

BEFORE = timedelta(minutes=20)
APART, SINCE = timedelta(days=6, hours=2), timedelta(days=20)

VECTOR = ("S20", "")
# Of earlier batches the volume of vector added (mL), and the copy number that came of it: why the range of S20 is to change.
EARLIER = {
    "CT-26-0026": ("1.51", "3.9"), "CT-26-0027": ("1.28", "2.4"), "CT-26-0028": ("1.69", "4.2"), "CT-26-0029": ("1.87", "4.6"),
}  # fmt: skip


def recipe_xml() -> str:
    """The CAR-T master recipe that ships with the product."""
    return files("bpmn").joinpath("processes", "master_recipes", "MR-CART-001.bpmn").read_text("utf-8")


def seed(site: Site) -> dict[str, str]:
    """Furnish an empty site and run four batches up to now. Moves this process's clock, which every record then says.

    Returns what each batch is for. The clock ends at the present instant.
    """
    present, visits, xml = clock.now(), recorded_run(), recipe_xml()
    first = min(v.started_at for v in visits)
    stories = _stories(present, visits)
    begin = min(v.started_at for _, plan in stories.values() for v in plan) - timedelta(days=2)
    clock.simulate(begin)
    crew = settle(site)
    revision = approve_recipe(site, crew, xml)
    train(site, PEOPLE, *revision.split("@"))
    stock(site, crew, xml)
    hands = DirectHands(site, crew)
    moments: list[Moment] = []
    floor = Floor(site, hands, partial(fire_due, site), _after_end())
    for batch, (_, plan) in stories.items():
        start = min(v.started_at for v in plan) if plan else present - timedelta(minutes=4)
        order = _order(int(batch.rpartition("-")[2]), start - (first - datetime.fromisoformat("2026-03-01T10:00:00+00:00")))
        before = BEFORE if plan else timedelta(0)
        moments.append(Moment(start - before, 0, partial(_issue, site, crew, batch, revision.split("@")[0], order)))
        moments += floor.moments(batch, plan)
    moments += changes.moments(site, crew, revision, present)
    floor.play(moments)
    floor.at(present)
    begin_draft(site, crew, revision, "2", DRAFTED)
    single.change(site, crew)
    return {batch: told for batch, (told, _) in stories.items()}


def _stories(present: datetime, visits: list[Visit]) -> dict[str, tuple[str, list[Visit]]]:
    """What each batch shows, and its visits up to now."""
    ends = {(v.step_id, v.label): v.ended_at for v in visits}

    def so_that(step: tuple[str, str], ago: timedelta) -> list[Visit]:
        return until(moved(visits, present - ago - ends[step]), present)

    departing = {("S17", ""): {"temp": "37.7"}, ("S24", "D5"): {"ph": "6.95"}, ("S30", ""): {"viab": "88.4"}}
    earlier = {
        batch: (
            "released",
            changed(so_that(("S42", ""), SINCE + APART * back), {VECTOR: {"v_lvv": volume}, ("S39", ""): {"vcn": vcn}}),
        )
        for back, (batch, (volume, vcn)) in zip(range(len(EARLIER), 0, -1), EARLIER.items(), strict=True)
    }
    disposing = [v for v in so_that(("S39", ""), timedelta(hours=2)) if v.step_id != "S41"]
    expanding = so_that(("S25", "D5"), timedelta(hours=23, minutes=20))
    return earlier | {
        "CT-26-0031": ("ready for disposition", changed(disposing, {VECTOR: {"v_lvv": "1.20"}})),
        "CT-26-0032": ("open exceptions to review", changed(so_that(("S37", ""), timedelta(hours=3)), departing)),
        "CT-26-0033": ("in expansion, day 6", changed(expanding, {VECTOR: {"v_lvv": "1.05"}})),
        "CT-26-0034": ("waiting for an operator", so_that(("S04", ""), timedelta(minutes=9))),
        "CT-26-0035": ("about to get its vector", so_that(("S19", ""), timedelta(minutes=12))),
        "CT-26-0036": ("issued, nothing started", []),
    }


def _issue(site: Site, crew: Crew, batch: str, recipe_id: str, order: dict[str, str]) -> None:
    actor, proof = crew["MFG_SUP"]
    perform(
        site, start_batch, actor=actor, stream=f"batch:{batch}", recipe_id=recipe_id, batch_id=batch, order=order, proof=proof
    )


def _order(number: int, collection_end: datetime) -> dict[str, str]:
    return {
        "coi": f"COI-NVX-{100 + number:06}", "din": f"G1234 26 {100 + number:06}", "subject": f"101-{number:03}",
        "collection_end": collection_end.isoformat(), "weight_kg": "74.0", "dose_per_kg": "2.0e6", "max_dose": "2.0e8",
    }  # fmt: skip


def _after_end() -> Callable[[str, str], bool]:
    steps = Diagram.parse(recipe_xml().encode()).steps
    late = {(s.id, p.id) for s in steps.values() for p in s.parameters if p.after_end}
    return lambda step, parameter: (step, parameter) in late
