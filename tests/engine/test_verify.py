"""The verifier on an untouched site; what somebody did behind its back is in tests/tamper."""

from pathlib import Path

from engine.checkpoints import take_checkpoint
from engine.verify import verify
from tests.engine.small_site import filled_site


def test_an_untouched_site_has_no_problem(database_url: str, tmp_path: Path) -> None:
    site = filled_site(database_url, tmp_path)
    file = take_checkpoint(site, tmp_path)
    report = verify(database_url, site.keys, [file])
    site.close()
    assert str(report).endswith("everything is as it was recorded.")
    assert report.entries > 20
    assert report.rows > 60
    assert report.checkpoints == 3
