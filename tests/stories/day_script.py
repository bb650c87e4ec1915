"""The script of one day: the recipes that run, fifty changes, what becomes of each, and who is slow.

The day is a Friday, the Monday after it is a holiday, and the clocks change on the Sunday between: what is due after one working
day is due on Tuesday, by the time on the wall.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from lxml import etree

from bpmn import vocabulary as v
from bpmn.diagram import BPMN, Diagram
from bpmn.edits import ChangeLimit, InsertStep, apply_edit
from bpmn.new_diagram import with_header
from tests import drawings
from tests.stories.workshop import OPERATOR, number, recipe, step

ZONE = "Europe/Berlin"
HOLIDAYS = frozenset({date(2026, 3, 30)})
EVE = datetime(2026, 3, 26, 8, tzinfo=ZoneInfo(ZONE)).astimezone(UTC)
MORNING = datetime(2026, 3, 27, 6, tzinfo=ZoneInfo(ZONE)).astimezone(UTC)
EVENING = datetime(2026, 3, 28, 6, tzinfo=ZoneInfo(ZONE)).astimezone(UTC)
OVER = datetime(2026, 4, 2, 6, tzinfo=ZoneInfo(ZONE)).astimezone(UTC)
ONE_WORKING_DAY = timedelta(days=4, hours=-1)
"""From a time on that Friday to the same on Tuesday: a weekend, a holiday, and one hour that the clocks skip."""
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
EVER = timedelta(days=99)
SIGN = "SIGN"
GIVEN_UP = ("CANCELLED",)

CHAIN = v.OrderField(name="coi", type="text", label="Chain of identity", identifier=True)
RUNNING, PLANNED = 40, 2


def _row(count: int) -> str:
    return " > ".join(f"S{n}" for n in range(1, count + 1))


def recipes() -> dict[str, str]:
    """Four small recipes: steps in a row, in branches, day by day, one way or another."""
    asked = {f"S{n}": step(f"S{n}", number("n", "10..90", "0..100")) for n in range(1, 13)}

    def of(name: str, flows: str, **more: str) -> str:
        steps = {n: xml for n, xml in asked.items() if f"{n} " in f"{flows} "}
        return with_header(recipe(flows, header={"order_fields": (CHAIN,)}, **steps | more), id=name, title=f"Recipe {name}")

    days = drawings.sub("D1", "begin1 > S2 > S3 > end1", drawings.loop("day < 3", most=4), S2=asked["S2"], S3=asked["S3"])
    branches = "begin > S1 > S2 > p1; p1 > S3 > S4 > p2; p1 > S5 > S6 > p2; p2 > S7 > S8 > S9 > S10 > end"
    either = "begin > S1 > S2 > x1; x1 > S3 if S1.n > 60; x1 > S4 else; S3 > x2; S4 > x2; x2 > S5 > S6 > S7 > S8 > S9 > end"
    return {
        "MR-ROW-010": of("MR-ROW-010", f"begin > {_row(12)} > end"),
        "MR-BRA-020": of("MR-BRA-020", branches),
        "MR-DAY-030": of("MR-DAY-030", "begin > S1 > D1; D1 > S4 > S5 > S6 > S7 > S8 > end", D1=days),
        "MR-WAY-040": of("MR-WAY-040", either),
    }


def edited(xml: str, kind: str, turn: int) -> str:
    """The next revision of a recipe: `limit`, `insert`, `both`, or `editorial`. `turn` says at which step, and how much."""
    steps = [s for s in Diagram.parse(xml.encode()).steps if s.startswith("S")]
    at, data = steps[-1 - turn % 4], xml.encode()
    if kind in ("limit", "both"):
        data = apply_edit(data, ChangeLimit(at, "n", f"Study {turn}", par_high=str(99 - turn)))
    if kind in ("insert", "both"):
        asked = (v.Parameter("ok", "In order", "bool"),)
        more = v.Step(f"N{turn}", f"Look once more, {turn}", signatures=(OPERATOR,), parameters=asked)
        data = apply_edit(data, InsertStep(at, more))
    if kind == "editorial":
        root = etree.fromstring(data)
        next(p for p in root.iter(f"{{{v.NAMESPACE}}}parameter") if p.get("id") == "n").set("example", str(turn))
        data = etree.tostring(root)
    return data.decode()


def reworded(xml: str) -> str:
    """The draft written anew after it came back: the last step says more."""
    root = etree.fromstring(xml.encode())
    last = [n for n in root.iter(f"{{{BPMN}}}userTask") if str(n.get("id")).startswith("S")][-1]
    for found in last.iter(f"{{{v.NAMESPACE}}}step"):
        found.set("instruction", f"{found.get('instruction') or ''} Do it with care.".strip())
    return etree.tostring(root, encoding="unicode")


@dataclass(frozen=True)
class Plan:
    """One change of the day.

    `recipe`: the next revision of it is proposed, changed by `edit`; without one a text is. `says`: by step, the verdict at the
    first time that it is reached; later everybody agrees. `slow`: for how long a step is left alone by those who could do it; by
    step id, `step:role` for one of its signatures, or SIGN for decisions about open batches. `holds`: one batch is put on hold
    first. `cancels`: who gives the change up, `cancel_after` so long. `ends`: the states in which it may be found at the end.
    """

    name: str
    opens: timedelta
    by: str
    route: str
    recipe: str = ""
    edit: str = "limit"
    category: str = "quality"
    client: bool = False
    says: Mapping[str, str] = field(default_factory=dict)
    slow: Mapping[str, timedelta] = field(default_factory=dict)
    effect: timedelta = timedelta(0)
    holds: bool = False
    cancels: str = ""
    cancel_after: timedelta = timedelta(0)
    ends: tuple[str, ...] = ("CLOSED",)

    @property
    def opens_at(self) -> datetime:
        """The earliest instant at which it is opened."""
        return MORNING + self.opens

    @property
    def asks(self) -> dict[str, str]:
        """What decides its route."""
        urgency = "emergency" if self.route == "emergency" else "planned"
        early = self.route == "light" and self.category != "editorial"
        return {"urgency": urgency, "stage": "process_development" if early else "clinical"}


def at(text: str) -> timedelta:
    """A time on the wall, from the morning on."""
    hours, _, minutes = text.partition(":")
    return timedelta(hours=int(hours) - 6, minutes=int(minutes))


A, B, C, D = "MR-ROW-010", "MR-BRA-020", "MR-DAY-030", "MR-WAY-040"
FULL, LIGHT, URGENT = "full", "light", "emergency"
PLANS = (
    # One revision after the other of four recipes.
    Plan("A1", at("06:05"), "pia", FULL, A, "limit", says={"QC": "condition"}, effect=30 * MINUTE),
    Plan("A2", at("08:00"), "tomas", LIGHT, A, "insert"),
    Plan("A3", at("09:00"), "pia", URGENT, A, "limit", "safety", slow={SIGN: 2 * HOUR}),
    Plan("A4", at("10:30"), "tomas", FULL, A, "both", client=True, says={"APPROVE": "return"}, effect=HOUR),
    Plan("A5", at("14:00"), "pia", LIGHT, A, "editorial", "editorial"),
    Plan("A6", at("16:00"), "tomas", LIGHT, A, "limit", slow={"LIGHT_APPROVE": 8 * HOUR + 30 * MINUTE}),
    Plan("B1", at("06:05"), "tomas", LIGHT, B, "both", holds=True),
    Plan("B2", at("10:00"), "pia", FULL, B, "limit", "safety", says={"MFG": "object"}, effect=15 * MINUTE),
    Plan("B3", at("11:00"), "tomas", FULL, B, "insert", says={"APPROVE": "reject"}, ends=("REJECTED",)),
    Plan("B4", at("12:00"), "pia", URGENT, B, "insert", slow={"AUTHORISE": 40 * MINUTE}),
    Plan("B5", at("14:30"), "pia", LIGHT, B, "limit", says={"LIGHT_MSAT": "object"}),
    Plan("B6", at("16:00"), "tomas", FULL, B, "both", client=True, effect=7 * DAY, ends=("IMPLEMENTING",)),
    Plan("C1", at("06:10"), "pia", URGENT, C, "limit", slow={SIGN: HOUR}),
    Plan("C2", at("07:30"), "tomas", FULL, C, "insert", "safety", effect=20 * MINUTE, holds=True),
    Plan("C3", at("11:30"), "pia", LIGHT, C, "limit", slow={"LIGHT_MFG": 3 * HOUR}, cancels="pia", cancel_after=HOUR,
         ends=GIVEN_UP),
    Plan("C4", at("13:30"), "tomas", FULL, C, "both", client=True, says={"CLIENT_APPROVE": "return"}, effect=10 * MINUTE),
    Plan("C5", at("17:00"), "pia", URGENT, C, "limit", slow={"RETROSPECTIVE": ONE_WORKING_DAY + HOUR}),
    Plan("D1", at("06:15"), "tomas", FULL, D, "both", effect=5 * MINUTE, slow={SIGN: HOUR}),
    Plan("D2", at("08:30"), "pia", LIGHT, D, "limit", "safety", says={"LIGHT_APPROVE": "return"}),
    Plan("D3", at("11:00"), "tomas", URGENT, D, "both", says={"RETROSPECTIVE": "refuse"}),
    Plan("D4", at("13:00"), "pia", FULL, D, "insert", client=True, says={"CLIENT_APPROVE": "reject"}, ends=("REJECTED",)),
    Plan("D5", at("15:00"), "tomas", LIGHT, D, "insert", slow={"LIGHT_MSAT": 4 * HOUR + MINUTE}),
    # Texts: full route.
    Plan("T01", at("06:20"), "rosa", FULL, client=True),
    Plan("T02", at("07:00"), "rita", FULL, slow={"MFG": ONE_WORKING_DAY - MINUTE}),
    Plan("T03", at("07:00"), "rita", FULL, slow={"MFG": ONE_WORKING_DAY + MINUTE}),
    Plan("T04", at("09:15"), "farid", FULL, slow={"MSAT": ONE_WORKING_DAY + DAY + HOUR}),
    Plan("T05", at("10:00"), "rosa", FULL, client=True, slow={"CLIENT": EVER}, ends=("ASSESSMENT",)),
    Plan("T06", at("10:00"), "pia", FULL, slow={"APPROVE": ONE_WORKING_DAY + 2 * HOUR}),
    Plan("T07", at("11:20"), "tomas", FULL, client=True, slow={"CLIENT_APPROVE": ONE_WORKING_DAY + DAY + 2 * HOUR}),
    Plan("T08", at("12:10"), "rita", FULL, slow={"MFG": 2 * HOUR}, cancels="diana", cancel_after=HOUR, ends=GIVEN_UP),
    Plan("T09", at("15:00"), "rosa", FULL, says={"MSAT": "object", "APPROVE": "reject"}, ends=("REJECTED",)),
    # Texts: light route.
    Plan("T10", at("06:30"), "rosa", LIGHT),
    Plan("T11", at("06:30"), "rita", LIGHT, category="editorial", slow={"LIGHT_MFG": 4 * HOUR - MINUTE}),
    Plan("T12", at("06:30"), "farid", LIGHT, slow={"LIGHT_MFG": 4 * HOUR + MINUTE, "LIGHT_MSAT": 5 * HOUR}),
    Plan("T13", at("07:10"), "pia", LIGHT, category="editorial", slow={"LIGHT_MSAT": 9 * HOUR}),
    Plan("T14", at("08:00"), "tomas", LIGHT, slow={"LIGHT_APPROVE": 4 * HOUR + 30 * MINUTE}),
    Plan("T15", at("08:00"), "rosa", LIGHT, says={"LIGHT_APPROVE": "reject"}, ends=("REJECTED",)),
    Plan("T16", at("10:00"), "rita", LIGHT, says={"LIGHT_MFG": "object", "LIGHT_APPROVE": "return"}),
    Plan("T17", at("10:00"), "pia", LIGHT, cancels="pia", ends=("CLOSED", "CANCELLED")),
    Plan("T18", at("10:00"), "tomas", LIGHT, cancels="farid", ends=("CLOSED", "CANCELLED")),
    Plan("T19", at("13:00"), "rosa", LIGHT, category="editorial"),
    Plan("T20", at("13:00"), "rita", LIGHT, says={"LIGHT_MSAT": "condition"}, effect=3 * HOUR),
    Plan("T21", at("13:00"), "farid", LIGHT, slow={"INITIATE": 2 * HOUR}, cancels="farid", cancel_after=HOUR, ends=GIVEN_UP),
    # Texts: emergencies.
    Plan("T22", at("06:40"), "pia", URGENT),
    Plan("T23", at("09:40"), "tomas", URGENT, slow={"AUTHORISE:QA_FLR": 65 * MINUTE}),
    Plan("T24", at("10:00"), "rosa", URGENT, slow={"AUTHORISE": 29 * MINUTE}),
    Plan("T25", at("10:00"), "rita", URGENT, slow={"RETROSPECTIVE": 5 * HOUR}),
    Plan("T26", at("14:00"), "pia", URGENT, says={"RETROSPECTIVE": "refuse"}),
    Plan("T27", at("17:30"), "tomas", URGENT, slow={"AUTHORISE": EVER}, ends=("EMERGENCY",)),
    Plan("T28", at("18:00"), "rosa", URGENT),
)  # fmt: skip
PLAN = {plan.name: plan for plan in PLANS}
