"""Checkpoints: signed, chained, exported; they notice what was put back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.checkpoints import merkle_root, signed_text, take_checkpoint
from engine.keys import PUBLIC_KEY, Keys, create_keys, load_public_key
from engine.site import Site
from engine.transaction import perform
from engine.verify import verify
from tests.engine.small_site import QUINN, add_lot

names = st.text("abc:-µ", max_size=3)
heads = st.dictionaries(names, st.tuples(st.integers(0, 9), names), max_size=9)


@given(heads, heads)
def test_other_heads_have_another_root(one: dict[str, tuple[int, str]], two: dict[str, tuple[int, str]]) -> None:
    assert (merkle_root(one) == merkle_root(two)) == (one == two)


def test_an_exported_checkpoint_verifies_with_the_public_key_alone(filled_site: Site, tmp_path: Path) -> None:
    kept = json.loads(take_checkpoint(filled_site, tmp_path).read_text())
    public = load_public_key(next(tmp_path.glob("keys-*")) / PUBLIC_KEY)
    witness = Keys(b"", public)
    assert witness.signed(signed_text(kept), kept["signature"])
    assert merkle_root(kept["streams"]) == kept["root"]
    assert not witness.signed(signed_text(kept | {"at": "2020" + kept["at"][4:]}), kept["signature"])


def test_a_later_checkpoint_names_only_what_changed_but_covers_all(filled_site: Site, tmp_path: Path) -> None:
    take_checkpoint(filled_site, tmp_path)
    perform(filled_site, add_lot, actor=QUINN, stream="lot:L-9", lot_id="L-9")
    kept = json.loads(take_checkpoint(filled_site, tmp_path).read_text())
    with filled_site.read() as reader:
        stored = json.loads(reader.fetch("SELECT streams FROM checkpoint ORDER BY seq DESC")[0][0])
    assert set(stored) == {"site", "lot:L-9"}
    assert {"batch:B-1", "person:ana", "lot:L-9"} < set(kept["streams"])


def test_while_nothing_happens_the_last_checkpoint_stands(filled_site: Site, tmp_path: Path) -> None:
    first = take_checkpoint(filled_site, tmp_path)
    assert take_checkpoint(filled_site, tmp_path) == first
    perform(filled_site, add_lot, actor=QUINN, stream="lot:L-9", lot_id="L-9")
    assert take_checkpoint(filled_site, tmp_path) != first


@pytest.mark.parametrize("spoil", ["root", "at", "signature", "streams", "not json", "missing"])
def test_a_spoiled_checkpoint_file_is_a_problem(filled_site: Site, tmp_path: Path, spoil: str) -> None:
    file = take_checkpoint(filled_site, tmp_path)
    kept = json.loads(file.read_text())
    if spoil == "streams":
        kept["streams"]["batch:B-1"][1] = "0" * 64
    elif spoil in kept:
        kept[spoil] = kept[spoil].translate(str.maketrans("0123456789", "1234567890"))
    file.write_text("{" if spoil == "not json" else json.dumps(kept))
    if spoil == "missing":
        file.unlink()
    problems = verify(filled_site.url, filled_site.keys, [file]).problems
    assert any(file.name in str(problem) for problem in problems)


def test_a_checkpoint_of_another_site_is_a_problem(filled_site: Site, tmp_path: Path) -> None:
    other = create_keys(tmp_path / "other")
    report = verify(filled_site.url, Keys(filled_site.keys.mac, other.public), [take_checkpoint(filled_site, tmp_path)])
    assert any("signature is not this site's" in str(problem) for problem in report.problems)
