"""One act is recorded once, whole, or not at all, on both databases, whoever does what at the same moment."""

from __future__ import annotations

import contextlib
import re
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from engine import records
from engine.act import Act
from engine.actor import Actor
from engine.errors import (
    BatchwrightError,
    BrokenReferenceError,
    ChainBrokenError,
    DatabaseUnavailableError,
    DuplicateRecordError,
    IdempotencyKeyReusedError,
    RecordNotFoundError,
    RuleOfRecordError,
    SilentActError,
    StaleRecordError,
    UnstorableTextError,
)
from engine.reader import Row
from engine.site import Site
from engine.transaction import perform
from engine.verify import verify
from tests.engine.small_site import ADMIN, ANA, BEN, QUINN, add_lot, change_lot, complete_task, start_batch
from tests.tamper.attacker import raw

LOT: dict[str, Any] = {"actor": QUINN, "stream": "lot:L-1", "lot_id": "L-1"}
ENGINE = Path(__file__).resolve().parents[2]


def lots(site: Site) -> list[Row]:
    with site.read() as reader:
        return reader.rows(records.MaterialLot)


def journal(site: Site, stream: str) -> list[Row]:
    with site.read() as reader:
        return reader.rows(records.Journal, stream=stream)


def test_quinn_presses_the_button_twice_and_the_lot_is_registered_once(site: Site) -> None:
    first = perform(site, add_lot, idempotency_key="k-1", **LOT)
    again = perform(site, add_lot, idempotency_key="k-1", **LOT)
    assert again == first == {"lot": "L-1"}
    assert len(lots(site)) == len(journal(site, "lot:L-1")) == 1


def test_a_key_used_for_another_request_is_refused(site: Site) -> None:
    perform(site, add_lot, idempotency_key="k-1", **LOT)
    for changed in ({"lot_id": "L-2"}, {"actor": BEN}, {"stream": "lot:L-2", "lot_id": "L-2"}):
        with pytest.raises(IdempotencyKeyReusedError):
            perform(site, add_lot, idempotency_key="k-1", **(LOT | changed))
    assert len(lots(site)) == 1


def test_a_password_is_no_part_of_what_the_trail_says_of_a_request(site: Site) -> None:
    def signed(act: Act, *, actor: Actor, password: str) -> dict[str, Any]:
        act.note("lot:seen")
        return {"n": act.seq}

    first = perform(site, signed, actor=ANA, stream="lot:L-1", idempotency_key="k", password="right")
    assert perform(site, signed, actor=ANA, stream="lot:L-1", idempotency_key="k", password="other") == first
    assert "right" not in journal(site, "lot:L-1")[0]["body"]


def test_a_form_that_was_drawn_before_the_lot_changed_is_refused(site: Site) -> None:
    perform(site, add_lot, **LOT)
    assert perform(site, change_lot, status="quarantined", version=1, **LOT) == {"version": 2}
    with pytest.raises(StaleRecordError):
        perform(site, change_lot, status="rejected", version=1, **LOT)
    assert lots(site)[0]["status"] == "quarantined"


def test_32_people_complete_the_same_task_at_once_and_one_does(filled_site: Site) -> None:
    perform(filled_site, start_batch, actor=ANA, stream="batch:B-3", batch_id="B-3", steps=1)
    gate = threading.Barrier(32)

    def attempt(number: int) -> str:
        gate.wait()
        try:
            task: dict[str, Any] = {"batch_id": "B-3", "task_key": "S01", "version": 1}
            perform(filled_site, complete_task, actor=ANA, stream="batch:B-3", idempotency_key=f"k{number}", **task)
        except StaleRecordError:
            return "stale"
        return "done"

    with ThreadPoolExecutor(32) as pool:
        outcomes = list(pool.map(attempt, range(32)))
    assert sorted(outcomes) == ["done"] + ["stale"] * 31
    assert sum(row["tag"] == "task:completed" for row in journal(filled_site, "batch:B-3")) == 1


def test_32_retries_of_one_request_at_once_get_the_same_answer(site: Site) -> None:
    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(lambda _: perform(site, add_lot, idempotency_key="k-1", **LOT), range(32)))
    assert answers == [{"lot": "L-1"}] * 32
    assert len(journal(site, "lot:L-1")) == 1


