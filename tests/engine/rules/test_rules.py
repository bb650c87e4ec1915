"""All rules together: their names and sources, and what happens when one of them fails."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bpmn.vocabulary import SEVERITIES
from engine.rules import MOMENTS, RULES, TAXONOMY, Finding, Judgement, Limits, ValueFacts, judge
from tests.engine.rules.samples import STEP, VIABILITY, entry_facts, step_facts, value_facts

FOLDER = Path(__file__).parents[3] / "engine" / "rules"
NOT_RULES = {"__init__", "facts", "finding", "limits", "taxonomy", "wording"}


def name_of(rule: Any) -> str:
    return str(rule.__name__).rpartition(".")[2]


def failing(where: str, moment: str = "value") -> Any:
    """A rule that fails in `where`."""

    def fail(facts: object) -> list[Finding]:
        raise ZeroDivisionError("nobody foresaw this")

    plain = {"RULE": "broken", "VERSION": "7", "MOMENT": moment, "NUMBERS": (4,), "applies": lambda facts: True}
    return SimpleNamespace(**{**plain, "judge": lambda facts: [], where: fail})


def test_every_module_is_in_the_list_and_every_id_is_its_own() -> None:
    modules = {path.stem for path in FOLDER.glob("*.py")} - NOT_RULES
    assert {name_of(rule) for rule in RULES} == modules
    assert len({rule.RULE for rule in RULES}) == len(RULES) == len(modules)


@pytest.mark.parametrize("rule", RULES, ids=name_of)
def test_rule_names_its_source_version_moment_and_numbers(rule: Any) -> None:
    assert re.search(r"^Source: .{10,}", rule.__doc__, re.MULTILINE)
    assert re.fullmatch(r"[1-9]\d*", rule.VERSION)
    assert rule.MOMENT in MOMENTS
    assert rule.NUMBERS
    assert set(rule.NUMBERS) <= TAXONOMY.keys()


@pytest.mark.parametrize("rule", RULES, ids=name_of)
def test_rule_has_a_table_of_values(rule: Any) -> None:
    text = (Path(__file__).parent / f"test_{name_of(rule)}.py").read_text(encoding="utf-8")
    assert "def test_" in text


@pytest.mark.parametrize("rule", RULES, ids=name_of)
def test_rule_raises_no_number_that_it_does_not_name(rule: Any) -> None:
    source = (FOLDER / f"{name_of(rule)}.py").read_text(encoding="utf-8")
    raised = {int(n) for n in re.findall(r"(?:Finding|_finding)\(\s*(\d+)|beyond=(\d+)", source) for n in n if n}
    assert raised <= set(rule.NUMBERS)


def test_rules_read_nothing_but_their_facts() -> None:
    for path in FOLDER.glob("*.py"):
        imports = re.findall(r"^(?:from|import) ([\w.]+)", path.read_text(encoding="utf-8"), re.MULTILINE)
        assert {i.partition(".")[0] for i in imports} <= {
            "__future__", "bpmn", "collections", "dataclasses", "datetime", "decimal", "engine", "re", "typing",
        }  # fmt: skip
        assert all(i.startswith("engine.rules") for i in imports if i.startswith("engine"))


def test_taxonomy_is_whole() -> None:
    assert list(TAXONOMY) == list(range(41))
    assert len(set(TAXONOMY.values())) == 41


@pytest.mark.parametrize("where", ["applies", "judge"])
def test_rule_that_fails_is_a_finding_of_the_highest_severity(where: str) -> None:
    judgement = judge("value", value_facts("95"), rules=[failing(where)])
    (finding,) = judgement.findings
    assert (finding.number, finding.rule, finding.severity, finding.blocks) == (0, "rule_fault", "critical", True)
    assert finding.severity == SEVERITIES[-1] == judgement.outcome
    assert "broken (version 7)" in finding.message
    assert finding.rule_version
    assert finding.needs_comment
    assert judgement.judged_by == ()


def test_the_other_rules_still_judge_when_one_fails() -> None:
    judgement = judge("value", value_facts("79"), rules=[failing("judge"), *RULES, failing("applies")])
    assert [finding.number for finding in judgement.findings] == [0, 4, 0]
    assert judgement.judged_by == (("limit", "1"),)


@pytest.mark.parametrize("answer", [None, "outside", [None], [("limit", 4)], 3])
def test_rule_that_answers_nonsense_has_failed(answer: object) -> None:
    rule = failing("applies")
    rule.applies, rule.judge = lambda facts: True, lambda facts: answer
    assert [f.number for f in judge("value", value_facts("95"), rules=[rule]).findings] == [0]


def test_facts_of_another_moment_are_refused_since_nobody_would_judge_them() -> None:
    with pytest.raises(TypeError, match="EntryFacts are not the facts of the moment 'value'"):
        judge("value", entry_facts())
    with pytest.raises(KeyError):
        judge("values", entry_facts())


@pytest.mark.parametrize("moment", MOMENTS)
def test_each_moment_has_a_rule(moment: str) -> None:
    assert any(moment == rule.MOMENT for rule in RULES)


def test_a_finding_carries_the_rule_and_its_version() -> None:
    (finding,) = judge("value", value_facts("79")).findings
    assert (finding.rule, finding.rule_version) == ("limit", "1")


def test_outcome_is_the_gravest_severity() -> None:
    info, major = (Finding(15, "r", severity, "m") for severity in ("info", "major"))
    assert Judgement((("r", "1"),), (info, major, info)).outcome == "major"
    blocking = Finding(4, "r", "minor", "m", blocks=True)
    assert [Judgement((), found).blocks for found in ((info, blocking), (info, major))] == [True, False]
    assert (Judgement((("r", "1"),)).outcome, Judgement().outcome) == ("ok", "recorded")


def test_a_step_with_nothing_to_remark_is_ok() -> None:
    assert judge("step", step_facts()).outcome == judge("entry", entry_facts()).outcome == "ok"


def test_facts_made_by_a_careless_caller_end_as_a_fault_not_in_silence() -> None:
    facts = ValueFacts(step=STEP, parameter=VIABILITY, value=Decimal(95), limits=None)  # type: ignore[arg-type]
    assert {finding.number for finding in judge("value", facts).findings} == {0}
    assert judge("value", ValueFacts(step=STEP, parameter=VIABILITY, value=Decimal(95), limits=Limits())).blocks
