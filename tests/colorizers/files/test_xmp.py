"""XMP of any length through every format: each property comes out as it went in, by another parser.

The segments of a JPEG are read here by the words of the specification, XMP part 3, 1.1.3.1.
"""

import hashlib
import io
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from test_reading import encoded, one_sentence
from test_writing import FORMATS, smooth, written

from colorizers.files import xmp
from colorizers.files.jpeg import segment
from colorizers.files.picture import Picture
from colorizers.files.reading import open_photo

RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
NOTE = "{http://ns.adobe.com/xmp/note/}HasExtendedXMP"
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


def segments(jpeg: bytes) -> list[bytes]:
    """Contents of the APP1 segments."""
    found, position = [], 2
    while jpeg[position + 1] != 0xDA:
        end = position + 2 + int.from_bytes(jpeg[position + 2 : position + 4], "big")
        if jpeg[position + 1] == 0xE1:
            found.append(jpeg[position + 4 : end])
        position = end
    return found


def by_the_book(jpeg: bytes) -> tuple[bytes, bytes]:
    """The standard packet, and the extended one joined and checked."""
    main = [body for body in segments(jpeg) if body.startswith(MAIN)]
    assert len(main) == 1
    assert len(main[0]) - len(MAIN) <= 65_502
    standard = main[0][len(MAIN) :]
    second = b""
    guid = properties(standard).get(NOTE, "").encode()
    for body in segments(jpeg):
        if body.startswith(SECOND):
            rest = body[len(SECOND) :]
            assert rest[:32] == guid
            assert int.from_bytes(rest[36:40], "big") == len(second)
            second += rest[40:]
            length = int.from_bytes(rest[32:36], "big")
    if second:
        assert len(second) == length
        assert hashlib.md5(second).hexdigest().upper().encode() == guid
    return standard, second


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


def extended(second: bytes, guid: bytes = b"", step: int = 50_000) -> list[bytes]:
    guid = guid or hashlib.md5(second).hexdigest().upper().encode()
    return [
        SECOND + guid + len(second).to_bytes(4, "big") + at.to_bytes(4, "big")
        + second[at : at + step]
        for at in range(0, len(second), step)
    ]  # fmt: skip


PLAIN = encoded(Image.fromarray(smooth()), "JPEG")


def test_long_xmp_is_written_as_two_packets() -> None:
    assert len(LONG) > 200_000
    photo = Picture(smooth(), None, "PNG", xmp=LONG)
    data = written(smooth(), photo, format="JPEG")
    standard, second = by_the_book(data)
    said, more = properties(standard), properties(second)
    assert said.pop(NOTE)
    assert {name.rpartition("}")[2] for name in said} == {"Rating", "City", "title", "Credit"}
    assert {name.rpartition("}")[2] for name in more} == {"History", "subject"}
    assert said | more == properties(LONG)
    with Image.open(io.BytesIO(data)) as image:  # and the picture is one
        np.testing.assert_array_equal(np.asarray(image), open_photo(data).rgb)


@pytest.mark.parametrize("format", FORMATS)
def test_long_xmp_goes_from_a_jpeg_into_every_format_and_back(format: str) -> None:
    first = written(smooth(), Picture(smooth(), None, "PNG", xmp=LONG), format="JPEG")
    photo = open_photo(first)
    assert photo.notices == ()
    assert properties(photo.xmp) == properties(LONG)
    again = open_photo(written(photo.rgb, photo, format=format))
    assert properties(again.xmp) == properties(LONG)


@pytest.mark.parametrize("size", [65_502, 65_503])
def test_the_longest_packet_of_one_segment(size: int) -> None:
    padding = size - len(packet('xmp:Label=""'))
    data = packet(f'xmp:Label="{"x" * padding}"')
    assert len(data) == size
    written_ = written(smooth(), Picture(smooth(), None, "PNG", xmp=data), format="JPEG")
    _, second = by_the_book(written_)
    assert bool(second) == (size > 65_502)
    assert properties(open_photo(written_).xmp) == properties(data)


def test_a_second_packet_with_prefixes_from_further_out() -> None:
    second = (
        b'<q:xmpmeta xmlns:q="adobe:ns:meta/" xmlns:gd="urn:depth?a=1&amp;b=2"><r:RDF '
        b'xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><r:Description r:about="" '
        b'gd:Data="AAAA" gd:Mime="image/png"/></r:RDF></q:xmpmeta>'
    )
    guid = hashlib.md5(second).hexdigest().upper()
    note = 'xmlns:n="http://ns.adobe.com/xmp/note/" xmp:Rating="2" n:HasExtendedXMP='
    parts = extended(second, step=40)
    parts.insert(1, SECOND + b"F" * 32 + b"\0\0\0\x05\0\0\0\0other")  # of an earlier version
    photo = open_photo(with_xmp(PLAIN, packet(f'{note}"{guid}"'), *reversed(parts)))
    assert photo.notices == ()
    assert properties(photo.xmp) == {
        "{http://ns.adobe.com/xap/1.0/}Rating": "2",
        "{urn:depth?a=1&b=2}Data": "AAAA",
        "{urn:depth?a=1&b=2}Mime": "image/png",
    }


@pytest.mark.parametrize("kind", ["missing", "a hole", "no XML", "too short"])
def test_a_damaged_second_packet_is_left_out_and_said(kind: str) -> None:
    second = packet('xmp:Label="of the second"')
    if kind == "no XML":
        second = second[:-40]
    guid = hashlib.md5(second).hexdigest().upper()
    parts = extended(second, step=100)
    parts = {"missing": [], "a hole": parts[:1] + parts[2:], "too short": parts[:-1]}.get(
        kind, parts
    )
    note = f'xmp:Rating="2" xmlns:n="http://ns.adobe.com/xmp/note/" n:HasExtendedXMP="{guid}"'
    photo = open_photo(with_xmp(PLAIN, packet(note), *parts))
    assert properties(photo.xmp) == {"{http://ns.adobe.com/xap/1.0/}Rating": "2"}
    assert any("second part of the XMP" in notice for notice in photo.notices)
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
        assert xmp.split(data) == (data, [])


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
    assert xmp.split(bomb + b" " * 70_000) is None


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
    longer = damaged + b" " * 70_000
    halves = xmp.split(longer)
    assert halves is None or (len(halves[0]) <= xmp.LONGEST and halves[1])
