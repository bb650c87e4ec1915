"""One process that serves a site: its pages and API on threads, and the scheduler while this process leads.

The address of the records, the keys' folder and the site's zone come from the environment, so every worker process of
a server finds the same site: `BATCHWRIGHT_DATABASE`, `BATCHWRIGHT_KEYS`, `BATCHWRIGHT_ZONE`. Where
`BATCHWRIGHT_DRY_RUN_REQUIRED` is 1, no revision is approved without a signed dry run that passed; on the days of
`BATCHWRIGHT_HOLIDAYS` nobody works, and due times of working days pass over them.
"""

from __future__ import annotations

import atexit
import logging
import os
from collections.abc import Callable
from pathlib import Path

from apscheduler.schedulers.background import BackgroundScheduler
from flask import Flask

from engine.actions.departures import propose_changes
from engine.actions.taken_decisions import apply_decisions
from engine.actions.timers import fire_due, watch
from engine.checkpoints import take_checkpoint
from engine.leader import Leader
from engine.risk_classes import read_products, read_table
from engine.site import Site, open_site
from engine.working_time import read_holidays

DATABASE, KEYS, ZONE, DEMO, OVER_TLS = (
    "BATCHWRIGHT_DATABASE",
    "BATCHWRIGHT_KEYS",
    "BATCHWRIGHT_ZONE",
    "BATCHWRIGHT_DEMO",
    "BATCHWRIGHT_OVER_TLS",
)
CHECKPOINTS = "BATCHWRIGHT_CHECKPOINTS"
DRY_RUN = "BATCHWRIGHT_DRY_RUN_REQUIRED"
HOLIDAYS = "BATCHWRIGHT_HOLIDAYS"
AD_HOC_ROLES, CLIENT_SIGNS = "BATCHWRIGHT_AD_HOC_ROLES", "BATCHWRIGHT_CLIENT_SIGNS"
FIRE_SECONDS, WATCH_SECONDS, CHECKPOINT_SECONDS, DEVICE_SECONDS = 1, 60, 15 * 60, 3

_logger = logging.getLogger(__name__)


def site_of_environment() -> Site:
    """The site that the environment names."""
    required = os.environ.get(DRY_RUN) == "1"
    holidays, zone = read_holidays(os.environ.get(HOLIDAYS, "")), os.environ.get(ZONE, "UTC")
    return open_site(
        os.environ[DATABASE], os.environ[KEYS], zone=zone, dry_run_required=required, holidays=holidays,
        ad_hoc_roles=read_table(os.environ.get(AD_HOC_ROLES, "")),
        client_signs=read_products(os.environ.get(CLIENT_SIGNS, "")),
    )  # fmt: skip


def application() -> Flask:
    """What a WSGI server runs: `web.serving:application`, a factory."""
    from web.app import create_app

    site = site_of_environment()
    start_scheduler(site, Path(os.environ.get(CHECKPOINTS, "checkpoints")))
    return create_app(site, DEMO=os.environ.get(DEMO) == "1", OVER_TLS=os.environ.get(OVER_TLS) == "1")


def start_scheduler(site: Site, checkpoints: Path) -> BackgroundScheduler:
    """Fire what is due, apply what was decided for open batches, look for batches that stand still, seal the record.

    Only while this process is the leader.

    Its job store is its memory: the due times are rows of the record, so nothing is lost with the process.
    """
    leader = Leader(site)
    scheduler = BackgroundScheduler(timezone="UTC", job_defaults={"coalesce": True, "misfire_grace_time": None})
    for seconds, job in (
        (FIRE_SECONDS, lambda: fire_due(site)),
        (FIRE_SECONDS, lambda: apply_decisions(site)),
        (WATCH_SECONDS, lambda: propose_changes(site)),
        (WATCH_SECONDS, lambda: watch(site)),
        (CHECKPOINT_SECONDS, lambda: take_checkpoint(site, checkpoints)),
    ):
        scheduler.add_job(_led(leader, job), "interval", seconds=seconds, max_instances=1)
    if os.environ.get(DEMO) == "1":
        from web.demo.devices import measure

        scheduler.add_job(_led(leader, lambda: measure(site)), "interval", seconds=DEVICE_SECONDS, max_instances=1)
    scheduler.start()
    atexit.register(scheduler.shutdown, wait=False)
    return scheduler


def _led(leader: Leader, job: Callable[[], object]) -> Callable[[], None]:
    def run() -> None:
        try:
            if leader.leads():
                job()
        except Exception:
            # The scheduler goes on; what failed is logged and tried again at its next turn.
            _logger.exception("A scheduled job failed")

    return run
