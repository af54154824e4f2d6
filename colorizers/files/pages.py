"""The pictures of a TIFF: which of them is the photograph, and samples that Pillow has no mode for.

Fed by :mod:`colorizers.files.reading`. Pillow opens the first directory of a TIFF that it knows a
mode for. The photograph may be another: behind a thumbnail, or in a directory below one, as
cameras do it. And scanners write what Pillow knows no mode for: infrared beside grey or deep
colours, or planes of 16 bits. Such a file is given to Pillow with another directory at its end, in
which a row of pixels is a row of single samples, or a plane a picture; so its decoders do the work.

References
----------
TIFF 6.0, sections 2 (structure), 14 (predictor), 18 (extra samples); Adobe, TIFF technical note 1
(SubIFDs), 1995; Adobe, BigTIFF; DNG 1.7, chapter 4 (raw pictures).
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, TiffImagePlugin

KIND, OLD_KIND, WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, FILL_ORDER = (
    254, 255, 256, 257, 258, 259, 262, 266)  # fmt: skip
STRIPS, SAMPLES, ROWS, STRIP_BYTES, PLANES, PREDICTOR = 273, 277, 278, 279, 284, 317
TILE_WIDTH, TILE_HEIGHT, TILES, TILE_BYTES, BELOW, EXTRA, FORMAT = 322, 323, 324, 325, 330, 338, 339
RAW = (32803, 34892)
"""Photometric interpretations of sensors: a colour filter array, and linear raw."""
WHITE_IS_ZERO, BLACK_IS_ZERO, RGB = 0, 1, 2
_NAMES = {0: "grey", 1: "grey", 2: "RGB", 3: "a palette", 5: "ink (CMYK)", 6: "YCbCr",
          8: "CIELAB", 9: "CIELAB", 10: "CIELAB", 32844: "LogL", 32845: "LogLuv"}  # fmt: skip
MOST = 64
"""Directories that are looked at: a file may name itself over and over."""
MOST_ENTRIES = 1000
MOST_SAMPLES = 6
"""Of a pixel, as in Pillow: a picture of more is no photograph."""
_TYPES = {1: "B", 3: "H", 4: "L", 13: "L", 16: "Q", 18: "Q"}
_SHORT, _LONG, _LONG8 = 3, 4, 16
_ORIENTATION = 274
_TOLD = frozenset([
    KIND, OLD_KIND, WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, _ORIENTATION, SAMPLES, PLANES,
    PREDICTOR, TILE_WIDTH, BELOW, EXTRA, FORMAT, FILL_ORDER,
])  # fmt: skip
_SAID_ONCE = frozenset([
    270, 271, 272, _ORIENTATION, 282, 283, 296, 305, 306, 315, 700, 33432, 33723, 34377, 34665,
    34675, 34853,
])  # fmt: skip
"""What a camera writes beside the thumbnail only: texts, resolution, XMP, IPTC, EXIF, profile."""
_IN_BLOCKS = (6, 7, 34712, 34892)
"""Compressions, JPEG's kin, whose samples do not stand alone."""
_OPACITY = (1, 2)
_LEFT_OUT = (
    "The file has a channel beside its colours, as scanners write for infrared; it is left out."
)


Changes = Mapping[int, int | tuple[int, ...] | None]


