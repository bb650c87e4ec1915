"""Keys lie outside the database, for nobody else to read, and are never overwritten."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import KeyFileError, SiteNotReadyError
from engine.keys import MAC_KEY, create_keys, load_keys
from engine.site import Site, open_site
from tests.tamper.attacker import copy_of_tables


def test_key_files_are_for_their_owner_only(tmp_path: Path) -> None:
    create_keys(tmp_path / "keys")
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "keys").iterdir()} == {0o600}


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    create_keys(tmp_path / "keys")
    (tmp_path / "keys" / MAC_KEY).chmod(0o640)
    with pytest.raises(KeyFileError, match="600"):
        load_keys(tmp_path / "keys")


def test_keys_are_never_overwritten(tmp_path: Path) -> None:
    create_keys(tmp_path / "keys")
    with pytest.raises(KeyFileError, match="never overwritten"):
        create_keys(tmp_path / "keys")


def test_without_keys_no_site_opens(database_url: str, tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match="batchwright init"):
        open_site(database_url, tmp_path / "none")


def test_keys_beside_the_records_are_refused(tmp_path: Path) -> None:
    create_keys(tmp_path)
    from engine.database import migrate

    url = f"sqlite:///{tmp_path / 'records.sqlite'}"
    migrate(url)
    with pytest.raises(SiteNotReadyError, match="same folder"):
        open_site(url, tmp_path)


def test_no_key_is_in_the_database(filled_site: Site) -> None:
    stored = repr(copy_of_tables(filled_site.url))
    assert filled_site.keys.mac.hex() not in stored
    assert "PRIVATE KEY" not in stored


def test_a_seal_of_one_purpose_is_none_of_another(site: Site) -> None:
    assert site.keys.seal("entry", "ab") != site.keys.seal("head", "ab")
    assert not site.keys.signed("text", "00" * 64)
    assert not site.keys.signed("text", "no hex")
