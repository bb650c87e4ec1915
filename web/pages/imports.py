"""Import: tables of a paper batch record on the left, the steps they mean on the right; what is doubtful is marked.

Nothing is stored between the pages: the tables travel in the form until a draft is made of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from bpmn.checks import check_diagram
from bpmn.diagram import Diagram
from bpmn.importers import columns
from bpmn.importers.columns import TableMapping, headings_of, plain_heading
from bpmn.importers.proposal import Proposal, propose, read_header_file, recognised, tables_of
from bpmn.importers.sources import Source, SourceError, read_file, read_pasted
from bpmn.importers.sources.examples import example
from bpmn.importers.sources.packing import pack, unpack
from bpmn.reading import DiagramError
from bpmn.vocabulary import Step
from engine.actions import drafts, imports
from engine.queries.imports import kept_columns, kept_mappings, latest_revision
from engine.rules.limits import written_range
from web.access import allow
from web.acting import Outcome, PageProblem, RefusedEntryError, act, attempt, site

page = Blueprint("imports_page", __name__, url_prefix="/import")

AUTHORS = ("PROC",)
MOST_FILES = 12
MOST_PASTED = 400_000
MOST_PACKED = 400_000
"""Characters that travel in the form; a recipe of 500 steps has about 50,000."""
EXAMPLES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}
SAID = ("id", "revision", "title", "product")
FLOWS = (
    ("in parallel with S05, S06", "this step or section runs beside that sequence"),
    ("only if S03.viability >= 80, otherwise skip", "it is skipped where the condition does not hold (or: otherwise terminate)"),
    ("otherwise", "on the next row: runs where the condition of the rows before does not hold"),
    ("repeat until S06.density > 1e6, at most 5 times", "this step or section again (or: repeat from S04 until …)"),
    ("loop back to S04 if S06.density < 1e6, at most 5 times", "the steps from there to this one again"),
    ("go on only if S03.viability >= 80, otherwise terminate", "a decision after the step (or: if … go to S09)"),
    ("if S03.viability >= 80 then S04, otherwise S05, S06", "one of two parts that follow the step"),
)
HOLDS = (
    ("within 2 h of end of S03", "this step begins within that time (or: complete within …)"),
    ("NOR 60 min, PAR 120 min after end of S06", "normal and accepted time"),
    ("at least 18 h after end of S02", "a minimum"),
    ("max 2 h between end of S03 and start of S05", "between any two steps"),
)


@page.route("", methods=["GET", "POST"])
@allow(*AUTHORS)
def show() -> ResponseReturnValue:
    """Choose files, look at what they mean, change it, and make a draft."""
    if request.method == "GET":
        return _start([])
    do = request.form.get("do", "map")
    if do not in ("read", "map", "keep", "draft"):
        abort(400)
    try:
        sources, header = _read_files() if do == "read" else unpack(request.form.get("tables", ""))
    except RefusedEntryError as error:
        return _start(error.problems)
    except SourceError as error:
        return _start(
            [PageProblem("files", f"{error.file}: {error.message}", f"{error.what_to_do[:1].upper()}{error.what_to_do[1:]}.")]
        )
    if do == "read" and len(pack(sources, header)) > MOST_PACKED:
        return _start([PageProblem("files", "These tables are too large", "Leave out what is not part of the recipe.")])
    if not tables_of(sources):
        return _start([PageProblem("files", "There is no table in it", "Choose the file with the table of steps.")])
    mappings = recognised(sources, kept_columns(site())) if do == "read" else _chosen(sources)
    proposal = _proposal(sources, mappings, header)
    outcome = Outcome(None, [])
    if do == "keep":
        outcome = attempt(lambda: _keep(proposal))
    elif do == "draft":
        outcome = attempt(lambda: _draft(proposal))
        if outcome.answer:
            return redirect(url_for("editor_page.show", revision_id=outcome.answer["revision"]))
    return _proposed(sources, header, proposal, outcome)


@page.get("/example")
@allow(*AUTHORS)
def example_file() -> ResponseReturnValue:
    """An example table to start from; `kind` is the ending of its file."""
    kind = request.args.get("kind", "csv")
    if kind not in EXAMPLES:
        abort(404)
    named = {"Content-Disposition": f'attachment; filename="example-recipe.{kind}"'}
    return Response(example(kind), content_type=EXAMPLES[kind], headers=named)


def _start(problems: list[PageProblem]) -> ResponseReturnValue:
    page_text = render_template("pages/import.html", problems=problems, kinds=EXAMPLES, flows=FLOWS, holds=HOLDS)
    return page_text, 422 if problems else 200


def _read_files() -> tuple[list[Source], dict[str, Any]]:
    """The chosen files and pasted rows; every file that can't be read is said at once."""
    sources: list[Source] = []
    header: dict[str, Any] = {}
    problems: list[PageProblem] = []
    files = [file for file in request.files.getlist("files") if file.filename]
    if len(files) > MOST_FILES:
        raise RefusedEntryError(PageProblem("files", f"{len(files)} files are too many", f"Choose at most {MOST_FILES}."))
    for file in files:
        name = (file.filename or "").replace("\\", "/").rpartition("/")[2][:100]
        try:
            if name.lower().endswith(".json"):
                header |= read_header_file(name, file.read())
            else:
                sources.append(read_file(name, file.read()))
        except SourceError as error:
            problems.append(
                PageProblem("files", f"{error.file}: {error.message}", f"{error.what_to_do[:1].upper()}{error.what_to_do[1:]}.")
            )
        except ValueError as error:
            problems.append(PageProblem("files", str(error), "Correct it, or leave it out."))
    pasted = request.form.get("pasted", "")
    if len(pasted) > MOST_PASTED:
        problems.append(PageProblem("pasted", "These are too many rows to paste", "Save them as a file and choose that."))
    elif pasted.strip():
        sources.append(read_pasted(pasted))
    if not sources and not problems:
        problems.append(PageProblem("files", "Choose a file or paste rows", "A table of steps is needed."))
    if problems:
        raise RefusedEntryError(*problems)
    return sources, header


