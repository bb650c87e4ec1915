"""Units of measure: a closed list, exact conversion, no guessing."""

from datetime import timedelta
from decimal import Decimal

import pint
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpmn.units import UNITS, UnitMismatchError, UnknownUnitError, convert, duration, unit

PINT_NAMES = {
    "C": "degC", "wk": "week", "rpm": None, "M": "mol/L", "mM": "mmol/L", "uM": "umol/L", "nM": "nmol/L", "d": "day",
    "mL/d": "mL/day", "L/d": "L/day", "1/d": "1/day", "1": "dimensionless", "m3": "m**3", "m2": "m**2", "cm2": "cm**2",
    "mm2": "mm**2", "m3/h": "m**3/h", "%": "percent", "C/min": "delta_degC/min", "C/h": "delta_degC/h",
    "mPa.s": "mPa*s", "Pa.s": "Pa*s", "Gy": "gray", "t": "metric_ton",
}  # fmt: skip
PHYSICAL = (
    "time", "mass", "volume", "length", "area", "temperature", "rate of temperature", "ratio", "amount",
    "amount concentration", "mass concentration", "pressure", "volume flow", "mass flow", "velocity", "frequency",
    "conductivity", "voltage", "current", "power", "energy", "viscosity",
)  # fmt: skip
REGISTRY: pint.UnitRegistry = pint.UnitRegistry()


@pytest.mark.parametrize(
    "code",
    ["C", "%", "g", "mL", "L", "h", "min", "d", "cells", "cells/mL", "TU/mL", "TU/cell", "mmol/L", "g/L", "pH", "bar",
     "mL/d", "labels", "copies/transduced cell", "EU/mL", "pg/mL", "1", "kg", "mg", "ug", "IU", "rpm", "kPa", "uM"],
)  # fmt: skip
def test_the_units_a_cell_therapy_recipe_prints_are_known(code):
    assert unit(code).code == code


@pytest.mark.parametrize(("typed", "meant"), [("µg", "ug"), ("°C", "C"), ("ml", "mL"), ("PH", "pH"), ("cell/mL", "cells/mL")])
def test_an_unknown_unit_is_refused_with_what_may_have_been_meant(typed, meant):
    with pytest.raises(UnknownUnitError) as caught:
        unit(typed)
    assert meant in caught.value.near
    assert meant in str(caught.value)


def test_nothing_typed_is_ever_parsed():
    for typed in ("mL * L", "kilogram", "", " mL", "mL/"):
        with pytest.raises(UnknownUnitError):
            unit(typed)


@pytest.mark.parametrize(
    ("value", "source", "target", "expected"),
    [
        ("90", "min", "h", "1.5"),
        ("1", "d", "h", "24"),
        ("36", "h", "d", "1.5"),
        ("2.5", "mL", "L", "0.0025"),
        ("37.0", "C", "K", "310.15"),
        ("0", "K", "C", "-273.15"),
        ("50", "%", "1", "0.5"),
        ("1e6", "cells/mL", "cells/L", "1e9"),
        ("240", "mL/d", "mL/h", "10"),
        ("1.0130", "bar", "kPa", "101.30"),
        ("26.10", "C", "C", "26.10"),
    ],
)
def test_conversion_is_exact(value, source, target, expected):
    assert convert(Decimal(value), source, target) == Decimal(expected)


def test_what_has_no_end_is_given_to_28_digits():
    assert str(convert(Decimal(1), "min", "h")) == "0.01666666666666666666666666667"


@pytest.mark.parametrize(("source", "target"), [("g", "mL"), ("pH", "1"), ("TU/cell", "copies/cell"), ("IU", "EU")])
def test_units_of_different_things_never_convert(source, target):
    with pytest.raises(UnitMismatchError):
        convert(Decimal(1), source, target)


def test_a_hold_time_is_an_exact_duration():
    assert duration(Decimal("1.5"), "h") == timedelta(minutes=90)
    assert duration(Decimal("14"), "d") == timedelta(days=14)
    with pytest.raises(UnitMismatchError):
        duration(Decimal(1), "mL")


@given(st.sampled_from([u for u in UNITS.values() if u.dimension == "time"]), st.integers(0, 10**6))
def test_a_duration_survives_every_way_there_and_back(time_unit, number):
    seconds = convert(Decimal(number), time_unit.code, "s")
    assert convert(seconds, "s", time_unit.code) == number


@pytest.mark.parametrize("code", [c for c, u in UNITS.items() if u.dimension in PHYSICAL and PINT_NAMES.get(c, c)])
def test_the_sizes_agree_with_pint(code):
    base = next(other for other in UNITS.values() if other.dimension == unit(code).dimension)
    theirs = REGISTRY.Quantity(7.0, PINT_NAMES.get(code, code)).to(PINT_NAMES.get(base.code, base.code))
    assert float(convert(Decimal(7), code, base.code)) == pytest.approx(theirs.magnitude, rel=1e-9)
