"""Our own words inside a BPMN diagram (`mes:` extension elements), as frozen dataclasses.

The same names stand in `bpmn/moddle/mes.json` for the diagram editor; a test compares both.
XML attribute names are the camelCase of the field names (`nor_low` is `norLow`); lists are child elements.
Identifiers here enter records and are never renamed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

NAMESPACE = "urn:batchwright:mes:1"

ParameterType = Literal["num", "int", "bool", "choice", "text", "date_time"]
Source = Literal["manual", "device", "calc", "scan", "master"]
LimitAction = Literal["block", "stop", "flag", "none"]
Severity = Literal["info", "minor", "major", "critical"]
Judge = Literal["limit", "balance", "specification"]
Reporting = Literal["", "established", "notify", "annual"]
StepKind = Literal[
    "manufacture", "departure", "production_review", "qc_results", "qa_review", "disposition", "shipment", "change_approval",
    "open_batches",
]  # fmt: skip
ScanKind = Literal["identity", "material", "equipment"]
SlotCode = Literal["P", "W", "V", "Q"]
DiagramKind = Literal["master_recipe", "process"]
LimitName = Literal["nor_low", "nor_high", "par_low", "par_high"]

PARAMETER_TYPES: tuple[ParameterType, ...] = ("num", "int", "bool", "choice", "text", "date_time")
SOURCES: tuple[Source, ...] = ("manual", "device", "calc", "scan", "master")
LIMIT_ACTIONS: tuple[LimitAction, ...] = ("block", "stop", "flag", "none")
SEVERITIES: tuple[Severity, ...] = ("info", "minor", "major", "critical")
REPORTING: tuple[Reporting, ...] = ("", "established", "notify", "annual")
STEP_KINDS: tuple[StepKind, ...] = (
    "manufacture", "departure", "production_review", "qc_results", "qa_review", "disposition", "shipment", "change_approval",
    "open_batches",
)  # fmt: skip
LIMIT_NAMES: tuple[LimitName, ...] = ("nor_low", "nor_high", "par_low", "par_high")
CRITICAL_CLASSES = frozenset({"CPP", "CQA", "CQA-IPC", "ID", "safety"})
"""Parameter classes that need a why, their own or their step's."""

ROLES: dict[str, str] = {
    "MFG_OP": "Operator",
    "MFG_WIT": "Second operator / witness",
    "MFG_VER": "Independent verifier",
    "MFG_SUP": "Manufacturing supervisor",
    "PROC": "Process owner / MSAT",
    "QA_FLR": "QA operations on the floor",
    "QA_DISP": "QA disposition",
    "QP": "Qualified Person",
    "QC_ANL": "QC analyst",
    "QC_REV": "QC reviewer",
    "CLI_QA": "Client quality",
    "MED": "Medical monitor",
    "RA": "Regulatory affairs",
    "COI": "COI coordinator",
    "IT": "IT / computer system assurance",
    "SYS_ADM": "System administrator",
}

MEANINGS: dict[str, str] = {
    "performed_by": "Performed by",
    "witnessed_by": "Witnessed by",
    "verified_by": "Verified by",
    "reviewed_by_production": "Reviewed by Production",
    "authorised_to_proceed": "Authorised to proceed",
    "authored_by": "Authored by",
    "technical_assessment_by": "Technical assessment by",
    "approved_by_qa": "Approved by QA",
    "line_cleared_by": "Line cleared by",
    "reviewed_by_qa": "Reviewed by QA",
    "released_by": "Released by",
    "released_conditionally_by": "Released conditionally by",
    "rejected_by": "Rejected by",
    "certified_by_qp": "Certified by (QP)",
    "tested_by": "Tested by",
    "reviewed_by_qc": "Reviewed by QC",
    "approved_by_client": "Approved by Client",
    "requested_by_physician": "Requested by physician",
    "risk_accepted_by": "Risk accepted by",
    "regulatory_assessment_by": "Regulatory assessment by",
    "coi_verified_by": "COI verified by",
    "initiated_by": "Initiated by",
    "assessed_by_manufacturing": "Assessed by Manufacturing",
    "assessed_by_it": "Assessed by IT/CSA",
    "assessed_by_client": "Assessed by Client",
    "assessed_by_qc": "Assessed by QC",
    "implementation_verified_by": "Implementation verified by",
    "closed_by_qa": "Closed by QA",
    "read_and_understood_by": "Read and understood by",
    "requested_by": "Requested by",
}

