"""Changes of the demo: one that waits for quality's approval, one that was rejected, one that was given up."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from engine.actions import changes, processes, recipes
from engine.batch_record import BatchRecord
from engine.change_facts import item_entries, item_rows
from engine.reader import Reader
from engine.site import Site
from engine.transaction import perform
from web.demo.floor import Moment
from web.demo.furnish import PROPOSED, SUBMISSION, Crew, begin_draft

CHANGE, REJECTED, CANCELLED = "CC-2026-0142", "CC-2026-0138", "CC-2026-0140"
CLIENT = "Novexia Therapeutics"

LESS_VECTOR: dict[str, Any] = {
    "title": "MOI 2 instead of 3, and a look at the copy number on day 6", "kind": "recipe", "category": "safety",
    "reason": "Copy numbers of 3.9 to 4.6 in three of the last four batches come close to the limit of 5 copies per cell.",
    "product": "NVX-CD19", "client": CLIENT, "client_signs": True,
    "patient_impact": "Fewer insertions per cell; the share of CAR+ cells falls from about 33 to 28 %, well above the limit.",
    "risk": {
        "severity": 4, "probability": 2, "detectability": 2, "formality": "FMEA RA-26-017",
        "uncertainty": "Study DS-114 has three donors; a weak donor may need day 10",
    },
}  # fmt: skip
ITEMS: tuple[dict[str, Any], ...] = (
    {
        "kind": "revision", "title": "Less vector", "subjects": ["S20.moi"], "category": "safety", "confidence": "high",
        "why": "Copy number follows MOI. At MOI 2 it stayed below 2.6, and CAR+ was 28 % on average.",
        "evidence": [
            {"kind": "study", "reference": "DS-114", "says": "CAR+ 28 % (24 to 33) at MOI 2, three donors"},
            {"kind": "batch", "reference": "CT-26-0029", "says": "Copy number 4.6 at MOI 4.2"},
            {"kind": "batch", "reference": "CT-26-0028", "says": "Copy number 4.2 at MOI 3.8"},
        ],
    },
    {
        "kind": "revision", "title": "Copy number on day 6", "subjects": ["S27.vcn_ip"], "category": "quality",
        "confidence": "medium", "why": "Early information; it has no effect on the release.",
        "evidence": [{"kind": "literature", "reference": "Guide on copy numbers of CAR-T cells", "says": "Stable from day 5 on"}],
    },
)  # fmt: skip
SAYS: Mapping[str, tuple[str, str]] = {
    "RA": ("condition", "An IND amendment is needed for the range of a critical parameter; only in the trials that it covers."),
    "QC": ("condition", "The method is validated; two more working days for the result of day 6."),
    "IT": ("condition", "One parameter changed, one added. Dry run of S20 to S22, S27 and S39 before it takes effect."),
}
"""What those say who agree with a condition, by step; the others agree."""

WHO: Mapping[str, str] = {
    "MFG": "susan", "MSAT": "tomas", "QC": "rosa", "RA": "rita", "CLIENT": "clara", "IT": "ines", "LIGHT_MFG": "susan",
    "LIGHT_MSAT": "tomas",
}  # fmt: skip

WARMER: dict[str, Any] = {
    "title": "Incubate at 38 °C during activation", "kind": "method", "category": "efficiency", "stage": "process_development",
    "reason": "One run at 38 °C reached its cell number a day earlier.", "product": "NVX-CD19",
    "patient_impact": "A day less to infusion.", "risk": {"severity": 3, "probability": 3, "detectability": 3},
}  # fmt: skip
NO_FREEZE: dict[str, Any] = {
    "title": "Ship the product fresh", "kind": "method", "category": "supply", "stage": "process_development",
    "reason": "Two sites asked for fresh product.", "product": "NVX-CD19", "patient_impact": "No thaw at the bedside.",
}  # fmt: skip


def moments(site: Site, crew: Crew, based_on: str, present: datetime) -> list[Moment]:
    """What happens when: two changes that came to nothing some days ago, one that is assessed and waits for its approval."""
    ago = lambda **span: present - timedelta(**span)  # noqa: E731
    return [
        Moment(ago(days=9), 3, partial(_rejected, site, crew)),
        Moment(ago(days=5), 3, partial(_cancelled, site, crew)),
        Moment(ago(hours=21), 3, partial(_initiated, site, crew, based_on)),
        Moment(ago(hours=4), 3, partial(assess, site, crew, CHANGE)),
    ]


def _initiated(site: Site, crew: Crew, based_on: str) -> None:
    """The draft under its change: submitted for review, and initiated."""
    revision = begin_draft(site, crew, based_on, "1", PROPOSED)
    _act(site, crew, "pia", changes.open_change, CHANGE, **LESS_VECTOR)
    for item in ITEMS:
        _act(site, crew, "pia", changes.put_item, CHANGE, revision_id=revision, **item)
    actor, proof = crew["pia"]
    perform(
        site, recipes.sign_recipe, actor=actor, stream=f"batch:{revision}", revision_id=revision, meaning="authored_by",
        proof=proof, entries=SUBMISSION | {"change": CHANGE, "reason": LESS_VECTOR["reason"]},
    )  # fmt: skip
    criterion = "The next 10 batches: median copy number at most 3.0, CAR+ at least 15 %"
    _sign(site, crew, "pia", CHANGE, "INITIATE", criterion=criterion)


def assess(site: Site, crew: Crew, change_id: str) -> None:
    """Everybody who is asked says something."""
    for step_id in [s for s in _open(site, change_id) if s in WHO]:
        verdict, comment = SAYS.get(step_id, ("agree", ""))
        _sign(site, crew, WHO[step_id], change_id, step_id, verdict=verdict, **({"comment": comment} if comment else {}))


def _rejected(site: Site, crew: Crew) -> None:
    _act(site, crew, "pia", changes.open_change, REJECTED, **WARMER)
    _act(
        site, crew, "pia", changes.put_item, REJECTED, kind="text", title="Temperature of the incubator", category="efficiency",
        current="37 °C", proposed="38 °C", why="Faster growth in one run.", confidence="low",
        evidence=[{"kind": "batch", "reference": "CT-26-0026", "says": "One day less"}],
    )  # fmt: skip
    _sign(site, crew, "pia", REJECTED, "INITIATE")
    assess(site, crew, REJECTED)
    entries = _entries(site, REJECTED)
    _act(site, crew, "diana", changes.review_entries, REJECTED, entries=entries)
    why = "One run is no evidence; at 38 °C viability fell below 85 % in study DS-098. Come back with three donors."
    _sign(site, crew, "diana", REJECTED, "LIGHT_APPROVE", verdict="reject", comment=why)


def _cancelled(site: Site, crew: Crew) -> None:
    _act(site, crew, "pia", changes.open_change, CANCELLED, **NO_FREEZE)
    reason = "The courier can't promise 24 hours door to door; asked again when the second courier is qualified."
    _sign(site, crew, "pia", CANCELLED, "CANCEL", reason=reason)


def _entries(site: Site, change_id: str) -> list[str]:
    with site.read() as reader:
        return [e.name(i["n"]) for i in item_rows(reader, change_id) for e in item_entries(reader, change_id, i)]


def _open(site: Site, change_id: str) -> list[str]:
    """The ids of the steps that are open."""
    with site.read() as reader:
        return [row["step_id"] for row in processes.open_steps(reader, change_id)]


def _sign(site: Site, crew: Crew, login: str, change_id: str, step_id: str, **entries: str) -> None:
    with site.read() as reader:
        [task] = [row for row in processes.open_steps(reader, change_id) if row["step_id"] == step_id]
        meaning = _meaning(site, reader, change_id, task)
    _act(
        site, crew, login, changes.sign_step, change_id, task_key=task["key"], meaning=meaning, proof=crew[login][1],
        entries=entries,
    )  # fmt: skip


def _meaning(site: Site, reader: Reader, change_id: str, task: dict[str, Any]) -> str:
    return BatchRecord(site, reader, change_id).step(task).signatures[0].meanings[0]


def _act(site: Site, crew: Crew, login: str, action: Any, change_id: str, **arguments: Any) -> Any:
    return perform(site, action, actor=crew[login][0], stream=f"batch:{change_id}", change_id=change_id, **arguments)
