"""Flow and hold times said beside steps and sections, as rows of our tables of structure and of hold times."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bpmn.importers.flow_phrases import (
    GO_ON,
    TERMINATE,
    After,
    Beside,
    Flow,
    FlowPhraseError,
    OnlyIf,
    Otherwise,
    Repeat,
    read_flow,
    read_holds,
)
from bpmn.importers.names import negated
from bpmn.importers.proposed_tables import Cell, ProposedTables
from bpmn.importers.step_table import Part
from bpmn.importers.unit_words import unit_at

Said = tuple[Part, Cell, Flow]
_RANGE = re.compile(r"(\S+?)\s*(?:to|–|—|\.\.|bis|-)\s*(\S+)", re.IGNORECASE)
_WORDS = re.compile(
    r'"[^"]*"|\d+[a-z]?\.[A-Za-z_]\w*|[A-Za-z][A-Za-z0-9_]*(?:\.[^\W\d_][\w]*)?|\d[\d.,]*(?:[eE][+-]?\d+)?|.', re.DOTALL
)
_KEPT = frozenset(
    {"and", "or", "not", "true", "false", "if", "else", "is", "hours", "minutes", "days", "order", "previous", "iteration"}
)


@dataclass
class FlowTables:
    """Turns what the parts say into rows. `values`: step -> name of a value as people write it -> its id."""

    proposed: ProposedTables
    steps: Mapping[str, Part]
    sections: Mapping[str, Part]
    values: Mapping[str, Mapping[str, str]]
    _order: dict[str, int] = field(default_factory=dict)
    _groups: list[tuple[Cell, list[tuple[str, ...]]]] = field(default_factory=list)

    def read(self) -> None:
        """Every part's flow and hold times, in the order of the steps."""
        self._order = {step: i for i, step in enumerate(self.steps)}
        for level in (self.sections, self.steps):
            said = [item for part in level.values() for item in self._said(part)]
            self._conditions([part for part in level.values() if self._steps_of(part)], said)
            for part, cell, flow in said:
                self._attempt(cell, lambda part=part, cell=cell, flow=flow: self._other(part, cell, flow))  # type: ignore[misc]
        for cell, branches in self._groups:
            ordered = sorted(branches, key=lambda branch: self._order[branch[0]])
            text = " | ".join(f"[{', '.join(branch)}]" for branch in ordered)
            self._row(cell, "parallel", f"P_{ordered[0][0]}", f"{{{text}}}", "")
        for part in (*self.sections.values(), *self.steps.values()):
            for cell, text in part.holds:
                self._attempt(cell, lambda part=part, cell=cell, text=text: self._hold(part, cell, text))  # type: ignore[misc]

    # ------------------------------------------------------------------ flow

    def _said(self, part: Part) -> list[Said]:
        found: list[Said] = []
        for cell, text in part.flows:
            try:
                found += [(part, cell, flow) for flow in read_flow(text)]
            except FlowPhraseError as error:
                self.proposed.leave_out(cell, text, f"{error.message}; {error.forms}")
        return found

    def _conditions(self, parts: list[Part], said: list[Said]) -> None:
        """`only if` rows, and an `otherwise` right after them, become one decision."""
        by_part = {id(part): (cell, flow) for part, cell, flow in said if isinstance(flow, OnlyIf | Otherwise)}
        run: list[tuple[Part, Cell, OnlyIf]] = []
        for part in parts:
            cell, flow = by_part.get(id(part), (None, None))
            if isinstance(flow, OnlyIf) and cell is not None:
                run.append((part, cell, flow))
                continue
            if isinstance(flow, Otherwise) and cell is not None and run:
                self._attempt(cell, lambda run=run, part=part: self._choice(run, part))  # type: ignore[misc]
            else:
                if isinstance(flow, Otherwise) and cell is not None:
                    self.proposed.leave_out(cell, "otherwise", "no 'only if' stands right before it")
                self._singly(run)
            run = []
        self._singly(run)

    def _singly(self, run: list[tuple[Part, Cell, OnlyIf]]) -> None:
        for one in run:
            self._attempt(one[1], lambda one=one: self._choice([one], None))  # type: ignore[misc]

    def _choice(self, run: list[tuple[Part, Cell, OnlyIf]], other: Part | None) -> None:
        parts = [part for part, _, _ in run] + ([other] if other else [])
        steps = [self._steps_of(part) for part in parts]
        ways = [f"{self._only(flow)} -> {', '.join(own)}" for (_, _, flow), own in zip(run, steps, strict=False)]
        last = ", ".join(steps[-1]) if other else "terminate" if run[-1][2].terminate else "skip"
        every = ", ".join(step for own in steps for step in own)
        self._row(run[0][1], "exclusive", f"G_{steps[0][0]}", f"around {every}", "; ".join([*ways, f"default -> {last}"]))

    def _only(self, flow: OnlyIf) -> str:
        condition = self._condition(flow.condition)
        return negated(condition) if flow.negated else condition

    def _other(self, part: Part, cell: Cell, flow: Flow) -> None:
        if isinstance(flow, Beside):
            self._beside(cell, [tuple(self._steps_of(part)), *(tuple(self._named(branch)) for branch in flow.branches)])
        elif isinstance(flow, Repeat):
            self._repeat(part, cell, flow)
        elif isinstance(flow, After):
            self._after(part, cell, flow)

    def _repeat(self, part: Part, cell: Cell, flow: Repeat) -> None:
        own = self._steps_of(part)
        first = self._named((flow.first,))[0] if flow.first else own[0]
        last = self._named((flow.last,))[-1] if flow.last else own[-1]
        steps = [step for step in self.steps if self._order[first] <= self._order[step] <= self._order[last]]
        if not steps:
            raise FlowPhraseError(f"{first} comes after {last}", "repeat from an earlier step")
        condition = self._condition(flow.condition) if flow.condition else ""
        again = f"again while {negated(condition) if flow.until else condition}, " if condition else ""
        self._row(cell, "loop", f"L_{steps[0]}", ", ".join(steps), f"{again}at most {flow.times} times")

    def _after(self, part: Part, cell: Cell, flow: After) -> None:
        """A decision behind the part: to a later step, to the end of the batch, or to one of two parts that follow."""
        own, condition = self._steps_of(part), self._condition(flow.condition)
        then, otherwise = (way if way in (GO_ON, TERMINATE) else tuple(self._named(way)) for way in (flow.then, flow.otherwise))
        if then == otherwise:
            raise FlowPhraseError("both ways are the same", "write 'otherwise terminate' or 'otherwise go to S09'")
        both = [way for way in (then, otherwise) if way not in (GO_ON, TERMINATE)]
        if len(both) == 2:
            ways = f"{condition} -> {', '.join(then)}; default -> {', '.join(otherwise)}"
            self._row(cell, "exclusive", f"G_after_{own[-1]}", f"around {', '.join((*then, *otherwise))}", ways)
        else:
            ways = f"{condition} -> {then[0]}; default -> {otherwise[0]}"
            self._row(cell, "exclusive", f"G_after_{own[-1]}", f"after {own[-1]}", ways)

    def _beside(self, cell: Cell, branches: list[tuple[str, ...]]) -> None:
        """Said at one part or at each of them, it is the same parallel block."""
        for _, known in self._groups:
            if any(branch in known for branch in branches):
                known += [branch for branch in branches if branch not in known]
                return
        self._groups.append((cell, branches))

    # ------------------------------------------------------------------ hold times

    def _hold(self, part: Part, cell: Cell, text: str) -> None:
        own = self._steps_of(part)
        for hold in read_holds(text):
            begin, ended = self._named((hold.step,)), self._named((hold.to,)) if hold.to else own
            number = len(self.proposed.rows.get("hold_times.csv", [])) + 1
            cells = {
                "hold_id": f"H{number:02}",
                "from_event": f"{begin[-1] if hold.moment == 'end' else begin[0]}.{hold.moment}",
                "to_event": f"{ended[-1]}.end" if hold.at_end else f"{ended[0]}.start",
                "nor": hold.nor,
                "par": hold.par,
                "unit": f"{hold.uom}{'-min' if hold.minimum else ''}",
            }
            self.proposed.add("hold_times.csv", cell.table, cell.row, cells)
            if hold.nor == hold.par:
                self.proposed.doubt(cell, "one time is given: it is the normal and the accepted one")

    # ------------------------------------------------------------------ names

    def _steps_of(self, part: Part) -> list[str]:
        return [part.id] if part.id in self.steps and self.steps[part.id] is part else list(part.steps)

    def _named(self, names: tuple[str, ...]) -> list[str]:
        """The steps that names stand for: steps, sections, or `S05 to S07`."""
        found: list[str] = []
        for name in names:
            steps = self._one(name)
            if steps is None and (match := _RANGE.fullmatch(name.strip())):
                first, last = self._one(match[1]), self._one(match[2])
                if first and last:
                    steps = [s for s in self.steps if self._order[first[0]] <= self._order[s] <= self._order[last[-1]]]
            if not steps:
                raise FlowPhraseError(
                    f"there is no step or section {name!r}", "write the number of a step, or the name of a section"
                )
            found += steps
        return found

    def _one(self, name: str) -> list[str] | None:
        plain = re.sub(
            r"^(?:steps?|schritte?|section|abschnitt|unit procedure)\s+", "", " ".join(name.casefold().split()).rstrip(".:")
        )
        for level in (self.steps, self.sections):
            for part in level.values():
                if plain in part.aliases:
                    return self._steps_of(part)
        return None

    def _condition(self, text: str) -> str:
        """A condition in our expression language: ≥ is >=, `yes` is true, units are left out, values have their ids."""
        plain = text.replace("≥", ">=").replace("≤", "<=").replace("≠", "!=").replace("“", '"').replace("”", '"')
        plain = re.sub(r"(?<![<>=!])=(?!=)", "==", plain)
        plain = re.sub(
            r"(?:==|\bis\b)\s*(yes|true|ja|no|false|nein)\b",
            lambda m: f"== {_TRUTH[m[1].casefold()]}",
            plain,
            flags=re.IGNORECASE,
        )
        pieces: list[str] = []
        place = 0
        while place < len(plain):
            match = _WORDS.match(plain, place)
            assert match is not None
            place = match.end()
            word = match[0]
            if re.fullmatch(r"\d+[a-z]?\.[A-Za-z_]\w*", word):
                word = self._value(word)
            elif word[0].isdigit():
                word = word.replace(",", ".")
                after = place + (len(plain[place:]) - len(plain[place:].lstrip()))
                if (unit := unit_at(plain, after)) and not re.match(r"(?:and|or|d|h)\b", plain[after:]):
                    place = after + unit.length
            elif word[0].isalpha() and word not in _KEPT:
                word = self._value(word)
            pieces.append(word)
        return " ".join("".join(pieces).split())

    def _value(self, word: str) -> str:
        head, dot, tail = word.partition(".")
        if not dot:
            owners = {own[word.casefold()] for own in self.values.values() if word.casefold() in own}
            return owners.pop() if len(owners) == 1 else word
        steps = self._one(head)
        if steps is None or len(steps) != 1:
            return word
        return f"{steps[0]}.{self.values.get(steps[0], {}).get(tail.casefold(), tail)}"

    # ------------------------------------------------------------------ rows

    def _row(self, cell: Cell, kind: str, row_id: str, of: str, condition: str) -> None:
        taken = {row["id"] for row in self.proposed.rows.get("structure.csv", [])}
        number, wanted = 1, row_id
        while row_id in taken:
            number += 1
            row_id = f"{wanted}_{number}"
        for name in sorted(self.proposed.scaled):
            if re.search(rf"(?<!\w){re.escape(name)}(?!\w)|(?<![\w.]){re.escape(name.partition('.')[2])}(?!\w)", condition):
                self.proposed.doubt(cell, f"{name} is recorded as a whole number: write 4e6 here, not 4 times 10^6")
        self.proposed.add("structure.csv", cell.table, cell.row, {"id": row_id, "kind": kind, "of": of, "condition": condition})

    def _attempt(self, cell: Cell, do: Callable[[], None]) -> None:
        try:
            do()
        except FlowPhraseError as error:
            text = self.proposed.tables[cell.table].rows[cell.row][cell.column]
            self.proposed.leave_out(cell, text, f"{error.message}; {error.forms}")


_TRUTH = {"yes": "true", "true": "true", "ja": "true", "no": "false", "false": "false", "nein": "false"}
