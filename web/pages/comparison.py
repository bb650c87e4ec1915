"""What changed between two revisions: the list, which says everything, and both diagrams, which show where."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from difflib import SequenceMatcher
from itertools import groupby
from typing import Any, get_args

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from lxml import etree

from bpmn.diff import MEANINGS, Difference, Entry, Meaning
from bpmn.diff.entries import Kind
from bpmn.layout import DI, lay_out
from bpmn.reading import DiagramError, read_xml
from engine.queries.comparison import comparable, compared, revision_text
from web.access import GMP_ROLES, allow, background
from web.acting import site

page = Blueprint("comparison_page", __name__)

KINDS = get_args(Kind)
FILTERS = {"": "All changes", "critical": "Critical parameters", "weaker": "Weaker control"}
_CHIPS = {
    "weaker": ("exception", "watch"), "stronger": ("done", "good"), "neutral": ("info", ""), "editorial": ("withdrawn", ""),
    "why_unchanged": ("exception", "watch"), "critical_touched": ("info", "open"),
}  # fmt: skip
Words = list[tuple[bool, str]]


@dataclass(frozen=True, slots=True)
class Change:
    """One entry as the list shows it; `number` ties it to its markers on the diagrams."""

    number: int
    entry: Entry

    @classmethod
    def told(cls, number: int, says: Mapping[str, Any]) -> Change:
        """An entry given as plain values; what is no part of a diagram, such as a text, is only its sentence."""
        plain = {f.name: says.get(f.name, "") for f in fields(Entry)}
        kind = says["kind"] if says.get("kind") in KINDS else "changed"
        lists = {name: tuple(says.get(name, ())) for name in ("meanings", "touches")}
        return cls(number, Entry(**plain | {"kind": kind} | lists))

    @property
    def heading(self) -> str:
        """What of the step it is: `Viability: lower normal limit`."""
        about = [self.entry.about, self.entry.what]
        return ": ".join(filter(None, about if self.entry.what not in self.entry.about else about[:1]))

    @property
    def mark(self) -> str:
        """What happened to the element in the drawing; a thing that came or went in it has changed it."""
        entry = self.entry
        whole = entry.property in ("place", "branch") or (not entry.about and f"{entry.property}_added" in MEANINGS)
        return entry.kind if whole else "changed"

    @property
    def chips(self) -> list[tuple[str, str, str]]:
        """What it means: words, glyph and tone; what the heading says already is left out."""
        said = f"{self.entry.property}_{self.entry.kind}"
        names = [name for name in self.entry.meanings if name != said]
        return [(MEANINGS[name].words, *(_CHIPS.get(name) or _CHIPS[MEANINGS[name].weight])) for name in names]

    @property
    def texts(self) -> tuple[Words, Words]:
        """Old and new text in runs of words, each with whether the other one lacks it."""
        old, new = (re.split(r"(\s+)", text) for text in (self.entry.old, self.entry.new))
        before: Words = []
        after: Words = []
        for kind, i, i_end, j, j_end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
            before.append((kind != "equal", "".join(old[i:i_end])))
            after.append((kind != "equal", "".join(new[j:j_end])))
        return before, after


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

