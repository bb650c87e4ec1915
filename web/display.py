"""How records are worded on pages: site time with its zone, roles and states in words, ids of fields."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Context, Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask
from markupsafe import Markup

from bpmn.vocabulary import MEANINGS, ROLES
from engine import clock
from engine.rules import format_value
from engine.rules.wording import number_text
from engine.site import Site

BAR_WIDTH = 320
DEPARTED_DIGITS = 8
LONG_NUMBER = 1_000_000


def instant_of(value: str | datetime) -> datetime:
    """A stored instant, or one that is an aware datetime already."""
    return clock.parse(value) if isinstance(value, str) else value


def iso(value: str | datetime) -> str:
    """An instant for `<time datetime>`."""
    return instant_of(value).isoformat().replace("+00:00", "Z")


def site_time(value: str | datetime, zone: ZoneInfo, *, seconds: bool = False) -> str:
    """`22 Nov 2026 08:16 CET`: the time on the walls of the site, with the zone's name or offset."""
    local = instant_of(value).astimezone(zone)
    clock_face = f"{local:%H:%M:%S}" if seconds else f"{local:%H:%M}"
    return f"{local.day} {local:%b %Y} {clock_face} {local:%Z}"


def typed_time(text: str, zone: ZoneInfo) -> str:
    """A stored text as a person would type it: an instant as `2026-11-22 08:16` in site time, anything else as it is."""
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", text):
        return text
    local = instant_of(text).astimezone(zone)
    return f"{local:%Y-%m-%d %H:%M}" + (f":{local:%S}" if local.second else "")


def field_id(name: str) -> str:
    """The id of a form field of that name; parameter names like `S24[4]` have characters that ids should not have."""
    return "f-" + re.sub(r"[^A-Za-z0-9_-]", "-", name)


BATCH_STATES = {
    "MFG_COMPLETE": "Manufactured",
    "PROD_REVIEWED": "Reviewed by production",
    "QA_REVIEWED": "Reviewed by QA",
    "RELEASED_CONDITIONAL": "Released conditionally",
    "OOS_SUPPLIED": "Supplied out of specification",
    "REOPENED": "Reopened: a review is void",
}


def words(code: str) -> str:
    """`IN_PROGRESS` and `out_of_service` in words."""
    return BATCH_STATES.get(code) or code.replace("_", " ").strip().capitalize()


def role_names(roles: frozenset[str] | list[str] | tuple[str, ...]) -> str:
    """Role codes as their names, in the order of the domain's list."""
    return ", ".join(name for code, name in ROLES.items() if code in roles) or "no role"


def meaning(code: str) -> str:
    """A signature's meaning in words."""
    return MEANINGS.get(code, words(code))


def shown_value(row: Mapping[str, Any], kind: str, zone: ZoneInfo) -> str:
    """A recorded value for people: digits as typed; yes and no in words; an instant in site time."""
    if row["source"] != "calc" and not row["value"]:
        return "not obtained"
    if kind == "bool":
        return {"true": "Yes", "false": "No"}.get(row["value"], row["text"])
    if kind == "date_time" and row["value"]:
        return site_time(row["value"], zone)
    if row["source"] == "calc":
        return _calculated(row)
    return str(row["text"])


def _calculated(row: Mapping[str, Any]) -> str:
    """A computed number without the digits that nobody measured; one that departed keeps those that tell by how much."""
    number = _number(row["value"])
    if number is None:
        return str(row["text"]) or "undefined"
    if row["judgement"] in ("ok", "recorded"):
        return format_value(number, calculated=True)
    return number_text(Context(prec=DEPARTED_DIGITS).plus(number))


def short_number(text: str) -> str:
    """A long number as limits are written, to compare it by eye: `= 8.99e9` for `8990000000`; nothing for others."""
    number = _number(text)
    if number is None or "e" in text.casefold() or abs(number) < LONG_NUMBER:
        return ""
    short = format_value(number, calculated=True)
    return f"{'=' if Decimal(short) == number else '≈'} {short}"


def limit_bar(parameter: Mapping[str, Any]) -> dict[str, float] | None:
    """Where the ranges of a number lie on a bar of 320 units, or None where it has no two-sided range to draw."""
    bounds = {name: _number(parameter[name]) for name in ("nor_low", "nor_high", "par_low", "par_high")}
    known = [bound for bound in bounds.values() if bound is not None]
    if len(known) < 2 or min(known) == max(known):
        return None
    margin = (max(known) - min(known)) * Decimal("0.15")
    low, high = min(known) - margin, max(known) + margin

    def at(bound: Decimal | None, otherwise: int) -> float:
        return otherwise if bound is None else round(float((bound - low) / (high - low)) * BAR_WIDTH, 1)

    nor = at(bounds["nor_low"], 0), at(bounds["nor_high"], BAR_WIDTH)
    par = at(bounds["par_low"], 0), at(bounds["par_high"], BAR_WIDTH)
    if bounds["par_low"] is None and bounds["par_high"] is None:
        par = nor
    return {
        "low": float(low),
        "high": float(high),
        "nor_x": max(nor[0], par[0]),
        "nor_width": max(0.0, min(nor[1], par[1]) - max(nor[0], par[0])),
        "par_x": par[0],
        "par_width": par[1] - par[0],
    }


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def scoped(markup: Markup, scope: str) -> Markup:
    """A field of a form that stands on the page several times: its ids end with the scope, its name stays."""
    return Markup(re.sub(r'(\b(?:id|for|aria-describedby)=")([^"]*)"', lambda m: _scope(m, scope), markup))


def _scope(found: re.Match[str], scope: str) -> str:
    ids = " ".join(f"{one}-{scope}" for one in found[2].split())
    return f'{found[1]}{ids}"'


def install(app: Flask, site: Site) -> None:
    """Give the templates these words."""
    zone = site.zone
    app.jinja_env.globals.update(limit_bar=limit_bar)
    app.jinja_env.filters.update(
        short_number=short_number,
        shown_value=lambda row, kind: shown_value(row, kind, zone),
        instant=iso,
        site_time=lambda value: site_time(value, zone),
        site_time_exact=lambda value: site_time(value, zone, seconds=True),
        field_id=field_id,
        words=words,
        role_names=role_names,
        meaning=meaning,
    )
