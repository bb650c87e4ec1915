"""Dry runs of a revision: the kept reports with their signatures, and the work in progress."""

from __future__ import annotations

import json
from typing import Any

from engine.canonical import sha256
from engine.dry_run import jobs
from engine.errors import RecordNotFoundError
from engine.reader import Reader
from engine.records import DryRun, Person, RecipeRevision, Signature
from engine.revision_facts import current_document, dry_run_of
from engine.scope import Row
from engine.site import Site


def evidence(reader: Reader, digest: str) -> Row | None:
    """The dry run that is evidence for a document: of those that the system made, the one signed last, if it passed."""
    newest = dry_run_of(reader, digest)
    return newest if newest is not None and newest["verdict"] == "passed" else None


def dry_runs_of(site: Site, revision_id: str) -> dict[str, Any]:
    """A revision's dry runs, the newest first: each with its verdict, who signed it, whether the diagram has changed since."""
    with site.read() as reader:
        row = reader.get(RecipeRevision, id=revision_id)
        digest, _ = current_document(reader, row)
        kept = {r["id"]: _kept(reader, r) for r in reader.rows(DryRun, revision_id=revision_id)}
        people = {p["id"]: p["full_name"] for p in reader.rows(Person)}
    found = []
    for entry in jobs.jobs(site, revision_id):
        unsigned: dict[str, Any] = {"signatures": [], "verdict": entry["message"] if entry["state"] == "done" else ""}
        found.append(entry | kept.pop(entry["id"], unsigned))
    found += [one | {"state": "done"} for one in kept.values()]
    for entry in found:
        entry["outdated"] = entry["hash"] != digest
        entry["by_name"] = people.get(entry.get("started_by") or entry.get("run_by", ""), "")
    found.sort(key=lambda entry: entry["started_at"], reverse=True)
    return {"revision": dict(row), "hash": digest, "dry_runs": found}


def dry_run(site: Site, dry_run_id: str) -> dict[str, Any]:
    """One dry run, under way or done: `report` is None until it is done; RecordNotFoundError."""
    with site.read() as reader:
        kept = reader.find(DryRun, id=dry_run_id)
        signed = _kept(reader, kept) if kept is not None else {}
    if kept is None:
        found = jobs.job(site, dry_run_id)
    else:
        found = dict(kept) | signed | {"state": "done", "done": 0, "total": 0, "message": "", "started_by": kept["run_by"]}
    text = found["report"]
    found["report_hash"] = sha256(text) if text else ""
    found["report"] = json.loads(text) if text else None
    with site.read() as reader:
        row = reader.find(RecipeRevision, id=found["revision_id"])
        if row is None:
            raise RecordNotFoundError("Revision", found["revision_id"])
        digest, xml = current_document(reader, row)
        person = reader.find(Person, id=found["started_by"])
    found |= {"revision": dict(row), "outdated": digest != found["hash"], "by_name": person["full_name"] if person else ""}
    found["xml"] = xml
    found.setdefault("signatures", [])
    return found


def _kept(reader: Reader, row: Row) -> dict[str, Any]:
    rows = reader.rows(Signature, subject=f"dry_run:{row['id']}", order=("signed_at", "id"))
    names = ("id", "revision_id", "hash", "kind", "verdict", "run_by", "started_at")
    return {name: row[name] for name in names} | {"signatures": [dict(s) for s in rows]}
