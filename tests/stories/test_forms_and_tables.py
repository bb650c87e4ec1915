"""Optional values, forms of the site and decision tables in batches that people run."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from bpmn import vocabulary as v
from engine import clock
from engine.actions import recipes
from engine.actions.corrections import correct_value
from engine.actions.decisions import decide
from engine.actions.drafts import save_draft
from engine.actions.forms import start_form
from engine.errors import MissingRecordsError
from engine.queries.recipes import revision_view
from engine.records import Signature
from engine.running import DECIDED
from engine.transaction import perform
from engine.verify import verify
from forms.definition import load, write
from forms.field import Field
from forms.form import FormError
from tests import drawings as d
from tests.stories.workshop import Workshop, number, recipe, step
from web.demo.furnish import SUBMISSION

REMARK = v.Parameter("remark", "Remark", "text", optional=True, multiline=True)
TABLE = d.rules({"S1.n": "num"}, {"way": "text"}, '< 5 | "short"', '>= 5 | "long"')
FLOWS = 'begin > S1 > D1 > x1; x1 > S2 if D1.way == "long"; x1 > S3 else; S2 > end; S3 > end2'


TOLD = {"instruction": "Do it as the instruction says."}


def drawn() -> str:
    steps = {"S1": step("S1", number("n"), REMARK, **TOLD), "S2": step("S2", **TOLD), "S3": step("S3", **TOLD)}
    return recipe(FLOWS, **{**steps, "D1": d.table("D1", TABLE)})  # type: ignore[arg-type]


def decided(workshop: Workshop) -> list[tuple[str, list[int]]]:
    """What the trail says of decision tables: which, and by which rules."""
    with workshop.site.read() as reader:
        bodies = [json.loads(body) for (body,) in reader.fetch("SELECT body FROM journal ORDER BY seq")]
    entries = [entry for body in bodies for entry in (body, *body.get("more", ()))]
    said = [entry["data"] for entry in entries if entry.get("tag") == DECIDED]
    return [(data["table"], data["rules"]) for data in said]


@pytest.mark.parametrize(("count", "following"), [("4.9", "S3"), ("5.0", "S2")])
def test_a_step_ends_without_its_optional_value_and_the_table_leads_on(workshop: Workshop, count: str, following: str) -> None:
    workshop.run(drawn())
    workshop.start("S1")
    with pytest.raises(MissingRecordsError, match=r"N \(n\)"):
        workshop.sign("S1")
    workshop.enter("S1", n=count)
    workshop.sign("S1")
    assert (workshop.open, workshop.exceptions()) == ([following], [])
    assert decided(workshop) == [("D1", [1 if following == "S3" else 2])]
    workshop.do(following)
    assert workshop.state != "IN_PROGRESS"
    site = workshop.site
    assert verify(site.url, site.keys).problems == []


def test_an_optional_value_that_is_given_is_on_record_with_its_lines(workshop: Workshop) -> None:
    workshop.run(drawn())
    workshop.do("S1", n="7", remark="Foam at the\nsurface")
    assert workshop.value("S1", "remark")["value"] == "Foam at the\nsurface"


def test_an_optional_value_is_corrected_to_another_and_not_to_nothing(workshop: Workshop) -> None:
    workshop.run(drawn())
    workshop.do("S1", n="7", remark="Foam")
    value = {"value_id": workshop.value("S1", "remark")["id"], "reason": "Wrong batch."}
    with pytest.raises(FormError, match="Remark is missing"):
        workshop.act(correct_value, "MFG_OP", text=" ", **value)
    workshop.act(correct_value, "MFG_OP", text="Haze", **value)
    assert workshop.value("S1", "remark")["text"] == "Haze"


def test_the_reviewers_of_a_revision_see_its_decision_tables(workshop: Workshop) -> None:
    workshop.run(drawn())
    (shown,) = revision_view(workshop.site, "MR-ANY-001@1.0")["decisions"]
    assert (shown["id"], shown["table"]) == ("D1", TABLE)


def own_decision_form(workshop: Workshop) -> None:
    """The site asks with each decision whether the patient's physician was told."""
    definition = load("decision")
    asked = Field("physician_told", "Was the physician told?", "bool")
    text = write(replace(definition, fields=(*definition.fields, asked)))
    pia, _ = workshop.crew["PROC"]
    act: dict[str, Any] = {"stream": "recipe:decision", "actor": pia}
    perform(workshop.site, start_form, name="decision", **act)
    perform(workshop.site, save_draft, revision_id="decision@2", xml=text, version=1, **act)
    for meaning, roles in recipes.ROUTE:
        signer, proof = workshop.crew[roles[0]]
        entries = SUBMISSION if meaning == "authored_by" else {"verdict": "agree"}
        signed: dict[str, Any] = {"actor": signer, "proof": proof, "meaning": meaning, "entries": entries}
        perform(workshop.site, recipes.sign_recipe, stream="batch:decision@2", revision_id="decision@2", **signed)
    quality, proof = workshop.crew["QA_DISP"]
    now: dict[str, Any] = {"actor": quality, "proof": proof, "effective_at": clock.text(clock.now())}
    perform(workshop.site, recipes.make_effective, stream="batch:decision@2", revision_id="decision@2", **now)


def test_a_decision_is_asked_for_by_the_site_s_form_and_says_which(workshop: Workshop) -> None:
    own_decision_form(workshop)
    high = number("n", nor="1..10", par="0..12")
    workshop.run(recipe("begin > S1 > end", S1=step("S1", high, **TOLD)))
    workshop.start("S1")
    workshop.enter("S1", n="13")
    asked = {"task_key": "S1", "outcome": "proceed", "reason": "No effect on the product.", "proof": True}
    with pytest.raises(FormError, match="Was the physician told"):
        workshop.act(decide, "QA_FLR", **asked)
    workshop.act(decide, "QA_FLR", **asked, more={"physician_told": "Yes"})
    signed = next(r for r in workshop.rows(Signature) if r["subject"] == "decision:S1")
    record = json.loads(signed["shown"])["record"]
    assert (record["form"], record["more"]) == ("decision@2", {"physician_told": "true"})