@pytest.mark.parametrize("fault", [ValueError, RecordNotFoundError])
def test_an_act_that_fails_leaves_nothing(site: Site, fault: type[Exception]) -> None:
    def half(act: Act, *, actor: Actor) -> dict[str, Any]:
        add_lot(act, actor=actor, lot_id="L-1")
        act.flush()
        raise fault("in the middle")

    with pytest.raises(fault):
        perform(site, half, actor=QUINN, stream="lot:L-1")
    with site.read() as reader:
        assert reader.rows(records.MaterialLot) == []
        assert [row["name"] for row in reader.rows(records.Stream)] == ["site"]


@pytest.mark.requirement("N-06")
def test_a_refusal_can_leave_its_own_trace(site: Site) -> None:
    def note_refusal(act: Act, *, actor: Actor, why: str) -> dict[str, Any]:
        act.note("recipe:refused", critical=True, why=why)
        return {}

    def refuse(act: Act, *, actor: Actor) -> dict[str, Any]:
        act.note("recipe:approved")
        raise BatchwrightError("no right").recording(note_refusal, "site", why="no right")

    with pytest.raises(BatchwrightError, match="no right"):
        perform(site, refuse, actor=BEN, stream="recipe:MR-1")
    assert [row["tag"] for row in journal(site, "site")] == ["site:founded", "recipe:refused"]


def test_writing_without_saying_what_happened_is_refused(site: Site) -> None:
    def silent(act: Act, *, actor: Actor) -> dict[str, Any]:
        act.insert(records.MaterialLot, id="L-1", material="CTS-OPT", status="released")
        return {}

    with pytest.raises(SilentActError):
        perform(site, silent, actor=QUINN, stream="lot:L-1")
    assert lots(site) == []


def test_the_database_itself_refuses_what_the_code_let_through(site: Site) -> None:
    def insert(act: Act, *, actor: Actor, **row: Any) -> dict[str, Any]:
        act.insert(records.MaterialLot, **({"id": "L-9", "material": "CTS-OPT", "status": "released"} | row))
        act.note("lot:registered")
        return {}

    perform(site, add_lot, **LOT)
    for row, refusal in (
        ({"id": "L-1"}, DuplicateRecordError),
        ({"status": "fine"}, RuleOfRecordError),
        ({"expires_at": "2026-03-02"}, RuleOfRecordError),
        ({"supplier": "a\x00b"}, UnstorableTextError),
        ({"supplier": "half \ud800"}, UnstorableTextError),
    ):
        with pytest.raises(refusal):
            perform(site, insert, actor=QUINN, stream="lot:L-9", **row)


def test_a_reference_to_nothing_is_refused_at_the_end(site: Site) -> None:
    with pytest.raises(BrokenReferenceError):
        perform(site, start_batch, actor=ANA, stream="batch:B-1", batch_id="B-1", steps=1)


def test_numbers_that_are_not_text_are_refused(site: Site) -> None:
    def insert(act: Act, *, actor: Actor) -> dict[str, Any]:
        act.insert(records.MaterialLot, id="L-9", material="CTS-OPT", status="released", supplier=7.2)
        return {}

    with pytest.raises(TypeError, match="float"):
        perform(site, insert, actor=QUINN, stream="lot:L-9")


def test_nothing_is_added_to_a_chain_whose_head_was_forged(site: Site) -> None:
    perform(site, add_lot, **LOT)
    with site.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE stream SET seq = 0 WHERE name = 'lot:L-1'")
    with pytest.raises(ChainBrokenError):
        perform(site, change_lot, status="rejected", **LOT)


@pytest.mark.requirement("P11-08", "D11-02", "A11-15")
def test_the_trail_says_who_what_when_where_and_both_values(site: Site) -> None:
    perform(site, add_lot, **LOT)
    perform(site, change_lot, source="ui", status="rejected", **LOT)
    entry = journal(site, "lot:L-1")[1]
    said = {name: entry[name] for name in ("actor_id", "actor_name", "actor_role", "source", "zone", "tag")}
    assert said == {
        "actor_id": "quinn", "actor_name": "Quinn Ahn", "actor_role": "QA_FLR", "source": "ui", "zone": "UTC",
        "tag": "lot:changed",
    }  # fmt: skip
    assert '["update","material_lot",{"id":"L-1"},{"status":["released","rejected"],"version":[1,2]}]' in entry["body"]


def test_a_row_of_another_stream_gets_an_entry_there(filled_site: Site) -> None:
    def take(act: Act, *, actor: Actor) -> dict[str, Any]:
        act.update(records.Equipment, {"id": "SCALE-01"}, batch_id="B-1")
        act.note("equipment:assigned", batch="B-1")
        return {}

    perform(filled_site, take, actor=ANA, stream="batch:B-1")
    entry = journal(filled_site, "equipment:SCALE-01")[-1]
    assert entry["tag"] == "equipment:assigned"
    assert '"batch_id":[null,"B-1"]' in entry["body"]
    assert verify(filled_site.url, filled_site.keys).ok


