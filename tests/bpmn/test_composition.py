"""A batch adopts some changes of a proposed revision and nothing else: put together, proven, or refused with the reasons."""

from __future__ import annotations

import itertools
import json
import random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from lxml import etree

from bpmn.checks import check_diagram
from bpmn.composition import CompositionError, compose, subject_of, subjects
from bpmn.diagram import Diagram
from bpmn.diff import diff
from bpmn.diff.scope import change_scope
from bpmn.importers import import_tables
from bpmn.layout import DI, lay_out
from bpmn.reading import read_xml
from tests.bpmn.diff.edits import BASE, EDITS, REST, flow, replaced
from tests.bpmn.diff.test_any_edit import each_id_once, edited
from tests.bpmn.proposals import proposal
from tests.recipe_tables import CART
from tests.recipes import random_recipe


@pytest.fixture(scope="module")
def cart() -> bytes:
    return import_tables(CART).xml


def changed(xml: bytes, *pairs: tuple[str, str]) -> bytes:
    return replaced(*pairs, text=xml.decode()).encode()


@pytest.fixture(scope="module")
def case(cart: bytes) -> bytes:
    """Two items: other limits of the MOI at S20, a sample for the VCN at S27."""
    moi = next(line for line in cart.decode().splitlines() if 'id="moi"' in line)
    values = (("target", "3.0", "2.0"), ("norLow", "2.0", "1.5"), ("norHigh", "5.0", "3.0"), ("parHigh", "8.0", "5.0"))
    other = replaced(*((f'{name}="{old}"', f'{name}="{new}"') for name, old, new in values), text=moi)
    sample = '<mes:parameter id="vcn_ip" name="VCN, day 6" type="num" uom="1" class="IPC" source="manual"/>'
    before, step, after = cart.decode().partition('<bpmn:userTask id="S27"')
    after = after.replace("</mes:step>", sample + "</mes:step>", 1)
    return changed((before + step + after).encode(), (moi, other), ('revision="3.0"', 'revision="3.1"'))


@pytest.mark.parametrize("name", EDITS)
def test_every_choice_of_the_subjects_of_an_edit_can_be_taken(name: str) -> None:
    proposed = EDITS[name][0].encode()
    names = [subject.name for subject in subjects(diff(BASE.encode(), proposed))]
    for number in range(len(names) + 1):
        for wanted in itertools.combinations(names, number):
            composed = compose(BASE.encode(), proposed, wanted)
            taken = {subject_of(entry) for entry in diff(BASE.encode(), composed).entries if not entry.editorial}
            assert taken <= set(wanted)
    left = {entry.property for entry in diff(composed, proposed).entries}
    assert left <= {"revision", "title"}


@given(st.integers(0, 2**32))
@settings(max_examples=25, deadline=None)
def test_of_any_proposal_any_choice_is_taken_as_it_stands_there(seed: int) -> None:
    chance = random.Random(seed)
    base = random_recipe(seed, 8)
    proposed = proposal(base, chance, chance.randint(1, 8))
    there = subjects(diff(base, proposed))
    wanted = {subject.name for subject in there if chance.random() < 0.5}
    composed = compose(base, proposed, wanted)
    assert compose(base, proposed, sorted(wanted)) == composed
    _parameters_come_from_where_they_should(base, proposed, composed, wanted)
    whole = compose(base, proposed, {subject.name for subject in there})
    assert all(entry.property in ("revision", "title") for entry in diff(whole, proposed).entries)


@given(st.integers(0, 2**32))
@settings(max_examples=25, deadline=None)
def test_a_broken_draft_is_taken_as_it_is_or_refused_with_reasons(seed: int) -> None:
    chance = random.Random(seed)
    base = BASE.encode() if seed % 2 else random_recipe(seed, 8)
    proposed = edited(base, chance, chance.randint(1, 6))
    assume(each_id_once(proposed))
    difference = diff(base, proposed)
    json.dumps(change_scope(difference, Diagram.parse(base), Diagram.parse(proposed)).to_json())
    names = [subject.name for subject in subjects(difference)]
    for wanted in (names, [name for name in names if chance.random() < 0.5]):
        try:
            composed = compose(base, proposed, wanted)
        except CompositionError as error:
            told = error.reasons
        else:
            told = ("taken",)
            rest = {entry.subject for entry in diff(composed, proposed).entries if entry.element_id and not entry.editorial}
            assert rest <= set(names) - set(wanted) | {"header"}
        assert all(told)


