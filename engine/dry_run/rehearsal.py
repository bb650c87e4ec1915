"""A site to rehearse on: the same tables, acts and rules as a real one, in a temporary folder, thrown away afterwards.

The recipe is in effect at once, everybody is trained, every material and piece of equipment is there. Nothing of it
touches the real record: its keys, its database and its clock are its own.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from sqlalchemy import event

from bpmn import vocabulary as v
from bpmn.diagram import Diagram
from engine import clock, keys
from engine.act import Act
from engine.actor import SYSTEM, Actor
from engine.control_recipe import ControlRecipe
from engine.database import migrate
from engine.passwords import Proof
from engine.records import Equipment, MaterialLot, Person, PersonRole, RecipeDocument, RecipeRevision, Training
from engine.site import Runs, Site, open_site
from engine.transaction import perform

BEGIN = datetime(2026, 1, 5, 6, 0, tzinfo=UTC)
YEARS = timedelta(days=3650)
PEOPLE_PER_ROLE = 3
PREFIX = "batchwright-dry-run-"
ABANDONED_SECONDS = 6 * 3600
PASSWORD = "rehearsal"
"""What everybody on a rehearsal's site signs with. It protects nothing: nothing is recorded there."""

Someone = tuple[Actor, Proof]


@dataclass(slots=True)
class Rehearsal:
    """A rehearsal's site with its clock and crew. `recipe` is the revision under test."""

    site: Site
    clock: clock.RehearsalClock
    recipe: ControlRecipe
    crew: dict[str, list[Someone]]

    def act(self, action: Callable[..., Any], who: Actor, batch_id: str, **arguments: Any) -> dict[str, Any]:
        """One real act on a batch of the rehearsal."""
        return perform(
            self.site, action, actor=who, stream=f"batch:{batch_id}", source="api", batch_id=batch_id, **arguments
        )

    def someone(self, roles: Iterable[str], avoid: Collection[str] = ()) -> Someone:
        """A person with one of these roles who is none of those to be avoided."""
        wanted = list(roles)
        for role in wanted:
            for actor, proof in self.crew.get(role, ()):
                if actor.id not in avoid:
                    return actor, proof
        raise LookupError(f"more than {PEOPLE_PER_ROLE} people are needed for {', '.join(wanted) or 'a step without a role'}")

    @contextmanager
    def trial(self) -> Iterator[Trial]:
        """Real acts whose outcome is read, and that leave nothing behind: the transaction is rolled back."""
        runs, self.site.runs = self.site.runs, Runs(10)
        before = self.clock.at
        try:
            with self.site.writing() as connection:
                yield Trial(self, connection)
        finally:
            self.site.runs = runs
            self.clock.move(before)


class Trial:
    """Acts inside one transaction that is never committed."""

    def __init__(self, rehearsal: Rehearsal, connection: Any) -> None:
        self._rehearsal, self._connection = rehearsal, connection

    def act(self, action: Callable[..., Any], who: Actor, batch_id: str, **arguments: Any) -> dict[str, Any]:
        """One act; what it wrote is there for the next one of this trial."""
        return self.on(f"batch:{batch_id}", action, who, batch_id=batch_id, **arguments)

    def on(self, stream: str, action: Callable[..., Any], who: Actor, **arguments: Any) -> dict[str, Any]:
        """The same on any stream."""
        act = Act(self._rehearsal.site, self._connection, who, "api")
        act.begin(stream)
        answer: dict[str, Any] = action(act, actor=who, **arguments)
        act.finish(answer, None, "")
        for done in act.after_commit:
            done()
        return answer

    def reader(self) -> Act:
        """The records as they are within the trial."""
        return Act(self._rehearsal.site, self._connection, SYSTEM, "system")

    def rows(self, table: Any, **equal: Any) -> list[dict[str, Any]]:
        """Rows as they are within the trial."""
        return list(self.reader().rows(table, **equal))


