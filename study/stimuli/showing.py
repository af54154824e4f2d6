"""A stimulus set as it is read and shown: verified pictures, enlarged, without a trace.

Fed by a folder that ``making`` wrote; `load` refuses a set whose files are not what its manifest
says. Asked by ``service`` for what a participant sees.

How a picture is shown: enlarged to the set's `shown_pixels` on its longer side by Lanczos' filter.
It is linear and the same everywhere, so it adds nothing that a method could gain from, and it
keeps a small picture as sharp as it can be without the squares of nearest-neighbour enlargement,
whose edges hide the colours. The pictures of a trial are PNGs of one length and one structure, so
that they are alike on their way to the browser: what is shorter is filled up with blocks of
nothing, which the format allows.

References
----------
RFC 1950 and 1951 (zlib and deflate: blocks, their alignment, the checksum).
"""

import colorsys
import functools
import io
import struct
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageOps

from study.errors import StimuliError
from study.protocol.design import CATCH_METHODS, TRUTH
from study.stimuli import manifest

SHOWN_PIXELS = 320
SHOWN_FILTER = "lanczos"
_SHEET_ROWS, _SHEET_SIDE, _SHEET_GAP, _SHEET_HEAD = 8, 160, 8, 20
_FILTERS = {"lanczos": Image.Resampling.LANCZOS}
_UP, _LEVEL = 2, 6
"""The filter of every row, the difference from the row above, and how hard zlib tries: of the five
filters and two levels the one that makes the default set's pictures smallest for its time."""
_KEPT_BYTES = 64_000_000
"""Of pixels whose packed form is remembered, since people see the same pictures."""
_NOTHING, _NOTHING_LONGER = b"\0\0\0\xff\xff", b"\2\0\0\0\xff\xff"
"""Deflate's blocks without content: a stored one, and one of fixed codes with a stored one behind.
With 40 bytes or more to fill, some of six and four or more of five come to any number, and all end
alike."""
_END = b"\3\0"


