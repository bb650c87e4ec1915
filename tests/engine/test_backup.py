"""A backup of a running site, restored, is the same record bit for bit."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.backup import backup
from engine.checkpoints import take_checkpoint
from engine.errors import SiteNotReadyError
from engine.site import Site
from engine.transaction import perform
from engine.verify import verify
from tests.engine.small_site import QUINN, add_lot
from tests.tamper.attacker import copy_of_tables


def restored(site: Site, file: Path, databases_of: Callable[..., Any]) -> str:
    """The address of a clean instance into which the backup was restored."""
    if site.url.startswith("sqlite"):
        shutil.copyfile(file, file.with_suffix(".restored"))
        return f"sqlite:///{file.with_suffix('.restored')}"
    _, url = databases_of("postgresql").blank()
    program = shutil.which("pg_restore")
    assert program is not None
    plain = url.replace("+psycopg", "")
    subprocess.run([program, "--no-owner", f"--dbname={plain}", str(file)], check=True, capture_output=True)
    return str(url)


def rows_of(url: str) -> dict[str, list[dict[str, Any]]]:
    tables = copy_of_tables(url)
    return {name: [{k: v for k, v in row.items() if k != "_at"} for row in rows] for name, rows in tables.items()}


@pytest.mark.requirement("A11-08", "DI-08")
def test_a_restored_backup_is_the_same_record(
    filled_site: Site,
    tmp_path: Path,
    databases_of: Callable[..., Any],
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if not filled_site.url.startswith("sqlite"):
        programs = request.getfixturevalue("postgres_server").binaries
        monkeypatch.setenv("PATH", str(programs), prepend=os.pathsep)
    kept = take_checkpoint(filled_site, tmp_path)
    before = rows_of(filled_site.url)
    url = restored(filled_site, backup(filled_site.url, tmp_path / "backup.file"), databases_of)
    assert rows_of(url) == before
    report = verify(url, filled_site.keys, [kept])
    assert report.ok, str(report)


def test_an_old_backup_beside_a_newer_checkpoint_is_found(filled_site: Site, tmp_path: Path) -> None:
    if not filled_site.url.startswith("sqlite"):
        pytest.skip("the tampering tests put PostgreSQL back")
    old = backup(filled_site.url, tmp_path / "old.sqlite")
    perform(filled_site, add_lot, actor=QUINN, stream="lot:L-9", lot_id="L-9")
    kept = take_checkpoint(filled_site, tmp_path)
    problems = verify(f"sqlite:///{old}", filled_site.keys, [kept]).problems
    assert any("lot:L-9" in problem.place for problem in problems)


def test_a_backup_overwrites_nothing(filled_site: Site, tmp_path: Path) -> None:
    (tmp_path / "there").write_text("another backup")
    with pytest.raises(SiteNotReadyError, match="never overwrites"):
        backup(filled_site.url, tmp_path / "there")


def test_there_is_no_backup_of_nothing(tmp_path: Path) -> None:
    with pytest.raises(SiteNotReadyError, match="no database"):
        backup(f"sqlite:///{tmp_path / 'none.sqlite'}", tmp_path / "backup")
