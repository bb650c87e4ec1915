"""What changed between two revisions: the list, which says everything, and both diagrams, which show where."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from lxml import etree

from bpmn.diff import MEANINGS, Difference, Entry, Meaning
from bpmn.diff.words import property_words
from bpmn.layout import DI, lay_out
from bpmn.reading import DiagramError, read_xml
from engine.queries.comparison import comparable, compared, revision_text
from web.access import GMP_ROLES, allow, background
from web.acting import site

page = Blueprint("comparison_page", __name__)

FILTERS = {"": "All changes", "critical": "Critical parameters", "weaker": "Weaker control"}
_GLYPHS = {"stronger": "done", "weaker": "exception", "neutral": "info", "editorial": "withdrawn", "mark": "blocked"}
_TONES = {"stronger": "good", "weaker": "watch", "mark": "bad"}


@dataclass(frozen=True, slots=True)
class Change:
    """One entry as the list shows it; `number` ties it to its markers on the diagrams."""

    number: int
    entry: Entry

    @property
    def what(self) -> str:
        """The property in words, with the thing that it belongs to."""
        of = self.entry.sentence.removeprefix(self.entry.called).lstrip(",: ").partition(": ")
        if self.entry.kind in ("added", "removed") and not of[0].strip().startswith(("added", "removed")):
            return of[0].removesuffix(f" {self.entry.kind}")
        return property_words(self.entry.property)

    @property
    def chips(self) -> list[tuple[Meaning, str, str]]:
        """What it means: words, glyph and tone; what is said anyway is left out."""
        said = f"{self.entry.property} {self.entry.kind}".replace("_", " ")
        found = [MEANINGS[name] for name in self.entry.meanings]
        return [(m, _GLYPHS[m.weight], _TONES.get(m.weight, "")) for m in found if m.words != said]


@page.get("/recipes/<revision_id>/compare")
@allow(*GMP_ROLES)
def choose(revision_id: str) -> ResponseReturnValue:
    """The comparison with the revision that a person picked, or with the one that this one was begun from."""
    others, before = comparable(site(), revision_id)
    wanted = request.args.get("with", "")
    other = wanted if wanted in {row["id"] for row in others} else before
    if not other:
        return render_template("pages/comparison.html", revision_id=revision_id, found=None, problem="")
    return redirect(url_for("comparison_page.show", revision_id=revision_id, other_id=other))


@page.get("/recipes/<revision_id>/compare/<other_id>")
@allow(*GMP_ROLES)
def show(revision_id: str, other_id: str) -> ResponseReturnValue:
    """Every change that a revision makes to another one."""
    only = request.args.get("only", "")
    only = only if only in FILTERS else ""
    try:
        found = compared(site(), other_id, revision_id)
    except DiagramError as error:
        told = f"One of them is no diagram that can be compared: {error.message}."
        return render_template("pages/comparison.html", revision_id=revision_id, found=None, problem=told), 422
    others, _ = comparable(site(), revision_id)
    changes = [Change(number, entry) for number, entry in enumerate(found.difference.entries, 1)]
    shown = [change for change in changes if _wanted(change.entry, only)]
    return render_template(
        "pages/comparison.html", revision_id=revision_id, found=found, difference=found.difference, others=others,
        groups=[(called, list(group)) for called, group in groupby(shown, key=lambda change: change.entry.called)],
        shown=len(shown), filters=_filters(found.difference), only=only, counts=_counts(found.difference), problem="",
    )  # fmt: skip


@page.get("/recipes/<revision_id>/compared.xml")
@allow(*GMP_ROLES)
@background
def diagram(revision_id: str) -> ResponseReturnValue:
    """The diagram as it is compared, with places for its shapes where it has none."""
    text = revision_text(site(), revision_id)
    root = read_xml(text.encode())
    if root.find(f".//{{{DI}}}BPMNShape") is None:
        lay_out(root)
        text = etree.tostring(root, encoding="unicode")
    return Response(text, content_type="application/xml; charset=utf-8")


def _wanted(entry: Entry, only: str) -> bool:
    return not only or (only == "critical" and bool(entry.touches)) or (only == "weaker" and entry.weaker)


def _filters(difference: Difference) -> list[tuple[str, str, int]]:
    """Each filter with how many changes it shows."""
    return [(key, words, sum(_wanted(e, key) for e in difference.entries)) for key, words in FILTERS.items()]


def _counts(difference: Difference) -> list[tuple[Meaning, int]]:
    return [(MEANINGS[name], number) for name, number in difference.counts.items()]

