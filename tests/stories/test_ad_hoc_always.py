"""A change of one batch is an exception under every configuration: whatever a site sets, draws, or writes on its forms."""

from __future__ import annotations

import dataclasses
import itertools
import os
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from bpmn import vocabulary as v
from bpmn.edits import ChangeLimit, Edit, InsertStep, RepeatStep, ReplaceStep, SkipStep
from engine import risk_classes
from engine.actions.ad_hoc_changes import sign_ad_hoc
from engine.errors import SettingError
from engine.queries.review import review
from engine.records import ExceptionRecord
from engine.rules import RULES, AdoptionFacts, judge
from engine.site import Settings, open_site
from tests.stories.test_ad_hoc import KIND_NUMBER, ask
from tests.stories.workshop import OPERATOR, Workshop, number, recipe, step
from web.app import DEFAULTS
from web.serving import read_products, read_table

NEW = v.Step("A1", "Something else", signatures=(OPERATOR,))
EDITS: dict[str, Edit] = {
    "insert": InsertStep("S2", NEW), "repeat": RepeatStep("S2", ""), "replace": ReplaceStep("S2", NEW), "skip": SkipStep("S2"),
    "limit": ChangeLimit("S2", "n", "Thin cells.", par_high="200"),
}  # fmt: skip
SETTINGS: dict[str, tuple[Any, ...]] = {
    "zone": ("UTC", "Asia/Kolkata"),
    "live_runs": (1, 2000),
    "dry_run_required": (True, False),
    "rehearsal": (False,),  # True follows a clock of its own: the throw-away site of a dry run, of which nothing is a record
    "holidays": (frozenset(), frozenset({date(2026, 3, 2)})),
    "ad_hoc_roles": (risk_classes.SIGN, {"low": ("QP",), "medium": ("QA_DISP",), "high": ("QA_FLR", "QP")}),
    "client_signs": (frozenset(), frozenset({"*"})),
}
"""Every setting that a site has, with values at both ends."""


def signed(shop: Workshop, asked: dict[str, Any]) -> None:
    for role in asked["roles"]:
        why = "Agreed, it is needed."
        shop.act(sign_ad_hoc, role, ad_hoc_id=asked["ad_hoc"], outcome="approve", reason=why, proof=True)


def test_every_setting_of_a_site_is_among_those_that_are_tried() -> None:
    assert SETTINGS.keys() == {field.name for field in dataclasses.fields(Settings)}
    assert not [name for name in DEFAULTS if "AD_HOC" in name or "EXCEPTION" in name]


@pytest.mark.requirement("P4-06")
@pytest.mark.parametrize("risk", risk_classes.RISKS)
def test_every_rule_set_raises_it(risk: str) -> None:
    for kind, severity in itertools.product(KIND_NUMBER, ["minor"]):
        facts = AdoptionFacts(what=kind, because="For this batch only.", from_revision="1", to_revision="1 + A1", risk=risk)
        [finding] = judge("adoption", facts).findings
        assert finding.number == KIND_NUMBER[kind]
        assert finding.severity == {"low": severity, "medium": "major", "high": "critical"}[risk]
    assert "ad_hoc_change" in {rule.RULE for rule in RULES}


def drawn(action: str, severity: str, number_of: int, **header: Any) -> str:
    asked = number("n", "10..90", "5..95", limit_action=action, severity=severity)
    steps = {name: step(name, asked, decision_roles=("QA_FLR",)) for name in ("S1", "S2", "S3")}
    xml = recipe("begin > S1 > S2 > S3 > end", header=header, **steps)
    return xml.replace("MR-ANY-001", f"MR-ANY-{number_of:03}")


@pytest.mark.requirement("P4-06", "N-07")
def test_every_kind_under_every_action_and_severity_of_a_recipe(workshop: Workshop) -> None:
    ways = list(itertools.product(EDITS, ("block", "flag", "stop"), v.SEVERITIES))
    for count, (kind, action, severity) in enumerate(ways[:: 1 if "ALL_WAYS" in os.environ else 7]):
        workshop.batch = f"B-{count}"
        workshop.run(drawn(action, severity, count, late_entry_minutes=count * 1000))
        risk = risk_classes.RISKS[count % 3]
        signed(workshop, ask(workshop, EDITS[kind], risk))
        found = [(r["number"], r["rule"]) for r in workshop.rows(ExceptionRecord)]
        assert found == [(KIND_NUMBER[kind], "ad_hoc_change")], (kind, action, severity)
        [shown] = review(workshop.site, workshop.batch)["exceptions"]
        assert shown["open"]
        assert shown["against_master"]


def test_no_form_of_the_site_is_asked(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    workshop.run(drawn("block", "major", 99))

    def asked(*_: Any) -> None:
        raise AssertionError("a form of the site was asked")

    monkeypatch.setattr("engine.form.current", asked)
    monkeypatch.setattr("engine.form.answered", asked)
    for kind in ("limit", "insert"):
        signed(workshop, ask(workshop, EDITS[kind], "low"))
    assert [r["number"] for r in workshop.rows(ExceptionRecord)] == [23, 23]


@pytest.mark.parametrize("end", [0, 1])
def test_every_setting_at_both_ends(workshop: Workshop, end: int) -> None:
    for count, kind in enumerate(EDITS):
        chosen = {name: values[min(end, len(values) - 1)] for name, values in SETTINGS.items()}
        workshop.batch = f"B-{end}-{count}"
        workshop.site.settings = Settings()
        workshop.run(drawn("block", "major", count + 50 * end))
        workshop.site.settings = Settings(**chosen)
        signed(workshop, ask(workshop, EDITS[kind], "high"))
        assert [r["number"] for r in workshop.rows(ExceptionRecord)] == [KIND_NUMBER[kind]]


@pytest.mark.parametrize(
    "table", ["low=", "low=MFG_OP", "medium=PROC", "high=PROC MED CLI_QA", "none=QA_FLR", "low=QA_FLR NOBODY"]
)
def test_a_table_of_signatures_without_quality_or_with_unknown_roles_opens_no_site(
    workshop: Workshop, tmp_path: Path, table: str
) -> None:
    with pytest.raises(SettingError):
        read_table(table)
    found = dict(risk_classes.SIGN) | {"low": ()}
    with pytest.raises(SettingError):
        open_site(workshop.site.url, tmp_path, ad_hoc_roles=found)


def test_who_signs_follows_the_table_and_the_agreement_with_the_client() -> None:
    table = read_table("low=QP; high=PROC QA_DISP")
    assert risk_classes.who_signs(table, "low", "P", frozenset()) == ["QP"]
    assert risk_classes.who_signs(table, "medium", "P", frozenset()) == ["PROC", "QA_FLR"]
    assert risk_classes.who_signs(table, "high", "P", read_products("P; Q")) == ["PROC", "QA_DISP", "CLI_QA"]
    assert risk_classes.who_signs(table, "high", "R", read_products("P; Q")) == ["PROC", "QA_DISP"]
    assert risk_classes.who_signs(table, "high", "R", read_products("*")) == ["PROC", "QA_DISP", "CLI_QA"]
    assert risk_classes.who_signs(table, "low", "P", read_products("*")) == ["QP"]
