"""Attacks on the trail: entries, chains, heads, checkpoints; every unkeyed hash is made right afterwards."""

from __future__ import annotations

import json
from collections.abc import Callable

from engine.audit import GENESIS
from engine.canonical import canonical
from engine.checkpoints import chain_hash, merkle_root
from tests.tamper.attacker import COLUMNS, RECORDS, Attacker, Row
from tests.tamper.rows import next_digit, other


def entry_edited(attacker: Attacker) -> str:
    """Any column of any entry, chain made right."""
    stream = attacker.a_stream(1)
    entries = attacker.entries(stream)
    number = attacker.rng.randrange(len(entries))
    sealed = [c for c in COLUMNS["journal"] if c not in ("stream", "seq", "body", "prev_hash", "hash", "mac")]
    column = attacker.rng.choice(sealed)
    entries[number][column] = other(entries[number][column])
    attacker.rechain(stream, entries)
    return f"journal {stream}/{number + 1}"


def entry_edited_alone(attacker: Attacker) -> str:
    """Any column of an entry, hashes and seals too, and nothing else."""
    stream = attacker.a_stream(1)
    entry = attacker.rng.choice(attacker.entries(stream))
    column = attacker.rng.choice([c for c in COLUMNS["journal"] if c not in ("stream", "seq")])
    attacker.change("journal", entry, **{column: other(entry[column])})
    return f"journal {stream}/"


def value_changed_in_both(attacker: Attacker) -> str:
    """A value is changed in the record and in the trail alike."""
    value = attacker.pick("parameter_value", lambda row: row["text"] != next_digit(row["text"]))
    stream, number = written_by(value)
    entries = attacker.entries(stream)
    body = json.loads(entries[number - 1]["body"])
    changes = {"text": next_digit(value["text"]), "value": next_digit(value["value"])}
    for write in body["writes"]:
        if write[2].get("id") == value["id"]:
            write[2] |= changes
    entries[number - 1]["body"] = canonical(body)
    attacker.change("parameter_value", value, **changes)
    attacker.rechain(stream, entries)
    return f"journal {stream}/{number}"


def entry_back_dated(attacker: Attacker) -> str:
    """An act is moved to another day."""
    stream = attacker.a_stream()
    entries = attacker.entries(stream)
    number = attacker.rng.randrange(len(entries))
    entries[number]["at"] = "2020" + entries[number]["at"][4:]
    attacker.rechain(stream, entries)
    return f"journal {stream}/{number + 1}"


def actor_changed(attacker: Attacker) -> str:
    """Somebody else did it."""
    stream = attacker.a_batch()
    entries = attacker.entries(stream)
    number = attacker.rng.randrange(len(entries))
    entries[number] |= {"actor_id": "mallory", "actor_name": "Mallory"}
    attacker.rechain(stream, entries)
    return f"journal {stream}/{number + 1}"


def made_uncritical(attacker: Attacker) -> str:
    """An entry that a reviewer must read is marked as routine."""
    found = [row for row in attacker.rows("journal") if row["critical"]]
    chosen = attacker.rng.choice(found)
    entries = attacker.entries(chosen["stream"])
    entries[chosen["seq"] - 1]["critical"] = 0
    attacker.rechain(chosen["stream"], entries)
    return f"journal {chosen['stream']}/{chosen['seq']}"


def key_forged(attacker: Attacker) -> str:
    """An idempotency key is put on an entry, so that a request seems done."""
    stream = attacker.a_batch()
    entry = attacker.rng.choice(attacker.entries(stream))
    attacker.change("journal", entry, idempotency_key="forged")
    return f"journal {stream}/{entry['seq']}"


def first_deleted(attacker: Attacker) -> str:
    """The first entry goes, the others move up."""
    stream = attacker.a_stream(2)
    attacker.rechain(stream, attacker.entries(stream)[1:])
    return f"journal {stream}/1"


def middle_deleted(attacker: Attacker) -> str:
    """An entry in the middle goes."""
    stream = attacker.a_stream()
    entries = attacker.entries(stream)
    number = attacker.rng.randrange(1, len(entries) - 1)
    del entries[number]
    attacker.rechain(stream, entries)
    return f"journal {stream}/{number + 1}"


