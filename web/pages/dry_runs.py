"""Dry runs of a revision: start one, watch it, read what it reached and judged, sign its report."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from lxml import etree

from bpmn.layout import DI, lay_out
from bpmn.reading import read_xml
from engine.actions import dry_runs as actions
from engine.dry_run import by_hand, jobs
from engine.dry_run.limits import edge_in_words
from engine.errors import DiagramRefusedError
from engine.queries.dry_runs import dry_run, dry_runs_of
from engine.records import Batch, RecipeRevision
from engine.revision_facts import current_document
from web.access import GMP_ROLES, allow, background
from web.acting import Outcome, PageProblem, RefusedEntryError, act, actor, attempt, proof, site
from web.rehearsal import REHEARSALS

page = Blueprint("dry_runs_page", __name__)

STATES = {
    "reached": ("Reached", "done", "good"),
    "alone": ("Reached by the procedure alone", "withdrawn", ""),
    "missed": ("Not reached", "exception", "watch"),
    "failed": ("Failed", "blocked", "bad"),
}
KINDS = {"system": "By the system", "person": "By a person"}
MOST_ROWS = 400
MOST_BATCHES = 10


@page.route("/recipes/<revision_id>/dry-run", methods=["GET", "POST"])
@allow(*GMP_ROLES)
def show_all(revision_id: str) -> ResponseReturnValue:
    """The dry runs of a revision; process owners start them here."""
    outcome = Outcome(None, [])
    if request.method == "POST":
        if "PROC" not in actor().roles:
            abort(403)
        by_a_person = request.form.get("do") == "by_hand"
        outcome = attempt(lambda: {"id": _start(revision_id, by_a_person)})
        if outcome.answer:
            where = "rehearse" if by_a_person else "show"
            return redirect(url_for(f"dry_runs_page.{where}", dry_run_id=outcome.answer["id"]))
    found = dry_runs_of(site(), revision_id)
    return render_template(
        "pages/dry_runs.html", revision=found["revision"], runs=found["dry_runs"], kinds=KINDS, problems=outcome.problems,
        offers=[(b, f"What batch {b} recorded") for b in _batches(found["revision"]["recipe_id"])],
    ), outcome.status  # fmt: skip


@page.route("/dry-runs/<dry_run_id>", methods=["GET", "POST"])
@allow(*GMP_ROLES)
def show(dry_run_id: str) -> ResponseReturnValue:
    """One dry run: how far it is, then what came of it."""
    outcome = Outcome(None, [])
    if request.method == "POST":
        do = ACTS.get(request.form.get("do", ""))
        if do is None or "PROC" not in actor().roles:
            abort(403 if do else 400)
        outcome = attempt(lambda: do(dry_run_id), done=DONE.get(request.form["do"], ""))
        if outcome.done:
            return redirect(url_for("dry_runs_page.show", dry_run_id=dry_run_id))
    found = dry_run(site(), dry_run_id)
    if "HX-Request" in request.headers and found["state"] not in jobs.LIVE:
        return Response(headers={"HX-Refresh": "true"})
    report = found["report"]
    page_text = render_template(
        "pages/dry_run.html", run=found, report=report, revision=found["revision"], kinds=KINDS, states=STATES,
        live=found["state"] in jobs.LIVE, problems=outcome.problems, may_sign=_may_sign(found),
        limits=_by_parameter(report["edges"]) if report else [], edge_in_words=edge_in_words, share=_share(found),
    )  # fmt: skip
    return make_response(page_text, outcome.status)


@page.get("/dry-runs/<dry_run_id>/diagram.xml")
@allow(*GMP_ROLES)
@background
def diagram(dry_run_id: str) -> ResponseReturnValue:
    """The diagram that was rehearsed; of one that was changed since, nothing can be shown."""
    found = dry_run(site(), dry_run_id)
    if found["outdated"]:
        abort(404)
    text = found["xml"]
    root = read_xml(text.encode())
    if root.find(f".//{{{DI}}}BPMNShape") is None:
        lay_out(root)
        text = etree.tostring(root, encoding="unicode")
    return Response(text, content_type="application/xml; charset=utf-8")


@page.get("/dry-runs/<dry_run_id>/coverage.json")
@allow(*GMP_ROLES)
@background
def coverage(dry_run_id: str) -> ResponseReturnValue:
    """What was reached of the diagram, element by element."""
    report = dry_run(site(), dry_run_id)["report"]
    if report is None:
        abort(404)
    why = {a["element"]: a["why"] for a in report["alone"]}
    for missed in report["unreached"]:
        if missed["kind"] in ("flow", "branch"):
            why.setdefault(missed["element"], missed["why"])
    return {
        e["id"]: {"state": e["state"], "label": " ".join(filter(None, [STATES[e["state"]][0] + ".", why.get(e["id"], "")]))}
        for e in report["elements"]
    }


@page.get("/dry-runs/<dry_run_id>/report.json")
@allow(*GMP_ROLES)
def download(dry_run_id: str) -> ResponseReturnValue:
    """The whole report, to keep elsewhere."""
    found = dry_run(site(), dry_run_id)
    if found["report"] is None:
        abort(404)
    response = make_response(found["report"])
    response.headers["Content-Disposition"] = f'attachment; filename="dry-run-{dry_run_id}.json"'
    return response


@page.route("/dry-run/<dry_run_id>/", defaults={"path": ""}, methods=["GET", "POST"])
@page.route("/dry-run/<dry_run_id>/<path:path>", methods=["GET", "POST"])
@allow(*GMP_ROLES)
def rehearse(dry_run_id: str, path: str) -> ResponseReturnValue:
    """A person's dry run: the operator's pages on the rehearsal's site."""
    answer: Any = REHEARSALS.respond(site(), dry_run_id, path)
    return answer


