"""Only the colours of a picture, to be laid over its grey original with the blend mode Color.

The blend mode takes hue and saturation of the layer, and the luma of what lies under it: it shifts
red, green and blue of the layer by one number until the luma is that of the backdrop. So what a
layer holds is each pixel's distance from its own luma, and its lightness is free: here it is as
near to middle grey as the distance allows, so that the photograph itself cannot be seen in it.

Luma is not L: colours that are laid over the original move its L a little, and a picture of
constant L moves it more (docs/LOG.md has how much).

References
----------
W3C: Compositing and Blending Level 1, 10.3 (non-separable blend modes), which is ISO 32000's.
"""

from __future__ import annotations

import numpy as np

from colorizers.files.srgb import Pixels
from colorizers.parallel import in_strips

LUMA = np.array([0.3, 0.59, 0.11], np.float32)
"""Of red, green and blue, as they are in the file."""


def colours_alone(rgb: Pixels) -> Pixels:
    """The layer of a coloured picture.

    Parameters
    ----------
    rgb : ndarray of uint8 or uint16, shape (height, width, 3)
        sRGB.

    Returns
    -------
    ndarray of the same shape and type
        sRGB: middle grey where there is no colour.

    Examples
    --------
    >>> colours_alone(np.array([[[90, 90, 90], [200, 100, 100]]], np.uint8)).tolist()
    [[[128, 128, 128], [198, 98, 98]]]
    """
    layer = np.empty(rgb.shape, rgb.dtype)
    most = np.iinfo(rgb.dtype).max
    middle = most // 2 + 1

    def convert(rows: slice) -> None:
        values = rgb[rows].astype(np.float32)
        away = values - (values @ LUMA)[..., None]  # (rows, width, 3)
        lowest, highest = -away.min(axis=-1, keepdims=True), most - away.max(axis=-1, keepdims=True)
        layer[rows] = np.rint(np.clip(middle, lowest, highest) + away).clip(0, most)

    in_strips(rgb.shape[:2], convert)
    return layer
