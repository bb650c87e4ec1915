"""Every refusal as an RFC 9457 problem: one table says which error is which status.

A new class in `engine/errors.py` needs one line in `STATUS`; its docstring is the message that people read.
"""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

import marshmallow as ma
from flask import Flask, Response, g, json, request
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.exceptions import HTTPException

from bpmn.reading import DiagramError
from engine import errors as e
from forms.form import FormError

MIMETYPE = "application/problem+json"
_logger = logging.getLogger("batchwright.api")

HTTP: dict[int, tuple[str, str]] = {
    400: ("malformed-request", "The request can't be read"),
    401: ("not-signed-in", "Sign in first"),
    403: ("not-allowed", "You have no right to do this"),
    404: ("not-found", "There is nothing here"),
    405: ("method-not-allowed", "This can't be done here"),
    406: ("not-acceptable", "The answer is not to be had in this form"),
    408: ("request-timeout", "The request took too long to arrive"),
    409: ("conflict", "Something else happened in between"),
    412: ("precondition-failed", "The record has changed since you read it"),
    413: ("too-large", "The request is too large"),
    414: ("address-too-long", "The address is too long"),
    415: ("unsupported-media-type", "The request's content is of another type than expected"),
    422: ("invalid-entries", "Some entries can't be accepted"),
    429: ("too-many-requests", "Too many requests; wait a moment"),
    431: ("headers-too-large", "The request's headers are too large"),
    500: ("fault", "The server failed; nothing was recorded"),
    503: ("unavailable", "The server can't answer now; nothing was recorded"),
}
"""Refusals of HTTP itself: status to (type, title)."""

STATUS: dict[type[Exception], tuple[int, str]] = {
    e.BatchwrightError: (409, "refused"),
    # The transaction
    e.StaleRecordError: (409, "stale-record"),
    e.IdempotencyKeyReusedError: (422, "idempotency-key-reused"),
    e.DuplicateRecordError: (409, "duplicate-record"),
    e.RecordNotFoundError: (404, "not-found"),
    e.UnstorableTextError: (422, "unstorable-text"),
    e.BrokenReferenceError: (409, "broken-reference"),
    e.RuleOfRecordError: (409, "rule-of-record"),
    e.DatabaseUnavailableError: (503, "database-unavailable"),
    e.DatabaseBusyError: (503, "database-busy"),
    e.ChainBrokenError: (409, "chain-broken"),
    e.SilentActError: (500, "fault"),
    # The site
    e.SiteNotReadyError: (503, "site-not-ready"),
    e.SettingError: (503, "setting"),
    e.KeyFileError: (503, "key-file"),
    e.SignatureInvalidError: (409, "signature-invalid"),
    # The batch
    e.NotPermittedError: (403, "not-permitted"),
    e.TrainingMissingError: (403, "training-missing"),
    e.NotReadableError: (409, "not-readable"),
    e.TaskNotReadyError: (409, "task-not-ready"),
    e.TaskBlockedError: (409, "task-blocked"),
    e.NotBlockedError: (409, "not-blocked"),
    e.BatchHeldError: (409, "batch-held"),
    e.BatchClosedError: (409, "batch-closed"),
    e.AlreadyRecordedError: (409, "already-recorded"),
    e.EntryRefusedError: (422, "invalid-entries"),
    e.EventTimeError: (422, "event-time"),
    e.ReadingRefusedError: (422, "reading-refused"),
    e.MissingRecordsError: (422, "missing-records"),
    e.CommentRequiredError: (422, "comment-required"),
    e.MeaningNotAllowedError: (422, "meaning-not-allowed"),
    e.SamePersonError: (403, "same-person"),
    e.StatementNotAcceptedError: (403, "statement-not-accepted"),
    e.ReasonRequiredError: (422, "reason-required"),
    e.OutcomeNotAllowedError: (409, "outcome-not-allowed"),
    e.OpenItemsError: (409, "open-items"),
    e.OrderRefusedError: (422, "order-refused"),
    e.RevisionNotEffectiveError: (409, "revision-not-effective"),
    e.DiagramRefusedError: (422, "diagram-refused"),
    e.AdoptionRefusedError: (409, "adoption-refused"),
    e.AdHocRefusedError: (409, "ad-hoc-refused"),
    e.RevisionLockedError: (409, "revision-locked"),
    e.ChangeFieldError: (422, "change-field"),
    e.ChangeNotReadyError: (409, "change-not-ready"),
    e.ChangeLockedError: (409, "change-locked"),
    e.EntriesNotReviewedError: (409, "entries-not-reviewed"),
    e.DutiesOpenError: (409, "duties-open"),
    e.BatchesUndecidedError: (409, "batches-undecided"),
    e.RunNotWaitingError: (409, "run-not-waiting"),
    e.DryRunMissingError: (409, "dry-run-missing"),
    e.DryRunBusyError: (409, "dry-run-busy"),
    e.DryRunOutdatedError: (409, "dry-run-outdated"),
    e.RecipeFieldError: (422, "invalid-entries"),
    e.CorrectionRefusedError: (409, "correction-refused"),
    # People and what they work with
    e.SignInRefusedError: (401, "sign-in-refused"),
    e.WrongPasswordError: (403, "wrong-password"),
    e.PasswordRefusedError: (422, "password-refused"),
    e.RoleConflictError: (409, "role-conflict"),
    e.OwnAccountError: (403, "own-account"),
    e.LoginTakenError: (409, "login-taken"),
    e.PersonFieldError: (422, "invalid-entries"),
    e.ResourceFieldError: (422, "invalid-entries"),
    # Diagrams and forms
    DiagramError: (422, "diagram-refused"),
    FormError: (422, "invalid-entries"),
    # The workflow
    e.StepNotOpenError: (409, "task-not-ready"),
    e.UnknownRoutingNameError: (422, "unknown-routing-name"),
    e.EngineFaultError: (409, "engine-fault"),
    e.BudgetExceededError: (409, "engine-fault"),
    e.DamagedSnapshotError: (500, "fault"),
    e.UnsupportedDiagramError: (422, "diagram-refused"),
}
"""Refusals of the engine: error class to (status, type). The nearest class of an error's ancestry counts."""


