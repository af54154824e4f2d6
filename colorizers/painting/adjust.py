"""Saturation and warmth of colours that are already there: arithmetic on ab, no network.

Fed by the Colorize tab and `colorizers.painting.predict` with the small ab grid of a prediction.
Both changes are affine in ab, so doing them on the grid or on the full-size picture comes to the
same.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float32]

SATURATION = (0.0, 2.0)
WARMTH = (-1.0, 1.0)
WARM_AB = (4.0, 18.0)
"""What warmth 1 adds to a and b: about the step from noon to a late afternoon, towards orange."""


def adjust(ab: Float, saturation: float = 1.0, warmth: float = 0.0) -> Float:
    """Ab with more or less colour, and warmer or cooler as a whole.

    Parameters
    ----------
    ab : ndarray of float32, shape (..., 2)
        In units of Lab.
    saturation : float
        In [0, 2]: 0 is grey, 1 leaves the colours as they are, 2 doubles their chroma.
    warmth : float
        In [-1, 1]: towards blue below 0, towards orange above; see `WARM_AB`.

    Returns
    -------
    ndarray of float32, shape (..., 2)

    Raises
    ------
    ValueError
        If saturation or warmth is out of its range.

    Examples
    --------
    >>> adjust(np.float32([[10.0, -20.0]]), saturation=0.5).tolist()
    [[5.0, -10.0]]
    >>> adjust(np.float32([[10.0, -20.0]]), saturation=0.0, warmth=1.0).tolist()
    [[4.0, 18.0]]
    """
    within("saturation", saturation, SATURATION)
    within("warmth", warmth, WARMTH)
    cast = np.array(WARM_AB, np.float32) * np.float32(warmth)
    return np.asarray(np.asarray(ab, np.float32) * np.float32(saturation) + cast, np.float32)


def within(name: str, value: float, limits: tuple[float, float]) -> float:
    """The value, if it is a number within the limits.

    Raises
    ------
    ValueError
        With a sentence for people, whatever else it is.
    """
    low, high = limits
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not low <= value <= high:
        shown = f" {value:g}" if number and abs(value) < 1e9 else ""  # no float holds 10**400
        raise ValueError(f"The {name}{shown} must be a number from {low:g} to {high:g}.")
    return float(value)
