"""A reviewer reads exactly what changed between two revisions, with what it means; a moved shape is no change."""

from __future__ import annotations

import pytest
from lxml import etree

from bpmn.diff import Difference, Entry, diff
from bpmn.diff.meanings import MEANINGS, opposite
from bpmn.layout import lay_out
from bpmn.reading import read_xml
from tests.bpmn.diff.edits import BASE, EDITS, replaced


def told(entry: Entry) -> str:
    place = entry.element_id or "-"
    place += f"/{entry.parameter}" if entry.parameter else ""
    place += f"#{entry.item}" if entry.item else ""
    values = [text.partition("\n")[0] or "-" for text in (entry.old, entry.new)]
    return f"{entry.kind} {place} {entry.property}: {values[0]} -> {values[1]} [{' '.join(sorted(entry.meanings))}]"


def between(old: str, new: str) -> Difference:
    return diff(old.encode(), new.encode())


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_gives_its_entries_and_no_other(name: str) -> None:
    edited, expected = EDITS[name]
    assert sorted(told(entry) for entry in between(BASE, edited).entries) == sorted(expected)


@pytest.mark.parametrize("name", EDITS)
def test_the_change_back_is_the_mirror_image(name: str) -> None:
    edited, _ = EDITS[name]
    kinds = {"added": "removed", "removed": "added"}

    def mirrored(entry: Entry) -> tuple[str, ...]:
        return (
            kinds.get(entry.kind, entry.kind),
            entry.old_element_id,
            entry.property,
            entry.new,
            entry.old,
            *opposite(entry.meanings),
        )

    there = sorted(mirrored(entry) for entry in between(BASE, edited).entries)
    back = [(e.kind, e.element_id, e.property, e.old, e.new, *sorted(e.meanings)) for e in between(edited, BASE).entries]
    assert there == sorted(back)


def test_moving_every_shape_is_no_change() -> None:
    root = read_xml(BASE.encode())
    lay_out(root)
    drawn = etree.tostring(root)
    assert b"BPMNShape" in drawn
    assert diff(BASE.encode(), drawn).identical


@pytest.mark.parametrize(
    "pairs",
    [
        [('id="f4" ', 'id="Flow_17" ')],
        [('name="size" type="num" label="Batch size"', 'label="Batch size"   type="num" name="size"')],
        [('id="late_definition"', 'id="x"')],
        [('code="W"', 'differs="" code="W"'), ('cancelActivity="false"', "cancelActivity='false'")],
        [('id="msg_result"', 'id="Message_1"'), ('messageRef="msg_result"', 'messageRef="Message_1"')],
        [(' xsi:type="bpmn:tFormalExpression"', "")],
        [('id="r2"', 'id="DecisionRule_9"')],
        [(':tests">', ':tests" exporter="Somebody" exporterVersion="9">')],
        [("<mes:deviation", "\n\n\n<mes:deviation")],
    ],
)
def test_how_a_file_is_written_is_no_change(pairs: list[tuple[str, str]]) -> None:
    assert [told(entry) for entry in between(BASE, replaced(*pairs)).entries] == []


def test_another_prefix_is_no_change() -> None:
    other = BASE.replace("xmlns:bpmn=", "xmlns:b=").replace("<bpmn:", "<b:").replace("</bpmn:", "</b:")
    assert between(BASE, other).identical


def test_the_summary_is_computed() -> None:
    difference = between(BASE, EDITS["range shifted"][0])
    assert difference.critical == ("FILTER.ph",)
    assert difference.weaker == 1
    assert not difference.editorial
    assert difference.counts["limit_shifted"] == 2
    assert between(BASE, EDITS["a remark and a comment"][0]).editorial
    told_once, told_again = (between(BASE, EDITS["loop"][0]).to_json() for _ in range(2))
    assert told_once == told_again
    assert told_once["summary"]["entries"] == 3


def test_every_sentence_names_its_place_and_both_values() -> None:
    (entry,) = between(BASE, EDITS["limit tightened, no reason"][0]).entries
    assert entry.sentence == (
        "WEIGH Weigh the salt, Salt: lower normal limit from 78.0 to 79.0 (limit tightened, why unchanged, critical touched)"
    )


def test_every_meaning_has_its_opposite() -> None:
    assert all(MEANINGS[meaning.opposite].opposite == name for name, meaning in MEANINGS.items())
