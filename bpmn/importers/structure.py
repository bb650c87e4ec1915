"""The table of structure: parallel parts, gateways and loops laid over the plain order of the steps.

Loops and then parallel parts are laid from the outside in, then gateways around steps, and last gateways after
something, which stand where that something then is.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise

from bpmn.importers.arrangement import Arrangement, arrangement
from bpmn.importers.blocks import (
    Body,
    Branch,
    Departure,
    Gateway,
    Loop,
    Place,
    Stop,
    Task,
    Unit,
    all_bodies,
    around,
    follower,
    inside,
    places,
    steps_of,
)
from bpmn.importers.header import Header
from bpmn.importers.iteration import beside_last, conditions_on_iterations, finish, run_beside_decision
from bpmn.importers.names import IDENTIFIER, Names, checked, plain_words
from bpmn.importers.phrases import (
    EXCLUSIVE_FORMS,
    PARALLEL_FORMS,
    Branches,
    LoopPhrase,
    Outcome,
    ParallelPhrase,
    PhraseError,
    StructureError,
    read_exclusive_of,
    read_loop,
    read_outcomes,
    read_parallel,
)
from bpmn.importers.steps import StepRow
from bpmn.importers.tables import Layout, Problems, Row

KINDS = ("loop", "parallel", "exclusive")
LAYOUT = Layout("structure.csv", ("id", "kind", "of"), ("condition", "note"))


class Structure:
    """Lays the rows of structure over the steps. Problems are noted; a row that is not understood is left out."""

    def __init__(self, steps: list[StepRow], rows: list[Row], header: Header, problems: Problems) -> None:
        units = _in_order(steps)
        self.body: Body = [*units]
        self._order = {step.step.id: index for index, step in enumerate(steps)}
        self._units = {unit.id: steps_of(unit.body) for unit in units}
        self._header = header
        self._problems = problems
        self._rows = self._sorted(rows)
        self._names = Names({})
        self._loops: dict[str, LoopPhrase] = {}
        self._made: dict[str, int] = {}

    def _sorted(self, rows: list[Row]) -> dict[str, Row]:
        found: dict[str, Row] = {}
        for row in rows:
            if row["kind"] not in KINDS:
                self._problems.add(row, "kind", f"{row['kind']!r} is not known", "write parallel, exclusive or loop")
            elif not IDENTIFIER.fullmatch(row["id"]) or row["id"] in {**self._order, **self._units, **found}:
                self._problems.add(row, "id", f"{row['id']!r} is no identifier or already taken", "use a code such as G13")
            else:
                found[row["id"]] = row
        return found

    # ------------------------------------------------------------------ names

    def _expand(self, name: str) -> set[str]:
        """The steps that a name stands for: a step, a unit procedure or what another row speaks of."""
        if name in self._order:
            return {name}
        if name in self._units:
            return set(self._units[name])
        row = self._rows.get(name)
        if row is None or (row["kind"] == "exclusive" and not row["of"].startswith("around")):
            raise StructureError(f"there is no step, unit procedure or part {name}", "write a step of steps.csv")
        if row["kind"] == "loop":
            names = [inner for item in self._loop(row).items for inner in item.names]
        elif row["kind"] == "parallel":
            names = _all_names(read_parallel(row["of"]).branches)
        else:
            names = list(read_exclusive_of(row["of"])[1])
        if name in names:
            raise StructureError(f"{name} stands in itself", "name its steps")
        return {step for inner in names for step in self._expand(inner)}

    def _loop(self, row: Row) -> LoopPhrase:
        if row["id"] not in self._loops:
            self._loops[row["id"]] = read_loop(row["of"], row["condition"], row["note"])
        return self._loops[row["id"]]

    def _place(self, names: tuple[str, ...], innermost: bool = True) -> Place:
        steps = {step for name in names for step in self._expand(name)}
        named = [Place(body, [block]) for body in all_bodies(self.body) for block in body if names == (block.id,)]
        found = named or places(self.body, steps)
        if not found:
            raise StructureError(f"{', '.join(names)} are not parts of one sequence", "name whole parts of one sequence")
        return found[-1 if innermost else 0]

    # ------------------------------------------------------------------ laying

    def arrange(self, names: Names) -> Arrangement:
        """The procedure with all rows laid over it."""
        kinds = {kind: [row for row in self._rows.values() if row["kind"] == kind] for kind in KINDS}
        for row in sorted(kinds["loop"], key=lambda row: -self._size(row)):
            self._attempt(row, "of", self._lay_loop)
        counters = frozenset(loop.counter for loop in inside(self.body) if isinstance(loop, Loop))
        self._names = Names(names.parameters, counters)
        for row in sorted(kinds["parallel"], key=lambda row: -self._size(row)):
            self._attempt(row, "of", self._lay_parallel)
        for row in sorted(kinds["exclusive"], key=lambda row: not row["of"].startswith("around")):
            self._attempt(row, "condition", self._lay_exclusive)
        for loop in [block for block in inside(self.body) if isinstance(block, Loop)]:
            row = self._rows[loop.id]
            self._attempt(row, "condition", lambda row, loop=loop: finish(loop, row, self._names, self._problems))  # type: ignore[misc]
        if self._rows:
            self._check_order()
        return arrangement(self.body, set(self._rows))

    def _attempt(self, row: Row, column: str, lay: Callable[[Row], None]) -> None:
        try:
            lay(row)
        except PhraseError as error:
            self._problems.add(row, column, str(error), error.forms)

    def _size(self, row: Row) -> int:
        try:
            return len(self._expand(row["id"]))
        except PhraseError:
            return 0

    # ------------------------------------------------------------------ loops

    def _lay_loop(self, row: Row) -> None:
        phrase = self._loop(row)
        maximum = phrase.times or phrase.last - phrase.first + 1
        if maximum < 1:
            raise StructureError(f"it ends at {phrase.last}, before it begins at {phrase.first}", "turn them round")
        if phrase.previous and phrase.previous not in self._order:
            raise StructureError(f"there is no step {phrase.previous}", "name the step that previous means at first")
        said = self._header.loops.get(row["id"], {})
        place = self._place(tuple(name for item in phrase.items for name in item.names))
        outer = {block.counter for block in around(self.body, place.blocks[0]) if isinstance(block, Loop)}
        if phrase.counter in outer:
            raise StructureError(f"the loop around it counts in {phrase.counter} too", "count in another word")
        # Unnamed iterations of a loop inside a loop need a name of their own, or expressions would mean both.
        counter = phrase.counter or (f"iteration_{row['id']}" if outer else "iteration")
        loop = Loop(
            id=row["id"],
            body=[*place.blocks],
            again=re.sub(r"\biteration\b", counter, plain_words(phrase.again or f"iteration < {phrase.first + maximum - 1}")),
            maximum=maximum,
            counter=counter,
            label=said.get("label", phrase.counter[:1].upper() or "#"),
            first=phrase.first,
            previous=phrase.previous,
            due=said.get("due", ""),
        )
        place.replace(loop)
        for item in phrase.items:
            if item.gateway and self._rows.get(item.gateway, row)["kind"] != "exclusive":
                raise StructureError(f"there is no gateway {item.gateway}", "add an exclusive row around these steps")
            if item.when:
                steps = {step for name in item.names for step in self._expand(name)}
                conditions_on_iterations(loop, item, steps, re.sub(r"\biteration\b", counter, item.when))

    # ------------------------------------------------------------------ parallel parts

    def _lay_parallel(self, row: Row) -> None:
        if row["condition"]:
            raise StructureError("a parallel row has no condition", "clear the cell")
        phrase = read_parallel(row["of"])
        gateway = self._branches(row["id"], phrase.branches, row["note"])
        self._check_neighbours(gateway, phrase)

    def _branches(self, gateway_id: str, phrase: Branches, note: str = "") -> Gateway:
        parts = [{step for name in _all_names(Branches((part,))) for step in self._expand(name)} for part in phrase.parts]
        if len(set().union(*parts)) < sum(map(len, parts)):
            raise StructureError("a step stands in two branches", PARALLEL_FORMS)
        candidates = [places(self.body, steps) for steps in parts]
        common = [p.body for p in candidates[0] if all(any(q.body is p.body for q in other) for other in candidates)]
        if not common:
            raise StructureError("the branches are not whole parts of one sequence", "list every step of a part")
        chosen = [next(p for p in candidate if p.body is common[-1]) for candidate in candidates]
        gateway = Gateway(gateway_id, True, [Branch([*place.blocks]) for place in chosen], note=note)
        Place(common[-1], [block for block in common[-1] if any(block in p.blocks for p in chosen)]).replace(gateway)
        nested = [inner for part in phrase.parts for inner in part if isinstance(inner, Branches)]
        for number, inner in enumerate(nested, 1):
            self._branches(f"{gateway_id}_{number}", inner)
        return gateway

    def _check_neighbours(self, gateway: Gateway, phrase: ParallelPhrase) -> None:
        first = min(self._order[step] for step in steps_of([gateway]))
        if phrase.after:
            last = max(self._order[step] for step in self._expand(phrase.after))
            if last + 1 != first:
                found = [step for step, index in self._order.items() if last < index < first]
                raise StructureError(f"between {phrase.after} and the branches stand {', '.join(found) or 'no steps'}",
                                     "name what comes right before the branches")  # fmt: skip
        after = follower(self.body, gateway)
        if phrase.before and after not in self._expand(phrase.before):
            raise StructureError(f"after the branches comes {after or 'the end'}, not {phrase.before}", "name what comes next")

    # ------------------------------------------------------------------ exclusive gateways

    def _lay_exclusive(self, row: Row) -> None:
        try:
            mode, names = read_exclusive_of(row["of"])
        except PhraseError as error:
            self._problems.add(row, "of", str(error), error.forms)
            return
        outcomes = read_outcomes(row["condition"])
        if mode == "around":
            self._lay_around(row, names, outcomes)
        else:
            self._lay_after(row, names[0], outcomes)

    def _lay_around(self, row: Row, names: tuple[str, ...], outcomes: tuple[Outcome, ...]) -> None:
        place = self._place(names)
        at = self._step_of(names[0])
        used: set[str] = set()
        branches, waits = [], True
        for outcome in outcomes:
            condition, ends = beside_last(self.body, outcome.condition, place)
            waits = waits and not ends
            body = self._branch_body(row, outcome, at)
            if outcome.targets[0] not in ("go on", "terminate"):
                steps = {step for name in outcome.targets for step in self._expand(name)}
                used |= steps
                body += [block for block in place.blocks if set(steps_of([block])) <= steps]
            branches.append(Branch(body, self._condition(row, condition, at)))
        unused = set(steps_of(place.blocks)) - used
        if unused:
            raise StructureError(f"no condition leads to {', '.join(sorted(unused))}", EXCLUSIVE_FORMS)
        gateway = Gateway(row["id"], False, branches, row["id"], row["note"])
        place.replace(gateway)
        if not waits:
            run_beside_decision(self.body, gateway)

    def _lay_after(self, row: Row, name: str, outcomes: tuple[Outcome, ...]) -> None:
        place = self._place((name,))
        at, index = self._step_of(name), place.index + len(place.blocks)
        rest = place.body[index:]
        going_on = follower(self.body, place.blocks[-1])
        jump = 0
        branches = []
        for outcome in outcomes:
            body = self._branch_body(row, outcome, at)
            skipped = 0 if outcome.targets[0] in ("go on", "terminate") else self._skipped(outcome.targets, going_on, rest, place)
            if skipped and jump not in (0, skipped):
                raise StructureError("two targets further on", "one gateway goes on, or skips one part")
            jump = jump or skipped
            branches.append((Branch(body, self._condition(row, outcome.condition, at)), outcome, skipped))
        for branch, outcome, skipped in branches:
            if jump and not skipped and outcome.targets[0] != "terminate":
                branch.body += rest[:jump]
        if sum(bool(jump and not skipped and o.targets[0] != "terminate") for _, o, skipped in branches) > 1:
            raise StructureError("two ways go on and another skips", "one gateway goes on, or skips one part")
        if all(outcome.targets[0] == "terminate" for _, outcome, _ in branches):
            raise StructureError("every way terminates", EXCLUSIVE_FORMS)
        gateway = Gateway(row["id"], False, [branch for branch, _, _ in branches], row["id"], row["note"])
        place.body[index : index + jump] = [gateway]

    def _skipped(self, targets: tuple[str, ...], going_on: str, rest: Body, place: Place) -> int:
        """How many of the following blocks of the body a target skips."""
        if len(targets) > 1:
            raise StructureError(f"{', '.join(targets)} are several targets", "name the one step to go on with")
        first = min(self._expand(targets[0]), key=self._order.__getitem__)
        if first == going_on:
            return 0
        for skipped, block in enumerate(rest):
            if first in steps_of([block])[:1]:
                return skipped
        if rest and first == follower(self.body, place.body[-1]):
            return len(rest)
        raise StructureError(f"{targets[0]} can't be reached from here", "name a later step of the same unit procedure, or go on")

    def _branch_body(self, row: Row, outcome: Outcome, at: str) -> Body:
        body: Body = []
        if outcome.departure:
            body.append(Departure(self._free(f"{row['id']}_departure"), at, plain_words(outcome.condition)))
        if outcome.targets == ("terminate",):
            body.append(Stop(self._free(f"{row['id']}_terminate")))
        return body

    def _free(self, wanted: str) -> str:
        """An id that no other block has: the wanted one, or numbered from 2."""
        number = self._made.setdefault(wanted, 0) + 1
        self._made[wanted] = number
        return wanted if number == 1 else f"{wanted}_{number}"

    def _step_of(self, name: str) -> str:
        """The step whose parameters a short name in the condition means: the last of what the gateway follows."""
        return max(self._expand(name), key=self._order.__getitem__)

    def _condition(self, row: Row, text: str, at: str) -> str:
        if not text:
            return ""
        return checked(plain_words(text), at, self._names, row, "condition", self._problems, outside=True)

    # ------------------------------------------------------------------ the result

    def _check_order(self) -> None:
        """What stands one after the other stands so in the table of steps."""
        for body in all_bodies(self.body):
            ranges = [[self._order[step] for step in steps_of([block])] for block in body]
            for before, after in pairwise([r for r in ranges if r]):
                if max(before) > min(after):
                    one, other = (list(self._order)[index] for index in (min(after), max(before)))
                    self._problems.add_file(
                        LAYOUT.file,
                        f"{one} would come after {other}, against the order of the steps",
                        "name every step that runs in between, or write 'STEP beside LOOP'",
                    )


def _in_order(steps: list[StepRow]) -> list[Unit]:
    units: dict[str, Unit] = {}
    for step in steps:
        unit = units.setdefault(step.unit[0], Unit(*step.unit, []))
        unit.body.append(Task(step.step.id))
    return list(units.values())


def _all_names(phrase: Branches) -> list[str]:
    return [name for part in phrase.parts for entry in part
            for name in ([entry] if isinstance(entry, str) else _all_names(entry))]  # fmt: skip
