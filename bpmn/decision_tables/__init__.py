"""Decision tables: which way a batch goes, as rows that a process owner reads.

A table is DMN (`dmn:definitions` with one decision table) and stands in the diagram itself, in the `extensionElements` of
its business rule task, so that diagram and table have one hash and are approved together. Its cells are conditions of our
expression language: `< 5`, `5 .. 7`, `(5 .. 7]`, `"fresh", "frozen"`, `not("fresh")`, `true`, `-` (whatever it is).

Hit policies: UNIQUE (exactly one rule), FIRST (the first rule from above), COLLECT. A plain COLLECT joins texts (each once,
in the order of the rules, with "; " between) and is true where any rule says true; with SUM, MIN or MAX it collects
numbers, with COUNT it counts rules. An output cell left empty under COLLECT adds nothing.

An output is the routing value `<task id>.<output>`: gateways, loops, scripts and other tables use it.
"""

from bpmn.decision_tables.evaluation import Outcome, evaluate
from bpmn.decision_tables.judgement import ANYWHERE, Problem, Surroundings, judge
from bpmn.decision_tables.place import decision_names, output_names, table_of, with_table
from bpmn.decision_tables.reading import ReadTable, read_definitions, read_file
from bpmn.decision_tables.table import Input, Output, Rule, Table
from bpmn.decision_tables.writing import write_definitions, write_file

__all__ = [
    "ANYWHERE",
    "Input",
    "Outcome",
    "Output",
    "Problem",
    "ReadTable",
    "Rule",
    "Surroundings",
    "Table",
    "decision_names",
    "evaluate",
    "judge",
    "output_names",
    "read_definitions",
    "read_file",
    "table_of",
    "with_table",
    "write_definitions",
    "write_file",
]
