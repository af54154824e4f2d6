"""The two loops over every pixel of a large photograph, compiled by Numba.

For :mod:`colorizers.painting.strips`, which cuts a photograph into strips and gives each to a
thread: no loop here holds Python's lock. Whole-array operations pass over a strip some forty times
where one of these passes once; for 12 megapixels they took twice to three times as long
(docs/LOG.md).

Numba compiles a loop when it is first called, which takes a second or two, and keeps the result
beside this file or, where that folder cannot be written, in the user's cache. Indices are not
checked, so each is brought into its range first, also for numbers that are not numbers.

References
----------
IEC 61966-2-1 (sRGB); CIE 15:2004 (Lab).
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from numba import njit
from numpy.typing import NDArray

from colorizers.color import (
    HALVINGS,
    PEAK,
    RGB_FROM_XYZ,
    WHITE,
    XYZ_FROM_RGB,
    from_srgb_curve,
    to_srgb_curve,
)

Float = NDArray[np.float32]
Function = TypeVar("Function", bound=Callable[..., Any])

LEVELS = 65_536
"""Of linear light, and of Y, in the tables."""
BEND = np.float32(6 / 29)
"""Where CIE's cube root becomes a straight line: at Y = BEND ** 3, L = 8."""

_LINE = np.float32(3 * (6 / 29) ** 2)
_TOP = np.float32(LEVELS - 1)
_0, _HALF, _1, _16 = (np.float32(v) for v in (0, 1 / 2, 1, 16))
_1_116, _1_200, _1_500 = (np.float32(v) for v in (1 / 116, 1 / 200, 1 / 500))
_PEAK, _ROUNDING = np.float32(PEAK) * _TOP, np.float32(1e-6) * _TOP
# Of X, Y and Z relative to the white point; each row gives a channel in [0, LEVELS - 1].
_RED, _GREEN, _BLUE = (
    tuple(np.float32(weight) for weight in row) for row in _TOP * RGB_FROM_XYZ * WHITE
)


def compiled(function: Function, inline: str = "never") -> Function:
    """Compile a function at its first call, and keep it for the next process if that can be."""
    # No reordering and no promise that nothing is NaN: only a * b + c in one rounding.
    options: dict[str, Any] = {
        "nogil": True, "fastmath": {"contract"}, "error_model": "numpy", "inline": inline,
    }  # fmt: skip
    try:
        made: Function = njit(cache=True, **options)(function)
    except RuntimeError:  # neither this folder nor the user's can be written
        made = njit(**options)(function)
    return made


inlined = functools.partial(compiled, inline="always")
"""For loops over arrays that the caller has made: the compiler must see that they are apart."""


@compiled
def lightness(rgb: Any, red: Float, green: Float, blue: Float, curve: Float, L: Float) -> None:
    """L of sRGB.

    Parameters
    ----------
    rgb : ndarray of uint8 or uint16, shape (rows, width, 3)
    red, green, blue : ndarray of float32, shape (highest value of rgb + 1,)
        What each value adds to Y, times LEVELS - 1.
    curve : ndarray of float32, shape (LEVELS + 1,)
        L of Y = k / (LEVELS - 1); between two of them L is taken as straight.
    L : ndarray of float32, shape (rows, width)
        Written.
    """
    for row in range(rgb.shape[0]):
        for x in range(rgb.shape[1]):
            y = red[rgb[row, x, 0]] + green[rgb[row, x, 1]] + blue[rgb[row, x, 2]]
            y = y if y < _TOP else _TOP
            below = np.int32(y)
            L[row, x] = curve[below] + (y - np.float32(below)) * (curve[below + 1] - curve[below])


@compiled
def paint(
    L: Float, coefficients: Float, rows: tuple[Any, Any], columns: tuple[Any, Any],
    curve: NDArray[np.uint8], out: NDArray[np.uint8],
) -> None:  # fmt: skip
    """sRGB of 8 bits of L and of an ab that is linear in L.

    Parameters
    ----------
    L : ndarray of float32, shape (height, width)
    coefficients : ndarray of float32, shape (grid height, grid width, 4)
        Slope of a, slope of b, offset of a, offset of b.
    rows, columns : tuple of ndarray, int32 and float32, each of shape (height,) or (width,)
        For each row and each column of L the place on the grid before it, and what of the way to
        the next place is done, in [0, 1); see `places`.
    curve : ndarray of uint8, shape (LEVELS,)
        sRGB of linear light k to k + 1, in [0, LEVELS - 1].
    out : ndarray of uint8, shape (height, width, 3)
        Written.
    """
    height, width = L.shape
    grid_width = coefficients.shape[1]
    here, step = np.empty((grid_width, 4), np.float32), np.empty((grid_width, 4), np.float32)
    wide, lights = np.empty((width, 4), np.float32), np.empty((3, width), np.float32)
    few, state = np.empty((3, width), np.float32), np.empty((4, width), np.float32)
    places = np.empty(width, np.int32)
    levels = np.empty((3, width), np.uint16)
    for row in range(height):
        _enlarge(coefficients, rows[0][row], rows[1][row], columns, here, step, wide)
        _light(L[row], wide, lights, few, state, places)
        for channel in range(3):
            for x in range(width):
                levels[channel, x] = np.int32(lights[channel, x])
        for x in range(width):
            for channel in range(3):
                out[row, x, channel] = curve[levels[channel, x]]