@dataclass(frozen=True, slots=True)
class Page:
    """A directory: where it lies, its entries as they stand in the file, and its numbers.

    Attributes
    ----------
    offset : int
    entries : mapping of int to bytes
        Tag, type, count and value, or where it lies: 12 bytes each, of BigTIFF 20.
    numbers : mapping of int to tuple of int
        What the entries that matter here say.
    below : bool
        Whether another directory names it.
    """

    offset: int
    entries: dict[int, bytes]
    numbers: dict[int, tuple[int, ...]]
    below: bool

    def number(self, tag: int, default: int = 0) -> int:
        """The first number of a tag."""
        return self.numbers.get(tag, (default,))[0]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height as stored."""
        return self.number(WIDTH), self.number(HEIGHT)

    @property
    def is_reduced(self) -> bool:
        """Whether its tags call it a reduced copy (thumbnail) of another directory's picture."""
        return bool(self.number(KIND) & 1) or self.number(OLD_KIND) == 2

    @property
    def extra(self) -> tuple[int, ...]:
        """Kinds of the extra samples of a pixel, as in the tag ExtraSamples; 0 if unspecified."""
        rgb = self.number(PHOTOMETRIC) == RGB
        count = max(0, self.number(SAMPLES, 1) - (3 if rgb else 1))
        unsaid = (2,) if rgb and count == 1 else (0,) * count  # old programs' opacity
        return (*self.numbers.get(EXTRA, unsaid), *[0] * count)[:count]

    @property
    def has_samples(self) -> bool:
        """Whether `samples` can read it: grey or RGB of 8 or 16 unsigned bits, not in blocks."""
        bits = set(self.numbers.get(BITS, (1,)))
        return (
            self.number(PHOTOMETRIC, -1) in (WHITE_IS_ZERO, BLACK_IS_ZERO, RGB)
            and bits in ({8}, {16})
            and set(self.numbers.get(FORMAT, (1,))) == {1}
            and self.number(COMPRESSION, 1) not in _IN_BLOCKS
            and 0 < self.number(SAMPLES, 1) <= MOST_SAMPLES
        )

    @property
    def is_misread(self) -> bool:
        """Whether Pillow opens it but drops bits or a channel, or reads bits in a wrong order."""
        deep_planes = self.number(BITS) == 16 and self.number(PLANES, 1) == 2
        upside_down = self.number(FILL_ORDER) == 2 and self.number(PHOTOMETRIC) == WHITE_IS_ZERO
        return self.has_samples and (deep_planes or 0 in self.extra or upside_down)

    @property
    def what(self) -> str:
        """The kind of picture in words, for messages; empty if required tags are missing."""
        if not {WIDTH, HEIGHT, PHOTOMETRIC} <= self.numbers.keys():
            return ""
        bits = "/".join(map(str, dict.fromkeys(self.numbers.get(BITS, (1,)))))
        bits += " bit" if bits == "1" else " bits"
        photometric, coded = self.number(PHOTOMETRIC), self.number(COMPRESSION, 1)
        named = _NAMES.get(photometric, f"colours of kind {photometric}")
        numbers = {2: " with a sign", 3: " with a floating point"}.get(self.number(FORMAT), "")
        how = "" if coded == 1 else f", compression {coded}"
        return f"a TIFF of {named}, {bits}{numbers}{how}"

    @property
    def is_raw(self) -> bool:
        """Whether it holds a camera's raw sensor data."""
        return self.number(PHOTOMETRIC) in RAW


def pages(stream: IO[bytes]) -> list[Page]:
    """All directories of a TIFF in their order, those below one behind it; empty if it has none."""
    try:
        return list(_walk(stream, _Layout.of(stream)))
    except (KeyError, struct.error, ValueError, OverflowError, OSError):
        return []


def photograph(found: list[Page]) -> Page:
    """Which of the directories is the picture.

    The first that is no small copy; one below it that is larger; or, if all say that they are
    small copies, the largest.
    """
    whole = [page for page in found if not page.is_reduced]
    if not whole:
        return max(found, key=_area)
    first = next((page for page in whole if not page.below), whole[0])
    larger = [page for page in whole if is_copy(first.size, page.size)]
    return max(larger, key=_area, default=first)


