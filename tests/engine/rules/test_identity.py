"""Identity scans at a hand-over."""

import pytest

from engine.rules import ScanFacts, judge
from tests.engine.rules.samples import STEP, shown

ORDER = ("COI-NVX-000117", "G1234 98 654321H", "101-004")


def findings(actual: str, kind: str = "identity", expected: tuple[str, ...] = ORDER) -> list[object]:
    facts = ScanFacts(step=STEP, kind=kind, expected=expected, actual=actual, name="bag")  # type: ignore[arg-type]
    return [*shown(judge("scan", facts).findings)]


@pytest.mark.parametrize("code", ORDER)
def test_each_identifier_of_the_order_is_right(code: str) -> None:
    assert findings(code) == []


@pytest.mark.parametrize("code", ["COI-NVX-000118", "coi-nvx-000117", "COI-NVX-00011", "", "СOI-NVX-000117"])
def test_any_other_code_is_critical_and_blocks(code: str) -> None:
    assert findings(code) == [(25, "critical", True, False)]


def test_order_without_identifiers_matches_nothing() -> None:
    assert findings("COI-NVX-000117", expected=()) == [(25, "critical", True, False)]


@pytest.mark.parametrize("kind", ["material", "equipment"])
def test_refused_lot_or_device_is_no_exception(kind: str) -> None:
    assert findings("another", kind) == []
