"""The people of CC-2026-0142 at work, three ways: by the acts, over the API, through the pages without scripts."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest

from engine.actions import changes, duties, open_batches, processes, recipes, trainings
from engine.actions.batches import plan_batch, start_batch
from engine.actions.drafts import start_draft
from engine.passwords import Proof
from engine.transaction import Actor, perform
from tests.stories.cart import Cart
from tests.stories.change import CHANGE, next_recipe
from tests.web.plain_browser import PlainBrowser
from web.app import create_app
from web.demo.furnish import SUBMISSION
from web.demo.people import PEOPLE, DemoPerson

RECIPE, BASE, REVISION = "MR-CART-001", "MR-CART-001@3.0", "MR-CART-001@3.1"
STREAM = f"batch:{CHANGE}"
BERLIN = ZoneInfo("Europe/Berlin")
Row = dict[str, Any]


class AnsweredError(AssertionError):
    """The API or a page refused, with a status and words."""


class ByActs:
    """The acts themselves, each by the person of a role; `MSAT` is the second process owner."""

    def __init__(self, cart: Cart) -> None:
        self.cart = cart
        cart.site.settings = replace(cart.site.settings, zone="Europe/Berlin")  # what is typed on a page is the site's time

    def someone(self, role: str) -> tuple[Actor, Proof]:
        found: tuple[Actor, Proof] = self.cart.crew["tomas" if role == "MSAT" else role]
        return found

    def key_of(self, step_id: str) -> str:
        """The open step of the change."""
        with self.cart.site.read() as reader:
            keys = [row["key"] for row in processes.open_steps(reader, CHANGE)]
        return next(key for key in keys if key.partition("[")[0] == step_id)

    def refused(self, error: type[Exception], do: Callable[[], Any]) -> str:
        """What is said to somebody who is refused."""
        with pytest.raises(error) as refusal:
            do()
        return str(refusal.value)

    def draft(self) -> None:
        """The process owner's draft of revision 3.1."""
        about: Row = {"recipe_id": RECIPE, "revision": "3.1", "xml": next_recipe(), "based_on": BASE}
        self._do("PROC", start_draft, f"recipe:{RECIPE}", **about)

    def submit(self) -> None:
        """The draft is locked and goes to review."""
        self._do(
            "PROC", recipes.sign_recipe, f"batch:{REVISION}", prove=True, revision_id=REVISION, meaning="authored_by",
            entries=SUBMISSION,
        )  # fmt: skip

    def open(self, **about: Any) -> None:
        self._do("PROC", changes.open_change, change_id=CHANGE, **about)

    def item(self, **about: Any) -> None:
        self._do("PROC", changes.put_item, change_id=CHANGE, kind="revision", revision_id=REVISION, **about)

    def sign(self, role: str, step_id: str, meaning: str, **entries: str) -> None:
        about: Row = {"change_id": CHANGE, "task_key": self.key_of(step_id), "meaning": meaning, "entries": entries}
        self._do(role, changes.sign_step, prove=True, **about)

    def tick(self, role: str, entries: list[str]) -> None:
        """Entries were looked at."""
        self._do(role, changes.review_entries, change_id=CHANGE, entries=entries)

    def duty(self, role: str, duty_id: str, evidence: str) -> None:
        self._do(role, duties.do_duty, change_id=CHANGE, duty_id=duty_id, evidence=evidence)

    def plan(self, batch: str, order: dict[str, str]) -> None:
        self._do("MFG_SUP", plan_batch, f"batch:{batch}", recipe_id=RECIPE, batch_id=batch, order=order)

    def issue(self, batch: str, order: dict[str, str], revision: str) -> None:
        about: Row = {"recipe_id": RECIPE, "batch_id": batch, "order": order, "revision": revision}
        self._do("MFG_SUP", start_batch, f"batch:{batch}", prove=True, **about)

    def wait_to_issue(self, batch: str, order: dict[str, str], revision: str) -> Callable[[], None]:
        """The order is written; what comes back issues it, whenever that is."""
        return lambda: self.issue(batch, order, revision)

    def decide(self, rows: list[Row], reason: str, roles: tuple[str, ...]) -> None:
        """One decision about running batches, signed by each of the roles."""
        made = self._do(
            roles[0], open_batches.propose_decisions, prove=True, change_id=CHANGE, rows=rows, reason=reason
        )  # fmt: skip
        for role in roles[1:]:
            self._do(role, open_batches.sign_decisions, prove=True, change_id=CHANGE, set_id=made["set"])

    def read(self, role: str) -> None:
        """Read and understood."""
        stream = f"person:{self.someone(role)[0].id}"
        self._do(role, trainings.read_and_understood, stream, prove=True, revision_id=REVISION)

    def _do(self, role: str, action: Any, stream: str = STREAM, *, prove: bool = False, **arguments: Any) -> Row:
        actor, proof = self.someone(role)
        given: Row = arguments | ({"proof": proof} if prove else {})
        found: Row = perform(self.cart.site, action, actor=actor, stream=stream, **given)
        return found


