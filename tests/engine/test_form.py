"""Forms of the site: a revision in effect takes the place of the product's, and a step that uses one says which."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bpmn import vocabulary as v
from bpmn.diagram import Diagram
from engine import clock
from engine.actions import recipes
from engine.actions.drafts import save_draft
from engine.actions.forms import start_form
from engine.errors import DiagramRefusedError
from engine.form import current, field_of, findings_of_forms, of_revision, parameter_of
from engine.keys import create_keys
from engine.queries.forms import form_parameters
from engine.site import Site, open_site
from engine.transaction import perform
from forms.definition import load, packaged, parse, write
from forms.field import Field
from tests.batches import sign
from tests.people import Staff, actor_of, proof_of
from tests.stories.workshop import recipe, step


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Iterator[Site]:
    create_keys(tmp_path / "keys")
    site = open_site(database_url, tmp_path / "keys")
    yield site
    site.close()


def begun(site: Site, staff: Staff, *more: Field) -> str:
    """Pia begins the next revision of the reason form, with further fields."""
    pia = actor_of(site, staff["PROC"])
    begun = perform(site, start_form, actor=pia, stream="recipe:reason", name="reason")
    definition = load("reason")
    text = write(replace(definition, fields=(*definition.fields, *more)))
    perform(site, save_draft, actor=pia, stream="recipe:reason", revision_id=begun["revision"], xml=text, version=1)
    return str(begun["revision"])


def approved(site: Site, staff: Staff, revision: str) -> None:
    for meaning, role in (("authored_by", "PROC"), ("reviewed_by_production", "MFG_SUP"), ("approved_by_qa", "QA_FLR")):
        sign(site, staff, revision, meaning, role)
    quality = staff["QA_DISP"]
    perform(
        site, recipes.make_effective, actor=actor_of(site, quality), stream="recipe:reason", revision_id=revision,
        effective_at=clock.text(clock.now()), proof=proof_of(site, quality),
    )  # fmt: skip


def test_a_revision_in_effect_takes_the_place_of_the_product_s(site: Site) -> None:
    staff = Staff(site)
    revision = begun(site, staff, Field("impact", "Impact", "bool"))
    with site.read() as reader:
        assert current(reader, "reason").revision_id == "reason@1"  # type: ignore[union-attr]
    approved(site, staff, revision)
    with site.read() as reader:
        now = current(reader, "reason")
        first = of_revision(reader, "reason@1")
    assert now is not None
    assert first is not None
    assert (now.revision_id, [f.name for f in now.definition.fields]) == ("reason@2", ["reason", "impact"])
    assert [f.name for f in first.definition.fields] == ["reason"]
    assert form_parameters(site, "reason")["form"] == "reason@2"
    assert form_parameters(site, "reason", "1")["form"] == "reason@1"


def test_an_unfinished_form_can_t_be_submitted_and_every_problem_is_told(site: Site) -> None:
    staff = Staff(site)
    revision = begun(site, staff, Field("impact", "", "choice"))
    with pytest.raises(DiagramRefusedError) as refused:
        sign(site, staff, revision, "authored_by", "PROC")
    assert len(refused.value.details["findings"]) == 2


def with_form(*parameters: v.Parameter, form: str = "reason@1") -> str:
    return recipe("begin > S1 > end", S1=step("S1", *parameters, form=form))


def test_a_step_s_copy_that_differs_from_its_form_is_a_finding(site: Site) -> None:
    own = parameter_of(load("reason").fields[0])
    wrong = replace(own, min_length=1, name="Why")
    with site.read() as reader:
        assert findings_of_forms(reader, with_form(own)) == []
        assert findings_of_forms(reader, with_form(replace(own, why="The step's own", nor_low="x"))) == []
        differs, missing = (findings_of_forms(reader, with_form(*ps)) for ps in ((wrong,), ()))
        (unknown,) = findings_of_forms(reader, with_form(own, form="reason@7"))
    assert "reason differs from reason@1: name, min length" in differs[0].message
    assert "reason of reason@1 is missing" in missing[0].message
    assert (unknown.severity, unknown.element_id) == ("error", "S1")


@pytest.mark.parametrize("name", packaged())
def test_a_step_that_takes_a_form_asks_and_judges_as_the_form_does(name: str) -> None:
    definition = load(name)
    drawn = with_form(*map(parameter_of, definition.fields), form=f"{name}@1")
    taken = Diagram.parse(drawn.encode()).steps["S1"]
    assert tuple(map(field_of, taken.parameters)) == definition.fields
    assert parse(name, write(definition)) == definition


def test_a_site_s_form_keeps_what_the_product_reads_from_it(site: Site) -> None:
    staff = Staff(site)
    pia = actor_of(site, staff["PROC"])
    revision = perform(site, start_form, actor=pia, stream="recipe:decision", name="decision")["revision"]
    definition = load("decision")
    fields = tuple(f for f in definition.fields if f.name != "reason")
    text = write(replace(definition, fields=fields))
    perform(site, save_draft, actor=pia, stream="recipe:decision", revision_id=revision, xml=text, version=1)
    with pytest.raises(DiagramRefusedError, match="needs the field reason"):
        sign(site, staff, revision, "authored_by", "PROC")
