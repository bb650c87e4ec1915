"""Dry runs: a diagram rehearsed in every way, and the signed report that is evidence for its revision."""

from __future__ import annotations

import marshmallow as ma
from flask import g

from api.auth import GMP_ROLES, allow
from api.fields import Code, Nothing, Schema, answer
from api.resource import Resource, act, site
from api.resources.recipes import MAX_BODY
from api.signing import Secret, proven
from bpmn.diagram import Diagram
from bpmn.reading import MAX_BYTES
from engine.actions import dry_runs as actions
from engine.dry_run import jobs
from engine.errors import RecipeFieldError, UnstorableTextError
from engine.queries.dry_runs import dry_run, dry_runs_of
from engine.records import RecipeRevision
from engine.revision_facts import current_document

dry_runs = Resource("dry_runs", "Dry runs: recipes rehearsed without any record, and their signed reports.")


class NewDryRun(Schema):
    """What to rehearse: a revision as it is now, or a diagram that an editor has open."""

    revision_id = Code()
    xml = ma.fields.String(validate=ma.validate.Length(min=1, max=MAX_BYTES))


class KeptReport(Secret):
    """The signature on a report, with the hash of what was shown."""

    report_hash = ma.fields.String(validate=ma.validate.Regexp(r"[0-9a-f]{64}"))


Started = answer("StartedDryRun", dry_run=ma.fields.String())
Listed = answer("DryRuns", hash=ma.fields.String(), dry_runs=ma.fields.List(ma.fields.Dict()))
Shown = answer(
    "DryRun",
    id=ma.fields.String(),
    revision_id=ma.fields.String(),
    hash=ma.fields.String(),
    kind=ma.fields.String(),
    state=ma.fields.String(),
    done=ma.fields.Integer(),
    total=ma.fields.Integer(),
    message=ma.fields.String(),
    outdated=ma.fields.Boolean(),
    report_hash=ma.fields.String(),
    report=ma.fields.Dict(allow_none=True),
    signatures=ma.fields.List(ma.fields.Dict()),
)
Signed = answer("SignedDryRun", dry_run=ma.fields.String(), verdict=ma.fields.String(), signature=ma.fields.String())
Ended = answer("EndedDryRun", dry_run=ma.fields.String())


@dry_runs.acts("/recipes/dry-runs", NewDryRun, Started, status=202, keyed=False, max_body=MAX_BODY)
@allow("PROC")
def start(body: dict) -> dict:
    """Begin a dry run by the system

    In a process of its own; refused with every finding where the diagram does not pass its checks.
    """
    xml, revision_id = body.get("xml", ""), body.get("revision_id", "")
    if not xml and not revision_id:
        raise RecipeFieldError("Name a revision or send a diagram.", problems={"revision_id": "Name a revision."})
    if xml:
        header = Diagram.parse(_encoded(xml)).recipe
        revision_id = revision_id or f"{header.id}@{header.revision}"
    with site().read() as reader:
        row = reader.get(RecipeRevision, id=revision_id)
        xml = xml or current_document(reader, row)[1]
    return {"dry_run": jobs.start(site(), revision_id=revision_id, xml=xml, started_by=g.actor.id)}


@dry_runs.reads("/recipes/<name:revision_id>/dry-runs", Listed)
@allow(*GMP_ROLES)
def of_revision(revision_id: str) -> dict:
    """The dry runs of a revision

    The newest first; `outdated` are those of another diagram than the revision has now.
    """
    return dry_runs_of(site(), revision_id)


@dry_runs.reads("/dry-runs/<name:dry_run_id>", Shown)
@allow(*GMP_ROLES)
def one(dry_run_id: str) -> dict:
    """One dry run

    How far it is, and its report once it is done.
    """
    found = dry_run(site(), dry_run_id)
    del found["xml"]
    return found


@dry_runs.acts("/dry-runs/<name:dry_run_id>/end", Nothing, Ended, keyed=False)
@allow("PROC")
def end(body: dict, dry_run_id: str) -> dict:
    """End a dry run that is under way"""
    jobs.cancel(site(), dry_run_id)
    return {"dry_run": dry_run_id}


@dry_runs.acts("/dry-runs/<name:dry_run_id>/signatures", KeptReport, Signed)
@allow("PROC")
def sign(body: dict, dry_run_id: str) -> dict:
    """Keep and sign a report

    It is evidence for its revision then, whatever its verdict.
    """
    revision = dry_run(site(), dry_run_id)["revision"]
    shown = body.pop("report_hash", None)
    return act(
        actions.sign_dry_run, stream=f"recipe:{revision['recipe_id']}", revision_id=revision["id"], job_id=dry_run_id,
        shown_hash=shown, **proven(body),
    )  # fmt: skip


def _encoded(xml: str) -> bytes:
    try:
        return xml.encode()
    except UnicodeEncodeError:
        raise UnstorableTextError("It contains half of a character.") from None
