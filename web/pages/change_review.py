"""Quality reviews a change: every entry ticked, both diagrams, the reasons, what it touches, the replay; then the signature."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine.actions import changes
from engine.queries.comparison import compared
from engine.queries.limit_replay import replay_of
from engine.queries.task_view import task_view
from web import plots
from web.access import GMP_ROLES, allow, background
from web.acting import Outcome, act, actor, attempt, site
from web.pages.change import APPROVALS, here, sign, viewed
from web.pages.step import shown_of

page = Blueprint("change_review_page", __name__)

REVIEWERS = GMP_ROLES


@page.route("/changes/<change_id>/review", methods=["GET", "POST"])
@allow(*REVIEWERS)
def show(change_id: str) -> ResponseReturnValue:
    """All that is to be known before the change is approved, and the form that approves it, or asks for changes."""
    outcome = Outcome(None, [])
    if request.method == "POST":
        do = {"keep": _keep, "sign": _sign}.get(request.form.get("do", ""))
        if do is None:
            abort(400)
        outcome = attempt(lambda: do(change_id), rename=_field)
        if outcome.done and do is _sign:
            return redirect(url_for("change_page.show", change_id=change_id))
        if outcome.done:
            return redirect(url_for("change_review_page.show", change_id=change_id, **_where()))
    view = viewed(change_id)
    step = _step(change_id, view)
    page_text = render_template(
        "pages/change_review.html", view=view, change=view["change"], step=step, problems=outcome.problems,
        here=here(view, step["task"]["key"]) if step else None, of=_chosen(view), revisions=_revisions(view),
        replays=_replays(view), tallies=tally(view), **(shown_of(step) if step else {}),
    )  # fmt: skip
    return page_text, outcome.status


@page.post("/changes/<change_id>/ticks")
@allow(*REVIEWERS)
@background
def tick(change_id: str) -> ResponseReturnValue:
    """Keep the ticks of the page; asked by the page itself at each of them."""
    outcome = attempt(lambda: _keep(change_id))
    return make_response(render_template("parts/ticks.html", tallies=tally(viewed(change_id)), problems=outcome.problems), 200)


def tally(view: dict[str, Any]) -> dict[str, int]:
    """How many entries there are, and how many of them this person has looked at."""
    entries = [entry for row in view["items"] if not row["withdrawn"] for entry in row["entries"]]
    return {"of": len(entries), "ticked": sum(bool(entry["ticked"]) for entry in entries)}


def _keep(change_id: str) -> dict[str, Any]:
    """Ticks are kept as they are set: whoever comes back finds them."""
    return act(
        changes.review_entries, stream=f"batch:{change_id}", once=False, change_id=change_id,
        entries=request.form.getlist("entry"),
    )  # fmt: skip


def _sign(change_id: str) -> dict[str, Any]:
    if request.form.getlist("entry"):
        _keep(change_id)
    return sign(change_id, request.form.get("task_key", ""))


def _field(name: str) -> str:
    """The page's field of what an act names: an entry to be looked at, else a field of the step."""
    return f"entry:{name}" if "|" in name else f"v:{name}"


def _where() -> dict[str, Any]:
    return {name: request.args[name] for name in ("of", "step") if request.args.get(name)}


def _step(change_id: str, view: dict[str, Any]) -> dict[str, Any] | None:
    """The step that approves and is open: the one that was asked for, else the first that is this person's."""
    waiting = [s for s in view["run"]["waiting"] if s["kind"] == APPROVALS]
    wanted = request.values.get("step") or request.form.get("task_key", "")
    chosen = next((s for s in waiting if s["key"] == wanted), None)
    chosen = chosen or next((s for s in waiting if s["mine"]), None) or next(iter(waiting), None)
    return task_view(site(), change_id, chosen["key"], actor()) if chosen else None


def _revisions(view: dict[str, Any]) -> list[tuple[str, str]]:
    """Which revisions are compared with which: those whose diagrams can be shown."""
    rows = [row for row in view["items"] if row["base_id"] and any("property" in entry for entry in row["entries"])]
    return list(dict.fromkeys((row["revision_id"], row["base_id"]) for row in rows))


def _chosen(view: dict[str, Any]) -> tuple[str, str] | None:
    """The revision whose diagrams are shown, with the one it is compared with."""
    pairs = _revisions(view)
    return next((pair for pair in pairs if pair[0] == request.args.get("of")), next(iter(pairs), None))


def _replays(view: dict[str, Any]) -> list[dict[str, Any]]:
    """What the changed limits would have done to the last batches, each drawn."""
    found = [one for revision, base in _revisions(view) for one in replay_of(site(), compared(site(), base, revision))]
    return [one | {"drawn": plots.replay(one["points"], one["old"], one["new"])} for one in found]
