"""Rows of steps.csv: who verifies, what is scanned, what typically goes wrong; bad rows."""

from pathlib import Path

import pytest

from bpmn.importers.steps import read_deviations
from tests.recipe_tables import drawn, problems, table

HEADING = ("step_id", "unit_procedure", "title", "verification", "materials", "equipment_class", "instruction", "operation")


def one(tmp_path: Path, *cells: str, header: dict[str, object] | None = None) -> object:
    return drawn(tmp_path, header, steps=table(HEADING, ("S1", "UP1 Wash", "Wash", *cells))).steps[0]


SLOTS = [("P+W", "PW"), ("P+B", "P"), ("D", "P"), ("D+V", "PV"), ("V", "V"), ("Q", "Q"), ("p+v+q", "PVQ"), ("", "P"), ("W", "PW")]


@pytest.mark.parametrize(("verification", "codes"), SLOTS)
def test_somebody_performs_a_step_unless_it_only_reviews(tmp_path: Path, verification: str, codes: str) -> None:
    step = drawn(tmp_path, steps=table(HEADING, ("S1", "UP1", "Wash", verification))).steps[0]
    assert "".join(slot.code for slot in step.signatures) == codes


def test_the_header_says_who_signs_for_all_steps_and_for_one(tmp_path: Path) -> None:
    header = {
        "verification": {"V": {"roles": ["MFG_SUP"]}},
        "steps": {"S2": {"verification": {"V": {"roles": ["QC_REV"], "meanings": ["reviewed_by_qc"]}}}},
    }
    rows = table(HEADING, ("S1", "UP1", "Wash", "P+V"), ("S2", "UP1", "Count", "P+V"))
    first, second = drawn(tmp_path, header, steps=rows).steps
    assert [(s.roles, s.meanings) for s in first.signatures[1:]] == [(("MFG_SUP",), ("verified_by",))]
    assert [(s.roles, s.meanings) for s in second.signatures[1:]] == [(("QC_REV",), ("reviewed_by_qc",))]


@pytest.mark.parametrize(
    ("materials", "instruction", "scans"),
    [
        ("buffer; kit", "Install the kit.", []),
        ("buffer; kit", "Scan each buffer lot.", [("material", "step")]),
        ("all kits", "Scan.", [("material", "recipe")]),
        ("", "Scan lot numbers.", []),
    ],
)
def test_when_materials_are_scanned(tmp_path: Path, materials: str, instruction: str, scans: list[object]) -> None:
    row = ("S1", "UP1", "Wash", "P", materials, "", instruction)
    step = drawn(tmp_path, steps=table(HEADING, row, ("S2", "UP1", "Fill", "P", "bag", "", "Fill."))).steps[0]
    assert [(scan.kind, scan.scope) for scan in step.scans] == scans


def test_kind_of_a_step_follows_its_operation(tmp_path: Path) -> None:
    operations = ("ProdReview", "QC", "QA review", "Disposition", "Shipping", "MidQC", "QCSample")
    rows = [(f"S{n}", "UP1", "Step", "P+Q", "", "", "", operation) for n, operation in enumerate(operations)]
    kinds = [step.kind for step in drawn(tmp_path, steps=table(HEADING, *rows)).steps]
    assert kinds == ["production_review", "qc_results", "qa_review", "disposition", "shipment", "manufacture", "manufacture"]


DEVIATIONS = {
    "leak (critical)": [("leak", "critical")],
    "age >36 h (minor) >48 h (major)": [("age >36 h", "minor"), ("age >48 h", "major")],
    "clots (minor/major)": [("clots", "minor"), ("clots", "major")],
    "missed (minor; 2 in a row major)": [("missed", "minor"), ("missed (2 in a row)", "major")],
    "mismatch (critical, stop); seal (major)": [("mismatch (stop)", "critical"), ("seal", "major")],
    "expired (block)": [("expired (block)", "major")],
    "wrong label (critical if COI)": [("wrong label (if COI)", "critical")],
    "no class": [("no class", "major")],
    "": [],
}


@pytest.mark.parametrize("cell", DEVIATIONS)
def test_typical_deviations_with_their_default_class(cell: str) -> None:
    assert [(found.text, found.severity) for found in read_deviations(cell)] == DEVIATIONS[cell]


def test_unit_procedures_are_known_by_their_code_or_by_their_name(tmp_path: Path) -> None:
    rows = table(HEADING, ("S1", "UP1 Cell wash", "Wash"), ("S2", "Cell count", "Count"), ("S3", "Cell store", "Store"))
    xml = drawn(tmp_path, steps=rows).xml.decode()
    assert all(f'<bpmn:subProcess id="{unit}"' in xml for unit in ("UP1", "Cell_count", "Cell_store"))


def test_all_bad_rows_are_told_at_once_with_file_row_column_and_what_to_do(tmp_path: Path) -> None:
    rows = table(
        HEADING,
        ("S1", "UP1", "Wash", "P+X"),
        ("2S", "UP1", "Count", "P"),
        ("S1", "UP2", "Count", "P"),
        ("S4", "", "Count", "P"),
        ("S5", "UP3", "Count", "P"),
        ("S6", "UP1", "Count", "P"),
    )
    found = problems(tmp_path, steps=rows)
    assert [(p.file, p.row, p.column) for p in found] == [
        ("steps.csv", 2, "verification"), ("steps.csv", 3, "step_id"), ("steps.csv", 4, "step_id"),
        ("steps.csv", 5, "unit_procedure"), ("steps.csv", 7, "unit_procedure"),
    ]  # fmt: skip
    assert all(p.message and p.what_to_do for p in found)
