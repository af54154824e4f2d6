"""XMP packets: cleaned of what is not true of the coloured picture, joined and split as JPEG needs.

Fed by :mod:`colorizers.files.metadata` on the way in and by :mod:`colorizers.files.writing` on the
way out. A JPEG segment holds 65,502 bytes of XMP; the properties that do not fit go into a second
packet, the Extended XMP, which is cut over as many segments as it needs. Between reading and
writing there is one packet with all of them.

Nothing is parsed and written anew: whole properties are cut out of the text or put into it, so that
what is kept stays as it is, byte by byte.

References
----------
XMP specification, part 1, 7 (RDF); part 3, 1.1.3 (JPEG, Extended XMP). Ultra HDR Image Format 1.1;
Motion Photo Format 1.0 (what describes other pictures in the same file).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
NOTE = "http://ns.adobe.com/xmp/note/"
EXTENSION = b"http://ns.adobe.com/xmp/extension/\0"
LONGEST, LONGEST_PART = 65_502, 65_400
"""Bytes of a packet, and of a part of the second one, in a JPEG segment."""
_POINTER = (NOTE, "HasExtendedXMP")
_STALE = (
    ("http://ns.adobe.com/xap/1.0/", "Thumbnails"),
    ("http://ns.google.com/photos/1.0/image/", ""),
    ("http://ns.adobe.com/hdr-gain-map/1.0/", ""),
    ("http://ns.apple.com/HDRGainMap/1.0/", ""),
    ("http://ns.google.com/photos/1.0/container/", ""),
    ("http://ns.google.com/photos/1.0/camera/", "MicroVideo"),
    ("http://ns.google.com/photos/1.0/camera/", "MotionPhoto"),
)
"""Namespace and beginning of a name: pictures without colour, and parts that the result has not."""
_TAG = re.compile(rb"""<[^\s/>]+(?:\s+[^\s=>]+\s*=\s*(?:"[^"]*"|'[^']*'))*\s*/?>""")
_ATTRIBUTE = re.compile(rb"""\s+([^\s=]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_ORIENTATION = re.compile(rb"(tiff:Orientation(?:>|\s*=\s*[\"']))\s*\d+")


@dataclass(frozen=True, slots=True)
class _Property:
    """A property of the picture, and where it stands in the packet."""

    uri: str
    name: str
    start: int
    end: int

    @property
    def size(self) -> int:
        return self.end - self.start


@dataclass(slots=True)
class _Description:
    """An rdf:Description: where it and its first tag begin and end, and what it says."""

    start: int
    tag_end: int
    outer: dict[str, str]
    properties: list[_Property]
    end: int = 0


@dataclass(slots=True)
class _Packet:
    """What is wanted of a packet: the root element, and within rdf:RDF its descriptions."""

    root: tuple[int, int]
    rdf_prefix: bytes
    rdf_end: int
    descriptions: list[_Description]

    @property
    def properties(self) -> list[_Property]:
        return [one for description in self.descriptions for one in description.properties]


def cleaned(packet: bytes) -> bytes:
    """A packet for a picture that is upright, coloured, and alone in its file."""
    packet = _ORIENTATION.sub(rb"\g<1>1", packet)
    found = _parsed(packet)
    if found is None:
        return packet
    stale = [
        one
        for one in found.properties
        if (one.uri, one.name) == _POINTER
        or any(one.uri == uri and one.name.startswith(name) for uri, name in _STALE)
    ]
    return _without(packet, found, stale)


def joined(packet: bytes, segments: Iterable[bytes]) -> bytes | None:
    """A packet of a JPEG with the properties of its second one, if it names one.

    Parameters
    ----------
    packet : bytes
    segments : iterable of bytes
        Contents of all APP1 segments of the file.

    Returns
    -------
    bytes or None
        None if it names a second one that is not there as a whole.
    """
    pointer = _pointer(packet)
    if not pointer:
        return packet
    start, parts = EXTENSION + pointer, {}
    length = -1
    for segment in segments:
        if segment.startswith(start) and len(segment) >= len(start) + 8:
            numbers = segment[len(start) : len(start) + 8]
            length = int.from_bytes(numbers[:4], "big")
            parts[int.from_bytes(numbers[4:], "big")] = segment[len(start) + 8 :]
    second = b""
    for offset in sorted(parts):
        if offset != len(second):
            return None
        second += parts[offset]
    into, more = _parsed(packet), _parsed(second)
    if len(second) != length or into is None or more is None:
        return None
    added = b""
    for one in more.descriptions:
        # Prefixes that are declared further out must be declared here.
        outer = "".join(f" xmlns:{name}={quoteattr(uri)}" for name, uri in one.outer.items())
        last = one.tag_end - (2 if second[one.tag_end - 2 : one.tag_end] == b"/>" else 1)
        added += second[one.start : last] + outer.encode() + second[last : one.end]
    whole = packet[: into.rdf_end] + added + packet[into.rdf_end :]
    return whole if _parsed(whole) else None


def split(packet: bytes) -> tuple[bytes, list[bytes]] | None:
    """A packet that fits into a segment, and the contents of the segments for the rest.

    The smaller properties stay in the first packet, since not all programs read the second one.

    Returns
    -------
    tuple or None
        None if the packet is too long and cannot be split.
    """
    if len(packet) <= LONGEST:
        return packet, []
    found = _parsed(packet)
    if found is None:
        return None
    prefix = found.rdf_prefix.decode()
    pointer = (
        f'<{prefix}:Description {prefix}:about="" xmlns:xmpNote="{NOTE}" '
        f'xmpNote:HasExtendedXMP="{"0" * 32}"/>'
    )
    by_size = sorted(found.properties, key=lambda one: one.size)
    room = LONGEST - len(pointer) - (len(packet) - sum(one.size for one in by_size))
    count = 0
    while count < len(by_size) and by_size[count].size <= room:
        room -= by_size[count].size
        count += 1
    first = _without(packet, found, by_size[count:])
    root = packet[: found.root[1]]
    second = _without(root, found, by_size[:count])[found.root[0] :]
    digest = hashlib.md5(second, usedforsecurity=False).hexdigest().upper()
    shorter = _parsed(first)
    if room < 0 or shorter is None or _parsed(second) is None:
        return None
    at = shorter.rdf_end
    first = first[:at] + pointer.replace("0" * 32, digest).encode() + first[at:]
    parts = [
        EXTENSION + digest.encode() + len(second).to_bytes(4, "big") + start.to_bytes(4, "big")
        + second[start : start + LONGEST_PART]
        for start in range(0, len(second), LONGEST_PART)
    ]  # fmt: skip
    return first, parts


def _pointer(packet: bytes) -> bytes:
    """The name of the second packet, 32 characters; empty if there is none."""
    found = re.search(rb"HasExtendedXMP\s*(?:=\s*[\"']|>)\s*([0-9A-Fa-f]{32})", packet)
    return found[1] if found else b""


def _without(packet: bytes, found: _Packet, unwanted: Iterable[_Property]) -> bytes:
    """The packet without these properties, and without descriptions that lose all of theirs."""
    gone = set(unwanted)
    spans: list[tuple[int, int]] = []
    for description in found.descriptions:
        own = [one for one in description.properties if one in gone]
        if own and len(own) == len(description.properties):
            spans.append((description.start, description.end))
        else:
            spans += [(one.start, one.end) for one in own]
    kept, position = [], 0
    for start, end in sorted(spans):
        kept.append(packet[position:start])
        position = end
    return b"".join([*kept, packet[position:]])


def _parsed(packet: bytes) -> _Packet | None:
    """Where everything stands in a packet; None if it is no sound XML, or no XMP."""
    if b"<!DOCTYPE" in packet or b"\0" in packet:
        return None  # entities, which may unfold to anything; another encoding than UTF-8
    try:
        return _Reader(packet).found
    except (expat.ExpatError, ValueError, IndexError, LookupError):
        return None


class _Reader:
    """Follows a packet with expat and remembers offsets."""

    def __init__(self, packet: bytes) -> None:
        self.packet = packet
        self.parser = expat.ParserCreate("UTF-8", " ")
        self.stack: list[tuple[str, int]] = []
        self.scopes: list[dict[str, str]] = []
        self.declared: dict[str, str] = {}
        self.depth = 0  # of rdf:RDF
        self.root = (0, 0)
        self.rdf: list[tuple[bytes, int]] = []
        self.descriptions: list[_Description] = []
        self.parser.StartNamespaceDeclHandler = self._declare
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.Parse(packet, True)
        if not self.rdf:
            raise ValueError("no rdf:RDF")
        prefix, end = self.rdf[0]
        self.found = _Packet(self.root, prefix, end, self.descriptions)

    def _declare(self, prefix: str | None, uri: str) -> None:
        if prefix:
            self.declared[prefix] = uri

    def _start(self, name: str, _: dict[str, str]) -> None:
        at = self.parser.CurrentByteIndex
        self.stack.append((name, at))
        self.scopes.append(self.declared)
        self.declared = {}
        depth = len(self.stack)
        if name == f"{RDF} RDF" and not self.rdf and not self.depth:
            self.depth = depth
        elif name == f"{RDF} Description" and self.depth and depth == self.depth + 1:
            tag = _TAG.match(self.packet, at)
            if tag is None:
                raise ValueError("a tag that is read otherwise")
            *around, own = self.scopes
            outer = {key: uri for scope in around for key, uri in scope.items()}
            missing = {key: uri for key, uri in outer.items() if key not in own}
            properties = self._attributes(at, tag.end(), outer | own)
            self.descriptions.append(_Description(at, tag.end(), missing, properties))

    def _attributes(self, start: int, end: int, scope: dict[str, str]) -> list[_Property]:
        """Properties that are written as attributes of a description."""
        found = []
        for one in _ATTRIBUTE.finditer(self.packet, start, end):
            prefix, _, name = one[1].decode().rpartition(":")
            if prefix not in ("", "xmlns", "xml") and scope[prefix] != RDF:
                found.append(_Property(scope[prefix], name, one.start(), one.end()))
        return found

    def _end(self, name: str) -> None:
        depth = len(self.stack)
        _, start = self.stack.pop()
        self.scopes.pop()
        if depth > 1 and not (self.depth and depth <= self.depth + 2):
            return
        at, end = self._last_tag(start)
        if depth == 1:
            self.root = start, end
        if depth == self.depth:
            prefix, colon, _ = self.packet[at + 2 : end].partition(b":")
            if at == start or not colon:
                raise ValueError("nothing in it, or written as nobody does")
            self.rdf.append((prefix, at))
            self.depth = 0
        elif depth == self.depth + 1 and name == f"{RDF} Description":
            self.descriptions[-1].end = end
        elif depth == self.depth + 2 and self.stack[-1][0] == f"{RDF} Description":
            uri, _, local = name.rpartition(" ")
            self.descriptions[-1].properties.append(_Property(uri, local, start, end))

    def _last_tag(self, start: int) -> tuple[int, int]:
        """Where the tag that ends the current element begins and ends."""
        tag = _TAG.match(self.packet, start)
        if tag is None:
            raise ValueError("a tag that is read otherwise")
        if tag[0].endswith(b"/>"):
            return start, tag.end()
        at = self.parser.CurrentByteIndex
        return at, self.packet.index(b">", at) + 1
