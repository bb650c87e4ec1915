"""What the columns of a table mean: recognised by their headings, then by what stands in them; a person may say otherwise.

A table has a role (steps, parameters, hold times, structure, release specification, header data, or none), and each of its
columns a property of that role. The properties are the columns of our own tables, and, in a table of steps, the words of a
paper record: limits as phrases, who signs, results to fill in, flow and hold times.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from bpmn.importers.sources import SourceTable

ROLES = {
    "steps": "Steps",
    "parameters": "Parameters",
    "hold_times": "Hold times",
    "structure": "Structure",
    "specification": "Release specification",
    "header": "Header data",
    "none": "Not imported",
}

# property: label, and the headings that mean it (a second list of them is German and other abbreviations)
_STEP = {
    "step_id": ("Step number", "step id|step|step no|no|nr|#|step number|seq|item|pos|schritt nr|schritt|lfd nr|position|id"),
    "title": ("Step title", "title|step title|step name|activity|task|action|process step|description of step|titel|tätigkeit|"
              "arbeitsschritt|prozessschritt|vorgang|bezeichnung|name of step"),
    "instruction": ("Instruction", "instruction|instructions|description|procedure|details|work instruction|operation details|what to do|"
                    "how|anweisung|anleitung|beschreibung|durchführung|arbeitsanweisung"),
    "unit_procedure": ("Unit procedure (section)", "unit procedure|section|stage|phase|process stage|unit|unit proc|up|abschnitt|"
                       "prozessabschnitt|process section|unit op|unit operation|teilprozess"),
    "operation": ("Operation", "operation|sub section|subsection|op|teilschritt"),
    "day": ("Day", "day|process day|study day|tag|prozesstag"),
    "kind": ("Kind of step", "kind|step kind|step type|type of step|art"),
    "verification": ("Who signs", "verification|signatures|sign off|signoff|signature|signed by|sign|signature type|unterschriften|visa|visum|"
                     "signatures required|verif|ver|who signs"),
    "performed_by": ("Performed by (signature)", "performed by|done by|executed by|operator|perf by|by|performer|initials|durchgeführt von|"
                     "durchgeführt|ausgeführt von|bearbeiter|operator initials"),
    "witnessed_by": ("Witnessed by (signature)", "witnessed by|witness|second operator|4 eyes|zeuge|beobachtet von"),
    "verified_by": ("Verified by (signature)", "verified by|checked by|check by|reviewed by|verifier|verif by|ver by|geprüft von|geprüft|"
                    "kontrolliert von|kontrolle|double check|second person"),
    "approved_by": ("Approved by QA (signature)", "qa|approved by|qa approval|qa check|approved by qa|freigabe qa|freigegeben von|qs"),
    "equipment_class": ("Equipment", "equipment|equipment class|device|instrument|apparatus|machine|equip|geräte|gerät|ausrüstung|anlage"),
    "materials": ("Materials", "materials|material|reagents|reagent|consumables|components|raw material|material lot|materialien|rohstoffe|"
                  "einsatzstoffe|verbrauchsmaterial"),
    "rationale": ("Why the step", "rationale|why|reason|justification|purpose|begründung|zweck|why the step"),
    "typical_deviations_default_class": ("Typical deviations", "typical deviations default class|typical deviations|deviations|deviation|"
                                         "typical deviation|failure modes|abweichungen"),
    "flow": ("Flow (order, repeats, conditions)", "flow|structure|sequence|logic|order|condition|branch|routing|ablauf|bedingung|reihenfolge|"
             "precedence|repeat"),
    "hold": ("Hold time", "hold time|hold times|hold|time limit|max hold|holding time|haltezeit|standzeit|zeitgrenze|time constraint"),
    "result": ("Result (to be filled in)", "result|results|actual|actual value|recorded value|reading|value|record|observed|observation|entry|"
               "ergebnis|istwert|messwert|ist|eintrag|ist wert|actual result"),
    "limit": ("Limits as a phrase", "limit|limits|range|acceptance criteria|acceptance criterion|acceptance range|specification|spec|criteria|"
              "criterion|acceptance|tolerance|target range|acceptable range|target limits|limit range|set point range|requirement|"
              "grenzwert|grenzwerte|sollbereich|akzeptanzkriterium|akzeptanzkriterien|vorgabe|soll|toleranz|spezifikation|bereich"),
    "nor": ("Normal range as a phrase", "nor|normal range|normal operating range|operating range|alert limit|alert limits|normalbereich|warngrenze"),
    "par": ("Accepted range as a phrase", "par|proven acceptable range|accepted range|action limit|action limits|zulässiger bereich|aktionsgrenze"),
}  # fmt: skip
_PARAMETER = {
    "param": ("Parameter id", "param|parameter id|parameter code|tag|tag no|variable"),
    "name": ("Parameter", "name|parameter|parameter name|process parameter|attribute|characteristic|measurement|test|check|what is recorded|"
             "data|prüfung|merkmal|messgröße|prüfmerkmal|quality attribute|quantity|kenngröße|entry field"),
    "type": ("Type of value", "type|data type|value type|format|typ|datentyp"),
    "unit": ("Unit of measure", "unit|units|uom|unit of measure|eu|einheit|dimension|eng unit|me"),
    "target": ("Target", "target|set point|setpoint|nominal|sp|target value|sollwert|zielwert|ziel|aim"),
    "nor_low": ("Normal low", "nor low|nor min|normal low|lower normal|normal min|nor lower|alert low|nor von|nor untergrenze|lower nor"),
    "nor_high": ("Normal high", "nor high|nor max|normal high|upper normal|normal max|nor upper|alert high|nor bis|nor obergrenze|upper nor"),
    "par_low": ("Accepted low", "par low|par min|min|minimum|low|lower limit|lower|lsl|low limit|lower spec|par lower|action low|untergrenze|"
                "ug|unterer grenzwert|von|from|lower par|usg"),
    "par_high": ("Accepted high", "par high|par max|max|maximum|high|upper limit|upper|usl|high limit|upper spec|par upper|action high|"
                 "obergrenze|og|oberer grenzwert|bis|to|upper par|osg"),
    "limit_action": ("Outside the limits", "limit action|action if outside|on failure|if outside|outside limits|action on excursion"),
    "class": ("Class (CPP, CQA, ...)", "class|criticality|critical|classification|parameter class|cpp|kritikalität|kritisch|klasse|category"),
    "source": ("Where the value comes from", "source|data source|recorded by|entry mode|quelle|datenquelle|erfassung"),
    "formula": ("Formula", "formula|calculation|equation|formel|berechnung"),
    "why": ("Why the limit", "why|why limit|limit rationale|limit justification|begründung grenzwert|reason for limit"),
    "severity": ("Severity outside", "severity|deviation class|default class|schweregrad"),
    "choices": ("Choices", "choices|options|list of values|allowed values|auswahl|answers"),
    "when": ("Asked only where", "when|only when|applies when|applicable if"),
}  # fmt: skip
_HOLD = {
    "hold_id": ("Hold number", "hold id|hold|hold no|id|no|nr|hold number|haltezeit nr"),
    "from_event": ("From", "from event|from|start event|begins|start|starts with|from end of|von|beginn|start of hold"),
    "to_event": ("To", "to event|to|end event|ends|end|until|ends with|bis|ende|end of hold"),
    "nor": ("Normal", "nor|normal|normal limit|alert|target|normalwert|warning"),
    "par": ("Accepted", "par|limit|max|maximum|accepted|max hold|max time|action|grenzwert|hold limit|time limit|höchstens"),
    "unit": ("Unit", "unit|uom|units|einheit|time unit"),
    "why": ("Why", "why|rationale|reason|justification|begründung"),
    "links": ("Linked results", "links|linked|related results"),
}
_STRUCTURE = {
    "id": ("Number", "id|no|nr|gateway|code"),
    "kind": ("Kind", "kind|type|construct|art"),
    "of": ("Of", "of|steps|scope|applies to|schritte"),
    "condition": ("Condition", "condition|rule|criteria|bedingung"),
    "note": ("Note", "note|notes|comment|remark|bemerkung"),
}
_SPECIFICATION = {
    "attribute": ("Attribute", "attribute|quality attribute|test|parameter|characteristic|prüfmerkmal|test parameter"),
    "method": ("Method", "method|test method|analytical method|methode|procedure|prüfmethode"),
    "criterion": (
        "Criterion",
        "criterion|acceptance criterion|acceptance criteria|specification|limit|limits|spec|requirement|grenzwert|vorgabe",
    ),
    "unit": ("Unit", "unit|units|uom|einheit"),
    "class": ("Class", "class|criticality|category|klasse"),
    "name": ("Name", "name|title|bezeichnung"),
    "why": ("Why", "why|rationale|reason|begründung"),
}
_HEADER = {"key": ("What it is", "field|key|item|feld"), "value": ("What it says", "value|content|wert|inhalt")}

_LABELLED: dict[str, dict[str, tuple[str, str]]] = {
    "steps": _STEP | {name: said for name, said in _PARAMETER.items() if name not in ("why",)} | {"why": _PARAMETER["why"]},
    "parameters": {"step_id": _STEP["step_id"]} | _PARAMETER | {name: _STEP[name] for name in ("limit", "nor", "par")},
    "hold_times": _HOLD, "structure": _STRUCTURE, "specification": _SPECIFICATION, "header": _HEADER, "none": {},
}  # fmt: skip
PROPERTIES = {role: {name: label for name, (label, _) in said.items()} for role, said in _LABELLED.items()}
"""Role -> property -> its label for people."""

REQUIRED = {
    "steps": (), "parameters": ("step_id", "name"), "hold_times": ("from_event", "to_event"), "structure": ("kind", "of"),
    "specification": ("attribute", "criterion"), "header": ("key", "value"), "none": (),
}  # fmt: skip
SURE = 0.85
"""A column recognised with less than this is shown as doubtful."""

_LOOKED_AT = 12  # rows in which the heading may stand


@dataclass(frozen=True, slots=True)
class TableMapping:
    """What a table is: its role, the row of its headings (-1: none), and the property of each column ("": not used).

    `confidence` of each column is between 0 and 1; a person's choice is 1.
    """

    role: str
    heading_row: int
    columns: tuple[str, ...]
    confidence: tuple[float, ...] = ()

    def column_of(self, name: str) -> int | None:
        """The first column with that property."""
        return self.columns.index(name) if name in self.columns else None


def plain_heading(text: str) -> str:
    """A heading without case, punctuation and line breaks: by this, mappings are recognised again."""
    return " ".join(re.sub(r"[^\w#%]+", " ", text.casefold().replace("_", " ")).split())


def recognise(table: SourceTable, kept: Mapping[str, Mapping[str, str]] | None = None) -> TableMapping:
    """What the table seems to be. `kept`: role -> plain heading -> property, as people said before; it comes first."""
    best = TableMapping("none", -1, ("",) * len(table.rows[0]), (0.0,) * len(table.rows[0]))
    best_score = 0.0
    for index in range(min(_LOOKED_AT, len(table.rows))):
        headings = table.rows[index]
        if sum(bool(cell) for cell in headings) < 2 or any(len(cell) > 80 for cell in headings):
            continue
        for role in ("steps", "parameters", "hold_times", "structure", "specification"):
            columns, confidence = _assign(headings, role, (kept or {}).get(role, {}))
            if not set(REQUIRED[role]) <= set(columns) or not _makes_sense(role, columns):
                continue
            score = sum(confidence) - 0.3 * sum(not c for c in columns) + _bonus(role, columns) - 0.01 * index
            if score > best_score:
                best, best_score = TableMapping(role, index, columns, confidence), score
    if best.role != "none" and best_score >= 1.2:
        return _by_content(table, best)
    if len(table.rows[0]) == 2 and _is_header(table):
        return TableMapping("header", -1, ("key", "value"), (0.9, 0.9))
    return _without_headings(table)


def with_columns(table: SourceTable, role: str, columns: Mapping[int, str], heading_row: int) -> TableMapping:
    """The mapping that a person chose."""
    known = PROPERTIES[role]
    width = len(table.rows[0])
    chosen = tuple(columns.get(i, "") if columns.get(i, "") in known else "" for i in range(width))
    return TableMapping(role, heading_row, chosen, (1.0,) * width)


def headings_of(table: SourceTable, mapping: TableMapping) -> tuple[str, ...]:
    """The columns' headings, or their letters where the table has none."""
    row = table.rows[mapping.heading_row] if 0 <= mapping.heading_row < len(table.rows) else ()
    return tuple((row[i].replace("\n", " ") if i < len(row) else "") or column_letter(i) for i in range(len(table.rows[0])))


