"""The command line: a site from nothing, checked, verified, copied; the demo answers."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.services import ROOT, VENV_BIN
from web.cli import main

INIT = [
    "init", "--login", "petra", "--full-name", "Petra Admin", "--identity", "passport", "--password", "Violet-Kettle-41",
]  # fmt: skip


def run(folder: Path, *arguments: str, **options):
    """One command on the site of a folder."""
    return CliRunner().invoke(main, ["--folder", str(folder), *arguments], **options)


def test_a_site_is_made_with_its_first_administrator_and_proves_itself(tmp_path):
    assert run(tmp_path, *INIT).exit_code == 0
    proven = run(tmp_path, "verify")
    assert (proven.exit_code, "everything is as it was recorded" in proven.output) == (0, True)
    again = run(tmp_path, *INIT)
    assert again.exit_code != 0


def test_a_weak_first_password_makes_no_site(tmp_path):
    refused = run(tmp_path, *INIT[:-1], "Password2026!!")
    assert (refused.exit_code, "common word" in refused.output) == (1, True)
    assert not (tmp_path / "keys").exists()


def test_serving_without_a_site_says_how_to_make_one(tmp_path):
    refused = run(tmp_path, "run")
    assert (refused.exit_code, "batchwright init" in refused.output) == (1, True)


def test_a_copy_of_the_records_is_made_once(tmp_path):
    run(tmp_path, *INIT)
    assert run(tmp_path, "backup", str(tmp_path / "copy.sqlite")).exit_code == 0
    assert run(tmp_path, "backup", str(tmp_path / "copy.sqlite")).exit_code != 0


@pytest.mark.parametrize(("name", "code"), [("right", 0), ("wrong", 1)])
def test_a_diagram_is_checked_from_the_command_line(tmp_path, name, code):
    checked = run(tmp_path, "check", str(ROOT / "tests" / "data" / "checks" / "limits" / f"{name}.bpmn"))
    assert checked.exit_code == code
    assert "can't be loaded" in checked.output or code == 0


@pytest.mark.slow
def test_the_demo_prints_its_people_and_answers(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [VENV_BIN / "batchwright", "--folder", tmp_path / "demo", "run", "--demo", "--port", str(port)]
    with (tmp_path / "output").open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env=os.environ, start_new_session=True)
    try:
        page = _answer(f"http://127.0.0.1:{port}/sign-in", process)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)
    said = (tmp_path / "output").read_text()
    assert "Sign in" in page
    assert re.search(r"anna +\S.* Anna Keller, Operator", said)
    assert f"http://127.0.0.1:{port}/" in said


def _answer(address: str, process: subprocess.Popen, patience_s: float = 120) -> str:
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline and process.poll() is None:
        try:
            return urllib.request.urlopen(address, timeout=5).read().decode()
        except OSError:
            time.sleep(0.2)
    raise AssertionError("the server did not answer")
