"""A change of one running batch: asked for on one page, signed on another with what it changes, proposed to the master."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import clock
from engine.actions import ad_hoc_changes, approvals, drafts, proposals
from engine.queries import ad_hoc_changes as queries
from engine.queries.changes import next_change_id
from engine.records.change import CATEGORIES
from engine.risk_classes import RISKS
from web.access import GMP_ROLES, allow, background
from web.acting import Outcome, PageProblem, RefusedEntryError, act, actor, attempt, proof, require, site, taken
from web.pages.comparison import Change

page = Blueprint("ad_hoc_page", __name__)

KINDS = {
    "repeat": "Repeat the step", "insert": "Insert a step behind it", "replace": "Replace it (still to come)",
    "skip": "Skip it (not started)", "limit": "Change a limit (still to come)",
}  # fmt: skip
TO_COME = ("replace", "skip")
"""What can be done only to a step that is still to come."""
SECOND = {"": "Nobody", "verified_by": "Verified by a second person", "witnessed_by": "Witnessed by a second person"}
SECOND_ROLES = {"verified_by": ("V", ["MFG_VER"]), "witnessed_by": ("W", ["MFG_WIT"])}
PERFORMERS = ("MFG_OP", "MFG_SUP", "QC_ANL")
TYPES = {"": "No value", "num": "A number", "text": "A text", "bool": "Yes or no"}
BOUNDS = {
    "nor_low": "Normal, lowest", "nor_high": "Normal, highest", "par_low": "Accepted, lowest", "par_high": "Accepted, highest",
}  # fmt: skip
LIMITS = {"target": "Target", "expected": "Expected"} | BOUNDS
YES = {"true": "yes", "false": "no"}
SIDES = ("before", "after")


@page.route("/batches/<batch_id>/ad-hoc", methods=["GET", "POST"])
@allow(*ad_hoc_changes.REQUESTERS)
def new(batch_id: str) -> ResponseReturnValue:
    """Ask for a change of this batch: kind and step are chosen by the link that led here; reason, risk and signature are left."""
    outcome = Outcome(None, [])
    if request.method == "POST":
        outcome = attempt(lambda: _request(batch_id), rename=_field)
        if outcome.answer is not None:
            taken(f"{batch_id}/ad-hoc")
            return redirect(url_for("ad_hoc_page.show", batch_id=batch_id, ad_hoc_id=outcome.answer["ad_hoc"]))
    form, wanted = queries.request_form(site(), batch_id, request.values.get("step", "")), request.args.get("kind", "")
    chosen = form["next"] if wanted in TO_COME and not request.values.get("step") else form["chosen"]
    return render_template(
        "pages/ad_hoc_new.html", form=form, batch=form["batch"], problems=outcome.problems, kinds=KINDS, risks=RISKS,
        categories=CATEGORIES, second=SECOND, performers=PERFORMERS, types=TYPES, bounds=BOUNDS, limits=LIMITS, yes=YES,
        wanted=wanted, chosen=chosen, written={name.split(":")[1].partition(".")[0] for name, *_ in _written(form)},
    ), outcome.status  # fmt: skip


@page.route("/batches/<batch_id>/ad-hoc/<ad_hoc_id>", methods=["GET", "POST"])
@allow(*GMP_ROLES)
def show(batch_id: str, ad_hoc_id: str) -> ResponseReturnValue:
    """What it changes, on both diagrams and in words; who has signed; the signature, or the proposal to the master."""
    outcome = Outcome(None, [])
    if request.method == "POST":
        do = ACTS.get(request.form.get("do", ""))
        if do is None:
            abort(400)
        outcome = attempt(lambda: do(batch_id, ad_hoc_id))
        if outcome.answer is not None:
            return redirect(url_for("ad_hoc_page.show", batch_id=batch_id, ad_hoc_id=ad_hoc_id))
    view = queries.ad_hoc_view(site(), batch_id, ad_hoc_id, actor())
    proposing = view["change"]["proposable"] and bool(actor().roles & set(drafts.AUTHORS))
    with site().read() as reader:
        next_change = next_change_id(reader, clock.now()) if proposing else ""
    return render_template(
        "pages/ad_hoc.html", view=view, change=view["change"], batch=view["batch"], problems=outcome.problems,
        entries=[Change(number, entry) for number, entry in enumerate(view["entries"], 1)], proposing=proposing,
        next_change=next_change, meaning=approvals.MEANING.get(view["change"]["mine"], ""),
        open_form=request.form.get("do", ""),
    ), outcome.status  # fmt: skip


@page.get("/batches/<batch_id>/ad-hoc/<ad_hoc_id>/<side>.xml")
@allow(*GMP_ROLES)
@background
def diagram(batch_id: str, ad_hoc_id: str, side: str) -> ResponseReturnValue:
    """The control recipe's diagram before the change, or after it."""
    if side not in SIDES:
        abort(404)
    text = queries.ad_hoc_document(site(), batch_id, ad_hoc_id, side)
    return Response(text, content_type="application/xml; charset=utf-8")


def _request(batch_id: str) -> dict[str, Any]:
    require([("kind", "what to change"), ("reason", "the reason"), ("risk", "the class of risk")])
    form = request.form
    answer = act(
        ad_hoc_changes.request_ad_hoc, stream=f"batch:{batch_id}", batch_id=batch_id, edit=_edit(batch_id),
        category=form.get("category", ""), reason=form["reason"], risk=form["risk"], proof=proof(),
    )  # fmt: skip
    flash(f"Asked for: {answer['words']} It takes effect with the last signature.", "good")
    return answer


