"""What a change reaches, written down by hand for each edit: nothing is missing, and nothing is asked for in vain."""

from __future__ import annotations

import json

import pytest

from bpmn.diagram import Diagram
from bpmn.diff import diff
from bpmn.diff.scope import ChangeScope, change_scope
from bpmn.importers import import_tables
from bpmn.vocabulary import SERVICE_OUTPUTS
from tests.bpmn.diff.edits import BASE, EDITS, REST, flow, replaced, with_flows
from tests.recipe_tables import CART

WEIGHERS, QUALITY = "MFG_OP MFG_VER QA_FLR", "tell WEIGH.salt: amendment likely"
CHANGED, TRY, NO_TRY = "system: 1 parameter changed", "revalidation", "no revalidation"


def between(old: bytes, new: bytes) -> ChangeScope:
    return change_scope(diff(old, new), Diagram.parse(old), Diagram.parse(new))


def told(scope: ChangeScope) -> list[str]:
    names = ("steps", "critical", "ranges", "tests", "labels", "verification", "verification_weaker", "safety")
    lines = ["editorial"] if scope.editorial else []
    lines += [f"{name}: {' '.join(found)}" for name in names if (found := getattr(scope, name))]
    lines += [f"limit {one.step}.{one.parameter}: {' '.join(one.limits)}" for one in scope.limits_to_test]
    lines += [f"hold {one.hold}" for one in scope.holds_to_test]
    lines += [f"try {path.kind} {path.element} {path.item}".strip() for path in scope.paths_to_test]
    lines += [f"read {one.step}: {' '.join(one.roles)}" for one in scope.training]
    lines += [f"{one.what} {one.kind} {one.step}: {one.name}" for one in scope.stock]
    lines += [f"tell {one.name}: {one.tag}" for one in scope.regulatory]
    lines += [f"system: {scope.system_words}"] if scope.system else []
    return [*lines, TRY if scope.revalidation else NO_TRY]