def _parameters_come_from_where_they_should(base: bytes, proposed: bytes, composed: bytes, wanted: set[str]) -> None:
    """Told from the parameters as they are read, not from a comparison; steps with new ids are left out."""
    old, new, made = (Diagram.parse(xml).steps for xml in (base, proposed, composed))
    for step_id in old.keys() & new.keys():
        for parameter in {p.id for side in (old, new) for p in side[step_id].parameters}:
            side = new if f"{step_id}.{parameter}" in wanted else old
            assert made[step_id].parameter(parameter) == side[step_id].parameter(parameter)
        own = new if step_id in wanted else old
        assert made[step_id].signatures == own[step_id].signatures
        assert made[step_id].instruction == own[step_id].instruction


@pytest.mark.parametrize(
    ("wanted", "limit", "sample"),
    [({"S20.moi"}, "1.5", False), ({"S27.vcn_ip"}, "2.0", True), ({"S20.moi", "S27.vcn_ip"}, "1.5", True)],
)
def test_each_item_of_a_change_is_adopted_by_itself(cart: bytes, case: bytes, wanted: set[str], limit: str, sample: bool) -> None:
    composed = compose(cart, case, wanted)
    diagram = Diagram.parse(composed)
    moi = diagram.steps["S20"].parameter("moi")
    assert moi is not None
    assert moi.nor_low == limit
    assert (diagram.steps["S27"].parameter("vcn_ip") is not None) == sample
    assert diagram.recipe.revision == Diagram.parse(cart).recipe.revision
    assert check_diagram(composed).errors == check_diagram(cart).errors == ()
    assert composed.count(b"BPMNShape ") == cart.count(b"BPMNShape ")


def test_the_subjects_of_a_change_are_called_as_people_call_them(cart: bytes, case: bytes) -> None:
    titles = {subject.name: subject.title for subject in subjects(diff(cart, case))}
    assert titles["S27.vcn_ip"].startswith("S27 ")
    assert set(titles) == {"S20.moi", "S27.vcn_ip", "header"}


def test_nothing_chosen_is_the_revision_itself() -> None:
    assert compose(BASE.encode(), EDITS["loop"][0].encode(), []) == BASE.encode()


def test_what_is_no_change_is_refused_by_name() -> None:
    with pytest.raises(CompositionError) as refused:
        compose(BASE.encode(), EDITS["loop"][0].encode(), ["WEIGH.salt", "hold:H9"])
    assert refused.value.reasons == (
        "WEIGH.salt is no change from the one to the other.", "hold:H9 is no change from the one to the other.",
    )  # fmt: skip


def test_what_needs_another_change_is_refused_with_the_reason() -> None:
    asked = '<mes:parameter id="lump" name="Lumps" type="bool"/>'
    proposed = replaced((' source="calc" formula="salt/order.size"/>', ' source="calc" formula="salt/order.size"/>' + asked),
                        ("WEIGH.salt &lt; 79", "WEIGH.lump")).encode()  # fmt: skip
    with pytest.raises(CompositionError, match=r"WEIGH\.lump is not known"):
        compose(BASE.encode(), proposed, ["flow:MR-BUF-001"])
    assert b"WEIGH.lump" in compose(BASE.encode(), proposed, ["flow:MR-BUF-001", "WEIGH.lump"])
    assert b"WEIGH.lump" not in compose(BASE.encode(), proposed, ["WEIGH.lump"])


