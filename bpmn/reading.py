"""Untrusted XML into a tree, under limits, and the hash that identifies it.

A first pass by expat builds nothing: it counts, and stops at the first thing that is not allowed. Only then does lxml
build the tree, from bytes known to be small and flat, with entities, network and DTDs switched off.
"""

from __future__ import annotations

import codecs
import hashlib
import time
from pyexpat import ExpatError, ParserCreate, errors

from lxml import etree

MAX_BYTES = 40_000_000
MAX_ELEMENTS = 300_000
MAX_ATTRIBUTES = 750_000
MAX_ATTRIBUTES_OF_ELEMENT = 100
MAX_DEPTH = 100
MAX_NAME = 200
MAX_TEXT = 1_000_000  # of one attribute or one run of text, in characters
MAX_SECONDS = 10.0  # processor time of this thread, so a busy machine refuses nothing
# A cell therapy recipe has about 43 elements and 105 attributes a step, so 5,000 such steps stay below these limits; the
# worst file within them that was found takes 300 MB and 3 s with all checks.

_ENCODINGS = {"utf-8": "utf-8", "us-ascii": "ascii", "ascii": "ascii", "utf-16": "utf-16", "iso-8859-1": "latin-1"}
MOST_PASSED = 10_000
_passed: dict[bytes, str] = {}
"""Documents that passed the first pass, by the SHA-256 of their bytes, with their encoding."""

_XINCLUDE = "http://www.w3.org/2001/XInclude"
_COMPRESSED = {b"\x1f\x8b": "gzip", b"PK": "zip", b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"\x28\xb5\x2f\xfd": "zstd"}


class DiagramError(ValueError):
    """The bytes are not a diagram we read. Says which rule, at or after which element, in which line, what to do."""

    def __init__(self, rule: str, message: str, what_to_do: str, *, line: int = 0, element_id: str = "") -> None:
        super().__init__(rule, message, what_to_do, line, element_id)
        self.rule = rule
        self.message = message
        self.what_to_do = what_to_do
        self.line = line
        self.element_id = element_id

    def __str__(self) -> str:
        return f"line {self.line}: {self.message} ({self.rule}); {self.what_to_do}"


def read_xml(data: bytes) -> etree._Element:
    """The root of the document. UTF-8, UTF-16 and, when declared, ISO-8859-1 are read.

    Raises DiagramError under the rules `xml_size`, `xml_compressed`, `xml_encoding`, `xml_well_formed`, `xml_doctype`,
    `xml_instruction`, `xml_include`, `xml_depth` and `xml_time`.
    """
    encoding = _scanned(data)
    if encoding != "utf-8":
        # lxml would guess the encoding by rules of its own: both readers must see the same characters
        data = _without_declaration(data.decode(encoding)).encode("utf-8")
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        recover=False,
    )
    try:
        return etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise DiagramError(
            "xml_well_formed", error.msg or "not well-formed", "export the diagram again", line=error.lineno or 0
        ) from None


def canonical_hash(data: bytes) -> str:
    """The identity of a diagram: SHA-256 (hex) of its canonical XML (C14N 1.0 with comments). Raises DiagramError."""
    root = read_xml(data)
    try:
        canonical = etree.tostring(root, method="c14n", with_comments=True)
    except etree.C14NError:
        # Some programs write namespaces that are no absolute addresses; only C14N 2.0 has a form for them.
        canonical = etree.canonicalize(root, with_comments=True).encode()
    return hashlib.sha256(canonical).hexdigest()


def _scanned(data: bytes) -> str:
    """The encoding of a document that passed the first pass. A document that passed once is not scanned again: of what
    reading takes, the pass is most, and the same few revisions are read all day."""
    digest = hashlib.sha256(data).digest()
    encoding = _passed.get(digest)
    if encoding is None:
        encoding = _Scan(data).run()
        if len(_passed) >= MOST_PASSED:
            _passed.clear()
        _passed[digest] = encoding
    return encoding


def _without_declaration(text: str) -> str:
    """The document without its XML declaration; the line numbers stay."""
    text = text.removeprefix("\ufeff")
    if not text.startswith("<?xml"):
        return text
    declaration, _, rest = text.partition("?>")
    return "\n" * declaration.count("\n") + rest


