"""How long two large recipes take to compare: `python -m tests.bpmn.diff.measure [steps]`."""

from __future__ import annotations

import random
import re
import sys
import time

from bpmn.diff import Difference, diff
from bpmn.importers import import_tables
from tests.recipe_tables import CART
from tests.recipes import random_recipe
from tests.small_recipes import sequence


def changed(xml: bytes, chance: random.Random, share: float) -> bytes:
    """Another instruction and another limit at some of the steps."""

    def other(found: re.Match[bytes]) -> bytes:
        return found[0] if chance.random() > share else found[1] + b'"%d"' % chance.randrange(60, 80)

    return re.sub(rb'((?:norLow|instruction|title)=)"[^"]*"', other, xml)


def shuffled(xml: bytes, chance: random.Random) -> bytes:
    """The steps of a row in any order: the worst there is for the order of steps."""
    steps = sorted(set(re.findall(rb'id="(S\d+)"', xml)))
    others = list(steps)
    chance.shuffle(others)
    names = dict(zip(steps, others, strict=True))
    return re.sub(rb'(sourceRef|targetRef)="(S\d+)"', lambda f: f[1] + b'="' + names[f[2]] + b'"', xml)


def timed(old: bytes, new: bytes) -> tuple[float, Difference]:
    """Seconds, and what was found."""
    started = time.perf_counter()
    found = diff(old, new)
    return time.perf_counter() - started, found


def main(steps: int) -> None:
    chance = random.Random(7)
    cart, row, any_recipe = import_tables(CART).xml, sequence(steps), random_recipe(7, steps)
    for name, old, new in (
        ("CAR-T, a third changed", cart, changed(cart, chance, 0.3)),
        (f"{steps} steps, a third changed", row, changed(row, chance, 0.3)),
        (f"{steps} steps, all changed", row, changed(row, chance, 1)),
        (f"{steps} steps in any order", row, shuffled(row, chance)),
        (f"{steps} steps of every construct, a third changed", any_recipe, changed(any_recipe, chance, 0.3)),
        (f"two recipes of {steps} steps with nothing in common", any_recipe, row),
    ):
        seconds, found = timed(old, new)
        print(f"{name:55} {seconds * 1000:8.0f} ms {len(found.entries):6} entries")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