@compiled
def paint_deep(
    L: Float, coefficients: Float, rows: tuple[Any, Any], columns: tuple[Any, Any],
    curve: Float, out: NDArray[np.uint16],
) -> None:  # fmt: skip
    """As `paint`, with 16 bits.

    The curve is a table of LEVELS + 1 values in [0, 65535], float32: sRGB of linear light k,
    between two of which it is taken as straight.
    """
    height, width = L.shape
    grid_width = coefficients.shape[1]
    here, step = np.empty((grid_width, 4), np.float32), np.empty((grid_width, 4), np.float32)
    wide, lights = np.empty((width, 4), np.float32), np.empty((3, width), np.float32)
    few, state = np.empty((3, width), np.float32), np.empty((4, width), np.float32)
    places = np.empty(width, np.int32)
    for row in range(height):
        _enlarge(coefficients, rows[0][row], rows[1][row], columns, here, step, wide)
        _light(L[row], wide, lights, few, state, places)
        for x in range(width):
            for channel in range(3):
                light = lights[channel, x]
                below = np.int32(light)
                part = light - np.float32(below)
                value = curve[below] + part * (curve[below + 1] - curve[below])
                out[row, x, channel] = np.int32(value + np.float32(0.5))


def places(count: int, grid: int) -> tuple[NDArray[np.int32], Float]:
    """Where `count` pixels lie on a grid of fewer cells that spans the same length.

    Both count from the middles of their cells, and what lies outside the outermost middles gets
    their values, as with OpenCV's bilinear enlargement.

    Returns
    -------
    before : ndarray of int32, shape (count,)
        The cell before each, in [0, grid - 1].
    part : ndarray of float32, shape (count,)
        What of the way to the next cell is done, in [0, 1); 0 at the last cell.

    Examples
    --------
    >>> places(4, 2)
    (array([0, 0, 0, 1], dtype=int32), array([0.  , 0.25, 0.75, 0.  ], dtype=float32))
    """
    place = ((np.arange(count) + 0.5) * (grid / count) - 0.5).clip(0, grid - 1)
    before = place.astype(np.int32)
    return before, (place - before).astype(np.float32)


@functools.cache
def srgb_table() -> NDArray[np.uint8]:
    """sRGB of linear light k to k + 1, of LEVELS - 1; shape (LEVELS,)."""
    middle = (np.arange(LEVELS) + 0.5) / (LEVELS - 1)
    return np.rint(255.0 * to_srgb_curve(middle.clip(0.0, 1.0))).astype(np.uint8)


@functools.cache
def deep_srgb_table() -> Float:
    """sRGB, in [0, 65535], of linear light k, of LEVELS - 1; one more, as the loop looks ahead."""
    light = np.arange(LEVELS + 1) / (LEVELS - 1)
    return (65_535.0 * to_srgb_curve(light.clip(0.0, 1.0))).astype(np.float32)


@functools.cache
def L_table() -> Float:
    """L in [0, 100] of luminance Y = k / (LEVELS - 1), shape (LEVELS + 1,).

    The last entry repeats the one before, since the loop interpolates towards the next.
    """
    y = (np.arange(LEVELS + 1) / (LEVELS - 1)).clip(0.0, 1.0)
    straight = y * (116.0 / (3.0 * (6 / 29) ** 2))
    return np.where(y > (6 / 29) ** 3, 116.0 * np.cbrt(y) - 16.0, straight).astype(np.float32)


@functools.cache
def luminance_tables(depth: int) -> tuple[Float, Float, Float]:
    """Contribution of each level 0 to `depth` of R, G and B to Y; each of shape (depth + 1,)."""
    linear = (LEVELS - 1) * from_srgb_curve(np.arange(depth + 1) / depth)
    red, green, blue = (
        (weight * linear).astype(np.float32) for weight in XYZ_FROM_RGB[1] / WHITE[1]
    )
    return red, green, blue


