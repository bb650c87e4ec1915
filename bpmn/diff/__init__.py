"""What changed between two revisions of a recipe, and what each change means for the batches made by it.

`diff(old_xml, new_xml)` gives a `Difference`: entries in the order of the recipe, each with old and new value digit for
digit, what it means (`MEANINGS`) and a sentence. Where shapes stand, ids of flows, and how the file is written is no
change; everything else is, also what we don't know: then an entry says `other`.

Source: 21 CFR 211.100(a) and 211.186, changes of a master record are reviewed and approved; EU GMP Annex 11 (10).
"""

from __future__ import annotations

from bpmn.diff.entries import Difference, Entry
from bpmn.diff.meanings import MEANINGS, Meaning
from bpmn.diff.revisions import diff

__all__ = ["MEANINGS", "Difference", "Entry", "Meaning", "diff"]
