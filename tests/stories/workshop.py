"""A site for any recipe: people and nothing else; recipes drawn in a few lines, put into effect and run by the acts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

from lxml import etree

from bpmn import vocabulary as v
from bpmn.checks import check_diagram
from bpmn.diagram import BPMN, Diagram, write_element
from engine import clock, keys, passwords
from engine.actions.batches import start_batch
from engine.actions.decisions import decide
from engine.actions.entries import record_values
from engine.actions.exceptions import comment_exception
from engine.actions.tasks import sign_task, start_task
from engine.actions.timers import fire_due
from engine.batch_record import BatchRecord
from engine.records import Batch, ExceptionRecord, ParameterValue, Task
from engine.site import Site, open_site
from engine.transaction import perform
from tests import drawings
from web.demo.furnish import Crew, approve_recipe, stock
from web.demo.hands import DirectHands
from web.demo.people import PEOPLE, settle, train

MORNING = datetime.fromisoformat("2026-03-02T06:00:00+00:00")
NOTHING: Mapping[str, Any] = MappingProxyType({})
OPERATOR = v.Signature("P", ("MFG_OP",), ("performed_by",))


def step(step_id: str, *parameters: v.Parameter, **more: Any) -> str:
    """A user task with its step; signed by an operator unless said otherwise."""
    more = {"signatures": (OPERATOR,), **more}
    drawn = f'<bpmn:userTask id="{step_id}" name="Do {step_id}"/>'
    return _with(drawn, "step", v.Step("", f"Do {step_id}", parameters=parameters, **more))


def number(name: str = "n", nor: str = "", par: str = "", **more: Any) -> v.Parameter:
    """A number with limits written as `10..90`."""
    low, high = [side.partition("..")[::2] for side in (nor, par)]
    limits = {"nor_low": low[0], "nor_high": low[1], "par_low": high[0], "par_high": high[1]}
    action = "block" if nor or par else "none"
    return v.Parameter(name, name.capitalize(), "num", "1", **{"limit_action": action, **limits, **more})


def timer(kind: str, name: str, due: str = "", hold: str = "", on: str = "", interrupting: bool = True) -> str:
    return _with(drawings.event(kind, name, "timer", on, interrupting), "timer", v.Timer(due, hold))


def recipe(flows: str, *more: str, header: Mapping[str, Any] = NOTHING, **elements: str) -> str:
    """A whole recipe. Steps that are not given ask for nothing."""
    names = {p.strip().split(" ")[0] for chain in flows.split(";") for p in chain.split(">")}
    elements = {n: step(n) for n in sorted(names) if n.startswith("S") and n not in elements} | elements
    root = etree.fromstring(drawings.process(flows, *more, **elements))
    for count, waits in enumerate(list(root.iter(f"{{{BPMN}}}messageEventDefinition"))):
        waits.set("messageRef", f"letter{count}")
        root.insert(0, etree.Element(f"{{{BPMN}}}message", id=f"letter{count}", name=f"Letter {count}"))
    process = root.find(f"{{{BPMN}}}process")
    assert process is not None
    extension = etree.Element(f"{{{BPMN}}}extensionElements")
    process.insert(0, extension)
    write_element(extension, "recipe", v.Recipe(id="MR-ANY-001", revision="1.0", title="Any recipe", **header))
    return etree.tostring(root, encoding="unicode")


def _with(xml: str, name: str, value: Any) -> str:
    element = etree.fromstring(f'<x xmlns:bpmn="{BPMN}" xmlns:mes="{v.NAMESPACE}">{xml}</x>')[0]
    extension = etree.Element(f"{{{BPMN}}}extensionElements")
    element.insert(0, extension)
    made = write_element(extension, name, value)
    if name == "step":
        del made.attrib["id"]
    return etree.tostring(element, encoding="unicode")


@dataclass(slots=True)
class Workshop:
    """A site with its crew, for one batch of one recipe."""

    site: Site
    crew: Crew
    hands: DirectHands
    batch: str = "B-1"

    def run(self, xml: str, order: Mapping[str, str] = NOTHING) -> None:
        """Put the recipe into effect and start a batch."""
        findings = check_diagram(xml.encode()).errors
        assert not findings, "\n".join(f"{f.element_id}: {f.rule}: {f.message}" for f in findings)
        header = Diagram.parse(xml.encode()).recipe
        approve_recipe(self.site, self.crew, xml)
        train(self.site, PEOPLE, header.id, header.revision)
        stock(self.site, self.crew, xml)
        self.wait(seconds=1)
        self.act(start_batch, "MFG_SUP", recipe_id=header.id, order=order, proof=True)

    def wait(self, **much: float) -> None:
        """Time goes by; what is due fires when it is due."""
        until = clock.now() + timedelta(**much)
        while True:
            with self.site.read() as reader:
                found = reader.fetch("SELECT MIN(due_at) FROM due_time WHERE state = 'waiting'")[0][0]
            if not found or clock.parse(found) >= until:
                break
            clock.simulate(max(clock.now(), clock.parse(found) + timedelta(seconds=1)))
            if not fire_due(self.site):
                break
        clock.simulate(max(clock.now(), until))

    def act(self, action: Callable[..., Any], role: str, **arguments: Any) -> Any:
        """One act of the person of a role; with `proof=True` their password is proven."""
        actor, proof = self.crew[role]
        if arguments.get("proof") is True:
            arguments["proof"] = proof
        return perform(self.site, action, actor=actor, stream=f"batch:{self.batch}", batch_id=self.batch, **arguments)

    def rows(self, table: Any, **equal: Any) -> list[dict[str, Any]]:
        with self.site.read() as reader:
            return reader.rows(table, batch_id=self.batch, **equal)

    @property
    def open(self) -> list[str]:
        """Keys of the steps at which somebody can do something."""
        return sorted(t["key"] for t in self.rows(Task) if t["state"] in ("open", "started", "performed"))

    @property
    def state(self) -> str:
        return str(self.batch_row()["state"])

    def batch_row(self) -> dict[str, Any]:
        with self.site.read() as reader:
            return reader.get(Batch, id=self.batch)

    def task(self, key: str) -> dict[str, Any]:
        return self.rows(Task, key=key)[0]

    def exceptions(self) -> list[tuple[str, int, str]]:
        rows = sorted(self.rows(ExceptionRecord), key=lambda r: (r["raised_at"], r["id"]))
        return [(r["task_key"] or r["step_id"], r["number"], r["severity"]) for r in rows]

    def value(self, key: str, parameter: str) -> dict[str, Any]:
        with self.site.read() as reader:
            return BatchRecord(self.site, reader, self.batch).values(key)[parameter]

    def start(self, key: str) -> None:
        self.act(start_task, self._worker(key), task_key=key)

    def enter(self, key: str, **entries: str) -> Any:
        return self.act(record_values, self._worker(key), task_key=key, entries=entries)

    def sign(self, key: str) -> None:
        """Everybody signs, in their turn, and comments what waits for a comment."""
        for slot in self._step(key).slots.values():
            due = {r["id"]: "Seen, and told." for r in self.rows(ExceptionRecord) if r["needs_comment"]}
            reading = {r["parameter_id"]: r["text"] for r in self.rows(ParameterValue, task_key=key)}
            blind = {"verification": reading} if slot.meanings[0] == "verified_by" else {}
            self.act(sign_task, slot.roles[0], task_key=key, meaning=slot.meanings[0], proof=True, comments=due, **blind)
        for row in self.rows(ExceptionRecord, task_key=key):
            if row["needs_comment"]:
                self.act(comment_exception, slot.roles[0], exception_id=row["id"], text="Seen, and told.")

    def do(self, *keys: str, **entries: str) -> None:
        """Perform steps from start to last signature, a minute each."""
        for key in keys:
            self.start(key)
            self.wait(minutes=1)
            asked = {p.id for p in self._step(key).parameters}
            given = {p: t for p, t in entries.items() if p in asked}
            if "evidence" in asked:
                given.setdefault("evidence", "Letter 12 of the laboratory")
            if given:
                self.enter(key, **given)
            self.sign(key)

    def proceed(self, key: str) -> None:
        self.act(decide, "QA_FLR", task_key=key, outcome="proceed", reason="No effect on the product.", proof=True)

    def _step(self, key: str) -> v.Step:
        with self.site.read() as reader:
            batch = BatchRecord(self.site, reader, self.batch)
            return batch.step(batch.task(key))

    def _worker(self, key: str) -> str:
        first = next(iter(self._step(key).slots.values()))
        return first.roles[0]


def settled(url: str, folder: Path) -> Workshop:
    """Furnish an empty, migrated database with people."""
    passwords.set_cost(passwords.CHEAP)
    keys.create_keys(folder / "keys")
    site = open_site(url, folder / "keys")
    clock.simulate(MORNING)
    crew = settle(site)
    return Workshop(site, crew, DirectHands(site, crew))


def reopened(url: str, key_folder: Path, crew: Crew) -> Workshop:
    """A copy of a furnished site."""
    passwords.set_cost(passwords.CHEAP)
    site = open_site(url, key_folder)
    return Workshop(site, crew, DirectHands(site, crew))
