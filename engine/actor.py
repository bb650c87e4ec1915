"""Who does something: a person, a device, or the system itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Actor:
    """The one whom an act is recorded for. `roles` are those held at this moment."""

    id: str
    full_name: str
    roles: frozenset[str] = frozenset()
    kind: Literal["person", "device", "system"] = "person"
    session_id: str = ""
    signed_in_with_two_components: bool = False


SYSTEM = Actor("system", "Batchwright", frozenset({"SYSTEM"}), "system")