def is_copy(size: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether a picture may be a thumbnail of another by their sizes: same shape, half or less."""
    (width, height), (w, h) = size, other
    alike = abs(width * h - height * w) <= 0.03 * max(width * h, height * w) + max(w, h)
    return alike and 0 < 2 * width <= w and 0 < 2 * height <= h


def told_by(first: Page, page: Page) -> Page:
    """The page with what only the first one says of camera, place, colours and resolution."""
    told = {tag: row for tag, row in first.entries.items() if tag in _SAID_ONCE}
    return replace(page, entries=told | page.entries)


def stand_in(data: bytes, page: Page) -> Image.Image:
    """A Pillow image, not to be loaded, that tells size and metadata of a page with samples."""
    return _opened(data, page, {SAMPLES: 1, BITS: page.number(BITS), PHOTOMETRIC: 1, EXTRA: None,
                                PLANES: 1, FORMAT: None})  # fmt: skip


def samples(
    data: bytes, page: Page, notices: list[str]
) -> tuple[NDArray[Any], NDArray[Any] | None]:
    """The colours of a page as stored, and its opacity; what else it has is left out, and said.

    Parameters
    ----------
    data : bytes
        The file.
    page : Page
        With `has_samples`.
    notices : list of str

    Returns
    -------
    colours : ndarray, shape (height, width) or (height, width, 3), uint8 or uint16
    alpha : ndarray, shape (height, width), of the same type, or None

    Raises
    ------
    Exception
        Whatever Pillow's decoders raise of a damaged file.
    """
    planes = page.number(PLANES, 1) == 2
    values = _planes(data, page) if planes else _mixed(data, page)
    count = 3 if page.number(PHOTOMETRIC) == RGB else 1
    colours, rest = values[..., :count], values[..., count:]
    top = np.iinfo(values.dtype).max
    if page.number(PHOTOMETRIC) == WHITE_IS_ZERO:
        colours = top - colours
    opacity = next((n for n, kind in enumerate(page.extra) if kind in _OPACITY), None)
    if len(page.extra) > (opacity is not None):
        notices.append(_LEFT_OUT)
    alpha = None if opacity is None else np.ascontiguousarray(rest[..., opacity])
    if alpha is not None and page.extra[opacity or 0] == 1:  # the colours are multiplied with it
        whole = colours.astype(np.uint32) * top // np.maximum(alpha, 1)[..., None]
        colours = np.minimum(whole, top).astype(values.dtype)
    return np.ascontiguousarray(colours[..., 0] if count == 1 else colours), alpha


def is_whole(image: Image.Image) -> bool:
    """Whether an uncompressed TIFF names as many strips or tiles as its size needs.

    Pillow leaves at zero what is not named; it refuses compressed ones by itself.
    """
    tags: Any = getattr(image, "tag_v2", {})
    if tags.get(COMPRESSION, 1) != 1 or not {STRIPS, TILES} & set(tags):
        return True
    width, height = int(tags[WIDTH]), int(tags[HEIGHT])
    if TILES in tags:
        named = len(tags[TILES])
        needed = -(-width // int(tags[TILE_WIDTH])) * -(-height // int(tags[TILE_HEIGHT]))
    else:
        named = len(tags[STRIPS])
        needed = -(-height // (int(tags.get(ROWS, 0)) or height))
    planes = int(tags.get(SAMPLES, 1)) if tags.get(PLANES, 1) == 2 else 1
    return named >= needed * planes


def _planes(data: bytes, page: Page) -> NDArray[Any]:
    """(h, w, samples) of planes: each is a picture of its own."""
    layout = _Layout.of(io.BytesIO(data))
    count = page.number(SAMPLES)
    lists = {}
    for tag in (STRIPS, STRIP_BYTES, TILES, TILE_BYTES):
        if tag in page.entries:
            lists[tag] = layout.numbers(io.BytesIO(data), page.entries[tag], 1 << 24)
    made = []
    for plane in range(count):
        each = {tag: found[len(found) // count * plane :][: len(found) // count]
                for tag, found in lists.items()}  # fmt: skip
        single = {SAMPLES: 1, BITS: page.number(BITS), PHOTOMETRIC: 1, EXTRA: None, PLANES: 1,
                  FORMAT: None, _ORIENTATION: None}  # fmt: skip
        made.append(_loaded(_opened(data, page, {**single, **each})))
    return np.stack(made, axis=-1)


def _mixed(data: bytes, page: Page) -> NDArray[Any]:
    """(h, w, samples) where the samples of a pixel stand together: rows of single samples."""
    (width, height), count, tile = page.size, page.number(SAMPLES), page.number(TILE_WIDTH)
    wide = {WIDTH: width * count, TILE_WIDTH: tile * count or None, SAMPLES: 1, PHOTOMETRIC: 1,
            BITS: page.number(BITS), EXTRA: None, FORMAT: None, PREDICTOR: None,
            _ORIENTATION: None}  # fmt: skip
    values = _loaded(_opened(data, page, wide)).reshape(height, width, count)
    if page.number(PREDICTOR, 1) == 2:  # each pixel is the difference from the one before
        for left in range(0, width, tile or width):
            part = values[:, left : left + (tile or width)]
            np.cumsum(part, axis=1, dtype=values.dtype, out=part)
    return values


def _loaded(image: Image.Image) -> NDArray[Any]:
    image.load()
    if not is_whole(image):
        raise EOFError("too few rows")
    values = np.array(image)
    return values.astype(values.dtype.newbyteorder("="), copy=False)


def _opened(data: bytes, page: Page, changes: Changes) -> Image.Image:
    """A page for Pillow, which does not count its pixels; see `rewritten`."""
    return TiffImagePlugin.TiffImageFile(io.BytesIO(rewritten(data, page, changes)))


def rewritten(data: bytes, page: Page, changes: Changes | None = None) -> bytes:
    """The file with a changed copy of a page's directory at its end, where it now begins.

    Parameters
    ----------
    data : bytes
    page : Page
    changes : mapping of int to int, tuple of int or None, optional
        New numbers of tags; None takes one away.
    """
    changes = changes or {}
    layout = _Layout.of(io.BytesIO(data))
    entries = {tag: row for tag, row in page.entries.items() if tag not in changes}
    kept = {tag: value for tag, value in changes.items() if value is not None}
    start = len(data) + len(data) % 2
    size = struct.calcsize(layout.place)
    count = struct.pack(layout.count, len(entries) + len(kept))
    end = start + len(count) + (len(entries) + len(kept)) * struct.calcsize(layout.entry) + size
    more = b""
    for tag, value in kept.items():
        numbers = value if isinstance(value, tuple) else (value,)
        kind = _LONG8 if layout.big else _LONG
        body = struct.pack(f"{layout.order}{len(numbers)}{_TYPES[kind]}", *numbers)
        if len(body) > size:
            more, body = more + body, struct.pack(layout.place, end + len(more))
        entries[tag] = struct.pack(layout.entry, tag, kind, len(numbers), body)
    head = data[: 8 if layout.big else 4] + struct.pack(layout.place, start)
    rows = b"".join(entries[tag] for tag in sorted(entries))
    return head + data[len(head) :] + bytes(start - len(data)) + count + rows + bytes(size) + more


def _area(page: Page) -> int:
    return page.size[0] * page.size[1]


@dataclass(frozen=True, slots=True)
class _Layout:
    """How numbers stand in the file."""

    order: str
    big: bool

    @classmethod
    def of(cls, stream: IO[bytes]) -> _Layout:
        stream.seek(0)
        head = stream.read(4)
        order = {b"II": "<", b"MM": ">"}[head[:2]]
        version = {42: False, 43: True}[struct.unpack(order + "H", head[2:])[0]]
        return cls(order, version)

    @property
    def place(self) -> str:
        """Of an offset."""
        return self.order + ("Q" if self.big else "L")

    @property
    def count(self) -> str:
        """Of how many entries follow."""
        return self.order + ("Q" if self.big else "H")

    @property
    def entry(self) -> str:
        return self.order + ("HHQ8s" if self.big else "HHL4s")

    def numbers(self, stream: IO[bytes], entry: bytes, most: int = 64) -> tuple[int, ...]:
        _, kind, count, value = struct.unpack(self.entry, entry)
        if kind not in _TYPES or not 0 < count <= most:
            return ()
        form = f"{self.order}{count}{_TYPES[kind]}"
        size = struct.calcsize(form)
        if size > len(value):
            stream.seek(struct.unpack(self.place, value)[0])
            value = stream.read(size)
        return struct.unpack(form, value[:size]) if len(value) >= size else ()


def _walk(stream: IO[bytes], layout: _Layout) -> Iterator[Page]:
    stream.seek(8 if layout.big else 4)
    size = struct.calcsize(layout.place)
    (offset,) = struct.unpack(layout.place, stream.read(size))
    waiting, seen = [(offset, False)], set[int]()
    while waiting and len(seen) < MOST:
        offset, below = waiting.pop()
        if not offset or offset in seen:
            continue
        seen.add(offset)
        stream.seek(offset)
        (count,) = struct.unpack(layout.count, stream.read(struct.calcsize(layout.count)))
        length = struct.calcsize(layout.entry)
        data = stream.read(min(count, MOST_ENTRIES) * length)
        after = stream.read(size)
        rows = [data[at : at + length] for at in range(0, len(data) - length + 1, length)]
        entries = {struct.unpack_from(layout.order + "H", row)[0]: row for row in rows}
        numbers = {tag: found for tag, row in entries.items()
                   if tag in _TOLD and (found := layout.numbers(stream, row))}  # fmt: skip
        yield Page(offset, entries, numbers, below)
        if len(after) == size and not below:
            waiting.append((struct.unpack(layout.place, after)[0], False))
        waiting += [(place, True) for place in reversed(numbers.get(BELOW, ()))]