SERVICES: dict[str, str] = {
    "recipe.state": "Put the revision into a state",
    "recipe.freeze": "Check the draft and lock it",
    "recipe.require_dry_run": "Require a dry run, where the site does",
    "recipe.effective_from": "Set when the revision comes into effect",
    "recipe.supersede": "Supersede the older revisions",
    "recipe.under_change": "Is the revision part of a change?",
    "change.state": "Put the change into a state",
    "change.scope": "Compute what the change touches",
    "change.route": "Note the route of the change",
    "change.assessed": "Lock what was assessed, for approval",
    "change.verdict": "Count what the assessments say",
    "change.approve": "Approve the revisions of the change",
    "change.returned": "Return the revisions to draft",
    "change.reject": "Reject the revisions of the change",
    "change.in_effect": "Put the revisions into effect",
    "change.require_decided": "Every open batch is decided, every task done",
    "run.remind": "Remind who has open steps",
    "run.escalate": "Escalate open steps",
}
"""What the system itself can do at a service task of a process."""

REVISION_STATES = (
    "DRAFT", "IN_REVIEW", "PENDING_APPROVAL", "APPROVED", "EFFECTIVE", "SUPERSEDED", "RETIRED", "REJECTED", "WITHDRAWN",
)  # fmt: skip

SERVICE_OUTPUTS: dict[str, dict[str, ParameterType]] = {
    "recipe.under_change": {"change": "bool"},
    "change.scope": {
        "editorial": "bool", "critical": "bool", "limits": "bool", "flow": "bool", "tests": "bool", "verification": "bool",
        "labels": "bool", "regulatory": "bool", "system": "bool", "training": "bool", "safety": "bool", "weaker": "int",
        "entries": "int", "urgency": "text", "stage": "text", "client": "text",
    },
    "change.verdict": {"agreed": "bool", "objected": "bool", "returned": "bool"},
}  # fmt: skip
"""What a service gives values to, with the type of each: conditions and decision tables say `<service task's id>.<name>`."""

