"""The units of measure that a recipe can print, with what they measure and how they convert.

Our own closed list, in the manner of UCUM: a unit is looked up, never parsed, so nothing that a person typed is given
a meaning by accident (general unit parsers read `pH` as picohenry and `min` as milli-inch). Factors are exact.

Source: SI brochure (9th edition); NIST SP 811 for psi and mmHg; UCUM for the spelling (`ug`, not `µg`).
"""

from __future__ import annotations

import decimal
import difflib
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

# What is measured -> its units and the size of each, in one of them. Units convert within one line only.
_SIZES: dict[str, dict[str, str]] = {
    "time": {"s": "1", "min": "60", "h": "3600", "d": "86400", "wk": "604800", "ms": "0.001"},
    "mass": {"g": "1", "kg": "1000", "mg": "1e-3", "ug": "1e-6", "ng": "1e-9", "pg": "1e-12", "t": "1e6"},
    "volume": {"mL": "1", "L": "1000", "uL": "1e-3", "nL": "1e-6", "m3": "1e6"},
    "length": {"m": "1", "cm": "0.01", "mm": "1e-3", "um": "1e-6", "nm": "1e-9", "km": "1000"},
    "area": {"m2": "1", "cm2": "1e-4", "mm2": "1e-6"},
    "temperature": {"C": "1", "K": "1"},
    "rate of temperature": {"C/min": "1", "K/min": "1", "C/h": "1/60"},
    "ratio": {"1": "1", "%": "0.01", "ppm": "1e-6"},
    "volume fraction": {"% v/v": "1"},
    "mass by volume fraction": {"% w/v": "1"},
    "mass fraction": {"% w/w": "1"},
    "relative humidity": {"% RH": "1"},
    "oxygen saturation": {"% DO": "1"},
    "acidity": {"pH": "1"},
    "amount": {"mol": "1", "mmol": "1e-3", "umol": "1e-6", "nmol": "1e-9"},
    "amount concentration": {
        "mol/L": "1", "mmol/L": "1e-3", "umol/L": "1e-6", "nmol/L": "1e-9",
        "M": "1", "mM": "1e-3", "uM": "1e-6", "nM": "1e-9",
    },
    "mass concentration": {
        "g/L": "1", "kg/L": "1000", "g/mL": "1000", "mg/mL": "1", "mg/L": "1e-3", "mg/dL": "0.01", "ug/mL": "1e-3",
        "ug/L": "1e-6", "ng/mL": "1e-6", "ng/L": "1e-9", "pg/mL": "1e-9",
    },
    "mass by body mass": {"g/kg": "1", "mg/kg": "1e-3", "ug/kg": "1e-6"},
    "volume by body mass": {"mL/kg": "1"},
    "pressure": {
        "Pa": "1", "hPa": "100", "kPa": "1000", "MPa": "1e6", "bar": "100000", "mbar": "100",
        "psi": "6894.757293168", "mmHg": "133.322387415", "atm": "101325",
    },
    "volume flow": {
        "mL/d": "1", "mL/h": "24", "mL/min": "1440", "uL/min": "1.44", "L/d": "1000", "L/h": "24000",
        "L/min": "1440000", "m3/h": "24000000",
    },
    "vessel volumes by time": {"VVD": "1"},
    "mass flow": {"g/min": "1", "g/h": "1/60", "kg/h": "1000/60"},
    "velocity": {"m/s": "1", "cm/s": "0.01", "cm/h": "0.01/3600"},
    "rotation": {"rpm": "1"},
    "relative centrifugal force": {"x g": "1"},
    "frequency": {"Hz": "1", "kHz": "1000", "1/s": "1", "1/min": "1/60", "1/h": "1/3600", "1/d": "1/86400"},
    "conductivity": {"mS/cm": "1", "uS/cm": "1e-3", "S/m": "10"},
    "voltage": {"V": "1", "mV": "1e-3"},
    "current": {"A": "1", "mA": "1e-3"},
    "power": {"W": "1", "kW": "1000"},
    "energy": {"J": "1", "kJ": "1000"},
    "absorbed dose": {"Gy": "1"},
    "illuminance": {"lx": "1"},
    "osmolality": {"mOsm/kg": "1", "Osm/kg": "1000"},
    "osmolarity": {"mOsm/L": "1"},
    "viscosity": {"mPa.s": "1", "cP": "1", "Pa.s": "1000"},
    "absorbance": {"AU": "1", "mAU": "1e-3"},
    "turbidity": {"NTU": "1"},
    "cells": {"cells": "1"},
    "cell density": {"cells/mL": "1", "cells/L": "1e-3", "cells/uL": "1000"},
    "cells by area": {"cells/cm2": "1"},
    "cells by body mass": {"cells/kg": "1"},
    "cells by container": {"cells/bag": "1"},
    "cell doublings": {"doublings": "1"},
    "transducing units": {"TU": "1"},
    "vector titre": {"TU/mL": "1", "TU/L": "1e-3"},
    "multiplicity of infection": {"TU/cell": "1"},
    "vector genomes": {"vg": "1"},
    "vector genome titre": {"vg/mL": "1"},
    "vector genomes by cell": {"vg/cell": "1"},
    "vector genomes by body mass": {"vg/kg": "1"},
    "vector copies by transduced cell": {"copies/transduced cell": "1"},
    "copies by cell": {"copies/cell": "1"},
    "copies": {"copies": "1"},
    "copy concentration": {"copies/mL": "1", "copies/uL": "1000"},
    "copies by mass of DNA": {"copies/ug": "1"},
    "plaque-forming units": {"PFU": "1"},
    "plaque titre": {"PFU/mL": "1"},
    "colony-forming units": {"CFU": "1"},
    "colony concentration": {"CFU/mL": "1", "CFU/100 mL": "0.01"},
    "colonies in air": {"CFU/m3": "1"},
    "colonies by plate": {"CFU/plate": "1"},
    "colonies by settle plate": {"CFU/4 h": "1"},
    "particles in air": {"particles/m3": "1"},
    "particles": {"particles": "1"},
    "particle concentration": {"particles/mL": "1"},
    "beads": {"beads": "1"},
    "beads by cell": {"beads/cell": "1"},
    "international units": {"IU": "1", "kIU": "1000", "MIU": "1e6"},
    "international unit concentration": {"IU/mL": "1", "IU/L": "1e-3"},
    "international units by mass": {"IU/mg": "1"},
    "enzyme units": {"U": "1", "kU": "1000"},
    "enzyme activity concentration": {"U/mL": "1", "U/L": "1e-3"},
    "endotoxin units": {"EU": "1"},
    "endotoxin concentration": {"EU/mL": "1"},
    "endotoxin by body mass": {"EU/kg": "1"},
    "endotoxin by dose": {"EU/dose": "1"},
    "mass by dose": {"ng/dose": "1", "ug/dose": "1000", "pg/dose": "1e-3"},
    "mass by cells": {"ng/1e6 cells": "1", "pg/cell": "1000"},
    "doses": {"doses": "1"},
    "labels": {"labels": "1"},
    "bags": {"bags": "1"},
    "vials": {"vials": "1"},
    "bottles": {"bottles": "1"},
    "syringes": {"syringes": "1"},
    "tubes": {"tubes": "1"},
    "plates": {"plates": "1"},
    "flasks": {"flasks": "1"},
    "samples": {"samples": "1"},
    "pieces": {"pieces": "1"},
    "cycles": {"cycles": "1"},
    "passages": {"passages": "1"},
}  # fmt: skip

