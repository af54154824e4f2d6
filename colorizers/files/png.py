"""What Pillow does not look at in a PNG: missing rows, a gamma, the transparent grey of a few bits.

Fed by :mod:`colorizers.files.reading` with a file that Pillow has decoded already. Pillow takes a
stream of pixels that ends early, but properly, for a whole one, and leaves the rest of the picture
at zero.

References
----------
PNG 3rd edition: 5 (chunks), 8 (interlacing), 11.2.1 (IHDR), 11.2.3 (IDAT), 11.3.2.1 (tRNS),
11.3.2.2 (gAMA), 11.3.2.6 (cICP).
"""

from __future__ import annotations

import struct
import zlib
from typing import IO

from PIL import Image

from colorizers.files.cicp import Numbers
from colorizers.files.profiles import curve_of, rgb_profile

PIECE = 1 << 20
"""Bytes that are inflated at once: whatever the file unfolds to, no more are held."""
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
          (0, 1, 1, 2))  # fmt: skip
"""Of an interlaced picture: first column and row, step between columns and between rows."""


def is_whole(stream: IO[bytes], image: Image.Image) -> bool:
    """Whether a PNG has its last chunk and all of its rows.

    Parameters
    ----------
    stream : binary file
    image : PIL.Image.Image
        The same, loaded by Pillow.
    """
    stream.seek(8)
    missing = 0
    inflate = zlib.decompressobj()
    while len(start := stream.read(8)) == 8:
        length, name = struct.unpack(">I4s", start)
        if name == b"IEND":
            return missing <= 0
        end = stream.tell() + length + 4  # behind the check sum
        if name == b"IHDR":
            missing = _expected(image, stream.read(13))
        elif name == b"IDAT" and missing > 0:
            while length and missing > 0:
                data = stream.read(min(length, PIECE))
                length -= len(data)
                if not data:
                    return False
                missing -= _inflated(inflate, data, missing)
        stream.seek(end)
    return False


def spread_transparency(image: Image.Image, head: bytes) -> None:
    """Make the transparent level of 2 or 4 bits one of the 8 to which Pillow spreads the others."""
    level, top = image.info.get("transparency"), 2 ** head[24] - 1
    if isinstance(level, int):
        image.info["transparency"] = (level & top) * 255 // top


def numbers(head: bytes) -> Numbers | None:
    """What the cICP chunk says, which overrules all else about colour; None if there is none."""
    position = 8
    while position + 8 <= len(head):
        length, name = struct.unpack_from(">I4s", head, position)
        if name == b"IDAT":
            break
        if name == b"cICP" and length == 4:
            primaries, transfer, matrix, full = head[position + 8 : position + 12]
            return Numbers(primaries, transfer, matrix, full != 0)
        position += length + 12
    return None


def gamma_profile(image: Image.Image) -> bytes:
    """A profile for the gAMA chunk; empty if there is none, or another chunk overrules it.

    Values of about 1 / 2.2, which is what most files have, are taken as sRGB.
    """
    gamma = image.info.get("gamma")
    if {"icc_profile", "srgb"} & image.info.keys() or not isinstance(gamma, float):
        return b""
    return (
        b"" if 0.40 < gamma < 0.50 or not 0.1 <= gamma <= 10 else rgb_profile(curve_of(1 / gamma))
    )


def _expected(image: Image.Image, head: bytes) -> int:
    """Bytes that the pixels must unfold to; 0 if Pillow's image shows that they do."""
    width, height, depth, kind, interlaced = struct.unpack(">IIBBxxB", head)
    if not interlaced:
        # Inflating all again would cost a third of the time. Missing rows are at zero, so if the
        # last one has anything, none is missing.
        last = image.crop((0, height - 1, width, height))
        if last.getbbox(alpha_only=False) is not None:
            return 0
    passes = PASSES if interlaced else ((0, 0, 1, 1),)
    total = 0
    for x, y, dx, dy in passes:
        columns, rows = -((x - width) // dx), -((y - height) // dy)
        if columns > 0 and rows > 0:
            total += rows * (1 + -(-columns * depth * CHANNELS[kind] // 8))
    return total


def _inflated(inflate: zlib._Decompress, data: bytes, wanted: int) -> int:
    """How many bytes these ones unfold to, counted up to what is wanted."""
    count = 0
    while data and count < wanted and not inflate.eof:
        count += len(inflate.decompress(data, PIECE))
        data = inflate.unconsumed_tail
    return count
