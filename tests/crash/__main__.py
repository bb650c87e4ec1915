"""Kill the server many times on each database and print when the kills landed. Exits 1 if anything was lost or doubled."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from engine.database import migrate
from tests.crash.harness import Crash, Result
from tests.services import PostgresServer

FULL, BOUNDED = 100, 10


def main() -> int:
    """Both databases, one after the other."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--full", action="store_true", help=f"{FULL} kills per database instead of {BOUNDED}")
    parser.add_argument("--seed", type=int, default=1, help="another seed, other moments")
    chosen = parser.parse_args()
    kills = FULL if chosen.full else BOUNDED
    results = []
    with tempfile.TemporaryDirectory() as folder, PostgresServer() as server:
        for kind, url in (("SQLite", f"sqlite:///{folder}/records.sqlite"), ("PostgreSQL", server.url())):
            migrate(url)
            results.append(_run(kind, url, Path(folder) / kind, kills, chosen.seed))
    missed = chosen.full and any(result.inside * 2 < result.kills for result in results)
    if missed:
        print("Fewer than half of the kills landed between BEGIN and the answer.")
    return int(missed or any(result.problems for result in results))


def _run(kind: str, url: str, folder: Path, kills: int, seed: int) -> Result:
    folder.mkdir()
    result = Crash(url, folder, seed=seed).run(kills)
    print(f"{kind}: {result}", flush=True)
    return result


if __name__ == "__main__":
    sys.exit(main())
