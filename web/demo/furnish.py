"""What a site needs before the first batch of a recipe: the revision approved and in effect, lots released, equipment ready."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from lxml import etree

from bpmn.diagram import BPMN, Diagram, mes_elements
from bpmn.reading import read_xml
from bpmn.vocabulary import NAMESPACE
from engine import clock, passwords
from engine.actions import drafts, equipment, materials, recipes
from engine.passwords import Proof
from engine.records import RecipeDraft
from engine.site import Site
from engine.transaction import Actor, perform

Crew = Mapping[str, tuple[Actor, Proof]]
Edit = tuple[str, str, Mapping[str, str]]
EXCLUSIVE = ("cleanroom suite", "culture vessel", "rocking bioreactor", "incubator")
COPIES = 6
CERTIFICATES = {"titer": "210000000"}
DEVICE_SECRET = "simulated device, demo only"
DEVICE_OF = {"-80 freezer": "FRZ", "temperature logger reader": "LOG", "cleanroom suite": "SUITE"}

SUBMISSION = {
    "reason": "First revision for the clinical phase.", "site": "Demo site", "phase": "1", "batch_sizes": "One patient's cells",
    "training": "Read and understood; aseptic operators also on the job", "change": "CC-26-011", "risk": "RA-26-004",
    "tests_changed": "false", "client_approves": "false",
}  # fmt: skip

# What is proposed under change control: less vector, and one more sample to look at.
PROPOSED: tuple[Edit, ...] = (
    ("S20", "moi", {
        "target": "2.0", "norLow": "1.5", "norHigh": "3.0", "parLow": "1.0", "parHigh": "5.0",
        "why": "Copy number follows MOI: 3.9 to 4.6 above MOI 3 (limit 5.0). At MOI 2, CAR+ was 28 % (study DS-114)",
    }),
    ("S27", "vcn_ip", {
        "name": "Vector copy number, day 6", "type": "num", "uom": "copies/transduced cell", "class": "IPC",
        "why": "Tells a rising copy number eight days before the release test; reported only",
    }),
)  # fmt: skip

# What the process owner is writing: a limit tightened with its reason, and one loosened whose reason was left as it was.
DRAFTED: tuple[Edit, ...] = (
    ("S02", "age_h", {"norHigh": "30", "why": "Cells older than 30 h at receipt grew poorly in 2 of 3 batches (DEV-2026-031)"}),
    ("S03", "vol_ml", {"norHigh": "320"}),
)


def approve_recipe(site: Site, crew: Crew, xml: str, effective_at: datetime | None = None) -> str:
    """Import a diagram, sign it through and put it into effect; returns the revision's id."""
    header = Diagram.parse(xml.encode()).recipe
    stream, revision = f"recipe:{header.id}", f"{header.id}@{header.revision}"
    perform(site, recipes.import_recipe, actor=crew["PROC"][0], stream=stream, xml=xml)
    for meaning, roles in recipes.ROUTE:
        actor, proof = crew[roles[0]]
        perform(
            site, recipes.sign_recipe, actor=actor, stream=f"batch:{revision}", revision_id=revision, meaning=meaning,
            proof=proof, entries=SUBMISSION if meaning == "authored_by" else {"verdict": "agree"},
        )  # fmt: skip
    actor, proof = crew["QA_DISP"]
    perform(
        site, recipes.make_effective, actor=actor, stream=f"batch:{revision}", revision_id=revision, proof=proof,
        effective_at=clock.text(effective_at or clock.now()),
    )  # fmt: skip
    return revision


def begin_draft(site: Site, crew: Crew, based_on: str, number: str, edits: Iterable[Edit]) -> str:
    """The process owner writes a next revision; `number` is what follows the point in its own. Returns its id."""
    recipe_id, _, revision = based_on.partition("@")
    following = f"{revision.partition('.')[0]}.{number}"
    author, stream = crew["PROC"][0], f"recipe:{recipe_id}"
    begun = perform(
        site, drafts.start_draft, actor=author, stream=stream, recipe_id=recipe_id, revision=following, based_on=based_on
    )
    with site.read() as reader:
        draft = reader.get(RecipeDraft, revision_id=begun["revision"])
    perform(
        site, drafts.save_draft, actor=author, stream=stream, revision_id=begun["revision"],
        xml=_edited(draft["xml"], edits), version=begun["version"],
    )  # fmt: skip
    return str(begun["revision"])


def _edited(xml: str, edits: Iterable[Edit]) -> str:
    """The draft with these edits, so that there is something to compare and to review; what is not there yet is added."""
    root = read_xml(xml.encode())
    for step, parameter, changes in edits:
        [task] = (e for e in root.iter(f"{{{BPMN}}}userTask") if e.get("id") == step)
        edited = next((e for e in task.iter(f"{{{NAMESPACE}}}parameter") if e.get("id") == parameter), None)
        if edited is None:
            [holder] = mes_elements(task, "step")
            edited = etree.SubElement(holder, f"{{{NAMESPACE}}}parameter", id=parameter)
        for name, value in changes.items():
            edited.set(name, value)
    return etree.tostring(root, encoding="unicode")


def stock(site: Site, crew: Crew, xml: str) -> None:
    """Receive and release one lot of each material; register equipment of each class, calibrated for a year."""
    diagram = Diagram.parse(xml.encode())
    names = list(dict.fromkeys(m for step in diagram.steps.values() for m in step.materials))
    certificate = _certificate(diagram)
    for number, material in enumerate(names, start=101):
        _lot(site, crew, f"LOT-{number}", material, certificate.get(material, {}), timedelta(days=540))
    classes = list(dict.fromkeys(e for step in diagram.steps.values() for e in step.equipment))
    for name in classes:
        for copy in range(1, COPIES + 1 if name in EXCLUSIVE else 2):
            _equipment(site, crew, name, copy)


def _certificate(diagram: Diagram) -> dict[str, dict[str, str]]:
    """What each material's certificate has to state, because a step takes it from there."""
    found: dict[str, dict[str, str]] = {}
    for step in diagram.steps.values():
        for parameter in step.parameters:
            if parameter.source == "master" and step.materials:
                stated = CERTIFICATES.get(parameter.id) or parameter.target
                found.setdefault(step.materials[0], {})[parameter.id] = stated
    return found


def _lot(site: Site, crew: Crew, lot: str, material: str, certificate: Mapping[str, str], lasts: timedelta) -> None:
    stream = f"lot:{lot}"
    perform(
        site, materials.register_lot, actor=crew["MFG_SUP"][0], stream=stream, lot_id=lot, material=material,
        supplier="Demo supplies", expires_at=clock.now() + lasts, certificate=certificate,
    )  # fmt: skip
    perform(
        site, materials.set_lot_status, actor=crew["QA_FLR"][0], stream=stream, lot_id=lot, version=1, status="released",
        reason="Certificate and identity checked.",
    )  # fmt: skip


def _equipment(site: Site, crew: Crew, equipment_class: str, copy: int) -> None:
    code = DEVICE_OF.get(equipment_class) or "".join(part[:4] for part in equipment_class.upper().split())
    number = f"{code}-{copy:02d}"
    arguments: dict[str, Any] = {"software_version": "4.2", "credential_hash": passwords.device_secret_hash(DEVICE_SECRET)}
    perform(
        site, equipment.register_equipment, actor=crew["MFG_SUP"][0], stream=f"equipment:{number}", equipment_id=number,
        equipment_class=equipment_class, name=f"{equipment_class.capitalize()} {copy}", exclusive=equipment_class in EXCLUSIVE,
        calibration_due_at=clock.now() + timedelta(days=365), **arguments,
    )  # fmt: skip