SALT = ["steps: WEIGH", "critical: WEIGH.salt"]
EXPECTED: dict[str, list[str]] = {
    "nothing": ["editorial", NO_TRY],
    "limit tightened, no reason": [
        *SALT, "ranges: WEIGH.salt", "limit WEIGH.salt: nor_low", f"read WEIGH: {WEIGHERS}", QUALITY, CHANGED, TRY,
    ],
    "limit loosened with its reason": [
        *SALT, "ranges: WEIGH.salt", "limit WEIGH.salt: par_high", f"read WEIGH: {WEIGHERS}", QUALITY, CHANGED, TRY,
    ],
    "range shifted": [
        "steps: FILTER", "critical: FILTER.ph", "ranges: FILTER.ph", "tests: FILTER.ph", "limit FILTER.ph: nor_low nor_high",
        "read FILTER: MFG_OP", "tell FILTER.ph: amendment likely", CHANGED, TRY,
    ],
    "a digit less, the same number": ["steps: FILTER", NO_TRY],
    "the bound itself not accepted any more": [
        "steps: FILTER", "critical: FILTER.ph", "ranges: FILTER.ph", "tests: FILTER.ph", "limit FILTER.ph: nor_high",
        "read FILTER: MFG_OP", "tell FILTER.ph: amendment likely", CHANGED, TRY,
    ],
    "limit removed": [*SALT, "ranges: WEIGH.salt", f"read WEIGH: {WEIGHERS}", QUALITY, CHANGED, TRY],
    "limit that is computed": ["steps: ADD", "ranges: ADD.more", "limit ADD.more: nor_high", "read ADD: MFG_OP", CHANGED, TRY],
    "the same quantities in another unit": [
        *SALT, "ranges: WEIGH.salt", "limit WEIGH.salt: nor_low nor_high par_low par_high", "limit ADD.more: nor_high",
        "try branch f_more", "try branch f_no", "try script note", f"read WEIGH: {WEIGHERS}", QUALITY, CHANGED, TRY,
    ],
    "another answer is expected": [
        "steps: WEIGH", "ranges: WEIGH.look", "limit WEIGH.look: nor_low nor_high", f"read WEIGH: {WEIGHERS}", CHANGED, TRY,
    ],
    "what happens outside is weaker": [
        *SALT, "ranges: WEIGH.salt", "limit WEIGH.salt: par_low par_high", f"read WEIGH: {WEIGHERS}", QUALITY, CHANGED, TRY,
    ],
    "no CPP any more, and typed in by hand": [
        *SALT, "limit WEIGH.salt: nor_low nor_high par_low par_high", f"read WEIGH: {WEIGHERS}", QUALITY, CHANGED, TRY,
    ],
    "asked for sometimes, and optional": ["steps: ADD", "try asked ADD.more", "read ADD: MFG_OP", CHANGED, TRY],
    "answers": ["steps: WEIGH", f"read WEIGH: {WEIGHERS}", CHANGED, TRY],
    "a formula": ["steps: WEIGH", "try value WEIGH.per_litre", f"read WEIGH: {WEIGHERS}", CHANGED, TRY],
    "a parameter more and one less": [
        "steps: WEIGH", f"read WEIGH: {WEIGHERS}", "system: 1 parameter removed, 1 parameter added", TRY,
    ],
    "parameter with another id": ["steps: WEIGH", f"read WEIGH: {WEIGHERS}", NO_TRY],
    "no witness": [
        "steps: CLEAR", "verification: CLEAR", "verification_weaker: CLEAR", "read CLEAR: MFG_OP MFG_WIT",
        "system: 1 signature or scan changed", TRY,
    ],
    "more people may verify, one less may perform": [
        *SALT, "verification: WEIGH", "verification_weaker: WEIGH", f"read WEIGH: {WEIGHERS} MFG_SUP",
        "system: 1 signature or scan changed", TRY,
    ],
    "no scan, other equipment and material": [
        *SALT, "labels: WEIGH", "verification: WEIGH", "verification_weaker: WEIGH", f"read WEIGH: {WEIGHERS}",
        "equipment removed WEIGH: balance", "material removed WEIGH: sodium chloride", "equipment added WEIGH: scale",
        "material added WEIGH: NaCl", "system: 1 signature or scan changed", TRY,
    ],
    "severity, title, instruction and why of a step": ["steps: WEIGH", f"read WEIGH: {WEIGHERS}", NO_TRY],
    "hold time": ["ranges: H1", "hold H1", f"read WEIGH: {WEIGHERS}", "read FILTER: MFG_OP", "system: 1 hold time changed", TRY],
    "header and order": [NO_TRY],
    "a step inserted": ["steps: REST", "try way REST", "read REST: MFG_OP", "system: 1 step added", TRY],
    "a step moved": ["steps: CLEAR", "try way CLEAR", "read CLEAR: MFG_OP MFG_WIT", "system: 1 step changed", TRY],
    "a step with another id": ["steps: W1", f"read W1: {WEIGHERS}", NO_TRY],
    "a frame around an event": [NO_TRY],
    "a choice with a step": [
        "steps: REST", "try branch g1", "try branch g2", "try way REST", "read REST: MFG_OP",
        "system: 1 decision added, 1 step added", TRY,
    ],
    "a parallel branch": [
        "steps: REST", "try branch f5", "try branch f6", "try branch b1", "try way REST", "read REST: MFG_OP",
        "system: 1 decision changed, 1 step added", TRY,
    ],
    "a condition, and its label": ["try branch f_more", "try branch f_no", "system: 1 decision changed", TRY],
    "another default": ["try branch f_no", "try branch f_more", "system: 1 decision changed", TRY],
    "a branch leads elsewhere": ["try branch f_no", "system: 1 decision changed", TRY],
    "loop": ["try loop STIR", "system: 1 loop changed", TRY],
    "timer, script, service and message": [
        "try timer late", "try event lab", "try script note", "try service tell",
        "system: 1 timer changed, 2 events changed, 1 script changed, 1 service changed", TRY,
    ],
    "rows of a decision table": ["try row SIZE 1", "try row SIZE 2", "system: 1 decision table changed", TRY],
    "a remark and a comment": ["editorial", NO_TRY],
    "what others wrote": ["system: 1 extension of others changed", TRY],
}  # fmt: skip

