"""The table of structure: parallel parts, gateways and loops laid over the plain order of the steps.

Loops are laid first (inner ones inside outer ones), then parallel parts (outer ones first), then gateways around steps, and
last gateways after something, which stand where that something then is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from bpmn import vocabulary as v
from bpmn.importers.blocks import (
    Block, Body, Branch, Departure, Gateway, Loop, Place, Stop, Task, Unit, all_bodies, around, bodies, follower, inside,
    places, steps_of,
)  # fmt: skip
from bpmn.importers.header import Header
from bpmn.importers.names import IDENTIFIER, Names, checked, literals, negated
from bpmn.importers.parameters import ParameterRow
from bpmn.importers.phrases import (
    EXCLUSIVE_FORMS, LOOP_OF_FORMS, PARALLEL_FORMS, Branches, LoopPhrase, Outcome, ParallelPhrase, PhraseError,
    read_exclusive_of, read_loop, read_outcomes, read_parallel,
)  # fmt: skip
from bpmn.importers.steps import StepRow
from bpmn.importers.tables import Layout, Problems, Row

LAYOUT = Layout("structure.csv", ("id", "kind", "of"), ("condition", "note"))
_NOT_THE_LAST = re.compile(r"(?:\band\s+)?\bthe (\w+) is not the (\w+) \1\b")


class StructureError(PhraseError):
    """A phrase that is understood but does not fit the steps; `forms` says what to do."""


@dataclass
class Arrangement:
    """The procedure and what its structure says beside the flow: conditions and the choices they ask for."""

    body: Body
    loop_of: dict[str, str] = field(default_factory=dict)
    choices: dict[str, list[str]] = field(default_factory=dict)
    departing: set[tuple[str, str]] = field(default_factory=set)


class Structure:
    """Lays the rows of structure over the steps. Problems are noted; a row that is not understood is left out."""

    def __init__(self, steps: list[StepRow], rows: list[Row], header: Header, problems: Problems) -> None:
        self.body = _in_order(steps)
        self._order = {step.step.id: index for index, step in enumerate(steps)}
        self._units = {unit.id: steps_of(unit.body) for unit in self.body}
        self._header = header
        self._problems = problems
        self._rows = self._sorted(rows)
        self._conditions: list[str] = []
        self._loops: dict[str, LoopPhrase] = {}
        self._ends: dict[str, list[str]] = {}

    def _sorted(self, rows: list[Row]) -> dict[str, Row]:
        found: dict[str, Row] = {}
        for row in rows:
            if row["kind"] not in ("parallel", "exclusive", "loop"):
                self._problems.add(row, "kind", f"{row['kind']!r} is not known", "write parallel, exclusive or loop")
            elif not IDENTIFIER.fullmatch(row["id"]) or row["id"] in {**self._order, **self._units, **found}:
                self._problems.add(row, "id", f"{row['id']!r} is no identifier or already taken", "use a code such as G13")
            else:
                found[row["id"]] = row
        return found

    # ------------------------------------------------------------------ names

    def _expand(self, name: str) -> set[str]:
        """The steps that a name stands for: a step, a unit procedure, a loop or a gateway around steps."""
        if name in self._order:
            return {name}
        if name in self._units:
            return set(self._units[name])
        row = self._rows.get(name)
        if row is not None and row["kind"] == "loop":
            phrase = self._loops.get(name) or read_loop(row["of"], row["condition"], row["note"])
            return {step for item in phrase.items for inner in item.names for step in self._expand(inner)}
        if row is not None and row["kind"] == "exclusive" and row["of"].startswith("around"):
            return {step for inner in read_exclusive_of(row["of"])[1] for step in self._expand(inner)}
        raise StructureError(f"there is no step, unit procedure or loop {name}", "write a step of steps.csv")

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
        kinds = {kind: [row for row in self._rows.values() if row["kind"] == kind] for kind in ("loop", "parallel", "exclusive")}
        for row in kinds["loop"]:
            self._attempt(row, "of", self._read_loop)
        for row in sorted(kinds["loop"], key=lambda r: -self._size(r)):
            self._attempt(row, "of", self._lay_loop)
        counters = frozenset(loop.counter for loop in inside(self.body) if isinstance(loop, Loop))
        self._names = Names(names.parameters, counters)
        for row in sorted(kinds["parallel"], key=lambda r: -self._size(r)):
            self._attempt(row, "of", self._lay_parallel)
        exclusive = [(row, row["of"].startswith("around")) for row in kinds["exclusive"]]
        for row in [row for row, is_around in exclusive if is_around] + [row for row, is_around in exclusive if not is_around]:
            self._attempt(row, "condition", self._lay_exclusive)
        self._check_order()
        return self._arrangement()

    def _attempt(self, row: Row, column: str, lay: Callable[[Row], None]) -> None:
        try:
            lay(row)
        except PhraseError as error:
            self._problems.add(row, column, str(error), error.forms)

    def _size(self, row: Row) -> int:
        try:
            if row["kind"] == "parallel":
                return len({step for part in _all_names(read_parallel(row["of"]).branches) for step in self._expand(part)})
            return len(self._expand(row["id"]))
        except PhraseError:
            return 0

    # ------------------------------------------------------------------ loops

    def _read_loop(self, row: Row) -> None:
        self._loops[row["id"]] = read_loop(row["of"], row["condition"], row["note"])

    def _lay_loop(self, row: Row) -> None:
        phrase = self._loops.get(row["id"])
        if phrase is None:
            return
        names = tuple(name for item in phrase.items for name in item.names)
        maximum = phrase.times or phrase.last - phrase.first + 1
        if maximum < 1:
            raise StructureError(f"it ends before it begins: {phrase.first} to {phrase.last}", "put the first before the last")
        if phrase.previous and phrase.previous not in self._order:
            raise StructureError(f"there is no step {phrase.previous}", "name the step that previous means at first")
        said = self._header.loops.get(row["id"], {})
        place = self._place(names)
        loop = Loop(
            row["id"], [*place.blocks], phrase.again, maximum, phrase.counter or "iteration",
            said.get("label", phrase.counter[:1].upper() or "#"), phrase.first, phrase.previous, said.get("due", ""),
        )  # fmt: skip
        place.replace(loop)
        for item in phrase.items:
            self._check_gateway(item.gateway, item.names)
            if item.when:
                inner = self._place(item.names, innermost=False)
                inner = next(p for p in places(self.body, set(steps_of(inner.blocks))) if p.body is loop.body)
                branches = [Branch([*inner.blocks], item.when), Branch([])]
                inner.replace(Gateway(f"{loop.id}_{item.names[0]}", False, branches, f"{loop.counter.capitalize()}?"))

    def _check_gateway(self, gateway: str, names: tuple[str, ...]) -> None:
        if gateway and (gateway not in self._rows or not self._rows[gateway]["of"].startswith("around")):
            raise StructureError(f"there is no gateway {gateway} around {', '.join(names)}", "add an exclusive row for it")

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
        branches, used, waits = [], set(), True
        for number, outcome in enumerate(outcomes, 1):
            condition, ends = self._beside_last(outcome.condition, place)
            waits = waits and not ends
            body = self._branch_body(row, outcome, at, number)
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
            self._run_beside_decision(gateway)

    def _lay_after(self, row: Row, name: str, outcomes: tuple[Outcome, ...]) -> None:
        place = self._place((name,))
        at, index = self._step_of(name), place.index + len(place.blocks)
        rest = place.body[index:]
        going_on = follower(self.body, place.blocks[-1])
        jump = 0
        branches = []
        for number, outcome in enumerate(outcomes, 1):
            body = self._branch_body(row, outcome, at, number)
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

    def _branch_body(self, row: Row, outcome: Outcome, at: str, number: int) -> Body:
        body: Body = [Departure(f"{row['id']}_departure", at, outcome.condition)] if outcome.departure else []
        if outcome.targets == ("terminate",):
            body.append(Stop(f"{row['id']}_terminate"))
        return body

    def _step_of(self, name: str) -> str:
        """The step whose parameters a short name in the condition means: the last of what the gateway follows."""
        return max(self._expand(name), key=self._order.__getitem__)

    def _condition(self, row: Row, text: str, at: str) -> str:
        if not text:
            return ""
        full = checked(plain_words(text), at, self._names, row, "condition", self._problems, outside=True)
        self._conditions.append(full)
        return full

    # ------------------------------------------------------------------ what a decision inside a loop ends

    def _beside_last(self, condition: str, place: Place) -> tuple[str, bool]:
        """A condition without "and the day is not the harvest day", and whether it said so."""
        match = _NOT_THE_LAST.search(condition)
        if not match:
            return condition, False
        loop = next((b for b in around(self.body, place.blocks[0]) if isinstance(b, Loop)), None)
        if loop is None or loop.counter != match[1]:
            raise StructureError(f"{match[0]!r} needs a loop of one iteration a {match[1]}", "put the step into such a loop")
        words = {word for found in literals([plain_words(loop.again)]).values() for word in found}
        if match[2] not in words:
            raise StructureError(f"no decision {match[2]!r} ends the loop {loop.id}", f"write one of {', '.join(sorted(words))}")
        return _NOT_THE_LAST.sub("", condition).strip(), True

    def _run_beside_decision(self, gateway: Gateway) -> None:
        """Let a part run beside the decision that may end the iteration, which then withdraws it."""
        loop = next(block for block in around(self.body, gateway) if isinstance(block, Loop))
        if gateway not in loop.body:
            raise StructureError("it stands too deep inside its loop", "put it directly into the loop")
        index = loop.body.index(gateway)
        decisions = [name.partition(".")[0] for name in literals([plain_words(loop.again)])]
        last = next((i for i, b in enumerate(loop.body) if i > index and set(steps_of([b])) & set(decisions)), None)
        if last is None:
            raise StructureError(f"the decision that ends {loop.id} does not come after it", "put the decision further on")
        inner = [body for body in all_bodies(loop.body[last : last + 1]) if any(b.id == decisions[0] for b in body)][-1]
        decided = Gateway(f"{loop.id}_decided", False, [
            Branch([Stop(f"{loop.id}_ended", loop.id)], loop.again), Branch([])], "Decided?")  # fmt: skip
        inner.append(decided)
        beside = Gateway(f"{loop.id}_beside", True, [Branch([gateway]), Branch(loop.body[index + 1 : last + 1])])
        loop.body[index : last + 1] = [beside]

    # ------------------------------------------------------------------ the result

    def _check_order(self) -> None:
        """What stands one after the other stands so in the table of steps."""
        for body in all_bodies(self.body):
            ranges = [[self._order[step] for step in steps_of([block])] for block in body]
            known = [r for r in ranges if r]
            for before, after in zip(known, known[1:], strict=False):
                if max(before) > min(after):
                    names = list(self._order)
                    row = next(iter(self._rows.values()))
                    self._problems.add(
                        row, "of", f"{names[min(after)]} would come after {names[max(before)]}, against the order of the steps",
                        "name every step that runs in between, or say 'STEP beside LOOP'",
                    )  # fmt: skip

    def _arrangement(self) -> Arrangement:
        found = Arrangement(self.body)
        for loop in (block for block in inside(self.body) if isinstance(block, Loop)):
            self._finish_loop(loop)
            found.loop_of.update({step: loop.id for step in steps_of(loop.body)})
        asked = literals([*(b.again for b in inside(self.body) if isinstance(b, Loop)), *self._conditions])
        found.choices = asked
        for name in {name for b in inside(self.body) if isinstance(b, Loop) for name in literals([b.again])}:
            if any(f'{name} != "' in b.again for b in inside(self.body) if isinstance(b, Loop)):
                found.choices[name] = ["continue", *(w for w in asked[name] if w != "continue")]
        for gateway in (block for block in inside(self.body) if isinstance(block, Gateway) and not block.parallel):
            if gateway.id in self._rows:
                for name, words in literals([b.condition for b in gateway.branches]).items():
                    found.departing |= {(name, word) for word in words}
        return found

    def _finish_loop(self, loop: Loop) -> None:
        """Spell out the condition to go again; a decision that is not asked in each iteration is looked at only then."""
        row = self._rows[loop.id]
        text = plain_words(loop.again)
        at = steps_of(loop.body)[0]
        full = checked(text, at, self._names, row, "condition", self._problems, outside=True)
        if loop.due:
            loop.due = checked(loop.due, at, self._names, row, "id", self._problems)
        deciders = {name.partition(".")[0] for name in literals([full])} & set(steps_of(loop.body))
        guards = [c for c in self._conditions_of(loop.body, deciders) if c]
        loop.again = f"{negated(guards[0])} or {_bracketed(full)}" if len(guards) == 1 else full
        for block in inside(loop.body):
            if isinstance(block, Gateway) and block.id == f"{loop.id}_decided":
                block.branches[0].condition = negated(full)

    def _conditions_of(self, body: Body, steps: set[str]) -> list[str]:
        """Under which condition each of the steps is asked in an iteration; "" for always."""
        found = []
        for block in inside(body):
            if isinstance(block, Gateway) and not block.parallel:
                found += [branch.condition for branch in block.branches if steps & set(steps_of(branch.body))]
        return list(dict.fromkeys(found))


def plain_words(text: str) -> str:
    """The table's words in the expression language: `x is not "a" or "b"`, `the day`."""
    for words, symbol, joint in (("is not", "!=", "and"), ("is", "==", "or")):
        pattern = re.compile(rf"([\w.]+) {words} (\"[^\"]*\"(?: or \"[^\"]*\")*)")
        text = pattern.sub(lambda m, s=symbol, j=joint: _comparisons(m[1], s, re.findall(r'"[^"]*"', m[2]), j), text)  # type: ignore[misc]
    return re.sub(r"\bthe (?=[A-Za-z]\w*\b)", "", text).strip()


