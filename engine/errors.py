"""Every refusal of the engine. The docstring's first paragraph is the message that people read."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, Self


class BatchwrightError(Exception):
    """Batchwright refused this."""

    def __init__(self, what: str = "", **details: Any) -> None:
        self.what = what
        self.details = details
        self.follow_up: tuple[Callable[..., dict[str, Any]], str, dict[str, Any]] | None = None
        super().__init__(what)

    @property
    def message(self) -> str:
        """The sentence for people: what the class says, then what it was about."""
        first = inspect.cleandoc(type(self).__doc__ or "").split("\n\n")[0].replace("\n", " ")
        return f"{first} {self.what}".strip()

    def recording(self, action: Callable[..., dict[str, Any]], stream: str, **arguments: Any) -> Self:
        """Name an action that records this refusal.

        A refused act is rolled back and leaves nothing; `perform` then runs `action` as an act of its own, so that
        a wrong password or an attempt to verify one's own work is in the trail although nothing else changed.
        """
        self.follow_up = (action, stream, arguments)
        return self

    def __str__(self) -> str:
        return self.message


# The transaction


class StaleRecordError(BatchwrightError):
    """Somebody else changed this in the meantime. Look at it again, then repeat your entry."""


class IdempotencyKeyReusedError(BatchwrightError):
    """This idempotency key was already used for another request. Send a new key with a new request."""


class DuplicateRecordError(BatchwrightError):
    """This is recorded already, and nothing is recorded twice."""


class RecordNotFoundError(BatchwrightError):
    """There is no such record."""

    def __init__(self, kind: str, name: str = "", **details: Any) -> None:
        super().__init__(f"{kind} {name}".strip(), **details)


class UnstorableTextError(BatchwrightError):
    """The text contains characters that can't be stored."""


class BrokenReferenceError(BatchwrightError):
    """This refers to something that is not on record."""


class RuleOfRecordError(BatchwrightError):
    """The database refused a value that this kind of record can't have."""


class DatabaseUnavailableError(BatchwrightError):
    """The database does not answer, so it is not known whether this was recorded. Send it again with the same key."""


class DatabaseBusyError(BatchwrightError):
    """The database is busy and nothing was recorded. Try again in a moment."""


class ChainBrokenError(BatchwrightError):
    """The audit trail of this was changed behind the application's back, so nothing is added to it. Tell QA."""


class SilentActError(BatchwrightError):
    """An act changed records without saying what it was."""


# The site


class SiteNotReadyError(BatchwrightError):
    """The site can't start safely."""


class SettingError(BatchwrightError):
    """A setting of the site can't be read."""


class KeyFileError(BatchwrightError):
    """The site's keys can't be used."""


class SignatureInvalidError(BatchwrightError):
    """The signature does not belong to what is on record now."""


# Batches and their tasks


class NotPermittedError(BatchwrightError):
    """Your roles do not allow this."""


class TrainingMissingError(BatchwrightError):
    """You have no valid training for this recipe revision, so you can't act on it."""


class NotReadableError(BatchwrightError):
    """This revision is not fixed, or out of use, so nobody signs that they have read it."""


class TaskNotReadyError(BatchwrightError):
    """This step can't be worked on now."""


class TaskBlockedError(BatchwrightError):
    """This step is blocked until the people named have decided."""


class NotBlockedError(BatchwrightError):
    """There is nothing to decide here."""


class BatchHeldError(BatchwrightError):
    """The batch is on hold: nothing goes on until the hold is lifted."""


class BatchClosedError(BatchwrightError):
    """The batch is closed: nothing can be added to it."""


class AlreadyRecordedError(BatchwrightError):
    """This is recorded already. Correct it with a reason, or record a repeated measurement with a reason."""


class EntryRefusedError(BatchwrightError):
    """Nothing was recorded, because the entry is not what the step asks for."""


class EventTimeError(BatchwrightError):
    """The time given for the event can't be right."""


class ReadingRefusedError(BatchwrightError):
    """The reading was refused."""


class MissingRecordsError(BatchwrightError):
    """The step is not complete, something it asks for is missing."""


class CommentRequiredError(BatchwrightError):
    """An exception at this step needs your comment first."""


