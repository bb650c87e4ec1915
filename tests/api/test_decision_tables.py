"""Decision tables over the API: read and written in a draft as DMN, checked and tried before."""

from __future__ import annotations

from dataclasses import replace

from bpmn.decision_tables import write_file
from tests import drawings as d
from tests.api.conftest import AsRole

DRAFT = "/drafts/MR-WAY-001@1.0/decisions/D1"
TABLE = d.rules({"S1.n": "num"}, {"way": "text"}, '< 5 | "short"', '> 5 | "long"')


def dmn(table: d.Table) -> str:
    return write_file(table, "D1").decode()


def begun(as_role: AsRole) -> None:
    flows = 'begin > S1 > D1 > x1; x1 > S2 if D1.way == "long"; x1 > S3 else; S2 > end; S3 > end2'
    body = {"recipe_id": "MR-WAY-001", "revision": "1.0", "xml": d.process(flows, D1=d.table("D1", TABLE)).decode()}
    assert as_role("PROC").post("/drafts", body).status_code == 201


def test_a_table_is_read_from_a_draft_and_written_back(as_role: AsRole) -> None:
    begun(as_role)
    found = as_role("MFG_OP").get(DRAFT).get_json()
    assert (found["dmn"], found["version"]) == (dmn(TABLE), 1)
    better = replace(TABLE, rules=(replace(TABLE.rules[0], inputs=("<= 5",)), TABLE.rules[1]))
    saved = as_role("PROC").post(DRAFT, {"dmn": dmn(better), "version": 1}, method="PUT")
    assert (saved.status_code, saved.get_json()["version"]) == (200, 2)
    assert as_role("PROC").get(DRAFT).get_json()["dmn"] == dmn(better)
    assert as_role("PROC").post(DRAFT, {"dmn": dmn(TABLE), "version": 1}, method="PUT").status_code == 409
    assert as_role("PROC").get(DRAFT.replace("D1", "S1")).status_code == 404


def test_what_is_no_table_is_refused_with_its_line(as_role: AsRole) -> None:
    begun(as_role)
    bad = dmn(TABLE).replace("UNIQUE", "ANY")
    refused = as_role("PROC").post(DRAFT, {"dmn": bad, "version": 1}, method="PUT")
    assert refused.status_code == 422
    (finding,) = refused.get_json()["findings"]
    assert (finding["message"], finding["line"] > 1) == ("the hit policy ANY is not run", True)


def test_a_table_is_checked_and_tried_without_a_draft(as_role: AsRole) -> None:
    reader = as_role("QA_DISP")
    judged = reader.post("/decision-tables/checks", {"dmn": dmn(TABLE)}).get_json()
    assert (judged["ok"], judged["problems"][0]["message"]) == (False, "no rule matches S1.n = 5")
    tried = reader.post("/decision-tables/trials", {"dmn": dmn(TABLE), "values": {"S1.n": "5.01"}}).get_json()
    assert (tried["outputs"], tried["rules"]) == ({"way": "long"}, [2])
    none = reader.post("/decision-tables/trials", {"dmn": dmn(TABLE), "values": {"S1.n": "5"}}).get_json()
    assert "no rule matches" in none["refusal"]
