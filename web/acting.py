"""From a submitted page to one act, and from a refusal back to the page with everything that was typed."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import abort, current_app, flash, request

from api.errors import STATUS
from engine.actor import Actor
from engine.errors import (
    BatchwrightError,
    EntriesNotReviewedError,
    PasswordRefusedError,
    ReasonRequiredError,
    WrongPasswordError,
)
from engine.sign_in import confirm
from engine.site import Site
from engine.transaction import perform
from forms.field import EntryError, Field
from forms.form import FormError, read
from web import sessions

KEY_LENGTH = 16
LISTS = ("missing", "items", "rows", "duties")
"""Under which names a refusal lists what is missing or open, one line each."""


@dataclass(frozen=True, slots=True)
class PageProblem:
    """One thing that is wrong on a page: at which field (or none), and what to do."""

    field: str
    message: str
    what_to_do: str = ""


class RefusedEntryError(Exception):
    """The page itself found something missing, before any act."""

    def __init__(self, *problems: PageProblem) -> None:
        super().__init__(*(problem.message for problem in problems))
        self.problems = list(problems)


@dataclass(slots=True)
class Outcome:
    """How a submission went: the answer, or the problems and the status that the page is shown with."""

    answer: dict[str, Any] | None
    problems: list[PageProblem]
    status: int = 200

    @property
    def done(self) -> bool:
        """Recorded, and durable."""
        return self.answer is not None


def site() -> Site:
    """The site that this process serves."""
    found: Site = current_app.extensions["batchwright"]
    return found


def actor() -> Actor:
    """Who acts; the guard let nobody else through."""
    who = sessions.actor()
    if who is None:
        abort(401)
    return who


def new_key() -> str:
    """A key for one submission: pressing twice, or sending again after a cut connection, is the same act."""
    return secrets.token_urlsafe(KEY_LENGTH)


def act(action: Callable[..., dict[str, Any]], *, stream: str, once: bool = True, **arguments: Any) -> dict[str, Any]:
    """One action for the person of this request. `once`: under the key of the submitted form."""
    who = actor()
    sent = request.form.get("idempotency_key", "")[:80]
    key = f"{who.id}:{sent}" if once and sent else None
    return perform(site(), action, actor=who, stream=stream, idempotency_key=key, source="ui", **arguments)


def proof(field: str = "password") -> Any:
    """The person's password again, as this submission has it, for a signature."""
    password = request.form.get(field, "")
    if not password:
        raise RefusedEntryError(PageProblem(field, "Enter your password to sign"))
    return confirm(site(), actor(), password, source="ui")


def attempt(do: Callable[[], dict[str, Any]], *, done: str = "", rename: Callable[[str], str] = str) -> Outcome:
    """Do it, or say what is wrong. `done` is shown after the commit; `rename` maps a parameter to the page's field."""
    try:
        answer = do()
    except RefusedEntryError as error:
        return Outcome(None, error.problems, 422)
    except FormError as error:
        return Outcome(None, [PageProblem(rename(p.field), p.message, f"{p.what_to_do}.") for p in error.problems], 422)
    except PasswordRefusedError as error:
        return Outcome(None, [PageProblem("new_password", text) for text in error.problems], 422)
    except BatchwrightError as error:
        status = next(STATUS[kind][0] for kind in type(error).__mro__ if kind in STATUS)
        if status >= 500:
            raise
        return Outcome(None, _problems_of(error, rename), status)
    if done:
        flash(done, "good")
    return Outcome(answer, [])


def _problems_of(error: BatchwrightError, rename: Callable[[str], str]) -> list[PageProblem]:
    """A refusal at the fields that it is about: each of several, or the one, or the page as a whole."""
    if isinstance(error, EntriesNotReviewedError):
        return [PageProblem(rename(name), f"Look at this entry first: {text}") for name, text in error.details["entries"].items()]
    named = error.details.get("problems")
    if isinstance(named, Mapping):
        return [PageProblem(rename(name), text) for name, text in named.items()]
    if again := error.details.get("parameters"):
        return [PageProblem(rename(name), error.message) for name in again]
    if silent := error.details.get("exceptions"):
        return [PageProblem(f"c:{name}", f"Comment needed: {text}") for name, text in silent.items()]
    field = error.details.get("field", "")
    if isinstance(error, WrongPasswordError):
        field = "password"
    elif isinstance(error, ReasonRequiredError):
        field = field or "reason"
    lines = next((found for name in LISTS if (found := error.details.get(name))), None)
    if lines:
        return [PageProblem(field, error.message.split(".")[0] + ": " + line) for line in lines]
    return [PageProblem(field, error.message)]


def typed(name: str, default: str = "") -> str:
    """What the person typed into a field: in this submission, or before the session was locked."""
    if name in request.form:
        return request.form[name]
    kept = sessions.draft().get(name)
    return kept[0] if kept else default


def typed_all(name: str) -> list[str]:
    """Every value of a field that may have several."""
    return request.form.getlist(name) or list(sessions.draft().get(name, []))


def local_instant(field: str, label: str, *, required: bool = True) -> datetime | None:
    """A site-local date and time that was typed as `2026-11-22 08:16` (or a date alone, its midnight)."""
    text = request.form.get(field, "").strip()
    return None if not text and not required else moment_of(field, text, label)


def moment_of(field: str, text: str, label: str) -> datetime:
    """The instant of a site-local text, as `local_instant` reads it."""
    whole = f"{text} 00:00" if len(text) == len("2026-11-22") else text
    try:
        entry = read(Field(field, label, "date_time"), whole, site().zone)
    except EntryError as error:
        raise RefusedEntryError(PageProblem(field, error.message, f"{error.what_to_do}.")) from None
    if entry is None:
        raise RefusedEntryError(PageProblem(field, f"Enter {label[:1].lower()}{label[1:]}"))
    assert isinstance(entry.value, datetime)
    return entry.value


def require(fields: Iterable[tuple[str, str]]) -> None:
    """Refuse the submission with every one of these fields that is empty."""
    missing = [PageProblem(name, f"Enter {label}") for name, label in fields if not request.form.get(name, "").strip()]
    if missing:
        raise RefusedEntryError(*missing)


def taken(draft_key: str) -> None:
    """Tell the station that what it kept of this form is on record now and may be forgotten."""
    flash(draft_key, "draft-taken")
