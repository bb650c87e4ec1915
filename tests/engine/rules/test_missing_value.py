"""A step that ends with something missing."""

import pytest

from engine.rules import judge
from tests.engine.rules.samples import shown, step_facts


@pytest.mark.parametrize("missing", [(), ("Tare",), ("Tare", "Gross mass")])
def test_each_missing_thing_blocks(missing: tuple[str, ...]) -> None:
    findings = judge("step", step_facts(missing=missing)).findings
    assert shown(findings) == [(13, "major", True, False)] * len(missing)
    assert [f.expected for f in findings] == list(missing)
