"""Hostile and broken files: each is refused by its rule, with element and line, and nothing of it is loaded."""

from pathlib import Path

import pytest
from lxml import etree

from bpmn import vocabulary as v
from bpmn.checks import check_diagram
from bpmn.diagram import BPMN, Diagram, mes_elements, write_element
from engine.workflow import Procedure

DATA = Path(__file__).parents[1] / "data" / "bad_diagrams"
ACCEPT = ""

# file -> the rule that refuses it. DMN files are no recipes, legal or not: decision tables are not read here.
EXPECTED = {
    "x00_valid.bpmn": ACCEPT,
    "x02_whitespace.bpmn": "xml_well_formed",
    "x04_truncated.bpmn": "xml_well_formed",
    "x06_mismatched.bpmn": "xml_well_formed",
    "x08_quadratic.bpmn": "xml_doctype",
    "x10_xxe_http_dtd.bpmn": "xml_doctype",
    "x12_xinclude.bpmn": "xml_include",
    "x14_entity_cycle.bpmn": "xml_doctype",
    "x16_nul_ref.bpmn": "xml_well_formed",
    "x18_bad_utf8.bpmn": "xml_well_formed",
    "x20_utf16.bpmn": ACCEPT,
    "x22_latin1.bpmn": ACCEPT,
    "x24_unknown_enc.bpmn": "xml_encoding",
    "x31_dup_attr.bpmn": "xml_well_formed",
    "x33_gzip.bpmn": "xml_compressed",
    "x35_zip_header.bpmn": "xml_compressed",
    "x37_stylesheet_pi.bpmn": "xml_instruction",
    "x39_two_roots.bpmn": "xml_well_formed",
    "b01_no_process.bpmn": "process",
    "b03_default_ns.bpmn": ACCEPT,
    "b05_two_starts.bpmn": "start",
    "b07_task_no_out.bpmn": "reachability",
    "b09_dangling_target.bpmn": "references",
    "b11_dup_task_id.bpmn": "identifiers",
    "b13_no_id.bpmn": "identifiers",
    "b15_xpath_inj.bpmn": "identifiers",
    "b17_homoglyph.bpmn": "identifiers",
    "b20_gw_no_default.bpmn": "default_flow",
    "b22_cond_syntax.bpmn": "expressions",
    "b24_script_missing.bpmn": "expressions",
    "b26_unbalanced_join.bpmn": "deadlock",
    "b28_self_loop.bpmn": "cycle",
    "b30_call_self.bpmn": "call_activity",
    "b32_call_empty.bpmn": "call_activity",
    "b34_nest_50.bpmn": "size",
    "b36_nest_1000.bpmn": "xml_depth",
    "b37_chain_200.bpmn": ACCEPT,
    "b37_chain_400.bpmn": ACCEPT,
    "b39_fan_1000.bpmn": "size",
    "b41_mi_1e12_seq.bpmn": "loops",
    "b43_mi_text.bpmn": "loops",
    "b45_mi_code.bpmn": "loops",
    "b47_loop_nan.bpmn": "loops",
    "b49_timer_negative.bpmn": "timers",
    "b51_timer_huge.bpmn": "timers",
    "b53_timer_cycle_1e9.bpmn": "timers",
    "b55_timer_feb30.bpmn": "timers",
    "b57_timer_naive.bpmn": "timers",
    "b59_timer_month_frac.bpmn": "timers",
    "b61_timer_P.bpmn": "timers",
    "b62_boundary_ghost.bpmn": "references",
    "b64_msg_noid.bpmn": "identifiers",
    "b66_two_out.bpmn": "split",
    "b68_evsub_nostart.bpmn": "whitelist",
    "b70_dataref_grandparent.bpmn": ACCEPT,
    "b72_not_executable.bpmn": "process",
    "b74_collab_ghost.bpmn": "references",
    # The 16 parallel blocks in it are sound (each gateway joins before it splits); what is refused are its plain tasks.
    "b76_and_explosion_16.bpmn": "whitelist",
    "b78_or_diamonds_20.bpmn": "whitelist",
    "b79_di_text.bpmn": "drawing",
    "b81_di_1e400.bpmn": "drawing",
    "b83_xss.bpmn": "markup",  # a warning: text is data, escaped wherever it is shown
    "b85_ext_tamper.bpmn": "foreign_extensions",
    "b87_path_id.bpmn": "identifiers",
    "b89_evgw_nonevent.bpmn": "whitelist",
    "b91_flow_cross_sub.bpmn": "references",
    "b93_id_equals_start.bpmn": "identifiers",
    "b95_default_ghost.bpmn": "references",
    **dict.fromkeys(
        [
            "d00_valid.dmn", "d02_no_decision.dmn", "d04_hit_unknown.dmn", "d06_any_conflict.dmn", "d08_rule_order.dmn",
            "d10_missing_input.dmn", "d12_bad_input_expr.dmn", "d14_code_output.dmn", "d18_wrong_ns.dmn",
            "d21_annotation.dmn", "d23_no_dt_id.dmn", "d25_feel_list.dmn",
        ],
        "schema",
    ),
    "d16_bomb.dmn": "xml_doctype",
}  # fmt: skip