CHANGE_STATES = (
    "INITIATED", "ASSESSMENT", "APPROVED_FOR_IMPLEMENTATION", "IMPLEMENTING", "IMPLEMENTED", "EFFECTIVENESS", "CLOSED",
    "REJECTED", "CANCELLED", "EMERGENCY",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Origin:
    """Where something was imported from: the file, the place in it ("table 2, row 7, column Limits"), what stood there."""

    file: str
    place: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer a person may choose. `departs`: choosing it is an info exception that needs a reason."""

    value: str
    label: str = ""
    departs: bool = False


@dataclass(frozen=True, slots=True)
class Parameter:
    """What a step asks for. Limits are expression texts, digit for digit as the recipe has them; empty is unbounded.

    For bool, choice and text a limit is the one expected value (low equals high).
    `after_end`: recorded after the performer ended the step (it ends a hold time that starts at the step's end).
    `qualifier`: a reported `<0.25` or `>100` is accepted. `severity`: of a value outside PAR.
    `when`: the parameter is asked for only where this condition holds (`S24.vol < 1000`); empty is always.
    `exclusive`: the limits that a value must not reach (`nor_high` for "below 10"); the others are inclusive.
    `optional`: the step may end without it.
    `multiline`, `min_length`, `max_length`: of a text. `example` follows "like" in what people are told.
    `reporting`: what a change of it needs from the authorities. "established" (an established condition): approval before;
    "notify": a notification; "annual": a line in the annual report; empty: nothing is said. Source: ICH Q12, 3.2.1.
    """

    id: str
    name: str
    type: ParameterType
    uom: str = ""
    target: str = ""
    nor_low: str = ""
    nor_high: str = ""
    par_low: str = ""
    par_high: str = ""
    limit_action: LimitAction = "none"
    parameter_class: str = ""
    source: Source = "manual"
    formula: str = ""
    why: str = ""
    severity: Severity = "major"
    judge: Judge = "limit"
    after_end: bool = False
    qualifier: bool = False
    when: str = ""
    exclusive: tuple[LimitName, ...] = ()
    optional: bool = False
    multiline: bool = False
    min_length: int = 1
    max_length: int = 2000
    example: str = ""
    reporting: Reporting = ""
    choices: tuple[Choice, ...] = ()
    origins: tuple[Origin, ...] = ()


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature slot of a step: who may sign it, with which meanings (the first is the usual one).

    `differs`: steps whose signers may not sign here ("reviewed by" differs from "authored by").
    """

    code: SlotCode
    roles: tuple[str, ...]
    meanings: tuple[str, ...]
    differs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scan:
    """Codes to scan at a step. identity: at least `minimum` different identifiers of the order.

    material / equipment: each name in the step's list, or of the whole recipe where `scope` is "recipe", but for those in
    `omit` (separated by ";": what is made on the way, or came with the patient).
    """

    kind: ScanKind
    minimum: int = 1
    scope: Literal["step", "recipe"] = "step"
    omit: str = ""


@dataclass(frozen=True, slots=True)
class Deviation:
    """A typical deviation of a step with its default class."""

    text: str
    severity: Severity


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the recipe: one BPMN user task (`id` is also the element's id).

    `form`: the form its parameters were taken from, and which revision of it (`reason@2`).
    """

    id: str
    title: str
    instruction: str = ""
    unit_procedure: str = ""
    operation: str = ""
    day: str = ""
    kind: StepKind = "manufacture"
    rationale: str = ""
    form: str = ""
    decision_roles: tuple[str, ...] = ("QA_FLR",)
    signatures: tuple[Signature, ...] = ()
    equipment: tuple[str, ...] = ()
    materials: tuple[str, ...] = ()
    scans: tuple[Scan, ...] = ()
    deviations: tuple[Deviation, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    origins: tuple[Origin, ...] = ()

    @property
    def slots(self) -> dict[str, Signature]:
        """The signature slots by the name that enters records, in the order they are signed: P, W, V, Q, Q2, ..."""
        found: dict[str, Signature] = {}
        for signature in sorted(self.signatures, key=lambda s: "PWVQ".find(s.code)):
            same = sum(slot.code == signature.code for slot in found.values())
            found[f"{signature.code}{same + 1}" if same else signature.code] = signature
        return found

    def parameter(self, parameter_id: str) -> Parameter | None:
        """The step's parameter of that id, or None."""
        return next((p for p in self.parameters if p.id == parameter_id), None)


@dataclass(frozen=True, slots=True)
class HoldTime:
    """A time limit between two events, in `uom` (min, h, d).

    Events: `order.<field>`, `<step>.start`, `<step>.end`, `<step>.<date_time parameter>`.
    `select`: "first" (the next occurrence of the only `to` event), "last" (each occurrence of any `to` event until none can
    follow), "next" (the next occurrence of the same step; cancelled when none can follow).
    `kind` "max": timers at NOR and PAR. "min": judged once, at the `to` event. `links`: results to look at (`S39.vcn`).
    """

    id: str
    from_event: str
    to_events: tuple[str, ...]
    nor: str
    par: str
    uom: str
    select: Literal["first", "last", "next"] = "first"
    kind: Literal["max", "min"] = "max"
    why: str = ""
    links: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OrderField:
    """A field of the patient order that the recipe uses as `order.<name>`."""

    name: str
    type: ParameterType
    label: str = ""
    uom: str = ""
    identifier: bool = False


@dataclass(frozen=True, slots=True)
class Loop:
    """Names of a loop's iterations: label "D", first 3 gives D3, D4, ...; `name` is the number inside expressions.

    `previous`: the step that `previous.<parameter>` means in the first iteration.
    """

    label: str = ""
    first: int = 1
    name: str = "iteration"
    previous: str = ""


@dataclass(frozen=True, slots=True)
class Timer:
    """A timer event: due at an instant (`due`, an expression), or the maximum of a hold time (`hold`, its id).

    In a process of the site `due` may also say how long it waits from the moment it is reached, such as `hours(4)`; a recipe
    counts from a step.
    `working`: of the days until it is due, only working days count.
    """

    due: str = ""
    hold: str = ""
    working: bool = False


@dataclass(frozen=True, slots=True)
class Service:
    """What the system does at a service task: the name of one of its services, and what it is told."""

    action: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Recipe:
    """The recipe's header and everything that hangs on the process as a whole. `id` is the master recipe's number.

    `kind`: a recipe that makes batches, or a process of the site, such as the life cycle of a revision.
    `late_entry_minutes`: an entry later than its event by more than this is exception 19.
    """

    id: str
    revision: str
    title: str = ""
    product: str = ""
    kind: DiagramKind = "master_recipe"
    late_entry_minutes: int = 15
    order_fields: tuple[OrderField, ...] = ()
    hold_times: tuple[HoldTime, ...] = ()
