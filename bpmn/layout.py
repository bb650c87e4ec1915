"""Places for the shapes of a recipe diagram: one unit procedure per row, flows at right angles."""

from __future__ import annotations

from lxml import etree


def lay_out(root: etree._Element) -> None:
    """Give every shape of the definitions its place."""
