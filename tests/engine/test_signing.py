"""A signature holds for exactly what was shown."""

from __future__ import annotations

from typing import Any

import pytest

from engine import records
from engine.act import Act
from engine.actor import Actor
from engine.errors import StaleRecordError
from engine.reader import Row
from engine.signing import shown_hash, sign, validity
from engine.site import Site
from engine.transaction import perform
from tests.engine.small_site import ANA

RECORD = {"values": {"mass": "7.20"}, "task": "S01"}


def signed(site: Site, seen_hash: str | None) -> Row:
    def act_of_signing(act: Act, *, actor: Actor) -> dict[str, Any]:
        words = {"slot": "P", "role": "MFG_OP", "meaning": "Performed by", "training_state": "valid"}
        row = sign(act, actor=actor, batch_id="B-1", subject="task:S01", record=RECORD, seen_hash=seen_hash, **words)
        act.note("task:signed")
        return row

    return perform(site, act_of_signing, actor=ANA, stream="batch:B-1")


@pytest.mark.requirement("P11-23", "P11-19", "A11-17")
def test_ana_signs_what_she_saw(filled_site: Site) -> None:
    row = signed(filled_site, shown_hash("B-1", "task:S01", RECORD))
    said = (row["full_name"], row["role"], row["meaning"], row["training_state"], row["zone"])
    assert said == ("Ana Lima", "MFG_OP", "Performed by", "valid", "UTC")
    assert row["signed_at"].endswith("Z")
    assert validity(row, RECORD).valid


@pytest.mark.requirement("P11-25")
def test_what_changed_since_it_was_shown_is_not_signed(filled_site: Site) -> None:
    with pytest.raises(StaleRecordError):
        signed(filled_site, shown_hash("B-1", "task:S01", RECORD | {"values": {"mass": "7.2"}}))


@pytest.mark.requirement("P11-25", "D11-11")
@pytest.mark.parametrize("mass", ["7.2", "7.200", "7.21", "", None])
def test_a_signature_shows_as_invalid_when_the_data_change(filled_site: Site, mass: str | None) -> None:
    found = validity(signed(filled_site, None), RECORD | {"values": {"mass": mass}})
    assert not found.valid
    assert found.changed == (("record.values.mass", "7.20", mass),)


@pytest.mark.requirement("P11-25")
@pytest.mark.parametrize("moved", [{"batch_id": "B-2"}, {"subject": "task:S02"}, {"batch_id": None}])
def test_a_signature_copied_to_another_record_does_not_fit(filled_site: Site, moved: dict[str, Any]) -> None:
    assert not validity(signed(filled_site, None) | moved, RECORD).valid


def test_a_signature_whose_stored_text_was_changed_is_invalid(filled_site: Site) -> None:
    row = signed(filled_site, None)
    assert not validity(row | {"shown": row["shown"].replace("7.20", "7.05")}, RECORD).valid
    with filled_site.read() as reader:
        assert reader.get(records.Signature, id=row["id"]) == row
