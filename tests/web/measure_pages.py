"""How long a person waits from pressing the signature's button to the next step: `python -m tests.web.measure_pages`.

The recorded batch runs through the pages twice: with password hashes that cost nothing, and with those of production,
whose check is dear on purpose. Aim: 150 ms at the median, the check included.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

os.environ["BATCHWRIGHT_SIMULATED_TIME"] = "1"

from engine import passwords
from engine.actions import people
from engine.database import migrate
from engine.sign_in import choose_password, confirm
from engine.transaction import perform
from tests import services
from tests.stories.cart import BATCH, ORDER, recorded
from tests.web.page_hands import LOGIN_OF, AtPages, Waited, cart_at_pages

AIM_MS = 150
LAST_STEP = "S26"


def told(waited: Sequence[Waited]) -> str:
    """Median and spread of what people waited, and where the median went."""
    totals = sorted(w.total for w in waited)
    parts = {name: statistics.median(getattr(w, name) for w in waited) for name in ("recorded", "fetched", "ready")}
    told_parts = ", ".join(f"{name} {ms:.0f}" for name, ms in parts.items())
    return (
        f"median {statistics.median(totals):.0f} ms ({told_parts}), 9 of 10 within {totals[int(len(totals) * 0.9)]:.0f} ms, "
        f"{len(totals)} signatures"
    )


def give_dear_passwords(at_pages: AtPages) -> None:
    """Everybody chooses a new password, kept as production keeps it."""
    passwords.set_cost(passwords.Cost())
    site, hands = at_pages.cart.site, at_pages.hands
    for role, login in LOGIN_OF.items():
        if role in at_pages.cart.crew:
            actor, _ = at_pages.cart.crew[role]
            chosen = choose_password(site, login, f"{hands.passwords[login]} anew")
            proof = confirm(site, actor, hands.passwords[login])
            perform(site, people.set_password, actor=actor, stream=f"person:{login}", proof=proof, chosen=chosen)
            hands.passwords[login] += " anew"


def check_ms() -> float:
    """What one check of a password costs now, at the median of twenty."""
    kept, times = passwords.hash_password("basalt window 52 east"), []
    for _ in range(20):
        began = time.perf_counter()
        passwords.matches(kept, "basalt window 52 east")
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)


def run(at_pages: AtPages) -> Sequence[Waited]:
    """The recorded batch from its order to the end of the expansion."""
    visits = recorded(LAST_STEP)
    at_pages.floor.at(min(visit.started_at for visit in visits) - timedelta(minutes=30))
    at_pages.hands.issue("MFG_SUP", BATCH, ORDER)
    at_pages.floor.run(BATCH, visits)
    return at_pages.hands.waited


def main() -> None:
    """Measure both, print both."""
    for name, dear in (("hashes that cost nothing", False), ("the hashes of production", True)):
        with tempfile.TemporaryDirectory() as folder, services.chromium() as browser:
            url = f"sqlite:///{folder}/records.sqlite"
            migrate(url)
            with cart_at_pages(url, Path(folder), browser) as at_pages:
                if dear:
                    give_dear_passwords(at_pages)
                print(f"{name}: {told(run(at_pages))}; one check takes {check_ms():.0f} ms (aim {AIM_MS} ms)", flush=True)


if __name__ == "__main__":
    main()
