"""Accounts: who exists, what they may do, how their sessions open and end. No act here touches a batch.

Passwords come in as a `Proof` (somebody typed the right one) or a `ChosenPassword` (it passed the rules): the text of a
password never reaches an action, a journal entry or a log.
"""

from __future__ import annotations

import json
import re
from typing import Any

from bpmn.vocabulary import ROLES
from engine import clock
from engine.canonical import canonical
from engine.errors import (
    LoginTakenError,
    NotPermittedError,
    OwnAccountError,
    PersonFieldError,
    RecordNotFoundError,
    RoleConflictError,
    SignInRefusedError,
)
from engine.passwords import HISTORY, ChosenPassword, Proof
from engine.queries.people import NEVER_CHANGED, account_by_login, login_of, password_expired, roles_of
from engine.records import Person, PersonRole
from engine.records.shape import Row
from engine.transaction import Act, Actor

ATTEMPTS = 5
ADMINISTRATOR = "SYS_ADM"
RESET_WITNESSES = frozenset({"MFG_SUP", "QA_FLR", "QA_DISP", "QP"})
STATEMENT = (
    "I understand that my electronic signature is the legally binding equivalent of my handwritten signature, "
    "that I answer for everything done under it, and that I keep my password to myself."
)
_LOGIN = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,38}[a-z0-9])?")


# Sessions


def open_session(act: Act, *, actor: Actor, proof: Proof, alone: bool = False) -> dict[str, Any]:
    """A person signed in with both components. `alone` ends all their other sessions. Source: 21 CFR 11.200(a)(1)."""
    person = _proven(act, proof)
    epoch = person["session_epoch"] + (1 if alone else 0)
    if epoch != person["session_epoch"] or person["failed_attempts"]:
        _change(act, person, session_epoch=epoch, failed_attempts=0)
    act.note("session:opened", session=actor.session_id, alone=alone)
    return {
        "person_id": person["id"],
        "full_name": person["full_name"],
        "session_epoch": epoch,
        "password_expired": password_expired(person["password_changed_at"], 0),
        "accepted": person["accepted_esig_at"] is not None,
    }


def end_sessions(act: Act, *, actor: Actor, why: str) -> dict[str, Any]:
    """End every session of the actor (signed out, or locked the station): their tokens and cookies are void at once.

    `why` is "signed_out", "locked" or "taken_over". Source: 21 CFR 11.200(a)(1)(ii), 11.300(c).
    """
    person = _account(act, actor.id)
    epoch = person["session_epoch"] + 1
    _change(act, person, session_epoch=epoch)
    act.note(f"session:{why}", session=actor.session_id)
    return {"person_id": person["id"], "session_epoch": epoch}


def note_refused_password(act: Act, *, actor: Actor, at: str) -> dict[str, Any]:
    """Count a wrong password; the fifth in a row locks the account. Critical: QA and the administrator see it.

    Source: 21 CFR 11.300(d).
    """
    person = _account(act, actor.id)
    attempts = person["failed_attempts"] + 1
    changes: dict[str, Any] = {"failed_attempts": attempts}
    locks = attempts >= ATTEMPTS and person["state"] == "active"
    if locks:
        changes |= {"state": "locked", "session_epoch": person["session_epoch"] + 1}
    _change(act, person, **changes)
    act.note("person:locked" if locks else "password:refused", critical=True, at=at, attempts=attempts)
    return {"attempts": attempts, "locked": locks}


def note_unknown_login(act: Act, *, actor: Actor) -> dict[str, Any]:
    """Somebody tried a login that nobody has. What was typed is not kept: often it is a password."""
    act.note("session:refused", critical=True, why="no such login")
    return {}


def note_refused_access(act: Act, *, actor: Actor, what: str) -> dict[str, Any]:
    """Somebody tried to do what none of their roles allows. Source: 21 CFR 11.10(g), 11.300(d)."""
    act.note("access:refused", critical=True, what=what[:200])
    return {}


def accept_statement(act: Act, *, actor: Actor, proof: Proof) -> dict[str, Any]:
    """The person accepts that their electronic signature binds them; needed before the first signature.

    Source: 21 CFR 11.10(j), 11.100(c).
    """
    person = _proven(act, proof)
    _own(actor, person)
    if person["accepted_esig_at"] is None:
        _change(act, person, accepted_esig_at=act.now)
        act.note("statement:accepted", critical=True, statement=STATEMENT)
    return {"accepted_esig_at": person["accepted_esig_at"] or clock.text(act.now)}


