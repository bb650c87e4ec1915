"""`python -m tests.tamper`: tries every kind of tampering and prints what was found. `--full`: 20 trials of each."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from engine.database import migrate
from tests.services import PostgresServer
from tests.tamper.scenes import KINDS, found, small_scene


def main() -> int:
    """Attack both databases; 0 if everything was found."""
    options = argparse.ArgumentParser(prog="python -m tests.tamper", description=__doc__)
    options.add_argument("--full", action="store_true", help="20 trials of each kind instead of 3")
    trials = 20 if options.parse_args().full else 3
    with tempfile.TemporaryDirectory() as folder, PostgresServer() as server:
        missed = run("SQLite", f"sqlite:///{folder}/records.sqlite", Path(folder), trials)
        server.sql("CREATE DATABASE tamper")
        missed += run("PostgreSQL", server.url("tamper"), Path(folder) / "postgresql", trials)
    return 1 if missed else 0


def run(name: str, url: str, folder: Path, trials: int) -> int:
    """Attack one database; how many attacks were not found."""
    folder.mkdir(exist_ok=True)
    migrate(url)
    scene = small_scene(url, folder)
    missed = 0
    for kind in KINDS:
        said = [found(scene, kind, trial) for trial in range(trials)]
        count = sum(named for named, _ in said)
        missed += trials - count
        print(f"{name:11} {kind.__name__:32} {count:3} of {trials}")
        for named, told in said:
            if not named:
                print(told)
    print(
        f"{name}: {len(KINDS)} kinds, {len(KINDS) * trials - missed} of {len(KINDS) * trials} attacks found and named"
    )
    return missed


if __name__ == "__main__":
    sys.exit(main())