class OverApi(ByActs):
    """The same as requests to the API."""

    PATHS = {  # noqa: RUF012
        start_draft: "/drafts", recipes.sign_recipe: f"/recipes/{REVISION}/signatures", changes.open_change: "/changes",
        changes.put_item: f"/changes/{CHANGE}/items", changes.sign_step: f"/changes/{CHANGE}/signatures",
        changes.review_entries: f"/changes/{CHANGE}/reviews", duties.do_duty: f"/changes/{CHANGE}/duties/done",
        plan_batch: "/batches/plans", start_batch: "/batches", trainings.read_and_understood: f"/recipes/{REVISION}/reading",
        open_batches.propose_decisions: f"/changes/{CHANGE}/open-batches/decisions",
        open_batches.sign_decisions: f"/changes/{CHANGE}/open-batches/signatures",
    }  # fmt: skip
    _keys = (f"change-story-{n:06}" for n in itertools.count(1))

    def __init__(self, cart: Cart) -> None:
        super().__init__(cart)
        self.client = create_app(cart.site, SIGN_IN_LIMIT="").test_client()

    def refused(self, error: type[Exception], do: Callable[[], Any]) -> str:
        return super().refused(AnsweredError, do)

    def _do(self, role: str, action: Any, stream: str = STREAM, *, prove: bool = False, **arguments: Any) -> Row:
        person, path = demo_person(self, role), self.PATHS[action]
        named = {"change_id", "revision_id"} if action not in (changes.open_change, changes.put_item) else set()
        body = {name: value for name, value in arguments.items() if name not in named}
        if action is changes.put_item:
            del body["change_id"]
        token = self._send("/session", {"login": person.login, "password": person.password})["token"]
        return self._send(path, body | ({"password": person.password} if prove else {}), token)

    def _send(self, path: str, body: Row, token: str = "") -> Row:
        headers = {"Idempotency-Key": next(self._keys)} | ({"Authorization": f"Bearer {token}"} if token else {})
        response = self.client.post(f"/api/v1{path}", json=body, headers=headers)
        answer: Row = response.get_json()
        if 400 <= response.status_code < 500:
            raise AnsweredError(f"{response.status_code} {answer.get('detail')} {answer}")
        assert response.status_code < 300, answer
        return answer