_ZERO = {"C": Decimal("273.15")}  # where the scale begins, in the base unit of its line
_SPELLINGS = {"Cel": "C", "hours": "h", "hour": "h", "days": "d", "day": "d", "minutes": "min", "percent": "%"}
_CHARACTERS = str.maketrans({"µ": "u", "μ": "u", "°": ""})
_EXACT = decimal.Context(prec=50, traps=[decimal.InvalidOperation, decimal.Overflow, decimal.Inexact])
_WIDE = decimal.Context(prec=28, traps=[decimal.InvalidOperation, decimal.Overflow])


class UnknownUnitError(KeyError):
    """The unit of measure is not in our list. `near` are the codes that may have been meant."""

    def __init__(self, code: str, near: tuple[str, ...]) -> None:
        super().__init__(code, near)
        self.code = code
        self.near = near

    def __str__(self) -> str:
        hint = f"; did you mean {' or '.join(self.near)}?" if self.near else ""
        return f"{self.code!r} is not a known unit of measure{hint}"


class UnitMismatchError(ValueError):
    """The two units don't measure the same thing, so nothing converts one into the other."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of measure: its code as printed, what it measures, and its size as the exact ratio of two numbers."""

    code: str
    dimension: str
    numerator: Decimal
    denominator: Decimal

    @property
    def zero(self) -> Decimal:
        """Where the scale begins; 0 but for C."""
        return _ZERO.get(self.code, Decimal(0))


def _unit(code: str, dimension: str, size: str) -> Unit:
    numerator, _, denominator = size.partition("/")
    return Unit(code, dimension, Decimal(numerator), Decimal(denominator or "1"))


UNITS: dict[str, Unit] = {
    code: _unit(code, dimension, size) for dimension, sizes in _SIZES.items() for code, size in sizes.items()
}


def unit(code: str) -> Unit:
    """The unit of that code, spelled exactly. Raises UnknownUnitError with near matches."""
    found = UNITS.get(code)
    if found is None:
        raise UnknownUnitError(code, _near(code))
    return found


def convert(value: Decimal, from_code: str, to_code: str) -> Decimal:
    """The same quantity in another unit: exact where decimal digits can write it, else to 28 digits.

    Raises UnknownUnitError, or UnitMismatchError when the two measure different things.
    """
    source, target = unit(from_code), unit(to_code)
    if source.dimension != target.dimension:
        raise UnitMismatchError(f"{from_code} is a unit of {source.dimension}, {to_code} of {target.dimension}")
    if source == target:
        return value
    for context in (_EXACT, _WIDE):
        try:
            base = context.multiply(context.add(value, source.zero), source.numerator)
            # multiplied out before the one division: 90 min is exactly 1.5 h, though 1/60 has no end
            divisor = context.multiply(target.numerator, source.denominator)
            return context.subtract(context.divide(context.multiply(base, target.denominator), divisor), target.zero)
        except decimal.Inexact:
            continue
    raise AssertionError("the second context traps no Inexact")


def duration(value: Decimal, code: str) -> timedelta:
    """So many minutes, hours, days as an exact duration. Raises UnitMismatchError for what is not a unit of time."""
    microseconds = _EXACT.multiply(convert(value, code, "s"), Decimal(1_000_000))
    if microseconds != microseconds.to_integral_value():
        raise UnitMismatchError(f"{value} {code} is finer than a microsecond")
    return timedelta(microseconds=int(microseconds))


def _near(code: str) -> tuple[str, ...]:
    plain = code.strip().translate(_CHARACTERS)
    plain = _SPELLINGS.get(plain, plain)
    same = [known for known in UNITS if known.lower() == plain.lower()]
    return tuple(dict.fromkeys(same + difflib.get_close_matches(plain, UNITS, n=3, cutoff=0.6)))[:3]