def column_letter(index: int) -> str:
    """A, B, ..., Z, AA."""
    return (column_letter(index // 26 - 1) if index >= 26 else "") + chr(ord("A") + index % 26)


def _assign(headings: tuple[str, ...], role: str, kept: Mapping[str, str]) -> tuple[tuple[str, ...], tuple[float, ...]]:
    """Each heading's property, the surest first; no property twice."""
    scores = sorted(
        ((_score(heading, name, said, kept), -order, i, name)
         for i, heading in enumerate(headings) if heading
         for order, (name, (_, said)) in enumerate(_LABELLED[role].items())),
        reverse=True,
    )  # fmt: skip
    columns, confidence = [""] * len(headings), [0.0] * len(headings)
    for score, _, i, name in scores:
        if score >= 0.6 and not columns[i] and name not in columns:
            columns[i], confidence[i] = name, score
    return tuple(columns), tuple(confidence)


def _score(heading: str, name: str, said: str, kept: Mapping[str, str]) -> float:
    plain = plain_heading(heading)
    if plain in kept:
        return 1.2 if kept[plain] == name else 0.0
    if plain == name.replace("_", " "):
        return 1.1
    synonyms = said.split("|")
    if plain in synonyms:
        return 1.0
    bare = re.sub(r"\s*[(\[].*?[)\]]", "", heading)  # "Limit (target)", "Volume [mL]"
    if bare != heading and plain_heading(bare) in synonyms:
        return 0.9
    words = set(plain.split())
    whole = [s for s in synonyms if len(s) > 3 and set(s.split()) <= words]
    if whole:
        return 0.65 + 0.15 * max(len(s.split()) for s in whole) / len(words)
    near = difflib.get_close_matches(plain, [s for s in synonyms if len(s) > 4], 1, 0.85)
    return 0.7 if near else 0.0


def _makes_sense(role: str, columns: tuple[str, ...]) -> bool:
    return role != "steps" or bool({"title", "instruction"} & set(columns)) or {"step_id", "name"} <= set(columns)


def _bonus(role: str, columns: tuple[str, ...]) -> float:
    """What only that role has."""
    telling = {
        "steps": {"title", "instruction", "unit_procedure", "performed_by", "verification", "flow"},
        "parameters": {"param", "name", "type"}, "hold_times": {"from_event", "to_event"}, "structure": {"of", "kind"},
        "specification": {"attribute", "criterion", "method"},
    }[role]  # fmt: skip
    return 0.4 * len(telling & set(columns))


_IDS = re.compile(r"(?:step\s*)?[A-Za-z]{0,4}[-. ]?\d{1,4}(?:[._-]\d{1,3})*[a-z]?\.?", re.IGNORECASE)
_LIMITS = re.compile(r"[±≤≥<>]|\d\s*(?:-|–|to|bis)\s*\d|\b(?:NMT|NLT|max|min)\b", re.IGNORECASE)


def _by_content(table: SourceTable, mapping: TableMapping) -> TableMapping:
    """Columns of a table of steps that no heading explains, explained by what stands in them."""
    if mapping.role != "steps":
        return mapping
    columns, confidence = list(mapping.columns), list(mapping.confidence)
    for i, name in enumerate(columns):
        cells = [row[i] for row in table.rows[mapping.heading_row + 1 :] if row[i]]
        if name or not cells:
            continue
        guess = _guess(cells)
        if guess and guess not in columns and not (guess == "limit" and {"nor", "par", "nor_low", "par_low"} & set(columns)):
            columns[i], confidence[i] = guess, 0.5
    return replace(mapping, columns=tuple(columns), confidence=tuple(confidence))


def _guess(cells: list[str]) -> str:
    share = {
        "step_id": sum(bool(_IDS.fullmatch(cell)) for cell in cells) / len(cells),
        "limit": sum(bool(_LIMITS.search(cell)) and len(cell) < 60 for cell in cells) / len(cells),
    }
    return next((name for name, part in share.items() if part >= 0.7), "")


def _without_headings(table: SourceTable) -> TableMapping:
    """A table whose headings say nothing: steps, if its content looks like that; all columns are doubtful."""
    width = len(table.rows[0])
    by_column = [[row[i] for row in table.rows if row[i]] for i in range(width)]
    columns = [""] * width
    lengths = [sum(map(len, cells)) / max(len(cells), 1) for cells in by_column]
    for i, cells in enumerate(by_column):
        guess = _guess(cells) if cells else ""
        if guess and guess not in columns:
            columns[i] = guess
    free = [i for i in range(width) if not columns[i]]
    if free and ("step_id" in columns or "limit" in columns) and len(table.rows) > 2:
        columns[max(free, key=lambda i: lengths[i])] = "title" if max(lengths[i] for i in free) < 80 else "instruction"
        heading = 0 if _looks_like_heading(table) else -1
        return TableMapping("steps", heading, tuple(columns), tuple(0.4 if c else 0.0 for c in columns))
    return TableMapping("none", 0 if _looks_like_heading(table) else -1, ("",) * width, (0.0,) * width)


def _looks_like_heading(table: SourceTable) -> bool:
    first = [cell for cell in table.rows[0] if cell]
    return len(first) >= 2 and not any(any(c.isdigit() for c in cell) for cell in first)


_HEADER_KEYS = re.compile(
    r"(?:product|produkt|title|titel|recipe|rezept|document|dokument|mbr|mr|master (?:batch )?record|revision|rev|version|id|number|nummer|"
    r"batch size|process)\b", re.IGNORECASE,
)  # fmt: skip


def _is_header(table: SourceTable) -> bool:
    return any(_HEADER_KEYS.match(row[0]) and row[1] for row in table.rows) and len(table.rows) <= 30


def as_role(table: SourceTable, role: str, heading_row: int, kept: Mapping[str, str]) -> TableMapping:
    """What the columns mean when a person says what the table is, and where its headings stand."""
    width = len(table.rows[0])
    if role == "none":
        return TableMapping(role, heading_row, ("",) * width, (0.0,) * width)
    if role == "header" and width >= 2:
        return TableMapping(role, heading_row, ("key", "value", *[""] * (width - 2)), (1.0,) * width)
    headings = table.rows[heading_row] if 0 <= heading_row < len(table.rows) else ("",) * width
    columns, confidence = _assign(headings, role, kept)
    return _by_content(table, TableMapping(role, heading_row, columns, confidence))