def middle_deleted_with_rows(attacker: Attacker) -> str:
    """An entry goes together with every row that it wrote."""
    values = [written_by(row) for row in attacker.rows("parameter_value")]
    last = {stream: len(attacker.entries(stream)) for stream in attacker.batches}
    stream, number = attacker.rng.choice([(stream, number) for stream, number in values if number < last.get(stream, 0)])
    entries = attacker.entries(stream)
    _delete_rows_of(attacker, f"{stream}/{number}/")
    del entries[number - 1]
    attacker.rechain(stream, entries)
    return f"journal {stream}/{number}"


def gap_left(attacker: Attacker) -> str:
    """An entry is simply deleted."""
    stream = attacker.a_stream()
    entry = attacker.rng.choice(attacker.entries(stream)[:-1])
    attacker.delete("journal", entry)
    return f"journal {stream}/{entry['seq'] + 1}"


def last_deleted(attacker: Attacker) -> str:
    """The last entry goes with its rows, the head is set to the one before, with that entry's MAC as its seal."""
    stream = attacker.a_batch()
    entries = attacker.entries(stream)
    _delete_rows_of(attacker, f"{stream}/{len(entries)}/")
    attacker.rechain(stream, entries[:-1])
    attacker.run("UPDATE stream SET mac = ? WHERE name = ?", entries[-2]["mac"], stream)
    return f"stream {stream}"


def last_deleted_head_kept(attacker: Attacker) -> str:
    """The last entry goes, the head stays."""
    stream = attacker.a_stream()
    entry = attacker.entries(stream)[-1]
    attacker.delete("journal", entry)
    return f"stream {stream}"


def tail_deleted(attacker: Attacker) -> str:
    """The last entries go."""
    stream = attacker.a_stream()
    entries = attacker.entries(stream)
    attacker.rechain(stream, entries[: attacker.rng.randrange(1, len(entries))])
    return f"stream {stream}"


def register_cut(attacker: Attacker) -> str:
    """The last entries of the site's register go."""
    entries = attacker.entries("site")
    attacker.rechain("site", entries[: attacker.rng.randrange(1, len(entries))])
    return "stream site"


def batch_deleted(attacker: Attacker) -> str:
    """A whole batch goes: rows, entries, head."""
    stream = attacker.a_batch()
    _delete_batch(attacker, stream)
    return f"stream {stream}"


def batch_deleted_from_register(attacker: Attacker) -> str:
    """A whole batch goes, and the register's entry too."""
    stream = attacker.a_batch()
    _delete_batch(attacker, stream)
    entries = attacker.entries("site")
    kept = [entry for entry in entries if stream not in entry["body"] or "checkpoint" in entry["tag"]]
    first = next(entry["seq"] for entry in entries if entry not in kept)
    attacker.rechain("site", kept)
    return f"journal site/{first}"


def everything_deleted(attacker: Attacker) -> str:
    """Every row of every table goes."""
    stream = attacker.a_batch()
    for table in (*RECORDS, "journal", "stream", "engine_snapshot"):
        attacker.run(f'DELETE FROM "{table}"')
    return attacker.rng.choice(["stream site", f"stream {stream}", f"journal {stream}/"])


def head_deleted(attacker: Attacker) -> str:
    """A chain loses its head."""
    stream = attacker.a_stream(1)
    attacker.run("DELETE FROM stream WHERE name = ?", stream)
    return f"stream {stream}"


def head_doubled(attacker: Attacker) -> str:
    """A chain has two heads."""
    row = attacker.pick("stream")
    attacker.insert("stream", row)
    return f"stream {row['name']}"


def head_changed(attacker: Attacker) -> str:
    """Any column of a head."""
    row = attacker.pick("stream")
    column = attacker.rng.choice(["name", "seq", "hash", "mac"])
    attacker.change("stream", row, **{column: other(row[column])})
    return f"stream {row['name']}"


def forged_in_the_middle(attacker: Attacker) -> str:
    """An entry is inserted."""
    stream = attacker.a_stream()
    entries = attacker.entries(stream)
    number = attacker.rng.randrange(1, len(entries))
    entries.insert(number, _forged(attacker, entries))
    attacker.rechain(stream, entries)
    return f"journal {stream}/{number + 1}"


