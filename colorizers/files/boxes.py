"""What Pillow does not say of JPEG 2000, AVIF and HEIC files: bits a channel, profile, XMP, colour.

Fed by :mod:`colorizers.files.reading` with the beginning of such a file. All three are made of
boxes; what is wanted stands in few bytes behind a name, so it is looked for without walking through
them: a false find is caught where the pixels are compared (:mod:`colorizers.files.deep`).

References
----------
ISO/IEC 15444-1 (JPEG 2000): A.5.1 (SIZ), I.5.3.3 (colour specification box); XMP specification,
part 3, 1.1.4 (JPEG 2000); AV1 in ISOBMFF 1.2, 2.3 (av1C); ISO/IEC 14496-12, 12.1.5 (colr);
ITU-T H.273, table 3 (transfer characteristics).
"""

from __future__ import annotations

import re

from colorizers.files.cicp import HDR, SRGB, VIDEO, Numbers

HEAD = 4_000_000
"""How much of a file is needed, except for `xmp`, which may stand behind the pixels."""
_XMP = re.compile(
    rb"(.{4})uuid\xbe\x7a\xcf\xcb\x97\xa9\x42\xe8\x9c\x71\x99\x94\x91\xe3\xaf\xac", re.DOTALL
)


def bits(format: str, head: bytes) -> int:
    """Bits a channel of a JPEG 2000 or AVIF file; 8 if it does not say, or its channels differ.

    Examples
    --------
    >>> bits("AVIF", b"....av1C" + bytes([0x81, 0, 0x40, 0]))
    10
    """
    if format == "AVIF":
        # The picture, its opacity, a gain map: the deepest is tried.
        flags = [one[0] & 0x60 for one in re.findall(rb"av1C\x81.(.)", head, re.DOTALL)]
        return {0x40: 10, 0x60: 12}.get(max(flags, default=0), 8)
    start = head.find(b"\xff\x4f\xff\x51")
    if format != "JPEG2000" or start < 0:
        return 8
    count = int.from_bytes(head[start + 40 : start + 42], "big")
    sizes = set(head[start + 42 : start + 42 + 3 * count : 3])
    size = sizes.pop() if len(sizes) == 1 else 7
    return size + 1 if size < 16 else 8  # above: signed, or more than 16 bits


def profile(head: bytes) -> bytes:
    """The ICC profile of a JPEG 2000 file; empty if it has none."""
    found = re.search(rb"(.{4})colr\x02..", head[: head.find(b"jp2c") + 1], re.DOTALL)
    if not found:
        return b""
    return head[found.end() : found.start() + int.from_bytes(found[1], "big")]


def xmp(data: bytes) -> bytes:
    """The XMP packet of a JPEG 2000 file; empty if it has none."""
    found = _XMP.search(data)
    if not found:
        return b""
    length = int.from_bytes(found[1], "big") or len(data)  # 0: up to the end of the file
    return data[found.end() : found.start() + length]


def numbers(head: bytes) -> Numbers | None:
    """The colour space by code points (CICP) of an AVIF or HEIC file; None if absent or ambiguous.

    A file with a gain map names a second picture's, too; the one that is read is not HDR. The
    curve of video is taken as sRGB's, as browsers do: encoders write it without meaning it.

    Examples
    --------
    >>> numbers(b"colrnclx" + bytes([0, 9, 0, 16, 0, 9, 0x80]))
    Numbers(primaries=9, transfer=16, matrix=0, full=True)
    """
    found = {(one[0], one[1]) for one in re.findall(rb"colrnclx\0(.)\0(.)", head, re.DOTALL)}
    if len(found) > 1:
        found = {one for one in found if one[1][0] not in HDR}
    if len(found) != 1:
        return None
    (primaries,), (transfer,) = found.pop()
    return Numbers(primaries, SRGB if transfer in VIDEO else transfer)
