"""A diagram of another modeler: what would be repaired, what remains to be done, and a draft of it.

Nothing is stored before a draft is made: the file travels in the form, packed, with what the person agreed to.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import zlib
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from bpmn.diagram import Diagram, mes_elements
from bpmn.diff.lost import Loss, lost, restore
from bpmn.importers.foreign import Opened, open_foreign
from bpmn.reading import DiagramError, read_xml
from engine.actions import drafts
from engine.queries.imports import latest_revision
from web.access import allow
from web.acting import Outcome, PageProblem, RefusedEntryError, act, attempt, site
from web.pages.imports import next_revision

page = Blueprint("foreign_page", __name__, url_prefix="/import/bpmn")

AUTHORS = ("PROC",)
MOST_BYTES = 3 * 1024 * 1024
MOST_PACKED = 450_000
"""Characters of a packed file that travel in the form; a diagram of 1 MB has about 80,000."""
_KEPT = {"error": "blocked", "warning": "exception"}


@page.route("", methods=["GET", "POST"])
@allow(*AUTHORS)
def show() -> ResponseReturnValue:
    """Choose a file, agree to its repairs, and make a draft of it."""
    if request.method == "GET":
        return _start([])
    do = request.form.get("do", "again")
    if do not in ("read", "again", "draft"):
        abort(400)
    try:
        name, data = _chosen_file() if do == "read" else unpacked(request.form.get("file", ""))
        found = _Found(name, data, fresh=do == "read")
    except RefusedEntryError as error:
        return _start(error.problems)
    except DiagramError as error:
        message = f"{error.message}, line {error.line}" if error.line else error.message
        return _start([PageProblem("diagram", message, f"{error.what_to_do[:1].upper()}{error.what_to_do[1:]}.")])
    outcome = Outcome(None, [])
    if do == "draft":
        outcome = attempt(lambda: _draft(found))
        if outcome.answer:
            flash("The draft is made. What is still to be done stands beside each field.", "good")
            return redirect(url_for("editor_page.show", revision_id=outcome.answer["revision"]))
    page_text = render_template(
        "pages/foreign_proposal.html", problems=outcome.problems, found=found, opened=found.opened, losses=found.losses,
        marks=json.dumps(found.marks()), packed=packed(name, data),
    )  # fmt: skip
    return page_text, outcome.status


def _start(problems: list[PageProblem]) -> ResponseReturnValue:
    return render_template("pages/foreign.html", problems=problems), 422 if problems else 200


def _chosen_file() -> tuple[str, bytes]:
    file = request.files.get("diagram")
    data = file.read(MOST_BYTES + 1) if file else b""
    if file is None or not data:
        raise RefusedEntryError(PageProblem("diagram", "Choose a BPMN file"))
    name = (file.filename or "diagram.bpmn").replace("\\", "/").rpartition("/")[2][:100]
    if len(data) > MOST_BYTES or len(packed(name, data)) > MOST_PACKED:
        raise RefusedEntryError(PageProblem("diagram", f"{name} is too large", "Export only the process of this recipe."))
    return name, data


class _Found:
    """The file as it would be taken over, with what the person has said so far."""

    def __init__(self, name: str, data: bytes, *, fresh: bool) -> None:
        self.name = name
        agreed = set(request.form.getlist("repair"))
        decided = {key: key in agreed for key in request.form.getlist("offered")}
        self.opened: Opened = open_foreign(data, decided=decided, process_id=request.form.get("process", ""))
        header = Diagram.parse(self.opened.xml).recipe
        said = {field: request.form.get(field, "").strip() for field in ("id", "revision", "title", "product")}
        self.id = said["id"] or _number(header.id or name)
        self.title = said["title"] or header.title or name.rpartition(".")[0]
        self.product = said["product"] or header.product
        known = latest_revision(site(), self.id)
        self.known = known[0] if known else ""
        self.revision = said["revision"] or (next_revision(known[0]) if known else header.revision or "1")
        self.losses: list[Loss] = []
        self.restored: set[str] = set()
        if known and mes_elements_of(known[1]):
            self.losses = lost(known[1].encode(), data)
            kept, asked = set(request.form.getlist("restore")), set(request.form.getlist("lost"))
            self.restored = {loss.id for loss in self.losses if loss.restorable and (loss.id in kept or loss.id not in asked)}
        if known and self.restored:  # put back first: what is there again needs no repair
            whole = restore(data, known[1].encode(), self.restored)
            self.opened = open_foreign(whole, decided=decided, process_id=request.form.get("process", ""))
        self.xml = self.opened.xml

    def marks(self) -> dict[str, dict[str, str]]:
        """What the diagram shows: a mark on each element with something left to do, or repaired."""
        found = {
            repair.element_id: {"state": "done", "label": repair.what} for repair in self.opened.repairs if repair.applied
        }
        for severity in ("warning", "error"):
            for finding in self.opened.remaining:
                if finding.severity == severity and finding.rule != "instruction":
                    found[finding.element_id] = {"state": _KEPT[severity], "label": finding.message}
        return found


def mes_elements_of(xml: str) -> bool:
    """Whether an earlier revision is a diagram with a recipe of ours in it; a form is none."""
    try:
        root = read_xml(xml.encode())
    except DiagramError:
        return False
    return any(mes_elements(process, "recipe") for process in root.iterchildren("{*}process"))


def _draft(found: _Found) -> dict[str, Any]:
    return act(
        drafts.start_draft, stream=f"recipe:{found.id}", recipe_id=found.id, revision=found.revision, title=found.title,
        product=found.product, xml=found.xml.decode(), origin={
            "files": [found.name],
            "repairs": [f"{one.what}: {one.before} -> {one.after}"[:500] for one in found.opened.repairs if one.applied],
            "restored": sorted(found.restored),
        },
    )  # fmt: skip


def _number(text: str) -> str:
    """A recipe number from an id or a file name."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", text.removesuffix(".bpmn")).strip("-._")[:50]
    return plain or "MR-NEW"


def packed(name: str, data: bytes) -> str:
    """A file as ASCII text."""
    return base64.b64encode(zlib.compress(json.dumps([name, data.decode("latin-1")]).encode(), 9)).decode()


def unpacked(text: str) -> tuple[str, bytes]:
    """What `packed` wrote; it comes back from a browser, so it may be anything."""
    try:
        unpacker = zlib.decompressobj()
        plain = unpacker.decompress(base64.b64decode(text, validate=True), 8 * MOST_BYTES)
        name, data = json.loads(plain)
        return str(name)[:100], str(data).encode("latin-1")
    except (ValueError, TypeError, zlib.error, binascii.Error, RecursionError):
        raise RefusedEntryError(PageProblem("diagram", "The file did not arrive whole", "Choose it again.")) from None
