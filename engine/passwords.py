"""The secret half of a signature: how it is kept, what it must look like, how it is proven.

A password is kept as an Argon2id hash and nowhere else; no journal entry, log line or error carries the text.
Source: 21 CFR 11.300(b), (d); draft Annex 11 s.11.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from engine.errors import PasswordRefusedError

MINIMUM_LENGTH = 12
MAXIMUM_LENGTH = 256  # hashing reads all of it: a bound keeps one request from costing seconds
HISTORY = 5

# What people type when a rule makes them lengthen a password. Patterns, because a list of a million lines
# is somebody else's and still misses next year's "Spring2027!!".
_WORDS = (
    "password|passwort|passw0rd|p[a@]ssw[o0]rd|kennwort|geheim|secret|welcome|willkommen|letmein|changeme|default"
    "|admin|administrator|root|guest|user|operator|quality|batch|batchwright|cleanroom|login|test|demo"
    "|spring|summer|autumn|winter|fr[uü]hling|sommer|herbst|january|february|march|april|june|july|august"
    "|september|october|november|december|monday|friday|iloveyou|dragon|monkey|football|baseball|sunshine|master"
)
_COMMON = (
    (
        re.compile(rf"^[\W\d_]*(?:(?:{_WORDS})[\W\d_]*)+$", re.IGNORECASE),
        "is a common word with digits or signs around it",
    ),
    (re.compile(r"^(.{1,4})\1+.{0,3}$", re.DOTALL), "repeats the same few characters"),
    (re.compile(r"^\d+$"), "is only digits"),
)
_ROWS = ("qwertyuiop", "qwertzuiop", "asdfghjkl", "zxcvbnm", "yxcvbnm", "abcdefghijklmnopqrstuvwxyz", "01234567890")


@dataclass(frozen=True, slots=True)
class Proof:
    """That a person typed their own password, and against which hash: it counts while that hash is current."""

    person_id: str
    password_hash: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ChosenPassword:
    """A new password that passed the rules, as the hash that is kept; made by `choose` only."""

    password_hash: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Cost:
    """Price of one guess: passes, memory in KiB, threads. Tests use a cheap one.

    The default takes 50 to 100 ms on two cores, which every signature waits for; three passes on two threads took 170 to
    190 ms of processor time and grew with the load. It is above what OWASP asks of Argon2id (46 MiB, one pass, one thread).
    """

    passes: int = 1
    memory: int = 65536
    threads: int = 1


CHEAP = Cost(passes=1, memory=8, threads=1)
_cost = Cost()


def set_cost(cost: Cost) -> None:
    """Price of every hash that this process makes from now on. Tests set CHEAP; nothing else calls this."""
    global _cost
    _cost = cost


@lru_cache(maxsize=8)
def _hasher(cost: Cost) -> PasswordHasher:
    return PasswordHasher(time_cost=cost.passes, memory_cost=cost.memory, parallelism=cost.threads)


@lru_cache(maxsize=8)
def _nobody(cost: Cost) -> str:
    return _hasher(cost).hash("nobody has this password")


def hash_password(password: str) -> str:
    """The text that is kept instead of the password: Argon2id with its own salt and parameters inside."""
    return _hasher(_cost).hash(password)


def matches(password_hash: str, password: str) -> bool:
    """Whether this is the password behind the hash. An empty hash (nobody of that name) takes as long and is False."""
    known = bool(password_hash)
    try:
        _hasher(_cost).verify(password_hash if known else _nobody(_cost), password[:MAXIMUM_LENGTH])
    except (VerificationError, InvalidHashError):
        return False
    return known


def choose(password: str, *, login: str, full_name: str = "", former_hashes: Iterable[str] = ()) -> ChosenPassword:
    """A new password as the account keeps it. Raises PasswordRefusedError with everything that speaks against it."""
    found = problems(password, login=login, full_name=full_name, former_hashes=former_hashes)
    if found:
        raise PasswordRefusedError(found)
    return ChosenPassword(hash_password(password))


def new_device_secret() -> str:
    """A secret for a device: 256 random bits, shown once."""
    return secrets.token_urlsafe(32)


def device_secret_hash(secret: str) -> str:
    """The text kept instead of a device's secret. Nobody guesses 256 random bits, so one SHA-256 is enough."""
    return "sha256:" + hashlib.sha256(secret.encode()).hexdigest()


def matches_device_secret(credential_hash: str, secret: str) -> bool:
    """Whether this is the device's secret; an empty hash (no such device) is False."""
    return hmac.compare_digest(device_secret_hash(secret).encode(), credential_hash.encode())


def problems(password: str, *, login: str, full_name: str = "", former_hashes: Iterable[str] = ()) -> list[str]:
    """Everything that speaks against a new password, as sentences for the person; empty when it may be used."""
    if len(password) > MAXIMUM_LENGTH:
        return [f"The password must have at most {MAXIMUM_LENGTH} characters."]
    found = []
    if len(password) < MINIMUM_LENGTH:
        found.append(f"The password must have at least {MINIMUM_LENGTH} characters.")
    folded = password.casefold()
    if any(name in folded for name in _names(login, full_name)):
        found.append("The password must not contain your login or your name.")
    found.extend(f"The password {why}: it would be guessed early." for pattern, why in _COMMON if pattern.search(password))
    if _is_keyboard_walk(folded):
        found.append("The password follows the keyboard or the alphabet: it would be guessed early.")
    if not found and any(matches(former, password) for former in former_hashes):
        found.append(f"The password is one of your last {HISTORY}. Choose another one.")
    return found


def _names(login: str, full_name: str) -> list[str]:
    return [part for part in re.split(r"[\W_]+", f"{login} {full_name}".casefold()) if len(part) >= 4]


def _is_keyboard_walk(folded: str) -> bool:
    """Whether three quarters of it lie in runs of four or more neighbours on a keyboard row or in the alphabet."""
    walked: set[int] = set()
    rows = (*_ROWS, *(row[::-1] for row in _ROWS))
    runs = {row[start : start + 4] for row in rows for start in range(len(row) - 3)}
    for at in range(len(folded) - 3):
        if folded[at : at + 4] in runs:
            walked.update(range(at, at + 4))
    return len(walked) * 4 >= len(folded) * 3 > 0