@contextmanager
def rehearsal(xml: bytes, *, begin: datetime = BEGIN) -> Iterator[Rehearsal]:
    """A rehearsal of this diagram, which has passed its checks; its folder is gone afterwards."""
    _remove_abandoned()
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    try:
        with clock.rehearse(clock.RehearsalClock(begin)) as shown:
            found = furnish(folder, xml, shown)
            try:
                yield found
            finally:
                found.site.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _remove_abandoned() -> None:
    """Folders that a killed process has left."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError):
            if clock.actual().timestamp() - folder.stat().st_mtime > ABANDONED_SECONDS and folder.stat().st_uid == os.geteuid():
                shutil.rmtree(folder, ignore_errors=True)


def furnish(folder: Path, xml: bytes, shown: clock.RehearsalClock, zone: str = "UTC") -> Rehearsal:
    """Make the site of a rehearsal in a folder. The rehearsal's clock must be the one that is followed now."""
    records = folder / "records"
    records.mkdir(parents=True)
    url = f"sqlite:///{records / 'rehearsal.sqlite'}"
    keys.create_keys(folder / "keys")
    migrate(url)
    site = reopen(folder, zone)
    recipe = ControlRecipe(xml, Diagram.parse(xml).hash)
    perform(site, _furnish, actor=SYSTEM, stream="site", source="system", xml=xml.decode(), recipe=recipe)
    site.recipes[recipe.hash] = recipe
    return Rehearsal(site, shown, recipe, crew())


def reopen(folder: Path, zone: str = "UTC") -> Site:
    """The site of a rehearsal that was furnished before."""
    site = open_site(f"sqlite:///{folder / 'records' / 'rehearsal.sqlite'}", folder / "keys", zone=zone, rehearsal=True)
    event.listen(site.engine, "connect", _without_waiting)
    site.close()
    return site


def _without_waiting(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA synchronous=OFF")  # nothing here has to survive a power cut


@lru_cache
def _password_hash() -> str:
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


def crew() -> dict[str, list[Someone]]:
    """Who is there: a few people for each role, so that whoever signs is never who performed."""
    found: dict[str, list[Someone]] = {}
    for role, title in v.ROLES.items():
        for number in range(1, PEOPLE_PER_ROLE + 1):
            actor = Actor(f"{role.lower()}.{number}", f"{title} {number}", frozenset({role}), "person", "dry run", True)
            found.setdefault(role, []).append((actor, Proof(actor.id, _password_hash())))
    return found


def _furnish(act: Act, *, actor: Actor, xml: str, recipe: ControlRecipe) -> dict[str, Any]:
    header = recipe.header
    revision = f"{header.id}@{header.revision}"
    act.insert(RecipeDocument, hash=recipe.hash, xml=xml)
    act.insert(
        RecipeRevision, id=revision, recipe_id=header.id, revision=header.revision, title=header.title or header.id,
        product=header.product, hash=recipe.hash, state="EFFECTIVE", authored_by="proc.1", effective_at=act.now_text, version=1,
        kind="process" if header.kind == "process" else "recipe",
    )  # fmt: skip
    _people(act, header)
    _stock(act, recipe)
    act.note("rehearsal:furnished", recipe=revision, recipe_hash=recipe.hash)
    return {}


def _people(act: Act, header: v.Recipe) -> None:
    long_ago, much_later = clock.text(act.now - timedelta(days=1)), clock.text(act.now + YEARS)
    for role, members in crew().items():
        for person, proof in members:
            act.insert(
                Person, id=person.id, login=person.id, full_name=person.full_name, password_hash=proof.password_hash,
                password_changed_at=long_ago, accepted_esig_at=long_ago, version=1,
            )  # fmt: skip
            act.insert(PersonRole, person_id=person.id, role=role, granted_by="SYSTEM", granted_at=long_ago, version=1)
            act.insert(
                Training, id=act.new_id("training"), person_id=person.id, recipe_id=header.id, revision=header.revision,
                valid_from=long_ago, valid_until=much_later, recorded_by="SYSTEM", version=1,
            )  # fmt: skip


def _stock(act: Act, recipe: ControlRecipe) -> None:
    """One released lot of each material, one ready piece of each class of equipment."""
    steps = recipe.steps.values()
    for number, material in enumerate(dict.fromkeys(m for s in steps for m in s.materials), start=1):
        receive_lot(act, f"LOT-{number}", material, {})
    for number, name in enumerate(dict.fromkeys(e for s in steps for e in s.equipment), start=1):
        act.insert(
            Equipment, id=f"EQ-{number}", equipment_class=name, name=name, status="ready", exclusive=0,
            software_version="rehearsal", version=1,
        )  # fmt: skip


def receive_lot(act: Act, lot_id: str, material: str, certificate: dict[str, str]) -> None:
    """A released lot with what its certificate states."""
    act.insert(
        MaterialLot, id=lot_id, material=material, supplier="Rehearsal", status="released",
        expires_at=clock.text(act.now + YEARS), certificate=certificate, version=1,
    )  # fmt: skip


def supply(act: Act, *, actor: Actor, lot_id: str, material: str, certificate: dict[str, str]) -> dict[str, Any]:
    """The same as an act: a lot that states another value."""
    receive_lot(act, lot_id, material, certificate)
    act.note("lot:registered", material=material)
    return {"lot_id": lot_id}
