"""People at the pages in a browser: each acts through the forms, as somebody at a station does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from engine.site import Site
from web import demo
from web.demo.hands import DirectHands

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

LOGIN_OF = {role: person.login for person in reversed(demo.PEOPLE) for role in person.roles}


class PageRefusedError(AssertionError):
    """A page said that something is wrong, where the story goes on."""


@dataclass(slots=True)
class PageHands:
    """A browser context per person; devices still post by themselves."""

    browser: Browser
    address: str
    site: Site
    devices: DirectHands
    scripts: bool = True
    pages: dict[str, Page] = field(default_factory=dict)

    def start(self, role: str, batch: str, key: str) -> Any:
        """Press Start."""
        page = self._at(role, batch, key)
        self._press(page, 'button[value="start"]')

    def scan(self, role: str, batch: str, key: str, code: str) -> Any:
        """Type a code into the scan field and take it."""
        page = self._at(role, batch, key)
        page.fill("#f-code", code)
        self._press(page, 'button[value="scan"]')

    def read(self, device: str, batch: str, step: str, parameter: str, text: str, uom: str) -> str:
        """A device measures; nobody is at a page for that."""
        return self.devices.read(device, batch, step, parameter, text, uom)

    def record(self, role: str, batch: str, key: str, entries: Mapping[str, str], readings: Mapping[str, str]) -> Any:
        """Accept what the devices sent, then type the rest."""
        page = self._at(role, batch, key)
        if readings:
            self._press(page, 'button[value="accept"]')
        if entries:
            for name, text in entries.items():
                self._enter(page, f"v:{name}", text)
            self._press(page, 'button[value="record"]')

    def sign(
        self, role: str, batch: str, key: str, meaning: str, comments: Mapping[str, str],
        verification: Mapping[str, str] | None,
    ) -> Any:  # fmt: skip
        """Sign at the step, or verify blindly where that is asked."""
        page = self._at(role, batch, key)
        for name, text in (verification or {}).items():
            self._enter(page, f"w:{name}", text)
        for name, text in comments.items():
            if page.query_selector(f'[name="c:{name}"]'):
                page.fill(f'[name="c:{name}"]', text)
        if page.query_selector(f'input[type=radio][name="meaning"][value="{meaning}"]'):
            page.check(f'input[name="meaning"][value="{meaning}"]')
        page.fill('[name="password"]', self._password(role))
        self._press(page, "form .button.main", ok=("is completed", "You signed", "You verified"))

    def _at(self, role: str, batch: str, key: str) -> Page:
        page = self._page(role)
        page.goto(f"{self.address}/batches/{quote(batch)}/tasks/{quote(key)}")
        return page

    def _page(self, role: str) -> Page:
        login = LOGIN_OF[role]
        if login not in self.pages:
            context = self.browser.new_context(java_script_enabled=self.scripts)
            context.set_default_timeout(10_000)
            page = self.pages[login] = context.new_page()
            page.goto(f"{self.address}/sign-in")
            page.fill("#f-login", login)
            page.fill("#f-password", self._password(role))
            page.click("button.main")
        return self.pages[login]

    def _password(self, role: str) -> str:
        return next(person.password for person in demo.PEOPLE if person.login == LOGIN_OF[role])

    def _enter(self, page: Page, name: str, text: str) -> None:
        radio = page.query_selector(f'input[type=radio][name="{name}"]')
        if radio is None:
            page.fill(f'[name="{name}"]', text)
            return
        value = {"true": "yes", "false": "no"}.get(text, text)
        page.check(f'input[type=radio][name="{name}"][value="{value}"]')

    def _press(self, page: Page, button: str, ok: tuple[str, ...] = ()) -> None:
        with page.expect_navigation():
            page.click(button)
        problems = page.query_selector("#problems, .notice.bad[role=status]")
        if problems is not None:
            raise PageRefusedError(f"{page.url}: {problems.inner_text()}")
        if ok and not any(word in page.inner_text("main") for word in ok):
            raise PageRefusedError(f"{page.url}: none of {ok} in {page.inner_text('main')[:600]}")

    def close(self) -> None:
        """Close every browser context."""
        for page in self.pages.values():
            page.context.close()
