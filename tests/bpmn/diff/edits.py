"""Edits of one small recipe as a process owner makes them, and what a reviewer must read for each: neither more nor less.

An expected entry is `kind element[/parameter][#item] property: old -> new [meanings]`.
"""

from __future__ import annotations

import re
from pathlib import Path

BASE = (Path(__file__).resolve().parents[2] / "data" / "diff" / "base.bpmn").read_text("utf-8")
SIGNED = '<mes:signature code="P" roles="MFG_OP" meanings="performed_by"/>'
REST = (
    '<bpmn:userTask id="REST" name="REST Let it rest"><bpmn:extensionElements><mes:step title="Let it rest">'
    f"{SIGNED}</mes:step></bpmn:extensionElements></bpmn:userTask>"
)


def replaced(*pairs: tuple[str, str], text: str = BASE) -> str:
    """The recipe with each text replaced once; a text that is not there is a slip of the test."""
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def without(pattern: str, text: str = BASE) -> str:
    """The recipe without what a pattern finds."""
    rest = re.sub(pattern, "", text, count=1, flags=re.DOTALL)
    assert rest != text, pattern
    return rest


def flow(name: str, source: str, target: str, condition: str = "") -> str:
    """A sequence flow."""
    inner = f"<bpmn:conditionExpression>{condition}</bpmn:conditionExpression>" if condition else ""
    return f'<bpmn:sequenceFlow id="{name}" sourceRef="{source}" targetRef="{target}">{inner}</bpmn:sequenceFlow>'


def with_flows(*flows: str, text: str = BASE) -> str:
    """The recipe with more flows or nodes in its process."""
    return replaced(("</bpmn:process>", "".join(flows) + "</bpmn:process>"), text=text)


STEP_INSERTED = with_flows(
    REST,
    flow("n1", "REST", "WEIGH"),
    text=replaced(('id="f2" sourceRef="CLEAR" targetRef="WEIGH"', 'id="f2" sourceRef="CLEAR" targetRef="REST"')),
)
STEP_MOVED = replaced(
    ('id="f1" sourceRef="start" targetRef="CLEAR"', 'id="f1" sourceRef="start" targetRef="WEIGH"'),
    ('id="f2" sourceRef="CLEAR" targetRef="WEIGH"', 'id="f2" sourceRef="CLEAR" targetRef="split"'),
    ('id="f4" sourceRef="WEIGH" targetRef="split"', 'id="f4" sourceRef="WEIGH" targetRef="CLEAR"'),
)
FRAMED = replaced(
    (
        '<bpmn:intermediateCatchEvent id="lab">',
        '<bpmn:subProcess id="UP" name="Result"><bpmn:startEvent id="us"/><bpmn:intermediateCatchEvent id="lab">',
    ),
    (
        "</bpmn:intermediateCatchEvent>",
        '</bpmn:intermediateCatchEvent><bpmn:endEvent id="ue"/>'
        + flow("u1", "us", "lab")
        + flow("u2", "lab", "ue")
        + "</bpmn:subProcess>",
    ),
    ('sourceRef="STIR" targetRef="lab"', 'sourceRef="STIR" targetRef="UP"'),
    ('sourceRef="lab" targetRef="note"', 'sourceRef="UP" targetRef="note"'),
)
CHOICE_ADDED = with_flows(
    '<bpmn:exclusiveGateway id="g" default="g2"/><bpmn:exclusiveGateway id="g_join"/>',
    REST,
    flow("g1", "g", "REST", "WEIGH.salt &gt; 81"),
    flow("g2", "g", "g_join"),
    flow("g3", "REST", "g_join"),
    flow("g4", "g_join", "FILTER"),
    text=replaced(('sourceRef="SIZE" targetRef="FILTER"', 'sourceRef="SIZE" targetRef="g"')),
)
BRANCH_ADDED = with_flows(REST, flow("b1", "split", "REST"), flow("b2", "REST", "join"))
NEW_ID = BASE.replace('"WEIGH"', '"W1"').replace("WEIGH.", "W1.").replace('name="WEIGH ', 'name="W1 ')

