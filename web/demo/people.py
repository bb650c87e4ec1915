"""The demo's people: one for every role that a recipe may ask for, two operators, two process owners, an administrator.

Their passwords are printed when the demo starts and stand here: a demo site is for nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from engine import clock, passwords
from engine.actions import people, trainings
from engine.passwords import Proof
from engine.queries.people import person_actor
from engine.sign_in import choose_password, confirm, first_password, sign_in
from engine.site import Site
from engine.transaction import SYSTEM, Actor, perform

FIRST_PASSWORD = "handed over 3 by hand"


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """Somebody of the demo site."""

    login: str
    full_name: str
    roles: tuple[str, ...]
    password: str


PEOPLE = (
    DemoPerson("anna", "Anna Keller", ("MFG_OP",), "amber kettle 41 north"),
    DemoPerson("ben", "Ben Osei", ("MFG_OP",), "basalt window 52 east"),
    DemoPerson("wanda", "Wanda Lindqvist", ("MFG_WIT",), "willow copper 63 south"),
    DemoPerson("victor", "Victor Amaral", ("MFG_VER",), "velvet anchor 74 west"),
    DemoPerson("susan", "Susan Park", ("MFG_SUP",), "saffron ladder 85 north"),
    DemoPerson("pia", "Pia Moreau", ("PROC",), "pebble lantern 96 east"),
    DemoPerson("tomas", "Tomas Berg", ("PROC",), "timber violin 29 east"),
    DemoPerson("farid", "Farid Nazari", ("QA_FLR",), "fennel harbour 17 south"),
    DemoPerson("diana", "Diana Roth", ("QA_DISP",), "drizzle marble 28 west"),
    DemoPerson("quentin", "Quentin Dubois", ("QP",), "quarry thistle 39 north"),
    DemoPerson("lena", "Lena Fischer", ("QC_ANL",), "lichen bottle 40 east"),
    DemoPerson("rosa", "Rosa Iglesias", ("QC_REV",), "ripple orchard 51 south"),
    DemoPerson("clara", "Clara Whitfield", ("CLI_QA",), "canyon feather 62 west"),
    DemoPerson("marek", "Marek Novak", ("MED",), "meadow spindle 73 north"),
    DemoPerson("rita", "Rita Lam", ("RA",), "raven pocket 84 east"),
    DemoPerson("ines", "Ines Carvalho", ("IT",), "indigo gravel 47 north"),
    DemoPerson("colin", "Colin Baker", ("COI",), "cobalt teapot 95 south"),
    DemoPerson("sam", "Sam Adeyemi", ("SYS_ADM",), "sable compass 16 west"),
)


def settle(site: Site, crew: Iterable[DemoPerson] = PEOPLE) -> dict[str, tuple[Actor, Proof]]:
    """Open the accounts as an administrator does; each chooses a password and accepts the statement on signatures.

    Returns actor and proof by role (the first person of each) and by login.
    """
    passwords.set_cost(passwords.CHEAP)  # printed on the screen, so nothing is lost; it saves half a minute of hashing
    found: dict[str, tuple[Actor, Proof]] = {}
    for person in crew:
        entry = found[person.login] = _join(site, person)
        for role in person.roles:
            found.setdefault(role, entry)
    return found


def train(site: Site, crew: Iterable[DemoPerson], recipe_id: str, revision: str) -> None:
    """Record that everybody is trained on a revision for two years."""
    now = clock.now()
    for person in crew:
        perform(
            site, trainings.record_training, actor=SYSTEM, stream=f"person:{person.login}", person_id=person.login,
            recipe_id=recipe_id, revision=revision, valid_from=now - timedelta(days=1), valid_until=now + timedelta(days=730),
        )  # fmt: skip


def _join(site: Site, person: DemoPerson) -> tuple[Actor, Proof]:
    stream = f"person:{person.login}"
    identity = {"by": "Human resources", "how": "passport", "on": clock.text(clock.now())[:10]}
    chosen = first_password(person.login, person.full_name, FIRST_PASSWORD)
    perform(
        site, people.create_person, actor=SYSTEM, stream=stream, login=person.login, full_name=person.full_name, chosen=chosen,
        identity_verified=identity,
    )  # fmt: skip
    for role in person.roles:
        perform(site, people.grant_role, actor=SYSTEM, stream=stream, person_id=person.login, role=role)
    newcomer = Actor(person.login, person.full_name, frozenset(person.roles), "person", "first day", True)
    proof = confirm(site, newcomer, FIRST_PASSWORD)
    chosen = choose_password(site, person.login, person.password)
    perform(site, people.set_password, actor=newcomer, stream=stream, proof=proof, chosen=chosen)
    proof = confirm(site, newcomer, person.password)
    perform(site, people.accept_statement, actor=newcomer, stream=stream, proof=proof)
    opened = sign_in(site, person.login, person.password, session_id="first day")
    actor = person_actor(site, person.login, session_epoch=opened["session_epoch"], session_id="first day")
    assert actor is not None
    return actor, proof