@dataclass(frozen=True)
class StimulusSet:
    """A verified set, held in memory: what changes on the disk later changes nothing.

    Attributes
    ----------
    sha256
        SHA-256 of the manifest, hence of everything.
    methods
        Names of the methods, `TRUTH` among them.
    pictures, practice
        Ids of the pictures, each with its class label or None.
    files
        PNG bytes at native size by (method, id).
    shown_pixels, shown_filter
        How they are enlarged.
    """

    sha256: str
    methods: tuple[str, ...]
    pictures: Mapping[str, str | None]
    practice: Mapping[str, str | None]
    files: Mapping[tuple[str, str], bytes]
    shown_pixels: int
    shown_filter: str

    def shown(self, methods: Sequence[str], picture: str) -> list[bytes]:
        """Return the PNGs that a participant sees together; see `alike` and `obvious_fake`."""
        return alike([self._packed(method, picture) for method in methods])

    @functools.cached_property
    def _packed(self) -> Callable[[str, str], "Packed"]:
        """Of method and picture, remembered as long as there is room."""

        def packed(method: str, picture: str) -> Packed:
            pixels = np.asarray(self.image(method, picture))
            return pack(pixels, self.shown_pixels, self.shown_filter)

        return functools.lru_cache(max(8, _KEPT_BYTES // (3 * self.shown_pixels**2)))(packed)

    def image(self, method: str, picture: str) -> Image.Image:
        """Return a picture at its own size, for the methods of catch trials an obvious fake."""
        catch = method in CATCH_METHODS
        with Image.open(io.BytesIO(self.files[TRUTH if catch else method, picture])) as stored:
            image = stored.convert("RGB")
        if catch:
            fake = obvious_fake(np.asarray(image), CATCH_METHODS.index(method))
            return Image.fromarray(fake)
        return image


@dataclass(frozen=True)
class Packed:
    """A picture that is to be a PNG: its size, its rows deflated without an end, their checksum."""

    width: int
    height: int
    deflated: bytes
    checksum: int


def pack(
    rgb_u8: NDArray[np.uint8], pixels: int = SHOWN_PIXELS, filter_name: str = SHOWN_FILTER
) -> Packed:
    """Return a picture enlarged and packed.

    Parameters
    ----------
    rgb_u8
        uint8, shape (height, width, 3).
    pixels
        Length of the longer side of the result.
    filter_name
        Name of the filter; "lanczos".
    """
    height, width = rgb_u8.shape[:2]
    scale = pixels / max(height, width)
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    large = np.asarray(Image.fromarray(rgb_u8).resize(size, _FILTERS[filter_name]))
    rows = np.empty((size[1], 1 + 3 * size[0]), np.uint8)
    rows[:, 0] = _UP
    rows[:, 1:] = large.reshape(size[1], -1)
    rows[1:, 1:] -= large.reshape(size[1], -1)[:-1]  # from 255 on again at 0, as PNG wants it
    data = rows.tobytes()
    deflate = zlib.compressobj(_LEVEL)
    deflated = deflate.compress(data) + deflate.flush(zlib.Z_FULL_FLUSH)
    return Packed(*size, deflated, zlib.adler32(data))


def alike(pictures: Sequence[Packed]) -> list[bytes]:
    """Return pictures as PNGs of one length without any metadata.

    What they say differs, and so do the bytes that say it; nothing beside them does. Who unpacks
    them learns how much of them is filling, and sees the pixels, which say more.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> noise = rng.integers(0, 256, (32, 32, 3), dtype=np.uint8)
    >>> noisy, flat = alike([pack(noise), pack(np.zeros((32, 32, 3), np.uint8))])
    >>> len(noisy) == len(flat)
    True
    """
    length = max(len(picture.deflated) for picture in pictures) + 40
    return [_png(picture, length) for picture in pictures]


def _png(picture: Packed, length: int) -> bytes:
    """Return a PNG of three chunks, the pixels' filled up to `length`, end and checksum aside."""
    fives, sixes = divmod(length - len(picture.deflated), 5)
    filling = _NOTHING_LONGER * sixes + _NOTHING * (fives - sixes)
    pixels = picture.deflated + filling + _END + struct.pack(">I", picture.checksum)
    # 8 bit, RGB, not interlaced
    header = struct.pack(">IIBBBBB", picture.width, picture.height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in ((b"IHDR", header), (b"IDAT", pixels), (b"IEND", b""))
    )


def contact_sheet(stimuli: StimulusSet) -> Image.Image:
    """Return the first pictures of a set, one row each, one column a method.

    They are the first of a random draw: a look at them shows whether the set is what it should be,
    and is no selection.
    """
    rows = list(stimuli.pictures)[:_SHEET_ROWS]
    step = _SHEET_SIDE + _SHEET_GAP
    size = (step * len(stimuli.methods) + _SHEET_GAP, step * len(rows) + _SHEET_GAP + _SHEET_HEAD)
    sheet = Image.new("RGB", size, (107, 107, 107))
    draw = ImageDraw.Draw(sheet)
    for column, method in enumerate(stimuli.methods):
        left = _SHEET_GAP + column * step
        draw.text((left, 6), method[:26], fill="white")
        for row, picture in enumerate(rows):
            shown = ImageOps.contain(
                stimuli.image(method, picture),
                (_SHEET_SIDE, _SHEET_SIDE),
                Image.Resampling.LANCZOS,
            )
            sheet.paste(shown, (left, _SHEET_HEAD + _SHEET_GAP + row * step))
    return sheet


def obvious_fake(rgb_u8: NDArray[np.uint8], number: int) -> NDArray[np.uint8]:
    """Return a picture in shades of one glaring colour, as catch trials show it.

    Parameters
    ----------
    rgb_u8
        uint8, shape (height, width, 3).
    number
        Which colour, 0, 1, 2, ...: magenta, green, blue, and others far from their neighbours.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)

    Examples
    --------
    >>> obvious_fake(np.full((1, 1, 3), 255, np.uint8), 1).tolist()
    [[[66, 255, 13]]]
    """
    # The golden angle from one hue to the next: any first few are far apart.
    colour = np.array(colorsys.hsv_to_rgb((0.85 + 0.4467 * number) % 1, 0.95, 1.0))
    grey = rgb_u8 @ np.array([0.2126, 0.7152, 0.0722])  # (H, W), luma of sRGB
    return np.rint(grey[..., None] * colour).astype(np.uint8)


def load(folder: Path) -> StimulusSet:
    """Read a set and verify every file against the manifest.

    Raises
    ------
    StimuliError
        When there is no set, it is of another format, or files are missing or changed (the
        first ones are listed).
    """
    found = manifest.read(folder)
    files = {key: found.picture(*key) for key in found.hashes}
    wrong = [
        f"{found.path(*key).relative_to(folder)} "
        + ("was changed" if found.path(*key).is_file() else "is missing")
        for key, data in files.items()
        if data is None
    ]
    if wrong:
        raise StimuliError(
            f"{len(wrong)} of {len(files)} files of the stimulus set {folder} are not what its "
            f"manifest says ({'; '.join(wrong[:3])}); restore them or build the set again."
        )
    return StimulusSet(
        sha256=found.sha256,
        methods=found.methods,
        pictures=found.pictures,
        practice=found.practice,
        files={key: data for key, data in files.items() if data is not None},
        shown_pixels=found.shown_pixels,
        shown_filter=found.shown_filter,
    )


def encode_png(image: Image.Image, *, compress_level: int) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format="PNG", compress_level=compress_level)
    return buffer.getvalue()
