"""The operator's real pages on a rehearsal's site, under `/dry-run/<id>/`: one may be anybody there, and move the clock.

It is the same application as the site's own, with a banner on every page. Signatures take an empty password, because
everybody there is invented; who may enter at all is decided by the real site.
"""

from __future__ import annotations

import threading
from collections import OrderedDict

from flask import Blueprint, Flask, abort, flash, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.wrappers import Response

from engine import clock
from engine.actions.timers import fire_due
from engine.dry_run import by_hand
from engine.dry_run.rehearsal import PASSWORD
from engine.errors import BatchwrightError
from engine.queries.people import people
from engine.records import ParameterValue
from engine.site import Site
from web import sessions
from web.access import SIGNED_IN, allow
from web.display import role_names

MOST_OPEN = 4
LONG = 10**8
FIRST = "mfg_sup.1"

page = Blueprint("rehearsal_page", __name__)


@page.post("/rehearsal/person")
@allow(SIGNED_IN)
def be() -> ResponseReturnValue:
    """Go on as another person."""
    site: Site = _own_site()
    wanted = request.form.get("person", "")
    if wanted not in {p["id"] for p in people(site)}:
        abort(404)
    sessions.begin(wanted, 1, site)
    return redirect(_back())


@page.post("/rehearsal/time")
@allow(SIGNED_IN)
def wait() -> ResponseReturnValue:
    """Let time pass: some hours, or until something is due."""
    text = request.form.get("hours", "")
    hours = None
    if text:
        try:
            hours = float(text.replace(",", "."))
        except ValueError:
            hours = -1.0
        if not 0 < hours <= 24 * 366:
            flash("Say for how many hours, like 2 or 0.5.", "bad")
            return redirect(_back())
    passed = by_hand.let_time_pass(g.rehearsal, _own_site(), hours)
    minutes = int(passed.total_seconds() // 60)
    flash(f"{minutes // 60} h {minutes % 60} min have passed." if passed.total_seconds() >= 1 else "Nothing is due.", "good")
    return redirect(_back())


@page.post("/rehearsal/batches/<batch_id>/tasks/<task_key>")
@allow(SIGNED_IN)
def help_out(batch_id: str, task_key: str) -> ResponseReturnValue:
    """Scan everything that a step asks for, or let its devices measure."""
    who = sessions.actor()
    assert who is not None
    try:
        if request.form.get("do") == "scan":
            count = by_hand.scan_all(g.rehearsal, _own_site(), batch_id, task_key, who)
            flash(f"{count} codes were scanned." if count else "Nothing is left to scan.", "good")
        else:
            count = by_hand.measure_all(g.rehearsal, _own_site(), batch_id, task_key)
            flash(f"{count} values were measured: accept them." if count else "No scanned device measures here.", "good")
    except BatchwrightError as refusal:
        flash(refusal.message, "bad")
    return redirect(url_for("step_page.show", batch_id=batch_id, task_key=task_key))


def _own_site() -> Site:
    from web.acting import site

    return site()


def _back() -> str:
    """The page that the person was on, within this rehearsal."""
    path = request.form.get("back", "")
    root = request.script_root + "/"
    return path if path.startswith(root) and path.isprintable() and "//" not in path else url_for("tasks_page.show_all")


class Rehearsals:
    """The rehearsals that this process has open; the one that was used longest ago is closed first."""

    def __init__(self) -> None:
        self._open: OrderedDict[str, tuple[Flask, Site]] = OrderedDict()
        self._lock = threading.Lock()

    def respond(self, site: Site, dry_run_id: str, path: str) -> Response:
        """The answer of a rehearsal's own application to this request. RecordNotFoundError once it has ended."""
        about = by_hand.opened(site, dry_run_id)
        app, own = self._application(about)
        environ = dict(request.environ)
        environ["SCRIPT_NAME"] = f"{request.script_root}/dry-run/{dry_run_id}"
        environ["PATH_INFO"] = f"/{path}"
        environ["batchwright.rehearsal"] = about
        for name in [n for n in environ if n.startswith(("werkzeug.", "flask."))]:
            del environ[name]
        with clock.rehearse(about.clock()):
            fire_due(own)
            return Response.from_app(app.wsgi_app, environ, buffered=True)

    def forget(self, dry_run_id: str) -> None:
        """A rehearsal has ended."""
        with self._lock:
            found = self._open.pop(dry_run_id, None)
        if found is not None:
            found[1].close()

    def _application(self, about: by_hand.ByHand) -> tuple[Flask, Site]:
        with self._lock:
            found = self._open.get(about.id)
            if found is None:
                with clock.rehearse(about.clock()):
                    own = by_hand.site_of(about)
                found = self._open[about.id] = (_application(own, about), own)
            self._open.move_to_end(about.id)
            while len(self._open) > MOST_OPEN:
                _, (_, old) = self._open.popitem(last=False)
                old.close()
            return found


REHEARSALS = Rehearsals()


def _application(own: Site, about: by_hand.ByHand) -> Flask:
    from web.app import create_app

    app = create_app(own, SIGN_IN_LIMIT="", LOCK_AFTER_SECONDS=LONG, PASSWORD_DAYS=0)
    app.config.update(SESSION_COOKIE_NAME=f"batchwright-{about.id}", SESSION_COOKIE_PATH="/")
    app.register_blueprint(page)
    app.before_request_funcs.setdefault(None, []).insert(0, _enter)

    @app.context_processor
    def values() -> dict[str, object]:
        crew = [(p["id"], f"{role_names(p['roles'])} {p['id'].rpartition('.')[2]}") for p in people(own)]
        at_step = request.view_args if request.endpoint == "step_page.show" else None
        return {"rehearsal": about, "rehearsal_crew": crew, "rehearsal_step": at_step}

    return app


def _enter() -> None:
    """Whoever comes is somebody of the rehearsal; a password that is left empty is theirs; a step is filled in."""
    g.rehearsal = request.environ["batchwright.rehearsal"]
    if sessions.person() is None or "sid" not in session:
        sessions.begin(FIRST, 1, _own_site())
    if request.method == "POST":
        filled = {n: PASSWORD for n in request.form if "password" in n and not request.form[n]}
        if filled:
            form = request.form.copy()
            for name, text in filled.items():
                form[name] = text
            request.__dict__["form"] = ImmutableMultiDict(form)
    elif request.endpoint == "step_page.show" and request.view_args:
        _offer(str(request.view_args["batch_id"]), str(request.view_args["task_key"]))


def _offer(batch_id: str, task_key: str) -> None:
    """Fill in what is offered at a step and not recorded yet."""
    offered = g.rehearsal.fill.get(task_key.rpartition("/")[2].partition("[")[0])
    if offered:
        with _own_site().read() as reader:
            recorded = {r["parameter_id"] for r in reader.rows(ParameterValue, batch_id=batch_id, task_key=task_key)}
        g.draft = {f"v:{name}": [text] for name, text in offered.items() if name not in recorded}
