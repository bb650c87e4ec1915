"""The trace matrix: every requirement with the tests that prove it (`make trace`).

`python -m tests.trace` lists the marks; `--result` counts a requirement as proven only when all of its tests passed
in the last run on this machine.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import io
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "tests" / "data" / "requirements.csv"
IDS_PER_TEST = 3
RESULTS_KEY = "trace/results"


@dataclass(frozen=True, slots=True)
class Requirement:
    """One check that a regulation or standard asks for, in our wording."""

    id: str
    kind: str  # T: a test proves it; E: evidence that a person judges; O: the organisation's procedure
    clause: str
    wording: str


@dataclass(slots=True)
class Trace:
    """Which tests claim to prove which requirement, and how those tests ended."""

    tests: dict[str, list[str]] = field(default_factory=dict)
    results: Mapping[str, str] | None = None

    def proving(self, requirement_id: str) -> list[str]:
        """The tests that prove a requirement; none of them when one did not pass, if results count."""
        tests = self.tests.get(requirement_id, [])
        if self.results is not None and not all(self.results.get(test) == "passed" for test in tests):
            return []
        return tests


def read_requirements(path: Path = REQUIREMENTS) -> dict[str, Requirement]:
    """All requirements by id, in the order of the file."""
    with path.open(encoding="utf-8", newline="") as file:
        return {row["id"]: Requirement(**row) for row in csv.DictReader(file)}


def marked_ids(item: pytest.Item) -> list[str]:
    """The requirement ids on one test, those of its class and module included."""
    return [id for mark in item.iter_markers("requirement") for id in mark.args]


def faulty_marks(item: pytest.Item, known: Iterable[str]) -> list[str]:
    """What is wrong with a test's requirement marks; empty when nothing is."""
    ids = marked_ids(item)
    faults = [f"{item.nodeid}: no requirement is called {id!r}" for id in ids if id not in set(known)]
    if len(set(ids)) > IDS_PER_TEST:
        faults.append(f"{item.nodeid}: proves {len(set(ids))} requirements, {IDS_PER_TEST} at most")
    return faults


def test_name(nodeid: str) -> str:
    """A test without its parameters and its group, so that both databases are one line."""
    return nodeid.split("[", 1)[0].split("@", 1)[0]


test_name.__test__ = False  # type: ignore[attr-defined]  # pytest would take the name for a test's


def collect(root: Path = ROOT) -> Trace:
    """Ask pytest for every test under `root` and read the marks and the last results.

    Raises RuntimeError when the tests can't be collected.
    """
    collected = _Collected()
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        status = pytest.main(["--collect-only", "-q", "--rootdir", str(root), str(root / "tests")], [collected])
    if status not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        raise RuntimeError(f"the tests can't be collected:\n{output.getvalue()}")
    return Trace(collected.tests, collected.results)


class _Collected:
    def __init__(self) -> None:
        self.tests: dict[str, list[str]] = {}
        self.results: dict[str, str] = {}

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        for item in session.items:
            for id in dict.fromkeys(marked_ids(item)):
                tests = self.tests.setdefault(id, [])
                if test_name(item.nodeid) not in tests:
                    tests.append(test_name(item.nodeid))
        if session.config.cache:
            self.results = session.config.cache.get(RESULTS_KEY, {})


def report(trace: Trace, requirements: Mapping[str, Requirement]) -> str:
    """The matrix as text, one requirement after the other, the counts last."""
    lines = []
    for requirement in requirements.values():
        tests = trace.proving(requirement.id)
        mark = "proven" if tests else "-"
        lines.append(f"{requirement.id:<8} {requirement.kind:<4} {mark:<7} {requirement.clause}: {requirement.wording}")
        for test in trace.tests.get(requirement.id, []):
            result = f" ({trace.results.get(test, 'not run')})" if trace.results is not None else ""
            lines.append(f"{'':22}{test}{result}")
    proven = sum(1 for id in requirements if trace.proving(id))
    lines += [
        "",
        f"{len(requirements)} requirements: {proven} proven by tests, {len(requirements) - proven} not proven",
    ]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.trace", description=__doc__)
    parser.add_argument("--result", action="store_true", help="count only tests that passed in the last run")
    arguments = parser.parse_args()
    try:
        trace = collect()
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return 1
    if not arguments.result:
        trace.results = None
    print(report(trace, read_requirements()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
