"""Untrusted bytes: what is read, what is refused with its line, and that the hash is of the content."""

import pytest

from bpmn.reading import MAX_BYTES, DiagramError, canonical_hash, read_xml

PLAIN = '<d a="1" b="2"><e>Prüfung</e></d>'


def refused(data):
    with pytest.raises(DiagramError) as caught:
        read_xml(data)
    assert caught.value.message
    assert caught.value.what_to_do
    return caught.value.rule


@pytest.mark.parametrize(
    "data",
    [
        PLAIN.encode(),
        b"\xef\xbb\xbf" + PLAIN.encode(),
        f'<?xml version="1.0" encoding="UTF-8"?>{PLAIN}'.encode(),
        f'<?xml version="1.0" encoding="UTF-16"?>{PLAIN}'.encode("utf-16"),
        PLAIN.encode("utf-16"),
        f'<?xml version="1.0" encoding="ISO-8859-1"?>{PLAIN}'.encode("latin1"),
    ],
)
def test_the_same_content_in_any_encoding_is_read_the_same_and_has_one_hash(data):
    assert read_xml(data).findtext("e") == "Prüfung"
    assert canonical_hash(data) == canonical_hash(PLAIN.encode())


def test_the_order_of_attributes_does_not_change_the_hash_and_content_does():
    assert canonical_hash(b'<d b="2" a="1"/>') == canonical_hash(b"<d  a='1'   b='2'></d>")
    assert canonical_hash(b'<d a="1"/>') != canonical_hash(b'<d a="1.0"/>')
    assert canonical_hash(b"<d>1</d>") != canonical_hash(b"<d>1 </d>")
    assert canonical_hash(b"<d/>") != canonical_hash(b"<d><!-- 1 --></d>")


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b"", "xml_well_formed"),
        (b"\n \n", "xml_well_formed"),
        (b"not xml", "xml_well_formed"),
        (b"<a></b>", "xml_well_formed"),
        (b"<p:a/>", "xml_well_formed"),
        (b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', "xml_doctype"),
        (b'<!DOCTYPE a SYSTEM "file:///etc/hostname"><a/>', "xml_doctype"),
        (b"<a>&x;</a>", "xml_well_formed"),
        (b"<?php 1 ?><a/>", "xml_instruction"),
        (b'<a xmlns:i="http://www.w3.org/2001/XInclude"><i:include href="f"/></a>', "xml_include"),
        (b'<?xml version="1.0" encoding="UTF-7"?><a/>', "xml_encoding"),
        (b'<?xml version="1.0" encoding="windows-1252"?><a/>', "xml_encoding"),
        (b'<?xml version="1.0" encoding="UTF-16"?><a/>', "xml_encoding"),
        ('<?xml version="1.0" encoding="UTF-8"?><a/>'.encode("utf-16"), "xml_encoding"),
        (b"\x1f\x8b\x08\x00", "xml_compressed"),
        (b"PK\x03\x04", "xml_compressed"),
        (b"<a>" * 101 + b"</a>" * 101, "xml_depth"),
        (b"<a " + b" ".join(b'b%d="1"' % i for i in range(101)) + b"/>", "xml_size"),
        (b"<a>" + b"x" * 1_000_001 + b"</a>", "xml_size"),
        (b'<a b="' + b"x" * 1_000_001 + b'"/>', "xml_size"),
        (b"<a" + b"x" * 300 + b"/>", "xml_size"),
        (b" " * MAX_BYTES + b"<a/>", "xml_size"),
    ],
)  # fmt: skip
def test_what_is_not_read_is_refused_by_its_rule(data, rule):
    assert refused(data) == rule


def test_a_refusal_names_the_line():
    with pytest.raises(DiagramError) as caught:
        read_xml(b"<a>\n<b>\n</a>")
    assert caught.value.line == 3
    assert "line 3" in str(caught.value)


def test_a_refusal_names_the_last_element_that_had_an_id():
    with pytest.raises(DiagramError) as caught:
        read_xml(b'<a id="x">\n<b name="id" id="y"/>\n<c><?php?></c></a>')
    assert (caught.value.element_id, caught.value.line) == ("y", 3)


def test_lines_stay_when_a_file_is_not_in_utf_8():
    data = '<?xml version="1.0"\n encoding="ISO-8859-1"?>\n<a>\n<b/></a>'.encode("latin1")
    assert read_xml(data)[0].sourceline == 4


def test_a_diagram_with_a_namespace_that_is_no_address_has_an_identity_too() -> None:
    one = b'<definitions xmlns:vendor="@vendor/diagrams;1" vendor:a="1" id="d"/>'
    other = b'<definitions  id="d" xmlns:vendor="@vendor/diagrams;1"  vendor:a="1"></definitions>'
    assert canonical_hash(one) == canonical_hash(other) != canonical_hash(one.replace(b'"1"', b'"2"'))
