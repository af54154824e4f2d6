"""16-bit colour, which Pillow reads at 8 bits: PNG and TIFF read by OpenCV, PNG written.

Fed by :mod:`colorizers.image` with a file that Pillow has decoded already, so that damaged ones
are refused in the same way as all others; what OpenCV gives is held against Pillow's 8 bits.

References
----------
PNG 3rd edition, 5 (chunks), 11.2.1 (IHDR); TIFF 6.0, BitsPerSample, SampleFormat.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image

from colorizers.picture import upright
from colorizers.profiles import is_srgb_bytes, matrix_profile

UInt16 = NDArray[np.uint16]

_BITS, _PHOTOMETRIC, _ORIENTATION, _PLANES, _SAMPLE_FORMAT, _RGB = 258, 262, 274, 284, 339, 2
_PNG_START = b"\x89PNG\r\n\x1a\n"


def is_deep(image: Image.Image, head: bytes) -> bool:
    """Whether a PNG or TIFF, by its first bytes, holds 16-bit colour or 16-bit grey with alpha."""
    if "transparency" in image.info:  # a colour that means transparent: Pillow knows how
        return False
    if image.format == "PNG":
        depth, kind = head[24], head[25]
        return depth == 16 and kind in (2, 4, 6)
    if image.format != "TIFF" or image.mode not in ("RGB", "RGBA"):
        return False
    tags: Any = getattr(image, "tag_v2", {})
    kinds = set(tags.get(_SAMPLE_FORMAT, (1,)))
    return set(tags.get(_BITS, ())) == {16} and kinds == {1} and tags.get(_PHOTOMETRIC) == _RGB


def read(
    data: bytes, image: Image.Image, notices: list[str]
) -> tuple[UInt16, UInt16 | None] | None:
    """sRGB (h, w, 3) and opacity (h, w), uint16; None, with a notice, if 8 bits must do.

    Parameters
    ----------
    data : bytes
        The file.
    image : PIL.Image.Image
        The same, loaded by Pillow.
    notices : list of str
        A sentence is appended if the depth is lost.
    """
    icc = image.info.get("icc_profile") or b""
    plain = not icc or is_srgb_bytes(icc)
    profile = None if plain else matrix_profile(icc)
    if getattr(image, "tag_v2", {}).get(_PLANES, 1) == 2:
        values = _planes(data)
        if not plain and profile is None:
            notices.append("The colour profile in the file does not fit; it is not used.")
    else:
        values = _decode(data, image) if plain or profile is not None else None
    if values is None:
        notices.append("The 16 bits a channel of this file are read as 8.")
        return None
    alpha = np.ascontiguousarray(values[..., 3]) if values.shape[2] == 4 else None
    rgb = np.ascontiguousarray(values[..., :3])
    if profile is not None:
        rgb = profile.to_srgb(rgb)
    return rgb, None if alpha is None or (alpha == 65_535).all() else alpha


def png(values: UInt16, chunks: Sequence[tuple[bytes, bytes]] = ()) -> bytes:
    """A PNG of 16-bit RGB or RGBA (h, w, 3 or 4), with these chunks (name, content) in its head."""
    order = cv2.COLOR_RGB2BGR if values.shape[2] == 3 else cv2.COLOR_RGBA2BGRA
    bgr = cv2.cvtColor(np.ascontiguousarray(values), order)
    done, coded = cv2.imencode(".png", bgr, [cv2.IMWRITE_PNG_COMPRESSION, 3])
    if not done:
        raise OSError("The PNG encoder failed.")
    data = coded.tobytes()
    head = len(_PNG_START) + 25  # and IHDR
    between = b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )
    return data[:head] + between + data[head:]


def _planes(data: bytes) -> UInt16 | None:
    """RGB or RGBA of a TIFF that stores plane after plane; both Pillow and OpenCV misread those.

    Raises
    ------
    ValueError
        If tifffile cannot decode it either.
    """
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        page: Any = file.pages[0]
        planes: Any = page.asarray()
        orientation = page.tags[_ORIENTATION].value if _ORIENTATION in page.tags else 1
    if planes.dtype != np.uint16 or planes.ndim != 3 or planes.shape[0] not in (3, 4):
        raise ValueError(f"{planes.dtype} planes of shape {planes.shape}")
    return upright(np.ascontiguousarray(planes.transpose(1, 2, 0)), int(orientation))


def _decode(data: bytes, image: Image.Image) -> UInt16 | None:
    """RGB or RGBA as Pillow's image shows it, at 16 bits; None if OpenCV sees another picture."""
    try:
        values: Any = cv2.imdecode(
            np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED | cv2.IMREAD_IGNORE_ORIENTATION
        )
    except cv2.error:
        return None
    if values is None or values.dtype != np.uint16 or values.ndim != 3:
        return None
    if values.shape[2] not in (3, 4):
        return None
    order = cv2.COLOR_BGR2RGB if values.shape[2] == 3 else cv2.COLOR_BGRA2RGBA
    values = cv2.cvtColor(values, order)
    shown = np.asarray(image.convert("RGBA" if values.shape[2] == 4 else "RGB"))
    for turned in (values, *_turned(values)):
        if turned.shape == shown.shape:
            # Pillow takes the upper 8 bits, or rounds.
            difference = np.abs((turned[::7, ::7] >> 8).astype(int) - shown[::7, ::7])
            if difference.max() <= 1:
                return np.ascontiguousarray(turned)
    return None


def _turned(values: UInt16) -> Sequence[UInt16]:
    """The seven other orientations: Pillow has turned TIFFs upright, OpenCV perhaps not."""
    flipped = [values[::-1], values[:, ::-1], values[::-1, ::-1]]
    return [*flipped, *(one.swapaxes(0, 1) for one in (values, *flipped))]
