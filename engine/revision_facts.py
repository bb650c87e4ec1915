"""What somebody who reviews or approves a revision has to know: shown on its page, and part of what they sign.

Source: 21 CFR 11.70, 211.186(a); EU GMP Annex 11 s.10.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from bpmn.diff import diff
from engine.documents import problems, told
from engine.form import findings_of_forms
from engine.reader import Reader
from engine.records import DryRun, RecipeDocument, RecipeDraft, RecipeRevision, Signature
from engine.revisions import last_in_effect
from engine.scope import Row
from engine.training import Trainings

END = "9999"


def revision_facts(reader: Reader, revision_id: str) -> dict[str, Any]:
    """The revision's document by its hash, its findings, its latest signed dry run, what people have to read of it, what it
    changes of the one in effect.

    Of a draft they are those of its working copy.
    """
    row = reader.get(RecipeRevision, id=revision_id)
    digest, text = current_document(reader, row)
    found = findings(row["kind"], text, row["recipe_id"], row["revision"])
    if row["kind"] != "form":
        found += [told(finding) for finding in findings_of_forms(reader, text)]
    run = dry_run_of(reader, digest)
    base = predecessor(reader, row)
    return {
        "revision": row["id"],
        "title": row["title"],
        "product": row["product"],
        "kind": row["kind"],
        "hash": digest,
        "errors": sum(finding["severity"] == "error" for finding in found),
        "warnings": sum(finding["severity"] == "warning" for finding in found),
        "dry_run": run["verdict"] if run else "none",
        "dry_run_report": run["id"] if run else "",
        "compared_with": base["id"] if base else "",
        "training": [
            {"roles": sorted(one.roles), "steps": sorted(one.steps), "reading": one.reading}
            for one in Trainings(reader).requirements(revision_id)
        ],
        "changes": _changes(reader.get(RecipeDocument, hash=base["hash"])["xml"], text) if base and row["kind"] != "form" else {},
    }


def current_document(reader: Reader, row: Row) -> tuple[str, str]:
    """Hash and text of what a revision says now: of a draft its working copy, else the frozen document."""
    draft = reader.find(RecipeDraft, revision_id=row["id"]) if row["state"] == "DRAFT" else None
    if draft is not None:
        return draft["hash"], draft["xml"]
    return row["hash"], reader.get(RecipeDocument, hash=row["hash"])["xml"]


def predecessor(reader: Reader, row: Row) -> Row | None:
    """The revision that was last in effect before this one, or is now."""
    others = [r for r in reader.rows(RecipeRevision, recipe_id=row["recipe_id"]) if r["id"] != row["id"]]
    return last_in_effect(others, row["effective_at"] or END)


def dry_run_of(reader: Reader, digest: str) -> Row | None:
    """The dry run of a document by the system that was signed last, whatever its verdict.

    What a person clicked through is kept and shown beside it, and covers too little to stand alone.
    """
    signed = []
    for row in reader.rows(DryRun, hash=digest, kind="system"):
        signatures = reader.rows(Signature, subject=f"dry_run:{row['id']}")
        if signatures:
            signed.append((min(s["signed_at"] for s in signatures), row))
    return max(signed, key=lambda pair: pair[0])[1] if signed else None


@lru_cache(maxsize=16)
def _changes(old: str, new: str) -> dict[str, Any]:
    """How many changes there are, how many control less than before, and which critical parameters they touch."""
    summary = diff(old.encode(), new.encode()).to_json()["summary"]
    return {"entries": summary["entries"], "weaker": summary["weaker"], "critical": summary["critical"]}


@lru_cache(maxsize=64)
def _findings(kind: str, text: str, recipe_id: str, revision: str) -> tuple[dict[str, Any], ...]:
    return tuple(problems(kind, text, recipe_id, revision))


def findings(kind: str, text: str, recipe_id: str, revision: str) -> list[dict[str, Any]]:
    """What the checks find in a document; kept for the last few, because lists and pages ask again and again."""
    return list(_findings(kind, text, recipe_id, revision))
