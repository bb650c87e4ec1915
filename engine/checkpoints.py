"""Checkpoints: the heads of all chains under one signature, kept where the database's owner can't reach them.

Each chain proves its own order; only a checkpoint outside proves that nothing was cut off or put back to an earlier
copy. The heads are leaves of a Merkle tree (RFC 6962 hashing), so one root stands for all of them; the root is signed
with Ed25519 and chained to the checkpoint before. An exported checkpoint needs only the public key to verify.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from engine.act import Act
from engine.actor import SYSTEM, Actor
from engine.audit import GENESIS, SITE
from engine.canonical import canonical, sha256
from engine.reader import Reader
from engine.records import Checkpoint
from engine.site import Site
from engine.transaction import perform

Heads = dict[str, tuple[int, str]]


def merkle_root(heads: Mapping[str, tuple[int, str] | list[Any]]) -> str:
    """Root over {stream: (last entry, hash)}, in the order of the names; leaves and nodes hash differently."""
    level = [hashlib.sha256(b"\x00" + canonical([name, *heads[name]]).encode()).digest() for name in sorted(heads)]
    if not level:
        return hashlib.sha256(b"").hexdigest()
    while len(level) > 1:
        paired = [hashlib.sha256(b"\x01" + left + right).digest() for left, right in zip(level[::2], level[1::2], strict=False)]
        level = paired + level[len(paired) * 2 :]
    return level[0].hex()


def signed_text(checkpoint: Mapping[str, Any]) -> str:
    """What the signature of a checkpoint is over."""
    return canonical({name: checkpoint[name] for name in ("seq", "at", "root", "prev_hash")})


def chain_hash(checkpoint: Mapping[str, Any]) -> str:
    """What the next checkpoint carries as `prev_hash`."""
    return sha256(signed_text(checkpoint) + checkpoint["signature"])


def fold(checkpoints: Iterable[Mapping[str, Any]]) -> Heads:
    """All heads after the last of these checkpoints, of which each row names only the heads that changed."""
    heads: Heads = {}
    for row in checkpoints:
        heads |= {name: (seq, digest) for name, (seq, digest) in json.loads(row["streams"]).items()}
    return heads


def make_checkpoint(act: Act, *, actor: Actor) -> dict[str, Any]:
    """Record a checkpoint of all streams, on the stream `site`; while nothing happens, the last one stands."""
    earlier = act.rows(Checkpoint)
    known = fold(earlier)
    heads: Heads = {name: (seq, digest) for name, seq, digest in act.fetch("SELECT name, seq, hash FROM stream")}
    changed = {name: list(head) for name, head in heads.items() if known.get(name) != head}
    if earlier and changed.keys() == {SITE} and heads[SITE][0] == known[SITE][0] + 1:
        # Only the last checkpoint's own entry is new: it covers everything still.
        return _told(earlier[-1], len(heads))
    row: dict[str, Any] = {
        "seq": earlier[-1]["seq"] + 1 if earlier else 1,
        "at": act.now_text,
        "root": merkle_root(heads),
        "prev_hash": chain_hash(earlier[-1]) if earlier else GENESIS,
    }
    act.insert(Checkpoint, **row, streams=changed, signature=act.site.keys.sign(signed_text(row)))
    act.note("checkpoint:made", seq=row["seq"], root=row["root"], streams=len(heads))
    return _told(row, len(heads))


def _told(row: Mapping[str, Any], streams: int) -> dict[str, Any]:
    return {"seq": row["seq"], "root": row["root"], "streams": streams}


def exported(reader: Reader, seq: int | None = None) -> dict[str, Any]:
    """A checkpoint (the latest, or number `seq`) with all heads it covers: what a witness keeps."""
    rows = [row for row in reader.rows(Checkpoint) if seq is None or row["seq"] <= seq]
    return {**rows[-1], "streams": {name: list(head) for name, head in sorted(fold(rows).items())}}


def take_checkpoint(site: Site, folder: str | Path) -> Path:
    """Make a checkpoint and write it to a file in `folder`, best on another machine. Returns the file."""
    answer = perform(site, make_checkpoint, actor=SYSTEM, stream=SITE, source="system")
    with site.read() as reader:
        content = canonical(exported(reader, answer["seq"]))
    target = Path(folder) / f"checkpoint-{answer['seq']:06d}.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        return target
    with target.open("x", encoding="utf-8") as file:
        file.write(content + "\n")
        file.flush()
        os.fsync(file.fileno())
    return target
