"""Any recipe with any values, run by people who react: comments, decisions, repeats, corrections, lost samples.

Beside them an independent reckoning, with fractions, says which exceptions there must be; at the end it has to be right.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from lxml import etree

from bpmn import vocabulary as v
from engine.actions.corrections import correct_value
from engine.actions.decisions import decide
from engine.actions.entries import record_values
from engine.actions.omissions import declare_not_obtained
from engine.batch_record import BatchRecord
from engine.control_recipe import ControlRecipe
from engine.records import DueTime, ExceptionRecord, ParameterValue, Signature, Task
from engine.transaction import Act, Actor
from engine.verify import verify
from tests.recipes import random_recipe
from tests.stories.workshop import Workshop

ORDER = {"weight_kg": "71.5", "urgent": "yes", "collected_at": "2026-03-01T10:00:00Z"}
SEEDS = range(12)
MOST_ACTS = 25
LIMITS = ("parLow", "norLow", "norHigh", "parHigh")
LIVE = ("open", "started", "performed")


def with_limits(xml: bytes, chance: random.Random) -> str:
    """The recipe with limits, actions and severities drawn anew for each parameter."""
    root: Any = etree.fromstring(xml)
    routing = ControlRecipe(xml, "").procedure.routing_names
    for element in root.iter(f"{{{v.NAMESPACE}}}parameter"):
        kind, step = element.get("id"), element.getparent().getparent().getparent().get("id")
        for name in (*LIMITS, "limitAction"):
            element.attrib.pop(name, None)
        if kind == "number":
            bounds = sorted(chance.sample(range(1000), 4))
            kept = {n: str(Decimal(b).scaleb(-1)) for n, b in zip(LIMITS, bounds, strict=True) if chance.random() < 0.8}
            element.attrib.update(kept)
            element.set("qualifier", "true" if f"{step}.number" not in routing else "false")
        elif chance.random() < 0.5:
            answers = {"ok": ["true", "false"], "way": ["on", "off"]}[str(kind)]
            element.attrib.update(dict.fromkeys(LIMITS[::3] if chance.random() < 0.5 else LIMITS[1:3], chance.choice(answers)))
        action = chance.choice(["none", "flag", "flag", "block", "block", "block", "stop"])
        element.set("limitAction", action if any(element.get(name) for name in LIMITS) else "none")
        element.set("severity", chance.choice(v.SEVERITIES))
    return etree.tostring(root, encoding="unicode")


Found = tuple[int, str, bool, bool]


def reckoned(p: v.Parameter, text: str) -> Found | None:
    """What a value must give: number, severity, blocks, stops; None inside its limits, or where none are to be kept."""
    if p.limit_action == "none":
        return None
    if not _within(text, p.par_low, p.par_high):
        return 4, p.severity, p.limit_action in ("block", "stop"), p.limit_action == "stop"
    return None if _within(text, p.nor_low, p.nor_high) else (17, "minor", False, False)


def _within(text: str, low: str, high: str) -> bool:
    if text in ("true", "false", "on", "off"):
        return text in (low or text, high or text)
    worth, step = Fraction(text.lstrip("<>")), Fraction(1, 10**9)
    nearest = {"<": worth - step, ">": worth + step}.get(text[0], worth)
    farthest = {"<": Fraction(-(10**9)), ">": Fraction(10**9)}.get(text[0], worth)
    return all((not low or Fraction(low) <= w) and (not high or w <= Fraction(high)) for w in (nearest, farthest))


def some_value(p: v.Parameter, chance: random.Random) -> str:
    """Inside, at, just outside or far outside a limit; sometimes only known to be below or above."""
    if p.type != "num":
        return chance.choice({"bool": ["true", "false"], "choice": ["on", "off"], "text": ["Seen"]}[p.type])
    bounds = [Decimal(b) for b in (p.par_low, p.nor_low, p.nor_high, p.par_high) if b] or [Decimal(5)]
    step = chance.choice(["-0.01", "0", "0", "0.00", "0.01", "15", "-40", "3"])
    sign = chance.choice(["<", ">"]) if p.qualifier and chance.random() < 0.2 else ""
    return f"{sign}{chance.choice(bounds) + Decimal(step)}"


@dataclass
class Crew:
    """The people at one batch, and what must be on record of what they did."""

    shop: Workshop
    chance: random.Random
    expected: Counter[tuple[str, str | None, int, str, bool, bool]] = field(default_factory=Counter)
    withdrawn: set[str] = field(default_factory=set)
    over: bool = False

    def expect(self, key: str, parameter: str | None, found: Found | None) -> None:
        if found:
            self.expected[key, parameter, *found] += 1

    def go_on(self) -> None:
        """One thing that can happen now."""
        due = [d["due_at"] for d in self.shop.rows(DueTime, state="waiting")]
        tasks = [t for t in self.shop.rows(Task) if t["state"] in LIVE]
        if not tasks or (due and self.chance.random() < 0.2):
            self.shop.wait(hours=24)
        else:
            task = self.chance.choice(tasks)
            (self.begin if task["state"] == "open" else self.finish)(task["key"])
        if self.chance.random() < 0.3:
            self.correct()
        if not self.over:
            self.notice_withdrawn()
        self.over = self.shop.state in ("COMPLETED", "TERMINATED")

    def notice_withdrawn(self) -> None:
        """What the recipe took back although somebody had started it; not what ends with a batch that is given up."""
        for task in self.shop.rows(Task, state="withdrawn"):
            if task["started_at"] and task["key"] not in self.withdrawn:
                self.withdrawn.add(task["key"])
                self.expect(task["key"], None, (13, "info", False, False))

    def begin(self, key: str) -> None:
        self.shop.start(key)
        for p in self.shop._step(key).parameters:
            if self.over:
                return
            if p.type == "num" and p.qualifier and self.chance.random() < 0.1:
                self.shop.act(declare_not_obtained, "MFG_OP", task_key=key, parameter_id=p.id, reason="The tube broke.")
                continue
            self.record(key, p)
            if not self.over and self.chance.random() < 0.1:
                self.record(key, p, reasons={p.id: "Measured again, the first seemed wrong."})
                self.expect(key, p.id, (21, "minor", False, False))

    def record(self, key: str, p: v.Parameter, **more: Any) -> None:
        text = some_value(p, self.chance)
        self.shop.act(record_values, "MFG_OP", task_key=key, entries={p.id: text}, **more)
        self.expect(key, p.id, reckoned(p, text))
        self.decide(key, reckoned(p, text))

    def finish(self, key: str) -> None:
        if self.shop.task(key)["state"] == "started":
            lost = [r for r in self.shop.rows(ParameterValue, task_key=key) if self._counts(r) and not r["value"]]
            for _ in lost:
                self.expect(key, None, (13, "major", True, False))
            self.shop.sign(key)
            if lost:
                self.decide(key, (13, "major", True, False))

    def decide(self, key: str, found: Found | None) -> None:
        """Quality decides at once: nothing overrides a stop, so that batch is given up."""
        number, _, blocks, stops = found or (0, "", False, False)
        if number and (self.shop.task(key)["blocked"], self.shop.task(key)["stopped"]) != (int(blocks), int(stops)):
            raise AssertionError(f"{key} {found} {self.shop.task(key)}")
        if stops:
            self.notice_withdrawn()
            self.shop.act(decide, "QA_FLR", task_key=key, outcome="terminate", reason="Nothing else is left.", proof=True)
            self.over = True
        elif blocks:
            self.shop.proceed(key)

    def correct(self) -> None:
        rows = [r for r in self.shop.rows(ParameterValue) if self._counts(r)]
        if self.over or self.shop.state in ("COMPLETED", "TERMINATED") or not rows:
            return
        row = self.chance.choice(rows)
        p = self._parameter(row)
        text = some_value(p, self.chance)
        self.shop.act(correct_value, "MFG_OP", value_id=row["id"], text=text, reason="Misread, see the raw data.")
        key = row["task_key"]
        self.expect(key, p.id, reckoned(p, text))
        self.expect(key, p.id, (20, "minor", False, False))
        if row["value"] and reckoned(p, row["text"]):
            self.expect(key, p.id, (38, "major", False, False))
        self.decide(key, reckoned(p, text))

    def _counts(self, row: dict[str, Any]) -> bool:
        return bool(self.shop.value(row["task_key"], row["parameter_id"])["id"] == row["id"])

    def _parameter(self, row: dict[str, Any]) -> v.Parameter:
        found = self.shop._step(row["task_key"]).parameter(row["parameter_id"])
        assert found is not None
        return found

    def check_record(self) -> None:
        """Exceptions as reckoned, nothing unjudged; a batch that ended has nothing open, due, unsigned or missing."""
        rows = self.shop.rows(ExceptionRecord)
        names = ("task_key", "parameter_id", "number", "severity")
        found = Counter((*(r[n] for n in names), bool(r["blocks"]), bool(r["stops"])) for r in rows)
        assert found == self.expected
        for row in self.shop.rows(ParameterValue):
            p = self._parameter(row)
            limited = p.limit_action != "none" and any((p.par_low, p.nor_low, p.nor_high, p.par_high))
            wanted = reckoned(p, row["text"]) if row["value"] else None
            assert row["judgement"] == (wanted[1] if wanted else "ok" if limited and row["value"] else "recorded")
        if self.over:
            tasks = self.shop.rows(Task)
            assert not [t for t in tasks if t["state"] in LIVE]
            assert not self.shop.rows(DueTime, state="waiting")
            signed = {r["subject"] for r in self.shop.rows(Signature)}
            assert {f"task:{t['key']}" for t in tasks if t["state"] == "completed"} <= signed


def open_by_replay(act: Act, *, actor: Actor, batch_id: str) -> dict[str, Any]:
    """Which steps the engine has open when it knows nothing but the journal."""
    batch = BatchRecord(act.site, act, batch_id)
    return {"open": sorted(k for k, item in batch.run.open.items() if item.kind != "timer")}


@pytest.mark.parametrize("part", range(3))
def test_the_exceptions_of_any_batch_are_those_that_were_reckoned(workshop: Workshop, part: int) -> None:
    ended: Counter[str] = Counter()
    for seed in SEEDS[part::3]:
        chance = random.Random(seed)
        workshop.batch = f"B-{seed}"
        workshop.run(with_limits(random_recipe(seed, 2 + seed % 9), chance), ORDER)
        crew = Crew(workshop, chance)
        for _ in range(MOST_ACTS):
            crew.go_on()
            if crew.over:
                break
            workshop.site.runs.clear()
            assert workshop.act(open_by_replay, "QA_FLR")["open"] == workshop.open
        crew.check_record()
        ended[workshop.state] += 1
    assert ended["COMPLETED"]
    report = verify(workshop.site.url, workshop.site.keys)
    assert report.ok, str(report)