# Passwords


def set_password(act: Act, *, actor: Actor, proof: Proof, chosen: ChosenPassword) -> dict[str, Any]:
    """A person changes their own password, having typed the old one; their other sessions end."""
    person = _proven(act, proof, must_be_active=True)
    _own(actor, person)
    epoch = person["session_epoch"] + 1
    history = [person["password_hash"], *json.loads(person["password_history"])][: HISTORY - 1]
    _change(
        act, person, password_hash=chosen.password_hash, password_history=canonical(history),
        password_changed_at=act.now, session_epoch=epoch, failed_attempts=0,
    )  # fmt: skip
    act.note("password:changed")
    return {"session_epoch": epoch}


def reset_password(
    act: Act, *, actor: Actor, person_id: str, chosen: ChosenPassword, witness: Actor, witness_proof: Proof, reason: str
) -> dict[str, Any]:
    """Two people give a person who lost theirs a first password again; it opens only the form to choose another one.

    The witness stands beside the administrator and proved their own password. Source: 21 CFR 11.200(a)(3).
    """
    person = _administered(act, actor, person_id)
    second = _proven(act, witness_proof)
    if second["id"] in (actor.id, person["id"]) or witness.id != second["id"]:
        raise OwnAccountError("The second person is neither the administrator nor the account's owner.")
    if not RESET_WITNESSES & roles_of(act, second["id"]):
        raise NotPermittedError(f"{second['full_name']} has none of the roles that may witness a reset.")
    history = [person["password_hash"], *json.loads(person["password_history"])][: HISTORY - 1]
    _change(
        act, person, password_hash=chosen.password_hash, password_history=canonical(history),
        password_changed_at=NEVER_CHANGED, session_epoch=person["session_epoch"] + 1, failed_attempts=0,
        state="active",
    )  # fmt: skip
    act.note("password:reset", critical=True, witness=second["id"], reason=_reason(reason))
    return {"person_id": person["id"]}


# Accounts


def create_person(
    act: Act, *, actor: Actor, login: str, full_name: str, chosen: ChosenPassword, identity_verified: dict[str, str]
) -> dict[str, Any]:
    """Open an account. Stream: `person:<login>`; the login is the person's id for good.

    `identity_verified`: `by`, `how`, `on`: who looked at which document when, before the first password was handed
    over. The password chosen here opens nothing but the form to choose another. Source: 21 CFR 11.100(a), (b).
    """
    _administrator(actor)
    login = login_of(login)
    if not _LOGIN.fullmatch(login):
        raise PersonFieldError("A login has 1 to 40 small letters, digits and . _ - inside.", field="login")
    if not full_name.strip():
        raise PersonFieldError("Enter the full name as it is printed beside signatures.", field="full_name")
    missing = [part for part in ("by", "how", "on") if not identity_verified.get(part, "").strip()]
    if missing:
        raise PersonFieldError("Say who verified the identity, how and when.", field=f"identity_{missing[0]}")
    if account_by_login(act, login) is not None:
        raise LoginTakenError(f"{login} is taken.", field="login")
    act.insert(
        Person, id=login, login=login, full_name=full_name.strip(), password_hash=chosen.password_hash,
        password_history="[]", password_changed_at=NEVER_CHANGED, identity_verified=canonical(dict(identity_verified)),
        accepted_esig_at=None, state="active", failed_attempts=0, session_epoch=1, glove_mode=0,
    )  # fmt: skip
    act.note("person:created", critical=True, login=login, full_name=full_name.strip())
    return {"person_id": login}