def _sign(batch_id: str, ad_hoc_id: str) -> dict[str, Any]:
    require([("outcome", "your decision"), ("reason", "the reason")])
    form = request.form
    answer = act(
        ad_hoc_changes.sign_ad_hoc, stream=f"batch:{batch_id}", batch_id=batch_id, ad_hoc_id=ad_hoc_id, outcome=form["outcome"],
        reason=form["reason"], proof=proof(),
    )  # fmt: skip
    told = {"APPLIED": "It is in effect for this batch.", "REFUSED": "It is refused; the batch goes on as it was."}
    flash(told.get(answer["state"], "Your signature is recorded; others have still to sign."), "good")
    return answer


def _propose(batch_id: str, ad_hoc_id: str) -> dict[str, Any]:
    require([("change_id", "the number of the change"), ("revision", "the number of the revision")])
    form = request.form
    answer = act(
        proposals.propose_to_master, stream=f"batch:{batch_id}", batch_id=batch_id, ad_hoc_id=ad_hoc_id,
        change_id=form["change_id"].strip(), revision=form["revision"].strip(),
    )  # fmt: skip
    flash(f"{answer['change']} is open, with the draft {answer['revision']}.", "good")
    return answer


ACTS = {"sign": _sign, "propose": _propose}


def _field(name: str) -> str:
    """A refusal of the edit is about the kind of change that was chosen."""
    return "kind" if name == "edit" else name


def _edit(batch_id: str) -> dict[str, Any]:
    """The edit that the page's fields say."""
    form, step = request.form, request.form.get("step", "")
    kind = form["kind"]
    if kind == "repeat":
        return {"kind": "repeat_step", "step_id": step, "new_id": "", "after": form.get("behind", "")}
    if kind == "skip":
        return {"kind": "skip_step", "step_id": step}
    if kind == "limit":
        return _limit(batch_id)
    if kind not in ("insert", "replace"):
        raise RefusedEntryError(PageProblem("kind", "Choose what to change"))
    where = {"after": step} if kind == "insert" else {"step_id": step}
    return {"kind": f"{kind}_step", **where, "step": _step()}


def _limit(batch_id: str) -> dict[str, Any]:
    """The one parameter of whose limits something else was written than there is now."""
    form = queries.request_form(site(), batch_id)
    if request.form.get("recipe") != form["recipe"]:
        raise RefusedEntryError(PageProblem("kind", "The recipe of this batch changed meanwhile. Look at the limits again"))
    written = _written(form)
    if not written:
        raise RefusedEntryError(PageProblem("limits", "Write over the limit that is to be another one"))
    _, parameter, _, _ = written[0]
    others = [field for field, other, _, _ in written if other["id"] != parameter["id"]]
    if others:
        raise RefusedEntryError(*(PageProblem(field, "Change the limits of one parameter at a time") for field in others))
    step, _, name = parameter["id"].partition(".")
    changed = {bound: text for _, _, bound, text in written}
    if "expected" in changed:
        changed = dict.fromkeys(parameter["bounds"], changed["expected"])
    return {"kind": "change_limit", "step_id": step, "parameter_id": name, "why": request.form["reason"], **changed}


def _written(form: dict[str, Any]) -> list[tuple[str, dict[str, Any], str, str]]:
    """Where something else was written than the limit that holds: the field, the parameter, the bound, the new text."""
    found = []
    for parameter in (one for step in form["limits"] for one in step["parameters"]):
        for bound, now in parameter["now"].items():
            field = f"limit:{parameter['id']}:{bound}"
            text = request.form.get(field, now).strip()
            if parameter["type"] in ("num", "int"):
                text = text.replace(",", ".")
            if text != now:
                found.append((field, parameter, bound, text))
    return found


def _step() -> dict[str, Any]:
    form = request.form
    if not form.get("title", "").strip():
        raise RefusedEntryError(PageProblem("title", "Enter what the new step is called"))
    performer = form.get("performer", "")
    signatures = [{"code": "P", "roles": [performer if performer in PERFORMERS else PERFORMERS[0]], "meanings": ["performed_by"]}]
    if (meaning := form.get("second", "")) in SECOND_ROLES:
        code, roles = SECOND_ROLES[meaning]
        signatures.append({"code": code, "roles": roles, "meanings": [meaning]})
    step: dict[str, Any] = {
        "id": "", "title": form["title"].strip(), "instruction": form.get("instruction", "").strip(), "signatures": signatures,
    }  # fmt: skip
    if form.get("value_type") in TYPES and form["value_type"]:
        step["parameters"] = [_parameter()]
    return step


def _parameter() -> dict[str, Any]:
    form = request.form
    name = form.get("value_name", "").strip()
    if not name:
        raise RefusedEntryError(PageProblem("value_name", "Enter what the value is called"))
    asked: dict[str, Any] = {"id": "value", "name": name, "type": form["value_type"]}
    if form["value_type"] == "num":
        asked["uom"] = form.get("value_uom", "").strip() or "1"
        limits = {bound: form.get(f"value_{bound}", "").strip().replace(",", ".") for bound in BOUNDS}
        asked |= {bound: text for bound, text in limits.items() if text}
        if any(limits.values()):
            asked["limit_action"] = "block"
    return asked