# ------------------------------------------------------------------ the mapping


def _chosen(sources: Sequence[Source]) -> tuple[TableMapping, ...]:
    """The mapping as the page has it: of a table whose role was changed, what its headings mean in the new one."""
    kept = kept_columns(site(), request.form.get("mapping", ""))
    again = request.form.get("mapping", "") != request.form.get("mapping_was", "")
    found = []
    for number, (table, guess) in enumerate(zip(tables_of(sources), recognised(sources, kept), strict=True)):
        role, heading = request.form.get(f"role:{number}", guess.role), _heading(number, guess)
        if again or role not in columns.PROPERTIES:
            found.append(guess)
        elif role != request.form.get(f"role_was:{number}", role) or heading != _was(number, heading):
            found.append(columns.as_role(table, role, heading, kept.get(role, {})))
        else:
            said = _columns(number, len(table.rows[0]))
            found.append(_with_confidence(columns.with_columns(table, role, said, heading), guess))
    return tuple(found)


def _columns(number: int, width: int) -> dict[int, str]:
    """What the columns mean as the page has it. A meaning just given to one column is taken from the one that had it."""
    said = {i: request.form.get(f"c:{number}:{i}", "") for i in range(width)}
    changed = {i for i in said if said[i] != request.form.get(f"c_was:{number}:{i}", said[i])}
    given = {said[i] for i in changed}
    return {i: "" if name in given and i not in changed else name for i, name in said.items()}


def _with_confidence(chosen: TableMapping, guess: TableMapping) -> TableMapping:
    """A column that the person left as it was guessed is as doubtful as before."""
    if chosen.role != guess.role or not guess.confidence or request.form.get("confirmed"):
        return chosen
    same = zip(chosen.columns, guess.columns, guess.confidence, strict=True)
    return TableMapping(chosen.role, chosen.heading_row, chosen.columns, tuple(c if a == b else 1.0 for a, b, c in same))


def _heading(number: int, guess: TableMapping) -> int:
    said = request.form.get(f"heading:{number}", "")
    return int(said) - 1 if said.isdigit() and len(said) < 5 else guess.heading_row


def _was(number: int, heading: int) -> int:
    said = request.form.get(f"heading_was:{number}", "")
    return int(said) - 1 if said.isdigit() and len(said) < 5 else heading


def _headings_meant(proposal: Proposal) -> dict[str, dict[str, str]]:
    """What a mapping keeps: role -> plain heading -> property, also of columns that mean nothing."""
    found: dict[str, dict[str, str]] = {}
    for table, mapping in zip(proposal.tables, proposal.mappings, strict=True):
        if mapping.role == "none" or mapping.heading_row < 0:
            continue
        for heading, name in zip(headings_of(table, mapping), mapping.columns, strict=True):
            found.setdefault(mapping.role, {})[plain_heading(heading)] = name
    return found


