"""Many clients at once over real HTTP, and connections that break: each act is done exactly once."""

from __future__ import annotations

import http.client
import json
import random
import socket
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from engine.records import Batch, ParameterValue, Signature
from engine.site import Site
from engine.verify import verify
from tests.batches import entries_of, put_into_effect, start
from tests.people import PASSWORD, Staff
from tests.small_recipes import side_by_side, step_ids
from tests.web.serving import served
from web.app import create_app

CLIENTS, TASKS = 32, 100
BATCH = "B-1"


class Served:
    """A site behind a real HTTP server on this machine, with the operator signed in."""

    def __init__(self, port: int, staff: Staff) -> None:
        self.port = port
        self.headers: dict[str, str] = {}
        someone = staff["MFG_OP"]
        _, opened = self.post("/session", {"login": someone.login, "password": someone.password}, "")
        self.headers = {"Authorization": f"Bearer {opened['token']}"}

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def post(
        self, path: str, body: object, key: str, connection: http.client.HTTPConnection | None = None
    ) -> tuple[int, dict[str, Any]]:
        connection = connection or self.connect()
        headers = {"Content-Type": "application/json", **self.headers, **({"Idempotency-Key": key} if key else {})}
        connection.request("POST", f"/api/v1{path}", json.dumps(body), headers)
        response = connection.getresponse()
        return response.status, json.loads(response.read())


@pytest.fixture
def clients(site: Site, staff: Staff) -> Iterator[Served]:
    """A batch with a hundred steps side by side, behind a server on threads."""
    start(site, staff, put_into_effect(site, staff, side_by_side(TASKS)), BATCH)
    with served(create_app(site, SIGN_IN_LIMIT="")) as address:
        yield Served(int(address.rpartition(":")[2]), staff)


def path(step_id: str, act: str) -> str:
    return f"/batches/{BATCH}/tasks/{step_id}/{act}"


def signing(step_id: str) -> dict[str, Any]:
    entries = {"weight": "80.10", "label": f"L-{step_id}"}
    return {"meaning": "performed_by", "password": PASSWORD, "entries": entries}


@pytest.mark.slow
def test_32_clients_on_the_same_100_tasks_complete_each_exactly_once(clients: Served, site: Site) -> None:
    for step_id in step_ids(TASKS):
        assert clients.post(path(step_id, "start"), {}, f"start-{step_id}")[0] == 200

    def client(number: int) -> list[tuple[str, int]]:
        connection, mine = clients.connect(), step_ids(TASKS)
        random.Random(number).shuffle(mine)
        return [
            (step_id, clients.post(path(step_id, "signatures"), signing(step_id), f"client-{number}-{step_id}", connection)[0])
            for step_id in mine
        ]

    with ThreadPoolExecutor(CLIENTS) as pool:
        answers = [answer for done in pool.map(client, range(CLIENTS)) for answer in done]
    assert Counter(step_id for step_id, status in answers if status == 200) == Counter(step_ids(TASKS))
    assert {status for _, status in answers} == {200, 409}
    with site.read() as reader:
        assert len(reader.rows(Signature, batch_id=BATCH, slot="P")) == TASKS
        assert len(reader.rows(ParameterValue, batch_id=BATCH)) == 2 * TASKS
        assert reader.get(Batch, id=BATCH)["state"] == "COMPLETED"
    assert verify(site.url, site.keys).ok


def test_a_retry_after_a_cut_connection_gets_the_stored_answer(clients: Served, site: Site) -> None:
    body, key = json.dumps({}), "key-of-the-cut-connection"
    head = [f"POST /api/v1{path('S001', 'start')} HTTP/1.1", "Host: localhost", "Content-Type: application/json"]
    head += [f"Content-Length: {len(body)}", f"Idempotency-Key: {key}", f"Authorization: {clients.headers['Authorization']}"]
    with socket.create_connection(("127.0.0.1", clients.port)) as line:
        line.sendall("\r\n".join([*head, "", body]).encode())
    until = time.monotonic() + 30
    while not (found := [e for e in entries_of(site, BATCH) if (e["key"] or "").endswith(key)]):
        assert time.monotonic() < until, "the act that lost its answer was not recorded"
        time.sleep(0.02)
    status, answer = clients.post(path("S001", "start"), {}, key)
    assert (status, answer) == (200, found[0]["body"]["answer"])
    assert len([e for e in entries_of(site, BATCH) if e["tag"] == "task:started"]) == 1
