"""What a diagram means, for comparing it before and after another program wrote it; and that program, in node."""

from __future__ import annotations

import json
import os
import subprocess
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from typing import Any

from lxml import etree

from bpmn.diagram import BPMN, camel
from bpmn.reading import read_xml
from bpmn.vocabulary import NAMESPACE
from tests.services import ROOT

_DI = (
    "http://www.omg.org/spec/BPMN/20100524/DI",
    "http://www.omg.org/spec/DD/20100524/DC",
    "http://www.omg.org/spec/DD/20100524/DI",
)
_XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
_NODE = ROOT / ".venv" / "bin" / "node"


def written_by_the_editor(diagrams: Mapping[str, bytes], *, stock: bool = False) -> dict[str, dict[str, Any]]:
    """Each diagram opened and saved with the model behind our editor, or (`stock`) behind one that knows only BPMN."""
    script = ROOT / "tests" / "web" / "editor" / "round_trip.mjs"
    texts = json.dumps({name: data.decode("utf-8") for name, data in diagrams.items()})
    command = [os.fspath(_NODE) if _NODE.exists() else "node", os.fspath(script), *(["--stock"] if stock else [])]
    done = subprocess.run(command, input=texts, capture_output=True, text=True, check=True, timeout=300, encoding="utf-8")
    answers: dict[str, dict[str, Any]] = json.loads(done.stdout)
    return answers


def meaning(data: bytes | str) -> Any:
    """Everything a diagram says, whatever way it is written: prefixes, order of attributes, blanks between elements.

    Values that are left out because they are the default count as written; coordinates are numbers.
    """
    return _element(read_xml(data if isinstance(data, bytes) else data.encode()))


def _element(element: etree._Element) -> Any:
    attributes = {
        str(name): _value(element, str(name), str(value))
        for name, value in element.attrib.items()
        if not _is_default(element, str(name), str(value))
    }
    children: dict[str, list[Any]] = defaultdict(list)
    for child in element.iterchildren(etree.Element):
        if _says_something(child):
            children[str(child.tag)].append(_element(child))
    text = (element.text or "") + "".join(child.tail or "" for child in element)
    if children:
        text = " ".join(text.split())  # blanks between elements are indentation
    return (str(element.tag), attributes, text, dict(children))


def _says_something(child: etree._Element) -> bool:
    """An empty `extensionElements` is as good as none."""
    return child.tag != f"{{{BPMN}}}extensionElements" or len(child) > 0


def _value(element: etree._Element, name: str, value: str) -> Any:
    if name == _XSI_TYPE:
        prefix, _, local = value.rpartition(":")
        return (element.nsmap.get(prefix or None), local)
    if str(element.tag)[1:].partition("}")[0] in _DI:
        try:
            return float(value)
        except ValueError:
            return value
    return value


def _is_default(element: etree._Element, name: str, value: str) -> bool:
    space, _, local = str(element.tag)[1:].partition("}")
    if name == _XSI_TYPE and space in _DI:
        return True  # a waypoint is a point, said or not
    if space == NAMESPACE:
        return value in _our_defaults().get((local, name), ())
    return (space == BPMN or space in _DI) and value in _bpmn_defaults().get(name, ())


@cache
def _our_defaults() -> dict[tuple[str, str], set[str]]:
    types = json.loads((ROOT / "bpmn" / "moddle" / "mes.json").read_text("utf-8"))["types"]
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for kind in types:
        for entry in kind["properties"]:
            if "default" in entry:
                found[camel(kind["name"][0].lower() + kind["name"][1:]), entry["name"]].add(_text(entry["default"]))
    return found


@cache
def _bpmn_defaults() -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for file in ("bpmn", "bpmndi"):
        path = ROOT / "node_modules" / "bpmn-moddle" / "resources" / "bpmn" / "json" / f"{file}.json"
        for kind in json.loads(path.read_text("utf-8"))["types"]:
            for entry in kind.get("properties", ()):
                if "default" in entry:
                    found[entry["name"]].add(_text(entry["default"]))
    return found


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def differences(one: Any, other: Any, path: str = "") -> list[str]:
    """Where two meanings differ, in words."""
    here = f"{path}/{etree.QName(one[0]).localname}[{one[1].get('id', one[1].get('bpmnElement', ''))}]"
    found = [
        f"{here}: {part}: {a!r} became {b!r}" for part, a, b in (("tag", one[0], other[0]), ("text", one[2], other[2])) if a != b
    ]
    found += [
        f"{here}@{name}: {one[1].get(name)!r} became {other[1].get(name)!r}"
        for name in sorted({*one[1], *other[1]}) if one[1].get(name) != other[1].get(name)
    ]  # fmt: skip
    for tag in sorted({*one[3], *other[3]}):
        left, right = one[3].get(tag, []), other[3].get(tag, [])
        if len(left) != len(right):
            found.append(f"{here}: {len(left)} {etree.QName(tag).localname} became {len(right)}")
        for a, b in zip(left, right, strict=False):
            found += differences(a, b, here)
    return found
