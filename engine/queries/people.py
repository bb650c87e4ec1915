"""Who people are and what they may do, as of now."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from engine import clock, passwords
from engine.actor import Actor
from engine.reader import Reader
from engine.records import Equipment, Person, PersonRole, Training
from engine.records.shape import Row
from engine.site import Site
from engine.training import active

NEVER_CHANGED = "1970-01-01T00:00:00.000000Z"
"""`password_changed_at` of a password that somebody else chose: it opens nothing but the form to change it."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A person as a page sees them. `password_expired` and `accepted` say what they have to do before anything else."""

    id: str
    login: str
    full_name: str
    roles: frozenset[str]
    session_epoch: int
    glove_mode: bool
    password_expired: bool
    accepted: bool


def login_of(text: str) -> str:
    """The login that somebody meant: logins have no capitals and no blanks around them."""
    return text.strip().casefold()[:80]


def roles_of(reader: Reader, person_id: str) -> frozenset[str]:
    """The roles that a person holds now."""
    return frozenset(row["role"] for row in reader.rows(PersonRole, person_id=person_id) if row["revoked_at"] is None)


def account_by_login(reader: Reader, login: str) -> Row | None:
    """The account of this login, or None."""
    return reader.find(Person, login=login_of(login))


def signed_in(site: Site, person_id: str, session_epoch: int, password_days: int) -> SignedIn | None:
    """The person of a live session; None once the account is closed, locked or the session was ended anywhere."""
    with site.read() as reader:
        row = _live(reader, person_id, session_epoch)
        if row is None:
            return None
        return SignedIn(
            row["id"], row["login"], row["full_name"], roles_of(reader, row["id"]), row["session_epoch"],
            bool(row["glove_mode"]), password_expired(row["password_changed_at"], password_days),
            row["accepted_esig_at"] is not None,
        )  # fmt: skip


def password_expired(changed_at: str, days: int) -> bool:
    """Whether a password has to be changed: somebody else chose it, or it is older than `days` (0: no age)."""
    age = clock.now() - clock.parse(changed_at)
    return changed_at == NEVER_CHANGED or (days > 0 and age.days >= days)


def person_actor(site: Site, person_id: str, *, session_epoch: int, session_id: str) -> Actor | None:
    """The actor of a live session that may act: active, of this epoch, with a password of their own choosing."""
    with site.read() as reader:
        row = _live(reader, person_id, session_epoch)
        if row is None or row["password_changed_at"] == NEVER_CHANGED:
            return None
        return Actor(row["id"], row["full_name"], roles_of(reader, row["id"]), "person", session_id, True)


def device_actor(site: Site, device_id: str, secret: str) -> Actor | None:
    """The actor of a registered device that shows its own secret, or None."""
    with site.read() as reader:
        row = reader.find(Equipment, id=device_id)
    if row is None or not passwords.matches_device_secret(row["credential_hash"] or "", secret):
        return None
    return Actor(row["id"], row["name"] or row["id"], frozenset(), "device")


def people(site: Site) -> list[dict[str, Any]]:
    """Everybody with an account: state, roles, trainings; by name."""
    with site.read() as reader:
        rows = reader.rows(Person, order=("full_name", "id"))
        roles = _by_person(reader.rows(PersonRole, order=("role",)))
        trainings = _by_person(reader.rows(Training, order=("recipe_id", "valid_from")))
    return [_described(row, roles.get(row["id"], []), trainings.get(row["id"], [])) for row in rows]


def person(site: Site, person_id: str) -> dict[str, Any] | None:
    """One account as `people` shows it, or None."""
    with site.read() as reader:
        row = reader.find(Person, id=person_id)
        if row is None:
            return None
        roles = reader.rows(PersonRole, order=("role",), person_id=person_id)
        trainings = reader.rows(Training, order=("recipe_id", "valid_from"), person_id=person_id)
    return _described(row, roles, trainings)


def _live(reader: Reader, person_id: str, session_epoch: int) -> Row | None:
    row = reader.find(Person, id=person_id)
    return row if row is not None and row["state"] == "active" and row["session_epoch"] == session_epoch else None


def _by_person(rows: list[Row]) -> dict[str, list[Row]]:
    grouped: dict[str, list[Row]] = {}
    for row in rows:
        grouped.setdefault(row["person_id"], []).append(row)
    return grouped


def _described(row: Row, roles: list[Row], trainings: list[Row]) -> dict[str, Any]:
    now = clock.text(clock.now())
    copied = ("id", "login", "full_name", "state", "failed_attempts", "accepted_esig_at", "version")
    return {
        **{name: row[name] for name in copied},
        "identity_verified": json.loads(row["identity_verified"]),
        "password_changed_at": None if row["password_changed_at"] == NEVER_CHANGED else row["password_changed_at"],
        "glove_mode": bool(row["glove_mode"]),
        "roles": [role["role"] for role in roles if role["revoked_at"] is None],
        "former_roles": [role["role"] for role in roles if role["revoked_at"] is not None],
        "training": [
            {
                **{name: training[name] for name in TRAINING_SHOWN},
                "valid": active(training, now),
            }
            for training in trainings
        ],
    }


TRAINING_SHOWN = ("id", "recipe_id", "revision", "valid_from", "valid_until", "recorded_by", "basis")
