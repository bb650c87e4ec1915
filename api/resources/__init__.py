"""The nouns of the API, one file each; what is not in `RESOURCES` is not served."""

from __future__ import annotations

from api.resource import Resource
from api.resources.health import health
from api.resources.session import session

RESOURCES: tuple[Resource, ...] = (session, health)