def grant_role(act: Act, *, actor: Actor, person_id: str, role: str) -> dict[str, Any]:
    """Give a person a role. Administrators hold no other role and give none to themselves. Source: Annex 11 s.12.3."""
    person = _administered(act, actor, person_id)
    if role not in ROLES:
        raise PersonFieldError(f"There is no role {role}.", field="role")
    held = roles_of(act, person["id"])
    if held and (role == ADMINISTRATOR) != (ADMINISTRATOR in held):
        raise RoleConflictError
    former = act.find(PersonRole, person_id=person["id"], role=role)
    if former is None:
        act.insert(
            PersonRole, person_id=person["id"], role=role, granted_by=actor.id, granted_at=act.now,
            revoked_at=None,
        )  # fmt: skip
    elif former["revoked_at"] is not None:
        act.update(
            PersonRole, {"person_id": person["id"], "role": role}, was=former,
            granted_by=actor.id, granted_at=act.now, revoked_at=None,
        )  # fmt: skip
    act.note("role:granted", critical=True, role=role, had=sorted(held))
    return {"person_id": person["id"], "roles": sorted({*held, role})}


def revoke_role(act: Act, *, actor: Actor, person_id: str, role: str, reason: str) -> dict[str, Any]:
    """Take a role away; it counts from the person's next request on. Source: 21 CFR 11.300(c), Annex 11 s.12.3."""
    person = _administered(act, actor, person_id)
    held = act.find(PersonRole, person_id=person["id"], role=role)
    if held is None or held["revoked_at"] is not None:
        raise RecordNotFoundError(f"{person['full_name']} does not hold {role}.")
    act.update(PersonRole, {"person_id": person["id"], "role": role}, was=held, revoked_at=act.now)
    act.note("role:revoked", critical=True, role=role, reason=_reason(reason))
    return {"person_id": person["id"], "roles": sorted(roles_of(act, person["id"]))}


def unlock_account(act: Act, *, actor: Actor, person_id: str, reason: str) -> dict[str, Any]:
    """Open an account that wrong passwords locked. The person keeps their password."""
    person = _administered(act, actor, person_id)
    if person["state"] != "locked":
        raise PersonFieldError(f"The account of {person['full_name']} is {person['state']}, not locked.")
    _change(act, person, state="active", failed_attempts=0)
    act.note("person:unlocked", critical=True, reason=_reason(reason))
    return {"person_id": person["id"]}


def deactivate_person(act: Act, *, actor: Actor, person_id: str, reason: str) -> dict[str, Any]:
    """Close an account for good; sessions end at once, the login is not given again. Source: 21 CFR 11.300."""
    person = _administered(act, actor, person_id)
    _change(act, person, state="deactivated", session_epoch=person["session_epoch"] + 1)
    act.note("person:deactivated", critical=True, reason=_reason(reason))
    return {"person_id": person["id"]}


def set_glove_mode(act: Act, *, actor: Actor, on: bool) -> dict[str, Any]:
    """Larger targets for gloved hands, for this person on every station."""
    person = _account(act, actor.id)
    if bool(person["glove_mode"]) != on:
        _change(act, person, glove_mode=int(on))
        act.note("person:display_changed", glove_mode=int(on))
    return {"glove_mode": on}


def _administrator(actor: Actor) -> None:
    if actor.kind != "system" and ADMINISTRATOR not in actor.roles:
        raise NotPermittedError("Accounts are the system administrator's.")


def _administered(act: Act, actor: Actor, person_id: str) -> Row:
    """The account that an administrator works on: somebody else's, and not closed."""
    _administrator(actor)
    person = _account(act, person_id)
    if person["id"] == actor.id:
        raise OwnAccountError
    if person["state"] == "deactivated":
        raise PersonFieldError(f"The account of {person['full_name']} is closed for good.")
    return person


def _account(act: Act, person_id: str) -> Row:
    return act.get(Person, id=person_id)


def _proven(act: Act, proof: Proof, must_be_active: bool = True) -> Row:
    """The account, if it is open and its password is still the one that was proven."""
    person = _account(act, proof.person_id)
    if (must_be_active and person["state"] != "active") or person["password_hash"] != proof.password_hash:
        raise SignInRefusedError
    return person


def _own(actor: Actor, person: Row) -> None:
    if actor.id != person["id"]:
        raise NotPermittedError("This is another person's account.")


def _change(act: Act, person: Row, **changes: Any) -> None:
    act.update(Person, {"id": person["id"]}, was=person, **changes)


def _reason(text: str) -> str:
    """A reason that says something: one character explains nothing. Source: Annex 11 s.9."""
    if len(text.strip()) < 3:
        raise PersonFieldError("Give the reason in a few words.", field="reason")
    return text.strip()
