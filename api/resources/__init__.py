"""The nouns of the API, one file each; what is not in `RESOURCES` is not served."""

from __future__ import annotations

from api.resource import Resource
from api.resources.ad_hoc_changes import ad_hoc_changes
from api.resources.batches import batches
from api.resources.changes import changes
from api.resources.comparisons import comparisons
from api.resources.decision_tables import decision_tables
from api.resources.departures import departures
from api.resources.drafts import drafts
from api.resources.drawings import drawings
from api.resources.dry_runs import dry_runs
from api.resources.equipment import equipment
from api.resources.forms import forms
from api.resources.health import health
from api.resources.imports import imports
from api.resources.limits import limits
from api.resources.lots import lots
from api.resources.open_batches import open_batches
from api.resources.people import people
from api.resources.recipes import recipes
from api.resources.record import record
from api.resources.seals import seals
from api.resources.session import session
from api.resources.tasks import tasks
from api.resources.training import training

RESOURCES: tuple[Resource, ...] = (
    session, recipes, changes, open_batches, dry_runs, imports, drafts, decision_tables, forms, drawings, comparisons, batches,
    tasks, record, people, equipment, lots, training, seals, health, limits, ad_hoc_changes, departures,
)  # fmt: skip
