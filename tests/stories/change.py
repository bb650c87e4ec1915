"""A change of the CAR-T recipe as it stands when it is approved: its revision, its items, and the run that it would have."""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from lxml import etree

from bpmn import vocabulary as v
from bpmn.diagram import BPMN, write_element
from bpmn.new_diagram import with_header
from engine import records
from engine.actions.processes import LIFE_CYCLE, shipped
from engine.documents import read_document
from engine.transaction import SYSTEM, Act, Actor
from tests.stories.cart import Cart, recorded
from web.demo import recipe_xml
from web.demo.floor import Visit

CHANGE = "CC-2026-0142"
DATA = Path(__file__).parent.parent / "data" / "change"


def table(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def next_recipe(xml: str = "") -> str:
    """The CAR-T recipe with the two items of the change: tighter limits of the MOI, one more sample."""
    root = etree.fromstring((xml or recipe_xml()).encode())
    [moi] = [e for e in root.iter(f"{{{v.NAMESPACE}}}parameter") if e.get("id") == "moi"]
    moi.attrib.update({"target": "2.0", "norLow": "1.5", "norHigh": "3.0", "parLow": "1.0", "parHigh": "5.0"})
    moi.set("why", "VCN of treated batches came near its limit; CAR 28 % at MOI 2 (DS-114)")
    [sample] = [n for n in root.iter(f"{{{BPMN}}}userTask") if n.get("id") == "S27"]
    [step] = sample.iter(f"{{{v.NAMESPACE}}}step")
    why = "Early information, no effect on release"
    more = v.Parameter("vcn_ip", "VCN in process", "num", "1", parameter_class="IPC", why=why)
    write_element(step, "parameter", more)
    return with_header(etree.tostring(root, encoding="unicode"), revision="3.1")


def propose(
    act: Act, *, actor: Actor, change_id: str, xml: str, client_signs: bool, items: list[dict[str, Any]],
    base: str = "MR-CART-001@3.0",
) -> dict[str, Any]:  # fmt: skip
    """The change with its approved revision, as its process leaves them behind."""
    document, recipe_id = read_document("recipe", xml), base.partition("@")[0]
    if act.find(records.RecipeDocument, hash=document.hash) is None:
        act.insert(records.RecipeDocument, hash=document.hash, xml=xml)
    revision_id = f"{recipe_id}@{document.revision}"
    act.insert(
        records.RecipeRevision, id=revision_id, recipe_id=recipe_id, revision=document.revision, title=document.title,
        product=document.product, hash=document.hash, state="APPROVED", authored_by="somebody", effective_at=None,
    )  # fmt: skip
    drawn = shipped(act, actor=SYSTEM, process_id=LIFE_CYCLE)
    act.insert(
        records.Batch, id=change_id, recipe_id=drawn["recipe_id"], revision_id=drawn["id"], recipe_hash=drawn["hash"], coi="",
        product="", order_json="{}", state="IN_PROGRESS", issued_at=act.now, kind="change", subject=change_id,
    )  # fmt: skip
    act.insert(
        records.Change, id=change_id, title="MOI", kind="recipe", reason="VCN", category="safety", state="IMPLEMENTING",
        opened_by=actor.id, opened_at=act.now, client_signs=int(client_signs),
    )  # fmt: skip
    for n, item in enumerate(items, 1):
        act.insert(
            records.ChangeItem, change_id=change_id, n=n, kind="revision", title=item["title"], revision_id=revision_id,
            base_id=base, subjects=item["subjects"], category=item["category"], why=item["why"], confidence="high",
        )  # fmt: skip
    act.note("change:initiated", change=change_id)
    return {"change": change_id}


def of_the_file() -> list[dict[str, Any]]:
    """The items of `items.csv`."""
    named = [(row, row["step_id"], row["param"]) for row in table("items.csv")]
    about = [{"title": f"{step} {name}", "subjects": [f"{step}.{name}"]} for _, step, name in named]
    return [item | {"category": row["category"], "why": row["reason"]} for item, (row, _, _) in zip(about, named, strict=True)]


def run_until(cart: Cart, batch: str, step: str, days: int, order: dict[str, str]) -> None:
    """The recorded batch again, some days later, up to and with a step."""
    cart.run(batch, later(recorded(step), timedelta(days=days)), order)


def later(visits: list[Visit], by: timedelta) -> list[Visit]:
    """The same visits some time later, with the instants among their values."""

    def moved(text: str) -> str:
        return (datetime.fromisoformat(text) + by).isoformat() if re.fullmatch(r"\d{4}-\d\d-\d\dT.*", text) else text

    return [
        replace(
            one, started_at=one.started_at + by, ended_at=one.ended_at + by, values={p: moved(t) for p, t in one.values.items()}
        )
        for one in visits
    ]  # fmt: skip
