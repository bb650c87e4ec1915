"""The CAR-T site, furnished once for each kind of database and copied for each test; and the same after the recorded batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from engine import clock
from tests.conftest import Databases
from tests.stories import workshop as workshops
from tests.stories.cart import BATCH, Cart, cart_site, recorded, reopened
from tests.stories.workshop import Workshop
from web.demo.furnish import Crew


@dataclass(frozen=True)
class Template:
    """A closed database to copy, the keys that belong to it, and the instant at which it was left."""

    name: str
    keys: Path
    crew: Crew
    left_at: datetime


@pytest.fixture(scope="session")
def template_of(databases_of: Callable[[str], Databases], tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Template]:
    """Makes the template of a kind once: "people", "furnished" for CAR-T, or "done" after the recorded batch."""
    made: dict[tuple[str, str], Template] = {}

    def of(kind: str, stage: str) -> Template:
        if (kind, stage) not in made:
            folder = tmp_path_factory.mktemp(f"{stage}_{kind}")
            name, url = databases_of(kind).migrated()
            made[kind, stage] = _furnished(stage, name, url, folder)
        return made[kind, stage]

    return of


def _furnished(stage: str, name: str, url: str, folder: Path) -> Template:
    furnished: Cart | Workshop = workshops.settled(url, folder) if stage == "people" else cart_site(url, folder)
    if isinstance(furnished, Cart) and stage == "done":
        furnished.run(BATCH, recorded())
    furnished.site.close()
    return Template(name, folder / "keys", furnished.crew, clock.now())


def _copy(kind: str, stage: str, template_of: Callable[..., Template], databases: Databases) -> Iterator[Cart]:
    template = template_of(kind, stage)
    name, url = databases.blank(template.name)
    clock.simulate(template.left_at)
    cart = reopened(url, template.keys, template.crew)
    yield cart
    cart.site.close()
    clock.stop_simulating()
    databases.drop(name)


@pytest.fixture
def cart(database_kind: str, template_of: Callable[..., Template], databases_of: Callable[[str], Databases]) -> Iterator[Cart]:
    """A site ready for the recorded batch; the clock returns to the present afterwards."""
    yield from _copy(database_kind, "furnished", template_of, databases_of(database_kind))


@pytest.fixture
def done(database_kind: str, template_of: Callable[..., Template], databases_of: Callable[[str], Databases]) -> Iterator[Cart]:
    """A site on which the recorded batch has run from order to shipment."""
    yield from _copy(database_kind, "done", template_of, databases_of(database_kind))


@pytest.fixture
def workshop(
    database_kind: str, template_of: Callable[..., Template], databases_of: Callable[[str], Databases]
) -> Iterator[Workshop]:
    """A site with people and nothing else; its recipe comes with the test."""
    template, databases = template_of(database_kind, "people"), databases_of(database_kind)
    name, url = databases.blank(template.name)
    clock.simulate(template.left_at)
    shop = workshops.reopened(url, template.keys, template.crew)
    yield shop
    shop.site.close()
    clock.stop_simulating()
    databases.drop(name)
