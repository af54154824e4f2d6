"""A photograph of any size in, its colorization at full size out, with the photograph's own L.

A colorizer sees a small square of L (32 x 32 for the models that learned from CIFAR-10) and answers
with a and b for it. The way there and back:

1. L of the whole photograph, exactly, in strips on every processor (`colorizers.painting.strips`).
2. Views: the photograph area-averaged to the colorizer's square. A nearly square photograph is
   squeezed to it, a longer one is covered by overlapping square windows whose answers fade into
   each other. A network that takes any shape (`colorizers.networks.photo`) is shown the whole
   photograph. Each view is shown mirrored as well, and the answers are averaged
   (`Colorizer.predict_ab`).
3. The answers, joined on one small grid, are brought to a working size of 384 rows or columns by
   an edge-preserving smoother guided by L (Min et al. 2014). What the cells' means then miss of
   the network's answer is added by a guided filter, a few times over (back-projection, Irani and
   Peleg 1991), so that every cell keeps the colour that the network gave.
4. A local linear model of ab in L (He and Sun 2015) carries the working size to the full size, so
   that colour stops at the same pixel as the edge.
5. The photograph's own L and the new ab become sRGB of 8 bits, or of 16 where the file had them.

Step 2 was chosen with an early classifier on 80 photographs cropped to 3 : 2 and 5 : 2, lying and
standing, by the mean ab distance to the truth: windows 13.68 and 13.92, squeezing 13.81 and 14.18,
mirrored padding 13.78 and 14.08, no mirrored view 13.82 and 14.19, no colour 15.01 and 14.90.

Steps 3 and 4 were chosen on eight of scikit-image's photographs by the mean ab distance to the
truth when the truth's ab, averaged to 32 x 32 and to a short side of 96, is brought back:
bilinear 4.17 and 2.35; the smoother alone, seven times at 1,024 pixels, 3.64 and 2.06, which takes
about five times as long; the guided filter alone 3.64 and 2.00, but at a hard edge it leaves
colour over; one smoothing and three guided filters 3.50 and 1.99. docs/LOG.md has the others.

References
----------
Min, Choi, Lu, Ham, Sohn, Do 2014, "Fast global image smoothing based on weighted least squares".
Irani, Peleg 1991, "Improving resolution by image registration" (back-projection).
He, Sun 2015, "Fast guided filter", arXiv:1505.00996.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from colorizers.color import L_MAX
from colorizers.files.picture import Picture
from colorizers.files.reading import from_array, from_pil, open_photo
from colorizers.files.srgb import Pixels
from colorizers.files.writing import to_pil
from colorizers.painting.adjust import adjust
from colorizers.painting.neutral import frame, seen, whiten
from colorizers.painting.predictor import Predictor
from colorizers.painting.strips import lightness, paint
from colorizers.parallel import one_thread, threads

if TYPE_CHECKING:
    from colorizers.painting.hints import Hint
    from colorizers.painting.masks import Mask
    from colorizers.painting.references import Reference

Float = NDArray[np.float32]
Progress = Callable[[float, str], None]
"""Called with the share done in [0, 1] and what is being done."""
Masked: TypeAlias = "tuple[Mask, Float]"
"""A mask, and the colours on a small grid that are seen where it is white."""

WORK_SIDE = 384
"""Short side at which edges are followed; the step to full size is linear in L."""
WORK_LONGEST = 4096
"""Of a very long picture, whose short side is then less."""
SQUEEZE = 1.25
"""Up to this ratio of the sides a photograph is squeezed to a square, not cut into windows."""
MAX_WINDOWS = 16
SMOOTH_LAMBDA = 1.0
"""Strength of the smoother, in squared cells of the small grid."""
SMOOTH_SIGMA = 4.0
"""Difference of the 8-bit guide that counts as an edge."""
GRAIN = (7, 25.0, 2.0)
"""Bilateral filter of the guide: diameter, range in 8-bit levels, sigma in pixels."""
BACK_PROJECTIONS = 3
EDGE_EPS = 6.0
"""Variance of L (squared L units) below which the local linear model ignores detail."""

__all__ = [
    "colorize",
    "colorize_photo",
    "lightness",
    "paint_grid",
    "predict_grid",
    "predict_grids",
    "resize",
    "upsample_ab",
    "working_shape",
]


def colorize(
    colorizer: Predictor,
    image: Image.Image | NDArray[np.uint8] | str | Path | bytes,
    *,
    saturation: float = 1.0,
    warmth: float = 0.0,
    progress: Progress | None = None,
    **options: Any,
) -> Image.Image:
    """Colorize one picture at its own size.

    Parameters
    ----------
    colorizer : Predictor
        Predicts ab for squares of L; see `colorizers.load`.
    image : PIL.Image.Image, ndarray, str, Path or bytes
        A picture in memory, the path of a file, or a file's content. An array is sRGB, uint8 or
        uint16, shape (height, width, 3) or (height, width). Colour is ignored: only L is used.
    saturation : float
        In [0, 2]: 0 is grey, 1 leaves the network's colours as they are.
    warmth : float
        In [-1, 1]: towards blue below 0, towards orange above; see `colorizers.painting.adjust`.
    progress : callable, optional
        Called with (share done in [0, 1], what is being done).
    **options
        Passed on to the colorizer, for example `temperature`.

    Returns
    -------
    PIL.Image.Image
        RGB of the input's size (upright, if the file has an EXIF orientation), or RGBA if the
        input is transparent somewhere; 8 bits a channel, as Pillow has no 16-bit colour. For
        those see `colorize_photo` and `colorizers.files.reading.save`.

    Raises
    ------
    colorizers.errors.ImageError
        If the picture cannot be used.
    ValueError
        If saturation, warmth or an option is out of its range.
    """
    if isinstance(image, Image.Image):
        photo = from_pil(image)
    elif isinstance(image, np.ndarray):
        photo = from_array(image)
    else:
        photo = open_photo(image)
    rgb = colorize_photo(
        colorizer, photo, saturation=saturation, warmth=warmth, progress=progress, **options
    )
    return to_pil(rgb, photo)


def colorize_photo(
    colorizer: Predictor,
    photo: Picture,
    *,
    saturation: float = 1.0,
    warmth: float = 0.0,
    hints: Sequence[Hint] = (),
    reach: float = 0.0,
    references: Sequence[Reference] = (),
    mask: Mask | None = None,
    progress: Progress | None = None,
    **options: Any,
) -> Pixels:
    """Colorize a decoded photograph.

    Parameters
    ----------
    colorizer, saturation, warmth, progress, **options
        As for `colorize`.
    photo : Picture
        Upright sRGB.
    hints, reach
        Places with a colour of their own; see `colorizers.painting.hints`. They come last, so that
        they keep the very colour that was chosen.
    references
        Photographs whose colours are taken; see `colorizers.painting.references`. They come first,
        so that saturation and warmth change what they give.
    mask
        Where the guess is taken back, or another version is used; see `colorizers.painting.masks`.

    Returns
    -------
    ndarray, shape (height, width, 3), uint8 or, where the photograph is, uint16
        sRGB whose L is the photograph's own, within rounding. Where the predicted colour does not
        exist in sRGB it is paler (see `colorizers.color.lab_to_rgb`).
    """
    report = progress or _silent
    report(0.0, "Reading the picture")
    if mask is not None:
        from colorizers.painting import masks  # which imports this module

        masks.fit(mask, *photo.size)
    L = lightness(photo.rgb)
    report(0.3, "Colouring")
    L_work = _working_size(L)

    def guessed(options: Mapping[str, Any]) -> Float:
        with one_thread():  # so that a recipe gives the same bytes with any number of cores
            ab_grid = predict_grid(colorizer, L_work, **options)
        if references:
            from colorizers.painting.references import with_references  # which imports this module

            ab_grid = with_references(colorizer, L_work, ab_grid, references)
        return adjust(ab_grid, saturation, warmth)

    def hinted(ab_grid: Float) -> Float:
        if not hints:
            return ab_grid
        from colorizers.painting.hints import with_hints  # which imports this module

        return with_hints(L_work, ab_grid, hints, reach)

    grid, masked = hinted(guessed(options)), None
    if mask is not None:
        grey = mask.version is None
        other = np.zeros_like(grid) if grey else guessed(masks.options(mask, colorizer, options))
        masked = mask, hinted(other)
    report(0.5, "Following the edges")
    coefficients = _coefficients(L_work, grid, masked)
    rgb = paint(
        L,
        coefficients,
        deep=photo.rgb.dtype == np.uint16,
        progress=lambda share: report(0.6 + 0.4 * share, "Writing the full size"),
    )
    whiten(rgb, L, frame(L_work))
    return rgb


def paint_grid(
    L: Float,
    ab_grid: Float,
    *,
    masked: Masked | None = None,
    deep: bool = False,
    progress: Progress | None = None,
) -> Pixels:
    """The picture of an L and of colours on a small grid: what is left when the network has run.

    Parameters
    ----------
    L : ndarray of float32, shape (height, width)
        In [0, 100].
    ab_grid : ndarray of float32, shape (grid height, grid width, 2)
        From `predict_grid`, changed or not.
    masked : (Mask, ndarray), optional
        A mask, and another grid that is seen where it is white.
    deep : bool
        Whether to give 16 bits a channel.
    progress : callable, optional

    Returns
    -------
    ndarray, shape (height, width, 3), uint8 or uint16
        sRGB; see `colorize_photo`.
    """
    report = progress or _silent
    report(0.0, "Following the edges")
    L_work = _working_size(L)
    rgb = paint(
        L,
        _coefficients(L_work, ab_grid, masked),
        deep=deep,
        progress=lambda share: report(0.2 + 0.8 * share, "Writing the full size"),
    )
    whiten(rgb, L, frame(L_work))
    return rgb


def predict_grid(colorizer: Predictor, L: Float, **options: Any) -> Float:
    """Predicted ab on a small grid that spans the whole picture.

    Parameters
    ----------
    colorizer : Predictor
    L : ndarray of float32, shape (height, width)
        L in [0, 100].
    **options
        For the colorizer.

    Returns
    -------
    ndarray of float32, shape (grid height, grid width, 2)
        `colorizer.size` square, or longer along the longer side of a long picture; of a network
        that takes any shape, its answer to the whole picture.
    """
    if colorizer.shape is not None:
        rows, columns = colorizer.shape(*L.shape)
        view = resize(L, columns, rows).clip(0.0, L_MAX)
        return colorizer.predict_ab(view[None], **options)[0] * seen(view)
    size = colorizer.size
    if L.shape[0] > L.shape[1]:
        # One code path: windows run along the width. The network must see the picture upright, so
        # only the bookkeeping is transposed and every window is turned back before it is shown.
        upright = True
        long, short = L.shape
    else:
        upright = False
        short, long = L.shape
    count, window = _windows(long, short)
    starts = np.linspace(0, long - window, count)
    views = np.empty((count, size, size), np.float32)
    for index, start in enumerate(starts):
        span = slice(round(start), round(start) + window)
        views[index] = resize(L[span] if upright else L[:, span], size, size).clip(0.0, L_MAX)
    ab = np.asarray(colorizer.predict_ab(views, **options), np.float32)
    if count == 1:
        return np.asarray(ab[0] * seen(views[0]))

    if upright:
        ab = ab.swapaxes(1, 2)
    scale = size / window
    grid = np.zeros((size, round(long * scale), 2), np.float32)
    weights = np.zeros((1, grid.shape[1], 1), np.float32)
    # Seams fade where windows overlap; the small constant keeps the picture's ends defined.
    fade = np.hanning(size + 2)[1:-1].astype(np.float32)[None, :, None] + 1e-3
    for index, start in enumerate(starts):
        left = min(round(start * scale), grid.shape[1] - size)
        grid[:, left : left + size] += fade * ab[index]
        weights[:, left : left + size] += fade
    grid *= seen(views) / weights
    return np.ascontiguousarray(grid.swapaxes(0, 1) if upright else grid)


def predict_grids(colorizer: Predictor, L: Float, first: int, count: int) -> list[Float]:
    """Grids of a picture as `predict_grid` gives them, drawn by the seeds from `first` on.

    A network that takes any shape looks at the picture once, and draws them all together.
    """
    if colorizer.shape is None:
        return [predict_grid(colorizer, L, seed=first + n) for n in range(count)]
    rows, columns = colorizer.shape(*L.shape)
    view = resize(L, columns, rows).clip(0.0, L_MAX)
    ab = colorizer.predict_ab(np.repeat(view[None], count, axis=0), seed=first)
    return list(ab * seen(view))


def upsample_ab(L: Float, ab_grid: Float) -> Float:
    """Bring ab from a small grid to the size of L, stopping at the edges of L.

    Parameters
    ----------
    L : ndarray of float32, shape (height, width)
        Guide, L in [0, 100].
    ab_grid : ndarray of float32, shape (grid height, grid width, 2)
        a and b of the cells of a regular grid over the same picture.

    Returns
    -------
    ndarray of float32, shape (height, width, 2)
    """
    coefficients = resize(_linear_in_L(_working_size(L), ab_grid), *L.shape[::-1], smooth=False)
    slope, offset = coefficients[..., :2], coefficients[..., 2:]
    return slope * L[..., None] + offset


def resize(plane: Float, width: int, height: int, *, smooth: bool = True) -> Float:
    """Area average where an axis shrinks, bicubic where it grows; (h, w) or (h, w, c), float32.

    Within the plane's own range, but for rounding. If not `smooth`, what grows is bilinear.
    """
    plane = np.ascontiguousarray(plane, np.float32)
    # One axis at a time: OpenCV averages areas only where both axes shrink. The height first, as
    # that is faster: whole rows are averaged.
    for target, axis in ((height, 0), (width, 1)):
        current = plane.shape[axis]
        if target == current:
            continue
        grown = cv2.INTER_CUBIC if smooth else cv2.INTER_LINEAR
        method = cv2.INTER_AREA if target < current else grown
        shape = (target, plane.shape[0]) if axis == 1 else (plane.shape[1], target)
        resized = cv2.resize(plane, shape, interpolation=method)
        resized = resized.reshape(shape[1], shape[0], *plane.shape[2:])
        if method == cv2.INTER_CUBIC:  # it overshoots
            resized = resized.clip(plane.min(), plane.max())
        plane = np.asarray(resized, np.float32)
    return plane


def working_shape(height: int, width: int) -> tuple[int, int]:
    """Height and width at which edges of a picture are followed, and from which a network sees it.

    Examples
    --------
    >>> working_shape(3000, 4000), working_shape(32, 40), working_shape(100, 10000)
    ((384, 512), (32, 40), (41, 4096))
    """
    shrink = min(1.0, WORK_SIDE / min(height, width), WORK_LONGEST / max(height, width))
    return max(1, round(height * shrink)), max(1, round(width * shrink))


def _working_size(L: Float) -> Float:
    return resize(L, *working_shape(*L.shape)[::-1]).clip(0.0, L_MAX)


def _coefficients(L_work: Float, ab_grid: Float, masked: Masked | None) -> Float:
    """As `_linear_in_L`, of two grids if there is a mask."""
    coefficients = _linear_in_L(L_work, ab_grid)
    if masked is None:
        return coefficients
    from colorizers.painting.masks import blended  # which imports this module

    mask, other = masked
    return blended(mask, coefficients, _linear_in_L(L_work, other))


def _linear_in_L(L_work: Float, ab_grid: Float) -> Float:
    """ab as a local linear function of L: slopes and offsets of a and b, (h, w, 4)."""
    height, width = L_work.shape
    grid_h, grid_w = ab_grid.shape[:2]
    cell = max(height / grid_h, width / grid_w)
    if cell <= 1.0:  # the picture is smaller than the grid: nothing to fill in
        offset = resize(ab_grid, width, height)
        return np.concatenate([np.zeros_like(offset), offset], axis=-1)
    # Film grain is no edge: without this the smoother stops at every speck of it.
    guide_u8 = cv2.bilateralFilter(np.rint(L_work * 2.55).astype(np.uint8), *GRAIN)
    fine, coarse = _LocalFit(L_work, 2), _LocalFit(L_work, max(2, round(cell / 2)))

    from colorizers.painting.smoother import smooth  # Numba takes 0.2 s to import

    grids = np.ascontiguousarray(np.moveaxis(ab_grid, -1, 0))  # (2, grid height, grid width)
    large = np.stack([resize(grid, width, height, smooth=False) for grid in grids])
    rough = smooth(guide_u8, large, SMOOTH_LAMBDA * cell * cell, SMOOTH_SIGMA)

    def fit(channel: int) -> tuple[Float, Float]:
        """Slope and offset of a or of b, each (h, w)."""
        grid = grids[channel]
        slope, offset = fine(rough[channel])
        for _ in range(BACK_PROJECTIONS):
            missing = grid - resize(slope * L_work + offset, grid_w, grid_h)
            more = coarse(resize(missing, width, height, smooth=False))
            slope += more[0]
            offset += more[1]
        return slope, offset

    with ThreadPoolExecutor(min(2, threads())) as pool:
        a, b = pool.map(fit, (0, 1))
    return np.stack([a[0], b[0], a[1], b[1]], axis=-1)


class _LocalFit:
    """Least squares of a or b on L in every window of 2 radius + 1 pixels (the guided filter)."""

    def __init__(self, L: Float, radius: int) -> None:
        self._side = 2 * radius + 1, 2 * radius + 1
        self._L = L
        self._L_mean = self._mean(L)
        variance = np.maximum(self._mean(L * L) - self._L_mean * self._L_mean, 0.0)
        self._scale = 1.0 / (variance + np.float32(EDGE_EPS))

    def __call__(self, plane: Float) -> tuple[Float, Float]:
        """Slope and offset of a or of b, each (h, w)."""
        mean = self._mean(plane)
        covariance = self._mean(self._L * plane) - self._L_mean * mean
        slope = covariance * self._scale
        return self._mean(slope), self._mean(mean - slope * self._L_mean)

    def _mean(self, plane: Float) -> Float:
        return np.asarray(cv2.blur(plane, self._side), np.float32).reshape(plane.shape)


def _windows(long: int, short: int) -> tuple[int, int]:
    """How many windows cover the long side, and how long each is, in pixels."""
    if long <= SQUEEZE * short:
        return 1, long
    window = max(short, -(-2 * long // (MAX_WINDOWS + 1)))  # half overlapping
    return min(MAX_WINDOWS, max(2, -(-2 * (long - window) // window) + 1)), window


def _silent(share: float, what: str) -> None:
    """Report nothing."""