def test_scopes_between_which_a_step_moves_are_taken_together() -> None:
    framed = EDITS["a frame around an event"][0].replace('loopMaximum="5"', 'loopMaximum="6"').encode()
    assert {s.name for s in subjects(diff(BASE.encode(), framed))} == {"flow:MR-BUF-001", "flow:STIR"}
    root = read_xml(replaced(
        ('id="f1" sourceRef="start" targetRef="CLEAR"', 'id="f1" sourceRef="start" targetRef="WEIGH"'),
        ('<bpmn:sequenceFlow id="f2" sourceRef="CLEAR" targetRef="WEIGH"/>', ""),
        ('sourceRef="stir_start" targetRef="MIX"/>', 'sourceRef="stir_start" targetRef="CLEAR"/>' + flow("n1", "CLEAR", "MIX")),
    ).encode())  # fmt: skip
    elements = {e.get("id"): e for e in root.iter("{*}*")}
    elements["STIR"].insert(1, elements["CLEAR"])
    proposed = etree.tostring(root)
    assert {s.name for s in subjects(diff(BASE.encode(), proposed))} == {"flow:MR-BUF-001"}
    composed = compose(BASE.encode(), proposed, ["flow:MR-BUF-001"])
    assert Diagram.parse(composed).nodes["CLEAR"].scope == "STIR"


def test_a_step_under_a_new_id_is_taken_with_all_that_names_it_or_not_at_all() -> None:
    proposed = BASE.replace('"WEIGH"', '"W1"').replace("WEIGH.", "W1.").replace('name="WEIGH ', 'name="W1 ')
    proposed = replaced(('norLow="78.0"', 'norLow="79.0"'), ("W1.salt &lt; 79", "W1.salt &lt; 80"), text=proposed)
    one = compose(BASE.encode(), proposed.encode(), ["W1.salt"])
    assert b'norLow="79.0"' in one
    assert b"W1" not in one
    other = compose(BASE.encode(), proposed.encode(), ["flow:MR-BUF-001"])
    assert b"WEIGH.salt &lt; 80" in other
    renamed = compose(BASE.encode(), proposed.encode(), ["W1"])
    assert b"WEIGH." not in renamed
    assert b"W1.salt &lt; 79" in renamed


def test_editorial_changes_go_along_and_ask_for_no_decision() -> None:
    proposed = replaced(("Next to the balance.", "In the booth."), ('loopMaximum="5"', 'loopMaximum="6"')).encode()
    assert [(s.name, s.editorial) for s in subjects(diff(BASE.encode(), proposed))] == [("WEIGH", True), ("flow:STIR", False)]
    assert b"In the booth." in compose(BASE.encode(), proposed, ["flow:STIR"])


def _drawn(xml: bytes) -> dict[str, tuple[str, ...]]:
    shapes = read_xml(xml).iter(f"{{{DI}}}BPMNShape", f"{{{DI}}}BPMNEdge")
    return {e.get("bpmnElement", ""): tuple(f"{c.get('x')},{c.get('y')}" for c in e) for e in shapes}


def _by_hand(xml: bytes) -> bytes:
    """Drawn, and one shape where no program puts it."""
    root = read_xml(xml)
    lay_out(root)
    shape = next(e for e in root.iter(f"{{{DI}}}BPMNShape") if e.get("bpmnElement") == "start")
    shape[0].set("y", str(int(shape[0].get("y", "")) + 2))
    return etree.tostring(root)


def test_what_is_kept_stays_where_it_was_drawn_and_what_comes_gets_a_place() -> None:
    base = _by_hand(BASE.encode())
    inserted = '<bpmn:scriptTask id="count"><bpmn:script>number = 1</bpmn:script></bpmn:scriptTask>'
    proposed = replaced(
        ('sourceRef="FILTER" targetRef="end"/>', 'sourceRef="FILTER" targetRef="REST"/>' + REST + flow("n1", "REST", "end")),
        ('<bpmn:endEvent id="stir_end"/>', inserted + '<bpmn:endEvent id="stir_end"/>' + flow("n2", "count", "stir_end")),
        ('sourceRef="MIX" targetRef="stir_end"', 'sourceRef="MIX" targetRef="count"'), text=base.decode(),
    )  # fmt: skip
    composed = compose(base, proposed.encode(), ["flow:MR-BUF-001"])
    before, after = _drawn(base), _drawn(composed)
    diagram = Diagram.parse(composed)
    assert set(after) == {*diagram.nodes, *diagram.flows}
    assert {name for name in before if before[name] != after.get(name)} == {"end"}


def test_the_drawing_of_parameters_is_not_touched() -> None:
    base = _by_hand(BASE.encode())
    proposed = replaced(('norLow="78.0"', 'norLow="79.0"'), text=base.decode()).encode()
    assert _drawn(compose(base, proposed, ["WEIGH.salt"])) == _drawn(base)