class MeaningNotAllowedError(BatchwrightError):
    """This signature can't be given here by you with that meaning."""


class SamePersonError(BatchwrightError):
    """The same person can't do both: whoever witnesses, verifies or decides has not performed the step."""


class StatementNotAcceptedError(BatchwrightError):
    """Before your first signature, accept the statement that it binds you like one by hand."""


class ReasonRequiredError(BatchwrightError):
    """Say why, in a few words."""


class OutcomeNotAllowedError(BatchwrightError):
    """This decision is not open here."""


class OpenItemsError(BatchwrightError):
    """Something is still open, so this can't be signed."""


class OrderRefusedError(BatchwrightError):
    """The order can't be started as it is."""


class RevisionNotEffectiveError(BatchwrightError):
    """This recipe revision can't be issued now."""


class DiagramRefusedError(BatchwrightError):
    """The diagram did not pass its checks; nothing was loaded."""


class AdoptionRefusedError(BatchwrightError):
    """The batch can't go on under this recipe: what was done would not stay as it was.

    `reasons` lists every one.
    """


class AdHocRefusedError(BatchwrightError):
    """This change of the batch can't be made.

    `reasons` lists every one.
    """


class RevisionLockedError(BatchwrightError):
    """This revision is not a draft any more, so it can't be edited."""


class ChangeFieldError(BatchwrightError):
    """The change lacks something, or what it says can't be so."""


class ChangeNotReadyError(BatchwrightError):
    """The change is not ready for this step."""


class ChangeLockedError(BatchwrightError):
    """The change is not with its originator now. It can be altered before it is initiated, or when it was returned."""


class EntriesNotReviewedError(BatchwrightError):
    """Whoever approves has looked at every entry. These are still to be looked at:"""


class DutiesOpenError(BatchwrightError):
    """Something is still to be done for this change:"""


class BatchesUndecidedError(BatchwrightError):
    """Open batches are still undecided:"""


class RunNotWaitingError(BatchwrightError):
    """A revision does not wait for its change."""


class DryRunMissingError(BatchwrightError):
    """This site approves nothing without a signed dry run that passed, and there is none of this document. Run it first."""


class DryRunBusyError(BatchwrightError):
    """As many dry runs as the site makes at once are under way. Wait until one is done, or end one."""


class DryRunOutdatedError(BatchwrightError):
    """This dry run is no evidence of the revision as it is now. Make another one."""


class RecipeFieldError(BatchwrightError):
    """Something about the recipe is missing or malformed."""


class CorrectionRefusedError(BatchwrightError):
    """This value can't be corrected so."""


# People


class SignInRefusedError(BatchwrightError):
    """The login or the password is not right, or the account is locked. After five wrong attempts an account is locked;
    a system administrator opens it again.
    """


class WrongPasswordError(BatchwrightError):
    """The password is not right. Nothing was signed."""


class PasswordRefusedError(BatchwrightError):
    """This password can't be used."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(" ".join(problems), problems=problems)
        self.problems = problems


class RoleConflictError(BatchwrightError):
    """A system administrator holds no other role: who administers accounts has no interest in the data."""


class OwnAccountError(BatchwrightError):
    """Nobody changes their own rights or opens their own account."""


class LoginTakenError(BatchwrightError):
    """This login exists or existed. A login is never given twice."""


class PersonFieldError(BatchwrightError):
    """Something about the person is missing or malformed."""


class ResourceFieldError(BatchwrightError):
    """Something about the equipment or the lot is missing or malformed."""


# The workflow


class StepNotOpenError(BatchwrightError):
    """This step is not open now."""


class UnknownRoutingNameError(BatchwrightError):
    """The recipe's conditions read no value of this name from this step."""


class EngineFaultError(BatchwrightError):
    """The recipe can't go on from here. Nothing was recorded; quality assurance has to look at the batch."""


class BudgetExceededError(EngineFaultError):
    """The recipe went on and on without reaching a step. Nothing was recorded; quality assurance has to look at it."""


class DamagedSnapshotError(BatchwrightError):
    """The cached state of a batch can't be used; it is computed again from the record."""


class UnsupportedDiagramError(BatchwrightError):
    """The diagram says something that can't be executed as drawn."""
