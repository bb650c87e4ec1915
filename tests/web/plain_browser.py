"""A browser without scripts: it opens pages, follows their links, and fills and sends the forms as they were served.

What a page does not offer can't be sent: a field that is not there, a value that no option has, a button that is disabled.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

from flask import Flask
from lxml import html
from werkzeug.datastructures import MultiDict

Element = Any
Value = str | bool | list[str] | tuple[str, bytes]
"""What is entered: a text or an option's value; a tick; the ticks of several boxes; a file's name with what is in it."""


INLINE = {"a", "abbr", "code", "del", "em", "ins", "kbd", "span", "strong", "time"}


class NotOfferedError(AssertionError):
    """The page has no such form, field, option, button or link."""


class PlainBrowser:
    """A person's browser; `root` is the page that it shows."""

    def __init__(self, app: Flask) -> None:
        self._client = app.test_client()
        self.root: Element = None
        self.path, self.status = "", 0

    def open(self, path: str) -> PlainBrowser:
        """Go to an address, and on to where it redirects."""
        return self._shown(self._client.get(path, follow_redirects=True))

    def follow(self, words: str) -> PlainBrowser:
        """Follow the link that says these words."""
        for link in self.root.iter("a"):
            if words in text_of(link):
                return self.open(urljoin(self.path, link.get("href")))
        raise NotOfferedError(f"{self.path} has no link “{words}”: {self.links()}")

    def send(self, button: str, **fields: Value) -> PlainBrowser:
        """Fill the form that has all of these fields and press its button; `fields` may name hidden ones by their value."""
        return self.send_entries(button, fields)

    def send_entries(self, button: str, fields: Mapping[str, Value]) -> PlainBrowser:
        """The same, for names that are no identifiers."""
        found = [(form, one) for form in self.root.iter("form") for one in self._buttons(form) if text_of(one) == button]
        fitting = [(form, one) for form, one in found if all(self._fits(form, *field) for field in fields.items())]
        if len(fitting) != 1:
            missing = [name for name in fields if not any(self._fits(form, name, fields[name]) for form, _ in found)]
            told = f"{len(fitting)} forms to press “{button}” in; without {missing}"
            raise NotOfferedError(f"{self.path}: {told}: {self.text[:2000]}")
        [(form, pressed)] = fitting
        return self._sent(form, pressed, self._filled(form, pressed, fields))

    def forge(self, path: str, fields: Mapping[str, Value]) -> PlainBrowser:
        """Send what no page offers, as somebody who knows how does: with the session and its token."""
        [token, *_] = [one.get("value") for one in self.root.iter("input") if one.get("name") == "csrf_token"]
        return self._shown(self._client.post(path, data={**fields, "csrf_token": token}, follow_redirects=True))

    @property
    def text(self) -> str:
        """What the page says in its main part."""
        return text_of(self.root.find(".//main"))

    @property
    def problems(self) -> list[str]:
        """What the page says is wrong."""
        return [text_of(one) for one in self.root.xpath("//*[@id='problems']//li")]

    def links(self) -> list[str]:
        """Where the links of the main part lead."""
        return [unquote(link.get("href")) for link in self.root.find(".//main").iter("a") if link.get("href")]

    def items(self, path: str) -> list[str]:
        """The words of each element that an XPath finds."""
        return [text_of(one) for one in self.root.xpath(path)]

    def attributes(self, path: str, name: str) -> list[str]:
        """An attribute of each element that an XPath finds."""
        return [str(one.get(name)) for one in self.root.xpath(path)]

    def controls(self, name: str) -> list[Element]:
        """The page's fields of a name."""
        return [one for form in self.root.iter("form") for one in self._controls(form) if one.get("name") == name]

    def offers(self, name: str, value: str) -> bool:
        """Whether a form of the page takes this value in a field of this name."""
        return any(self._fits(form, name, value) for form in self.root.iter("form"))

    def _shown(self, response: Any) -> PlainBrowser:
        self.status, self.path = response.status_code, response.request.full_path.rstrip("?")
        self.root = html.document_fromstring(response.get_data(as_text=True))
        return self

    def _sent(self, form: Element, pressed: Element, data: MultiDict[str, Any]) -> PlainBrowser:
        address = pressed.get("formaction") or form.get("action") or self.path
        path = urljoin(self.path, address)
        if (form.get("method") or "get").lower() == "get":
            return self._shown(self._client.get(urlsplit(path).path, query_string=data, follow_redirects=True))
        kind = form.get("enctype") or "application/x-www-form-urlencoded"
        return self._shown(self._client.post(path, data=data, content_type=kind, follow_redirects=True))

    def _controls(self, form: Element) -> Iterator[Element]:
        """The fields of a form, also those that name it from elsewhere on the page."""
        own = form.get("id")
        for one in self.root.iter("input", "select", "textarea", "button"):
            belongs = one.get("form") == own if one.get("form") else form in one.iterancestors("form")
            shut = any(outer.get("disabled") is not None for outer in (one, *one.iterancestors("fieldset")))
            if belongs and not shut:
                yield one

    def _buttons(self, form: Element) -> list[Element]:
        return [one for one in self._controls(form) if one.tag == "button" and one.get("type", "submit") == "submit"]

    def _fits(self, form: Element, name: str, value: Value) -> bool:
        """Whether a form takes this value in a field of this name."""
        found = [one for one in self._controls(form) if one.get("name") == name and one.tag != "button"]
        if not found:
            return False
        if _kind(found[0]) == "hidden":
            return value in [one.get("value", "") for one in found]
        offered = _offered(found)
        wanted = value if isinstance(value, list) else [value] if isinstance(value, str) else []
        return offered is None or set(wanted) <= offered

    def _filled(self, form: Element, pressed: Element, fields: Mapping[str, Value]) -> MultiDict[str, Any]:
        """What is sent: each field as it was served, or as it was filled; the button that was pressed."""
        data: MultiDict[str, Any] = MultiDict()
        for one in self._controls(form):
            name, kind = one.get("name"), _kind(one)
            if not name or kind == "button":
                continue
            value = fields.get(name)
            if kind == "file":
                if isinstance(value, tuple):
                    data.add(name, (BytesIO(value[1]), value[0]))
            elif kind in ("radio", "checkbox"):
                if _ticked(one, value):
                    data.add(name, one.get("value", "on"))
            else:
                data.add(name, _served(one) if value is None else value)
        if pressed.get("name"):
            data.add(pressed.get("name"), pressed.get("value", ""))
        return data


