"""A site keeps how it reads the tables of a client: by process owners, under a name, every version in the trail."""

from __future__ import annotations

import pytest

from engine.actions.imports import STREAM, keep_mapping
from engine.actor import Actor
from engine.errors import NotPermittedError, RecipeFieldError
from engine.queries.imports import kept_columns, kept_mappings, latest_revision
from engine.records import Journal
from engine.site import Site
from engine.transaction import perform

OWNER = Actor("pia", "Pia Process", frozenset({"PROC"}))
OPERATOR = Actor("anna", "Anna Operator", frozenset({"MFG_OP"}))


def keep(site: Site, name: str, columns: dict[str, dict[str, str]], actor: Actor = OWNER) -> dict[str, object]:
    return perform(site, keep_mapping, actor=actor, stream=STREAM, name=name, columns=columns)


def test_a_process_owner_keeps_a_mapping_and_replaces_it(site: Site) -> None:
    assert keep(site, " Client  A ", {"steps": {"wert x": "limit"}}) == {"name": "Client A", "version": 1}
    assert keep(site, "Client A", {"steps": {"wert x": "target"}}) == {"name": "Client A", "version": 2}
    keep(site, "Client B", {"steps": {"wert x": "par", "ort": ""}, "hold_times": {"von": "from_event"}})
    assert kept_mappings(site)["Client A"] == {"steps": {"wert x": "target"}}
    assert kept_columns(site, "Client A") == {"steps": {"wert x": "target"}}
    assert kept_columns(site)["hold_times"] == {"von": "from_event"}
    with site.read() as reader:
        acts = reader.rows(Journal, stream=STREAM, order=("seq",))
    assert [(act["actor_id"], act["tag"]) for act in acts] == [("pia", "import_mapping:kept")] * 3


@pytest.mark.parametrize(("name", "columns"), [("", {"steps": {"a": "title"}}), ("x" * 81, {"steps": {"a": "title"}}), ("A", {})])
def test_a_mapping_without_name_or_meaning_is_refused(site: Site, name: str, columns: dict[str, dict[str, str]]) -> None:
    with pytest.raises(RecipeFieldError):
        keep(site, name, columns)


def test_an_operator_keeps_none(site: Site) -> None:
    with pytest.raises(NotPermittedError):
        keep(site, "Client A", {"steps": {"a": "title"}}, OPERATOR)


def test_a_recipe_that_the_site_does_not_know_has_no_revision(site: Site) -> None:
    assert latest_revision(site, "MR-NONE") is None
