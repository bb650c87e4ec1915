"""Where the site requires it: nothing is approved unless the dry run of exactly this document that was signed last passed.

Source: GAMP 5, 2nd edition, appendix D5; EU GMP Annex 11 s.4.
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.documents import DIAGRAM_KINDS
from engine.errors import DryRunMissingError
from engine.revision_facts import dry_run_of
from engine.services.call import Call, Message

NAME = "recipe.require_dry_run"


def perform(call: Call) -> Iterable[Message]:
    """Refuse to go on without that evidence, where the site's setting asks for it and the revision can be run."""
    row = call.revision
    if call.act.site.settings.dry_run_required and row["kind"] in DIAGRAM_KINDS:
        evidence = dry_run_of(call.act, row["hash"])
        if evidence is None or evidence["verdict"] != "passed":
            raise DryRunMissingError(f"{row['id']}, document {row['hash'][:12]}.")
        call.act.note("recipe:dry_run_accepted", revision=row["id"], dry_run=evidence["id"])
    return ()
