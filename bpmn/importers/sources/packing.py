"""Sources as a short text, for the way from one page to the next: nothing of an import is stored before it is a draft."""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from bpmn.importers.sources.source import MOST_CELLS, Source, SourceError, SourceTable

_MOST_TEXT = 12_000_000
"""Characters that a packed text may unpack to."""


def pack(sources: Sequence[Source], header: Mapping[str, Any]) -> str:
    """The sources and the content of a recipe.json as ASCII text."""
    said = {
        "header": header,
        "sources": [
            [s.file, list(s.texts), list(s.doubts),
             [[t.name, t.heading, t.rows, t.numbers, sorted(t.wide)] for t in s.tables]]
            for s in sources
        ],
    }  # fmt: skip
    return base64.b64encode(zlib.compress(json.dumps(said, ensure_ascii=False).encode(), 9)).decode()


def unpack(text: str) -> tuple[list[Source], dict[str, Any]]:
    """What `pack` wrote. Raises SourceError for anything else: the text comes back from a browser."""
    try:
        unpacker = zlib.decompressobj()
        data = unpacker.decompress(base64.b64decode(text, validate=True), _MOST_TEXT)
        if unpacker.unconsumed_tail:
            raise ValueError("too long")
        said = json.loads(data)
        sources = [
            Source(str(file), tuple(_tables(str(file), tables)), tuple(map(str, texts)), tuple(map(str, doubts)))
            for file, texts, doubts, tables in said["sources"]
        ]
        header = dict(said["header"])
    except (ValueError, TypeError, KeyError, zlib.error, binascii.Error, RecursionError):
        raise SourceError("the tables", "they did not arrive whole", "choose the files again") from None
    return sources, header


def _tables(file: str, said: Sequence[Any]) -> list[SourceTable]:
    found = []
    for name, heading, rows, numbers, wide in said:
        plain = tuple(tuple(str(cell) for cell in row) for row in rows)
        if not plain or len({len(row) for row in plain}) != 1 or not plain[0] or len(numbers) != len(plain):
            raise ValueError("no table")
        if len(plain) * len(plain[0]) > MOST_CELLS:
            raise ValueError("too long")
        found.append(SourceTable(file, str(name), str(heading), plain, tuple(map(int, numbers)), frozenset(map(int, wide))))
    return found
