"""What the rules are told, one class for each moment at which they are asked.

Facts are complete and immutable: a rule reads nothing else, neither a clock nor a database. All instants are aware and
UTC. Numbers are `Decimal`, never `float` or `int`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from bpmn.expressions import Value
from bpmn.vocabulary import Choice, HoldTime, Parameter, ScanKind, Source, Step


@dataclass(frozen=True, slots=True)
class LimitProblem:
    """A limit of the recipe that has no value now. `bound` is "nor_low", "nor_high", "par_low" or "par_high"."""

    bound: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limits of one value as they stood when it was judged; made by `evaluate_limits`.

    None is unbounded, but only where the recipe has no such limit. A limit that the recipe has and that is None here
    counts as not met, whether `problems` says why or not.
    """

    nor_low: Value | None = None
    nor_high: Value | None = None
    par_low: Value | None = None
    par_high: Value | None = None
    problems: tuple[LimitProblem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueFacts:
    """A value at the moment it is recorded (typed, received, computed, or put in the place of another).

    `value` is None where there is none; for a calculation `undefined` then says why, in words. `qualifier` is "<" or
    ">" for a reported `<0.25`. `verdict` is the pass (True) or fail (False) that came with the value, None without one.
    """

    step: Step
    parameter: Parameter
    value: Value | None
    qualifier: str = ""
    undefined: str = ""
    limits: Limits = field(default_factory=Limits)
    verdict: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryFacts:
    """How a value came in. `n` counts the measurements of this parameter in this task from 1, corrections not counted.

    `event_at` is when it was measured, `entered_at` when the system had it: for a device's reading the moment of its
    arrival, not that of its acceptance. `reason` is what the person gave with the entry, "" for nothing; it stands in
    the messages of what is found, so that it is in the record whatever else keeps it.
    """

    parameter: Parameter
    source_used: Source
    source_expected: Source
    n: int
    event_at: datetime
    entered_at: datetime
    late_after: timedelta
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionFacts:
    """A value put in the place of another. The judgements are the outcomes of both ("ok", "major", "recorded", ...).

    `task_completed`: the step was already signed and complete when the correction came.
    """

    parameter: Parameter
    old_text: str
    new_text: str
    old_judgement: str
    new_judgement: str
    reason: str = ""
    task_completed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldFacts:
    """A hold time, either because its `to` event happened (`at_event`) or because its timer fired before that.

    `nor` and `par` are None only where the recipe has no such limit. `timer` names the one that fired; then only its
    own level is judged, so that a timer that fires hours late still reports what it stood for.
    """

    hold: HoldTime
    elapsed: timedelta
    nor: timedelta | None
    par: timedelta | None
    at_event: bool
    timer: Literal["", "NOR", "PAR"] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanFacts:
    """A readable code that was scanned. `expected` holds every code that would have been right.

    `name` says what was to be scanned (an identifier, a material, an equipment class) where that is known.
    """

    step: Step
    kind: ScanKind
    expected: tuple[str, ...]
    actual: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LotFacts:
    """A material lot as it was when the step used it. `expires_at` is the last instant of its use, None for no expiry.

    `specified`: the recipe asks for this material.
    """

    id: str
    material: str
    status: str
    expires_at: datetime | None
    used_at: datetime
    specified: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class EquipmentFacts:
    """A piece of equipment as it was when the step used it. `assigned_to` is a batch id, "" for none.

    The two instants are the last at which it may be used; None where it needs no calibration, no cleaning.
    """

    id: str
    equipment_class: str
    status: str
    calibration_due_at: datetime | None
    used_at: datetime
    cleaned_until: datetime | None = None
    assigned_to: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFacts:
    """A step at the moment its performer ends it.

    `missing` names what the step asks for and the record does not have. `chosen` are the choices that were made in it.
    The two training flags are about everybody who signed the step, when it started and when each signed.
    """

    step: Step
    batch_id: str
    ended_at: datetime
    training_valid_at_start: bool
    training_valid_at_end: bool
    missing: tuple[str, ...] = ()
    materials: tuple[LotFacts, ...] = ()
    equipment: tuple[EquipmentFacts, ...] = ()
    chosen: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptionFacts:
    """The batch's control recipe was changed while it ran, or could not be changed any more.

    `what`: "adopted" or "missed" for items of a change (`safety`: one of them is about safety); "insert", "repeat",
    "replace", "skip" or "limit" for a change of this batch only, with its class of `risk`. `because` says it in words.
    """

    what: str
    because: str
    from_revision: str
    to_revision: str
    safety: bool = False
    risk: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DepartureFacts:
    """A value that a planned departure accepts. `accepted` and `actual` in words; `use` counts from 1, of at most `most`."""

    departure: str
    name: str
    accepted: str
    actual: str
    use: int
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawalFacts:
    """A task that the recipe took back (another branch ended the day, a stop). `recorded`: values already in it."""

    step: Step
    started: bool
    recorded: int = 0
