"""Of several processes one schedules; when it is gone another takes over."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from engine.leader import Leader
from engine.site import Site, open_site

OTHER_PROCESS = """
import sys
from engine.leader import Leader
from engine.site import open_site
print(Leader(open_site(sys.argv[1], sys.argv[2])).leads())
"""


def another_process_leads(site: Site, keys: Path) -> bool:
    program = [sys.executable, "-c", OTHER_PROCESS, site.url, str(keys)]
    return subprocess.run(program, capture_output=True, text=True, check=True).stdout.strip() == "True"


def test_one_of_two_processes_leads_and_the_other_takes_over(site: Site, tmp_path: Path) -> None:
    keys = next(tmp_path.glob("keys-*"))
    first = Leader(site)
    assert first.leads()
    assert first.leads()
    assert not another_process_leads(site, keys)
    first.resign()
    assert another_process_leads(site, keys)
    assert first.leads()
    first.resign()


def test_two_leaders_in_one_process_are_one(site: Site, tmp_path: Path) -> None:
    other = open_site(site.url, next(tmp_path.glob("keys-*")))
    one, two = Leader(site), Leader(other)
    assert one.leads()
    assert not two.leads()
    one.resign()
    assert two.leads()
    two.resign()
    other.close()
