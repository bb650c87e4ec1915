"""The pages of a site as one Flask application, with the JSON API beside them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, request, url_for
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from api import app as api_app
from engine import clock
from engine.site import Site
from web import access, acting, display, errors, security, sessions
from web.pages import (
    account,
    ad_hoc,
    batch,
    change,
    change_review,
    changes,
    comparison,
    connection,
    correction,
    decision,
    decision_tables,
    departures,
    disposition,
    dry_runs,
    editor,
    equipment,
    foreign,
    forms,
    health,
    home,
    imports,
    inbox,
    lineage,
    materials,
    open_batches,
    people,
    recipes,
    record,
    review,
    session,
    start,
    step,
    tasks,
    trail,
    training,
    verification,
)

PAGES: tuple[Blueprint, ...] = (
    session.page,
    home.page,
    account.page,
    connection.page,
    tasks.page,
    step.page,
    verification.page,
    decision.page,
    correction.page,
    batch.page,
    ad_hoc.page,
    departures.page,
    start.page,
    record.page,
    review.page,
    disposition.page,
    trail.page,
    recipes.page,
    dry_runs.page,
    decision_tables.page,
    forms.page,
    foreign.page,
    comparison.page,
    inbox.page,
    changes.page,
    change.page,
    change_review.page,
    open_batches.page,
    lineage.page,
    editor.page,
    imports.page,
    people.page,
    training.page,
    equipment.page,
    materials.page,
    health.page,
)
"""Every page, one file each; a page that is missing here does not exist."""

NAVIGATION = (
    ("tasks_page.show_all", "My tasks"),
    ("batch_page.show_all", "Batches"),
    ("inbox_page.show", "Inbox"),
    ("recipes_page.show_all", "Recipes"),
    ("changes_page.show_all", "Changes"),
    ("training_page.show_all", "Training"),
)
"""What the header offers, each entry only to those who may go there."""

SITE = (
    ("forms_page.show_all", "Forms"),
    ("people_page.show_all", "People"),
    ("equipment_page.show_all", "Equipment"),
    ("materials_page.show_all", "Materials"),
    ("health_page.show", "Health"),
)
"""What the site is made of: behind one word of the header."""

YEAR_SECONDS = 365 * 24 * 3600
MOST_BYTES = 4 * 1024 * 1024
DEFAULTS: dict[str, Any] = {
    "LOCK_AFTER_SECONDS": 15 * 60,
    "PASSWORD_DAYS": 365,
    "OVER_TLS": False,
    "BEHIND_PROXY": False,
    "SIGN_IN_LIMIT": "30 per minute",
    "DEMO": False,
}


def create_app(site: Site, **settings: Any) -> Flask:
    """The application of a site. Settings: `LOCK_AFTER_SECONDS`, `PASSWORD_DAYS`, `OVER_TLS`, `SIGN_IN_LIMIT`, `DEMO`.

    The secret that signs the session cookies is derived from the site's key, so it is never stored a second time and
    is the same in every process of the site.
    """
    app = Flask(__name__)
    app.config.update(DEFAULTS | settings)
    app.config.update(
        SECRET_KEY=hashlib.sha256(site.keys.seal("session", "cookie").encode()).digest(),
        SESSION_COOKIE_NAME="batchwright",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=app.config["OVER_TLS"],
        MAX_CONTENT_LENGTH=MOST_BYTES,
        MAX_FORM_PARTS=2000,
        WTF_CSRF_TIME_LIMIT=None,  # the session ends a form's life; an hour would cost an operator the entry
        WTF_CSRF_SSL_STRICT=app.config["OVER_TLS"],
        RATELIMIT_ENABLED=bool(app.config["SIGN_IN_LIMIT"]),
    )
    app.extensions["batchwright"] = site
    if app.config["BEHIND_PROXY"]:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1)  # type: ignore[method-assign]
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    _version_static_files(app)
    security.install(app, over_tls=app.config["OVER_TLS"])
    sessions.install(app, site)
    access.guard_pages(app)  # before CSRFProtect: an expired session keeps what was typed
    CSRFProtect(app)
    display.install(app, site)
    errors.install(app)
    _give_to_templates(app, site)
    for page in PAGES:
        app.register_blueprint(page)
    api_app.register(app, site, sessions.actor)
    _limit_sign_ins(app)
    return app


def _version_static_files(app: Flask) -> None:
    """Name static files by when they were built, so that a station keeps them and still gets every new release."""
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = YEAR_SECONDS
    folder = Path(app.static_folder or "")

    @app.url_defaults
    def add_version(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static" and (file := folder / values["filename"]).is_file():
            values["v"] = f"{file.stat().st_mtime_ns:x}"


def _limit_sign_ins(app: Flask) -> None:
    """Bound the guesses that one address can make, on the pages and the API together."""
    limiter = app.extensions["sign-in limiter"] = Limiter(get_remote_address, app=app, storage_uri="memory://")
    limited = limiter.shared_limit(app.config["SIGN_IN_LIMIT"] or "1 per second", scope="sign-in", methods=["POST"])
    for rule in app.url_map.iter_rules():
        if rule.rule in ("/sign-in", f"{api_app.ROOT}/session", f"{api_app.ROOT}/session/password") and "POST" in (
            rule.methods or ()
        ):
            view: Any = app.view_functions[rule.endpoint]
            wrapped: Any = limited(view)
            wrapped.allowed = view.allowed
            app.view_functions[rule.endpoint] = wrapped


@dataclass(frozen=True, slots=True)
class Entry:
    """One link of the header."""

    label: str
    url: str
    current: bool


def navigation(pages: Iterable[tuple[str, str]] = NAVIGATION) -> list[Entry]:
    """The links of the header for the person of this request."""
    person = sessions.person()
    if person is None:
        return []
    here = (request.endpoint or "").partition(".")[0]
    return [
        Entry(label, url_for(endpoint), here == endpoint.partition(".")[0])
        for endpoint, label in pages
        if access.permitted(endpoint, person.roles)
    ]


def _give_to_templates(app: Flask, site: Site) -> None:
    product_version = version("batchwright")

    def shown_person() -> Any:
        return None if sessions.is_locked() else sessions.person()

    # Imported macros see globals only.
    app.jinja_env.globals.update(new_key=acting.new_key, typed=acting.typed, typed_all=acting.typed_all, scoped=display.scoped)

    @app.context_processor
    def values() -> dict[str, Any]:
        person = shown_person()
        return {
            "person": person,
            "navigation": navigation,
            "site_pages": lambda: navigation(SITE),
            "now": clock.now(),
            "zone_name": site.settings.zone,
            "simulated_time": clock.is_simulated(),
            "demo": app.config["DEMO"],
            "lock_after_seconds": app.config["LOCK_AFTER_SECONDS"],
            "product_version": product_version,
            "may": lambda *roles: bool(person and person.roles & set(roles)),
            "may_open": lambda endpoint: bool(person and access.permitted(endpoint, person.roles)),
        }