def forged_at_the_end(attacker: Attacker) -> str:
    """An entry is appended with all that belongs to it."""
    stream = attacker.a_batch()
    entries = attacker.entries(stream)
    attacker.rechain(stream, [*entries, _forged(attacker, entries)])
    return f"journal {stream}/{len(entries) + 1}"


def value_forged_at_the_end(attacker: Attacker) -> str:
    """A value is appended in the record and in the trail."""
    stream = attacker.a_batch()
    entries = attacker.entries(stream)
    value = attacker.pick("parameter_value") | {"batch_id": stream[6:]} | {"id": f"{stream}/{len(entries) + 1}/1", "n": 9}
    attacker.insert("parameter_value", value)
    row = {column: value[column] for column in COLUMNS["parameter_value"] if value[column] is not None}
    body = canonical({"data": {}, "writes": [["insert", "parameter_value", row]]})
    attacker.rechain(stream, [*entries, _forged(attacker, entries) | {"body": body}])
    return f"journal {stream}/{len(entries) + 1}"


def reordered(attacker: Attacker) -> str:
    """Two neighbours change places."""
    stream = attacker.a_stream()
    entries = attacker.entries(stream)
    number = attacker.rng.randrange(len(entries) - 1)
    entries[number], entries[number + 1] = entries[number + 1], entries[number]
    attacker.rechain(stream, entries)
    return f"journal {stream}/{number + 1}"


def duplicated(attacker: Attacker) -> str:
    """An entry is there twice, renumbered."""
    stream = attacker.a_stream()
    entries = attacker.entries(stream)
    number = attacker.rng.randrange(len(entries))
    entries.insert(number + 1, dict(entries[number]))
    attacker.rechain(stream, entries)
    return f"journal {stream}/{number + 2}"


def duplicated_exactly(attacker: Attacker) -> str:
    """An entry is there twice, every column alike."""
    stream = attacker.a_stream()
    entry = attacker.rng.choice(attacker.entries(stream))
    attacker.insert("journal", entry)
    return f"journal {stream}/{entry['seq']}"


def moved_to_another_stream(attacker: Attacker) -> str:
    """An entry of one batch goes to the other."""
    source, target = attacker.rng.sample(attacker.batches, 2)
    entries, others = attacker.entries(source), attacker.entries(target)
    number, place = attacker.rng.randrange(len(entries)), attacker.rng.randrange(len(others))
    others.insert(place, entries.pop(number))
    attacker.rechain(source, entries)
    attacker.rechain(target, others)
    return f"journal {target}/{place + 1}"


def streams_swapped(attacker: Attacker) -> str:
    """Two batches exchange their whole trails."""
    one, two = attacker.batches[:2]
    of_one, of_two = attacker.entries(one), attacker.entries(two)
    attacker.rechain(one, of_two)
    attacker.rechain(two, of_one)
    return f"journal {attacker.rng.choice([one, two])}/1"


def stream_forged(attacker: Attacker) -> str:
    """A batch appears that was never started."""
    stream = attacker.a_batch()
    entries = attacker.entries(stream)
    attacker.run("INSERT INTO stream (name, seq, hash, mac) VALUES ('batch:B-7', 0, ?, ?)", GENESIS, GENESIS)
    forged = [entry | {"body": entry["body"].replace(stream[6:], "B-7")} for entry in entries]
    attacker.rechain("batch:B-7", forged)
    return attacker.rng.choice(["stream batch:B-7", "journal batch:B-7/1"])


def stream_put_back(attacker: Attacker) -> str:
    """One batch is put back to an earlier copy, its head with the seal it truly had then."""
    stream = attacker.batches[-1]
    batch_id = stream[6:]
    _put_back(attacker, "journal", lambda row: row["stream"] == stream)
    _put_back(attacker, "stream", lambda row: row["name"] == stream)
    for table in RECORDS:
        if "batch_id" in COLUMNS[table] and table != "equipment":
            _put_back(attacker, table, lambda row: row["batch_id"] == batch_id)
    _put_back(attacker, "batch", lambda row: row["id"] == batch_id)
    return f"journal {stream}/"


def everything_put_back(attacker: Attacker) -> str:
    """The whole database is put back to an earlier copy; only the checkpoint kept elsewhere knows better."""
    for table in (*RECORDS, "journal", "stream", "engine_snapshot"):
        _put_back(attacker, table, lambda row: True)
    return f"journal {attacker.batches[-1]}/"