class ThroughPages(ByActs):
    """The same with a browser without scripts for everybody: links followed, forms filled as they were served."""

    def __init__(self, cart: Cart) -> None:
        super().__init__(cart)
        self.app = create_app(cart.site, SIGN_IN_LIMIT="")
        self._browsers: dict[str, PlainBrowser] = {}

    def refused(self, error: type[Exception], do: Callable[[], Any]) -> str:
        return super().refused(AnsweredError, do)

    def at(self, role: str, path: str) -> PlainBrowser:
        """The page of a path as the person of a role sees it; they sign in where they have to."""
        person = demo_person(self, role)
        browser = self._browsers.setdefault(person.login, PlainBrowser(self.app))
        browser.open(path)
        if browser.controls("login"):
            browser.send("Sign in", login=person.login, password=person.password).open(path)
        elif browser.path.startswith("/unlock"):
            browser.send("Unlock", password=person.password).open(path)
        assert browser.status == 200, f"{browser.status} {path}: {browser.text}"
        return browser

    def draft(self) -> None:
        page = self.at("PROC", "/recipes")
        said(page.send("Check and load", diagram=("next.bpmn", next_recipe().encode())), "is a draft now")

    def submit(self) -> None:
        page = self.at("PROC", f"/recipes/{REVISION}").follow("Submit for review")
        said(self._signed(page, "PROC", SUBMISSION), "You signed")

    def open(self, **about: Any) -> None:
        risk = {name: str(number) for name, number in about["risk"].items()}
        told = {name: text for name, text in about.items() if name not in ("risk", "client_signs")}
        page = self.at("PROC", "/changes").follow("Open a change")
        client_signs = "yes" if about["client_signs"] else "no"
        said(page.send("Open the change", change_id=CHANGE, client_signs=client_signs, **told, **risk), "The change is open")

    def item(self, **about: Any) -> None:
        page = self.at("PROC", f"/changes/{CHANGE}").follow("Add a part of a revision")
        page.send("Compare", revision_id=REVISION)
        evidence = {
            f"evidence_{name}:{n}": text for n, one in enumerate(about.pop("evidence")) for name, text in one.items()
        }  # fmt: skip
        fields = {name: about[name] for name in ("title", "category", "why", "confidence", "subjects")} | evidence
        said(page.send_entries("Record the item", fields), "The item is recorded")

    def sign(self, role: str, step_id: str, meaning: str, **entries: str) -> None:
        page, key = self.at(role, "/inbox"), self.key_of(step_id)
        ways = (f"/changes/{CHANGE}/steps/{key}", f"/changes/{CHANGE}/review?step={key}", f"/changes/{CHANGE}/batches")
        way = next((link for link in page.links() if link in ways), "")
        if not way:
            self._sent_all_the_same(role, step_id, meaning, entries)
        page.open(way)
        if page.path.endswith("/batches"):  # the decisions stand there; the step that says they are all taken has its own page
            page.open(ways[0])
        said(self._signed(page, role, entries, meaning), "You signed")

    def tick(self, role: str, entries: list[str]) -> None:
        page = self.at(role, f"/changes/{CHANGE}/review")
        page.send_entries("Keep the ticks, decide later", {"entry": entries})
        said(page, f"All {len(entries)} entries looked at")

    def duty(self, role: str, duty_id: str, evidence: str) -> None:
        said(self.at(role, f"/changes/{CHANGE}").send("It is done", duty=duty_id, evidence=evidence), "It is recorded as done")

    def plan(self, batch: str, order: dict[str, str]) -> None:
        self._ordered(self.at("MFG_SUP", "/start"), "Plan it only", batch, order)

    def issue(self, batch: str, order: dict[str, str], revision: str) -> None:
        self.wait_to_issue(batch, order, revision)()

    def wait_to_issue(self, batch: str, order: dict[str, str], revision: str) -> Callable[[], None]:
        page = self.at("MFG_SUP", "/start")
        if batch in page.text:  # it was planned
            page.follow(batch)
        assert f"{RECIPE}@{revision}" in page.text

        def sign() -> None:
            self._ordered(page, "Sign and start the batch", batch, order)

        return sign

    def decide(self, rows: list[Row], reason: str, roles: tuple[str, ...]) -> None:
        page = self.at(roles[0], f"/changes/{CHANGE}/batches")
        chosen = {f"d:{row['batch']}:{row['item']}": row["decision"] for row in rows}
        fields = chosen | {"reason": reason, "password": demo_person(self, roles[0]).password}
        if not all(page.offers(name, decision) for name, decision in chosen.items()):
            said(page.forge(page.path, fields | {"do": "propose"}), "It is refused all the same")
        said(page.send_entries("Sign the decisions", fields), "Your decision is signed")
        for role in roles[1:]:
            page = self.at(role, "/inbox").follow(f"{len(rows)} rows to sign")
            page.send("Sign the decision", set_password=demo_person(self, role).password)
            said(page, "The decision is taken" if role == roles[-1] else "Your decision is signed")

    def read(self, role: str) -> None:
        page = self.at(role, "/training").follow(f"Read {REVISION}")
        said(page.send("I have read and understood", password=demo_person(self, role).password), "You are trained on it")

    def _sent_all_the_same(self, role: str, step_id: str, meaning: str, entries: dict[str, str]) -> None:
        """Nothing of the step is in the inbox, and its own page has no form; who sends one all the same is refused."""
        key = self.key_of(step_id)
        page = self.at(role, f"/changes/{CHANGE}/steps/{quote(key)}")
        assert not page.controls("password"), page.text
        typed = {f"v:{name}": local(text) for name, text in entries.items()}
        proven = {"meaning": meaning, "password": demo_person(self, role).password, "do": "sign", "task_key": key}
        said(page.forge(page.path, typed | proven), "It is refused all the same")

    def _signed(self, page: PlainBrowser, role: str, entries: dict[str, str], meaning: str = "") -> PlainBrowser:
        typed = {f"v:{name}": {"true": "yes", "false": "no"}.get(text, local(text)) for name, text in entries.items()}
        more = {"meaning": meaning} if meaning else {}
        return page.send_entries("Sign", typed | more | {"password": demo_person(self, role).password})

    def _ordered(self, page: PlainBrowser, button: str, batch: str, order: dict[str, str]) -> None:
        fields = {f"o:{name}": local(text) for name, text in order.items()}
        password = demo_person(self, "MFG_SUP").password
        said(page.send_entries(button, {"batch_id": batch, "password": password} | fields), f"Batch {batch} is")


def demo_person(by: ByActs, role: str) -> DemoPerson:
    """Whoever has the role, with their password."""
    login = by.someone(role)[0].id
    return next(person for person in PEOPLE if person.login == login)


def local(text: str) -> str:
    """An instant as somebody in Berlin types it; any other text as it is."""
    try:
        moment = datetime.fromisoformat(text) if "T" in text else None
    except ValueError:
        moment = None
    return text if moment is None else f"{moment.astimezone(BERLIN):%Y-%m-%d %H:%M}"


def said(page: PlainBrowser, words: str) -> None:
    """The page says so, and complains of nothing."""
    if page.problems or page.status >= 400:
        raise AnsweredError(f"{page.status} {page.problems or page.text}")
    assert words in page.text, f"{page.path} says nothing of “{words}”: {page.text[:3000]}"
