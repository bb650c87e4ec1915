"""People: accounts and roles."""

from __future__ import annotations

from sqlalchemy.orm import Mapped, mapped_column

from engine.records.base import STRICT, Record, counted, filled, flag, instant, one_of, refers

PERSON_STATES = ("active", "locked", "deactivated")


class Person(Record):
    """One person's account. A login is never given to somebody else, deactivated or not.

    The password's hash enters the trail only as a digest: the trail is exported and kept for decades.
    """

    __tablename__ = "person"
    STREAM = "person:{id}"
    SECRET = frozenset({"password_hash", "password_history"})

    id: Mapped[str] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(unique=True)
    full_name: Mapped[str]
    password_hash: Mapped[str]
    password_history: Mapped[str] = mapped_column(default="[]")
    password_changed_at: Mapped[str]
    identity_verified: Mapped[str] = mapped_column(default="{}")
    accepted_esig_at: Mapped[str | None]
    state: Mapped[str] = mapped_column(default="active")
    failed_attempts: Mapped[int] = mapped_column(default=0)
    session_epoch: Mapped[int] = mapped_column(default=1)
    glove_mode: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)

    __table_args__ = (
        one_of("state", PERSON_STATES),
        *flag("glove_mode"),
        *instant("password_changed_at", "accepted_esig_at"),
        *filled("id", "login", "full_name"),
        counted("failed_attempts", 0),
        counted("session_epoch"),
        counted(),
        STRICT,
    )


class PersonRole(Record):
    """A role that a person holds, or held until `revoked_at`."""

    __tablename__ = "person_role"
    STREAM = "person:{person_id}"

    person_id: Mapped[str] = mapped_column(refers("person.id"), primary_key=True)
    role: Mapped[str] = mapped_column(primary_key=True)
    granted_by: Mapped[str]
    granted_at: Mapped[str]
    revoked_at: Mapped[str | None]
    version: Mapped[int] = mapped_column(default=1)

    __table_args__ = (*instant("granted_at", "revoked_at"), *filled("role", "granted_by"), counted(), STRICT)
