"""A site with every generated recipe in effect, and with the people who run it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bpmn.diagram import Diagram
from engine import keys, passwords
from engine.database import migrate
from engine.site import Site, open_site
from tests.bench import recipes
from tests.bench.measured import Case
from web.demo.furnish import Crew, approve_recipe
from web.demo.people import PEOPLE, settle, train


@dataclass(frozen=True)
class Bench:
    """The open site and its cases, shortest recipe first."""

    site: Site
    crew: Crew
    cases: list[Case]

    def case(self, name: str) -> Case:
        """The case of that name."""
        return next(case for case in self.cases if case.name == name)


@contextmanager
def bench_site(url: str, folder: Path) -> Iterator[Bench]:
    """Migrates an empty database and furnishes it."""
    passwords.set_cost(passwords.CHEAP)
    migrate(url)
    keys.create_keys(folder / "keys")
    site = open_site(url, folder / "keys")
    try:
        crew = settle(site)
        drawn = {
            "10 steps": recipes.flat(10),
            "100 steps": recipes.flat(100),
            "1000 steps": recipes.flat(1000),
            "1000 in units": recipes.nested(1000),
            "5000 steps": recipes.flat(5000),
        }
        yield Bench(site, crew, [_case(name, xml, site, crew) for name, xml in drawn.items()])
    finally:
        site.close()


def _case(name: str, xml: bytes, site: Site, crew: Crew) -> Case:
    diagram = Diagram.parse(xml)
    approve_recipe(site, crew, xml.decode())
    train(site, PEOPLE, diagram.recipe.id, diagram.recipe.revision)
    return Case(name, diagram.recipe.id, len(diagram.steps), site, crew)
