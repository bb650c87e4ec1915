"""The nouns of the API, one file each; what is not in `RESOURCES` is not served."""

from __future__ import annotations

from api.resource import Resource

RESOURCES: tuple[Resource, ...] = ()
