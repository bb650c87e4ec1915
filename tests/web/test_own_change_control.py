"""A site draws its own change control in the editor: one more assessment, one fewer signature; it runs so from its instant on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from bpmn.diagram import Diagram
from engine import clock
from engine.actions.processes import CHANGE_CONTROL, shipped_xml
from engine.actions.timers import fire_due
from engine.database import migrate
from engine.queries.drafts import draft_view
from engine.records import Batch
from tests.batches import SUBMISSION
from tests.changes import ChangeTeam
from tests.engine.small_site import small_site
from tests.people import PASSWORD
from tests.web.serving import served
from tests.web.table_hands import TableHands
from tests.web.test_accessibility import sideways, violations
from web.app import create_app

MONDAY = datetime.fromisoformat("2026-04-13T08:00:00+00:00")
OWN = "CCP-001@1.1"
RUNNING, ABOUT, EARLY, LIGHT, URGENT = (f"CC-2026-090{n}" for n in range(5))
SIZES = {"desktop": (1280, 800), "tablet": (820, 1180)}


class Site:
    """A small site behind its pages, and its people each at a browser of their own."""

    def __init__(self, team: ChangeTeam, browser: Browser, address: str) -> None:
        self.team, self.browser, self.address = team, browser, address
        self.size = SIZES["desktop"]

    @contextmanager
    def at(self, role: str, path: str) -> Iterator[Page]:
        """The page of a path as the person of a role sees it."""
        width, height = self.size
        context = self.browser.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce")
        context.set_default_timeout(10_000)
        page = context.new_page()
        page.goto(f"{self.address}/sign-in")
        page.fill("#f-login", self.team.staff[role].login)
        page.fill("#f-password", PASSWORD)
        page.click("button.main")
        page.wait_for_url(lambda url: not url.endswith("/sign-in"))
        page.goto(self.address + path)
        yield page
        context.close()

    def sign(self, role: str, change_id: str, title: str, **entries: str) -> str:
        """From the inbox to a signed step; what the page says then."""
        with self.at(role, "/inbox") as page:
            page.click(f"main a[href*='{change_id}']:has-text('{title}') >> nth=0")
            signed(page, **entries)
            return page.inner_text("main")


@pytest.fixture
def at(browser: Browser, tmp_path: Path) -> Iterator[Site]:
    url = f"sqlite:///{tmp_path}/records.sqlite"
    migrate(url)
    clock.simulate(MONDAY)
    site = small_site(url, tmp_path, zone="Europe/Berlin")
    with served(create_app(site, SIGN_IN_LIMIT="", LOCK_AFTER_SECONDS=10**6)) as address:
        yield Site(ChangeTeam(site), browser, address)
    site.close()
    clock.stop_simulating()


def signed(page: Page, **entries: str) -> None:
    """Fill the step's form and sign it."""
    for name, text in entries.items():
        if page.locator(f'input[type=radio][name="v:{name}"]').count():
            page.check(f'[name="v:{name}"][value="{text}"]')
        else:
            page.fill(f'[name="v:{name}"]', text)
    page.fill("main [name=password]", PASSWORD)
    page.click("button:has-text('Sign'):not(:has-text('out'))")
    page.wait_for_selector("text=You signed.")


def begun(page: Page) -> TableHands:
    """The next revision of the process, begun on the Recipes page and open in the editor."""
    if not page.is_visible("[name=recipe_id]"):
        page.click("summary:has-text('New draft')")
    page.fill("[name=recipe_id]", CHANGE_CONTROL)
    page.fill("[name=revision]", "1.1")
    page.select_option("[name=based_on]", f"{CHANGE_CONTROL}@1.0")
    page.click("button:has-text('Begin the draft')")
    page.click("main a:text-is('Edit')")
    page.wait_for_selector("#editor[data-ready=true]")
    return TableHands(page)


def one_more_assessment(page: Page, hands: TableHands) -> None:
    """QC assesses on the light route too, like the process owner does: another branch like that one, said otherwise."""
    hands.click("light_assess_all_to_LIGHT_MSAT", "kind")
    page.click("summary:text-is('Structure'), button:text-is('Structure')")
    page.click("text=Another like this")
    assert hands.at() == ("S01#0", "title")
    hands.type("Assessment by QC, light route")
    hands.press("Enter")
    hands.click("S01#0", "id")
    hands.type("LIGHT_QC")
    hands.press("Enter")
    hands.click("LIGHT_QC#0", "instruction")
    hands.type("Can it be tested?")
    hands.press("Enter")
    hands.click("LIGHT_QC#0", "title")
    unfold_signatures(page, "Q")
    slot = page.locator("#editor-panel fieldset:has(legend:text-is('Signature 1'))")
    for label, before, after in (("Roles", "Process owner / MSAT", "QC reviewer"), ("Meanings", "Technical", "Assessed by QC")):
        field = slot.locator(f".field:has(> label:text-is('{label}'))")
        field.locator("summary").click()
        field.locator(f".box:has-text('{before}') input:checked").uncheck()
        field.locator(f".box:has-text('{after}') input").check()
    slot.get_by_label("Not signed by who signed").fill("INITIATE")
    page.keyboard.press("Tab")


