"""The command line: make a site, serve it, check what it holds.

Nothing of the engine is imported before a command runs: whether a process may move its clock is decided when the clock
is imported, and only the commands of a demo site ask for that.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from engine.site import Site

DEFAULT_FOLDER = "var/site"
DEMO_FOLDER = "var/demo"
SIMULATED = "BATCHWRIGHT_SIMULATED_TIME"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a site's records, keys and exported checkpoints are."""

    folder: Path
    database: str
    zone: str

    @property
    def keys(self) -> Path:
        """The folder of the keys; outside the folder of the records."""
        return Path(os.environ.get("BATCHWRIGHT_KEYS") or self.folder / "keys")

    @property
    def checkpoints(self) -> Path:
        """Where exported checkpoints go. Copy them to where nobody of this machine can write."""
        return Path(os.environ.get("BATCHWRIGHT_CHECKPOINTS") or self.folder / "checkpoints")


class Refusals(click.Group):
    """Commands whose refusals are one sentence, not a traceback."""

    def invoke(self, context: click.Context) -> Any:
        """Run the command."""
        from engine.errors import BatchwrightError

        try:
            return super().invoke(context)
        except BatchwrightError as error:
            raise click.ClickException(error.message) from error


@click.group(cls=Refusals, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--folder", type=click.Path(path_type=Path), default=None, help=f"Folder of the site [{DEFAULT_FOLDER}].")
@click.option("--database", default=None, envvar="BATCHWRIGHT_DATABASE", help="Address of the records [SQLite in the folder].")
@click.option("--zone", default=None, envvar="BATCHWRIGHT_ZONE", help="IANA zone of the site's clocks [UTC].")
@click.pass_context
def main(context: click.Context, folder: Path | None, database: str | None, zone: str | None) -> None:
    """Batchwright: recipes are diagrams that run; the record of every batch proves itself."""
    context.obj = (folder, database, zone)


def _place(demo: bool = False) -> Place:
    folder, database, zone = click.get_current_context().obj
    folder = folder or Path(DEMO_FOLDER if demo else DEFAULT_FOLDER)
    (folder / "records").mkdir(parents=True, exist_ok=True)
    address = database or f"sqlite:///{folder / 'records' / 'batchwright.sqlite'}"
    return Place(folder, address, zone or ("Europe/Berlin" if demo else "UTC"))


def _prepare(place: Place) -> None:
    """Tables of this release, and keys if the site has none yet."""
    from engine.database import migrate
    from engine.keys import MAC_KEY, create_keys

    if not (place.keys / MAC_KEY).exists():
        create_keys(place.keys)
    migrate(place.database)


def _open(place: Place) -> Site:
    from engine.risk_classes import read_products, read_table
    from engine.site import open_site
    from engine.working_time import read_holidays

    required = os.environ.get("BATCHWRIGHT_DRY_RUN_REQUIRED") == "1"
    holidays = read_holidays(os.environ.get("BATCHWRIGHT_HOLIDAYS", ""))
    return open_site(
        place.database, place.keys, zone=place.zone, dry_run_required=required, holidays=holidays,
        ad_hoc_roles=read_table(os.environ.get("BATCHWRIGHT_AD_HOC_ROLES", "")),
        client_signs=read_products(os.environ.get("BATCHWRIGHT_CLIENT_SIGNS", "")),
    )  # fmt: skip


@main.command()
@click.option("--login", prompt="Login of the first system administrator")
@click.option("--full-name", prompt="Full name")
@click.option("--identity", prompt="How was the identity verified (document, by whom)")
@click.password_option(prompt="First password (the first sign-in asks for another)")
def init(login: str, full_name: str, identity: str, password: str) -> None:
    """Make an empty site: tables, keys, and the first administrator."""
    from engine import clock
    from engine.actions import people, processes
    from engine.queries.people import login_of
    from engine.sign_in import first_password
    from engine.transaction import SYSTEM, perform

    place = _place()
    chosen = first_password(login, full_name, password)
    _prepare(place)
    site = _open(place)
    for process in processes.SHIPPED:
        perform(site, processes.ship, actor=SYSTEM, stream=f"recipe:{process}", source="system", process_id=process)
    person_id = login_of(login)
    verified = {"by": "founder of the site", "how": identity, "on": clock.text(clock.now())}
    perform(
        site,
        people.create_person,
        actor=SYSTEM,
        stream=f"person:{person_id}",
        source="system",
        login=person_id,
        full_name=full_name,
        chosen=chosen,
        identity_verified=verified,
    )
    perform(
        site,
        people.grant_role,
        actor=SYSTEM,
        stream=f"person:{person_id}",
        source="system",
        person_id=person_id,
        role=people.ADMINISTRATOR,
    )
    site.close()
    click.echo(f"The site is in {place.folder}; its keys are in {place.keys}.")
    click.echo("Keep the keys in another backup than the records.")


@main.command()
@click.option("--demo", is_flag=True, help="Serve the demo site; made first where there is none.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8080, show_default=True)
@click.option("--threads", default=8, show_default=True, help="Requests answered at the same time by one process.")
@click.option("--processes", default=1, show_default=True, help="More than one on PostgreSQL only.")
@click.option("--over-tls", is_flag=True, help="The site is reached by HTTPS only (a proxy in front).")
def run(demo: bool, host: str, port: int, threads: int, processes: int, over_tls: bool) -> None:
    """Serve the site."""
    if demo:
        os.environ[SIMULATED] = "1"
    place = _place(demo)
    if processes > 1 and place.database.startswith("sqlite"):
        raise click.ClickException("SQLite is served by one process; more of them wait for each other.")
    if not demo and not place.keys.exists():
        raise click.ClickException(f"There is no site in {place.folder} yet: `batchwright init` makes one.")
    if demo:
        _seed(place)
    else:
        _prepare(place)
    os.environ.update(
        BATCHWRIGHT_DATABASE=place.database,
        BATCHWRIGHT_KEYS=str(place.keys.resolve()),
        BATCHWRIGHT_ZONE=place.zone,
        BATCHWRIGHT_CHECKPOINTS=str(place.checkpoints.resolve()),
        BATCHWRIGHT_DEMO="1" if demo else "0",
        BATCHWRIGHT_OVER_TLS="1" if over_tls else "0",
    )
    _serve(host, port, threads, processes)


def _serve(host: str, port: int, threads: int, processes: int) -> None:
    from granian import Granian
    from granian.constants import Interfaces

    click.echo(f"Batchwright answers at http://{host}:{port}/ (API: /api/v1/docs). End it with Ctrl-C.")
    Granian(
        "web.serving:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=processes,
        blocking_threads=threads,
        factory=True,
        websockets=False,
        respawn_failed_workers=True,
    ).serve()


@main.command("seed-demo")
def seed_demo() -> None:
    """Make the demo site without serving it."""
    os.environ[SIMULATED] = "1"
    _seed(_place(demo=True))


def _seed(place: Place) -> None:
    from engine.queries.batches import batch_list
    from engine.queries.people import people
    from web import demo
    from web.display import role_names, words

    _prepare(place)
    site = _open(place)
    try:
        if not people(site):
            click.echo("Making the demo site: four batches run up to now …")
            demo.seed(site)
        for batch in reversed(batch_list(site)):
            steps = ", ".join(step["key"] for step in batch["open_steps"]) or "nothing"
            click.echo(f"  {batch['id']}  {words(batch['state'])}, open: {steps}, exceptions: {batch['exceptions']}")
    finally:
        site.close()
    click.echo("People of the demo site: login, password, roles")
    for person in demo.PEOPLE:
        click.echo(f"  {person.login:<9} {person.password:<26} {person.full_name}, {role_names(person.roles)}")


@main.command()
@click.argument("diagram", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def check(diagram: Path) -> None:
    """Check a recipe diagram: everything that keeps it from running, with element, line and what to do."""
    from bpmn.checks import check_diagram

    report = check_diagram(diagram.read_bytes())
    for finding in report.findings:
        click.echo(str(finding))
    click.echo("The diagram passes its checks." if report.ok else "The diagram can't be loaded.")
    sys.exit(0 if report.ok else 1)


@main.command("dry-run")
@click.argument("diagram", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--report", "target", type=click.Path(dir_okay=False, path_type=Path), help="Write the whole report as JSON.")
def dry_run(diagram: Path, target: Path | None) -> None:
    """Rehearse a recipe diagram in every way: what was reached, what was judged, what no batch came to. Nothing is recorded."""
    from web.dry_run_text import rehearse

    sys.exit(0 if rehearse(diagram, target) else 1)


@main.command()
@click.argument("old")
@click.argument("new")
@click.option("--json", "as_json", is_flag=True, help="For programs; the same revisions always give the same text.")
def diff(old: str, new: str, as_json: bool) -> None:
    """What changed from OLD to NEW, files or revisions of the site, and what each change means; ends with 1 if anything did."""
    import json

    from bpmn.diff import diff as difference_of
    from bpmn.reading import DiagramError

    try:
        difference = difference_of(_diagram(old), _diagram(new))
    except DiagramError as error:
        raise click.ClickException(f"One of them can't be read as a diagram: {error}") from error
    if as_json:
        click.echo(json.dumps(difference.to_json(), indent=2, ensure_ascii=False))
    else:
        for entry in difference.entries:
            click.echo(f"{CHANGE_MARKS[entry.kind]} {entry.sentence}")
        click.echo(difference.summary)
    sys.exit(0 if difference.identical else 1)


CHANGE_MARKS = {"added": "+", "removed": "-", "changed": "~", "moved": ">"}


def _diagram(name: str) -> bytes:
    """A diagram by the name of a file or the id of a revision."""
    file = Path(name)
    if file.is_file():
        return file.read_bytes()
    if "@" not in name:
        raise click.ClickException(f"{name} is neither a file nor a revision like MR-CART-001@3.0.")
    from engine.queries.comparison import revision_text

    site = _open(_place())
    try:
        return revision_text(site, name).encode()
    finally:
        site.close()


@main.command("import-recipe")
@click.argument("diagram", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--login", prompt="Your login")
@click.option("--password", prompt=True, hide_input=True)
def import_recipe(diagram: Path, login: str, password: str) -> None:
    """Load a recipe diagram as a draft revision; it is approved and made effective on the pages."""
    from engine.actions import recipes
    from engine.queries.people import person_actor
    from engine.sign_in import sign_in
    from engine.transaction import perform

    site = _open(_place())
    try:
        session = sign_in(site, login, password, session_id="command-line")
        actor = person_actor(site, session["person_id"], session_epoch=session["session_epoch"], session_id="command-line")
        if actor is None:
            raise click.ClickException("Choose a password of your own on the pages first.")
        answer = perform(site, recipes.import_recipe, actor=actor, stream=recipe_stream(diagram), xml=diagram.read_text("utf-8"))
    finally:
        site.close()
    click.echo(f"Loaded: {answer}")


def recipe_stream(diagram: Path) -> str:
    """The chain of the recipe that a diagram draws."""
    from bpmn.diagram import Diagram

    recipe_id = Diagram.parse(diagram.read_bytes()).recipe.id
    if not recipe_id:
        raise click.ClickException("The diagram has no recipe header.")
    return f"recipe:{recipe_id}"


@main.command()
@click.option("--demo", is_flag=True, help="The demo site.")
@click.option(
    "--checkpoint", "checkpoints", multiple=True, type=click.Path(exists=True), help="An exported checkpoint to compare with."
)
def verify(demo: bool, checkpoints: tuple[str, ...]) -> None:
    """Prove that nothing on record was changed behind the application: chains, seals, replay, checkpoints."""
    from engine.keys import load_keys
    from engine.verify import verify as verify_records

    place = _place(demo)
    report = verify_records(place.database, load_keys(place.keys), checkpoints)
    click.echo(str(report))
    sys.exit(0 if report.ok else 1)


@main.command()
@click.argument("target", type=click.Path(path_type=Path))
@click.option("--demo", is_flag=True, help="The demo site.")
def backup(target: Path, demo: bool) -> None:
    """Copy the records consistently while the site runs; the keys are not in the copy."""
    from engine.backup import backup as copy_records

    copied = copy_records(_place(demo).database, target)
    click.echo(f"Copied to {copied}. A restored copy is good when `verify` says so.")


@main.command()
def migrate() -> None:
    """Bring the tables to this release. On PostgreSQL as their owner; the record itself is never rewritten."""
    place = _place()
    _prepare(place)
    click.echo("The tables are those of this release.")


@main.command("create-role")
@click.argument("name")
@click.password_option()
def create_role(name: str, password: str) -> None:
    """Make a PostgreSQL role that can append to the record, and change neither it nor its triggers; prints its address."""
    from engine.database import create_application_role
    from engine.errors import SiteNotReadyError

    try:
        address = create_application_role(_place().database, name, password)
    except SiteNotReadyError as error:
        raise click.ClickException(error.message) from error
    click.echo(f"Start the server with BATCHWRIGHT_DATABASE={address}")


@main.command()
@click.argument("login")
@click.option("--reason", prompt="Why")
def unlock(login: str, reason: str) -> None:
    """Open an account that wrong passwords locked, when no other administrator can."""
    from engine.actions import people
    from engine.transaction import SYSTEM, perform

    site = _open(_place())
    try:
        perform(
            site,
            people.unlock_account,
            actor=SYSTEM,
            stream=f"person:{login}",
            source="system",
            person_id=login,
            reason=reason,
        )
    finally:
        site.close()
    click.echo(f"{login} may sign in again.")


if __name__ == "__main__":
    main()
