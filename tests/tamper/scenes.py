"""The site that is attacked, opened up once per database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from engine import clock
from engine.actions.corrections import correct_value
from engine.actions.decisions import decide
from engine.actions.departures import request_departure
from engine.actions.exceptions import comment_exception
from engine.checkpoints import make_checkpoint, take_checkpoint
from engine.records import ExceptionRecord
from engine.site import Site
from engine.transaction import SYSTEM, perform
from tests.engine import small_site as acts
from tests.stories.cart import Cart, cart_site, recorded
from tests.tamper import rows, trail
from tests.tamper.attacker import Attacker, Scene, copy_of_tables, open_up

KINDS: tuple[Callable[[Attacker], str], ...] = (*rows.KINDS, *trail.KINDS)


def small_scene(url: str, folder: Path) -> Scene:
    """Two batches; the attacker kept a copy of an earlier moment; then a checkpoint was exported."""
    site = acts.filled_site(url, folder)
    past = copy_of_tables(url)
    go_on(site)
    return scene(site, folder, past)


def cart_scene(url: str, folder: Path) -> Scene:
    """The recorded CAR-T batch to its disposition, and one that departs, with decisions, corrections and triage."""
    cart = cart_site(url, folder)
    depart(cart, "CT-26-0009")
    perform(cart.site, make_checkpoint, actor=SYSTEM, stream="site", source="system")
    cart.run("CT-26-0007", recorded())
    past = copy_of_tables(url)
    triage(cart, "CT-26-0009")
    clock.stop_simulating()
    return scene(cart.site, folder, past)


def depart(cart: Cart, batch: str) -> None:
    """Viability below its limit blocks the step; a departure is asked for, four roles decide, a value is corrected."""
    cart.run(batch, recorded("S03"))
    visit = next(visit for visit in recorded("S04") if visit.step_id == "S04")
    cart.floor.at(visit.started_at)
    cart.floor.begin(batch, visit)
    cart.floor.record(batch, replace(visit, values={**visit.values, "viab": "78"}))
    why = {"reason": "No second collection is possible.", "risk": "Lower expansion.", "mitigation": "Sample earlier."}
    of = {"task_key": "S04", "parameter_id": "viab"}
    cart.act(request_departure, "PROC", batch, departure_id="PD-1", **of, **why)
    for role in ("PROC", "MED", "QA_FLR", "CLI_QA"):
        reason = {"reason": "Accepted for this patient.", "reference": "PD-1"}
        cart.act(decide, role, batch, task_key="S04", outcome="proceed", proof=True, **reason)
    value = cart.values(batch)["S04", "", "viab"]
    cart.act(correct_value, "MFG_OP", batch, value_id=value["id"], text="79", reason="Misread the screen at first.")


def triage(cart: Cart, batch: str) -> None:
    """Each exception gets a comment."""
    for exception in cart.rows(ExceptionRecord, batch):
        cart.act(comment_exception, "MFG_OP", batch, exception_id=exception["id"], text="Seen and explained.")


def go_on(site: Site) -> None:
    """What happens after the attacker's copy: more of batch B-2, another lot, another checkpoint inside."""
    for step in ("S02", "S03"):
        perform(site, acts.correct, actor=acts.BEN, stream="batch:B-2", batch_id="B-2", task_key=step)
    perform(site, acts.add_lot, actor=acts.QUINN, stream="lot:L-2", lot_id="L-2")


def scene(site: Site, folder: Path, past: dict[str, list[dict[str, object]]]) -> Scene:
    """Export a checkpoint out of the attacker's reach and open the database up."""
    kept = take_checkpoint(site, folder / "witness")
    url, keys = site.url, site.keys
    site.close()
    open_up(url)
    return Scene(url, keys, kept, past)


def found(scene: Scene, kind: Callable[[Attacker], str], trial: object) -> tuple[bool, str]:
    """Whether the verifier names the place of one attack; and what was expected and said, for a failure's message."""
    with scene.attack((kind.__name__, trial)) as attacker:
        place = kind(attacker)
        problems = scene.verify(attacker).problems
    # The opened-up database has no triggers: that alone must not count as found.
    places = [problem.place for problem in problems if problem.place != "triggers"]
    told = "\n".join(map(str, (problem for problem in problems if problem.place != "triggers")))
    return any(named.startswith(place) for named in places), f"{kind.__name__}: expected {place!r}\n{told}"
