"""XMP packets, cleaned of what is not true of the coloured picture and told what it is.

Fed by :mod:`colorizers.files.metadata` on the way in and by :mod:`colorizers.files.writing` on the
way out. Nothing is parsed and written anew: whole properties are
cut out of the text, so that what is kept stays as it is, byte by byte. The second packet that a
JPEG may have (Extended XMP) mostly holds depth maps and histories; it is left out.

References
----------
XMP specification, part 1, 7 (RDF); part 3, 1.1.3 (JPEG). IPTC Photo Metadata Standard, Digital
Source Type, and its NewsCodes vocabulary. Ultra HDR Image Format 1.1; Motion Photo
Format 1.0 (what describes other pictures in the same file).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from xml.parsers import expat
from xml.sax.saxutils import escape

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
TRUEHUE = "urn:truehue:1.0/"
"""Of this project's one property, `Recipe`: how the colours were made, as JSON."""
NOTE = "http://ns.adobe.com/xmp/note/"
EXTENSION = b"http://ns.adobe.com/xmp/extension/\0"
LONGEST = 65_502
"""Bytes of a packet in a JPEG segment."""
EXT = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
"""A photograph of which a trained network made a part: its colours."""
_STALE = (
    (TRUEHUE, "Recipe"),
    (EXT, "DigitalSourceType"),
    (NOTE, "HasExtendedXMP"),
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
_RDF_END = re.compile(rb"</([^\s<>:]+):RDF\s*>")
_ORIENTATION = re.compile(rb"(tiff:Orientation(?:>|\s*=\s*[\"']))\s*\d+")


@dataclass(frozen=True, slots=True)
class _Property:
    """A property of the picture, and where it stands in the packet."""

    uri: str
    name: str
    start: int
    end: int

    @property
    def stale(self) -> bool:
        return any(self.uri == uri and self.name.startswith(name) for uri, name in _STALE)


@dataclass(slots=True)
class _Description:
    """An rdf:Description: where it begins and ends, and what it says."""

    start: int
    properties: list[_Property]
    end: int = 0


def cleaned(packet: bytes) -> bytes:
    """A packet for a picture that is upright, coloured, and alone in its file.

    Descriptions that lose all that they say go, too, and so does a packet that loses them all. One
    that is no sound XML stays as it is, but for its orientation.
    """
    packet = _ORIENTATION.sub(rb"\g<1>1", packet)
    spans: list[tuple[int, int]] = []
    descriptions = _descriptions(packet)
    for description in descriptions:
        stale = [one for one in description.properties if one.stale]
        if stale and len(stale) == len(description.properties):
            spans.append((description.start, description.end))
        else:
            spans += [(one.start, one.end) for one in stale]
    if descriptions and spans == [(one.start, one.end) for one in descriptions]:
        return b""
    kept, position = [], 0
    for start, end in sorted(spans):
        kept.append(packet[position:start])
        position = end
    return b"".join([*kept, packet[position:]])


def marked(packet: bytes, recipe: str = "") -> bytes:
    """A packet that says that a trained network made the colours; a new one if there is none.

    One that has no end of its RDF stays as it is.

    Parameters
    ----------
    packet : bytes
    recipe : str
        How it made them, as JSON; see :mod:`colorizers.painting.recipe`.

    Examples
    --------
    >>> SOURCE_TYPE.encode() in marked(b"")
    True
    >>> recipe_in(marked(b"", '{"truehue": 1}'))
    '{"truehue": 1}'
    """
    if not packet:
        rdf_rdf = f'<rdf:RDF xmlns:rdf="{RDF}"></rdf:RDF>'
        packet = f'<x:xmpmeta xmlns:x="adobe:ns:meta/">{rdf_rdf}</x:xmpmeta>'.encode()
    end = _RDF_END.search(packet)
    if end is None:
        return packet
    rdf = end[1].decode("latin-1")
    told = (
        f'<{rdf}:Description {rdf}:about="" xmlns:Iptc4xmpExt="{EXT}" '
        f'Iptc4xmpExt:DigitalSourceType="{SOURCE_TYPE}"/>'
    )
    if recipe:
        told += (
            f'<{rdf}:Description {rdf}:about="" xmlns:truehue="{TRUEHUE}">'
            f"<truehue:Recipe>{escape(recipe)}</truehue:Recipe></{rdf}:Description>"
        )
    return packet[: end.start()] + told.encode("latin-1") + packet[end.start() :]


def recipe_in(packet: bytes) -> str:
    """The recipe that a packet tells, as `marked` wrote it; empty if there is none."""
    if b"<!DOCTYPE" in packet:
        return ""  # entities, which may unfold to anything
    name, found, inside = f"{TRUEHUE} Recipe", [], False

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal inside
        inside = tag == name
        if name in attributes:  # as other programs may have written it again
            found.append(attributes[name])

    def end(_: str) -> None:
        nonlocal inside
        inside = False

    parser = expat.ParserCreate("UTF-8", " ")
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = lambda text: found.append(text) if inside else None
    try:
        parser.Parse(packet.strip(b"\0"), True)
    except (expat.ExpatError, ValueError):
        return ""
    return "".join(found)


def has_second(packet: bytes) -> bool:
    """Whether a packet says that there is a second one."""
    return b"HasExtendedXMP" in packet


def _descriptions(packet: bytes) -> list[_Description]:
    """What a packet says of the picture; empty if it is no sound XML, or no XMP."""
    if b"<!DOCTYPE" in packet or b"\0" in packet:
        return []  # entities, which may unfold to anything; another encoding than UTF-8
    try:
        return _Reader(packet).descriptions
    except (expat.ExpatError, ValueError, IndexError, LookupError):
        return []


class _Reader:
    """Follows a packet with expat and remembers offsets."""

    def __init__(self, packet: bytes) -> None:
        self.packet = packet
        self.parser = expat.ParserCreate("UTF-8", " ")
        self.stack: list[tuple[str, int]] = []
        self.scopes: list[dict[str, str]] = []
        self.declared: dict[str, str] = {}
        self.depth = 0  # of rdf:RDF, while it is open
        self.over = False
        self.descriptions: list[_Description] = []
        self.parser.StartNamespaceDeclHandler = self._declare
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.Parse(packet, True)

    def _declare(self, prefix: str | None, uri: str) -> None:
        if prefix:
            self.declared[prefix] = uri

    def _start(self, name: str, _: dict[str, str]) -> None:
        at = self.parser.CurrentByteIndex
        self.stack.append((name, at))
        self.scopes.append(self.declared)
        self.declared = {}
        depth = len(self.stack)
        if name == f"{RDF} RDF" and not self.over and not self.depth:
            self.depth = depth
        elif name == f"{RDF} Description" and self.depth and depth == self.depth + 1:
            tag = _TAG.match(self.packet, at)
            if tag is None:
                raise ValueError("a tag that is read otherwise")
            scope = {key: uri for declared in self.scopes for key, uri in declared.items()}
            self.descriptions.append(_Description(at, self._attributes(at, tag.end(), scope)))

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
        if not self.depth or depth > self.depth + 2:
            return
        if depth == self.depth:
            self.depth, self.over = 0, True
        elif depth == self.depth + 1 and name == f"{RDF} Description":
            self.descriptions[-1].end = self._tag_end(start)
        elif depth == self.depth + 2 and self.stack[-1][0] == f"{RDF} Description":
            uri, _, local = name.rpartition(" ")
            self.descriptions[-1].properties.append(
                _Property(uri, local, start, self._tag_end(start))
            )

    def _tag_end(self, start: int) -> int:
        """Where the tag that ends the current element ends."""
        tag = _TAG.match(self.packet, start)
        if tag is None:
            raise ValueError("a tag that is read otherwise")
        if tag[0].endswith(b"/>"):
            return tag.end()
        return self.packet.index(b">", self.parser.CurrentByteIndex) + 1
