"""Colour of more than 8 bits, which Pillow reads at 8: read by others, and written as PNG.

Fed by :mod:`colorizers.files.reading` with a file that Pillow has decoded already, so that damaged
ones are refused in the same way as all others. OpenCV reads PNG, TIFF, JPEG 2000 and AVIF, and what
it gives is held against Pillow's 8 bits; pillow-heif reads HEIC; PPM is read here. Fewer than 16
bits are spread over the whole range.

References
----------
PNG 3rd edition, 5 (chunks), 11.2.1 (IHDR), 11.3.2.1 (tRNS); TIFF 6.0, BitsPerSample, SampleFormat,
PhotometricInterpretation; netpbm's manual, ppm(5).
"""

from __future__ import annotations

import io
import re
import struct
import zlib
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from colorizers.files import boxes
from colorizers.files.picture import to_8_bits
from colorizers.files.profiles import LEVELS, converted, is_of_grey, is_srgb_bytes, srgb_profile
from colorizers.files.srgb import Pixels, to_srgb

UInt16 = NDArray[np.uint16]

_BITS, _PHOTOMETRIC, _SAMPLE_FORMAT, _RGB = 258, 262, 339, 2
_PPM = re.compile(rb"P6" + rb"(?:\s|#[^\n]*\n)+(\d+)" * 3 + rb"\s")
LOSSY = 3
"""How far two decoders of the same lossy file may be apart, of 255: they round differently."""
_PNG_START = b"\x89PNG\r\n\x1a\n"


def bits_of(image: Image.Image, head: bytes) -> int:
    """Bits a channel of a file whose colours, or whose grey with alpha, Pillow reads at 8; else 8.

    Parameters
    ----------
    image : PIL.Image.Image
        Loaded by Pillow.
    head : bytes
        The file's beginning, up to `boxes.HEAD`.
    """
    if image.format == "PNG":
        depth, kind = head[24], head[25]
        return 16 if depth == 16 and kind in (2, 4, 6) else 8
    if image.mode not in ("RGB", "RGBA"):
        return 8
    if image.format == "HEIF":
        bits = image.info.get("bit_depth")
        return bits if isinstance(bits, int) else 8
    if image.format == "PPM":
        found = _PPM.match(head)
        return 16 if found and int(found[3]) > 255 else 8
    if image.format != "TIFF":
        return boxes.bits(image.format or "", head)
    tags: Any = getattr(image, "tag_v2", {})
    kinds = set(tags.get(_SAMPLE_FORMAT, (1,)))
    plain = set(tags.get(_BITS, ())) == {16} and kinds == {1}
    return 16 if plain and tags.get(_PHOTOMETRIC) == _RGB else 8


def read(
    data: bytes, image: Image.Image, bits: int, notices: list[str]
) -> tuple[Pixels, Pixels | None] | None:
    """sRGB (h, w, 3) and opacity (h, w), uint16; None, with a notice, if 8 bits must do.

    Parameters
    ----------
    data : bytes
        The file.
    image : PIL.Image.Image
        The same, loaded by Pillow.
    bits : int
        Its bits a channel, from `bits_of`.
    notices : list of str
        A sentence is appended if the depth is lost.
    """
    icc = image.info.get("icc_profile") or b""
    sample = np.zeros((1, 1, 3), np.uint16)
    readable = _in_srgb(sample, icc) is not None or is_of_grey(icc)
    values = _decode(data, image, bits) if readable else None
    if values is None:
        notices.append(f"The {bits} bits a channel of this file are read as 8.")
        return None
    alpha = np.ascontiguousarray(values[..., 3]) if values.shape[2] == 4 else None
    return as_srgb(np.ascontiguousarray(values[..., :3]), alpha, icc, notices)


def as_srgb(
    colours: NDArray[Any], alpha: NDArray[Any] | None, icc: bytes | None, notices: list[str]
) -> tuple[Pixels, Pixels | None]:
    """Grey (h, w) or RGB (h, w, 3) of 8 or 16 bits, under a profile if there is one, as sRGB.

    Colours of 16 bits under a profile of no use become 8 bits, with a notice. The opacity (h, w)
    is given back, unless it is opaque everywhere.
    """
    if alpha is not None and (alpha == np.iinfo(alpha.dtype).max).all():
        alpha = None
    if _is_grey(colours, icc):
        colours = colours[..., 0]
    if colours.dtype == np.uint16 and colours.ndim == 3:
        deep = _in_srgb(colours, icc or b"")
        if deep is not None:
            return deep, alpha
        notices.append("The 16 bits a channel of this file are read as 8.")
        colours = to_8_bits(colours)
    image = Image.fromarray(colours)
    image.info["icc_profile"] = icc
    return to_srgb(image, notices)[0], alpha


def _is_grey(colours: NDArray[Any], icc: bytes | None) -> bool:
    """Whether these are colours under a profile of grey, and grey they are."""
    if colours.ndim == 2 or not is_of_grey(icc or b""):
        return False
    first = colours[..., :1]
    return bool((first == colours[..., 1:]).all())


def _in_srgb(rgb: UInt16, icc: bytes) -> UInt16 | None:
    """16 bits under a profile in sRGB; None if the profile has no way there."""
    return rgb if not icc or is_srgb_bytes(icc) else converted(rgb, icc, srgb_profile())


