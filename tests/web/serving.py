"""The demo site served to a browser inside the test process, on a port of its own."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from werkzeug.serving import WSGIRequestHandler, make_server

from engine import passwords
from engine.database import migrate
from engine.keys import create_keys
from engine.site import Site, open_site
from web import demo
from web.app import create_app

if TYPE_CHECKING:
    from flask import Flask
    from playwright.sync_api import Page

PASSWORDS = {person.login: person.password for person in demo.PEOPLE}


class _Quiet(WSGIRequestHandler):
    """A handler that writes no line for each request."""

    protocol_version = "HTTP/1.1"

    def log_request(self, *_: object) -> None:
        """Nothing."""


def demo_site(folder: Path) -> Site:
    """A demo site in a folder, seeded by the same acts as the one people see."""
    passwords.set_cost(passwords.CHEAP)
    (folder / "records").mkdir(parents=True)
    url = f"sqlite:///{folder}/records/demo.sqlite"
    migrate(url)
    create_keys(folder / "keys")
    site = open_site(url, folder / "keys", zone="Europe/Berlin")
    demo.seed(site)
    return site


@contextmanager
def copy_of(demo: Path, folder: Path) -> Iterator[Site]:
    """A demo site of one's own: a copy of one that was made before and closed."""
    shutil.copytree(demo, folder)
    passwords.set_cost(passwords.CHEAP)
    site = open_site(f"sqlite:///{folder}/records/demo.sqlite", folder / "keys", zone="Europe/Berlin")
    try:
        yield site
    finally:
        site.close()


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """The application's address while it is served."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()


@contextmanager
def served_demo(folder: Path) -> Iterator[tuple[str, Site]]:
    """Address and site of a served demo."""
    site = demo_site(folder)
    try:
        with served(create_app(site, SIGN_IN_LIMIT="", DEMO=True)) as address:
            yield address, site
    finally:
        site.close()


def sign_in_as(page: Page, address: str, login: str) -> None:
    """Sign somebody in through the form."""
    page.goto(f"{address}/sign-in")
    page.fill("#f-login", login)
    page.fill("#f-password", PASSWORDS[login])
    page.click("button.main")
    page.wait_for_url(lambda url: not url.endswith("/sign-in"))
