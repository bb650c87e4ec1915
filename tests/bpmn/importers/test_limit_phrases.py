"""Limits as people write them: what they mean, with their digits; and what is said when they mean nothing."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpmn.importers.limit_phrases import LimitPhraseError, read_limits

Case = tuple[str, str, str, tuple[str, str]]

# phrase, unit, target, (low, high) of PAR
RANGES: list[Case] = [
    ("25.0 ± 0.5 g", "g", "25.0", ("24.5", "25.5")),
    ("25.0 +/- 0.5 g", "g", "25.0", ("24.5", "25.5")),
    ("25.0 g ± 0.5 g", "g", "25.0", ("24.5", "25.5")),
    ("25.0g±0.5g", "g", "25.0", ("24.5", "25.5")),
    ("25.0 (±0.5) g", "g", "25.0", ("24.5", "25.5")),
    ("25.0 g (+/- 2 %)", "g", "25.0", ("24.5", "25.5")),
    ("500 mL ± 10 %", "mL", "500", ("450", "550")),
    ("7.25 mL ± 10 %", "mL", "7.25", ("6.525", "7.975")),
    ("25.0 +0.5/-0.2 g", "g", "25.0", ("24.8", "25.5")),
    ("-80 ± 10 °C", "C", "-80", ("-90", "-70")),
    ("(24 ± 2) h", "h", "24", ("22", "26")),
    ("(1.0 ± 0.2) x 10^6 cells/mL", "cells/mL", "1.0e6", ("0.8e6", "1.2e6")),
    ("300 ± 20 x g", "x g", "300", ("280", "320")),
    ("NMT 10 °C", "C", "", ("", "10")),
    ("does not exceed 8 °C", "C", "", ("", "8")),
    ("nmt 10°C", "C", "", ("", "10")),
    ("NLT 90 %", "%", "", ("90", "")),
    ("not more than 8 h", "h", "", ("", "8")),
    ("no more than 8 hours", "h", "", ("", "8")),
    ("not less than 98.0%", "%", "", ("98.0", "")),
    ("not less than 98.0% and not more than 102.0%", "%", "", ("98.0", "102.0")),
    ("max. 10", "", "", ("", "10")),
    ("maximum 10 mL", "mL", "", ("", "10")),
    ("10 °C max", "C", "", ("", "10")),
    ("30 min max.", "min", "", ("", "30")),
    ("min. 5 min", "min", "", ("5", "")),
    ("90 % or more", "%", "", ("90", "")),
    ("10 bar or less", "bar", "", ("", "10")),
    ("up to 10 mL", "mL", "", ("", "10")),
    ("not to exceed 30 min", "min", "", ("", "30")),
    ("at least 2 h", "h", "", ("2", "")),
    ("within 2 h", "h", "", ("", "2")),
    ("≤ 8 h", "h", "", ("", "8")),
    ("<= 8 h", "h", "", ("", "8")),
    (">= 3.5 bar", "bar", "", ("3.5", "")),
    ("≥70%", "%", "", ("70", "")),
    ("≥ 15 and ≤ 70 %", "%", "", ("15", "70")),
    ("15 ≤ x ≤ 70 %", "%", "", ("15", "70")),
    ("7.2 to 7.5", "", "", ("7.2", "7.5")),
    ("7.2 – 7.5", "", "", ("7.2", "7.5")),
    ("7.20-7.50", "", "", ("7.20", "7.50")),
    ("pH 7.2 to 7.5", "pH", "", ("7.2", "7.5")),
    ("7.2 - 7.5 pH", "pH", "", ("7.2", "7.5")),
    ("2-8 °C", "C", "", ("2", "8")),
    ("2 °C to 8 °C", "C", "", ("2", "8")),
    ("2..8 °C", "C", "", ("2", "8")),
    ("+2 to +8 °C", "C", "", ("2", "8")),
    ("-25 to -15 °C", "C", "", ("-25", "-15")),
    ("-25…-15 °C", "C", "", ("-25", "-15")),
    ("-80 - -60 °C", "C", "", ("-80", "-60")),
    ("between 5 and 7", "", "", ("5", "7")),
    ("from 5 to 7 bar", "bar", "", ("5", "7")),
    ("120 rpm (100-140)", "rpm", "120", ("100", "140")),
    ("120 (100-140) rpm", "rpm", "120", ("100", "140")),
    ("target 37.0 (36.5 to 37.5) °C", "C", "37.0", ("36.5", "37.5")),
    ("37 °C [36; 38]", "C", "37", ("36", "38")),
    ("2 to 8 °C (target 5 °C)", "C", "5", ("2", "8")),
    ("setpoint 40 % DO (30–50)", "% DO", "40", ("30", "50")),
    ("100 mL (80 mL to 120 mL)", "mL", "100", ("80", "120")),
    ("exactly 3", "", "", ("3", "3")),
    ("= 7", "", "", ("7", "7")),
    ("≥ 1.0 × 10⁶ cells/mL", "cells/mL", "", ("1.0e6", "")),
    ("NLT 1 x 10^8 TU/mL", "TU/mL", "", ("1e8", "")),
    ("≥2.0E+06 cells/mL", "cells/mL", "", ("2.0e6", "")),
    ("5 x 10^6 to 1 x 10^7 cells", "cells", "", ("5e6", "1e7")),
    ("(0.8 - 1.2) x 10^6 cells/mL", "cells/mL", "", ("0.8e6", "1.2e6")),
    ("0,5 – 1,5 L/h", "L/h", "", ("0.5", "1.5")),
    ("5,0 bis 7,0 bar", "bar", "", ("5.0", "7.0")),
    ("zwischen 5 und 7 bar", "bar", "", ("5", "7")),
    ("höchstens 10 °C", "C", "", ("", "10")),
    ("does not exceed 8 °C", "C", "", ("", "8")),
    ("nicht mehr als 2 Std.", "h", "", ("", "2")),
    ("mindestens 30 Minuten", "min", "", ("30", "")),
    ("limit: ≤ 5 NTU", "NTU", "", ("", "5")),
    ("spec: NLT 98.0 %", "%", "", ("98.0", "")),
    ("Temperature: 2-8 °C", "C", "", ("2", "8")),
    ("≤ 1 CFU/4 h", "CFU/4 h", "", ("", "1")),
    ("NMT 10 CFU/100 mL", "CFU/100 mL", "", ("", "10")),
    ("min. 5 / max. 10 bar", "bar", "", ("5", "10")),
    ("100 µL ± 5 µL", "uL", "100", ("95", "105")),
]


@pytest.mark.parametrize(("phrase", "unit", "target", "bounds"), RANGES, ids=[case[0] for case in RANGES])
def test_a_limit_bounds_what_is_accepted_digit_for_digit(phrase: str, unit: str, target: str, bounds: tuple[str, str]) -> None:
    found = read_limits(phrase)
    assert (found.type, found.uom, found.target) == ("num", unit, target)
    assert (found.par_low, found.par_high) == bounds
    assert (found.nor_low, found.nor_high, found.exclusive, found.doubt) == ("", "", (), "")


def test_the_share_of_a_gas_is_one_of_volume() -> None:
    found = read_limits("5 ± 0.5 % CO2")
    assert (found.uom, found.par_low, found.par_high) == ("% v/v", "4.5", "5.5")
    assert "what it is a share of" in found.doubt


@pytest.mark.parametrize(
    ("phrase", "bounds", "exclusive"),
    [
        ("5 to < 8 °C", ("5", "8"), ("par_high",)),
        ("> 70 %", ("70", ""), ("par_low",)), ("< 0.25 EU/mL", ("", "0.25"), ("par_high",)),
        ("less than 5 CFU/plate", ("", "5"), ("par_high",)), ("more than 5", ("5", ""), ("par_low",)),
        ("unter 5 bar", ("", "5"), ("par_high",)), (">5 and <10 %", ("5", "10"), ("par_low", "par_high")),
        ("5 < x ≤ 10", ("5", "10"), ("par_low",)), ("above 2, below 8 °C", ("2", "8"), ("par_low", "par_high")),
    ],
)  # fmt: skip
def test_below_and_above_are_exclusive(phrase: str, bounds: tuple[str, str], exclusive: tuple[str, ...]) -> None:
    found = read_limits(phrase)
    assert ((found.par_low, found.par_high), found.exclusive, found.doubt) == (bounds, exclusive, "")
    assert found.qualifier == ("" in bounds)


@pytest.mark.parametrize(
    ("phrase", "target", "nor", "par"),
    [
        ("NOR 7.2-7.5 / PAR 7.0-7.8", "", ("7.2", "7.5"), ("7.0", "7.8")),
        ("NOR: 36.5–37.5 °C; PAR: 36.0–38.0 °C", "", ("36.5", "37.5"), ("36.0", "38.0")),
        ("Target 37.0, NOR 36.5 to 37.5, PAR 36 to 38 °C", "37.0", ("36.5", "37.5"), ("36", "38")),
        ("PAR 35-39; NOR 36-38; target 37 °C", "37", ("36", "38"), ("35", "39")),
        ("Target: 5.0 (NOR: 4.8-5.2; PAR: 4.5–5.5) bar", "5.0", ("4.8", "5.2"), ("4.5", "5.5")),
        ("Normal 36-38, Accepted 35-39", "", ("36", "38"), ("35", "39")),
        ("alert >5, action >10 CFU", "", ("", "5"), ("", "10")),
    ],
)  # fmt: skip
def test_both_levels_are_read_where_they_are_named(phrase: str, target: str, nor: tuple[str, str], par: tuple[str, str]) -> None:
    found = read_limits(phrase)
    assert (found.target, (found.nor_low, found.nor_high), (found.par_low, found.par_high)) == (target, nor, par)
    assert (found.exclusive, found.doubt) == ((), "")


@pytest.mark.parametrize(
    ("phrase", "kind", "expected", "choices"),
    [
        ("not detected", "choice", "not detected", ("not detected", "detected")),
        ("negative", "choice", "negative", ("negative", "positive")),
        ("Complies", "choice", "Complies", ("Complies", "does not comply")),
        ("no growth", "choice", "no growth", ("no growth", "growth")),
        ("yes/no", "bool", "", ()), ("Ja / Nein", "bool", "", ()), ("yes", "bool", "true", ()), ("☐ Yes ☐ No", "bool", "", ()),
        ("red / green / blue", "choice", "", ("red", "green", "blue")), ("date", "date_time", "", ()),
        ("Date/time", "date_time", "", ()),
        ("DD.MM.YYYY", "date_time", "", ()), ("Performed by", None, "", ()), ("Signature / date", None, "", ()),
    ],
)  # fmt: skip
def test_answers_dates_and_signatures_are_told_apart(phrase: str, kind: str, expected: str, choices: tuple[str, ...]) -> None:
    found = read_limits(phrase)
    assert (found.type, found.par_low, found.par_high, found.choices, found.doubt) == (kind, expected, expected, choices, "")


@pytest.mark.parametrize(
    ("phrase", "doubt", "says"),
    [
        ("1,500 mL", "it could be 1.500", {"target": "1500"}), ("12 000 ± 500 x g", "taken as 12000", {"par_low": "11500"}),
        ("≥ 1 x 106 cells/mL", "ten to the power of 6", {"par_low": "1e6"}),
        ("0.8–1.2 x 10^6 cells/mL", "for both numbers", {"par_low": "0.8e6", "par_high": "1.2e6"}),
        ("25 ± 5 %", "as a share of 25", {"par_low": "23.75", "par_high": "26.25"}),
        ("70 % ± 5 %", "in points of %", {"par_low": "65", "par_high": "75"}),
        ("20 mL", "bounds nothing", {"target": "20"}), ("approx. 20 mL", "about", {"target": "20"}),
        ("500 mL to 1 L", "1 L is written as 1000 mL", {"par_low": "500", "par_high": "1000", "uom": "mL"}),
        ("20 ± 2 U/min", "could be enzyme units", {"uom": "rpm"}), ("5 ± 1 M", "mol/L", {"uom": "M"}),
        ("pass / fail", "pass is taken", {"par_low": "pass"}),
        ("☐ line clear", "box to tick", {"type": "bool", "par_low": "true"}),
        ("clear, colourless solution", "expected answer", {"type": "choice"}), ("record", "without a limit", {"type": "text"}),
        ("NMT 8 h after thaw", "'after thaw' is left out", {"par_high": "8", "uom": "h"}), ("", "no limit", {"type": "text"}),
    ],
)  # fmt: skip
def test_what_is_guessed_is_said(phrase: str, doubt: str, says: dict[str, Any]) -> None:
    found = read_limits(phrase)
    assert doubt in found.doubt
    assert {name: getattr(found, name) for name in says} == says


@pytest.mark.parametrize(
    ("phrase", "why"),
    [
        ("room temperature", "no limit"), ("20 ± 2 °F", "no unit of measure"), ("5 to 3 g", "above"), ("±0.5", "number"),
        ("37 °C / 5 % CO2", "units C and"), ("1 to 2 to 3", "number is missing"), ("5 kg to 8 °C", "temperature and mass"),
        ("NOR 1-2 NOR 3-4", "twice"), ("1.2.3,4", "no number"), ("x" * 301, "characters"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_refused_with_its_reason(phrase: str, why: str) -> None:
    with pytest.raises(LimitPhraseError, match=why):
        read_limits(phrase)


def test_the_column_gives_the_unit_and_the_table_the_decimal_mark() -> None:
    assert read_limits("7.2 to 7.5", "°C").uom == "C"
    assert read_limits("2 g to 3 g", "mg").uom == "g"
    assert read_limits("1 to 3", "1").uom == "1"
    assert "no unit of measure" in read_limits("1 to 3", "furlongs").doubt
    assert read_limits("1,500 to 2,500 mL", decimal_mark=",").par_low == "1.500"
    assert read_limits("NMT 3 bags").type == "int"


_digits = st.decimals("0", "99999", allow_nan=False, allow_infinity=False, places=2).map(str)


@given(_digits, _digits, st.sampled_from((" to ", "-", " – ", "…")), st.sampled_from(("°C", "mL", "%", "")))
def test_any_two_numbers_are_a_range_with_their_digits(one: str, other: str, between: str, unit: str) -> None:
    low, high = sorted((one, other), key=Decimal)
    found = read_limits(f"{low}{between}{high} {unit}")
    assert (found.par_low, found.par_high, found.doubt) == (low, high, "")


@given(_digits, _digits, st.sampled_from(("±", "+/-")))
def test_a_tolerance_is_exact(target: str, width: str, sign: str) -> None:
    found = read_limits(f"{target} {sign} {width} g")
    assert Decimal(found.par_low) == Decimal(target) - Decimal(width)
    assert Decimal(found.par_high) == Decimal(target) + Decimal(width)
    assert found.target == target


@given(st.text(max_size=40) | st.text("0123456789.,-–<>≤±%() xCgtoNMTand/;:^⁶", max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        found = read_limits(text)
    except LimitPhraseError:
        return
    for limit in (found.nor_low, found.nor_high, found.par_low, found.par_high):
        assert found.type not in ("num", "int") or not limit or Decimal(limit).is_finite()


@pytest.mark.parametrize("unit", ["x10^6 cells/mL", "1e6 cells/mL", "10^6 cells/mL", "× 10⁶ cells/mL", "E6 cells/mL"])
def test_a_unit_that_counts_in_powers_of_ten_is_written_into_the_numbers(unit: str) -> None:
    found = read_limits("0.30 (0.2-0.4)", unit)
    assert (found.uom, found.target, found.par_low, found.par_high) == ("cells/mL", "0.30e6", "0.2e6", "0.4e6")
    assert "10^6" in found.doubt
    assert read_limits("5 to 6", "1e6 furlongs").uom == ""
    assert read_limits("1 to 2", "ng/1e6 cells").uom == "ng/1e6 cells"
