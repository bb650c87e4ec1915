"""Id, revision, title and product of a recipe, as a file says them beside its tables, or as its name does."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bpmn.importers.foreign_rows import read_header_rows
from bpmn.importers.proposed_tables import ProposedTables
from bpmn.importers.sources import Source

_TITLES = {
    "id": r"(?:(?:master |batch )*(?:record|recipe|document|mbr|bmr|procedure)(?: record)?\s*(?:no|nr|number|id|code)\.?|"
    r"recipe id|doc(?:ument)?"
    r" no\.?|id|rezept(?:ur)?-?nr\.?|dokument(?:en)?-?nr\.?|number)",
    "revision": r"(?:revision|rev\.?|version|ausgabe)(?:\s*(?:no|nr)\.?)?",
    "title": r"(?:title|titel|recipe(?: name| title)?|process(?: name)?|name|bezeichnung|rezept)",
    "product": r"(?:product(?: name| code)?|produkt(?:name)?|drug product|material)",
}


def header_names(sources: Sequence[Source], proposed: ProposedTables) -> dict[str, str]:
    """Id, revision, title and product as the file says them beside its tables, or as its name does."""
    lines, above = _above(proposed)
    pairs = read_header_rows(proposed) + above
    for texts in (lines, *(source.texts for source in sources)):
        pairs += [(m[1], m[2]) for text in texts if (m := re.fullmatch(r"([^:\t]{2,40}?)\s*[:\t]\s*(.{1,200})", text, re.DOTALL))]
    found: dict[str, str] = {}
    for key, value in pairs:
        for name, pattern in _TITLES.items():
            if value.strip() and name not in found and re.fullmatch(pattern, key.strip(), re.IGNORECASE):
                found[name] = " ".join(value.split())[:200]
    stem = re.sub(r"\.\w+$", "", sources[0].file) if sources else ""
    plain = stem if stem and stem not in ("pasted rows", "steps") else "recipe"
    wanted = re.sub(r"[^A-Za-z0-9._-]+", "-", found.get("id", plain)).strip("-._")[:50]
    found["id"] = wanted.upper() if "id" not in found else wanted
    found["id"] = found["id"] or "RECIPE"
    found["revision"] = re.sub(r"[^A-Za-z0-9._-]+", "-", found.get("revision", "1.0")).strip("-._")[:20] or "1.0"
    every = [*lines, *(text for source in sources for text in source.texts)]
    sections = {row["unit_procedure"] for row in proposed.rows.get("steps.csv", ())}
    first = next((text for text in every if 3 < len(text) < 120 and ":" not in text and text not in sections), "")
    found.setdefault("title", first or plain.replace("_", " ").replace("-", " ").strip().capitalize())
    return found


def _above(proposed: ProposedTables) -> tuple[list[str], list[tuple[str, str]]]:
    """What stands above the headings of tables: single cells, and pairs of them."""
    rows = [
        [cell for cell in row if cell]
        for table, mapping in zip(proposed.tables, proposed.mappings, strict=True)
        if mapping.role != "none"
        for row in table.rows[: max(mapping.heading_row, 0)]
    ]
    return [row[0] for row in rows if len(row) == 1], [(row[0].rstrip(": "), row[1]) for row in rows if len(row) == 2]
