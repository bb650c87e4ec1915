"""The import page without scripts: what a person sees of a table, changes, keeps, and makes a draft of."""

from __future__ import annotations

import io
import re
from html import unescape

import pytest

from bpmn.diagram import Diagram
from bpmn.importers import import_tables
from bpmn.importers.sources.examples import example
from engine.queries.drafts import draft_view
from tests.recipe_tables import CART
from tests.web.conftest import hire, sign_in
from web.pages.imports import EXAMPLES, next_revision


@pytest.fixture
def owner(app, small_site):
    """Pia, a process owner, at her desk."""
    hire(small_site, "pia", "Pia Process", ("PROC",))
    client = app.test_client()
    sign_in(client, "pia")
    return client


def read(client, *files: tuple[str, bytes], **fields: str):
    """Choose files and read them."""
    chosen = [(io.BytesIO(data), name) for name, data in files]
    return client.post("/import", data={"do": "read", "files": chosen, **fields}, content_type="multipart/form-data")


def fields(page) -> dict[str, str]:
    """What the form of the proposal would send: hidden fields, texts and selects."""
    form = page.text[page.text.index('<form method="post" id="import"') :]
    found = {unescape(n): unescape(v) for n, v in re.findall(r'<input [^>]*?name="([^"]+)"[^>]*? value="([^"]*)"', form)}
    for name, options in re.findall(r'<select [^>]*?name="([^"]+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', options)
        found[name] = unescape(chosen[1]) if chosen else ""
    return found


def test_the_five_tables_of_a_recipe_become_a_draft_with_every_origin(owner, small_site):
    names = ("steps.csv", "parameters.csv", "hold_times.csv", "structure.csv", "release_specification.csv", "recipe.json")
    page = read(owner, *((name, (CART / name).read_bytes()) for name in names))
    assert "42 steps" in page.text
    assert "Everything in the tables is imported." in page.text
    answer = owner.post("/import", data=fields(page) | {"do": "draft"})
    assert answer.headers["Location"] == "/recipes/MR-CART-001@3.0/edit"
    draft = draft_view(small_site, "MR-CART-001@3.0")
    drawn, ours = Diagram.parse(draft["xml"].encode()), import_tables(CART)
    assert len(drawn.steps) - sum(step.kind == "departure" for step in drawn.steps.values()) == len(ours.steps) == 42
    assert drawn.recipe.hold_times == ours.recipe.hold_times
    assert drawn.steps["S24"].parameters[0].origins[0].file == "parameters.csv"
    assert draft["origin"]["files"] == list(names[:5])


def test_columns_with_unseen_names_are_mapped_by_the_person_and_the_mapping_is_kept(owner, small_site):
    table = "Ort;Wert X;Was geschieht;Kürzel\n1;25,0 ± 0,5 g;Wiegen;\n2;NMT 10 °C;Kühlen;\n".encode()
    page = read(owner, ("kunde.csv", table))
    assert "No recipe yet" in page.text
    sent = fields(page)
    page = owner.post("/import", data=sent | {"do": "map", "role:0": "steps"})
    sent = fields(page) | {"c:0:0": "step_id", "c:0:1": "limit", "c:0:2": "title", "c:0:3": "performed_by"}
    page = owner.post("/import", data=sent | {"do": "keep", "mapping_name": "Kunde"})
    assert "2 steps" in page.text
    assert "accepted 24.5 to 25.5 g" in page.text
    assert "The mapping Kunde is kept" in page.text
    again = read(owner, ("naechste.csv", table.replace(b"Wiegen", b"Messen")))
    assert "2 steps" in again.text
    assert "S01 Messen" in again.text


def test_a_meaning_belongs_to_the_column_that_got_it_last(owner):
    sent = fields(read(owner, ("a.csv", b"Step,Title,Remark\n1,Weigh,Weigh the salt\n2,Mix,Mix it\n")))
    page = owner.post("/import", data=sent | {"do": "map", "c:0:2": "title"})
    assert "S01 Weigh the salt" in page.text
    assert [fields(page)[f"c:0:{i}"] for i in range(3)] == ["step_id", "", "title"]


def test_a_doubtful_cell_says_why_in_words(owner):
    page = read(owner, ("a.csv", b'Step,Title,Limits\n1,Weigh,"1,500 mL"\n2,Mix,somehow 3 ways\n'))
    assert re.search(
        r'<td class="doubtful">1,500 mL<span class="doubt" id="d-0-1-2">.*?Doubtful: </span>1,500 is taken as 1500',
        page.text, re.DOTALL,
    )  # fmt: skip
    assert "somehow 3 ways" in page.text[page.text.index('id="left-out"') :]


def test_files_that_can_not_be_read_are_refused_all_at_once(owner):
    page = read(owner, ("a.pdf", b"%PDF"), ("b.xlsx", b"PK"), ("c.json", b"{"))
    assert page.status_code == 422
    for text in ("a.pdf", "b.xlsx", "c.json", "paste it here"):
        assert text in page.text
    assert read(owner).status_code == 422


def test_what_was_tampered_with_on_the_way_is_refused(owner):
    sent = fields(read(owner, ("example.csv", example("csv"))))
    for change in ({"tables": "x"}, {"tables": ""}):
        assert owner.post("/import", data=sent | change | {"do": "draft"}).status_code == 422
    assert owner.post("/import", data=sent | {"do": "dance"}).status_code == 400
    strange = sent | {"c:0:0": "nothing", "role:0": "nobody", "heading:0": "99999", "do": "map"}
    assert owner.post("/import", data=strange).status_code == 200


def test_a_second_import_of_a_recipe_is_its_next_revision(owner, small_site):
    sent = fields(read(owner, ("wash.csv", example("csv"))))
    assert owner.post("/import", data=sent | {"do": "draft"}).headers["Location"].endswith("WASH@1.0/edit")
    page = read(owner, ("wash.csv", example("csv")))
    assert fields(page)["revision"] == "2.0"
    refused = owner.post("/import", data=fields(page) | {"do": "draft", "revision": "1.0"})
    assert "exists already" in refused.text
    assert fields(refused)["title"] == "Wash"


@pytest.mark.parametrize("kind", EXAMPLES)
def test_the_examples_are_offered_and_read_again(owner, kind):
    answer = owner.get(f"/import/example?kind={kind}")
    assert answer.headers["Content-Disposition"].endswith(f'example-recipe.{kind}"')
    page = read(owner, (f"example.{kind}", answer.data))
    assert "8 steps" in page.text
    assert "Passes every check" in page.text


def test_only_process_owners_import(app, small_site):
    client = app.test_client()
    sign_in(client, "anna")
    assert client.get("/import").status_code == 403


@pytest.mark.parametrize(("revision", "following"), [("1.0", "2.0"), ("3", "4"), ("A", "A.1"), ("v2", "v3"), ("9.7", "10.0")])
def test_the_next_revision(revision, following):
    assert next_revision(revision) == following
