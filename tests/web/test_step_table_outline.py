"""The outline that the step table shows: every step of a diagram once, in blocks where it is built of blocks."""

from __future__ import annotations

import json
import subprocess

import pytest
from lxml import etree

from bpmn.diagram import BPMN
from engine.actions.processes import CHANGE_CONTROL, LIFE_CYCLE, shipped_xml
from tests.recipes import random_recipe
from tests.services import ROOT, VENV_BIN
from tests.web.editor.desk import CART

HEAD = f'<bpmn:definitions xmlns:bpmn="{BPMN}" id="D" targetNamespace="urn:test"><bpmn:process id="P">'


def drawn(flows: str, **kinds: str) -> str:
    """A diagram by its flows: `s>A A>G G>B G>C B>J C>J J>e`; s starts, e ends, others are user tasks or as `kinds` says."""
    usual = {"s": "startEvent", "e": "endEvent", "stop": "endEvent"} | kinds
    inside = {"stop": "<bpmn:terminateEventDefinition/>"}
    pairs = [flow.split(">") for flow in flows.split()]
    xml = ""
    for node in dict.fromkeys(node for pair in pairs for node in pair):
        kind = usual.get(node, "userTask")
        xml += f'<bpmn:{kind} id="{node}">{inside.get(node, "")}</bpmn:{kind}>'
    for source, target in pairs:
        xml += f'<bpmn:sequenceFlow id="{source}_{target}" sourceRef="{source}" targetRef="{target}"/>'
    return f"{HEAD}{xml}</bpmn:process></bpmn:definitions>"


def listed(**diagrams: str) -> dict[str, dict]:
    """What the table would list of each diagram."""
    done = subprocess.run(
        [VENV_BIN / "node", ROOT / "tests/web/step_table_outline.mjs"],
        input=json.dumps(list(diagrams.items())), capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    return json.loads(done.stdout)


def told(rows: list) -> list[str]:
    return [f"{'  ' * depth}{kind} {key.partition('#')[0]}" for depth, kind, key, _ in rows if kind != "new"]


TWO = ["  branch G_A", "    step A", "  branch G_B", "    step B"]
SPLIT = {"G": "parallelGateway", "J": "parallelGateway"}
CHOICE = {"G": "exclusiveGateway", "J": "exclusiveGateway"}


@pytest.mark.parametrize(
    ("flows", "kinds", "rows"),
    [
        ("s>A A>B B>e", {}, ["step A", "step B"]),
        ("s>G G>A G>B A>J B>J J>C C>e", SPLIT, ["parallel G", *TWO, "step C"]),
        ("s>G G>A G>J A>J J>e", CHOICE, ["choice G", "  branch G_A", "    step A", "  branch G_J"]),
        ("s>G G>A G>stop A>B B>e", CHOICE, ["choice G", "  branch G_A", "  branch G_stop", "    stop stop", "step A", "step B"]),
    ],
)
def test_blocks(flows, kinds, rows):
    found = listed(it=drawn(flows, **kinds))["it"]
    assert told(found["rows"]) == rows
    assert not found["free"]


@pytest.mark.parametrize(
    ("flows", "kinds"),
    [
        ("s>J J>A A>G G>J G>e", CHOICE),  # runs back
        ("s>G G>A G>B A>J B>J J>e", {"G": "exclusiveGateway", "J": "parallelGateway"}),  # a choice that waits for both
        ("s>G G>A G>B A>C B>C C>e", {"G": "exclusiveGateway"}),  # meets at a step
        ("s>A A>B A>C B>e C>e", {}),  # a step with two ways out
    ],
)
def test_what_is_no_block_is_listed_in_flow_order(flows, kinds):
    found = listed(it=drawn(flows, **kinds))["it"]
    assert found["free"]
    steps = [row.strip().removeprefix("step ") for row in told(found["rows"]) if "step" in row]
    assert steps == sorted(steps) != []


def test_every_step_of_any_recipe_stands_in_one_place():
    recipes = {f"r{seed}": random_recipe(seed, 4 + seed).decode() for seed in range(30)} | {"cart": CART.read_text("utf-8")}
    found = listed(**recipes)
    assert [name for name, one in found.items() if one["free"]] == []
    for name, xml in recipes.items():
        process = etree.fromstring(xml.encode()).find(f"{{{BPMN}}}process")
        assert process is not None
        tasks = sorted(str(element.get("id")) for element in process.iter(f"{{{BPMN}}}userTask", f"{{{BPMN}}}manualTask"))
        rows = [key.partition("#")[0] for _, kind, key, _ in found[name]["rows"] if kind == "step"]
        assert sorted(set(rows)) == tasks, name
        assert [row for i, row in enumerate(rows) if row in rows[:i] and row != rows[i - 1]] == [], name


def test_what_happens_in_a_group_is_listed_before_what_may_happen_to_it():
    drawn = {name: shipped_xml(name) for name in (LIFE_CYCLE, CHANGE_CONTROL)}
    found = listed(**drawn)
    rows = [row.strip() for row in told(found[CHANGE_CONTROL]["rows"])]
    wanted = ["loop DECIDE", "step INITIATE", "unit_procedure ASSESSMENTS", "step MFG", "attached round_approved"]
    assert sorted(wanted, key=rows.index) == wanted
    for name, xml in drawn.items():
        tasks = {str(element.get("id")) for element in etree.fromstring(xml.encode()).iter(f"{{{BPMN}}}userTask")}
        assert {key.partition("#")[0] for _, kind, key, _ in found[name]["rows"] if kind == "step"} == tasks
