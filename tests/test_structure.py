"""What holds for the repository as a whole: its names, and what its files may not contain."""

import re
import subprocess
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TOP_LEVEL = ["bpmn", "forms", "engine", "api", "web"]

REGISTRY = re.compile(
    r"https?://(?:[\w-]+\.)*(?:registry|files|packages|proxy|repo|deb)[\w.-]*/|artifactory|/simple/|index-url"
    r'|"resolved":',
    re.IGNORECASE,
)
MACHINE_PATH = re.compile(r"(?<![\w.$}:/-])/(?:home|Users|root|work|workspace|mnt|tmp|var/folders)/[\w.-]+")
UNFINISHED = re.compile(r"\b(?:TODO|FIXME|XXX)\b|not implemented|NotImplementedError")


def committed_files() -> list[Path]:
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: nobody knows which files are committed")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    return [ROOT / name for name in listed.decode().split("\0") if name and (ROOT / name).is_file()]


def lines_that_match(pattern: re.Pattern[str], files: list[Path]) -> list[str]:
    found = []
    for file in files:
        if file == Path(__file__):  # it has to name what it looks for
            continue
        for number, line in enumerate(file.read_text(encoding="utf-8", errors="ignore").splitlines(), 1):
            if match := pattern.search(line):
                found.append(f"{file.relative_to(ROOT)}:{number}: {match.group()}")
    return found


def foreign_owners(name: str) -> set[str]:
    return set(metadata.packages_distributions().get(name, [])) - {"batchwright"}


@pytest.mark.parametrize("name", TOP_LEVEL)
def test_no_other_distribution_owns_a_name_of_ours(name):
    assert foreign_owners(name) == set()


def test_a_foreign_owner_would_be_seen():
    assert foreign_owners("flask") == {"Flask"} or foreign_owners("flask") == {"flask"}


@pytest.mark.parametrize("module", re.findall(r"python -m ([\w.]+)", (ROOT / "Makefile").read_text()))
def test_every_module_that_the_makefile_runs_exists(module):
    if module != "pip":
        file = ROOT.joinpath(*module.split("."))
        assert file.with_suffix(".py").is_file() or (file / "__main__.py").is_file()


@pytest.mark.parametrize("pattern", [REGISTRY, MACHINE_PATH], ids=["registry", "machine path"])
def test_no_committed_file_depends_on_one_machine(pattern):
    assert lines_that_match(pattern, committed_files()) == []


def test_nothing_committed_is_unfinished():
    assert lines_that_match(UNFINISHED, [file for file in committed_files() if file.suffix == ".py"]) == []


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (REGISTRY, "https" "://files.example.org/packages/ab"),
        (MACHINE_PATH, 'open("/' 'home/anna/batch.csv")'),
        (MACHINE_PATH, "cd /" "root/checkout"),
        (UNFINISHED, "# TODO later"),
    ],
)
def test_what_may_not_be_committed_is_recognised(tmp_path, pattern, text, monkeypatch):
    monkeypatch.setattr(f"{__name__}.ROOT", tmp_path)
    (tmp_path / "file").write_text(text)
    assert lines_that_match(pattern, [tmp_path / "file"])
