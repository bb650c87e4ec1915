"""BPMN of other modelers: opened, mended where that changes nothing, and everything else listed; nothing is dropped unseen.

Every repair says what stood there and what stands there now, and is made only if the person agrees. What remains are the
findings of the checks, with their lines. Extension elements of other vendors stay as they are; nothing of them runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from lxml import etree

from bpmn.checks import Finding, check_diagram
from bpmn.checks.report import line_of
from bpmn.diagram import BPMN
from bpmn.importers.foreign import decisions, drawing, ends, events, identifiers, process, tasks
from bpmn.importers.foreign.repair import Repair, Workbench
from bpmn.reading import DiagramError, read_xml
from bpmn.vocabulary import NAMESPACE

__all__ = ["ForeignProcess", "Opened", "Repair", "open_foreign"]


@dataclass(frozen=True, slots=True)
class ForeignProcess:
    """A process of the file that could be the recipe: its id, its name, how many elements it has."""

    id: str
    name: str
    elements: int


@dataclass(frozen=True, slots=True)
class Opened:
    """A diagram of another modeler: the XML after the repairs agreed to, all repairs offered, what remains to be done.

    `line` of repairs and findings is that of the file as it came.
    """

    xml: bytes
    repairs: tuple[Repair, ...]
    remaining: tuple[Finding, ...]
    processes: tuple[ForeignProcess, ...] = ()
    process_id: str = ""

    @property
    def ok(self) -> bool:
        """True when no error remains: the diagram could be approved as it is."""
        return not any(finding.severity == "error" for finding in self.remaining)


def open_foreign(xml: bytes, *, decided: Mapping[str, bool] | None = None, process_id: str = "") -> Opened:
    """The diagram mended as far as agreed. `decided`: by key, which repairs are made; of the others those that are safe.

    `process_id`: which process is the recipe, where there are several. Raises DiagramError for what can't be read at all,
    and for what is no BPMN.
    """
    root = _with_our_namespace(read_xml(xml))
    if root.tag != f"{{{BPMN}}}definitions":
        raise DiagramError("schema", "this is no BPMN 2.0 diagram", "export it as BPMN 2.0 from the other modeler", line=1)
    bench = Workbench(root, decided or {})
    identifiers.repair(bench)
    process.repair(bench, process_id)
    tasks.repair(bench)
    decisions.repair(bench)
    ends.repair(bench)
    events.repair(bench)
    drawing.repair(bench)
    mended = etree.tostring(root.getroottree(), xml_declaration=True, encoding="UTF-8")
    found = tuple(
        ForeignProcess(str(p.get("id")), " ".join(p.get("name", "").split()), process.size(p)) for p in bench.processes()
    )
    recipe = process.choose(root, process_id)
    remaining = _of_the_file(check_diagram(mended).findings, root)
    return Opened(mended, tuple(bench.repairs), remaining, found, recipe.get("id", "") if recipe is not None else "")


def _of_the_file(findings: tuple[Finding, ...], root: etree._Element) -> tuple[Finding, ...]:
    """The findings with the lines of the file as it came; 0 for elements that it did not have."""
    lines = {str(element.get("id")): line_of(element) for element in root.iter(etree.Element) if element.get("id")}
    told = (replace(finding, line=lines.get(finding.element_id, 0)) for finding in findings)
    return tuple(sorted(told, key=lambda finding: finding.line))


def _with_our_namespace(root: etree._Element) -> etree._Element:
    """The same document, its root naming our namespace once, so that the elements we add don't each name it again."""
    if NAMESPACE in root.nsmap.values() or "mes" in root.nsmap:
        return root
    names: dict[str | None, str] = dict(root.nsmap)
    names["mes"] = NAMESPACE
    renewed = etree.Element(root.tag, {str(name): str(value) for name, value in root.attrib.items()}, nsmap=names)  # type: ignore[arg-type]  # the default namespace has no prefix
    renewed.text = root.text
    for remark in reversed(list(root.itersiblings(preceding=True))):
        renewed.addprevious(remark)
    for remark in reversed(list(root.itersiblings())):
        renewed.addnext(remark)
    for child in list(root):
        renewed.append(child)
    return renewed