@compiled
def _enlarge(
    coefficients: Float, before: Any, part: Any, columns: tuple[Any, Any],
    here: Float, step: Float, wide: Float,
) -> None:  # fmt: skip
    """One row of the grid between two of its own, enlarged bilinearly to (width, 4).

    `here` and `step`, (grid width, 4), hold that row and the way from each cell to the next.
    """
    last = here.shape[0] - 1
    after = min(before + 1, coefficients.shape[0] - 1)
    for x in range(last + 1):
        for k in range(4):
            above = coefficients[before, x, k]
            here[x, k] = above + part * (coefficients[after, x, k] - above)
    for x in range(last):
        for k in range(4):
            step[x, k] = here[x + 1, k] - here[x, k]
    for k in range(4):
        step[last, k] = _0
    places, parts = columns
    for x in range(wide.shape[0]):
        place, share = places[x], parts[x]
        for k in range(4):
            wide[x, k] = here[place, k] + share * step[place, k]


@inlined
def _light(L: Float, wide: Float, lights: Float, few: Float, state: Float, places: Any) -> None:
    """Linear light of a row in [0, LEVELS - 1], (3, width); chroma is less where it must be.

    `few`, (3, width), `state`, (4, width), and `places`, (width,), are room for the pixels whose
    colour sRGB lacks. Loops that calculate have no branch and keep to arrays that are made in the
    function where they end up, so that the compiler takes several pixels at once.
    """
    for x in range(L.shape[0]):
        a = wide[x, 2] + wide[x, 0] * L[x]
        b = wide[x, 3] + wide[x, 1] * L[x]
        red, green, blue = _linear(L[x], a, b)
        lights[0, x] = _clip(red)
        lights[1, x] = _clip(green)
        lights[2, x] = _clip(blue)
        state[3, x] = _beyond(red, green, blue)
    count = 0
    for x in range(L.shape[0]):
        if state[3, x] > _ROUNDING:
            few[0, count] = L[x]
            few[1, count] = wide[x, 2] + wide[x, 0] * L[x]
            few[2, count] = wide[x, 3] + wide[x, 1] * L[x]
            state[3, count] = state[3, x]
            places[count] = x
            count += 1
    # The share of the chroma that sRGB has, as `colorizers.color` finds it. The state is a share
    # inside and one outside, and how far beyond sRGB their colours are.
    for n in range(count):
        state[0, n] = _0
        state[1, n] = _1
        state[2, n] = _beyond(*_linear(few[0, n], _0, _0))
    for _ in range(HALVINGS):
        for n in range(count):
            inside, outside, below, above = _halved(
                few[0, n], few[1, n], few[2, n], state[0, n], state[1, n], state[2, n], state[3, n]
            )
            state[0, n] = inside
            state[1, n] = outside
            state[2, n] = below
            state[3, n] = above
    for n in range(count):
        steps = (state[1, n] - state[0, n]) / (state[3, n] - state[2, n])
        share = state[0, n] - state[2, n] * steps
        share = share if share > _0 else _0
        red, green, blue = _linear(few[0, n], share * few[1, n], share * few[2, n])
        state[0, n] = _clip(red)
        state[1, n] = _clip(green)
        state[2, n] = _clip(blue)
    for n in range(count):
        for channel in range(3):
            lights[channel, places[n]] = state[channel, n]


@compiled
def _halved(
    L: Any, a: Any, b: Any, inside: Any, outside: Any, below: Any, above: Any
) -> tuple[Any, Any, Any, Any]:
    """Half of the way between a share of the chroma inside and one outside, by what is between."""
    middle = _HALF * (inside + outside)
    there = _beyond(*_linear(L, middle * a, middle * b))
    out = there > _0
    return (
        inside if out else middle,
        middle if out else outside,
        below if out else there,
        there if out else above,
    )


@compiled
def _linear(L: Any, a: Any, b: Any) -> tuple[Any, Any, Any]:
    """Linear red, green and blue of one Lab colour; those of sRGB are in [0, LEVELS - 1]."""
    f_y = (L + _16) * _1_116
    f_z = f_y - b * _1_200
    x, y = _cube(f_y + a * _1_500), _cube(f_y)
    z = _cube(f_z if f_z > _0 else _0)  # as scikit-image does
    return (
        _RED[0] * x + _RED[1] * y + _RED[2] * z,
        _GREEN[0] * x + _GREEN[1] * y + _GREEN[2] * z,
        _BLUE[0] * x + _BLUE[1] * y + _BLUE[2] * z,
    )


@compiled
def _beyond(red: Any, green: Any, blue: Any) -> Any:
    """How far linear light is outside sRGB; negative inside."""
    low, high = red if red < green else green, red if red > green else green
    low, high = -(low if low < blue else blue), (high if high > blue else blue) - _PEAK
    return low if low > high else high


@compiled
def _cube(f: Any) -> Any:
    """XYZ relative to white: f cubed above the bend, a straight line below it."""
    above = f if f > BEND else BEND
    return above * above * above + (f - above) * _LINE


@compiled
def _clip(light: Any) -> Any:
    """Into [0, LEVELS - 1]; NaN, for which no comparison holds, becomes 0."""
    light = light if light > _0 else _0
    return light if light < _TOP else _TOP
