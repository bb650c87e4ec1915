"""The server that gets killed: the product's application, slowed down inside its acts so that kills land there.

It also comes in two variants that are known to be wrong; the harness has to notice both.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from sqlalchemy import event
from werkzeug.serving import WSGIRequestHandler, make_server

import api.resource
from engine import database, passwords, transaction
from engine.act import Act
from engine.reader import Reader
from engine.site import Site, open_site
from tests import services
from tests.crash.phases import BEGUN, COMMITTED, COMMITTING, IDLE, RECEIVED, Phase
from web.app import create_app

NAP_S = 0.004
"""Longest pause at each statement of an act, so that most of a request's time lies between BEGIN and the answer."""

VARIANTS = ("", "audit in a second transaction", "acknowledge before commit")


def serve(url: str, keys: str, phase_file: str, variant: str, ready: Connection) -> None:
    """Serve the site until killed; tells its port when it answers."""
    services._die_with_parent()
    passwords.set_cost(passwords.CHEAP)
    phase = Phase(Path(phase_file))
    phase.set(IDLE)
    site = open_site(url, Path(keys))
    _mark_phases(site, phase)
    _slow_down(Reader, "fetch")
    _slow_down(Act, "flush")
    if variant == "audit in a second transaction":
        _audit_second()
    elif variant == "acknowledge before commit":
        _acknowledge_first()
    app = create_app(site, SIGN_IN_LIMIT="")
    app.wsgi_app = _Marked(app.wsgi_app, phase)  # type: ignore[method-assign]
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    ready.send(server.server_port)
    server.serve_forever()


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, *_: Any) -> None:
        """No access log: a test has thousands of requests."""


class _Marked:
    """Notes when a request comes in and when its answer is out."""

    def __init__(self, application: Callable[..., Iterable[bytes]], phase: Phase) -> None:
        self.application, self.phase = application, phase

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        self.phase.set(RECEIVED)
        yield from self.application(environ, start_response)
        self.phase.set(IDLE)


def _nap() -> None:
    time.sleep(random.uniform(0, NAP_S))


def _mark_phases(site: Site, phase: Phase) -> None:
    @event.listens_for(site.engine, "begin")
    def begun(connection: Any) -> None:
        if connection.get_execution_options().get(database.WRITES):
            phase.set(BEGUN)

    commit = site.engine.dialect.do_commit

    def do_commit(connection: Any) -> None:
        phase.set(COMMITTING)
        commit(connection)
        phase.set(COMMITTED)
        _nap()

    site.engine.dialect.do_commit = do_commit  # type: ignore[method-assign, assignment]


def _slow_down(kind: type, name: str) -> None:
    original = getattr(kind, name)

    def slowed(self: Any, *arguments: Any) -> Any:
        _nap()
        return original(self, *arguments)

    setattr(kind, name, slowed)


def _audit_second() -> None:
    """Known to be wrong: the record is committed first, its audit entry afterwards."""
    finish = Act.finish

    def finish_late(self: Act, *arguments: Any) -> bool:
        self.flush()
        self._connection.commit()
        _nap()
        self._connection.begin()
        return finish(self, *arguments)

    Act.finish = finish_late  # type: ignore[method-assign, assignment]


def _acknowledge_first() -> None:
    """Known to be wrong: the answer goes out while the commit is still to come."""
    waiting = threading.local()
    finish, perform = Act.finish, transaction.perform

    def finish_and_tell(self: Act, answer: dict[str, Any], *arguments: Any) -> bool:
        done = finish(self, answer, *arguments)
        if hasattr(waiting, "tell"):
            waiting.tell(answer)
            time.sleep(0.02)
        return done

    def perform_eagerly(*arguments: Any, **options: Any) -> dict[str, Any]:
        told = threading.Event()
        results: list[Any] = []

        def tell(answer: dict[str, Any]) -> None:
            results.append(answer)
            told.set()

        def work() -> None:
            waiting.tell = tell
            try:
                tell(perform(*arguments, **options))
            except Exception as error:
                results.append(error)
                told.set()

        threading.Thread(target=work, daemon=True).start()
        told.wait()
        if isinstance(results[0], Exception):
            raise results[0]
        return results[0]

    Act.finish = finish_and_tell  # type: ignore[method-assign, assignment]
    api.resource.perform = perform_eagerly
