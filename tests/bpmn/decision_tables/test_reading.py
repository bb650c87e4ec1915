"""Tables from DMN files: what other tools write is read, what can't be run is refused at its place, nothing half."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bpmn.decision_tables import Table, judge, read_file, table_of, with_table, write_file
from bpmn.decision_tables.namespaces import DMN, DMN_READ
from bpmn.diagram import Diagram
from bpmn.reading import DiagramError
from tests import drawings as d

CORPUS = Path(__file__).parents[2] / "data" / "bad_diagrams"
LEGAL = {"d00_valid.dmn", "d21_annotation.dmn", "d23_no_dt_id.dmn", "d25_feel_list.dmn"}
COLUMNS = {"S1.n": "num", "S1.c": "choice"}, {"way": "text", "k": "num"}
FULL = d.rules(*COLUMNS, '< 5 | "a" | "x" | 1', '- | not("a") | "y" | S1.n', hit_policy="FIRST")
FULL = replace(
    FULL,
    inputs=(replace(FULL.inputs[0], label="Count", allowed="[0 .. 100]"), replace(FULL.inputs[1], allowed='"a", "b"')),
    outputs=(replace(FULL.outputs[0], label="Way", default='"z"'), FULL.outputs[1]),
    rules=tuple(replace(rule, annotations=("why",)) for rule in FULL.rules),
    annotations=("Reason",),
)


@pytest.mark.parametrize("namespace", sorted(DMN_READ))
def test_what_is_written_reads_back_equal_in_every_version(namespace: str) -> None:
    data = write_file(FULL, "T").replace(DMN.encode(), namespace.encode())
    found = read_file(data)
    assert (found.table, found.problems) == (FULL, [])


TEXTS = st.sampled_from(["-", "< 5", "5 .. 7", '"a", "b"', "", "not(1)", "x + 1", "<&>", "ü", "] 5 .. 7 ["])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(TEXTS.filter(bool), TEXTS, TEXTS), min_size=1, max_size=5))
def test_any_cells_survive_writing_and_reading(rows: list[tuple[str, str, str]]) -> None:
    table = d.rules({"x": "num"}, {"o": "num"})
    table = replace(table, rules=tuple(d.Rule((a,), (b,), (c,)) for a, b, c in rows), annotations=("why",))
    assert read_file(write_file(table, "T")).table == table


def wrong(old: str, new: str) -> list[str]:
    return [problem.message for problem in read_file(write_file(FULL, "T").decode().replace(old, new).encode()).problems]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('hitPolicy="FIRST"', 'hitPolicy="ANY"', "the hit policy ANY is not run"),
        ('hitPolicy="FIRST"', 'hitPolicy="RULE ORDER"', "the hit policy RULE ORDER is not run"),
        ('typeRef="number"', 'typeRef="feel:time"', "the type time is not known"),
        ("<dmn:decisionTable", '<dmn:literalExpression/><dmn:decisionTable', "literalExpression is not read"),
        ("<dmn:decision ", '<dmn:businessKnowledgeModel/><dmn:decision ', "businessKnowledgeModel is not read"),
        ("<dmn:decision ", '<dmn:decision id="o"/><dmn:decision ', "there are 2 decisions with 1 tables instead of one with one"),
        ('expressionLanguage="urn:batchwright:expression:1"', 'expressionLanguage="juel"', "expressions in juel are not run"),
        (DMN, "http://example.com/DMN/", "this is no DMN 1.3, 1.4 or 1.5 definition"),
    ],
)  # fmt: skip
def test_what_would_change_its_meaning_is_refused(old: str, new: str, told: str) -> None:
    assert told in wrong(old, new)


def test_what_only_draws_it_is_left_out_with_a_warning_that_names_the_line() -> None:
    data = write_file(FULL, "T").replace(b"<dmn:decision ", b'<dmn:inputData id="i" name="n"/>\n<dmn:decision ', 1)
    (found,) = read_file(data).problems
    assert (found.severity, found.message, found.line) == ("warning", "inputData is not kept", 3)


def test_a_column_without_a_type_gets_the_one_of_its_cells() -> None:
    data = write_file(d.rules({"x": "num"}, {"o": "bool"}, "5 | true"), "T")
    data = data.replace(b' typeRef="number"', b"").replace(b' typeRef="boolean"', b"")
    table = read_file(data).table
    assert table is not None
    assert (table.inputs[0].type, table.outputs[0].type) == ("num", "bool")


@pytest.mark.parametrize("path", sorted(CORPUS.glob("*.dmn")), ids=lambda path: path.stem)
def test_broken_and_hostile_tables_are_refused_and_legal_ones_read(path: Path) -> None:
    try:
        found = read_file(path.read_bytes())
    except DiagramError:
        assert path.name not in LEGAL
        return
    table = found.table or Table()
    unfit = [p for p in found.problems + judge(table, coverage=False) if p.severity == "error"]
    assert bool(unfit) == (path.name not in LEGAL)


def test_a_table_is_put_into_its_diagram_and_the_rest_stays_byte_for_byte() -> None:
    task = '<bpmn:businessRuleTask id="D1"><bpmn:documentation>x</bpmn:documentation></bpmn:businessRuleTask>'
    xml = d.process("begin > D1 > end", D1=task)
    once = with_table(xml, "D1", FULL)
    node = Diagram.parse(once).nodes["D1"]
    assert table_of(node.element).table == FULL
    assert with_table(once, "D1", FULL) == once
    assert once.count(b"dmn:definitions ") == 1
    with pytest.raises(KeyError):
        with_table(xml, "D2", FULL)
