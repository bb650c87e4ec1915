"""The site that is attacked, opened up once per database."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from engine.checkpoints import take_checkpoint
from engine.site import Site
from engine.transaction import perform
from tests.engine import small_site as acts
from tests.tamper import rows, trail
from tests.tamper.attacker import Attacker, Scene, copy_of_tables, open_up

KINDS: tuple[Callable[[Attacker], str], ...] = (*rows.KINDS, *trail.KINDS)


def small_scene(url: str, folder: Path) -> Scene:
    """Two batches; the attacker kept a copy of an earlier moment; then a checkpoint was exported."""
    site = acts.filled_site(url, folder)
    past = copy_of_tables(url)
    go_on(site)
    return scene(site, folder, past)


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
