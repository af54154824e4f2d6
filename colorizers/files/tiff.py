"""TIFF of 8 or 16 bits, deflated, with the camera's and the place's own directories.

Fed by :mod:`colorizers.files.writing`; :mod:`colorizers.files.reading` asks for the page that is no
thumbnail. Pillow writes neither 16-bit colour nor, compressed, those directories; tifffile writes
the picture, and they are put behind it, where two tags point.

References
----------
TIFF 6.0, sections 2 and 18 (extra samples); EXIF 2.32, 4.6.3 (pointers); tifffile's documentation.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Mapping
from typing import Any

import tifffile
from PIL import ExifTags, Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from colorizers.files.srgb import Pixels
from colorizers.parallel import threads

_BYTE, _ASCII, _LONG, _UNDEFINED = 1, 2, 4, 7
_DIRECTORIES = (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo)


def encode(
    values: Pixels,
    icc: bytes = b"",
    dpi: tuple[float, float] | None = None,
    exif: bytes = b"",
    others: Mapping[int, bytes] | None = None,
    comment: str = "",
) -> bytes:
    """A TIFF file.

    Parameters
    ----------
    values : ndarray, shape (h, w), (h, w, 3) or (h, w, 4), uint8 or uint16
        Grey, RGB, or RGB and opacity.
    icc, exif : bytes
        A profile, and EXIF as in a JPEG; empty if there are none.
    dpi : tuple of float, optional
    others : mapping of int to bytes, optional
        Tags whose content is bytes: XMP and IPTC.
    comment : str
        The picture's description, unless EXIF has one.

    Returns
    -------
    bytes
    """
    told = Image.Exif()
    if exif:
        told.load(exif)
    directories = {int(tag): told.get_ifd(tag) for tag in _DIRECTORIES}
    texts = {tag: text for tag, text in told.items() if isinstance(text, str)}
    numbers = {tag: n for tag, n in told.items() if isinstance(n, int) and tag not in _DIRECTORIES}
    raw = {tag: data for tag, data in told.items() if isinstance(data, bytes)}
    if comment:
        texts.setdefault(int(ExifTags.Base.ImageDescription), comment)
    tags: list[tuple[int, int, int, Any, bool]] = []
    for tag, text in texts.items():
        data = text.encode() + b"\0"
        tags.append((tag, _ASCII, len(data), data, True))
    tags += [(tag, _LONG, 1, n, True) for tag, n in numbers.items() if 0 <= n < 2**32]
    tags += [(tag, _BYTE, len(data), data, True) for tag, data in raw.items()]
    for tag, data in (others or {}).items():
        if data:
            tags.append((tag, _UNDEFINED, len(data), data, True))
    # tifffile refuses these two; the next number is free and sorts to the same place.
    tags += [(tag + 1, _LONG, 1, 0, True) for tag, content in directories.items() if content]
    stream = io.BytesIO()
    tifffile.imwrite(
        stream,
        values,
        byteorder="<",
        photometric="minisblack" if values.ndim == 2 else "rgb",
        planarconfig=None if values.ndim == 2 else "contig",
        compression="zlib",
        compressionargs={"level": 3},
        maxworkers=threads(),
        extrasamples=["unassalpha"] if values.shape[2:] == (4,) else None,
        iccprofile=icc or None,
        resolution=dpi,
        resolutionunit="inch" if dpi else None,
        software=False,
        metadata=None,
        extratags=tags,
        rowsperstrip=max(1, min(64, values.shape[0])),
    )
    return _with_directories(stream.getvalue(), directories)


def _with_directories(data: bytes, directories: Mapping[int, Mapping[int, Any]]) -> bytes:
    """Put directories behind a file that holds a place for each, and point the places there."""
    whole = bytearray(data)
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        page: Any = file.pages[0]
        places = {tag: page.tags[tag + 1].offset for tag in directories if tag + 1 in page.tags}
    for tag, place in places.items():
        whole += b"\0" * (len(whole) % 2)
        directory = ImageFileDirectory_v2(b"II\x2a\x00\x08\x00\x00\x00", group=tag)
        for name, value in directories[tag].items():
            if not isinstance(value, dict):
                directory[name] = value
        whole[place : place + 12] = struct.pack("<HHII", tag, _LONG, 1, len(whole))
        whole += directory.tobytes(len(whole))
    return bytes(whole)
