"""What a rule reports, and what all rules of one moment say together."""

from __future__ import annotations

from dataclasses import dataclass

from bpmn.vocabulary import SEVERITIES, Severity


@dataclass(frozen=True, slots=True)
class Finding:
    """A departure that a rule saw; the action that asked makes an exception record of it.

    `number` is the exception's number in `engine.rules.taxonomy`. `blocks`: the task waits for a signed decision.
    `stops`: no decision may let the batch go on from here; a finding that stops also blocks. `needs_comment`: somebody
    still has to say why. A batch has at most one exception with the same non-empty `dedupe`. `rule_version` is
    filled in by `judge`.
    """

    number: int
    rule: str
    severity: Severity
    message: str
    blocks: bool = False
    stops: bool = False
    needs_comment: bool = False
    expected: str = ""
    actual: str = ""
    dedupe: str = ""
    rule_version: str = ""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the rules of one moment said: which of them judged, as (id, version), and what they found."""

    judged_by: tuple[tuple[str, str], ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def outcome(self) -> str:
        """The word that the record keeps: the gravest severity found, else "ok"; "recorded" when no rule judged."""
        if self.findings:
            return max((finding.severity for finding in self.findings), key=SEVERITIES.index)
        return "ok" if self.judged_by else "recorded"

    @property
    def blocks(self) -> bool:
        """Whether the task has to wait for a decision."""
        return any(finding.blocks or finding.stops for finding in self.findings)