def whole_range(image: Image.Image, head: bytes) -> Image.Image:
    """Grey of 9 to 16 bits as Pillow reads it, as 16 bits from black to white.

    Pillow leaves 12 bits of a TIFF at the lower end, those of JPEG 2000 and HEIC a little below
    white, a TIFF in which 0 is white as it is, and takes the upper half of 32 bits as negative.
    """
    if image.format == "TIFF" and image.mode == "I":
        return _unsigned(image)
    if not image.mode.startswith("I;16"):
        return image
    tags: Any = getattr(image, "tag_v2", {})
    bits, inverted = 16, False
    if image.format == "TIFF":
        bits, inverted = int(tags.get(_BITS, (16,))[0]), tags.get(_PHOTOMETRIC) == 0
    elif image.format == "HEIF":
        bits = int(image.info.get("bit_depth") or 16)
    elif image.format == "JPEG2000":
        bits = boxes.bits("JPEG2000", head)
    if not 8 < bits <= 16 or (bits == 16 and not inverted):
        return image
    values = np.asarray(image).astype(np.uint16)
    if image.format != "TIFF":  # at the upper end
        values = values >> np.uint16(16 - bits)
    values = _spread(values, 2**bits - 1)
    made = Image.fromarray(65_535 - values if inverted else values)
    made.info, made.format = image.info, image.format
    return made


def _unsigned(image: Image.Image) -> Image.Image:
    tags: Any = getattr(image, "tag_v2", {})
    values = np.asarray(image)
    if (
        tags.get(_BITS, (0,))[0] != 32
        or tags.get(_SAMPLE_FORMAT, (1,))[0] != 1
        or values.min() >= 0
    ):
        return image
    made = Image.fromarray(values.view(np.uint32).astype(np.float32))
    made.info, made.format = image.info, image.format
    return made


def png(values: UInt16, chunks: Sequence[tuple[bytes, bytes]] = ()) -> bytes:
    """A PNG of 16-bit RGB or RGBA (h, w, 3 or 4), with these chunks (name, content) in its head."""
    order = cv2.COLOR_RGB2BGR if values.shape[2] == 3 else cv2.COLOR_RGBA2BGRA
    bgr = cv2.cvtColor(np.ascontiguousarray(values), order)
    del values  # memory for those who hold it no more
    done, coded = cv2.imencode(".png", bgr, [cv2.IMWRITE_PNG_COMPRESSION, 3])
    if not done:
        raise OSError("The PNG encoder failed.")
    del bgr
    data = coded.data
    head = len(_PNG_START) + 25  # and IHDR
    between = b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )
    return b"".join([data[:head], between, data[head:]])


def _decode(data: bytes, image: Image.Image, bits: int) -> UInt16 | None:
    """RGB or RGBA as Pillow's image shows it, at 16 bits; None if another decoder sees another."""
    decoder = {"HEIF": _by_heif, "PPM": _by_hand}.get(image.format or "", _by_opencv)
    values = decoder(data)
    if values is None or values.dtype != np.uint16 or values.ndim != 3:
        return None
    values = _spread(values, 2**bits - 1)
    if image.format == "HEIF":  # decoded by the same library; 4:2:0 at 8 bits is another rounding
        return values if values.shape[1::-1] == image.size else None
    transparent = "transparency" in image.info  # of 16 bits, which Pillow holds against 8
    shown = np.asarray(image.convert("RGBA" if values.shape[2] == 4 and not transparent else "RGB"))
    limit = LOSSY if image.format in ("AVIF", "JPEG2000") else 1
    for turned in (values, *_turned(values)):
        if turned.shape[:2] == shown.shape[:2]:
            # Pillow takes the upper 8 bits, or rounds.
            sample = turned[::7, ::7, : shown.shape[2]]
            if np.abs((sample >> 8).astype(int) - shown[::7, ::7]).max() <= limit:
                return np.ascontiguousarray(turned)
    return None


def _spread(values: UInt16, top: int) -> UInt16:
    """Levels from 0 to this one over all 65,536."""
    if top == LEVELS - 1:
        return values
    levels = np.minimum(np.arange(LEVELS), top) * ((LEVELS - 1) / top)
    table = np.rint(levels).astype(np.uint16)
    return np.asarray(cv2.LUT(np.ascontiguousarray(values), table), np.uint16)


def _by_opencv(data: bytes) -> Any:
    try:
        values: Any = cv2.imdecode(
            np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED | cv2.IMREAD_IGNORE_ORIENTATION
        )
    except cv2.error:
        return None
    if values is None or values.ndim != 3 or values.shape[2] not in (3, 4):
        return None
    order = cv2.COLOR_BGR2RGB if values.shape[2] == 3 else cv2.COLOR_BGRA2RGBA
    return cv2.cvtColor(values, order)


def _by_heif(data: bytes) -> Any:
    from pillow_heif import open_heif

    file = open_heif(io.BytesIO(data), convert_hdr_to_8bit=False, hdr_to_16bit=False)
    # RGBa is multiplied with its opacity, which 8 bits are enough for.
    return None if file.mode.startswith("RGBa") else np.asarray(file)


def _by_hand(data: bytes) -> Any:
    """A binary PPM of two bytes a channel."""
    found = _PPM.match(data)
    if not found:
        return None
    width, height, top = (int(number) for number in found.groups())
    count = width * height * 3
    values = np.frombuffer(data, ">u2", count, found.end()).reshape(height, width, 3)
    return _spread(values.astype(np.uint16), top)


def _turned(values: UInt16) -> Sequence[UInt16]:
    """The seven other orientations: Pillow has turned TIFFs upright, OpenCV perhaps not."""
    flipped = [values[::-1], values[:, ::-1], values[::-1, ::-1]]
    return [*flipped, *(one.swapaxes(0, 1) for one in (values, *flipped))]