EDITS: dict[str, tuple[str, list[str]]] = {
    "nothing": (BASE, []),
    "limit tightened, no reason": (
        replaced(('norLow="78.0"', 'norLow="79.0"')),
        ["changed WEIGH/salt norLow: 78.0 -> 79.0 [critical_touched limit_tightened why_unchanged]"],
    ),
    "limit loosened with its reason": (
        replaced(('parHigh="85"', 'parHigh="86"'), ("validated range", "study 7")),
        [
            "changed WEIGH/salt parHigh: 85 -> 86 [critical_touched limit_loosened]",
            "changed WEIGH/salt why: validated range -> study 7 [critical_touched why_changed]",
        ],
    ),
    "range shifted": (
        replaced(('norLow="7.20" norHigh="7.50"', 'norLow="7.30" norHigh="7.60"')),
        [
            "changed FILTER/ph norHigh: 7.50 -> 7.60 [critical_touched limit_loosened limit_shifted why_unchanged]",
            "changed FILTER/ph norLow: 7.20 -> 7.30 [critical_touched limit_shifted limit_tightened why_unchanged]",
        ],
    ),
    "a digit less, the same number": (
        replaced(('norLow="7.20"', 'norLow="7.2"')),
        ["changed FILTER/ph norLow: 7.20 -> 7.2 [critical_touched limit_rewritten]"],
    ),
    "the bound itself not accepted any more": (
        replaced(('norHigh="7.50"', 'norHigh="7.50" exclusive="nor_high"')),
        [
            "changed FILTER/ph#norHigh exclusive: may be reached -> must not be reached"
            " [critical_touched limit_tightened why_unchanged]"
        ],
    ),
    "limit removed": (
        replaced((' parLow="75"', "")),
        ["changed WEIGH/salt parLow: 75 -> - [critical_touched limit_removed why_unchanged]"],
    ),
    "limit that is computed": (
        replaced(("WEIGH.salt / 10", "WEIGH.salt / 8")),
        ["changed ADD/more norHigh: WEIGH.salt / 10 -> WEIGH.salt / 8 [limit_changed why_unchanged]"],
    ),
    "the same quantities in another unit": (
        replaced(
            (
                'uom="g" target="80" norLow="78.0" norHigh="82.0" parLow="75" parHigh="85"',
                'uom="kg" target="0.08" norLow="0.078" norHigh="0.0815" parLow="0.075" parHigh="0.085"',
            )
        ),
        [
            "changed WEIGH/salt norHigh: 82.0 -> 0.0815 [critical_touched limit_tightened why_unchanged]",
            "changed WEIGH/salt norLow: 78.0 -> 0.078 [critical_touched limit_rewritten]",
            "changed WEIGH/salt parHigh: 85 -> 0.085 [critical_touched limit_rewritten]",
            "changed WEIGH/salt parLow: 75 -> 0.075 [critical_touched limit_rewritten]",
            "changed WEIGH/salt target: 80 -> 0.08 [critical_touched target_moved]",
            "changed WEIGH/salt uom: g -> kg [critical_touched uom_changed]",
        ],
    ),
    "another answer is expected": (
        replaced(('norLow="white" norHigh="white"', 'norLow="grey" norHigh="grey"')),
        ["changed WEIGH/look norLow: white -> grey [expected_value_changed why_unchanged]"],
    ),
    "what happens outside is weaker": (
        replaced(('limitAction="block" class="CPP"', 'limitAction="flag" class="CPP"')),
        ["changed WEIGH/salt limitAction: block -> flag [critical_touched limit_action_weakened]"],
    ),
    "no CPP any more, and typed in by hand": (
        replaced(('class="CPP" source="device"', 'class="KPP"')),
        [
            "changed WEIGH/salt class: CPP -> KPP [class_lowered critical_touched]",
            "changed WEIGH/salt source: device -> - [critical_touched source_weakened]",
        ],
    ),
    "asked for sometimes, and optional": (
        replaced(('name="Salt added" type="num"', 'name="Salt added" type="num" optional="true" when="WEIGH.salt &lt; 78"')),
        [
            "changed ADD/more optional: - -> true [made_optional]",
            "changed ADD/more when: - -> WEIGH.salt < 78 [asked_for_less_often]",
        ],
    ),
    "answers": (
        replaced((' departs="true"/>', '/><mes:choice value="wet"/>')),
        [
            "added WEIGH/look#wet mes:choice: - -> wet [answer_added]",
            "changed WEIGH/look#grey departs: true -> - [answer_made_usual]",
        ],
    ),
    "a formula": (
        replaced(("salt/order.size", "salt / order.size * 2")),
        ["changed WEIGH/per_litre formula: salt/order.size -> salt / order.size * 2 [formula_changed]"],
    ),
    "a parameter more and one less": (
        replaced(
            (
                '<mes:parameter id="per_litre" name="Salt per litre" type="num" uom="g/L" source="calc"'
                ' formula="salt/order.size"/>',
                '<mes:parameter id="lot" name="Lot" type="text"/>',
            ),
        ),
        [
            "added WEIGH/lot mes:parameter: - -> Lot; type text [parameter_added]",
            "removed WEIGH/per_litre mes:parameter: Salt per litre; type num; unit g/L; where the value comes from calc;"
            " formula salt/order.size -> - [parameter_removed]",
        ],
    ),
    "parameter with another id": (
        BASE.replace('id="salt"', 'id="nacl"').replace("WEIGH.salt", "WEIGH.nacl").replace('"salt/order', '"nacl/order'),
        ["changed WEIGH/nacl id: salt -> nacl [id_changed]"],
    ),
    "no witness": (
        without(r'\s*<mes:signature code="W"[^>]*/>'),
        [
            "removed CLEAR#W mes:signature: Second operator / witness; Witnessed by -> - [verification_weakened]",
        ],
    ),
    "more people may verify, one less may perform": (
        replaced(('roles="MFG_VER QA_FLR"', 'roles="MFG_VER QA_FLR MFG_SUP"')),
        ["changed WEIGH#V roles: MFG_VER QA_FLR -> MFG_VER QA_FLR MFG_SUP [critical_touched verification_weakened]"],
    ),
    "no scan, other equipment and material": (
        replaced(
            ('<mes:scan kind="material"/>', ""), ('class="balance"', 'class="scale"'), ('name="sodium chloride"', 'name="NaCl"')
        ),
        [
            "added WEIGH#NaCl mes:material: - -> NaCl [material_added]",
            "added WEIGH#scale mes:equipment: - -> scale [equipment_added]",
            "removed WEIGH#balance mes:equipment: balance -> - [equipment_removed]",
            "removed WEIGH#material mes:scan: material -> - [critical_touched verification_weakened]",
            "removed WEIGH#sodium chloride mes:material: sodium chloride -> - [material_removed]",
        ],
    ),
    "severity, title, instruction and why of a step": (
        replaced(
            ('text="wrong lot" severity="major"', 'text="wrong lot" severity="critical"'),
            ("WEIGH Weigh the salt", "WEIGH Weigh salt"),
            ('title="Weigh the salt"', 'title="Weigh salt"'),
            ("Weigh and write down.", "Weigh twice."),
            ("Osmolality follows", "Taste follows"),
        ),
        [
            "changed WEIGH instruction: Weigh and write down. -> Weigh twice. [instruction_changed]",
            "changed WEIGH rationale: Osmolality follows the salt. -> Taste follows the salt. [why_changed]",
            "changed WEIGH title: Weigh the salt -> Weigh salt [renamed]",
            "changed WEIGH#wrong lot severity: major -> critical [severity_raised]",
        ],
    ),
    "hold time": (
        replaced(('nor="60" par="120" uom="min"', 'nor="1" par="3" uom="h"'), ('why="bioburden"', 'why="study 8"')),
        [
            "changed MR-BUF-001#H1 nor: 60 -> 1 [limit_rewritten]",
            "changed MR-BUF-001#H1 par: 120 -> 3 [hold_time_loosened]",
            "changed MR-BUF-001#H1 uom: min -> h [hold_time_changed]",
            "changed MR-BUF-001#H1 why: bioburden -> study 8 [why_changed]",
        ],
    ),
    "header and order": (
        replaced(
            ('revision="1.0" title="Wash buffer"', 'revision="1.1" title="Wash buffer, new"'),
            ('label="Batch size"', 'label="Size"'),
        ),
        [
            "changed MR-BUF-001 revision: 1.0 -> 1.1 [revision_number]",
            "changed MR-BUF-001 title: Wash buffer -> Wash buffer, new [header_changed]",
            "changed MR-BUF-001#size label: Batch size -> Size [order_field_changed]",
        ],
    ),
    "a step inserted": (STEP_INSERTED, ["added REST step: - -> after CLEAR Clear the line [step_added]"]),
    "a step moved": (STEP_MOVED, ["moved CLEAR place: after the start of MR-BUF-001 -> after WEIGH Weigh the salt [step_moved]"]),
    "a step with another id": (NEW_ID, ["changed W1 id: WEIGH -> W1 [id_changed]"]),
    "a frame around an event": (FRAMED, ["added UP block: - -> after STIR Stir until clear [block_added]"]),
    "a choice with a step": (
        CHOICE_ADDED,
        [
            "added REST step: - -> after g choice [step_added]",
            "added g choice: - -> after SIZE Which filter [choice_added]",
        ],
    ),
    "a parallel branch": (
        BRANCH_ADDED,
        [
            "added REST step: - -> after split parallel [step_added]",
            "added b1 branch: - -> to REST Let it rest [branch_added]",
        ],
    ),
    "a condition, and its label": (
        replaced(("WEIGH.salt &lt; 79", "WEIGH.salt &lt; 78"), ("too little", "not enough")),
        [
            "changed f_more conditionExpression: WEIGH.salt < 79 -> WEIGH.salt < 78 [condition_changed]",
            "changed f_more name: too little -> not enough [renamed]",
        ],
    ),
    "another default": (
        replaced(('default="f_no"', 'default="f_more"')),
        ["changed enough default: meet choice -> ADD Add salt [default_changed]"],
    ),
    "a branch leads elsewhere": (
        replaced(('sourceRef="enough" targetRef="meet"', 'sourceRef="enough" targetRef="lab"')),
        ["changed f_no target: meet choice -> lab awaited event [branch_redirected]"],
    ),
    "loop": (
        replaced(
            ('loopMaximum="5"', 'loopMaximum="9"'), (">MIX.again<", ">MIX.again and not false<"), ('label="R"', 'label="D"')
        ),
        [
            "changed STIR label: R -> D [loop_changed]",
            "changed STIR loopCondition: MIX.again -> MIX.again and not false [loop_condition_changed]",
            "changed STIR loopMaximum: 5 -> 9 [loop_maximum_raised]",
        ],
    ),
    "timer, script, service and message": (
        replaced(
            ("hours(2)", "hours(3)"),
            ("salt - 80", "salt - 81"),
            ('value="salt"', 'value="water"'),
            ('name="lab result"', 'name="lab"'),
        ),
        [
            "added -#lab message: - -> lab [event_changed]",
            "changed lab messageRef: lab result -> lab [event_changed]",
            "changed late due: WEIGH.start + hours(2) -> WEIGH.start + hours(3) [timer_changed]",
            "changed note script: rest = WEIGH.salt - 80 -> rest = WEIGH.salt - 81 [script_changed]",
            "changed tell value: salt -> water [service_changed]",
            "removed -#lab result message: lab result -> - [event_changed]",
        ],
    ),
    "rows of a decision table": (
        replaced(('hitPolicy="FIRST"', 'hitPolicy="UNIQUE"'), ('<dmn:text>"large"', '<dmn:text>"huge"')),
        [
            'changed SIZE#row 2 dmn:rule: < 50 → "large" -> < 50 → "huge" [decision_row_changed]',
            "changed SIZE hitPolicy: FIRST -> UNIQUE [decision_table_changed]",
        ],
    ),
    "a remark and a comment": (
        replaced(
            ("Next to the balance.", "In the booth."),
            ('<bpmn:endEvent id="end"/>', '<bpmn:endEvent id="end"><!-- last --></bpmn:endEvent>'),
        ),
        [
            "changed WEIGH documentation: Next to the balance. -> In the booth. [editorial]",
            "changed end comment: - -> last [editorial]",
        ],
    ),
    "what others wrote": (
        replaced(
            (
                '<bpmn:endEvent id="end"/>',
                '<bpmn:endEvent id="end"><bpmn:extensionElements><a:b xmlns:a="urn:a" c="d"/>'
                "</bpmn:extensionElements></bpmn:endEvent>",
            )
        ),
        ["added end {urn:a}b: - -> c d [foreign_changed]"],
    ),
}