def checkpoint_edited(attacker: Attacker) -> str:
    """Any column of a checkpoint."""
    row = attacker.pick("checkpoint")
    column = attacker.rng.choice([c for c in COLUMNS["checkpoint"] if c != "seq"])
    attacker.change("checkpoint", row, **{column: other(row[column])})
    return f"checkpoint {row['seq']}"


def checkpoint_made_again(attacker: Attacker) -> str:
    """A checkpoint is made over forged heads, with an earlier signature."""
    rows = attacker.rows("checkpoint")
    heads = {row["name"]: [row["seq"], row["hash"]] for row in attacker.rows("stream")}
    root = merkle_root(heads)
    attacker.change("checkpoint", rows[-1], streams=canonical(heads), root=root, prev_hash=chain_hash(rows[-1]))
    return f"checkpoint {rows[-1]['seq']}"


def checkpoint_deleted(attacker: Attacker) -> str:
    """A checkpoint goes."""
    row = attacker.pick("checkpoint")
    attacker.delete("checkpoint", row)
    return f"checkpoint {row['seq']}"


def write_removed(attacker: Attacker) -> str:
    """An entry no longer says that it wrote a row, and the row goes."""
    exception = attacker.pick("exception_record")
    stream, number = written_by(exception)
    entries = attacker.entries(stream)
    body = json.loads(entries[number - 1]["body"])
    body["writes"] = [write for write in body["writes"] if write[2].get("id") != exception["id"]]
    entries[number - 1]["body"] = canonical(body)
    attacker.delete("exception_record", exception)
    attacker.rechain(stream, entries)
    return f"journal {stream}/{number}"


def written_by(row: Row) -> tuple[str, int]:
    """The stream and the number of the entry that wrote a row: its id says so."""
    stream, number, _ = row["id"].rsplit("/", 2)
    return stream, int(number)


def _forged(attacker: Attacker, entries: list[Row]) -> Row:
    body = canonical({"data": {"outcome": "proceed"}, "writes": []})
    return dict(attacker.rng.choice(entries)) | {"tag": "task:decided", "body": body, "idempotency_key": None}


def _delete_rows_of(attacker: Attacker, prefix: str) -> None:
    for table in RECORDS:
        if "id" in COLUMNS[table]:
            attacker.run(f'DELETE FROM "{table}" WHERE id LIKE ?', prefix + "%")


def _delete_batch(attacker: Attacker, stream: str) -> None:
    batch_id = stream.removeprefix("batch:")
    for table in (*RECORDS, "engine_snapshot"):
        if "batch_id" in COLUMNS[table]:
            attacker.run(f'DELETE FROM "{table}" WHERE batch_id = ?', batch_id)
    attacker.run("DELETE FROM batch WHERE id = ?", batch_id)
    attacker.run("DELETE FROM journal WHERE stream = ?", stream)
    attacker.run("DELETE FROM stream WHERE name = ?", stream)


def _put_back(attacker: Attacker, table: str, chosen: Callable[[Row], bool]) -> None:
    for row in attacker.rows(table):
        if chosen(row):
            attacker.delete(table, row)
    for row in attacker.past[table]:
        if chosen(row):
            attacker.insert(table, row)


KINDS: tuple[Callable[[Attacker], str], ...] = (
    entry_edited,
    entry_edited_alone,
    value_changed_in_both,
    entry_back_dated,
    actor_changed,
    made_uncritical,
    key_forged,
    first_deleted,
    middle_deleted,
    middle_deleted_with_rows,
    gap_left,
    last_deleted,
    last_deleted_head_kept,
    tail_deleted,
    register_cut,
    batch_deleted,
    batch_deleted_from_register,
    everything_deleted,
    head_deleted,
    head_doubled,
    head_changed,
    forged_in_the_middle,
    forged_at_the_end,
    value_forged_at_the_end,
    reordered,
    duplicated,
    duplicated_exactly,
    moved_to_another_stream,
    streams_swapped,
    stream_forged,
    stream_put_back,
    everything_put_back,
    checkpoint_edited,
    checkpoint_made_again,
    checkpoint_deleted,
    write_removed,
)
