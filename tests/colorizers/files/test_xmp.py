"""XMP through every format: each property comes out as it went in, by another parser."""

import io
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.TiffImagePlugin import TiffImageFile
from test_reading import encoded, one_sentence
from test_writing import FORMATS, smooth, written

from colorizers.files import xmp
from colorizers.files.jpeg import segment
from colorizers.files.picture import Picture
from colorizers.files.reading import open_photo
from colorizers.files.writing import save

RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
MAIN, SECOND = b"http://ns.adobe.com/xap/1.0/\0", b"http://ns.adobe.com/xmp/extension/\0"


def packet(attributes: str = "", elements: str = "", around: str = "") -> bytes:
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
        f'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"{around}>\n'
        '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:ps="http://ns.adobe.com/photoshop/1.0/" '
        f"{attributes}>{elements}</rdf:Description>\n"
        '</rdf:RDF></x:xmpmeta>\n<?xpacket end="w"?>'
    ).encode()


def properties(data: bytes) -> dict[str, str]:
    """Name -> value of all properties of the picture, as ElementTree sees them."""
    found: dict[str, str] = {}
    root = ElementTree.fromstring(data)
    rdf = root if root.tag == f"{RDF}RDF" else root.find(f"{RDF}RDF")
    assert rdf is not None
    for description in rdf.findall(f"{RDF}Description"):
        pairs = [*description.attrib.items()]
        pairs += [
            (child.tag, ElementTree.tostring(child).decode().strip()) for child in description
        ]
        for name, value in pairs:
            if not name.startswith(RDF):
                assert name not in found
                found[name] = value
    return found


HISTORY = "A &amp; B &lt;&#10;" * 9000
LONG = packet(
    f'xmp:Rating="3"\n ps:History="{HISTORY}" ps:City="K&#246;ln"',
    "<dc:title><rdf:Alt><rdf:li xml:lang='x-default'>Großmutter</rdf:li></rdf:Alt></dc:title>"
    f"<dc:subject><rdf:Bag>{'<rdf:li>keyword &gt;</rdf:li>' * 4000}</rdf:Bag></dc:subject>"
    "<ps:Credit/>",
)


def with_xmp(data: bytes, standard: bytes, *parts: bytes) -> bytes:
    bodies = [MAIN + standard, *parts]
    return data[:2] + b"".join(segment(0xE1, body) for body in bodies) + data[2:]


PLAIN = encoded(Image.fromarray(smooth()), "JPEG")


@pytest.mark.parametrize("format", FORMATS)
def test_long_xmp_goes_into_every_format_that_has_room_for_it(format: str) -> None:
    data = io.BytesIO()
    notices = save(data, smooth(), Picture(smooth(), None, "PNG", xmp=LONG), format=format)
    told = open_photo(data.getvalue()).xmp
    if format == "JPEG":
        assert told == b""
        size = len(xmp.marked(LONG))
        assert any(f"{size:,} bytes" in notice and one_sentence(notice) for notice in notices)
    else:
        assert properties(told) == properties(LONG)


@pytest.mark.parametrize("size", [65_502, 65_503])
def test_the_longest_packet_of_a_jpeg(size: int) -> None:
    padding = size - len(xmp.marked(packet('xmp:Label=""')))
    data = packet(f'xmp:Label="{"x" * padding}"')
    photo = Picture(smooth(), None, "PNG", xmp=data)
    told = open_photo(written(smooth(), photo, format="JPEG")).xmp
    assert told == (data if size == 65_502 else b"")


@pytest.mark.parametrize("metadata", [True, False])
@pytest.mark.parametrize("before", [b"", packet('xmp:Rating="3"')])
@pytest.mark.parametrize("format", FORMATS)
def test_every_file_says_that_a_network_made_the_colours(
    format: str, before: bytes, metadata: bool
) -> None:
    photo = Picture(smooth(), None, "PNG", xmp=before)
    again = open_photo(written(smooth(), photo, format=format))
    data = written(smooth(), again, format=format, metadata=metadata)
    with Image.open(io.BytesIO(data)) as image:
        told: Any = image.info.get("xmp")
        if isinstance(image, TiffImageFile):
            told = image.tag_v2[700][0]
    said = properties(told.encode() if isinstance(told, str) else told)
    assert said.pop("{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType") == (
        "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
    )
    assert len(said) == bool(before and metadata)


