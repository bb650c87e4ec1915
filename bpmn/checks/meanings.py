"""Whoever signs may sign so: each meaning of a signature fits one of its roles, and each role has one to sign with.

Source: 21 CFR 11.50(a)(3), 11.10(g); 21 CFR 211.22(a): who approves and rejects is the quality unit.
"""

from __future__ import annotations

from collections.abc import Iterator

from bpmn.checks.report import Finding, at, step_elements
from bpmn.diagram import Diagram
from bpmn.vocabulary import MEANINGS, ROLES

RULE = "meanings"

_PRODUCTION = frozenset({"MFG_OP", "MFG_WIT", "MFG_VER", "MFG_SUP", "PROC"})
_QUALITY = frozenset({"QA_FLR", "QA_DISP", "QP"})
_LABORATORY = frozenset({"QC_ANL", "QC_REV"})
_ANYBODY = frozenset(ROLES) - {"SYS_ADM"}
# A performer checks nobody, and who checks did not perform.
_NOT_AS: dict[str, tuple[str, ...]] = {
    "P": ("witnessed_by", "verified_by"), **dict.fromkeys(("W", "V", "Q"), ("performed_by",)),
}  # fmt: skip
# Who may not be shown here as signing so; what a site does otherwise within these it decides itself.
SIGNERS: dict[str, frozenset[str]] = {
    **dict.fromkeys(("performed_by", "witnessed_by", "verified_by"), _ANYBODY),
    "reviewed_by_production": frozenset({"MFG_SUP", "PROC"}),
    "authorised_to_proceed": frozenset({"MFG_SUP", "PROC"}) | _QUALITY,
    "authored_by": _ANYBODY,
    "technical_assessment_by": _PRODUCTION | _LABORATORY | _QUALITY,
    **dict.fromkeys(("approved_by_qa", "line_cleared_by", "reviewed_by_qa"), _QUALITY),
    **dict.fromkeys(("released_by", "released_conditionally_by", "rejected_by"), frozenset({"QA_DISP", "QP"})),
    "certified_by_qp": frozenset({"QP"}),
    "tested_by": _LABORATORY,
    "reviewed_by_qc": _LABORATORY,
    "approved_by_client": frozenset({"CLI_QA"}),
    **dict.fromkeys(("requested_by_physician", "risk_accepted_by"), frozenset({"MED"})),
    "regulatory_assessment_by": frozenset({"RA"}),
    "coi_verified_by": frozenset({"COI"}) | _PRODUCTION | _QUALITY,
    **dict.fromkeys(("initiated_by", "read_and_understood_by", "requested_by"), _ANYBODY),
    "assessed_by_manufacturing": _PRODUCTION,
    "assessed_by_it": frozenset({"IT"}),
    "assessed_by_client": frozenset({"CLI_QA"}),
    "assessed_by_qc": _LABORATORY,
    "implementation_verified_by": frozenset({"PROC", "MFG_SUP", "IT"}) | _LABORATORY | _QUALITY,
    "closed_by_qa": _QUALITY,
}


def check(diagram: Diagram) -> Iterator[Finding]:
    """Warns of meanings that the slot, or none of its roles, may sign with, and of roles that may sign with none of them."""
    for node in diagram.nodes.values():
        if node.step is None:
            continue
        for element, slot in zip(step_elements(node, "signature"), node.step.signatures, strict=True):
            roles = [role for role in slot.roles if role in ROLES]
            known = [meaning for meaning in slot.meanings if meaning in MEANINGS]
            if not roles or not known:
                continue  # refused by `verification`
            for meaning in known:
                if meaning in _NOT_AS.get(slot.code, ()):
                    message = f"{slot.code} does not sign {MEANINGS[meaning]!r}"
                    advice = "change the meaning, or the kind of signature"
                    yield at(element, RULE, message, advice, "warning", property="signatures")
                if not SIGNERS[meaning] & set(roles):
                    message = f"{' or '.join(roles)} may not sign {MEANINGS[meaning]!r}"
                    advice = f"let one of {', '.join(sorted(SIGNERS[meaning]))} sign it, or change the meaning"
                    yield at(element, RULE, message, advice, "warning", property="signatures")
            for role in roles if len(roles) > 1 else ():
                if not any(role in SIGNERS[meaning] for meaning in known):
                    message = f"{role} may sign with none of: {', '.join(MEANINGS[meaning] for meaning in known)}"
                    yield at(element, RULE, message, "remove the role, or add a meaning for it", "warning", property="signatures")
