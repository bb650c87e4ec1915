"""A decision table from DMN 1.3, 1.4 or 1.5, all problems at once.

Only what a table needs is read. What would change its meaning (other expressions, several decisions, other hit policies) is
a problem; what only draws it is left out with a warning.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from lxml import etree

from bpmn.decision_tables.cells import ANY, constant, parse_cell
from bpmn.decision_tables.judgement import Problem
from bpmn.decision_tables.namespaces import DMN_READ, LANGUAGES, TYPE_OF
from bpmn.decision_tables.table import AGGREGATIONS, HIT_POLICIES, MAX_COLUMNS, MAX_RULES, Input, Output, Rule, Table
from bpmn.expressions import ExpressionError, parse
from bpmn.reading import read_xml

_SILENT = frozenset({"description", "variable"})  # what they say stands in the table too, or tells nothing
_DRAWN = _SILENT | {
    *("DMNDI", "inputData", "knowledgeSource", "informationRequirement", "authorityRequirement", "textAnnotation"),
    *("association", "group", "question", "allowedAnswers", "extensionElements"),
}
_OTHER_LOGIC = "a decision is one table here"
_ATTRIBUTES = {
    "definitions": {"id", "name", "namespace", "expressionLanguage", "typeLanguage", "exporter", "exporterVersion"},
    "decision": {"id", "name", "label"},
    "decisionTable": {"id", "label", "hitPolicy", "aggregation", "preferredOrientation", "outputLabel", "typeRef"},
    "input": {"id", "label"},
    "inputExpression": {"id", "label", "typeRef", "expressionLanguage"},
    "output": {"id", "label", "name", "typeRef"},
    "annotation": {"id", "name", "label"},
    "rule": {"id", "label"},
}


@dataclass(slots=True)
class ReadTable:
    """What was read: the table, as far as it could be, what is wrong with how it is written, and where its parts stand."""

    table: Table | None = None
    problems: list[Problem] = field(default_factory=list)
    elements: dict[tuple[int, str], etree._Element] = field(default_factory=dict)

    def element(self, problem: Problem) -> etree._Element | None:
        """The element that a problem is about."""
        return self.elements.get((problem.rule, problem.column), self.elements.get((problem.rule, "")))


def read_file(data: bytes) -> ReadTable:
    """The table of a `.dmn` file, untrusted. Raises bpmn.reading.DiagramError for bytes that can't be read at all."""
    return read_definitions(read_xml(data))


def read_definitions(root: etree._Element) -> ReadTable:
    """The table in a `dmn:definitions` element."""
    return _Reader().read(root)


