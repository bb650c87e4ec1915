"""Is the record what was recorded? A program that stands alone: it needs the database and the keys, no server.

It reads by the raw driver, in one consistent snapshot, and proves four things:

1. Every chain is whole: each entry's hash covers all its columns and the entry before; each MAC and each head is keyed.
2. No chain is missing or extra: `site` registers every stream that was ever opened.
3. The records are what the trail says: every write is replayed, and each row of each table compared, every column, type
   included. A row that is in no entry, an entry whose row is gone, a column that nothing covers: each is a problem.
4. Nothing was put back: each signed checkpoint, in the database or exported, names heads that the chains still have.

Each problem names its place. Source: 21 CFR 11.10(a), (e); requirements P11-02, P11-03.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.audit import GENESIS, JOURNAL_COLUMNS, SITE, entry_hash, seal_head, secret_digest
from engine.checkpoints import Heads, chain_hash, fold, merkle_root, signed_text
from engine.keys import Keys
from engine.records import TABLES
from engine.records.shape import Row, shape_of
from engine.stored import Database, open_database

# Not written by entries: the chains themselves (sealed), working tables (the engine's cache is sealed), the migrations' mark.
NOT_REPLAYED = frozenset({"stream", "journal", "alembic_version", *(t.__tablename__ for t in TABLES if t.WORKING)})
SHAPES = {table.__tablename__: shape_of(table) for table in TABLES}
OF_BATCH = "batch:{batch_id}"

Place = tuple[str, tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something is not what was recorded: where, and what."""

    place: str
    what: str

    def __str__(self) -> str:
        return f"{self.place}: {self.what}"


@dataclass(slots=True)
class Report:
    """What was verified, and every problem found."""

    problems: list[Problem] = field(default_factory=list)
    streams: int = 0
    entries: int = 0
    rows: int = 0
    checkpoints: int = 0

    @property
    def ok(self) -> bool:
        """True if there is no problem."""
        return not self.problems

    def add(self, place: str, what: str) -> None:
        """Report a problem."""
        self.problems.append(Problem(place, what))

    def __str__(self) -> str:
        counted = f"{self.entries} entries in {self.streams} streams, {self.rows} rows, {self.checkpoints} checkpoints"
        if self.ok:
            return f"{counted}: everything is as it was recorded."
        return "\n".join([*map(str, self.problems), f"{counted}: {len(self.problems)} problem(s)."])


def verify(url: str, keys: Keys, checkpoint_files: Iterable[str | Path] = ()) -> Report:
    """Verify all records of a database. `checkpoint_files` are exported checkpoints, the newest suffices."""
    with open_database(url) as database:
        return verify_snapshot(database, keys, checkpoint_files)


def verify_snapshot(database: Database, keys: Keys, checkpoint_files: Iterable[str | Path] = ()) -> Report:
    """Verify what an open database shows."""
    return _Verification(database, keys).run([Path(file) for file in checkpoint_files])


@dataclass(slots=True)
class _Replayed:
    """A row as the trail says it should be, and the entry that wrote it last."""

    row: Row
    entry: str