def _keep(proposal: Proposal) -> dict[str, Any]:
    name = request.form.get("mapping_name", "")
    answer = act(imports.keep_mapping, stream=imports.STREAM, once=False, name=name, columns=_headings_meant(proposal))
    flash(f"The mapping {answer['name']} is kept. Tables with these headings are read by it from now on.", "good")
    return answer


# ------------------------------------------------------------------ the draft


def _draft(proposal: Proposal) -> dict[str, Any]:
    if proposal.imported is None:
        raise RefusedEntryError(*[PageProblem("", problem.message, problem.what_to_do) for problem in proposal.problems])
    header = proposal.header
    origin = {
        "files": list(dict.fromkeys(table.file for table in proposal.tables)),
        "doubts": len(proposal.doubts),
        "left_out": [f"{one.place}: {one.text[:200]} ({one.why})"[:500] for one in proposal.left_out][:200],
    }
    return act(
        drafts.start_draft, stream=f"recipe:{header['id']}", recipe_id=header["id"], revision=header["revision"],
        title=header.get("title", ""), product=header.get("product", ""), xml=proposal.imported.xml.decode(), origin=origin,
    )  # fmt: skip


def _proposal(sources: Sequence[Source], mappings: Sequence[TableMapping], header: Mapping[str, Any]) -> Proposal:
    """The proposal under the names that the person typed. Of a recipe that the site knows, steps keep their ids."""
    said = {name: request.form.get(name, "").strip() for name in SAID}
    proposal = propose(sources, mappings, header, said)
    known = latest_revision(site(), proposal.header["id"])
    if known is None:
        return proposal
    revision, xml = known
    if not said["revision"] and proposal.header["revision"] == revision:
        said["revision"] = next_revision(revision)
    try:
        return propose(sources, mappings, header, said, Diagram.parse(xml.encode()))
    except DiagramError:
        return propose(sources, mappings, header, said)


def next_revision(revision: str) -> str:
    """The revision after 3.0 is 4.0; after one that ends in no number, the same with .1."""
    numbers = re.fullmatch(r"(\D*)(\d+)(\.\d+)?", revision)
    if numbers is None:
        return f"{revision}.1"
    return f"{numbers[1]}{int(numbers[2]) + 1}{'.0' if numbers[3] else ''}"


# ------------------------------------------------------------------ the page


def _proposed(sources: Sequence[Source], header: Mapping[str, Any], proposal: Proposal, outcome: Outcome) -> ResponseReturnValue:
    doubts: dict[tuple[int, int, int], list[str]] = {}
    for doubt in proposal.doubts:
        said = doubts.setdefault((doubt.table, doubt.row, doubt.column), [])
        if doubt.message not in said:
            said.append(doubt.message)
    report = check_diagram(proposal.imported.xml) if proposal.imported else None
    problems = outcome.problems or [PageProblem("", str(problem.message), problem.what_to_do) for problem in proposal.problems]
    page_text = render_template(
        "pages/import_proposal.html", problems=problems, proposal=proposal, packed=pack(sources, header), doubts=doubts,
        tables=[_table_view(number, proposal, doubts) for number in range(len(proposal.tables))], report=report,
        roles=columns.ROLES, properties=columns.PROPERTIES, mappings=kept_mappings(site()), written_range=written_range,
        texts=[text for source in sources for text in source.texts], odd=[(s.file, d) for s in sources for d in s.doubts],
        flows=FLOWS, holds=HOLDS, sections=_sections(proposal),
    )  # fmt: skip
    return page_text, outcome.status


def _sections(proposal: Proposal) -> list[tuple[str, list[Step]]]:
    """The proposed steps by unit procedure, in their order."""
    steps = proposal.imported.steps if proposal.imported else ()
    return [(name, list(own)) for name, own in groupby(steps, key=lambda step: step.unit_procedure)]


def _table_view(number: int, proposal: Proposal, doubts: Mapping[tuple[int, int, int], list[str]]) -> dict[str, Any]:
    """A table as the page shows it."""
    table, mapping = proposal.tables[number], proposal.mappings[number]
    return {
        "number": number,
        "label": f"{table.file}{', ' + table.name if table.name else ''}",
        "heading": table.heading,
        "mapping": mapping,
        "headings": headings_of(table, mapping),
        "rows": [(i, row) for i, row in enumerate(table.rows) if i != mapping.heading_row],
        "numbers": table.numbers,
        "groups": {row for of, row in proposal.groups if of == number},
        "doubtful": sum(1 for of, _, _ in doubts if of == number),
        "wide": table.wide,
    }
