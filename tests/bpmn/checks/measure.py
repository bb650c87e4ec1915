"""How long the checks take, reading included: `python -m tests.bpmn.checks.measure`. The editor asks after each pause."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import bpmn
from bpmn.checks import CHECKS, check_diagram
from bpmn.diagram import Diagram
from bpmn.expressions import parse
from tests.recipes import random_recipe
from tests.small_recipes import sequence

CART = Path(bpmn.__file__).parent / "processes" / "master_recipes" / "MR-CART-001.bpmn"


def milliseconds(act, times: int = 5) -> float:
    """The shortest of so many goes."""
    found = []
    for _ in range(times):
        began = time.perf_counter()
        act()
        found.append((time.perf_counter() - began) * 1000)
    return min(found)


def cold(xml: bytes) -> None:
    """A first check: no expression has been read before."""
    parse.cache_clear()
    check_diagram(xml)


def main() -> None:
    recipes = {"CAR-T": CART.read_bytes(), "100 steps in a row": sequence(100), "200 steps in a row": sequence(200)}
    recipes |= {f"random {seed}": random_recipe(seed, size) for seed, size in ((3, 100), (7, 100), (2, 200))}
    for name, xml in recipes.items():
        diagram = Diagram.parse(xml)
        first, again = milliseconds(lambda xml=xml: cold(xml)), milliseconds(lambda xml=xml: check_diagram(xml))
        print(f"{name:20} {len(diagram.steps):4} steps, {len(xml) / 1000:4.0f} kB: {first:4.0f} ms first, {again:4.0f} ms again")
        for one in CHECKS if "-v" in sys.argv else ():
            print(f"{one.RULE:>40} {milliseconds(lambda one=one, d=diagram: list(one.check(d)), 3):5.1f} ms")


if __name__ == "__main__":
    main()
