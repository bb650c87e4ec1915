"""What single cells of a foreign table say in our words: types, sources, classes, who signs, ids of steps."""

from __future__ import annotations

import re

_TYPES = {
    "num": "number|numeric|float|decimal|real|zahl|numerisch|value|measurement",
    "int": "integer|count|whole number|ganzzahl|anzahl",
    "bool": "boolean|yes/no|yes no|y/n|ja/nein|check|checkbox|tick|check box|confirm|confirmation",
    "text": "string|free text|freetext|comment|characters|freitext",
    "choice": "list|select|dropdown|selection|enum|option|pick list|auswahl",
    "date_time": "date|datetime|time|date/time|timestamp|date time|datum|zeit|uhrzeit",
    "calc": "calculated|calculation|computed|berechnet",
}
_SOURCES = {
    "manual": "operator|person|hand|typed|keyboard|manuell|entry|manual entry",
    "device": "instrument|automatic|auto|equipment|system|sensor|interface|gerät|scada|dcs|online",
    "calc": "calculated|calculation|computed|formula|berechnet",
    "scan": "barcode|scanner|scanned|bar code",
    "master": "recipe|master data|mbr|stammdaten",
}
_SEVERITIES = {"info": "information|none", "minor": "low|gering", "major": "medium|high|schwer", "critical": "kritisch|very high"}
_ACTIONS = {
    "block": "stop step|hold|blockieren|deviation",
    "stop": "reject|stop batch|terminate|stopp",
    "flag": "warn|warning|alert|notify|warnen",
    "none": "no|record|report|nichts|info",
}
_KINDS = {
    "manufacture": "manufacturing|production|process|prozess",
    "production_review": "production review|review by production",
    "qc_results": "qc|qc results|testing|release testing|results|prüfung|qc testing",
    "qa_review": "qa review|batch record review|review by qa",
    "disposition": "release|batch release|disposition decision|freigabe",
    "shipment": "shipping|ship|versand",
    "departure": "patient specific departure|departure decision",
}
_WORDS = {"type": _TYPES, "source": _SOURCES, "severity": _SEVERITIES, "limit_action": _ACTIONS, "kind": _KINDS}
_MEANING = {
    name: {word: code for code, said in words.items() for word in (code, *said.split("|"))} for name, words in _WORDS.items()
}
_CRITICAL = {"critical", "yes", "y", "x", "ja", "kritisch", "cp", "crit", "true", "✓", "✔"}
_PLAIN = {
    "non critical",
    "non-critical",
    "noncritical",
    "no",
    "n",
    "nein",
    "not critical",
    "none",
    "-",
    "–",
    "false",
    "nicht kritisch",
}
_CLASSES = {
    "cpp": "CPP",
    "cqa": "CQA",
    "ipc": "IPC",
    "cqa-ipc": "CQA-IPC",
    "cqa/ipc": "CQA-IPC",
    "id": "ID",
    "safety": "safety",
    "identity": "ID",
    "cma": "CMA",
    "kpi": "KPI",
}
_CODES = re.compile(r"[PWVBDQ](?:\s*[+,/& ]\s*[PWVBDQ])*")
_SIGNERS = (
    ("P", r"perform|operator|\bop\b|\bmfg\b|done by|execut|durchgef|ausgef|bedien"),
    ("W", r"witness|zeuge|second operator"),
    ("V", r"verif|check|double|second person|review|geprüft|kontroll|4.eyes|four eyes|supervisor"),
    ("Q", r"\bqa\b|quality|\bqs\b"),
)
_UNWANTED = {"n/a", "na", "n.a.", "-", "–", "—", "no", "none", "not required", "nein", "entfällt"}


def word_of(column: str, cell: str) -> str | None:
    """Our word for a cell of `type`, `source`, `severity`, `limit_action` or `kind`; None for one that is not known."""
    plain = " ".join(cell.casefold().replace("_", " ").split())
    return _MEANING[column].get(cell.strip()) or _MEANING[column].get(plain) or _MEANING[column].get(plain.replace(" ", "_"))


def class_of(cell: str) -> tuple[str, str]:
    """The class of a parameter, and what was guessed: `critical` is a CPP."""
    plain = cell.strip().casefold()
    if not plain or plain in _PLAIN:
        return "", ""
    if plain in _CRITICAL:
        return "CPP", f"{cell.strip()} is taken as CPP, a critical process parameter"
    return _CLASSES.get(plain, cell.strip()), ""


def is_not_applicable(cell: str) -> bool:
    """Whether a cell says that there is nothing to say: N/A. A dash is no such word: it stands for no limit, too."""
    return cell.strip().casefold() in {"n/a", "na", "n.a.", "not applicable", "entfällt"}


def is_class(cell: str) -> bool:
    """Whether a cell is one of the usual classes by its name."""
    return cell.strip().casefold() in {*_CLASSES, "kpp", "info"}


def signers_of(cell: str) -> tuple[str, str]:
    """Codes of who signs, joined by +, and what was guessed."""
    if _CODES.fullmatch(cell.strip()):
        return "+".join(dict.fromkeys(re.findall("[PWVBDQ]", cell))), ""
    found = [code for code, pattern in _SIGNERS if re.search(pattern, cell, re.IGNORECASE)]
    if not found:
        return "P", f"{cell!r} names no signer: the performer signs"
    return "+".join(found), f"{cell!r} is taken as {' and '.join(found)}"


def is_unwanted(cell: str) -> bool:
    """Whether a cell of a column of signatures says that nobody signs there."""
    return cell.strip().casefold() in _UNWANTED


def listed(cell: str) -> str:
    """Names of a cell on lines of their own as our tables list them."""
    parts = [re.sub(r"^[-–•·*]\s+", "", part.strip()).strip() for part in re.split(r"[\n;]", cell)]
    return "; ".join(part for part in parts if part)


def step_id_of(said: str) -> str:
    """The id of a step with that number in its source: 3 is S03, 5.1 is S5_1, S07 stays; empty where it can't be one."""
    plain = re.sub(r"^(?:step|schritt|no\.?|nr\.?|#)\s*", "", said.strip(), flags=re.IGNORECASE).rstrip(".:)")
    if re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,19}", plain):
        return plain
    if re.fullmatch(r"\d{1,4}[a-z]?", plain):
        digits = re.match(r"\d+", plain)
        assert digits is not None
        return f"S{digits[0]:0>2}{plain[digits.end() :]}"
    cleaned = re.sub(r"[^A-Za-z0-9]+", "_", plain).strip("_")
    if re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,19}", cleaned) and any(c.isdigit() for c in cleaned):
        return cleaned
    return f"S{cleaned}" if re.fullmatch(r"\d+(?:_\w+)*", cleaned) and len(cleaned) < 19 else ""
