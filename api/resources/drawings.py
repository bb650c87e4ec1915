"""Drawings: places for the shapes of a diagram, for the editor's "Tidy up" and for diagrams without any."""

from __future__ import annotations

import marshmallow as ma
from lxml import etree

from api.auth import GMP_ROLES, allow
from api.fields import answer
from api.resource import Resource
from api.resources.recipes import MAX_BODY, Diagram
from bpmn.layout import lay_out
from bpmn.reading import read_xml
from engine.errors import UnstorableTextError

drawings = Resource("drawings", "Drawings: where the shapes of a diagram stand.")

LaidOut = answer("LaidOutDiagram", xml=ma.fields.String())


@drawings.acts("/recipes/layout", Diagram, LaidOut, keyed=False, max_body=MAX_BODY)
@allow(*GMP_ROLES)
def layout(body: dict) -> dict:
    """Lay a diagram out

    The same diagram with new places for every shape and line; nothing else changes, and nothing is stored.
    """
    try:
        data = body["xml"].encode()
    except UnicodeEncodeError:
        raise UnstorableTextError("It contains half of a character.") from None
    root = read_xml(data)
    lay_out(root)
    return {"xml": etree.tostring(root, encoding="unicode")}
