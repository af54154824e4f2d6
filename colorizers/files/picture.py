"""What every picture becomes when it is read, and the one error that reading and writing raise.

Made by :mod:`colorizers.files.reading`, written back by :mod:`colorizers.files.writing`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from colorizers.errors import ImageError
from colorizers.files.srgb import Pixels

MAX_PIXELS = 100_000_000
"""Largest accepted width x height; `colorizers.files.memory` bounds what they take."""
MAX_SIDE = 65_535
"""Longest accepted side: more than a browser can show."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded picture, upright and in sRGB, with what is needed to write it back.

    Attributes
    ----------
    rgb : ndarray, shape (height, width, 3), uint8 or uint16
        sRGB. uint16 where the file had more than 8 bits a channel (see `open_photo`). Grey
        pictures have three equal channels, often as a read-only view of one.
    alpha : ndarray, shape (height, width), uint8 or uint16, or None
        Opacity, the largest number is opaque; None if all of it is.
    format : str
        Pillow's name of the file's format, for example "JPEG".
    dpi : tuple of float, or None
        Print resolution, horizontal and vertical, in dots per inch.
    exif : bytes
        EXIF of an upright picture of this size, place and camera's settings included; empty if
        there is none.
    notices : tuple of str
        Sentences about what was changed on the way in that the person should know.
    icc : bytes
        The profile to be written: the file's own if it is of RGB, sRGB's if it is of ink or of
        grey, which cannot hold colours; empty if the file has none.
    xmp, iptc : bytes
        As in the file, the XMP upright; empty if there are none.
    """

    rgb: Pixels
    alpha: Pixels | None
    format: str
    dpi: tuple[float, float] | None = None
    exif: bytes = b""
    notices: tuple[str, ...] = ()
    icc: bytes = b""
    xmp: bytes = b""
    iptc: bytes = b""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.rgb.shape[1], self.rgb.shape[0]


def check_size(width: int, height: int, *, max_pixels: int = MAX_PIXELS) -> None:
    """Raise ImageError unless 0 < width x height <= max_pixels and no side is too long."""
    if width < 1 or height < 1:
        raise ImageError(f"The picture is {width} x {height} pixels, so there is nothing to see.")
    if width * height > max_pixels:
        raise ImageError(
            f"The picture has {width:,} x {height:,} pixels ({width * height / 1e6:,.1f} "
            f"megapixels) and the limit is {max_pixels / 1e6:g}; make it smaller and try again."
        )
    if max(width, height) > MAX_SIDE:
        raise ImageError(
            f"The picture is {width:,} x {height:,} pixels and the limit for one side is "
            f"{MAX_SIDE:,}; crop it or make it smaller and try again."
        )


def to_8_bits(values: NDArray[Any]) -> NDArray[np.uint8]:
    """uint16 [0, 65535] to the nearest uint8 [0, 255]; uint8 is returned as it is."""
    if values.dtype == np.uint8:
        return values
    return ((values.astype(np.uint32) + 128) // 257).astype(np.uint8)


def upright(array: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Undo EXIF orientation 1 to 8 on (h, w) or (h, w, 3)."""
    if orientation == 1:
        return array
    if array.ndim == 3 and array.strides[-1] == 0:  # grey: one channel seen three times
        turned = upright(np.ascontiguousarray(array[..., 0]), orientation)
        return np.broadcast_to(turned[..., None], (*turned.shape, 3))
    array = np.ascontiguousarray(array)
    if orientation >= 5:
        array = cv2.transpose(array)
    flip = {2: 1, 3: -1, 4: 0, 6: 1, 7: -1, 8: 0}.get(orientation)
    return array if flip is None else cv2.flip(array, flip)
