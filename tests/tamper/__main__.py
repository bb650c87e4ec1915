"""`python -m tests.tamper`: tries every kind of tampering and prints what was found. `--full`: 20 trials of each."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

os.environ["BATCHWRIGHT_SIMULATED_TIME"] = "1"  # read when the clock is imported; the CAR-T batch has times of its own

from engine.database import migrate
from tests.services import PostgresServer
from tests.tamper.attacker import Scene
from tests.tamper.scenes import KINDS, cart_scene, found, small_scene

MakeScene = Callable[[str, Path], Scene]


def main() -> int:
    """Attack both databases; 0 if everything was found."""
    options = argparse.ArgumentParser(prog="python -m tests.tamper", description=__doc__)
    options.add_argument("--full", action="store_true", help="20 trials of each kind instead of 3, on a CAR-T batch too")
    full = options.parse_args().full
    scenes: dict[str, MakeScene] = {"small": small_scene}
    if full:
        scenes["CAR-T"] = cart_scene
    missed = 0
    with tempfile.TemporaryDirectory() as folder, PostgresServer() as server:
        for name, make in scenes.items():
            own = Path(folder) / name
            own.mkdir()
            server.sql(f'CREATE DATABASE "{name}"')
            missed += run(f"{name} SQLite", f"sqlite:///{own}/records.sqlite", own / "lite", 20 if full else 3, make)
            missed += run(f"{name} PostgreSQL", server.url(name), own / "pg", 20 if full else 3, make)
    return 1 if missed else 0


def run(name: str, url: str, folder: Path, trials: int, make: MakeScene) -> int:
    """Attack one database; how many attacks were not found."""
    folder.mkdir()
    migrate(url)
    scene = make(url, folder)
    missed = 0
    for kind in KINDS:
        said = [found(scene, kind, trial) for trial in range(trials)]
        count = sum(named for named, _ in said)
        missed += trials - count
        print(f"{name:17} {kind.__name__:32} {count:3} of {trials}", flush=True)
        for named, told in said:
            if not named:
                print(told)
    print(f"{name}: {len(KINDS)} kinds, {len(KINDS) * trials - missed} of {len(KINDS) * trials} attacks found and named")
    return missed


if __name__ == "__main__":
    sys.exit(main())
