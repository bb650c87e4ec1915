"""What proves the record as a whole: how the site is, the checkpoints that a witness keeps, the verification."""

from __future__ import annotations

import marshmallow as ma

from api.auth import allow
from api.fields import Nothing, answer
from api.resource import Resource, act, site
from engine import checkpoints
from engine.audit import SITE
from engine.errors import RecordNotFoundError
from engine.queries.health import health as site_health
from engine.records import Checkpoint
from engine.verify import verify

seals = Resource("seals", "How the site is; checkpoints and the verification of every chain.")

KEEPERS = ("SYS_ADM", "QA_FLR", "QA_DISP", "QP")

Rows = ma.fields.List(ma.fields.Dict())
SiteHealth = answer("SiteHealth", batches=ma.fields.Dict(), incidents=Rows, held=Rows, overdue=Rows, refusals=Rows)
Made = answer("MadeCheckpoint", seq=ma.fields.Integer(), root=ma.fields.String(), streams=ma.fields.Integer())
Exported = answer(
    "Checkpoint",
    seq=ma.fields.Integer(),
    at=ma.fields.String(),
    root=ma.fields.String(metadata={"description": "Merkle root over the heads of all streams"}),
    streams=ma.fields.Dict(),
    signature=ma.fields.String(metadata={"description": "Ed25519, hex"}),
    prev_hash=ma.fields.String(),
)
Verified = answer(
    "Verification",
    ok=ma.fields.Boolean(),
    problems=Rows,
    streams=ma.fields.Integer(),
    entries=ma.fields.Integer(),
    rows=ma.fields.Integer(),
    checkpoints=ma.fields.Integer(),
)


@seals.reads("/site/health", SiteHealth)
@allow(*KEEPERS)
def health_of_site() -> dict:
    """How the site is

    Batches that stand still, what is overdue, refused sign-ins and signatures, the last checkpoint.
    """
    return site_health(site())


@seals.acts("/checkpoints", Nothing, Made, status=201)
@allow(*KEEPERS)
def make_checkpoint(body: dict) -> dict:
    """Make a checkpoint

    Signs the heads of all streams; export it and keep it where nobody who writes the database can reach it.
    """
    return act(checkpoints.make_checkpoint, stream=SITE)


@seals.reads("/checkpoints/latest", Exported)
@allow(*KEEPERS)
def latest_checkpoint() -> dict:
    """Export the latest checkpoint

    With all heads it covers: what a witness keeps, and what `batchwright verify --checkpoint` takes.
    """
    with site().read() as reader:
        if not reader.rows(Checkpoint):
            raise RecordNotFoundError("checkpoint")
        return checkpoints.exported(reader)


@seals.acts("/verifications", Nothing, Verified, keyed=False)
@allow(*KEEPERS)
def verify_now(body: dict) -> dict:
    """Verify the whole record now

    Every chain, every row against the trail, every checkpoint in the database. The stand-alone program does the same
    without this server, and with checkpoints kept elsewhere.
    """
    report = verify(site().url, site().keys)
    return {
        "ok": report.ok,
        "problems": [{"place": found.place, "what": found.what} for found in report.problems[:200]],
        **{name: getattr(report, name) for name in ("streams", "entries", "rows", "checkpoints")},
    }