class Problem(HTTPException):
    """A refusal that the API itself gives, before or instead of an act."""

    def __init__(self, status: int, kind: str = "", title: str = "", detail: str = "", **members: Any) -> None:
        super().__init__(detail)
        self.code = status
        self.kind, self.title, self.detail, self.members = kind, title, detail, members


class ProblemSchema(ma.Schema):
    """A refusal (RFC 9457): what kind, in which words, and where several fields are wrong, all of them."""

    class Meta:
        unknown = ma.INCLUDE

    type = ma.fields.String(required=True, metadata={"description": "The kind of refusal; stable"})
    title = ma.fields.String(required=True, metadata={"description": "The kind in words"})
    status = ma.fields.Integer(required=True)
    detail = ma.fields.String(required=True, metadata={"description": "What is wrong here and what to do"})
    instance = ma.fields.String(required=True, metadata={"description": "The address that was asked"})
    problems = ma.fields.List(
        ma.fields.Nested(
            ma.Schema.from_dict(
                {
                    "field": ma.fields.String(required=True),
                    "message": ma.fields.String(required=True),
                    "what_to_do": ma.fields.String(),
                },
                name="FieldProblem",
            )
        )
    )
    entries = ma.fields.Dict(
        keys=ma.fields.String(),
        values=ma.fields.String(),
        metadata={"description": "What the person had typed, given back with a refusal"},
    )


def install(app: Flask) -> None:
    """Let the API's refusals be problems and leave the pages' refusals to the pages.

    Flask looks a handler up by status before it looks at blueprints, and a 404 or 405 belongs to no blueprint at all:
    the pages' handlers would answer for the API. So its requests are told apart before that look-up.
    """
    pages = app.handle_user_exception

    def handle(error: Exception) -> Any:
        return answer(error) if request.path.startswith("/api/") else pages(error)

    app.handle_user_exception = handle  # type: ignore[method-assign, assignment]


def answer(error: Exception) -> Response:
    """The problem document of a refusal, or of a fault whose cause stays in the log."""
    if isinstance(error, Problem):
        return _response(error, {"WWW-Authenticate": "Bearer"} if error.code == 401 else {})
    if isinstance(error, HTTPException):
        if error.code is None or error.code < 400:
            return error.get_response()  # type: ignore[return-value]  # a redirection
        headers = {name: text for name, text in error.get_headers() if name != "Content-Type"}
        return _response(Problem(error.code, detail=error.description or ""), headers)
    if isinstance(error, OperationalError | PoolTimeoutError):
        _logger.error("The database does not answer at %s", request.path, exc_info=error)
        return _response(Problem(503, "database-unavailable"), {})
    kind = next((kind for kind in type(error).__mro__ if kind in STATUS), None)
    if kind is None:
        _logger.error("The API failed at %s %s", request.method, request.path, exc_info=error)
        return _response(Problem(500), {})
    return _response(_of_engine(error, *STATUS[kind]), {})


def _of_engine(error: Exception, status: int, kind: str) -> Problem:
    if kind == "stale-record" and g.get("precondition"):
        status = 412
    members: dict[str, Any] = {}
    details = getattr(error, "details", {})
    if found := getattr(error, "problems", None) or details.get("problems"):
        listed = found.items() if isinstance(found, dict) else found
        members["problems"] = [_field_problem(one) for one in listed]
    elif field := details.get("field"):
        members["problems"] = [{"field": field, "message": str(error)}]
    if isinstance(error, e.DiagramRefusedError) and "findings" in details:
        members["findings"] = details["findings"]
    if isinstance(error, e.StaleRecordError):
        members |= {name: details[name] for name in ("version", "saved_by", "saved_at") if name in details}
    return Problem(status, kind, HTTP[status][1], str(error), **members)


def _field_problem(problem: Any) -> dict[str, str]:
    if isinstance(problem, str):
        return {"field": "", "message": problem}
    if isinstance(problem, tuple):
        return {"field": str(problem[0]), "message": str(problem[1])}
    named = {name: getattr(problem, name, "") for name in ("field", "message", "what_to_do")}
    return {name: str(text) for name, text in named.items() if text or name != "what_to_do"}


def _response(problem: Problem, headers: dict[str, str]) -> Response:
    status = problem.code or 500
    kind, title = HTTP.get(status, ("refused", HTTPStatus(status).phrase))
    body = {
        "type": f"urn:batchwright:problem:{problem.kind or kind}",
        "title": problem.title or title,
        "status": status,
        "detail": problem.detail or problem.title or title,
        "instance": request.path,
        **problem.members,
    }
    sent = g.get("sent")
    if sent and isinstance(sent.get("entries"), dict):
        # A refused person's typing is never lost.
        body["entries"] = {name: text for name, text in sent["entries"].items() if isinstance(text, str)}
    return Response(json.dumps(body), status, headers, mimetype=MIMETYPE)