SPECIFIED = ('class="CQA" why', 'class="" judge="specification" why')
BRANCHES = with_flows(
    REST, flow("n1", "enough", "REST", "WEIGH.salt &lt; 80"), flow("n2", "REST", "meet"),
)  # fmt: skip
MORE: dict[str, tuple[str, str, list[str]]] = {
    "an established condition": (
        BASE, replaced(('class="CPP" source', 'class="CPP" reporting="established" source')),
        [*SALT, "tell WEIGH.salt: prior approval", CHANGED, TRY],
    ),
    "a limit that is reported once a year": (
        replaced(('id="more"', 'id="more" reporting="annual"')),
        replaced(('id="more"', 'id="more" reporting="annual"'), ("WEIGH.salt / 10", "9")),
        ["steps: ADD", "ranges: ADD.more", "limit ADD.more: nor_high", "read ADD: MFG_OP", "tell ADD.more: annual report",
         CHANGED, TRY],
    ),
    "an attribute of the specification": (
        replaced(SPECIFIED), replaced(SPECIFIED, ('norHigh="7.50"', 'norHigh="7.40"')),
        ["steps: FILTER", "ranges: FILTER.ph", "tests: FILTER.ph", "limit FILTER.ph: nor_high", "read FILTER: MFG_OP",
         "tell FILTER.ph: amendment likely", CHANGED, TRY],
    ),
    "why a limit is what it is": (
        BASE, replaced(('why="validated range"', 'why="study 9"')), [*SALT, f"read WEIGH: {WEIGHERS}", NO_TRY],
    ),
    "only the name of a parameter": (
        BASE, replaced(('name="Salt"', 'name="NaCl"')), [*SALT, f"read WEIGH: {WEIGHERS}", NO_TRY],
    ),
    "a limit nobody acts on begins to count": (
        replaced(('limitAction="flag" class="CQA"', 'limitAction="none" class="CQA"')), BASE,
        ["steps: FILTER", "critical: FILTER.ph", "ranges: FILTER.ph", "tests: FILTER.ph", "limit FILTER.ph: nor_low nor_high",
         "read FILTER: MFG_OP", "tell FILTER.ph: amendment likely", CHANGED, TRY],
    ),
    "a timer counts working days": (
        BASE, replaced(('due="WEIGH.start + hours(2)"', 'due="WEIGH.start + hours(2)" working="true"')),
        ["try timer late", "system: 1 timer changed", TRY],
    ),
    "the literal of a timer, for other modelers": (BASE, replaced(("P90D", "P80D")), [NO_TRY]),
    "the same hold time in another unit": (
        BASE, replaced(('nor="60" par="120" uom="min"', 'nor="1" par="2" uom="h"')),
        ["ranges: H1", f"read WEIGH: {WEIGHERS}", "read FILTER: MFG_OP", "system: 1 hold time changed", TRY],
    ),
    "a hold time gone": (
        BASE, replaced(('<mes:holdTime id="H1" from="WEIGH.end" to="FILTER.start" nor="60" par="120" uom="min" why="bioburden"/>',
                        "")),
        ["ranges: H1", f"read WEIGH: {WEIGHERS}", "read FILTER: MFG_OP", "system: 1 hold time removed", TRY],
    ),
    "a step left out": (
        STEP_OUT := replaced(('id="f1" sourceRef="start" targetRef="CLEAR"', 'id="f1" sourceRef="start" targetRef="REST"'),
                             ("</bpmn:process>", REST + flow("n", "REST", "CLEAR") + "</bpmn:process>")), BASE,
        ["steps: REST", "try way f1", "read REST: MFG_OP", "system: 1 step removed", TRY],
    ),
    "of three branches the second is asked otherwise": (
        BRANCHES, BRANCHES.replace("WEIGH.salt &lt; 80", "WEIGH.salt &lt; 81"),
        ["try branch n1", "try branch f_no", "system: 1 decision changed", TRY],
    ),
    "an order field in another unit": (
        BASE, replaced(('label="Batch size" uom="L"', 'label="Batch size" uom="mL"')),
        ["try row SIZE 1", "try row SIZE 2", "system: 1 field of the order changed", TRY],
    ),
    "an identifier of the patient": (
        BASE, replaced(('<mes:orderField name="size"', '<mes:orderField name="coi" type="text" identifier="true"/>'
                        '<mes:orderField name="size"')),
        ["labels: order.coi", "system: 1 field of the order added", TRY],
    ),
    "a scanned value": (
        BASE, replaced(('<mes:parameter id="more"', '<mes:parameter id="bag" name="Bag" type="text" source="scan" class="ID"/>'
                        '<mes:parameter id="more"')),
        ["steps: ADD", "critical: ADD.bag", "labels: ADD.bag", "safety: ADD.bag", "read ADD: MFG_OP",
         "system: 1 parameter added", TRY],
    ),
    "a decision looks at a calculated value": (
        replaced(("WEIGH.salt &lt; 79", "WEIGH.per_litre &lt; 79")),
        replaced(("WEIGH.salt &lt; 79", "WEIGH.per_litre &lt; 79"), ("salt/order.size", "salt/order.size/2")),
        ["steps: WEIGH", "try value WEIGH.per_litre", "try branch f_more", "try branch f_no", f"read WEIGH: {WEIGHERS}", CHANGED,
         TRY],
    ),
    "when an entry is late": (
        BASE, replaced(('product="Buffer B"', 'product="Buffer B" lateEntryMinutes="30"')),
        ["system: 1 rule for late entries changed", TRY],
    ),
    "what the product is called": (BASE, replaced(('product="Buffer B"', 'product="Buffer C"')), ["labels: product", NO_TRY]),
}  # fmt: skip


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_reaches_what_a_person_would_name(name: str) -> None:
    assert told(between(BASE.encode(), EDITS[name][0].encode())) == EXPECTED[name]


