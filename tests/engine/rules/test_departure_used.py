"""A planned departure that is used."""

import pytest

from engine.rules import DepartureFacts, judge
from tests.engine.rules.samples import shown


@pytest.mark.parametrize(("use", "found"), [(1, [(24, "minor", False, False)]), (3, [(24, "minor", False, False)]), (0, [])])
def test_each_use_is_an_exception_that_names_the_departure(use: int, found: list) -> None:
    facts = DepartureFacts(departure="PD-7", name="Viability", accepted="70 to 79 %", actual="75 %", use=use, most=3)
    findings = judge("departure", facts).findings
    assert shown(findings) == found
    assert all(f.expected == "departure PD-7" and "70 to 79 %" in f.message and f"use {use} of 3" in f.message for f in findings)
