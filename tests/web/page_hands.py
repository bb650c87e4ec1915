"""People at the pages in a browser: each acts through the forms, as somebody at a station does. Devices use the API."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote
from urllib.request import Request, urlopen

from engine import clock
from engine.actions.timers import fire_due
from tests.stories.cart import Cart, cart_site
from tests.web.serving import PASSWORDS, served
from web import demo
from web.app import create_app
from web.demo.floor import Floor
from web.demo.furnish import DEVICE_SECRET

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

LOGIN_OF = {role: person.login for person in reversed(demo.PEOPLE) for role in person.roles}

# The instant of the click survives the navigation in the session store; the new page says when it was ready.
REMEMBER_CLICKS = """
addEventListener("click", (event) => {
  if (event.target.closest?.("button")) sessionStorage.setItem("clicked", performance.timeOrigin + event.timeStamp);
}, true);
"""
SINCE_CLICK = """() => {
  const page = performance.getEntriesByType("navigation")[0];
  const clicked = Number(sessionStorage.getItem("clicked")) - performance.timeOrigin;
  return [page.fetchStart - clicked, page.responseEnd - page.fetchStart, page.domContentLoadedEventEnd - page.responseEnd];
}"""


@dataclass(frozen=True, slots=True)
class Waited:
    """How long a person waits after pressing a button, in ms: until it is recorded, fetched, and ready to be used."""

    recorded: float
    fetched: float
    ready: float

    @property
    def total(self) -> float:
        """From the click to the next step."""
        return self.recorded + self.fetched + self.ready


class PageRefusedError(AssertionError):
    """A page said that something is wrong, where the story goes on."""


@dataclass(slots=True)
class PageHands:
    """A browser context per person, signed in once. `scripts`: whether JavaScript is on."""

    browser: Browser
    address: str
    scripts: bool = True
    pages: dict[str, Page] = field(default_factory=dict)
    passwords: dict[str, str] = field(default_factory=lambda: dict(PASSWORDS))
    waited: list[Waited] = field(default_factory=list)
    """From pressing a signature's button until the next page could be used, of every signature."""
    _fresh: tuple[str, str] | None = None
    _keys: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def issue(self, role: str, batch: str, order: Mapping[str, str]) -> None:
        """Enter an order and sign the batch's start."""
        page = self.at(role, "/start")
        page.fill('[name="batch_id"]', batch)
        for name, text in order.items():
            page.fill(f'[name="o:{name}"]', text)
        self.prove(page, role)
        self.press(page, "main .button.main", said="is issued and started")

    def start(self, role: str, batch: str, key: str) -> None:
        """Press Start."""
        self.press(self._step(role, batch, key), 'button[value="start"]')

    def scan(self, role: str, batch: str, key: str, code: str) -> None:
        """What a scanner types into its field, and its Enter."""
        page = self._step(role, batch, key)
        page.fill("#f-code", code)
        self.press(page, 'button[value="scan"]')

    def read(self, device: str, batch: str, step: str, parameter: str, text: str, uom: str) -> str:
        """A device posts what it measured, with its own credentials."""
        self._fresh = None
        reading = {"step_id": step, "parameter_id": parameter, "text": text, "uom": uom, "measured_at": clock.text(clock.now())}
        headers = {
            "Authorization": f"Device {device}:{DEVICE_SECRET}",
            "Content-Type": "application/json",
            "Idempotency-Key": f"{device}-{next(self._keys):06d}",
        }
        url = f"{self.address}/api/v1/batches/{quote(batch)}/readings"
        with urlopen(Request(url, json.dumps(reading).encode(), headers)) as answer:
            return str(json.load(answer)["reading"])

    def record(self, role: str, batch: str, key: str, entries: Mapping[str, str], readings: Mapping[str, str]) -> None:
        """Accept what the devices sent, then type the rest."""
        page = self._step(role, batch, key)
        if readings:
            self.press(page, 'button[value="accept"]')
        if entries:
            for name, text in entries.items():
                self.enter(page, f"v:{name}", text)
            self.press(page, 'button[value="record"]')

    def sign(
        self, role: str, batch: str, key: str, meaning: str, comments: Mapping[str, str], verification: Mapping[str, str] | None
    ) -> None:
        """Sign at the step; where values are verified, read them blindly first."""
        page = self._step(role, batch, key)
        for name, text in (verification or {}).items():
            self.enter(page, f"w:{name}", text)
        for name, text in comments.items():
            if box := page.query_selector(f'[name="c:{name}"]'):
                box.fill(text)
        if choice := page.query_selector(f'input[type=radio][name="meaning"][value="{meaning}"]'):
            choice.check()
        self.prove(page, role)
        self.press(page, "form .button.main", said=("is completed", "You signed", "You verified"))
        if self.scripts:
            self.waited.append(Waited(*page.evaluate(SINCE_CLICK)))

    def request_departure(self, role: str, batch: str, key: str, **fields: str) -> None:
        """Ask for a planned departure on a blocked step."""
        page = self.at(role, f"/batches/{quote(batch)}/tasks/{quote(key)}/decision")
        page.click("summary:has-text('Request a departure')")
        page.select_option('[name="parameter_id"]', fields.pop("parameter_id"))
        for name, text in fields.items():
            page.fill(f'[name="{name}"]', text)
        self.press(page, "details[open] .button.main", said="The departure is requested")

    def decide(self, role: str, batch: str, key: str, outcome: str, reason: str) -> None:
        """Decide on a blocked step and sign."""
        page = self.at(role, f"/batches/{quote(batch)}/tasks/{quote(key)}/decision")
        page.check(f'[name="outcome"][value="{outcome}"]')
        page.fill('form [name="reason"]', reason)
        self.prove(page, role)
        self.press(page, "form:has([value=decide]) .button.main", said="Your decision to proceed is signed")

    def at(self, role: str, path: str) -> Page:
        """The page of a path as the person of a role sees it now; they sign in where the station asks for it."""
        page = self.pages.get(LOGIN_OF[role]) or self._station(LOGIN_OF[role])
        page.goto(self.address + path)
        if page.query_selector('form[action="/sign-in"]'):
            page.fill("#f-login", LOGIN_OF[role])
            self.prove(page, role)
            with page.expect_navigation():
                page.click("main .button.main")
        self._fresh = (LOGIN_OF[role], page.url)
        return page

    def enter(self, page: Page, name: str, text: str) -> None:
        """Type a value, or choose it."""
        line = page.query_selector(f'[name="{name}"]:not([type=radio])')
        if line is None:
            value = {"true": "yes", "false": "no"}.get(text, text)
            return page.check(f'input[name="{name}"][value="{value}"]')
        if not line.is_visible():
            page.click(f'details:has([name="{name}"]) > summary')
        return line.fill(text)

    def prove(self, page: Page, role: str) -> None:
        """Type the password."""
        page.fill('main [name="password"]', self.passwords[LOGIN_OF[role]])

    def press(self, page: Page, button: str, said: str | tuple[str, ...] = "") -> None:
        """Press a button and read the next page: it complains of nothing, and it says one of `said`."""
        with page.expect_navigation(wait_until="domcontentloaded"):
            page.click(button)
        self._fresh = (self._fresh[0], page.url) if self._fresh else None
        problems = page.query_selector("#problems, .notice.bad[role=status]")
        if problems is not None:
            raise PageRefusedError(f"{page.url}: {problems.inner_text()}")
        told = page.inner_text("main")
        if said and not any(words in told for words in ((said,) if isinstance(said, str) else said)):
            raise PageRefusedError(f"{page.url} says nothing of {said}: {told[:600]}")

    def page_of(self, role: str) -> Page:
        """The page that somebody is at."""
        return self.pages[LOGIN_OF[role]]

    def close(self) -> None:
        """Everybody leaves."""
        for page in self.pages.values():
            page.context.close()

    def _step(self, role: str, batch: str, key: str) -> Page:
        """The page of a step; who is at it already, and did the last act there, need not open it again."""
        path = f"/batches/{quote(batch)}/tasks/{quote(key)}"
        page = self.pages.get(LOGIN_OF[role])
        if page is not None and self._fresh == (LOGIN_OF[role], self.address + path):
            return page
        return self.at(role, path)

    def _station(self, login: str) -> Page:
        context = self.browser.new_context(viewport={"width": 1280, "height": 900}, java_script_enabled=self.scripts)
        context.set_default_timeout(15_000)
        context.add_init_script(REMEMBER_CLICKS)
        self.pages[login] = context.new_page()
        return self.pages[login]


@dataclass(frozen=True, slots=True)
class AtPages:
    """The CAR-T site, served; `floor` runs batches on it with people at its pages."""

    cart: Cart
    hands: PageHands
    floor: Floor


@contextmanager
def cart_at_pages(url: str, folder: Path, browser: Browser, *, scripts: bool = True) -> Iterator[AtPages]:
    """Furnish an empty, migrated database for the CAR-T recipe and open the site's doors."""
    cart = cart_site(url, folder)
    try:
        with served(create_app(cart.site, SIGN_IN_LIMIT="")) as address:
            hands = PageHands(browser, address, scripts)
            yield AtPages(cart, hands, Floor(cart.site, hands, partial(fire_due, cart.site), cart.floor.after_end))
            hands.close()
    finally:
        cart.site.close()
        clock.stop_simulating()