def with_minimal_extensions(xml: bytes) -> bytes:
    """The diagram with what every recipe of ours has: a number, a revision, and a performer for each step."""
    root = etree.fromstring(xml)
    process = root.find(f"{{{BPMN}}}process")
    if process is None:
        return xml
    write_element(_extension(process), "recipe", v.Recipe(id="MR-TEST", revision="1.0"))
    for task in root.iter(f"{{{BPMN}}}userTask"):
        performer = v.Signature(code="P", roles=("MFG_OP",), meanings=("performed_by",))
        if not mes_elements(task, "step"):
            step = v.Step(id=task.get("id", ""), title=task.get("name", "") or "A step", signatures=(performer,))
            write_element(_extension(task), "step", step)
    return etree.tostring(root)


def _extension(element: etree._Element) -> etree._Element:
    found = element.find(f"{{{BPMN}}}extensionElements")
    if found is None:
        found = etree.Element(f"{{{BPMN}}}extensionElements")
        element.insert(0, found)
    return found


def test_every_file_has_its_expected_rule():
    assert {file.name for file in DATA.iterdir()} == set(EXPECTED)


@pytest.mark.parametrize("name", [name for name, rule in EXPECTED.items() if rule])
def test_a_bad_file_is_refused_by_its_rule_with_its_line(name):
    report = check_diagram((DATA / name).read_bytes())
    found = [finding for finding in report.findings if finding.rule == EXPECTED[name]]
    assert found
    assert all(finding.message and finding.what_to_do for finding in found)
    assert not report.ok
    assert found[0].line or EXPECTED[name] == "xml_compressed"  # a packed file has no lines


@pytest.mark.parametrize("name", [name for name in EXPECTED if name.endswith(".bpmn") and name.startswith("b")])
def test_our_extensions_alone_make_no_bad_diagram_good(name):
    report = check_diagram(with_minimal_extensions((DATA / name).read_bytes()) if EXPECTED[name][:3] != "xml" else b"")
    rules = {finding.rule for finding in report.findings}
    if EXPECTED[name] == ACCEPT:
        assert report.errors == ()  # their steps say nothing: a warning
    else:
        assert EXPECTED[name] in rules or rules == {"xml_well_formed"}


@pytest.mark.parametrize("name", [name for name, rule in EXPECTED.items() if rule == ACCEPT])
def test_a_legal_diagram_loads_once_it_has_our_extensions(name):
    xml = with_minimal_extensions((DATA / name).read_bytes())
    assert check_diagram(xml).errors == ()
    assert Diagram.parse(xml).steps


@pytest.mark.parametrize("name", [name for name, rule in EXPECTED.items() if rule == ACCEPT])
def test_a_legal_diagram_runs_to_its_end_once_it_has_our_extensions(name):
    xml = with_minimal_extensions((DATA / name).read_bytes())
    run, done = Procedure.from_xml(xml).start({}), 0
    while run.open:
        run.complete(next(iter(run.open)), {})
        done += 1
    assert run.outcome == "completed"
    assert done == len(Diagram.parse(xml).steps)