def test_a_second_packet_is_left_out_and_said() -> None:
    guid = b"0123456789ABCDEF" * 2
    note = (
        f'xmp:Rating="2" xmlns:n="http://ns.adobe.com/xmp/note/" n:HasExtendedXMP="{guid.decode()}"'
    )
    second = packet('xmp:Label="of the second"')
    length = len(second).to_bytes(4, "big")
    photo = open_photo(with_xmp(PLAIN, packet(note), SECOND + guid + length + bytes(4) + second))
    assert properties(photo.xmp) == {"{http://ns.adobe.com/xap/1.0/}Rating": "2"}
    assert any("second packet of XMP" in notice for notice in photo.notices)
    assert all(one_sentence(notice) for notice in photo.notices)


def test_what_tells_of_other_pictures_in_the_file_is_left_out() -> None:
    attributes = (
        'xmlns:g="http://ns.google.com/photos/1.0/camera/" g:MicroVideoOffset="12345" '
        'g:MotionPhoto="1" g:SpecialTypeID="x" xmlns:h="http://ns.adobe.com/hdr-gain-map/1.0/" '
        'h:Version="1.0" xmlns:i="http://ns.google.com/photos/1.0/image/" i:Data="AAAA" '
        "xmp:Label='the \"best\"&#10;one' "
    )
    elements = (
        '<xmp:Thumbnails><rdf:Alt><rdf:li rdf:parseType="Resource" xmlns:t="urn:t"><t:image>/9j/4AA'
        "</t:image></rdf:li></rdf:Alt></xmp:Thumbnails><dc:rights>ours</dc:rights>"
        '<C:Directory xmlns:C="http://ns.google.com/photos/1.0/container/"><rdf:Seq/></C:Directory>'
    )
    photo = open_photo(with_xmp(PLAIN, packet(attributes, elements)))
    assert {name.rpartition("}")[2] for name in properties(photo.xmp)} == {
        "SpecialTypeID", "Label", "rights",
    }  # fmt: skip
    assert b"xmp:Label='the \"best\"&#10;one'" in photo.xmp
    assert b"/9j/" not in photo.xmp


@pytest.mark.parametrize("place", ["before", "behind", "last"])
def test_xmp_of_jpeg_2000(place: str) -> None:
    """Part 3, 1.1.4: a box of type uuid; a length of 0 means up to the end of the file."""
    data, told = encoded(Image.fromarray(smooth()), "JPEG2000"), packet('xmp:Rating="3"')
    length = 0 if place == "last" else 24 + len(told)
    uuid = bytes.fromhex("BE7ACFCB97A942E89C71999491E3AFAC")
    box = length.to_bytes(4, "big") + b"uuid" + uuid + told
    if place == "before":
        at = data.index(b"jp2c") - 4
        data = data[:at] + box + data[at:]
    else:
        at = data.index(b"jp2c") - 4  # its length, which may be 0, too
        data = data[:at] + (len(data) - at).to_bytes(4, "big") + data[at + 4 :] + box
    assert open_photo(data).xmp == told


def test_a_packet_with_nothing_to_change_keeps_every_byte() -> None:
    for data in (packet('xmp:Rating="3"', "<dc:title>a</dc:title>"), b"<no xmp/>", b"<broken"):
        assert xmp.cleaned(data) == data


def test_xmp_of_many_megabytes_is_left_out_and_said() -> None:
    data = packet(f'xmp:Label="{"x" * 9_000_000}"')
    photo = open_photo(encoded(Image.fromarray(smooth()), "WEBP", xmp=data))
    assert photo.xmp == b""
    assert any("9.0 MB" in notice and one_sentence(notice) for notice in photo.notices)


def test_entities_are_not_unfolded() -> None:
    bomb = (
        '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>'
        + packet("", "<dc:title>&b;</dc:title>").decode()
    ).encode()
    assert xmp.cleaned(bomb) == bomb


@settings(max_examples=300, deadline=None)
@given(
    edits=st.lists(st.tuples(st.integers(0, 10_000), st.binary(max_size=6)), max_size=5),
    keep=st.floats(0.2, 1.0),
)
def test_damaged_packets_raise_nothing(edits: list[tuple[int, bytes]], keep: float) -> None:
    data = bytearray(packet('xmp:Rating="3"', "<xmp:Thumbnails>a</xmp:Thumbnails><dc:title/>"))
    for position, replacement in edits:
        start = position % len(data)
        data[start : start + len(replacement)] = replacement
    damaged = bytes(data[: int(len(data) * keep)])
    clean = xmp.cleaned(damaged)
    assert xmp.cleaned(clean) == clean
