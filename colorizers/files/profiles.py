"""ICC profiles: which one a picture is written in, and the way from one to another.

LittleCMS converts through any profile: 8 bits as Pillow brings it, 16 as imagecodecs does, since
Pillow gives it no 16-bit colour.

References
----------
ICC.1:2010, 7.2 (header), 7.3 (tag table), 10.5 (curveType), 10.15 (parametricCurveType).
"""

from __future__ import annotations

import functools
import io
import struct

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from colorizers.files.srgb import is_srgb
from colorizers.parallel import in_strips, strips

Float = NDArray[np.float32]
UInt16 = NDArray[np.uint16]

LEVELS = 65_536
INTENT, FLAGS = imagecodecs.CMS.INTENT, imagecodecs.CMS.FLAGS


@functools.cache
def srgb_profile() -> bytes:
    """LittleCMS's own sRGB profile, about 600 bytes; undated, so that files can be made again."""
    data = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return data[:24] + struct.pack(">6H", 2000, 1, 1, 0, 0, 0) + data[36:]


def rgb_profile(curve: bytes, colorants: NDArray[np.float64] | None = None) -> bytes:
    """A profile of RGB with one tone curve.

    Parameters
    ----------
    curve : bytes
        A curveType or parametricCurveType; see `curve_of`.
    colorants : ndarray of float64, shape (3, 3), optional
        XYZ relative to D50 of linear R, G and B, one a column; by default sRGB's.
    """
    # LittleCMS's sRGB: the curve comes to its end, and its name is made another one.
    data = bytearray(srgb_profile().replace("sRGB".encode("utf-16-be"), "RGB ".encode("utf-16-be")))
    for index in range(struct.unpack_from(">I", data, 128)[0]):
        entry = 132 + 12 * index
        name, offset, _ = struct.unpack_from(">4sII", data, entry)
        if name in (b"rTRC", b"gTRC", b"bTRC"):
            struct.pack_into(">II", data, entry + 4, len(srgb_profile()), len(curve))
        elif colorants is not None and name in (b"rXYZ", b"gXYZ", b"bXYZ"):
            column = colorants[:, b"rgb".index(name[:1])]
            struct.pack_into(">3i", data, offset + 8, *(round(65_536 * value) for value in column))
    data += curve + b"\0" * (-len(curve) % 4)
    struct.pack_into(">I", data, 0, len(data))
    return bytes(data)


def curve_of(*numbers: float) -> bytes:
    """A parametricCurveType: x ** g, or (a x + b) ** g from d on and c x below: g, a, b, c, d."""
    kind = {1: 0, 5: 3}[len(numbers)]
    values = [round(65_536 * number) for number in numbers]
    return b"para\0\0\0\0" + struct.pack(f">HH{len(values)}i", kind, 0, *values)


def is_rgb(icc: bytes) -> bool:
    """Whether a profile can be read and is of RGB."""
    try:
        return _space(ImageCms.ImageCmsProfile(io.BytesIO(icc))) == "RGB"
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return False


def is_of_grey(icc: bytes) -> bool:
    """Whether a profile says that it is of grey, such as one of dot gain."""
    return icc[16:20] == b"GRAY"


def is_srgb_bytes(icc: bytes) -> bool:
    """Whether these bytes are a profile that says that it is sRGB."""
    try:
        return is_srgb(ImageCms.ImageCmsProfile(io.BytesIO(icc)))
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return False


def written_profile(icc: bytes) -> bytes:
    """The profile for the coloured picture of a file that had this one.

    Its own, if it is of RGB; sRGB's, if it is of ink or of grey, in which there is no place for
    colours, or cannot be read; empty if the file had none.
    """
    if not icc:
        return b""
    return icc if is_rgb(icc) else srgb_profile()


def from_srgb(rgb: NDArray[np.uint8], icc: bytes) -> NDArray[np.uint8] | None:
    """8-bit sRGB (h, w, 3) in the space of a profile; None if it works one way only."""
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        if is_srgb(profile):
            return rgb
        transform = ImageCms.buildTransform(
            ImageCms.createProfile("sRGB"),
            profile,
            "RGB",
            "RGB",
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None
    out = np.empty(rgb.shape, np.uint8)
    for rows in strips(rgb.shape, 1_000_000):  # Pillow's copies of a strip, not of the picture
        image = Image.fromarray(np.ascontiguousarray(rgb[rows]))
        ImageCms.applyTransform(image, transform, inPlace=True)
        out[rows] = np.asarray(image)
    return out


def converted(rgb: UInt16, source: bytes, target: bytes) -> UInt16 | None:
    """Convert 16-bit pixels (h, w, 3) from the colour space of one RGB profile to another's.

    LittleCMS computes each pixel exactly: its interpolated tables are off by up to a twelfth
    of the range (docs/LOG.md).

    Returns
    -------
    ndarray of uint16, shape (h, w, 3), or None
        Clipped to the target's gamut; None if a profile cannot be read, is not RGB, or lacks
        this direction.
    """
    out = np.empty(rgb.shape, np.uint16)

    def convert(rows: slice) -> None:
        out[rows] = imagecodecs.cms_transform(
            np.ascontiguousarray(rgb[rows]), source, target, colorspace="rgb",
            outcolorspace="rgb", intent=INTENT.RELATIVE_COLORIMETRIC,
            flags=FLAGS.NOOPTIMIZE | FLAGS.BLACKPOINTCOMPENSATION,
        )  # fmt: skip

    try:
        in_strips(rgb.shape, convert)
    except (imagecodecs.CmsError, ValueError, TypeError):
        return None
    return out


def linear_light(tag: bytes) -> NDArray[np.float64]:
    """Linear light of 65,536 levels by a curveType or a parametricCurveType."""
    x = np.arange(LEVELS) / (LEVELS - 1)
    if tag[:4] == b"curv":
        (count,) = struct.unpack_from(">I", tag, 8)
        if count == 0:
            return x
        points = np.frombuffer(tag, ">u2", count, 12).astype(np.float64)
        if count == 1:
            return x ** (points[0] / 256.0)
        return np.interp(x, np.linspace(0, 1, count), points / 65_535.0)
    if tag[:4] != b"para":
        raise ValueError("neither curve nor parametric curve")
    (kind,) = struct.unpack_from(">H", tag, 8)
    count = (1, 3, 4, 5, 7)[kind] if kind < 5 else 0
    g, a, b, c, d, e, f = np.pad(
        np.array(struct.unpack_from(f">{count}i", tag, 12)) / 65_536.0, (0, 7 - count)
    )
    if kind == 0:
        return x**g
    if kind == 1:
        return np.where(x >= -b / a, np.maximum(a * x + b, 0.0) ** g, 0.0)
    if kind == 2:
        return np.where(x >= -b / a, np.maximum(a * x + b, 0.0) ** g + c, c)
    return np.where(x >= d, np.maximum(a * x + b, 0.0) ** g + e, c * x + f).clip(0.0, 1.0)


def _space(profile: ImageCms.ImageCmsProfile) -> str:
    return str(profile.profile.xcolor_space).strip()