def text_of(element: Element) -> str:
    """The words of an element, as they are read: what stands on a line of its own is apart from the rest."""
    return " ".join("".join(_words(element)).split()) if element is not None else ""


def _words(element: Element) -> Iterator[str]:
    yield element.text or ""
    for child in element:
        if isinstance(child.tag, str):
            yield from _words(child)
            yield "" if child.tag in INLINE else " "
        yield child.tail or ""


def _kind(control: Element) -> str:
    return str(control.get("type", "text").lower() if control.tag == "input" else control.tag)


def _offered(controls: list[Element]) -> set[str] | None:
    """The values to choose from; None where any text may be typed."""
    kind = _kind(controls[0])
    if kind in ("radio", "checkbox"):
        return {one.get("value", "on") for one in controls}
    if kind == "select":
        return {_option(option) for option in controls[0].iter("option")}
    return None


def _ticked(control: Element, value: Value | None) -> bool:
    if value is None:
        return control.get("checked") is not None
    if isinstance(value, bool):
        return value
    return control.get("value", "on") in (value if isinstance(value, list) else [value])


def _served(control: Element) -> str:
    """What a field held when the page came."""
    if control.tag == "textarea":
        return str(control.text or "")
    if control.tag == "select":
        options = list(control.iter("option"))
        chosen = [one for one in options if one.get("selected") is not None] or options[:1]
        return _option(chosen[0]) if chosen else ""
    return str(control.get("value", ""))


def _option(option: Element) -> str:
    return str(option.get("value", text_of(option)))
