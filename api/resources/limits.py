"""Limits: where they come from, and what other ones would have done to batches that are made already."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from api.auth import GMP_ROLES, allow
from api.fields import answer
from api.resource import Resource, site
from engine.queries.comparison import compared
from engine.queries.limit_replay import replay_of
from engine.queries.lineage import limit_lineage

limits = Resource("limits", "Limits: their lineage, and a replay of changed ones on past batches.")

Lineage = answer(
    "LimitLineage",
    recipe_id=ma.fields.String(),
    step_id=ma.fields.String(),
    parameter_id=ma.fields.String(),
    title=ma.fields.String(),
    name=ma.fields.String(),
    uom=ma.fields.String(),
    values=ma.fields.List(ma.fields.Dict()),
    proposals=ma.fields.List(ma.fields.Dict()),
    ad_hoc=ma.fields.List(ma.fields.Dict()),
    departures=ma.fields.List(ma.fields.Dict()),
)
Replay = answer(
    "LimitReplay", old=ma.fields.String(), new=ma.fields.String(), parameters=ma.fields.List(ma.fields.Dict())
)


@limits.reads("/limits/<name:recipe_id>/<name:step_id>/<name:parameter_id>", Lineage)
@allow(*GMP_ROLES)
def lineage(recipe_id: str, step_id: str, parameter_id: str) -> dict[str, Any]:
    """The lineage of a limit

    Each value that it had in effect, by which change, for which reason and on what evidence, who approved it, from when
    until when; proposals that were refused; changes and departures of single batches.
    """
    return limit_lineage(site(), recipe_id, step_id, parameter_id)


@limits.reads("/recipes/<name:old_id>/replay/<name:new_id>", Replay)
@allow(*GMP_ROLES)
def replay(old_id: str, new_id: str) -> dict[str, Any]:
    """What a revision's limits would have done

    The values of the last 24 batches at each changed limit of a number, judged by both revisions.
    """
    return {"old": old_id, "new": new_id, "parameters": replay_of(site(), compared(site(), old_id, new_id))}
