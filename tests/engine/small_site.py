"""A small site told in acts of our own, over every real table: what the tests of transaction, trail and verifier use.

Ana performs, Ben verifies, QA on the floor (Quinn) decides, a scale sends readings; two batches run so that rows can
be moved between them.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

from engine import keys, records
from engine.act import Act
from engine.actor import Actor
from engine.checkpoints import make_checkpoint
from engine.signing import sign
from engine.site import Site, open_site
from engine.transaction import perform

ANA = Actor("ana", "Ana Lima", frozenset({"MFG_OP"}), session_id="s1")
BEN = Actor("ben", "Ben Okafor", frozenset({"MFG_VER"}), session_id="s2")
QUINN = Actor("quinn", "Quinn Ahn", frozenset({"QA_FLR"}), session_id="s3")
ADMIN = Actor("admin", "Site Administrator", frozenset({"SYS_ADM"}))
SCALE = Actor("SCALE-01", "Scale 1", frozenset({"DEVICE"}), "device")

DOCUMENT = "<definitions/>"
HASH = "ab" * 32


def small_site(url: str, folder: Path, **settings: Any) -> Site:
    """An open site with keys of its own and no record but its founding."""
    key_dir = folder / f"keys-{secrets.token_hex(4)}"
    keys.create_keys(key_dir)
    return open_site(url, key_dir, **settings)


def filled_site(url: str, folder: Path) -> Site:
    """The same with people, a recipe, equipment, a lot, two batches with every kind of record, and checkpoints."""
    site = small_site(url, folder)
    for person in (ANA, BEN, QUINN):
        perform(site, add_person, actor=ADMIN, stream=f"person:{person.id}", person=person)
    perform(site, add_recipe, actor=QUINN, stream="recipe:MR-1")
    perform(site, add_lot, actor=QUINN, stream="lot:L-1", lot_id="L-1")
    perform(site, add_equipment, actor=QUINN, stream="equipment:SCALE-01", equipment_id="SCALE-01")
    for batch_id in ("B-1", "B-2"):
        run_batch(site, batch_id)
        change_id = f"CC-{batch_id}"
        perform(site, open_change, actor=QUINN, stream=f"batch:{change_id}", change_id=change_id, batch_id=batch_id)
        perform(site, adopt, actor=QUINN, stream=f"batch:{batch_id}", batch_id=batch_id, change_id=change_id)
        perform(site, make_checkpoint, actor=ADMIN, stream="site", source="system")
    return site


def run_batch(site: Site, batch_id: str, steps: int = 3) -> None:
    """One batch with a departure, a block, a decision, a correction and a triage."""
    stream = f"batch:{batch_id}"
    perform(site, start_batch, actor=ANA, stream=stream, batch_id=batch_id, steps=steps)
    for number in range(1, steps + 1):
        task = f"S{number:02}"
        perform(site, start_task, actor=ANA, stream=stream, batch_id=batch_id, task_key=task)
        perform(site, send_reading, actor=SCALE, stream=stream, source="device", batch_id=batch_id, step_id=task)
        perform(site, complete_task, actor=ANA, stream=stream, source="ui", batch_id=batch_id, task_key=task)
    perform(site, correct, actor=ANA, stream=stream, batch_id=batch_id, task_key="S01")
    perform(site, decide, actor=QUINN, stream=stream, batch_id=batch_id, task_key="S02")
    perform(site, ask_departure, actor=BEN, stream=stream, batch_id=batch_id)


def add_person(act: Act, *, actor: Actor, person: Actor) -> dict[str, Any]:
    act.insert(
        records.Person,
        id=person.id,
        login=person.id,
        full_name=person.full_name,
        password_hash=f"$argon2id${person.id}",
        password_changed_at=act.now,
    )
    for role in person.roles:
        act.insert(records.PersonRole, person_id=person.id, role=role, granted_by=actor.id, granted_at=act.now)
    act.insert(
        records.Training,
        id=act.new_id("training"),
        person_id=person.id,
        recipe_id="MR-1",
        revision="1.0",
        valid_from=act.now,
        recorded_by=actor.id,
    )
    act.note("person:registered", login=person.id)
    return {"person": person.id}


def add_recipe(act: Act, *, actor: Actor) -> dict[str, Any]:
    act.insert(records.RecipeDocument, hash=HASH, xml=DOCUMENT)
    act.insert(
        records.RecipeRevision,
        id="MR-1@1.0",
        recipe_id="MR-1",
        revision="1.0",
        title="Small recipe",
        product="NVX-1",
        hash=HASH,
        state="DRAFT",
        authored_by=actor.id,
    )
    act.note("recipe:imported", critical=True)
    sign(
        act,
        actor=actor,
        batch_id=None,
        subject="recipe:MR-1@1.0",
        slot="approve",
        role="QA_FLR",
        meaning="Approved by QA (proceed)",
        record={"hash": HASH},
        seen_hash=None,
    )
    act.update(records.RecipeRevision, {"id": "MR-1@1.0"}, state="EFFECTIVE", effective_at=act.now)
    add_draft(act, actor)
    return {}


def add_draft(act: Act, actor: Actor) -> None:
    """What is written on the next revision, with a dry run of it and the mapping that it was imported with."""
    act.insert(
        records.RecipeRevision, id="MR-1@1.1", recipe_id="MR-1", revision="1.1", title="Small recipe", product="NVX-1",
        hash=HASH, state="DRAFT", authored_by=actor.id,
    )  # fmt: skip
    act.insert(
        records.RecipeDraft, revision_id="MR-1@1.1", recipe_id="MR-1", xml=DOCUMENT, hash=HASH, saved_by=actor.id,
        saved_at=act.now,
    )  # fmt: skip
    act.insert(
        records.DryRun, id=act.new_id("dry_run"), recipe_id="MR-1", revision_id="MR-1@1.1", hash=HASH, kind="system",
        verdict="passed", report={"paths": []}, product_version="0", run_by=actor.id, started_at=act.now, ended_at=act.now,
    )  # fmt: skip
    act.insert(records.ImportMapping, name="Supplier's batch record", columns={"Schritt": "title"}, kept_by=actor.id)


def add_lot(act: Act, *, actor: Actor, lot_id: str) -> dict[str, Any]:
    act.insert(records.MaterialLot, id=lot_id, material="CTS-OPT", status="released", certificate={"titer": "2.1e8"})
    act.note("lot:registered")
    return {"lot": lot_id}


def change_lot(act: Act, *, actor: Actor, lot_id: str, status: str, version: int | None = None) -> dict[str, Any]:
    lot = act.update(records.MaterialLot, {"id": lot_id}, version=version, status=status)
    act.note("lot:changed", status=status)
    return {"version": lot["version"]}


def add_equipment(act: Act, *, actor: Actor, equipment_id: str) -> dict[str, Any]:
    act.insert(
        records.Equipment,
        id=equipment_id,
        equipment_class="scale",
        name="Scale",
        status="available",
        calibration_due_at=act.now,
        credential_hash="$argon2id$scale",
    )
    act.note("equipment:registered")
    return {}


def start_batch(act: Act, *, actor: Actor, batch_id: str, steps: int) -> dict[str, Any]:
    act.recipe_hash = HASH
    act.insert(
        records.Batch,
        id=batch_id,
        recipe_id="MR-1",
        revision_id="MR-1@1.0",
        recipe_hash=HASH,
        coi=f"COI-{batch_id}",
        product="NVX-1",
        order_json={"weight": "74.0"},
        state="IN_PROGRESS",
        issued_at=act.now,
    )
    for number in range(1, steps + 1):
        key = f"S{number:02}"
        act.insert(records.Task, batch_id=batch_id, key=key, step_id=key, title=f"Step {number}", opened_at=act.now)
    act.insert(records.DueTime, id=act.new_id("due"), batch_id=batch_id, kind="timer", ref="T1", from_key="", due_at=act.now)
    act.cache_put(batch_id, '{"open":["S01"]}')
    act.note("batch:issued", batch=batch_id)
    act.note("batch:issued", stream="site", batch=batch_id)
    return {"batch": batch_id}


def start_task(act: Act, *, actor: Actor, batch_id: str, task_key: str) -> dict[str, Any]:
    task = act.get(records.Task, batch_id=batch_id, key=task_key)
    act.insert(
        records.Scan,
        id=act.new_id("scan"),
        batch_id=batch_id,
        task_key=task_key,
        kind="lot",
        code="L-1",
        name="CTS-OPT",
        result="accepted",
        lot_id="L-1",
        by=actor.id,
        at=act.now,
    )
    key = {"batch_id": batch_id, "key": task_key}
    task = act.update(records.Task, key, was=task, state="started", started_at=act.now, started_by=actor.id)
    act.note("task:started", task=task_key)
    return {"version": task["version"]}


def send_reading(act: Act, *, actor: Actor, batch_id: str, step_id: str) -> dict[str, Any]:
    reading = act.insert(
        records.Reading,
        id=act.new_id("reading"),
        batch_id=batch_id,
        equipment_id=actor.id,
        step_id=step_id,
        parameter_id="mass",
        text="7.20",
        uom="g",
        measured_at=act.now,
        received_at=act.now,
    )
    act.note("reading:received", text="7.20")
    return {"reading": reading["id"]}


def complete_task(
    act: Act, *, actor: Actor, batch_id: str, task_key: str, version: int | None = None, text: str = "7.20"
) -> dict[str, Any]:
    """The shape of the hot path: two values, an exception, a signature, the task, the next snapshot."""
    task = act.get(records.Task, batch_id=batch_id, key=task_key)
    readings = act.rows(records.Reading, batch_id=batch_id, step_id=task_key)
    act.recipe_hash = HASH
    ids = [_value(act, actor, task, name, text, readings[-1]["id"] if readings else None) for name in ("mass", "ph")]
    _exception(act, task, ids[0])
    record = {"values": {"mass": text, "ph": text}, "task": task_key}
    sign(
        act,
        actor=actor,
        batch_id=batch_id,
        subject=f"task:{task_key}",
        slot="P",
        role="MFG_OP",
        meaning="Performed by",
        record=record,
        seen_hash=None,
        training_state="valid",
    )
    key = {"batch_id": batch_id, "key": task_key}
    done = act.update(
        records.Task,
        key,
        version=version,
        was=task,
        state="completed",
        ended_at=act.now,
        completed_at=act.now,
        performed_by=actor.id,
    )
    act.cache_put(batch_id, f'{{"done":"{task_key}"}}')
    act.note("task:completed", task=task_key, values=[{"parameter": "mass", "text": text}])
    return {"task": task_key, "version": done["version"]}


def _value(act: Act, actor: Actor, task: dict[str, Any], name: str, text: str, reading: str | None, **more: Any) -> str:
    row = act.insert(
        records.ParameterValue,
        id=act.new_id("value"),
        batch_id=task["batch_id"],
        task_key=task["key"],
        step_id=task["step_id"],
        parameter_id=name,
        text=text,
        value=text,
        uom="g",
        source="device" if reading else "manual",
        entered_by=actor.id,
        entered_role="MFG_OP",
        recorded_at=act.now,
        event_at=act.now,
        event_zone="UTC",
        reading_id=reading,
        judged_by=[["limit", "1"]],
        judgement="ok",
        **more,
    )
    return str(row["id"])


def _exception(act: Act, task: dict[str, Any], value_id: str) -> str:
    row = act.insert(
        records.ExceptionRecord,
        id=act.new_id("exception"),
        batch_id=task["batch_id"],
        task_key=task["key"],
        step_id=task["step_id"],
        parameter_id="mass",
        value_id=value_id,
        number=17,
        rule="limit",
        rule_version="1",
        severity="minor",
        needs_comment=True,
        message="Outside NOR, inside PAR",
        expected="7.00 to 7.10",
        actual="7.20",
        raised_at=act.now,
        dedupe=f"limit:{value_id}",
    )
    return str(row["id"])


def correct(act: Act, *, actor: Actor, batch_id: str, task_key: str) -> dict[str, Any]:
    task = act.get(records.Task, batch_id=batch_id, key=task_key)
    old = act.rows(records.ParameterValue, batch_id=batch_id, task_key=task_key)[0]
    new = _value(act, actor, task, old["parameter_id"], "7.02", None, corrects=old["id"])
    act.insert(
        records.Correction,
        id=act.new_id("correction"),
        batch_id=batch_id,
        value_id=old["id"],
        new_value_id=new,
        reason="Read the wrong line",
        by=actor.id,
        at=act.now,
    )
    act.note("value:corrected", critical=True, old=old["text"], new="7.02", reason="Read the wrong line")
    return {"value": new}


def decide(act: Act, *, actor: Actor, batch_id: str, task_key: str) -> dict[str, Any]:
    exception = act.rows(records.ExceptionRecord, batch_id=batch_id)[0]
    signature = sign(
        act,
        actor=actor,
        batch_id=batch_id,
        subject=f"decision:{task_key}",
        slot="Q",
        role="QA_FLR",
        meaning="Approved by QA (proceed)",
        record={"outcome": "proceed"},
        seen_hash=None,
    )
    act.insert(
        records.Decision,
        id=act.new_id("decision"),
        batch_id=batch_id,
        task_key=task_key,
        outcome="proceed",
        role="QA_FLR",
        reason="No effect on the product",
        by=actor.id,
        at=act.now,
        signature_id=signature["id"],
    )
    act.insert(
        records.ExceptionTriage,
        id=act.new_id("triage"),
        exception_id=exception["id"],
        batch_id=batch_id,
        kind="accept",
        text="Seen",
        by=actor.id,
        role="QA_FLR",
        at=act.now,
        signature_id=signature["id"],
    )
    act.note("task:decided", critical=True, outcome="proceed", reason="No effect on the product")
    return {"decision": "proceed"}


def ask_departure(act: Act, *, actor: Actor, batch_id: str) -> dict[str, Any]:
    act.insert(
        records.Departure,
        id=f"PD-{batch_id}",
        coi=f"COI-{batch_id}",
        batch_id=batch_id,
        step_id="S03",
        parameter_id="mass",
        reason="Second collection impossible",
        risk="Lower yield",
        mitigation="Sample earlier",
        state="requested",
        requested_by=actor.id,
    )
    act.note("departure:requested")
    return {"departure": f"PD-{batch_id}"}


def open_change(act: Act, *, actor: Actor, change_id: str, batch_id: str) -> dict[str, Any]:
    """A change with its run, an item, a tick, a duty, a decision for a running batch, and a notice."""
    act.recipe_hash = HASH
    act.insert(
        records.Batch, id=change_id, recipe_id="CCP-1", revision_id="MR-1@1.0", recipe_hash=HASH, coi="", product="NVX-1",
        order_json={}, state="IN_PROGRESS", issued_at=act.now, kind="change", subject=change_id,
    )  # fmt: skip
    act.insert(
        records.Change, id=change_id, title="Mass to 7.3 g", kind="recipe", reason="Seen in use", category="quality",
        state="INITIATED", opened_by=actor.id, opened_at=act.now,
    )  # fmt: skip
    act.insert(
        records.ChangeItem, change_id=change_id, n=1, kind="revision", title="Mass", revision_id="MR-1@1.1",
        base_id="MR-1@1.0", category="quality", why="The scale is new", confidence="high",
    )  # fmt: skip
    act.insert(records.EntryReview, change_id=change_id, person_id=actor.id, entry="S01.mass norHigh", at=act.now)
    act.insert(records.Duty, id=act.new_id("duty"), change_id=change_id, title="Train the floor", owner=actor.id, due_at=act.now)
    chosen = act.insert(
        records.DecisionSet, id=act.new_id("decision_set"), change_id=change_id, reason="As the rules say", by=actor.id,
        rows=[[batch_id, 1, "BEFORE", "adopt"]], roles=["QA_DISP", "PROC"], at=act.now,
    )  # fmt: skip
    act.insert(
        records.OpenBatchDecision, change_id=change_id, batch_id=batch_id, item=1, set_id=chosen["id"], position="BEFORE",
        decision="adopt", state="APPLIED", applied_at=act.now,
    )  # fmt: skip
    act.insert(
        records.Notice, id=act.new_id("notice"), batch_id=change_id, task_key="MSAT", kind="reminder", roles=["PROC"],
        text="One day is over", at=act.now,
    )  # fmt: skip
    act.insert(
        records.TrainingRequirement, id=act.new_id("training_requirement"), recipe_id="MR-1", revision_id="MR-1@1.1",
        roles=["MFG_OP"], steps=[f"S of {batch_id}"], reading="The new range", set_by=actor.id, set_at=act.now,
    )  # fmt: skip
    act.note("change:initiated", change=change_id)
    return {"change": change_id}


def adopt(act: Act, *, actor: Actor, batch_id: str, change_id: str) -> dict[str, Any]:
    """The batch takes over the item, and a step more of its own."""
    own = act.insert(
        records.AdHocChange, id=f"AH-{batch_id}", batch_id=batch_id, coi=f"COI-{batch_id}", kind="repeat", step_id="S01",
        edit={"kind": "repeat"}, category="quality", reason="Foam", risk="low", roles=["QA_FLR"], state="APPLIED",
        requested_by=actor.id, requested_at=act.now,
    )  # fmt: skip
    for change, ad_hoc in ((change_id, None), (None, own["id"])):
        act.insert(
            records.Adoption, id=act.new_id("adoption"), batch_id=batch_id, change_id=change, ad_hoc_id=ad_hoc, items=[1],
            from_hash=HASH, to_hash=HASH, from_revision="MR-1@1.0", to_revision="MR-1@1.0", from_steps=["S02"],
            prefix_hash=HASH, prefix_steps=1, signatures=[], by=actor.id, at=act.now,
        )  # fmt: skip
    act.note("batch:adopted", critical=True, change=change_id)
    return {"batch": batch_id}
