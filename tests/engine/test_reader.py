"""Reading rows together in one round trip gives what reading them one by one gives, and never something out of date."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.act import Act
from engine.actor import Actor
from engine.records import MaterialLot, ParameterValue, Person, Signature, Task
from engine.site import Site
from engine.transaction import perform
from tests.engine.small_site import ADMIN, filled_site

WANTED: list[tuple[Any, tuple[str, ...], dict[str, Any]]] = [
    (Task, (), {"batch_id": "B-1"}),
    (ParameterValue, ("n", "id"), {"batch_id": "B-1", "task_key": "S01"}),
    (Signature, (), {"batch_id": "B-1"}),
    (Person, (), {"id": "nobody"}),
]


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Iterator[Site]:
    site = filled_site(database_url, tmp_path)
    yield site
    site.close()


def test_rows_read_ahead_are_those_read_one_by_one(site: Site) -> None:
    with site.read() as ahead, site.read() as reader:
        ahead.read_ahead(*WANTED)
        for table, order, equal in WANTED:
            assert ahead.rows(table, order=order, **equal) == reader.rows(table, order=order, **equal)
        assert ahead.rows(Task, batch_id="B-1")
        assert not ahead.rows(Person, id="nobody")


def test_what_an_act_has_changed_is_not_read_from_before(site: Site) -> None:
    def change(act: Act, *, actor: Actor) -> dict[str, Any]:
        act.read_ahead((MaterialLot, (), {"id": "L-1"}), (MaterialLot, (), {"material": "CTS-OPT"}))
        act.update(MaterialLot, {"id": "L-1"}, status="quarantined")
        act.insert(MaterialLot, id="L-2", material="CTS-OPT", status="released")
        act.note("lot:changed")
        return {"read": [(lot["id"], lot["status"]) for lot in act.rows(MaterialLot, material="CTS-OPT")]}

    answer = perform(site, change, actor=ADMIN, stream="lot:L-1")
    assert answer["read"] == [("L-1", "quarantined"), ("L-2", "released")]