def unfold_signatures(page: Page, shown: str) -> None:
    """The panel's part, which stays open from step to step."""
    part = page.locator(f"#editor-panel summary:text-is('Signatures ({shown})')")
    part.wait_for()
    if not page.is_visible("#editor-panel button:has-text('Quality (Q)')"):
        part.click()


def one_fewer_signature(page: Page, hands: TableHands) -> None:
    """Quality on call authorises an emergency alone."""
    hands.click("AUTHORISE#0", "title")
    unfold_signatures(page, "P + Q")
    page.get_by_label("Remove signature 1").click()
    page.wait_for_selector("#editor-panel summary:has-text('Signatures (Q)')")


def drawn_and_submitted(at: Site) -> None:
    """The process owner draws it and submits it for review, all of it on pages."""
    with at.at("PROC", "/recipes") as page:
        hands = begun(page)
        one_more_assessment(page, hands)
        one_fewer_signature(page, hands)
        hands.saved()
        page.wait_for_selector("[data-do=findings]:has-text('All checks passed')")
        at.team.open(ABOUT, kind="process", title="Our change control")
        at.team.revision = OWN
        at.team.put(ABOUT)
        page.click("a[data-do=submit]")
        page.click("main a:text-is('Submit for review')")
        signed(page, **{name: {"false": "no"}.get(text, text) for name, text in SUBMISSION.items()})


@pytest.mark.slow
def test_a_site_draws_its_own_change_control_in_the_editor_and_running_changes_stay_on_theirs(at: Site) -> None:
    team = at.team
    team.recipe_in_effect()
    team.open(RUNNING, stage="process_development")
    team.put(RUNNING, kind="text", revision_id=None, proposed="The form of the label is another.")
    drawn_and_submitted(at)
    was, now = Diagram.parse(shipped_xml(CHANGE_CONTROL).encode()), Diagram.parse(draft_view(team.site, OWN)["xml"].encode())
    assert now.steps.keys() - was.steps.keys() == {"LIGHT_QC"}
    assert now.steps["LIGHT_QC"].parameters == was.steps["LIGHT_MSAT"].parameters
    assert now.steps["AUTHORISE"].signatures == was.steps["AUTHORISE"].signatures[1:]
    same = was.steps.keys() - {"AUTHORISE"}
    assert {name: now.steps[name] for name in same} == {name: was.steps[name] for name in same}

    team.initiate(ABOUT)
    team.assess(ABOUT)
    instant = clock.now() + timedelta(hours=1)
    team.approve_change(change_id=ABOUT, at=instant)
    team.open(EARLY, stage="process_development")
    clock.simulate(instant)
    fire_due(team.site)
    assert (team.state(f"{CHANGE_CONTROL}@1.0"), team.state(OWN)) == ("SUPERSEDED", "EFFECTIVE")

    team.initiate(RUNNING)
    assert team.assess(RUNNING) == ["LIGHT_MFG", "LIGHT_MSAT"]
    for change_id, how in ((LIGHT, {"stage": "process_development"}), (URGENT, {"urgency": "emergency"})):
        team.open(change_id, **how)
        team.put(change_id, kind="text", revision_id=None, proposed="The other vessel is used.")
        team.initiate(change_id)
    assert {key.partition("[")[0] for key in team.waiting(LIGHT)} == {"CANCEL", "LIGHT_MFG", "LIGHT_MSAT", "LIGHT_QC"}
    at.sign("QC_REV", LIGHT, "Assessment by QC, light route", verdict="agree")
    team.assess(LIGHT)
    assert team.approve_change("LIGHT_APPROVE", change_id=LIGHT)["completed"]
    assert "Verify the implementation" in at.sign("QA_FLR", URGENT, "Authorise at once", why="The vessel broke.")
    with team.site.read() as reader:
        drawn = {name: reader.get(Batch, id=name)["revision_id"] for name in (RUNNING, ABOUT, EARLY, LIGHT, URGENT)}
    assert drawn == dict.fromkeys((RUNNING, ABOUT, EARLY), f"{CHANGE_CONTROL}@1.0") | dict.fromkeys((LIGHT, URGENT), OWN)


@pytest.mark.parametrize("size", SIZES)
def test_the_change_control_is_read_in_the_editor(at: Site, size: str) -> None:
    at.size = SIZES[size]
    at.team.open(EARLY)  # the first change brings the process along
    with at.at("PROC", "/recipes") as page:
        hands = begun(page)
        assert hands.text("APPROVE#0", "kind") == "approval of a change"
        due = page.locator('[data-key="ASSESSMENTS_remind_due"] [data-prefix]')
        due.scroll_into_view_if_needed()
        assert due.get_attribute("data-prefix") == "due, counting working days"
        page.click(f"[data-view={'diagram' if size == 'tablet' else 'both'}]")
        found = violations(page) + sideways(page)
        page.click("[data-view=diagram]")
        page.click("[data-do=panel]")
        page.click("text=Fit")
        left, right = page.evaluate(
            """() => {
              const drawn = document.querySelector(".canvas-bar ~ * .viewport, .djs-container .viewport").getBoundingClientRect();
              const shown = document.querySelector(".djs-container").getBoundingClientRect();
              return [drawn.left - shown.left, shown.right - drawn.right];
            }"""
        )
        assert left >= -1
        assert abs(left - right) < 40, "all of it, in the middle of the width that there is now"
        assert found == []
