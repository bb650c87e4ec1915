"""Acts called directly, each in its own transaction, by the person or device that a role or a number names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine import clock
from engine.actions import entries as entry_actions
from engine.actions import readings as reading_actions
from engine.actions import scans, tasks
from engine.passwords import Proof
from engine.site import Site
from engine.transaction import Actor, perform


@dataclass(slots=True)
class DirectHands:
    """`people`: role -> (actor, proof of their password)."""

    site: Site
    people: Mapping[str, tuple[Actor, Proof]]
    answers: list[dict[str, Any]] = field(default_factory=list)

    def act(self, action: Any, who: Actor, batch: str, **arguments: Any) -> dict[str, Any]:
        """One act on a batch."""
        answer = perform(self.site, action, actor=who, stream=f"batch:{batch}", batch_id=batch, **arguments)
        self.answers.append(answer)
        return answer

    def person(self, role: str) -> Actor:
        """The person of a role."""
        return self.people[role][0]

    def start(self, role: str, batch: str, key: str) -> Any:
        """Start a step."""
        return self.act(tasks.start_task, self.person(role), batch, task_key=key)

    def scan(self, role: str, batch: str, key: str, code: str) -> Any:
        """Scan a code."""
        return self.act(scans.scan, self.person(role), batch, task_key=key, code=code)

    def read(self, device: str, batch: str, step: str, parameter: str, text: str, uom: str) -> str:
        """A device measures now."""
        who = Actor(device, device, frozenset(), "device")
        answer = self.act(
            reading_actions.post_reading, who, batch, step_id=step, parameter_id=parameter, text=text, uom=uom,
            measured_at=clock.text(clock.now()),
        )  # fmt: skip
        return str(answer["reading"])

    def record(self, role: str, batch: str, key: str, entries: Mapping[str, str], readings: Mapping[str, str]) -> Any:
        """Accept readings, then record what is typed."""
        if readings:
            self.act(entry_actions.accept_readings, self.person(role), batch, task_key=key, readings=readings)
        if entries:
            self.act(entry_actions.record_values, self.person(role), batch, task_key=key, entries=entries)

    def sign(
        self, role: str, batch: str, key: str, meaning: str, comments: Mapping[str, str], verification: Mapping[str, str] | None
    ) -> Any:
        """Sign in the slot of a role."""
        actor, proof = self.people[role]
        return self.act(
            tasks.sign_task,
            actor,
            batch,
            task_key=key,
            meaning=meaning,
            proof=proof,
            comments=comments,
            verification=verification,
        )
