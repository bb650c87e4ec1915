"""Rows of hold_times.csv: maxima and minima, units, events; bad rows."""

from pathlib import Path

import pytest

from tests.recipe_tables import drawn, problems, steps, table

HEADING = ("hold_id", "from_event", "to_event", "nor", "par", "unit", "links")
PARAMETERS = table(
    ("step_id", "param", "name", "type", "unit"),
    ("S1", "received", "Received", "date_time", ""),
    ("S2", "vcn", "Copies", "num", "1"),
)


def holds(tmp_path: Path, *row: str) -> tuple[object, str]:
    recipe = drawn(tmp_path, steps=steps(UP1="S1 S2 S3"), parameters=PARAMETERS, hold_times=table(HEADING, row))
    return recipe.recipe.hold_times[0], recipe.xml.decode()


@pytest.mark.parametrize(
    ("unit", "nor", "par", "kind"),
    [("h", "2", "4", "max"), ("min-max", "2", "4", "max"), ("min-min", "4", "2", "min"), ("d", "2", "2", "max")],
)
def test_a_maximum_is_drawn_as_a_timer_a_minimum_is_not(tmp_path: Path, unit: str, nor: str, par: str, kind: str) -> None:
    hold, xml = holds(tmp_path, "H1", "S1.end", "S2.start", nor, par, unit)
    assert (hold.kind, hold.uom) == (kind, unit.split("-")[0])  # type: ignore[attr-defined]
    assert ('<bpmn:boundaryEvent id="H1_timer" name="H1" attachedToRef="S2"' in xml) == (kind == "max")


def test_a_time_that_ends_a_hold_of_its_own_step_is_recorded_after_the_end(tmp_path: Path) -> None:
    _, xml = holds(tmp_path, "H1", "S1.end", "S1.received", "2", "4", "h")
    assert '<mes:parameter id="received" name="Received" type="date_time" afterEnd="true"/>' in xml
    _, xml = holds(tmp_path, "H1", "S1.received", "S2.start", "2", "4", "h")
    assert "afterEnd" not in xml


def test_the_order_gets_the_time_that_a_hold_begins_with(tmp_path: Path) -> None:
    hold, xml = holds(tmp_path, "H1", "order.collection_end", "last(S2.start, S3.end)", "2", "3", "h", "S2.vcn")
    assert (hold.select, hold.par, hold.links) == ("last", "3", ("S2.vcn",))  # type: ignore[attr-defined]
    assert '<mes:orderField name="collection_end" type="date_time" label="Collection end"/>' in xml


BAD = [
    (("H1", "S1.end", "S9.start", "1", "2", "h"), "to_event", "'S9.start' is no event"),
    (("H1", "S2.vcn", "S3.start", "1", "2", "h"), "from_event", "'S2.vcn' is no event"),
    (("H1", "S1.end", "order.weight", "1", "2", "h"), "to_event", "'order.weight' is no event"),
    (("H1", "S1.end", "S2.start, S3.start", "1", "2", "h"), "to_event", "several events need last"),
    (("H1", "S1.end", "S2.start", "1", "2", "weeks"), "unit", "'weeks' is not known"),
    (("H1", "S1.end", "S2.start", "one", "2", "h"), "nor", "'one' is no number"),
    (("H1", "S1.end", "S2.start", "3", "2", "h"), "par", "PAR 2 lies inside NOR 3"),
    (("H1", "S1.end", "S2.start", "2", "3", "h-min"), "par", "PAR 3 lies inside NOR 2"),
    (("H1", "S1.end", "S2.start", "1", "", "h"), "par", "this cell is empty"),
    (("S1", "S1.end", "S2.start", "1", "2", "h"), "hold_id", "can't be an id"),
    (("H1", "S1.end", "S2.start", "1", "2", "h", "S2.car"), "links", "there is no result S2.car"),
]


@pytest.mark.parametrize(("row", "column", "message"), BAD, ids=[message for *_, message in BAD])
def test_a_bad_row_is_named(tmp_path: Path, row: tuple[str, ...], column: str, message: str) -> None:
    found = problems(tmp_path, steps=steps(UP1="S1 S2 S3"), parameters=PARAMETERS, hold_times=table(HEADING, row))
    assert [(p.file, p.row, p.column) for p in found] == [("hold_times.csv", 2, column)]
    assert message in found[0].message