class _Scan:
    """The first pass: nothing is kept but counts."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.depth = self.elements = self.attributes = self.text = 0
        self.near = ""  # the id of the last element that had one, to name the place of a problem
        self.began = time.thread_time()
        self.encoding = "utf-16" if data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8"
        self.parser = ParserCreate(namespace_separator=" ")
        self.parser.ordered_attributes = True
        self.parser.buffer_text = True
        self.parser.XmlDeclHandler = self.declaration
        self.parser.StartDoctypeDeclHandler = self.doctype
        self.parser.ProcessingInstructionHandler = self.instruction
        self.parser.CommentHandler = self.comment
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.characters

    def run(self) -> str:
        """The name of the encoding; raises DiagramError."""
        self.outside()
        try:
            self.parser.Parse(self.data, True)  # at once: in parts, expat reads a long token again for every part
        except ExpatError as error:
            raise self.malformed(error) from None
        return self.encoding

    def outside(self) -> None:
        """What can be said before reading."""
        if len(self.data) > MAX_BYTES:
            megabytes = MAX_BYTES // 1_000_000
            raise DiagramError(
                "xml_size", f"the file is larger than {megabytes} MB", "move long texts into documents of their own"
            )
        for magic, name in _COMPRESSED.items():
            if self.data.startswith(magic):
                raise DiagramError("xml_compressed", f"this is a {name} file", "unpack it; send the .bpmn file in it")
        if not self.data.strip(b"\x00 \t\r\n"):
            raise DiagramError("xml_well_formed", "the file is empty", "export the diagram again", line=1)

    def malformed(self, error: ExpatError) -> DiagramError:
        message = errors.messages[error.code]
        rule, advice = "xml_well_formed", "export the diagram again"
        if message in (errors.XML_ERROR_UNKNOWN_ENCODING, errors.XML_ERROR_INCORRECT_ENCODING):
            rule, advice = "xml_encoding", "save it as UTF-8"
        return DiagramError(rule, message, advice, line=error.lineno, element_id=self.near)

    def refusal(self, rule: str, message: str, what_to_do: str) -> DiagramError:
        line = self.parser.CurrentLineNumber
        return DiagramError(rule, message, what_to_do, line=line, element_id=self.near)

    def declaration(self, version: str, encoding: str | None, standalone: int) -> None:
        if encoding is None:
            return
        name = _ENCODINGS.get(encoding.lower())
        if name is None or (name == "utf-16") != (self.encoding == "utf-16"):
            raise self.refusal("xml_encoding", f"the encoding {encoding[:40]} is not read", "save it as UTF-8")
        self.encoding = name

    def doctype(self, *_: object) -> None:
        raise self.refusal("xml_doctype", "a document type or entity is not read", "remove the <!DOCTYPE ...>")

    def instruction(self, target: str, _: str) -> None:
        raise self.refusal(
            "xml_instruction",
            f"the processing instruction {target[:40]} is not read",
            f"remove the <?{target[:40]} ...?>",
        )

    def start(self, name: str, attributes: list[str]) -> None:
        self.depth += 1
        self.elements += 1
        self.text = 0
        names = attributes[::2]
        if "id" in names:
            self.near = attributes[2 * names.index("id") + 1][:100]
        number = len(attributes) // 2
        self.attributes += number
        if name.startswith(_XINCLUDE):
            raise self.refusal("xml_include", "including other files is not read", "remove the xi:include element")
        if self.depth > MAX_DEPTH:
            raise self.refusal("xml_depth", f"elements are nested more than {MAX_DEPTH} deep", "use fewer subprocesses")
        if number > MAX_ATTRIBUTES_OF_ELEMENT:
            raise self.too_large("an element", MAX_ATTRIBUTES_OF_ELEMENT, "attributes")
        self.count()
        if self.attributes > MAX_ATTRIBUTES:
            raise self.too_large("the file", MAX_ATTRIBUTES, "attributes")
        if len(name) > MAX_NAME or max(map(len, names), default=0) > MAX_NAME:
            raise self.too_large("a name", MAX_NAME, "characters")
        if max(map(len, attributes), default=0) > MAX_TEXT:
            raise self.too_large("an attribute", MAX_TEXT, "characters")

    def comment(self, _: str) -> None:
        self.elements += 1
        self.count()

    def count(self) -> None:
        if self.elements > MAX_ELEMENTS:
            raise self.too_large("the file", MAX_ELEMENTS, "elements and comments")
        if self.elements % 1000 == 0 and time.thread_time() - self.began > MAX_SECONDS:
            raise self.refusal("xml_time", f"reading takes more than {MAX_SECONDS:.0f} s", "make it smaller")

    def end(self, _: str) -> None:
        self.depth -= 1
        self.text = 0

    def characters(self, data: str) -> None:
        self.text += len(data)
        if self.text > MAX_TEXT:
            raise self.too_large("a text", MAX_TEXT, "characters")

    def too_large(self, what: str, limit: int, of: str) -> DiagramError:
        return self.refusal("xml_size", f"{what} has more than {limit:,} {of}", "take it apart or shorten it")
