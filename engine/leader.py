"""One scheduler for all processes of a site: whoever holds the lock leads, and the lock dies with its holder."""

from __future__ import annotations

import fcntl
import threading
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from engine import database
from engine.site import Site

LOCK_NAME = "batchwright scheduler"


class Leader:
    """Leadership of one process. Ask `leads()` before each run of the scheduler, `resign()` at the end.

    PostgreSQL: an advisory lock on a connection of its own. SQLite: a lock on a file beside the database. The kernel
    or the server gives both up when the process dies, so nothing has to expire.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._connection: Connection | None = None
        self._file: IO[Any] | None = None
        self._turn = threading.Lock()  # the scheduler's jobs ask from threads of their own

    def leads(self) -> bool:
        """True if this process is the leader now; tries to become it."""
        with self._turn:
            return self._leads()

    def _leads(self) -> bool:
        if database.is_sqlite(self._site.engine):
            return self._file is not None or self._lock_file()
        if self._connection is not None:
            return self._still_connected(self._connection)
        return self._lock_database()

    def resign(self) -> None:
        """Let another process lead."""
        if self._file is not None:
            self._file.close()
            self._file = None
        if self._connection is not None:
            connection, self._connection = self._connection, None
            with suppress(DBAPIError):
                connection.exec_driver_sql("SELECT pg_advisory_unlock(hashtext(%s))", (LOCK_NAME,))
            connection.close()

    def _lock_file(self) -> bool:
        path = Path(f"{self._site.engine.url.database}.leader")
        file = path.open("a")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        self._file = file
        return True

    def _lock_database(self) -> bool:
        connection = self._site.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        try:
            won = connection.exec_driver_sql("SELECT pg_try_advisory_lock(hashtext(%s))", (LOCK_NAME,)).scalar()
        except DBAPIError:
            connection.close()
            return False
        if not won:
            connection.close()
            return False
        self._connection = connection
        return True

    def _still_connected(self, connection: Connection) -> bool:
        try:
            connection.exec_driver_sql("SELECT 1")
        except DBAPIError:
            self.resign()
            return False
        return True