class _Reader:
    def __init__(self) -> None:
        self.found = ReadTable()

    def read(self, root: etree._Element) -> ReadTable:
        self.found.elements[0, ""] = root
        name = etree.QName(root)
        if name.namespace not in DMN_READ or name.localname != "definitions":
            self.problem(root, "this is no DMN 1.3, 1.4 or 1.5 definition", "export the table as DMN 1.3 or later")
            return self.found
        self.attributes(root)
        self.language(root)
        decisions = list(self.children(root, {"decision"}, "draw each decision as a business rule task of its own"))
        tables = [t for decision in decisions for t in self.children(decision, {"decisionTable"}, _OTHER_LOGIC)]
        if len(decisions) != 1 or len(tables) != 1:
            what = f"there are {len(decisions)} decisions with {len(tables)} tables instead of one with one"
            self.problem(root, what, "keep one decision table")
            return self.found
        self.attributes(decisions[0])
        self.found.table = self.table(tables[0], decisions[0].get("name", ""))
        return self.found

    def table(self, element: etree._Element, name: str) -> Table:
        self.attributes(element)
        parts = {"input", "output", "annotation", "rule"}
        by_name: dict[str, list[etree._Element]] = {part: [] for part in parts}
        for child in self.children(element, parts, _OTHER_LOGIC):
            by_name[etree.QName(child).localname].append(child)
        if len(by_name["rule"]) > MAX_RULES or len(by_name["input"]) + len(by_name["output"]) > MAX_COLUMNS:
            self.problem(element, f"more than {MAX_RULES} rules or {MAX_COLUMNS} columns", "take the table apart")
            by_name = {part: found[:MAX_COLUMNS] for part, found in by_name.items()}
        inputs = [self.input(child, i) for i, child in enumerate(by_name["input"])]
        outputs = [self.output(child, i, name, len(by_name["output"])) for i, child in enumerate(by_name["output"])]
        headings = tuple(child.get("name", child.get("label", "")) for child in by_name["annotation"])
        rules = [self.rule(child, n, len(inputs), len(outputs), len(headings)) for n, child in enumerate(by_name["rule"], 1)]
        width = max([len(headings), *(len(rule.annotations) for rule in rules)])
        return Table(
            name, self.policy(element), self.aggregation(element),
            tuple(_typed_input(column, [rule.inputs[i] for rule in rules]) for i, column in enumerate(inputs)),
            tuple(_typed_output(column, [rule.outputs[i] for rule in rules]) for i, column in enumerate(outputs)),
            tuple(Rule(r.inputs, r.outputs, r.annotations + ("",) * (width - len(r.annotations))) for r in rules),
            headings + ("",) * (width - len(headings)),
        )  # fmt: skip

    def policy(self, element: etree._Element) -> str:
        policy = element.get("hitPolicy", "UNIQUE")
        if policy not in HIT_POLICIES:
            self.problem(element, f"the hit policy {policy[:40]} is not run", f"use {', '.join(HIT_POLICIES)}")
            return "UNIQUE"
        return policy

    def aggregation(self, element: etree._Element) -> str:
        aggregation = element.get("aggregation", "")
        if aggregation not in AGGREGATIONS:
            self.problem(element, f"the aggregation {aggregation[:40]} is not known", "use SUM, MIN, MAX or COUNT, or none")
            return ""
        return aggregation

    def input(self, element: etree._Element, index: int) -> Input:
        column = f"in{index + 1}"
        self.found.elements[0, column] = element
        self.attributes(element)
        expression, kind = "", ""
        for child in self.children(element, {"inputExpression", "inputValues"}, "remove it"):
            if etree.QName(child).localname == "inputExpression":
                self.attributes(child)
                self.language(child)
                expression, kind = self.text(child), self.type_of(child, column)
        return Input(expression, kind, element.get("label", ""), self.within(element, "inputValues"))

    def output(self, element: etree._Element, index: int, decision: str, count: int) -> Output:
        column = f"out{index + 1}"
        self.found.elements[0, column] = element
        self.attributes(element)
        for _ in self.children(element, {"outputValues", "defaultOutputEntry"}, "remove it"):
            pass
        name = element.get("name", decision if count == 1 else "")
        return Output(
            name, self.type_of(element, column), element.get("label", ""),
            self.within(element, "outputValues"), self.within(element, "defaultOutputEntry"),
        )  # fmt: skip

    def rule(self, element: etree._Element, number: int, inputs: int, outputs: int, annotations: int) -> Rule:
        self.found.elements[number, ""] = element
        self.attributes(element)
        entries: dict[str, list[str]] = {"inputEntry": [], "outputEntry": [], "annotationEntry": []}
        for child in self.children(element, set(entries), "remove it"):
            name = etree.QName(child).localname
            entries[name].append(self.text(child) or ("-" if name == "inputEntry" else ""))
            if name != "annotationEntry":
                self.language(child)
                prefix = "in" if name == "inputEntry" else "out"
                self.found.elements[number, f"{prefix}{len(entries[name])}"] = child
        for name, needed in (("inputEntry", inputs), ("outputEntry", outputs)):
            if len(entries[name]) != needed:
                what = f"the rule has {len(entries[name])} of {needed} {'inputs' if name == 'inputEntry' else 'outputs'}"
                self.problem(element, what, "give it a cell for each column", number)
            entries[name] = [*entries[name], *["-" if name == "inputEntry" else ""] * needed][:needed]
        return Rule(tuple(entries["inputEntry"]), tuple(entries["outputEntry"]), tuple(entries["annotationEntry"]))

    # parts

    def children(self, element: etree._Element, read: set[str], advice: str) -> Iterator[etree._Element]:
        """The children that are read; of the others each is a problem, or is left out with a warning."""
        for child in element.iterchildren("{*}*"):
            name = etree.QName(child)
            if name.namespace in DMN_READ and name.localname in read:
                yield child
            elif name.localname in _DRAWN:
                if name.localname not in _SILENT:
                    self.problem(child, f"{name.localname} is not kept", "nothing, if the table is all you need", warning=True)
            else:
                self.problem(child, f"{name.localname} is not read", advice)

    def attributes(self, element: etree._Element) -> None:
        known = _ATTRIBUTES[etree.QName(element).localname]
        for name in element.attrib:
            if str(name) not in known:
                plain = etree.QName(str(name)).localname
                self.problem(element, f"the attribute {plain} is not kept", "nothing, if the table is all you need", warning=True)

    def language(self, element: etree._Element) -> None:
        language = element.get("expressionLanguage", "")
        if language not in LANGUAGES:
            self.problem(element, f"expressions in {language[:60]} are not run", "write them in our expression language")

    def text(self, element: etree._Element) -> str:
        """The text of an expression or cell; DMN has it in an element of its own."""
        found = [child for child in element.iterchildren("{*}*") if etree.QName(child).localname == "text"]
        for child in element.iterchildren("{*}*"):
            if etree.QName(child).localname not in ("text", *_DRAWN):
                self.problem(child, f"{etree.QName(child).localname} is not read", "write the condition as text")
        return (found[0].text or "").strip() if found else ""

    def within(self, element: etree._Element, name: str) -> str:
        found = [child for child in element.iterchildren("{*}*") if etree.QName(child).localname == name]
        return self.text(found[0]) if found else ""

    def type_of(self, element: etree._Element, column: str) -> str:
        """The type of a column, "" where the file does not say it."""
        told = element.get("typeRef", "").rpartition(":")[2]
        if told in ("", "Any"):
            return ""
        if told not in TYPE_OF:
            what = f"the type {told[:40]} is not known"
            self.problem(element, what, "use number, boolean, string or dateTime", column=column)
        return TYPE_OF.get(told, "text")

    def problem(
        self, element: etree._Element, message: str, what_to_do: str, rule: int = 0, column: str = "", *, warning: bool = False
    ) -> None:
        line: object = element.sourceline
        severity: Literal["error", "warning"] = "warning" if warning else "error"
        found = Problem(message, what_to_do, rule, column, severity, line if isinstance(line, int) else 0)
        self.found.problems.append(found)


def _typed_input(column: Input, cells: list[str]) -> Input:
    kind = column.type or next((k for k in ("num", "bool", "text") if _fits(k, [*cells, column.allowed])), "text")
    if kind == "text" and column.allowed:
        kind = "choice"
    return Input(column.expression, kind, column.label, column.allowed)


def _fits(kind: str, cells: list[str]) -> bool:
    """Whether cells of a column without a type can be of this one."""
    try:
        found = [parse_cell(cell, kind) for cell in cells]
    except ExpressionError:
        return False
    return any(cell is not ANY for cell in found)


def _typed_output(column: Output, cells: list[str]) -> Output:
    kind = column.type or _kind_of_outputs([cell for cell in (*cells, column.default) if cell])
    if kind == "text" and column.allowed:
        kind = "choice"
    return Output(column.name, kind, column.label, column.allowed, column.default)


def _kind_of_outputs(cells: list[str]) -> str:
    for kind in ("num", "bool", "text"):
        try:
            found = [parse(cell) for cell in cells]
            if found and all(not e.names and constant(e, kind) is not None for e in found):
                return kind
        except ExpressionError:
            continue
    return "text"
