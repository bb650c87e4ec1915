"""Who signs for a change of one batch, by its class of risk: one table, which a site may set.

Whatever a site sets, quality signs in every class.

Source: ICH Q9(R1) 5.1 (formality follows risk); 21 CFR 211.22; domain rule 3.7.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType

from bpmn.vocabulary import ROLES
from engine.errors import SettingError

RISKS = ("low", "medium", "high")
QUALITY = frozenset({"QA_FLR", "QA_DISP", "QP"})
CLIENT = "CLI_QA"
EVERY_PRODUCT = "*"
SIGN: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"low": ("QA_FLR",), "medium": ("PROC", "QA_FLR"), "high": ("PROC", "MED", "QA_DISP")}
)
"""The roles of each class as the product ships them; the client signs in the highest where the agreement says so."""


def who_signs(table: Mapping[str, tuple[str, ...]], risk: str, product: str, client_signs: Collection[str]) -> list[str]:
    """The roles that sign in a class of risk. `client_signs`: the products whose client does, or `*`."""
    client = risk == RISKS[-1] and (product in client_signs or EVERY_PRODUCT in client_signs)
    return list(dict.fromkeys([*table[risk], *([CLIENT] if client else [])]))


def read_table(text: str) -> Mapping[str, tuple[str, ...]]:
    """The table of a site: `low=QA_FLR; high=PROC QA_DISP`. A class that it leaves out is as the product ships it."""
    found = dict(SIGN)
    for part in filter(None, (p.strip() for p in text.split(";"))):
        risk, _, roles = part.partition("=")
        found[risk.strip()] = tuple(roles.split())
    return checked(found)


def read_products(text: str) -> frozenset[str]:
    """The products whose client signs: names separated by `;`, or `*`."""
    return frozenset(filter(None, (part.strip() for part in text.split(";"))))


def checked(table: Mapping[str, tuple[str, ...]]) -> Mapping[str, tuple[str, ...]]:
    """The table, if it has every class, only roles that exist, and quality in each; else SettingError with all of it."""
    problems = [f"{risk} is no class of risk" for risk in table if risk not in RISKS]
    for risk in RISKS:
        roles = table.get(risk, ())
        problems += [f"{risk}: {role} is no role" for role in roles if role not in ROLES]
        if not QUALITY.intersection(roles):
            problems.append(f"{risk}: quality has to sign ({', '.join(sorted(QUALITY))})")
    if problems:
        raise SettingError(f"Signatures by class of risk: {'; '.join(problems)}.")
    return table