@pytest.mark.parametrize("name", MORE)
def test_other_edits_too(name: str) -> None:
    old, new, expected = MORE[name]
    assert told(between(old.encode(), new.encode())) == expected


def test_every_scripted_edit_has_its_expectation() -> None:
    assert EXPECTED.keys() == EDITS.keys()
    assert len(EXPECTED) + len(MORE) >= 30


@pytest.mark.parametrize("name", EDITS)
def test_the_process_of_a_change_gets_a_value_for_all_that_is_known_here(name: str) -> None:
    scope = between(BASE.encode(), EDITS[name][0].encode())
    outputs = SERVICE_OUTPUTS["change.scope"]
    assert set(outputs) - set(scope.facts) == {"urgency", "stage", "client"}
    for fact, value in scope.facts.items():
        assert type(value) is {"bool": bool, "int": int}[outputs[fact]]
    stored = json.loads(json.dumps(scope.to_json()))
    assert stored["facts"] == scope.facts
    assert stored["limits_to_test"] == [{"step": t.step, "parameter": t.parameter, "limits": list(t.limits)}
                                        for t in scope.limits_to_test]  # fmt: skip


def test_facts_of_an_editorial_change_ask_for_nothing() -> None:
    facts = between(BASE.encode(), EDITS["a remark and a comment"][0].encode()).facts
    assert {name for name, value in facts.items() if value} == {"editorial", "entries"}


def test_the_case_of_two_items() -> None:
    cart = import_tables(CART).xml
    moi = next(line for line in cart.decode().splitlines() if 'id="moi"' in line)
    values = (("target", "3.0", "2.0"), ("norLow", "2.0", "1.5"), ("norHigh", "5.0", "3.0"), ("parHigh", "8.0", "5.0"))
    lower = replaced(*((f'{name}="{old}"', f'{name}="{new}"') for name, old, new in values), text=moi)
    before, s27, after = replaced((moi, lower), text=cart.decode()).partition('<bpmn:userTask id="S27"')
    sample = '<mes:parameter id="vcn_ip" name="VCN, day 6" type="num" uom="1" class="IPC"/>'
    scope = between(cart, (before + s27 + after.replace("</mes:step>", sample + "</mes:step>", 1)).encode())
    assert told(scope) == [
        "steps: S20 S27", "critical: S20.moi", "ranges: S20.moi", "tests: S27.vcn_ip",
        "limit S20.moi: nor_low nor_high par_high", "read S20: MFG_OP MFG_WIT", "read S27: MFG_OP MFG_WIT",
        "tell S20.moi: amendment likely", "system: 1 parameter changed, 1 parameter added", TRY,
    ]  # fmt: skip
