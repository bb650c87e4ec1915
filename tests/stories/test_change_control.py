"""CC-2026-0142 from its initiation to its closure, by the acts and over the API; and a site that draws its own change control."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from bpmn import vocabulary as v
from bpmn.diagram import BPMN, read_element, write_element
from bpmn.layout import lay_out
from bpmn.new_diagram import with_header
from engine import clock, errors
from engine.actions import changes, duties, open_batches, processes, recipes
from engine.actions.batches import start_batch
from engine.actions.drafts import start_draft
from engine.actions.timers import fire_due
from engine.change_facts import item_entries, item_rows
from engine.keys import create_keys
from engine.queries.open_batches import open_batch_matrix
from engine.records import Adoption, Batch, Change, Duty, RecipeRevision, Task
from engine.site import open_site
from engine.transaction import perform
from engine.verify import verify
from tests.batches import SUBMISSION
from tests.changes import CHANGE as SMALL
from tests.changes import ChangeTeam
from tests.stories.api_hands import ApiHands
from tests.stories.cart import ORDER, Cart
from tests.stories.change import CHANGE, next_recipe, run_until, table
from web.app import create_app
from web.demo.people import PEOPLE

SUMMER = "+02:00"
APPROVED_AT = datetime.fromisoformat(f"2026-04-14T15:05:00{SUMMER}")
EFFECTIVE_AT = datetime.fromisoformat(f"2026-04-15T06:00:00{SUMMER}")
REVISION = "MR-CART-001@3.1"
ABOUT = {
    "title": "Lower MOI, and a VCN sample on day 6", "kind": "recipe", "category": "safety", "product": "NVX-117 CAR-T",
    "client": "Novexa", "client_signs": True, "reason": "VCN of 6 treated batches 3.9 to 4.6, limit 5.0.",
    "patient_impact": "A high VCN is a risk of insertional events.",
    "risk": {"severity": 4, "probability": 2, "detectability": 2},
}  # fmt: skip
STUDY = [{"kind": "study", "reference": "DS-114", "says": "CAR 28 % at MOI 2"}]
ASSESSMENTS = {
    "MFG": ("MFG_SUP", "assessed_by_manufacturing", "agree", ""),
    "MSAT": ("MSAT", "technical_assessment_by", "agree", ""),
    "QC": ("QC_REV", "assessed_by_qc", "condition", "The VCN method takes two days."),
    "RA": ("RA", "regulatory_assessment_by", "condition", "An amendment of the IND: only in the trials that it covers."),
    "CLIENT": ("CLI_QA", "assessed_by_client", "agree", ""),
    "IT": ("IT", "assessed_by_it", "agree", ""),
}  # fmt: skip


class ByActs:
    """The acts themselves, each by the person of a role; `MSAT` is the second process owner."""

    def __init__(self, cart: Cart) -> None:
        self.cart = cart

    def someone(self, role: str) -> tuple[Any, Any]:
        found: tuple[Any, Any] = self.cart.crew["tomas" if role == "MSAT" else role]
        return found

    def change(self, role: str, name: str, **arguments: Any) -> dict[str, Any]:
        actor, proof = self.someone(role)
        action: Any = {
            "open": changes.open_change, "item": changes.put_item, "review": changes.review_entries, "sign": changes.sign_step,
            "duty": duties.do_duty,
        }[name]  # fmt: skip
        proven = {"proof": proof} if name == "sign" else {}
        return perform(
            self.cart.site, action, actor=actor, stream=f"batch:{CHANGE}", change_id=CHANGE, **arguments, **proven
        )  # fmt: skip

    def refused(self, role: str, name: str, error: type[Exception], **arguments: Any) -> str:
        with pytest.raises(error) as refusal:
            self.change(role, name, **arguments)
        return str(refusal.value)

    def issue(self, batch: str) -> None:
        actor, proof = self.cart.crew["MFG_SUP"]
        perform(
            self.cart.site, start_batch, actor=actor, stream=f"batch:{batch}", recipe_id="MR-CART-001", batch_id=batch,
            order=order(batch), proof=proof, revision="3.0",
        )  # fmt: skip


class OverApi(ByActs):
    """The same as requests to the API."""

    PATHS = {  # noqa: RUF012
        "open": "/changes", "item": f"/changes/{CHANGE}/items", "review": f"/changes/{CHANGE}/reviews",
        "sign": f"/changes/{CHANGE}/signatures", "duty": f"/changes/{CHANGE}/duties/done",
    }  # fmt: skip
    _keys = (f"change-story-{n:06}" for n in itertools.count(1))

    def __init__(self, cart: Cart) -> None:
        super().__init__(cart)
        self.client = create_app(cart.site, SIGN_IN_LIMIT="").test_client()
        self.hands = ApiHands(self.client)

    def _send(self, role: str, name: str, arguments: dict[str, Any]) -> Any:
        login = self.someone(role)[0].id
        person = next(p for p in PEOPLE if p.login == login)
        opened = self.client.post(
            "/api/v1/session", json={"login": person.login, "password": person.password},
            headers={"Idempotency-Key": next(self._keys)},
        ).get_json()  # fmt: skip
        body = arguments | ({"password": person.password} if name == "sign" else {})
        body |= {"change_id": CHANGE} if name == "open" else {}
        headers = {"Authorization": f"Bearer {opened['token']}", "Idempotency-Key": next(self._keys)}
        return self.client.post(f"/api/v1{self.PATHS[name]}", json=body, headers=headers)

    def change(self, role: str, name: str, **arguments: Any) -> dict[str, Any]:
        response = self._send(role, name, arguments)
        answer: dict[str, Any] = response.get_json()
        assert response.status_code < 300, answer
        return answer

    def refused(self, role: str, name: str, error: type[Exception], **arguments: Any) -> str:
        response = self._send(role, name, arguments)
        assert 400 <= response.status_code < 500, response.get_json()
        return str(response.get_json()["detail"])


def order(batch: str) -> dict[str, str]:
    number = batch[-2:]
    return ORDER | {"coi": f"COI-NVX-0002{number}", "subject": f"101-0{number}", "collection_end": "2026-04-14T10:00:00Z"}


def open_keys(cart: Cart) -> list[str]:
    with cart.site.read() as reader:
        return [row["key"] for row in processes.open_steps(reader, CHANGE)]


def sign(by: ByActs, role: str, step_id: str, meaning: str, **entries: str) -> dict[str, Any]:
    key = next(k for k in open_keys(by.cart) if k.partition("[")[0] == step_id)
    return by.change(role, "sign", task_key=key, meaning=meaning, entries=entries)


def all_entries(cart: Cart) -> list[str]:
    with cart.site.read() as reader:
        return [e.name(item["n"]) for item in item_rows(reader, CHANGE) for e in item_entries(reader, CHANGE, item)]


def state_of(cart: Cart, revision_id: str) -> str:
    with cart.site.read() as reader:
        return str(reader.get(RecipeRevision, id=revision_id)["state"])


def submitted(cart: Cart, by: ByActs) -> None:
    """Pia drafts revision 3.1, opens the change with its two items, submits the draft."""
    actor, proof = by.someone("PROC")
    perform(
        cart.site, start_draft, actor=actor, stream="recipe:MR-CART-001", recipe_id="MR-CART-001", revision="3.1",
        xml=next_recipe(), based_on="MR-CART-001@3.0",
    )  # fmt: skip
    by.change("PROC", "open", **ABOUT)
    for row in table("items.csv"):
        by.change(
            "PROC", "item", kind="revision", title=f"{row['step_id']} {row['param']}", revision_id=REVISION,
            subjects=[f"{row['step_id']}.{row['param']}"], current=row["current"], proposed=row["proposed"],
            category=row["category"], why=row["reason"], evidence=STUDY, confidence="high",
        )  # fmt: skip
    perform(
        cart.site, recipes.sign_recipe, actor=actor, stream=f"batch:{REVISION}", revision_id=REVISION, meaning="authored_by",
        proof=proof, entries=SUBMISSION,
    )  # fmt: skip


def decide_all(cart: Cart) -> None:
    """Every open row as the rules propose, signed by quality, the process owner and the client, and applied."""
    with cart.site.read() as reader:
        rows = [row for row in open_batch_matrix(cart.site, reader, CHANGE) if not row.settled]
    chosen = [{"batch": row.batch, "item": row.item, "decision": row.default} for row in rows]
    actor, proof = cart.crew["QA_DISP"]
    about: dict[str, Any] = {"stream": f"batch:{CHANGE}", "change_id": CHANGE}
    made = perform(
        cart.site, open_batches.propose_decisions, actor=actor, proof=proof, rows=chosen, reason="As the rules lead to", **about
    )
    for role in made["roles_open"]:
        actor, proof = cart.crew[role]
        perform(cart.site, open_batches.sign_decisions, actor=actor, proof=proof, set_id=made["set"], **about)
    assert all(not result["refused"] for result in open_batches.apply_decisions(cart.site, CHANGE))


@pytest.mark.slow
@pytest.mark.requirement("G-06", "C4-01", "P11-06")
@pytest.mark.parametrize("way", [ByActs, OverApi])
def test_cc_2026_0142_from_its_initiation_to_its_closure(cart: Cart, way: type[ByActs]) -> None:
    by = way(cart)
    run_until(cart, "CT-26-0020", "S12", 0, ORDER)
    clock.simulate(datetime.fromisoformat(f"2026-04-13T09:00:00{SUMMER}"))
    submitted(cart, by)
    sign(by, "PROC", "INITIATE", "initiated_by", criterion="Next 10 batches: median VCN <= 3.0 and CAR >= 15 %")
    asked = {key.partition("[")[0] for key in open_keys(cart)} - {"CANCEL"}
    assert asked == ASSESSMENTS.keys()
    for step_id, (role, meaning, verdict, comment) in ASSESSMENTS.items():
        sign(by, role, step_id, meaning, verdict=verdict, **({"comment": comment} if comment else {}))
    assert state_of(cart, REVISION) == "PENDING_APPROVAL"
    clock.simulate(APPROVED_AT)
    approval = {"verdict": "agree", "effective_at": EFFECTIVE_AT.isoformat()}
    key = next(k for k in open_keys(cart) if k.startswith("APPROVE"))
    with pytest.raises(errors.NotPermittedError):  # the author has no role in quality, and would be barred with it
        ByActs(cart).change("PROC", "sign", task_key=key, meaning="approved_by_qa", entries=approval)
    told = by.refused(
        "QA_DISP", "sign", errors.EntriesNotReviewedError, task_key=key, meaning="approved_by_qa", entries=approval
    )
    assert "moi" in told.lower()
    by.change("QA_DISP", "review", entries=all_entries(cart))
    sign(by, "QA_DISP", "APPROVE", "approved_by_qa", **approval)
    assert state_of(cart, REVISION) == "PENDING_APPROVAL"  # the client signs too
    sign(by, "CLI_QA", "CLIENT_APPROVE", "approved_by_client", verdict="agree")
    assert state_of(cart, REVISION) == "APPROVED"

    clock.simulate(EFFECTIVE_AT - timedelta(seconds=1))
    fire_due(cart.site)
    by.issue("CT-26-0022")
    clock.simulate(EFFECTIVE_AT)
    with pytest.raises(errors.RevisionNotEffectiveError, match=r"3\.1"):
        by.issue("CT-26-0023")
    fire_due(cart.site)
    assert (state_of(cart, REVISION), state_of(cart, "MR-CART-001@3.0")) == ("EFFECTIVE", "SUPERSEDED")

    key = next(k for k in open_keys(cart) if k == "OPEN_BATCHES")
    told = by.refused("QA_FLR", "sign", errors.BatchesUndecidedError, task_key=key, meaning="reviewed_by_qa", entries={})
    assert "CT-26-0020, item 1" in told
    assert "CT-26-0022, item 2" in told
    decide_all(cart)
    sign(by, "QA_FLR", "OPEN_BATCHES", "reviewed_by_qa")
    with cart.site.read() as reader:
        adopted = reader.rows(Adoption, batch_id="CT-26-0020")
        left = reader.rows(Duty, change_id=CHANGE, state="open")
    assert [row["change_id"] for row in adopted] == [CHANGE]
    assert any("S20" in row["title"] for row in left if row["title"].startswith("Training"))
    assert any(row["title"].startswith("Filing") for row in left)
    for row in left:
        by.change(row["owner"], "duty", duty_id=row["id"], evidence="Filed with the change.")
    sign(by, "MFG_SUP", "IMPLEMENT", "implementation_verified_by", evidence="Operators signed for S20.")
    results = {"criterion": "Median VCN <= 3.0, CAR >= 15 %", "result": "2.1 and 24 % over 10 batches", "effective": "true"}
    sign(by, "MSAT", "EFFECTIVENESS", "technical_assessment_by", **results)
    assert sign(by, "QA_DISP", "CLOSE", "closed_by_qa")["state"] == "CLOSED"
    assert verify(cart.site.url, cart.site.keys).ok


@pytest.mark.slow
def test_it_is_not_closed_while_a_row_that_came_late_is_undecided(cart: Cart) -> None:
    by = ByActs(cart)
    clock.simulate(datetime.fromisoformat(f"2026-04-13T09:00:00{SUMMER}"))
    submitted(cart, by)
    sign(by, "PROC", "INITIATE", "initiated_by")
    for step_id, (role, meaning, _, _) in ASSESSMENTS.items():
        sign(by, role, step_id, meaning, verdict="agree")
    by.change("QA_DISP", "review", entries=all_entries(cart))
    sign(by, "QA_DISP", "APPROVE", "approved_by_qa", verdict="agree", effective_at=EFFECTIVE_AT.isoformat())
    sign(by, "CLI_QA", "CLIENT_APPROVE", "approved_by_client", verdict="agree")
    sign(by, "QA_FLR", "OPEN_BATCHES", "reviewed_by_qa")  # nothing runs yet
    clock.simulate(EFFECTIVE_AT - timedelta(seconds=1))
    by.issue("CT-26-0022")
    clock.simulate(EFFECTIVE_AT)
    fire_due(cart.site)
    with cart.site.read() as reader:
        left = reader.rows(Duty, change_id=CHANGE, state="open")
    for row in left:
        by.change(row["owner"], "duty", duty_id=row["id"], evidence="Filed.")
    sign(by, "MFG_SUP", "IMPLEMENT", "implementation_verified_by", evidence="Seen.")
    sign(by, "MSAT", "EFFECTIVENESS", "technical_assessment_by", criterion="VCN", result="2.1", effective="true")
    told = by.refused(
        "QA_DISP", "sign", errors.BatchesUndecidedError, task_key="CLOSE", meaning="closed_by_qa", entries={}
    )
    assert "CT-26-0022, item 1" in told
    with cart.site.read() as reader:
        assert reader.get(Change, id=CHANGE)["state"] == "EFFECTIVENESS"
        assert reader.get(Task, batch_id=CHANGE, key="CLOSE")["state"] == "open"
    decide_all(cart)
    assert sign(by, "QA_DISP", "CLOSE", "closed_by_qa")["state"] == "CLOSED"


# A site draws its own change control


@pytest.fixture
def team(database_url: str, tmp_path: Path) -> Iterator[ChangeTeam]:
    create_keys(tmp_path / "keys")
    site = open_site(database_url, tmp_path / "keys")
    clock.simulate(datetime.fromisoformat("2026-04-13T08:00:00+00:00"))
    yield ChangeTeam(site)
    clock.stop_simulating()
    site.close()


def one_more_assessment_and_one_fewer_signature(xml: str) -> str:
    """QC assesses on the light route too, and quality on call authorises an emergency alone."""
    root = etree.fromstring(xml.encode())
    of = {e.get("id"): e for e in root.iter(f"{{{BPMN}}}*") if e.get("id")}
    scope = of["LIGHT_ASSESSMENTS"]
    task = etree.SubElement(scope, f"{{{BPMN}}}userTask", id="LIGHT_QC", name="Assessment by QC, light route")
    like = next(of["LIGHT_MFG"].iter(f"{{{v.NAMESPACE}}}step"))
    step = read_element(v.Step, like)
    more = v.Step(
        "LIGHT_QC", "Assessment by QC, light route", "Can it be tested?", parameters=step.parameters,
        signatures=(v.Signature("Q", ("QC_REV",), ("assessed_by_qc",), ("INITIATE",)),),
    )  # fmt: skip
    del write_element(etree.SubElement(task, f"{{{BPMN}}}extensionElements"), "step", more).attrib["id"]
    of["LIGHT_QC"] = task
    for source, target in (("light_assess_all", "LIGHT_QC"), ("LIGHT_QC", "light_assess_joined")):
        name = f"{source}_to_{target}"
        etree.SubElement(scope, f"{{{BPMN}}}sequenceFlow", id=name, sourceRef=source, targetRef=target)
        for end, way in ((source, "outgoing"), (target, "incoming")):
            etree.SubElement(of[end], f"{{{BPMN}}}{way}").text = name
    authorise = next(of["AUTHORISE"].iter(f"{{{v.NAMESPACE}}}step"))
    supervisor, _ = authorise.findall(f"{{{v.NAMESPACE}}}signature")
    authorise.remove(supervisor)
    lay_out(root)
    return with_header(etree.tostring(root, encoding="unicode"), revision="1.1")


def test_a_site_draws_its_own_change_control_under_a_change_and_running_ones_stay_on_theirs(team: ChangeTeam) -> None:
    team.recipe_in_effect()
    running, about = "CC-2026-0900", "CC-2026-0901"
    team.open(running, stage="process_development")
    team.put(running, kind="text", revision_id=None, proposed="The form of the label is another.")
    xml = one_more_assessment_and_one_fewer_signature(processes.shipped_xml(processes.CHANGE_CONTROL))
    team.revision = team.draft("1.1", xml, recipe_id=processes.CHANGE_CONTROL, kind="process", based_on="CCP-001@1.0")
    team.open(about, kind="process", title="Our change control")
    team.put(about)
    team.submit(team.revision)
    team.initiate(about)
    team.assess(about)
    at = clock.now() + timedelta(hours=1)
    team.approve_change(change_id=about, at=at)
    early = "CC-2026-0902"
    team.open(early, stage="process_development")
    clock.simulate(at)
    fire_due(team.site)
    assert team.state("CCP-001@1.1") == "EFFECTIVE"

    team.initiate(running)
    assert team.assess(running) == ["LIGHT_MFG", "LIGHT_MSAT"]
    team.open(SMALL, stage="process_development")
    team.put(SMALL, kind="text", revision_id=None, proposed="The form of the label is another.")
    team.initiate(SMALL)
    assert {key.partition("[")[0] for key in team.waiting(SMALL)} == {"CANCEL", "LIGHT_MFG", "LIGHT_MSAT", "LIGHT_QC"}
    team.do("LIGHT_QC", "QC_REV", "assessed_by_qc", SMALL, verdict="agree")
    team.assess(SMALL)
    assert team.approve_change("LIGHT_APPROVE", change_id=SMALL)["completed"]

    urgent = "CC-2026-0903"
    team.open(urgent, urgency="emergency")
    team.put(urgent, kind="text", revision_id=None, proposed="The other vessel is used.")
    team.initiate(urgent)
    team.do("AUTHORISE", "QA_FLR", "approved_by_qa", urgent, why="The vessel broke.")
    with team.site.read() as reader:
        drawn = {name: reader.get(Batch, id=name)["revision_id"] for name in (running, about, early, SMALL, urgent)}
    assert drawn == {
        running: "CCP-001@1.0", about: "CCP-001@1.0", early: "CCP-001@1.0", SMALL: "CCP-001@1.1", urgent: "CCP-001@1.1",
    }  # fmt: skip
