"""Office files are ZIP archives of XML: opened under bounds, so that no file can fill the memory or reach outside."""

from __future__ import annotations

import io
import zipfile
import zlib

from lxml import etree

from bpmn.importers.sources.source import SourceError

MOST_MEMBERS = 2_000
MOST_UNPACKED = 40_000_000
"""Bytes of one part that is read; the others are never unpacked."""

_OLE = b"\xd0\xcf\x11\xe0"


class Archive:
    """The parts of an office file, each unpacked only when it is read."""

    def __init__(self, file: str, data: bytes) -> None:
        self.file = file
        if data.startswith(_OLE):
            raise SourceError(
                file, "it is protected by a password, or of an old format", "save it without password as .xlsx or .docx"
            )
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, ValueError, OSError):
            raise SourceError(file, "it is damaged, or not what its name says", "open and save it again") from None
        names = self._zip.namelist()
        if len(names) > MOST_MEMBERS:
            raise SourceError(file, f"it has {len(names)} parts", "bring a file with the tables only")
        if any(name.lower().endswith(("vbaproject.bin", "vbadata.xml")) for name in names):
            raise SourceError(file, "it holds macros", "save it as .xlsx or .docx, without macros")
        self._left = MOST_UNPACKED
        self.names = frozenset(names)

    def xml(self, name: str) -> etree._Element | None:
        """The root of a part, or None where the file has no such part. Raises SourceError for a part that is not safe."""
        if name not in self.names:
            return None
        try:
            with self._zip.open(name) as part:
                data = part.read(self._left + 1)
        except (zipfile.BadZipFile, zlib.error, RuntimeError, OSError, EOFError):
            raise SourceError(self.file, f"its part {name} is damaged or protected", "open and save it again") from None
        self._left -= len(data)
        if self._left < 0:
            raise SourceError(self.file, f"it unpacks to more than {MOST_UNPACKED:,} bytes", "bring a file with the tables only")
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True)
        try:
            root = etree.fromstring(data, parser)
        except etree.XMLSyntaxError:
            raise SourceError(self.file, f"its part {name} is no XML", "open and save it again") from None
        if root.getroottree().docinfo.doctype:  # type: ignore[union-attr]
            raise SourceError(self.file, f"its part {name} declares entities", "open and save it again")
        return root