def _comparisons(name: str, symbol: str, words: list[str], joint: str) -> str:
    parts = f" {joint} ".join(f"{name} {symbol} {word}" for word in words)
    return f"({parts})" if len(words) > 1 else parts


def _bracketed(text: str) -> str:
    plain = text.startswith("(") and text.endswith(")") and text.count("(") == 1
    return text if plain else f"({text})"


def _in_order(steps: list[StepRow]) -> Body:
    units: dict[str, Unit] = {}
    for step in steps:
        unit = units.setdefault(step.unit[0], Unit(*step.unit, []))
        unit.body.append(Task(step.step.id))
    return list(units.values())


def _all_names(phrase: Branches) -> list[str]:
    return [name for part in phrase.parts for entry in part
            for name in ([entry] if isinstance(entry, str) else _all_names(entry))]  # fmt: skip


def expressions(body: Body) -> list[str]:
    """Every condition and due time of a procedure."""
    found = []
    for block in inside(body):
        if isinstance(block, Gateway):
            found += [branch.condition for branch in block.branches]
        elif isinstance(block, Loop):
            found += [block.again, block.due]
    return [text for text in found if text]


def with_choices(found: list[ParameterRow], arrangement: Arrangement, problems: Problems) -> list[ParameterRow]:
    """Parameters of type choice with their choices: those of the table, else those that the structure asks for."""
    return [_with_choices(one, arrangement, problems) if one.parameter.type == "choice" else one for one in found]


def _with_choices(one: ParameterRow, arrangement: Arrangement, problems: Problems) -> ParameterRow:
    name = f"{one.step}.{one.parameter.id}"
    asked = arrangement.choices.get(name, [])
    values = [choice.value for choice in one.parameter.choices] or asked
    missing = [value for value in asked if value not in values and value != "continue"]
    if missing:
        problems.add(one.row, "choices", f"the structure asks for {', '.join(missing)}", "add it to the choices")
    if len(values) < 2:
        problems.add(one.row, "choices", f"{name} has fewer than two choices", "list them, separated by semicolons")
    choices = tuple(v.Choice(value, departs=(name, value) in arrangement.departing) for value in values)
    return replace(one, parameter=replace(one.parameter, choices=choices))