class _Verification:
    """One run over one database."""

    def __init__(self, database: Database, keys: Keys) -> None:
        self.database = database
        self.keys = keys
        self.report = Report()
        self.columns = database.columns()
        self.opened: set[str] = set()
        # Rows of batches are compared batch by batch; all others at the end.
        self.elsewhere: dict[Place, _Replayed] = {}
        self.wanted_heads: dict[str, dict[int, list[tuple[str, str]]]] = {}

    def run(self, files: list[Path]) -> Report:
        self._schema()
        if "journal" not in self.columns or "stream" not in self.columns:
            return self.report
        self._checkpoints(files)
        heads = self._heads()
        names = {SITE, *heads, *self.database.distinct("journal", "stream"), *self.wanted_heads}
        batches: set[str] = set()
        # `site` comes first: it registers the others.
        for name in [SITE, *sorted(names - {SITE}, key=repr)]:
            rows = self._stream(name, heads.get(name))
            if isinstance(name, str) and name.startswith("batch:"):
                batches.add(name.removeprefix("batch:"))
                self._batch_rows(name.removeprefix("batch:"), rows)
        for name in sorted(self.opened - names):
            self.report.add(f"stream {name}", f"is gone with all its entries, but {SITE} registers it")
        self._remaining_rows(batches)
        self._snapshots()
        return self.report

    # The tables

    def _schema(self) -> None:
        for table, shape in SHAPES.items():
            found = self.columns.get(table)
            if found is None:
                self.report.add(f"table {table}", "is missing")
                continue
            for column in found:
                if column not in shape.columns:
                    self.report.add(f"table {table} column {column}", "is covered by no hash")
            for column in shape.columns:
                if column not in found:
                    self.report.add(f"table {table} column {column}", "is missing")
        for table in self.columns.keys() - SHAPES.keys() - NOT_REPLAYED:
            self.report.add(f"table {table}", "is covered by no hash")
        for problem in self.database.trigger_problems():
            self.report.add("triggers", problem)

    # The chains

    def _heads(self) -> dict[Any, tuple[int, str]]:
        heads: dict[Any, tuple[int, str]] = {}
        for row in self.database.rows("stream", ("name", "seq", "hash", "mac")):
            name, seq, digest, mac = row.values()
            place = f"stream {name}"
            if name in heads:
                self.report.add(place, "has two heads")
            if not isinstance(name, str) or type(seq) is not int or mac != seal_head(name, seq, digest, self.keys):
                self.report.add(place, "its head was not written by the application")
            heads[name] = (seq, digest)
        return heads

    def _stream(self, name: Any, head: tuple[int, str] | None) -> dict[Place, _Replayed]:
        """Check one chain and replay its writes."""
        self.report.streams += 1
        if name != SITE and name not in self.opened:
            self.report.add(f"stream {name}", f"was never opened: {SITE} does not register it")
        wanted = self.wanted_heads.get(name, {})
        rows: dict[Place, _Replayed] = {}
        previous, count, broken = GENESIS, 0, False
        for entry in self.database.rows("journal", JOURNAL_COLUMNS, equal=("stream", name), order="seq"):
            count += 1
            self.report.entries += 1
            place = f"journal {name}/{entry['seq']}"
            if not broken:
                problem = self._entry_problem(entry, count, previous)
                if problem:
                    broken = True
                    self.report.add(place, problem)
            previous = entry["hash"]
            for digest, witness in wanted.pop(entry["seq"], ()):
                if digest != previous:
                    self.report.add(place, f"is not the entry that {witness} saw")
            self._replay(place, entry, rows)
        if head is None:
            self.report.add(f"stream {name}", f"has no head, but {count} entries" if count else "is gone with all its entries")
        elif head != (count, previous):
            self.report.add(f"stream {name}", f"its head names entry {head[0]}, the journal ends with {count}")
        for seq, seen in sorted(wanted.items()):
            if seq or seen[0][0] != GENESIS:
                self.report.add(f"journal {name}/{seq}", f"is gone: {seen[0][1]} saw it")
        return rows

    def _entry_problem(self, entry: Row, count: int, previous: str) -> str:
        if entry["seq"] != count:
            return f"entry {count} should be here: entries are missing, doubled or out of order"
        if entry["prev_hash"] != previous:
            return "does not follow the entry before it"
        try:
            digest = entry_hash(entry)
        except (TypeError, ValueError):
            return "holds something that no entry can hold"
        if digest != entry["hash"]:
            return "its hash is not that of its columns"
        if entry["mac"] != self.keys.seal("entry", digest):
            return "was not written by the application: its MAC is forged"
        return ""

    # What the entries wrote

    def _replay(self, place: str, entry: Row, rows: dict[Place, _Replayed]) -> None:
        try:
            body = json.loads(entry["body"])
            for note in body.get("more", ()):
                if note["tag"] == "stream:opened" and entry["stream"] == SITE:
                    self._open(place, note["data"]["stream"])
            if entry["tag"] == "stream:opened" and entry["stream"] == SITE:
                self._open(place, body["data"]["stream"])
            for write in body["writes"]:
                self._replay_write(place, entry["stream"], write, rows)
        except (TypeError, ValueError, KeyError, AttributeError, IndexError):
            self.report.add(place, "its body can't be replayed")

    def _open(self, place: str, stream: str) -> None:
        if stream in self.opened:
            self.report.add(place, f"opens {stream} a second time: the first was removed")
        self.opened.add(stream)

    def _replay_write(self, place: str, stream: str, write: list[Any], rows: dict[Place, _Replayed]) -> None:
        kind, table, what = write[:3]
        shape = SHAPES[table]
        key: Place = (table, tuple(what[column] for column in shape.key))
        in_batch = shape.stream == OF_BATCH and stream.startswith("batch:")
        at = rows if in_batch else self.elsewhere
        if kind == "insert":
            if key in at:
                self.report.add(place, f"records {_named(key)} a second time")
            at[key] = _Replayed({column: what.get(column, shape.added.get(column)) for column in shape.columns}, place)
            return
        known = at.get(key)
        if known is None:
            self.report.add(place, f"changes {_named(key)}, which was never recorded")
            return
        for column, (old, new) in write[3].items():
            if known.row[column] != old:
                self.report.add(place, f"changed {_named(key)} {column} from {old!r}; before it was {known.row[column]!r}")
            known.row[column] = new
        known.entry = place

    # The rows themselves

    def _batch_rows(self, batch_id: str, rows: dict[Place, _Replayed]) -> None:
        by_table = _by_table(rows)
        for table, shape in SHAPES.items():
            if shape.stream == OF_BATCH and table in self.columns:
                expected = by_table.get(table, {})
                self._compare(table, ("batch_id", batch_id), expected)
                self._gone(expected)

    def _remaining_rows(self, batches: set[str]) -> None:
        by_table = _by_table(self.elsewhere)
        for table in sorted(self.columns.keys() - NOT_REPLAYED):
            expected = by_table.get(table, {})
            if table in SHAPES and SHAPES[table].stream == OF_BATCH:
                for batch_id in set(self.database.distinct(table, "batch_id")) - batches:
                    self._compare(table, ("batch_id", batch_id), expected)
            else:
                self._compare(table, None, expected)
            self._gone(expected)

    def _compare(self, table: str, equal: tuple[str, Any] | None, expected: dict[Place, _Replayed]) -> None:
        """Compare rows with what the trail says, and take those that it knows out of `expected`."""
        shape = SHAPES.get(table)
        key_columns = shape.key if shape else ()
        secret: Iterable[str] = shape.secret if shape else ()
        for row in self.database.rows(table, tuple(self.columns[table]), equal=equal):
            self.report.rows += 1
            key: Place = (table, tuple(row.get(column) for column in key_columns))
            replayed = expected.pop(key, None)
            if replayed is None:
                self.report.add(_named(key), "is in no entry of the trail")
                continue
            for column in secret:
                row[column] = _digested(row.get(column))
            if row != replayed.row:
                self._differences(key, row, replayed)

    def _differences(self, key: Place, row: Row, replayed: _Replayed) -> None:
        for column, found in row.items():
            recorded = replayed.row.get(column)
            if found != recorded or type(found) is not type(recorded):
                self.report.add(f"{_named(key)} {column}", f"holds {_short(found)}; {replayed.entry} recorded {_short(recorded)}")

    def _gone(self, expected: dict[Place, _Replayed]) -> None:
        for key, replayed in expected.items():
            self.report.add(_named(key), f"is gone; {replayed.entry} recorded it")

    # Checkpoints and the cache

    def _checkpoints(self, files: list[Path]) -> None:
        seen: list[Row] = []
        if set(SHAPES["checkpoint"].columns) <= set(self.columns.get("checkpoint", ())):
            seen = list(self.database.rows("checkpoint", SHAPES["checkpoint"].columns, order="seq"))
        previous = GENESIS
        for index, row in enumerate(seen):
            place = f"checkpoint {row['seq']}"
            try:
                heads = fold(seen[: index + 1]) if index == len(seen) - 1 else fold([row])
                self._checkpoint(place, row, heads, whole=index == len(seen) - 1)
                if row["prev_hash"] != previous:
                    self.report.add(place, "does not follow the checkpoint before it")
                previous = chain_hash(row)
            except (TypeError, ValueError, KeyError, AttributeError):
                self.report.add(place, "holds something that no checkpoint can hold")
        for file in files:
            try:
                kept = json.loads(file.read_text(encoding="utf-8"))
                heads = {name: (seq, digest) for name, (seq, digest) in kept["streams"].items()}
                self._checkpoint(f"the checkpoint in {file.name}", kept, heads, whole=True)
            except (OSError, TypeError, ValueError, KeyError, AttributeError):
                self.report.add(f"the checkpoint in {file.name}", "can't be read")

    def _checkpoint(self, place: str, checkpoint: Mapping[str, Any], heads: Heads, *, whole: bool) -> None:
        self.report.checkpoints += 1
        if not self.keys.signed(signed_text(checkpoint), checkpoint["signature"]):
            self.report.add(place, "its signature is not this site's")
        if whole and merkle_root(heads) != checkpoint["root"]:
            self.report.add(place, "its streams are not those that were signed")
        for name, (seq, digest) in heads.items():
            self.wanted_heads.setdefault(name, {}).setdefault(seq, []).append((digest, place))

    def _snapshots(self) -> None:
        columns = ("batch_id", "seq", "data", "mac")
        if not set(columns) <= set(self.columns.get("engine_snapshot", ())):
            return
        for row in self.database.rows("engine_snapshot", columns):
            sealed = self.keys.seal("snapshot", f"{row['batch_id']}\n{row['seq']}\n{row['data']}")
            if row["mac"] != sealed:
                self.report.add(
                    f"engine_snapshot {row['batch_id']}",
                    "was not written by the application (a cache: delete the row, it is made again from the journal)",
                )


def _by_table(rows: dict[Place, _Replayed]) -> dict[str, dict[Place, _Replayed]]:
    found: dict[str, dict[Place, _Replayed]] = {}
    for key, replayed in rows.items():
        found.setdefault(key[0], {})[key] = replayed
    return found


def _named(key: Place) -> str:
    return f"{key[0]} {' '.join(map(str, key[1]))}".strip()


def _digested(value: Any) -> Any:
    # Only text has a digest in the trail; anything else differs from it as it is.
    return secret_digest(value) if isinstance(value, str) else value


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 120 else f"{text[:80]}... ({len(text)} characters)"