@page.record_once
def _own_csrf(state: Any) -> None:
    """What is posted to a rehearsal carries the token of the rehearsal, which checks it itself."""
    state.app.extensions["csrf"].exempt(rehearse)


def _batches(recipe_id: str) -> list[str]:
    """Batches of the recipe whose values may be offered again, the newest first."""
    with site().read() as reader:
        rows = reader.rows(Batch, recipe_id=recipe_id, kind="batch", order=("issued_at",))
    return [row["id"] for row in rows[::-1][:MOST_BATCHES]]


def _start(revision_id: str, by_a_person: bool) -> str:
    with site().read() as reader:
        row = reader.get(RecipeRevision, id=revision_id)
        _, xml = current_document(reader, row)
    try:
        if by_a_person:
            like = request.form.get("like", "")
            like = like if like in ("", "targets", *_batches(row["recipe_id"])) else ""
            return by_hand.begin(site(), revision_id=revision_id, xml=xml, started_by=actor().id, like=like).id
        return jobs.start(site(), revision_id=revision_id, xml=xml, started_by=actor().id)
    except DiagramRefusedError as error:
        found = error.details.get("findings", ())
        told = [PageProblem("", f"{f['element'] or 'Diagram'}, line {f['line']}: {f['message']}", f["what_to_do"]) for f in found]
        raise RefusedEntryError(*(told or [PageProblem("", error.message)])) from error


def _cancel(dry_run_id: str) -> dict[str, Any]:
    jobs.cancel(site(), dry_run_id)
    return {"cancelled": dry_run_id}


def _finish(dry_run_id: str) -> dict[str, Any]:
    about = by_hand.opened(site(), dry_run_id)
    REHEARSALS.forget(dry_run_id)
    return {"verdict": by_hand.end(site(), about)["verdict"]}


def _sign(dry_run_id: str) -> dict[str, Any]:
    found = dry_run(site(), dry_run_id)
    revision = found["revision"]
    return act(
        actions.sign_dry_run, stream=f"recipe:{revision['recipe_id']}", revision_id=revision["id"], job_id=dry_run_id,
        shown_hash=request.form.get("report_hash") or None, proof=proof(),
    )  # fmt: skip


ACTS = {"cancel": _cancel, "finish": _finish, "sign": _sign}
DONE = {
    "cancel": "The dry run was ended.",
    "finish": "The dry run has ended; this is its report.",
    "sign": "The report is kept, with your signature.",
}


def _may_sign(found: dict[str, Any]) -> bool:
    return bool(found["report"]) and not found["outdated"] and not found["signatures"] and bool({"PROC"} & actor().roles)


def _share(found: dict[str, Any]) -> int:
    """How much is done, in percent; a dry run finds out on the way how much there is."""
    return min(99, 100 * found["done"] // found["total"]) if found["total"] else 0


def _by_parameter(edges: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The edges of each parameter in one row: how many were reached and judged as expected, and each by name."""
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for edge in edges[: MOST_ROWS * 20]:
        about = {"step": edge["step"], "parameter": edge["parameter"]}
        row = rows.setdefault((edge["step"], edge["parameter"]), {**about, "edges": []})
        row["edges"].append(edge)
    for row in rows.values():
        row["reached"] = sum(e["reached"] for e in row["edges"])
        row["wrong"] = sum(e["reached"] and not e["right"] for e in row["edges"])
    return list(rows.values())
