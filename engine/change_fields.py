"""What a change and its items have to say, and what they can't say: every problem by field, all at once.

Source: ICH Q9(R1) for the risk; the mandatory fields of a change are those that an inspector asks for first.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from bpmn.composition import subjects
from bpmn.diff import Difference
from engine.records.change import CATEGORIES, CHANGE_KINDS, CONFIDENCES, ITEM_KINDS, STAGES, URGENCIES
from engine.scope import Row

EVIDENCE_KINDS = ("study", "deviation", "batch", "literature", "other")
SCORED = ("severity", "probability", "detectability")
SAID = ("uncertainty", "formality", "comparability", "elsewhere")
LOWEST, HIGHEST = 1, 5


def change_problems(told: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with the fields of a change, by field."""
    lists = {"kind": CHANGE_KINDS, "category": CATEGORIES, "stage": STAGES, "urgency": URGENCIES}
    problems = {name: f"{name}: one of {', '.join(values)}." for name, values in lists.items() if told[name] not in values}
    for name in ("title", "reason"):
        if not str(told[name]).strip():
            problems[name] = f"The change needs a {name}."
    if told["temporary"] and not str(told["until"]).strip():
        problems["until"] = "A temporary change says how long it lasts: a number of batches, or a date."
    if told["client_signs"] and not str(told["client"]).strip():
        problems["client"] = "Name the client who signs."
    return problems | _risk_problems(told["risk"])


def _risk_problems(risk: Mapping[str, Any]) -> dict[str, str]:
    wrong = [n for n in SCORED if n in risk and not (type(risk[n]) is int and LOWEST <= risk[n] <= HIGHEST)]
    wrong += [n for n in SAID if n in risk and not isinstance(risk[n], str)]
    if unknown := sorted(set(risk) - {*SCORED, *SAID}):
        return {"risk": f"{', '.join(unknown)}: not part of the risk assessment."}
    scored, said = ", ".join(SCORED), " and ".join(SAID)
    return {"risk": f"{scored} go from {LOWEST} to {HIGHEST}; {said} are words ({', '.join(wrong)})."} if wrong else {}


def item_problems(told: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with the fields of an item, by field."""
    lists = {"kind": ITEM_KINDS, "category": CATEGORIES, "confidence": CONFIDENCES}
    problems = {name: f"{name}: one of {', '.join(values)}." for name, values in lists.items() if told[name] not in values}
    for name in ("title", "why"):
        if not str(told[name]).strip():
            problems[name] = f"An item needs a {name}." if name == "title" else "Say why."
    if told["kind"] == "revision" and not told["revision_id"]:
        problems["revision_id"] = "Name the revision that the item is about."
    if told["kind"] == "text":
        if told["revision_id"] or told["subjects"]:
            problems["revision_id"] = "A text is about no revision."
        if not str(told["proposed"]).strip():
            problems["proposed"] = "Say what is proposed."
    if not told["evidence"] and told["category"] != "editorial":
        problems["evidence"] = "Name the evidence: a study, a deviation, batches, literature."
    for row in told["evidence"]:
        if row.get("kind") not in EVIDENCE_KINDS or not str(row.get("reference", "")).strip() or set(row) - _EVIDENCE:
            problems["evidence"] = f"Each evidence has a kind ({', '.join(EVIDENCE_KINDS)}), a reference, and what it says."
    return problems


_EVIDENCE = {"kind", "reference", "says"}


def subject_problems(wanted: Iterable[str], others: Iterable[Row], difference: Difference | None) -> dict[str, str]:
    """Subjects that are nothing the revision changes, or another item's already; a second item that covers all the rest."""
    wanted, others = list(wanted), list(others)
    taken = {name: row["n"] for row in others for name in json.loads(row["subjects"])}
    known = {subject.name for subject in subjects(difference)} if difference is not None else set()
    found = [f"{name} belongs to item {taken[name]} already." for name in wanted if name in taken]
    found += [f"{name} is nothing that the revision changes." for name in wanted if name not in known]
    rest = [row["n"] for row in others if not json.loads(row["subjects"])]
    if not wanted and rest:
        found.append(f"Item {rest[0]} covers what no other item does; name the subjects of this one.")
    return {"subjects": " ".join(found)} if found else {}
