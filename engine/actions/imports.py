"""How a site reads the tables that it imports: kept by name, so that the next table of the same make needs no mapping."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from engine.actions import access
from engine.errors import RecipeFieldError
from engine.records import ImportMapping
from engine.transaction import Act, Actor

KEEPERS = ("PROC",)
STREAM = "import_mapping"
_MOST_NAME = 80


def keep_mapping(act: Act, *, actor: Actor, name: str, columns: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """Keep what the columns of a table mean. Stream: `import_mapping`.

    `columns`: role of the table -> heading as people write it -> property. Kept again under the same name, the later one
    takes the place of the earlier one; both stay in the trail.
    """
    access.permit(actor, KEEPERS)
    name = " ".join(name.split())
    if not 0 < len(name) <= _MOST_NAME:
        raise RecipeFieldError(f"Name the mapping in 1 to {_MOST_NAME} characters, such as the client whose tables it reads.",
                               problems={"mapping_name": f"Enter a name of 1 to {_MOST_NAME} characters"})  # fmt: skip
    if not any(columns.values()):
        raise RecipeFieldError("No column means anything yet.", problems={"mapping_name": "Say first what the columns mean"})
    text = json.dumps({role: dict(said) for role, said in columns.items()}, sort_keys=True, ensure_ascii=False)
    row = act.find(ImportMapping, name=name)
    if row is None:
        row = act.insert(ImportMapping, name=name, columns=text, kept_by=actor.id, version=1)
    else:
        row = act.update(ImportMapping, {"name": name}, was=row, columns=text, kept_by=actor.id)
    act.note("import_mapping:kept", name=name)
    return {"name": name, "version": row["version"]}
