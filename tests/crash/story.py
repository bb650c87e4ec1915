"""What people do in the meantime: batch after batch of a small recipe, act by act, each with its idempotency key."""

from __future__ import annotations

import itertools
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Any

from tests.people import PASSWORD
from tests.small_recipes import step_ids

STEPS = 4


@dataclass(frozen=True, slots=True)
class Request:
    """One request of a person; with a key it is an act, without one a look."""

    role: str
    path: str
    body: dict[str, Any] | None = None
    key: str = ""


Story = Generator[Request, dict[str, Any], None]


def batches(recipe_id: str, *, corrections: bool = True) -> Story:
    """Endless; each request is answered with the server's answer to it. A correction first looks at what it corrects."""
    keys = (f"crash-key-{n:06}" for n in itertools.count(1))
    for number in itertools.count(1):
        yield from _batch(recipe_id, f"K-{number:04}", keys, corrections)


def _batch(recipe_id: str, batch_id: str, keys: Iterator[str], corrections: bool) -> Story:
    order = {"batch_id": batch_id, "recipe_id": recipe_id, "order": {"coi": f"COI-{batch_id}"}, "password": PASSWORD}
    yield Request("MFG_SUP", "/batches", order, next(keys))
    for number, step_id in enumerate(step_ids(STEPS)):
        at = f"/batches/{batch_id}/tasks/{step_id}"
        yield Request("MFG_OP", f"{at}/start", {}, next(keys))
        yield Request("MFG_OP", f"{at}/values", {"entries": {"weight": f"80.{number}0"}}, next(keys))
        corrected = corrections and number % 2
        if corrected:
            seen = yield Request("MFG_OP", at)
            correction = {
                "value_id": seen["values"]["weight"]["id"],
                "text": f"81.{number}0",
                "reason": "Misread the scale.",
            }
            yield Request("MFG_OP", f"/batches/{batch_id}/corrections", correction, next(keys))
        signing = {"meaning": "performed_by", "password": PASSWORD, "entries": {"label": f"L-{batch_id}-{step_id}"}}
        if corrected:
            signing["comments"] = {"weight": "Read again, the second time with glasses."}
        yield Request("MFG_OP", f"{at}/signatures", signing, next(keys))
