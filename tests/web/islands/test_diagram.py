"""An operator looks at the diagram of a running batch."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

DIST = Path(__file__).resolve().parents[3] / "web/static/dist"
POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; font-src 'self'; img-src 'self'"
PAGE = """<!doctype html><html lang="en"><title>Batch</title><link rel="stylesheet" href="/diagram.css">
<div class="diagram" data-xml-url="/recipe.xml" data-state-url="/state" aria-label="Recipe, live state"></div>
<script src="/diagram.js"></script></html>"""


def recipe(steps: int) -> str:
    """A sequence of steps, drawn from left to right."""
    nodes = "".join(f'<bpmn:userTask id="S{n}" name="Step {n}"/>' for n in range(1, steps + 1))
    flows = "".join(f'<bpmn:sequenceFlow id="F{n}" sourceRef="S{n}" targetRef="S{n + 1}"/>' for n in range(1, steps))
    shapes = "".join(
        f'<di:BPMNShape id="d{n}" bpmnElement="S{n}"><dc:Bounds x="{150 * n}" y="100" width="100" height="80"/></di:BPMNShape>'
        for n in range(1, steps + 1)
    )
    edges = "".join(
        f'<di:BPMNEdge id="e{n}" bpmnElement="F{n}"><w:waypoint x="{150 * n + 100}" y="140"/>'
        f'<w:waypoint x="{150 * n + 150}" y="140"/></di:BPMNEdge>'
        for n in range(1, steps)
    )
    return (
        '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" '
        'xmlns:di="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" '
        'xmlns:w="http://www.omg.org/spec/DD/20100524/DI" id="D" targetNamespace="urn:test">'
        f'<bpmn:process id="P">{nodes}{flows}</bpmn:process>'
        f'<di:BPMNDiagram id="B"><di:BPMNPlane id="L" bpmnElement="P">{shapes}{edges}</di:BPMNPlane></di:BPMNDiagram>'
        "</bpmn:definitions>"
    )


class Site:
    """Serves one batch's page under the policy of the real pages."""

    def __init__(self) -> None:
        self.xml = recipe(6)
        self.state: dict | None = {}
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, kind, body = site.answer(self.path)
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Security-Policy", POLICY)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, path: str) -> tuple[int, str, bytes]:
        if path == "/":
            return 200, "text/html; charset=utf-8", PAGE.encode()
        if path == "/recipe.xml":
            return 200, "application/xml", self.xml.encode()
        if path == "/state":
            return (200 if self.state is not None else 503), "application/json", json.dumps(self.state).encode()
        file = DIST / path.lstrip("/")
        kind = {".js": "text/javascript", ".css": "text/css"}.get(file.suffix, "application/octet-stream")
        return (200, kind, file.read_bytes()) if file.is_file() else (404, kind, b"")


@pytest.fixture
def site():
    site = Site()
    yield site
    site.server.shutdown()
    site.server.server_close()


@pytest.fixture
def opened(page, site):
    """Opens the page and waits until the diagram is drawn (or can't be)."""
    page.complaints = []
    page.on("console", lambda message: message.type == "error" and page.complaints.append(message.text))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))

    def open_page(**state: dict) -> None:
        site.state = state
        page.clock.install()
        page.goto(site.url)
        page.wait_for_selector(".diagram[data-ready]")

    return open_page


def marked(page, element: str) -> str:
    return page.locator(f'.djs-shape[data-element-id="{element}"]').get_attribute("class")


def test_each_state_is_a_colour_a_glyph_and_a_shape(page, opened):
    states = ["done", "open", "started", "blocked", "exception", "withdrawn"]
    opened(**{f"S{n}": {"state": state, "label": f"{state} by Anna"} for n, state in enumerate(states, 1)})
    badges = page.locator(".diagram-badge")
    assert badges.count() == 6
    assert len(set(badges.locator("text").all_text_contents())) == 6
    assert len({path.get_attribute("d") for path in badges.locator("path").all()}) == 6
    assert all(f"state-{state}" in marked(page, f"S{n}") for n, state in enumerate(states, 1))
    assert page.get_by_role("img", name="blocked by Anna").is_visible()


def test_it_is_drawn_without_breaking_the_policy(page, opened):
    opened(S1={"state": "done", "label": "Done"})
    assert page.locator(".diagram").get_attribute("data-ready") == "true"
    assert page.complaints == []
    assert page.locator(".bjs-powered-by").is_visible()


def test_a_step_completed_elsewhere_shows_after_five_seconds(page, site, opened):
    opened(S1={"state": "open", "label": "Open"})
    site.state = {"S1": {"state": "done", "label": "Done"}, "S2": {"state": "open", "label": "Open"}}
    page.clock.run_for(5100)
    page.get_by_role("img", name="Done").wait_for()
    assert "state-done" in marked(page, "S1")
    assert "state-open" not in marked(page, "S1")


def test_a_lost_connection_is_said(page, site, opened):
    opened(S1={"state": "open", "label": "Open"})
    site.state = None
    page.clock.run_for(5100)
    page.get_by_role("status").get_by_text("not up to date since").wait_for()


def test_a_diagram_that_can_not_be_read_says_so(page, site, opened):
    site.xml = "<nonsense/>"
    opened()
    assert page.locator(".diagram").get_attribute("data-ready") == "error"
    assert "can't be shown" in page.get_by_role("status").inner_text()


def test_a_long_recipe_stays_readable_and_shows_the_open_step(page, site, opened):
    site.xml = recipe(60)
    opened(S50={"state": "started", "label": "Started"})
    step = page.locator('.djs-shape[data-element-id="S50"]').bounding_box()
    assert step["width"] > 55
    assert 0 <= step["x"] <= 1280 - step["width"]


def test_the_keyboard_moves_the_drawing(page, opened):
    opened()
    before = page.locator('.djs-shape[data-element-id="S1"]').bounding_box()
    page.locator(".diagram-canvas svg[tabindex]").focus()
    page.keyboard.press("ArrowRight")
    assert page.locator('.djs-shape[data-element-id="S1"]').bounding_box()["x"] != before["x"]


def test_the_buttons_zoom(page, opened):
    opened()
    before = page.locator('.djs-shape[data-element-id="S1"]').bounding_box()["width"]
    page.get_by_role("button", name="Zoom in").click()
    assert page.locator('.djs-shape[data-element-id="S1"]').bounding_box()["width"] > before
    page.get_by_role("button", name="Fit the width").click()
    assert page.locator('.djs-shape[data-element-id="S1"]').bounding_box()["width"] == pytest.approx(before)
