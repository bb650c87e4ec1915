"""How records are worded on pages: site time with its zone, roles and states in words, ids of fields."""

from __future__ import annotations

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from flask import Flask

from bpmn.vocabulary import MEANINGS, ROLES
from engine import clock
from engine.site import Site


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


def field_id(name: str) -> str:
    """The id of a form field of that name; parameter names like `S24[4]` have characters that ids should not have."""
    return "f-" + re.sub(r"[^A-Za-z0-9_-]", "-", name)


def words(code: str) -> str:
    """`IN_PROGRESS` and `out_of_service` in words."""
    return code.replace("_", " ").strip().capitalize()


def role_names(roles: frozenset[str] | list[str] | tuple[str, ...]) -> str:
    """Role codes as their names, in the order of the domain's list."""
    return ", ".join(name for code, name in ROLES.items() if code in roles) or "no role"


def meaning(code: str) -> str:
    """A signature's meaning in words."""
    return MEANINGS.get(code, words(code))


def install(app: Flask, site: Site) -> None:
    """Give the templates these words."""
    zone = ZoneInfo(site.settings.zone)
    app.jinja_env.filters.update(
        instant=iso,
        site_time=lambda value: site_time(value, zone),
        site_time_exact=lambda value: site_time(value, zone, seconds=True),
        field_id=field_id,
        words=words,
        role_names=role_names,
        meaning=meaning,
    )
