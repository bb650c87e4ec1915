"""A site with process owners and drafts, and the editor of one of them in a browser."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine import passwords
from engine.actions import drafts
from engine.actor import Actor
from engine.database import migrate
from engine.keys import create_keys
from engine.site import Site, open_site
from engine.transaction import perform
from tests.services import ROOT
from tests.web.conftest import OWN, hire
from tests.web.serving import served
from web.app import create_app

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PEOPLE = {"pia": ("Pia Process", ("PROC",)), "pat": ("Pat Process", ("PROC",)), "quinn": ("Quinn Floor", ("QA_FLR",))}
CART = ROOT / "bpmn" / "processes" / "master_recipes" / "MR-CART-001.bpmn"


class Desk:
    """A served site; `open` shows somebody the editor of a draft."""

    def __init__(self, site: Site, address: str) -> None:
        self.site, self.address = site, address

    def draft(self, recipe_id: str, xml: str = "", **more: Any) -> str:
        """A draft of Pia's, revision 1.0; its id."""
        pia = Actor("pia", *_name_and_roles("pia"))
        perform(
            self.site,
            drafts.start_draft,
            actor=pia,
            stream=f"recipe:{recipe_id}",
            recipe_id=recipe_id,
            revision="1.0",
            xml=xml,
            **more,
        )
        return f"{recipe_id}@1.0"

    def sign_in(self, page: Page, login: str) -> None:
        """Through the form."""
        page.goto(f"{self.address}/sign-in")
        page.fill("#f-login", login)
        page.fill("#f-password", OWN)
        page.click("button.main")
        page.wait_for_url(lambda url: not url.endswith("/sign-in"))

    def open(self, page: Page, revision_id: str) -> None:
        """The editor, ready; the browser has the person's session."""
        page.goto(f"{self.address}/recipes/{revision_id}/edit")
        page.wait_for_selector("#editor[data-ready=true]")

    def page(self, browser: Browser, login: str = "pia", width: int = 1280, height: int = 800) -> Page:
        """A browser of somebody's own, signed in."""
        context = browser.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce")
        context.set_default_timeout(10_000)
        page = context.new_page()
        self.sign_in(page, login)
        return page


def _name_and_roles(login: str) -> tuple[str, frozenset[str]]:
    full_name, roles = PEOPLE[login]
    return full_name, frozenset(roles)


@contextmanager
def desk(folder: Path) -> Iterator[Desk]:
    """The site in a folder, served while the block runs."""
    passwords.set_cost(passwords.CHEAP)
    url = f"sqlite:///{folder}/records.sqlite"
    migrate(url)
    create_keys(folder / "keys")
    site = open_site(url, folder / "keys", zone="Europe/Berlin")
    try:
        for login, (full_name, roles) in PEOPLE.items():
            hire(site, login, full_name, roles)
        with served(create_app(site, SIGN_IN_LIMIT="")) as address:
            yield Desk(site, address)
    finally:
        site.close()
