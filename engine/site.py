"""A site: one database, its keys, its settings, and what a process keeps in memory of them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine

from engine import clock, database, risk_classes
from engine.errors import DatabaseBusyError, SiteNotReadyError
from engine.keys import Keys, load_keys
from engine.reader import Reader
from engine.risk_classes import SIGN

BUSY_SECONDS = database.BUSY_MS / 1000


@dataclass(frozen=True, slots=True)
class Settings:
    """What a site decides for itself. `zone` is the IANA zone of its walls' clocks.

    `dry_run_required`: nothing is approved without a signed dry run that passed. `rehearsal`: the throw-away
    site of a dry run, which follows a clock of its own. `holidays`: days of the site's zone on which nobody works.
    `ad_hoc_roles`: who signs for a change of one batch, by class of risk; `client_signs`: products whose client does (or `*`).
    """

    zone: str = "UTC"
    live_runs: int = 2000
    dry_run_required: bool = False
    rehearsal: bool = False
    holidays: frozenset[date] = frozenset()
    ad_hoc_roles: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: SIGN)
    client_signs: frozenset[str] = frozenset()


class Runs:
    """Live engine runs by batch, each with the journal entry it stands at; the longest unused go first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._runs: OrderedDict[str, tuple[int, Any]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, batch_id: str, seq: int) -> Any | None:
        """The run that stands after entry `seq`, now the taker's alone; None if there is none."""
        with self._lock:
            at, run = self._runs.pop(batch_id, (None, None))
        return run if at == seq else None

    def put(self, batch_id: str, seq: int, run: Any) -> None:
        """Keep a run that stands after entry `seq`, unless a later one is kept already."""
        with self._lock:
            if self._runs.get(batch_id, (0, None))[0] > seq:
                return
            self._runs[batch_id] = (seq, run)
            self._runs.move_to_end(batch_id)
            while len(self._runs) > self._most:
                self._runs.popitem(last=False)

    def clear(self) -> None:
        """Forget all runs: each is replayed or restored when it is needed next."""
        with self._lock:
            self._runs.clear()

    def __len__(self) -> int:
        return len(self._runs)


class Site:
    """What every act and every query of this process works on."""

    def __init__(self, url: str, engine: Engine, keys: Keys, settings: Settings) -> None:
        self.url = url
        self.engine = engine
        self.keys = keys
        self.settings = settings
        self.recipes: dict[str, Any] = {}
        self.runs = Runs(settings.live_runs)
        self.pretended: dict[tuple[str, str], dict[str, Any]] = {}
        self.clock_watch = clock.Watch()
        # On PostgreSQL readers have connections of their own: the driver forgets every prepared statement of a connection
        # at a rollback, and each read ends in one. Acts after a read were planned anew: 10.5 times a bare commit, then 8.
        self._read_engine = engine if database.is_sqlite(engine) else database.connect(url)
        self._reader = database.reading(self._read_engine)
        self._writer = engine.execution_options(**{database.WRITES: True})
        # SQLite lets one writer in at a time and makes the others poll; waiting in line here is faster and fair.
        self._turn = threading.Lock() if database.is_sqlite(engine) else None

    @property
    def zone(self) -> ZoneInfo:
        """The zone of the site's clocks on the wall."""
        return ZoneInfo(self.settings.zone)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A connection in a transaction that may write; rolled back unless it was committed."""
        if self._turn is not None and not self._turn.acquire(timeout=BUSY_SECONDS):
            raise DatabaseBusyError()
        try:
            with self._writer.connect() as connection:
                connection.begin()
                yield connection
        finally:
            if self._turn is not None:
                self._turn.release()

    @contextmanager
    def read(self) -> Iterator[Reader]:
        """One consistent look at the records, for queries."""
        with self._reader.connect() as connection:
            connection.begin()
            yield Reader(connection)

    def close(self) -> None:
        """Give back the connections; those needed again are opened anew."""
        self.engine.dispose()
        self._read_engine.dispose()


def open_site(url: str, key_dir: str | Path, **settings: Any) -> Site:
    """Open a site, or refuse: on a database that could lose an act, without triggers, without keys.

    The tables must exist (`database.migrate`) and the keys too (`keys.create_keys`). The very first opening is
    recorded in the stream `site`.
    """
    chosen = Settings(**settings)
    ZoneInfo(chosen.zone)
    risk_classes.checked(chosen.ad_hoc_roles)
    engine = database.connect(url)
    try:
        _refuse_keys_beside_records(engine, Path(key_dir))
        database.check_ready(engine)
        site = Site(url, engine, load_keys(Path(key_dir)), chosen)
        _found(site)
    except BaseException:
        engine.dispose()
        raise
    return site


def _refuse_keys_beside_records(engine: Engine, key_dir: Path) -> None:
    if database.is_sqlite(engine) and Path(engine.url.database or "").resolve().parent == key_dir.resolve():
        raise SiteNotReadyError("The keys lie in the same folder as the records: who copies one has the other.")


def _found(site: Site) -> None:
    from engine.transaction import SYSTEM, Act, Actor, perform

    with site.read() as reader:
        if reader.fetch("SELECT 1 FROM stream WHERE name = 'site'"):
            return

    def found_site(act: Act, *, actor: Actor) -> dict[str, Any]:
        if act.seq == 1:
            act.note("site:founded", zone=site.settings.zone)
        return {}

    perform(site, found_site, actor=SYSTEM, stream="site", source="system")