def test_two_acts_that_take_each_other_s_stream_both_succeed(filled_site: Site) -> None:
    for number in (1, 2):
        perform(filled_site, add_lot, actor=QUINN, stream=f"lot:X-{number}", lot_id=f"X-{number}")
    gate = threading.Barrier(2)

    def cross(act: Act, *, actor: Actor, other: str) -> dict[str, Any]:
        with contextlib.suppress(threading.BrokenBarrierError):  # SQLite lets only one of them in
            gate.wait(timeout=0.5)
        act.update(records.MaterialLot, {"id": other}, supplier=f"{actor.id} by way of {act.stream}")
        act.note("lot:changed")
        return {}

    def one(mine: str, other: str) -> None:
        perform(filled_site, cross, actor=QUINN, stream=f"lot:{mine}", other=other)

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(one, "X-1", "X-2"), pool.submit(one, "X-2", "X-1")]:
            done.result()
    assert verify(filled_site.url, filled_site.keys).ok


def test_secrets_are_in_the_trail_only_as_a_digest(filled_site: Site) -> None:
    body = journal(filled_site, "person:ana")[0]["body"]
    assert "$argon2id$" not in body
    assert '"password_hash":"sha256:' in body


def test_only_the_transaction_commits() -> None:
    sources = [path for name in ("bpmn", "forms", "engine", "api", "web") for path in (ENGINE / name).rglob("*.py")]
    committing = {path.name for path in sources if re.search(r"\.commit\(", path.read_text(encoding="utf-8"))}
    assert committing == {"transaction.py"}


def test_nobody_reads_the_wall_clock_but_the_clock() -> None:
    sources = [path for name in ("bpmn", "forms", "engine", "api", "web") for path in (ENGINE / name).rglob("*.py")]
    pattern = r"datetime\.(now|utcnow|today)\(|date\.today\(|time\.time\("
    reading = {path.name for path in sources if re.search(pattern, path.read_text(encoding="utf-8"))}
    assert reading <= {"clock.py"}


def test_after_the_database_was_restarted_one_request_fails_and_the_next_works(site: Site) -> None:
    if site.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has no server to restart")
    with contextlib.ExitStack() as stack:  # several pooled connections, all dead after the cut
        for _ in range(3):
            stack.enter_context(site.read())
    with raw(site.url) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
            "AND datname = current_database()"
        )
    with pytest.raises(DatabaseUnavailableError):
        perform(site, add_lot, idempotency_key="k-1", **LOT)
    assert perform(site, add_lot, idempotency_key="k-1", **LOT) == {"lot": "L-1"}
    assert len(journal(site, "lot:L-1")) == 1


@pytest.mark.parametrize("cut", ["before", "after"])
def test_a_connection_cut_around_the_commit_is_answered_by_the_retry(
    site: Site, cut: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = Connection.commit

    def cut_off(self: Connection) -> None:
        if cut == "after":
            commit(self)
        raise OperationalError("COMMIT", None, sqlite3.OperationalError("connection cut"))

    monkeypatch.setattr(Connection, "commit", cut_off)
    with pytest.raises(DatabaseUnavailableError, match="Send it again with the same key"):
        perform(site, add_lot, idempotency_key="k-1", **LOT)
    monkeypatch.undo()
    assert perform(site, add_lot, idempotency_key="k-1", **LOT) == {"lot": "L-1"}
    assert len(journal(site, "lot:L-1")) == len(lots(site)) == 1


def test_a_view_sees_one_moment_whatever_happens_meanwhile(site: Site) -> None:
    perform(site, add_lot, **LOT)
    with site.read() as reader:
        before = reader.rows(records.MaterialLot)
        perform(site, change_lot, status="rejected", **LOT)
        assert reader.rows(records.MaterialLot) == before
        assert len(reader.rows(records.Journal, stream="lot:L-1")) == 1
    assert lots(site)[0]["status"] == "rejected"


def test_an_administrator_s_act_that_notes_nothing_records_nothing(site: Site) -> None:
    perform(site, lambda act, actor: {"seen": True}, actor=ADMIN, stream="person:nobody")
    with site.read() as reader:
        assert [row["name"] for row in reader.rows(records.Stream)] == ["site"]
