"""Run the story against a server that is killed again and again, and judge the record after each death."""

from __future__ import annotations

import http.client
import json
import multiprocessing
import random
import threading
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.database import connect
from engine.keys import create_keys
from engine.site import open_site
from tests.batches import put_into_effect
from tests.crash import judge, server
from tests.crash.phases import INSIDE, NAMES, Phase
from tests.crash.story import STEPS, Request, batches
from tests.people import Staff
from tests.small_recipes import sequence

LONGEST_LIFE_S = 0.8
"""A server lives up to this long after it answers: some ten acts."""


@dataclass
class Result:
    """How the kills went: when they landed, and everything that was wrong afterwards."""

    kills: int = 0
    acts: int = 0
    phases: Counter[int] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)

    @property
    def inside(self) -> int:
        """Kills that landed between BEGIN and the answer."""
        return sum(self.phases[phase] for phase in INSIDE)

    def __str__(self) -> str:
        rows = [f"  {NAMES[phase]:<34} {self.phases[phase]:>4}  {'#' * self.phases[phase]}" for phase in NAMES]
        head = f"{self.kills} kills in {self.acts} acknowledged acts; {self.inside} between BEGIN and the answer"
        return "\n".join([head, *rows, *(f"  PROBLEM {problem}" for problem in self.problems)])


class Crash:
    """One run on one database. `kills` deaths, then the batch under way is finished in peace."""

    def __init__(self, url: str, folder: Path, *, variant: str = "", seed: int = 1) -> None:
        self.url, self.folder, self.variant = url, folder, variant
        self.random = random.Random(seed)
        self.keys = create_keys(folder / "keys")
        self.ledger, self.result = judge.Ledger(), Result()
        self.phase = Phase(folder / "phase")
        self.engine = connect(url)
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["tests.crash.server"])
        site = open_site(url, folder / "keys")
        try:
            self.staff = Staff(site)
            self.recipe_id = put_into_effect(site, self.staff, sequence(STEPS))
        finally:
            site.close()

    def run(self, kills: int) -> Result:
        """Kill `kills` times. Ends early at the first problem."""
        self._start()
        tokens = {role: self._token(role) for role in ("MFG_OP", "MFG_SUP")}
        self._killer.start()
        story, answer = batches(self.recipe_id, corrections=not self.variant), None
        try:
            while not self.result.problems:
                request = next(story) if answer is None else story.send(answer)
                if self.result.kills >= kills and request.path == "/batches":
                    break
                answer = self._until_answered(request, tokens[request.role], kills)
            else:
                return self.result
            self._judge()
        finally:
            self._stop()
            self.engine.dispose()
        return self.result

    def _until_answered(self, request: Request, token: str, kills: int) -> dict[str, Any]:
        """Send a request until it is answered, as somebody does whose connection was cut: with the same key."""
        if request.key:
            self.ledger.sent[request.key] = request
        while not self.result.problems:
            try:
                status, answer = self._send(request, token)
            except (OSError, http.client.HTTPException):
                self._bury(kills)
                continue
            if status >= 300:
                self.result.problems.append(f"the batch does not go on: {request.path} -> {status} {answer['detail']}")
            elif request.key:
                self.ledger.acknowledged[request.key] = answer
                self.result.acts += 1
            return answer
        return {}

    def _send(self, request: Request, token: str) -> tuple[int, dict[str, Any]]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if request.key:
            headers |= {"Idempotency-Key": request.key}
        body = None if request.body is None else json.dumps(request.body)
        if body:
            headers["Content-Type"] = "application/json"
        self._connection.request("POST" if body else "GET", f"/api/v1{request.path}", body, headers)
        response = self._connection.getresponse()
        return response.status, json.loads(response.read())

    def _token(self, role: str) -> str:
        someone = self.staff[role]
        _, opened = self._send(Request("", "/session", {"login": someone.login, "password": someone.password}), "")
        return opened["token"]

    def _start(self) -> None:
        ours, theirs = self._context.Pipe()
        self._process = self._context.Process(
            target=server.serve, daemon=True,
            args=(self.url, str(self.folder / "keys"), str(self.folder / "phase"), self.variant, theirs),
        )  # fmt: skip
        self._process.start()
        theirs.close()
        self._connection = http.client.HTTPConnection("127.0.0.1", ours.recv(), timeout=30)
        self._killer = threading.Timer(self.random.uniform(0, LONGEST_LIFE_S), self._process.kill)

    def _bury(self, kills: int) -> None:
        """The server is dead: note when it died, look at what it left, start another."""
        self._killer.join()
        self._process.join(timeout=30)
        self._connection.close()
        self.result.kills += 1
        self.result.phases[self.phase.get()] += 1
        self._judge()
        if not self.result.problems:
            self._start()
            if self.result.kills < kills:
                self._killer.start()

    def _judge(self) -> None:
        self.result.problems += judge.problems(self.ledger, self.engine, self.url, self.keys)

    def _stop(self) -> None:
        self._killer.cancel()
        self._process.kill()
        self._process.join(timeout=30)
