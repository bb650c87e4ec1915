"""An act: what an action gets to record with, and how it becomes an entry of the journal.

Rows are queued and written together before the next read or at the end (`engine.writes`). Whatever an act writes is
listed in its entry, so the records can be replayed from the trail.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from engine import clock
from engine.actor import Actor
from engine.audit import GENESIS, JOURNAL_COLUMNS, SITE, seal_entry, seal_head, secret_digest
from engine.canonical import fast_canonical, plain
from engine.errors import ChainBrokenError, SilentActError, StaleRecordError
from engine.reader import Reader
from engine.records.base import Record
from engine.records.shape import Row, Shape, insert_text, shape_of, update_text
from engine.writes import Writes

if TYPE_CHECKING:
    from engine.site import Site


@dataclass(slots=True)
class Chain:
    """A stream that this act holds: its last entry, and what the act adds to it."""

    name: str
    seq: int
    hash: str
    writes: list[list[Any]] = field(default_factory=list)
    notes: list[tuple[str, bool, dict[str, Any]]] = field(default_factory=list)


class Act(Reader):
    """One act of one actor on one stream. Actions read, `insert`, `update` and `note`; they never commit.

    `now` is the one instant of the act, `now_text` the same as it is stored. `role` is the role that the actor acts in
    (an action may name it), and `recipe_hash` the control recipe that it is about, both for the entry. `reached`: other runs
    that messages of this act have reached, opened once, by id.
    """

    def __init__(self, site: Site, connection: Connection, actor: Actor, source: str) -> None:
        super().__init__(connection)
        self.site = site
        self.actor = actor
        self.source = source
        self.role = ",".join(sorted(actor.roles))
        self.recipe_hash: str | None = None
        self.now = clock.now()
        self.now_text = clock.text(self.now)
        self.after_commit: list[Callable[[], None]] = []
        self._chains: dict[str, Chain] = {}
        self._writes = Writes(self._raw, is_sqlite=self.is_sqlite)
        self._counter = 0
        self._opened: list[str] = []
        self.reached: dict[str, Any] = {}
        self._noted: tuple[str, bool] | None = None

    # Reading: what was queued is visible to every read.

    @property
    def db(self) -> Connection:
        """The Core connection, for reads that are more than an equality. Write through `insert` and `update` only."""
        self.flush()
        return self._connection

    def fetch(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """The rows of a statement in the driver's own words, after everything queued was written."""
        self.flush()
        return super().fetch(statement, *values)

    def fetch_earlier(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """The same for rows that were there before this act: what is queued waits on."""
        return Reader.fetch(self, statement, *values)

    # Streams

    @property
    def stream(self) -> str:
        """The stream this act is about."""
        return self._primary.name

    @property
    def seq(self) -> int:
        """The number that this act's entry will have in its stream."""
        return self._primary.seq + 1

    def seq_in(self, stream: str) -> int:
        """The number that this act's entry will have in another stream, which it then holds too."""
        return self.also(stream).seq + 1

    def begin(self, stream: str, also: Iterable[str] = ()) -> None:
        """Lock the act's streams, in the order of their names; then read the clock."""
        for name in sorted({stream, *also}):
            self.also(name)
        self._primary = self._chains[stream]
        self.now = clock.now()
        self.now_text = clock.text(self.now)

    def also(self, name: str) -> Chain:
        """Hold another stream too; it gets its own entry if the act writes to it."""
        chain = self._chains.get(name)
        if chain is None:
            chain = self._chains[name] = self._lock(name) or self._open(name)
        return chain

    def _lock(self, name: str) -> Chain | None:
        lock = "" if self.is_sqlite else " FOR UPDATE"
        found = self.fetch(f"SELECT seq, hash, mac FROM stream WHERE name = {self.mark}{lock}", name)
        if not found:
            return None
        seq, digest, mac = found[0]
        # Without this, the next act would seal anew whatever a forger made of the head.
        if mac != seal_head(name, seq, digest, self.site.keys):
            raise ChainBrokenError(name, stream=name)
        return Chain(name, seq, digest)

    def _open(self, name: str) -> Chain:
        mark = self.mark
        mac = seal_head(name, 0, GENESIS, self.site.keys)
        self.fetch_nothing(
            f"INSERT INTO stream (name, seq, hash, mac) VALUES ({mark}, 0, {mark}, {mark}) ON CONFLICT DO NOTHING",
            name,
            GENESIS,
            mac,
        )
        chain = self._lock(name)
        assert chain is not None
        if chain.seq == 0 and name != SITE:
            self.also(SITE)
            self._opened.append(name)
        return chain

    def fetch_nothing(self, statement: str, *values: Any) -> None:
        """Run a statement in the driver's own words that gives no rows."""
        self._raw.execute(statement, values)

    # Recording

    def new_id(self, kind: str = "") -> str:
        """A new record's id, unique in the site for ever: stream / entry / counter."""
        self._counter += 1
        return f"{self._primary.name}/{self._primary.seq + 1}/{self._counter}"

    def note(self, tag: str, *, critical: bool = False, stream: str = "", **data: Any) -> None:
        """Say what happened, `<subject>:<past participle>`; the first note names the entry.

        `critical` marks what a reviewer of the trail must read. `data` is anything JSON can hold, no floats.
        """
        plain(data)
        chain = self.also(stream) if stream else self._primary
        chain.notes.append((tag, critical, data))
        self._noted = self._noted or (tag, critical)

    def insert(self, table: type[Record], /, **row: Any) -> Row:
        """Record a new row; columns left out get their default or nothing. Returns the row as stored."""
        shape = shape_of(table)
        stored = shape.stored_row(row)
        journalled: Row = {column: value for column, value in stored.items() if value is not None}
        for column in shape.secret & journalled.keys():
            journalled[column] = secret_digest(journalled[column])
        self._ahead.pop(shape.table, None)
        self._chain_of(shape, stored).writes.append(["insert", shape.table, journalled])
        statement = insert_text(shape.table, shape.columns, self.mark)
        self._writes.add(shape.identity(stored), statement, tuple(stored.values()))
        return stored

    def update(
        self,
        table: type[Record],
        key: Mapping[str, Any],
        /,
        *,
        version: int | None = None,
        was: Mapping[str, Any] | None = None,
        **changes: Any,
    ) -> Row:
        """Change a row of state; the trail gets old and new value of each column. Returns the row as it is now.

        `version` is the version that the person saw: StaleRecordError if the row has moved on. `was` is the row as
        this act read it, which saves reading it again.
        """
        shape = shape_of(table)
        if shape.append_only:
            raise TypeError(f"{shape.table} is append-only")
        old = dict(was) if was is not None else self.get(table, **key)
        named = f"{shape.table.replace('_', ' ').capitalize()} {', '.join(str(value) for value in key.values())}."
        if version is not None and version != old["version"]:
            raise StaleRecordError(named, expected=version, found=old["version"], table=shape.table, **key)
        new = {column: shape.stored(column, value) for column, value in changes.items()}
        new = {column: value for column, value in new.items() if value != old[column]}
        if not new:
            return old
        new["version"] = old["version"] + 1
        changed = {column: [old[column], value] for column, value in new.items()}
        for column in shape.secret & changed.keys():
            changed[column] = [secret_digest(value) for value in changed[column]]
        self._ahead.pop(shape.table, None)
        identity = {column: old[column] for column in shape.key}
        self._chain_of(shape, old).writes.append(["update", shape.table, identity, changed])
        statement = update_text(shape.table, tuple(new), (*shape.key, "version"), self.mark)
        values = (*new.values(), *identity.values(), old["version"])
        self._writes.add(shape.identity(old), statement, values, named)
        return old | new

    def cache_put(self, batch_id: str, data: str) -> None:
        """Keep what the engine has open after this act: a cache.

        It is sealed, so that nobody can open a step by editing it.
        """
        seq = self.seq_in(f"batch:{batch_id}")
        mac = self.site.keys.seal("snapshot", f"{batch_id}\n{seq}\n{data}")
        mark = self.mark
        statement = (
            f"INSERT INTO engine_snapshot (batch_id, seq, data, mac) VALUES ({mark}, {mark}, {mark}, {mark}) "
            "ON CONFLICT (batch_id) DO UPDATE SET seq = excluded.seq, data = excluded.data, mac = excluded.mac"
        )
        self._writes.add(("engine_snapshot", batch_id), statement, (batch_id, seq, data, mac))

    def cache_get(self, batch_id: str) -> tuple[int, str] | None:
        """(entry, data) of the engine's snapshot from before this act, or None if there is none that can be trusted.

        Engine events of later entries are still to be replayed on it.
        """
        mark = self.mark
        found = self.fetch_earlier(f"SELECT seq, data, mac FROM engine_snapshot WHERE batch_id = {mark}", batch_id)
        for seq, data, mac in found:
            if mac == self.site.keys.seal("snapshot", f"{batch_id}\n{seq}\n{data}"):
                return seq, data
        return None

    def _chain_of(self, shape: Shape, row: Row) -> Chain:
        owner = shape.owner(row)
        return self.also(owner) if owner else self._primary

    # Writing

    def flush(self) -> None:
        """Write what is queued. An update that meets another version than it read is refused."""
        if self._writes:
            self._writes.flush()

    def finish(self, answer: dict[str, Any], idempotency_key: str | None, fingerprint: str) -> bool:
        """Seal the act: one entry for each stream it wrote to, and the new heads. False if nothing was noted."""
        if self._noted is None:
            if any(chain.writes for chain in self._chains.values()):
                raise SilentActError(f"{self._primary.name}.")
            return False
        if clock_changes := self.site.clock_watch.changes():
            self._primary.notes.extend(clock_changes)
            self.after_commit.append(self.site.clock_watch.accept)
        for name in self._opened:
            self._chains[SITE].notes.append(("stream:opened", False, {"stream": name}))
        for chain in list(self._chains.values()):
            is_primary = chain is self._primary
            if not chain.notes and not chain.writes and not (is_primary and idempotency_key):
                continue
            if not chain.notes:
                chain.notes.append((*self._noted, {"act": f"{self._primary.name}/{self.seq}"}))
            body: dict[str, Any] = {"data": chain.notes[0][2], "writes": chain.writes}
            if len(chain.notes) > 1:
                more = [{"tag": tag, "critical": critical, "data": data} for tag, critical, data in chain.notes[1:]]
                body["more"] = more
            if is_primary and idempotency_key:
                plain(answer)
                body |= {"answer": answer, "request": fingerprint}
            self._append(chain, body, idempotency_key if is_primary else None)
        self.flush()
        return True

    def _append(self, chain: Chain, body: dict[str, Any], idempotency_key: str | None) -> None:
        entry: dict[str, Any] = {
            "stream": chain.name,
            "seq": chain.seq + 1,
            "at": self.now_text,
            "zone": self.site.settings.zone,
            "simulated": int(clock.is_simulated()),
            "tag": chain.notes[0][0],
            "critical": int(any(critical for _, critical, _ in chain.notes)),
            "actor_id": self.actor.id,
            "actor_name": self.actor.full_name,
            "actor_role": self.role,
            "source": self.source,
            "idempotency_key": idempotency_key,
            "recipe_hash": self.recipe_hash,
            "body": fast_canonical(body),
            "prev_hash": chain.hash,
        }
        digest, mac = seal_entry(entry, self.site.keys)
        mark, seq = self.mark, chain.seq + 1
        statement = insert_text("journal", JOURNAL_COLUMNS, mark)
        self._writes.add(("journal", chain.name, seq), statement, (*entry.values(), digest, mac))
        head = (seq, digest, seal_head(chain.name, seq, digest, self.site.keys))
        statement = update_text("stream", ("seq", "hash", "mac"), ("name", "seq"), mark)
        self._writes.add(("stream", chain.name), statement, (*head, chain.name, chain.seq), f"Stream {chain.name}.")
