"""JPEG by libjpeg-turbo, which OpenCV brings: a large file decoded once, and encoded on every core.

Fed by :mod:`colorizers.files.reading` and :mod:`colorizers.files.writing`. The pixels are those
that Pillow gives; Pillow copies them three times on the way, which for 12 megapixels takes as long
as decoding.

Encoding uses restart markers, which let a decoder begin anew: the picture is cut into bands of
whole blocks, each band is encoded by itself with a restart after each row of blocks, and the coded
bands are joined behind one header. Nothing but the markers, two bytes a row of blocks, is added.

References
----------
ITU-T T.81 (JPEG): B.1.1.3 (markers), B.2.2 and B.2.3 (headers of frame and scan), E.1.4 (restarts),
G.1.1.1 (progressive scans).
"""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from colorizers.parallel import strips, threads

BLOCK = 8
"""Side of a block, and at 4:4:4 of all that one restart interval is counted in."""
CYCLE = 8
"""Restart markers count from 0 to 7 and again; a band of 8 n rows of blocks begins with 0."""
LONGEST_SEGMENT = 65_533
BAND_PIXELS = 1_000_000
LEAST_ROWS = 16
"""What is left of a JPEG is a picture from so many rows on."""
LACKS_DETAIL = (
    "The JPEG lacks detail: it ends before the last of its passes, as half a download does; a "
    "whole copy gives a sharper picture."
)
_START, _END, _SCAN, _FRAME, _PROGRESSIVE = b"\xff\xd8", b"\xff\xd9", 0xDA, 0xC0, 0xC2
_INTERVAL, _RESTART = 0xDD, re.compile(rb"\xff[\xd0-\xd7]")
_BARE = (0xD8, 0xD9)  # no length follows
# Within coded data 255 is followed by 0 or is a restart; before a marker it may be repeated.
_MARKER = re.compile(rb"\xff+[^\x00\xd0-\xd7\xff]")
_NOISE = bytes((73 * number + 41) % 251 for number in range(256))  # no 255: that begins markers
_LAST_RESTART = b"\xff\xd7"


def read(
    data: bytes, image: Image.Image, notices: list[str]
) -> tuple[Image.Image, NDArray[np.uint8] | None, Image.Image | None]:
    """Decode a JPEG: by the fast decoder if it is complete, else as many rows as can be saved.

    Parameters
    ----------
    data : bytes
        The file.
    image : PIL.Image.Image
        The same, opened by Pillow.
    notices : list of str
        A sentence is appended if not all is there.

    Returns
    -------
    image : PIL.Image.Image
        The one that has the metadata, and is loaded if the next two are None.
    pixels : ndarray of uint8, shape (height, width) or (height, width, 3), or None
    rows : PIL.Image.Image or None
        The upper rows of a picture that ends early.

    Raises
    ------
    OSError, EOFError
        If next to nothing is there.
    """
    lacks_rows = False
    if is_whole(data) and image.mode in ("L", "RGB"):
        pixels = decode(data, grey=image.mode == "L")
        if pixels is not None and pixels.shape[1::-1] == image.size:
            lacks_rows = is_filled(data, pixels)
            if not lacks_rows:
                return image, pixels, None
    if not lacks_rows:
        try:
            image.load()
            width, height = image.size
            corner = np.asarray(
                image.crop((max(0, width - BLOCK), max(0, height - 2), width, height))
            )
            if has_end(data) and not (is_whole(data) and is_filled(data, corner)):
                return image, None, None
        except OSError:
            if image.tell():  # a later picture of an MPO
                raise
    whole, rows = salvaged(data, notices)
    return whole, None, rows


def is_whole(data: bytes) -> bool:
    """Whether a JPEG ends where JPEGs end; half a download does not."""
    return data[-64:].rstrip(b"\0\r\n").endswith(_END)


def is_filled(data: bytes, pixels: NDArray[np.uint8]) -> bool:
    """Whether pixels are missing before the end marker: libjpeg then goes on in one flat colour.

    It tells its callers nothing. But noise before the end marker is passed over where all pixels
    have been read, and taken for pixels where some are missing. That is tried, at an eighth of the
    size, if the last corner is flat.

    Parameters
    ----------
    data : bytes
        A whole JPEG.
    pixels : ndarray of uint8, shape (height, width) or (height, width, 3)
        What it gave.
    """
    corner = pixels[-2:, -BLOCK:]
    if (corner != corner[-1, -1]).any():
        return False
    try:
        seen = _small(data)
    except OSError:  # Pillow is stricter than OpenCV, which has decoded it
        return False
    end = data.rindex(_END)
    return _small(data[:end] + _NOISE + data[end:]) != seen


def _small(data: bytes) -> bytes:
    with Image.open(io.BytesIO(data), formats=["JPEG"]) as image:
        image.draft(None, (max(1, image.width // BLOCK), max(1, image.height // BLOCK)))
        return image.tobytes()


def lacks_detail(data: bytes) -> bool:
    """Whether a progressive JPEG ends, properly, before the scans that refine it.

    Each of its scans brings some coefficients down to some bit. A picture is there after the
    first; of a whole one all 64 coefficients of each component have come down to bit 0. Whether
    the data of the last scan are whole is not looked at.
    """
    missing: dict[int, list[int]] = {}  # component -> the bit that each coefficient has come to
    try:
        for marker, body in _segments(data):
            if marker == _PROGRESSIVE:
                missing = {body[6 + 3 * n]: [16] * 64 for n in range(body[5])}
            elif marker == _SCAN and missing:
                first, last, bits = body[1 + 2 * body[0] :]
                for n in range(body[0]):
                    missing[body[1 + 2 * n]][first : last + 1] = [bits & 15] * (last + 1 - first)
    except (IndexError, KeyError, ValueError):  # a decoder has taken it nevertheless
        return False
    return any(any(bits) for bits in missing.values())


def has_end(data: bytes) -> bool:
    """Whether the end marker comes, whatever is behind it."""
    return any(marker == _END[1] for marker, _ in _segments(data))


def salvaged(data: bytes, notices: list[str]) -> tuple[Image.Image, Image.Image]:
    """What is left of a JPEG whose data end early; a sentence is appended that says how much.

    A row is there if noise behind the data does not change it: libjpeg takes that for the pixels
    that are missing. Where restarts cut the data, it does not, so they are counted.

    Returns
    -------
    whole, rows : PIL.Image.Image
        The file with an end, and the upper rows of its picture.

    Raises
    ------
    OSError, EOFError
        If there are next to none.
    """
    body = data.rstrip(b"\0")
    if body.endswith(_END):
        body = body[:-2]
    body = body.rstrip(b"\xff")
    whole = Image.open(io.BytesIO(body + _END), formats=["JPEG"])
    whole.load()
    kinds = [marker for marker, _ in _segments(body)]
    if kinds.count(_SCAN) > 1:  # the first scan is there as a whole, and it is a picture
        if not lacks_detail(data):
            notices.append(LACKS_DETAIL)
        return whole, whole
    with Image.open(io.BytesIO(body + _NOISE * 4 + _END), formats=["JPEG"]) as other:
        count = _alike_rows(whole, other)
    if count == whole.height:
        count = _restarted_rows(body, whole)
    if count < max(LEAST_ROWS, whole.height / 20):
        raise EOFError("too few rows")
    if count < whole.height:
        notices.append(
            f"The JPEG ends early, as half a download does: the upper {count:,} of its "
            f"{whole.height:,} rows are there and are used."
        )
    return whole, whole.crop((0, 0, whole.width, count))


def _alike_rows(image: Image.Image, other: Image.Image) -> int:
    """How many rows two pictures have in common from above."""
    for rows in strips((image.height, image.width)):
        box = (0, rows.start, image.width, rows.stop)
        unlike = np.asarray(image.crop(box)) != np.asarray(other.crop(box))
        if unlike.any():
            return rows.start + int(unlike.reshape(len(unlike), -1).any(axis=1).argmax())
    return image.height


def _restarted_rows(body: bytes, image: Image.Image) -> int:
    """Rows of the restart intervals that are begun, if noise says that those are there as a whole.

    All rows, if there are no restarts.
    """
    interval = 0
    side = [BLOCK, BLOCK]
    for marker, content in _segments(body):
        if marker == _INTERVAL:
            interval = int.from_bytes(content[:2], "big")
        elif _FRAME <= marker <= _PROGRESSIVE and content[5] > 1:
            side = [BLOCK * max(content[7 + 3 * n] >> shift & 15 for n in range(content[5]))
                    for shift in (4, 0)]  # fmt: skip
    across, down = -(-image.width // side[0]), -(-image.height // side[1])
    done = (len(_RESTART.findall(body)) + 1) * interval
    if not interval or done >= across * down:
        return image.height
    return min(image.height, done // across * side[1])


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Markers and what belongs to them, up to the end marker; restarts are left out."""
    position = 0
    while found := _MARKER.search(data, position):
        marker, position = found[0][-1], found.end()
        length = int.from_bytes(data[position : position + 2], "big")
        yield marker, data[position + 2 : position + length]
        if marker == _END[1]:
            return
        if marker not in _BARE:
            position += length


def decode(data: bytes, *, grey: bool) -> NDArray[np.uint8] | None:
    """Pixels of a whole JPEG of 1 or 3 components, as stored: neither turned nor colour managed.

    Returns
    -------
    ndarray of uint8, shape (height, width) if `grey`, else (height, width, 3), or None
        None if it cannot be decoded.
    """
    kind = cv2.IMREAD_GRAYSCALE if grey else cv2.IMREAD_COLOR_RGB
    pixels: Any = cv2.imdecode(np.frombuffer(data, np.uint8), kind | cv2.IMREAD_IGNORE_ORIENTATION)
    return None if pixels is None else np.asarray(pixels, np.uint8)


def encode(
    rgb_u8: NDArray[np.uint8],
    quality: int,
    segments: bytes = b"",
    dpi: tuple[float, float] | None = None,
) -> bytes:
    """A baseline JPEG, 4:4:4.

    Parameters
    ----------
    rgb_u8 : ndarray of uint8, shape (height, width, 3)
    quality : int
        From 1 to 100.
    segments : bytes
        Whole marker segments to stand behind the first: metadata.
    dpi : tuple of float, optional
        Horizontal and vertical resolution.

    Returns
    -------
    bytes
    """
    height, width = rgb_u8.shape[:2]
    per_row = -(-width // BLOCK)  # blocks in a row
    step = BLOCK * CYCLE * max(1, BAND_PIXELS // (width * BLOCK * CYCLE))
    settings = [
        cv2.IMWRITE_JPEG_QUALITY, quality,
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
        cv2.IMWRITE_JPEG_RST_INTERVAL, per_row,
    ]  # fmt: skip

    def band(top: int) -> bytes:
        bgr = cv2.cvtColor(np.ascontiguousarray(rgb_u8[top : top + step]), cv2.COLOR_RGB2BGR)
        done, coded = cv2.imencode(".jpg", bgr, settings)
        if not done:
            raise OSError("The JPEG encoder failed.")
        return coded.tobytes()

    with ThreadPoolExecutor(threads()) as pool:
        bands = list(pool.map(band, range(0, height, step)))
    head, scan = _split(bands[0])
    unit, *density = (1, *(min(65_535, max(1, round(x))) for x in dpi)) if dpi else (0, 1, 1)
    first = segment(0xE0, struct.pack(">5sHBHHBB", b"JFIF", 0x0101, unit, *density, 0, 0))
    frame = _segment(head, _FRAME)
    # Marker, length, precision: the height follows.
    head = head[: frame + 5] + height.to_bytes(2, "big") + head[frame + 7 :]
    rest = [_LAST_RESTART + _split(coded)[1] for coded in bands[1:]]
    tables = head[2 + len(first) :]  # behind OpenCV's own first segment
    return b"".join([_START, first, segments, tables, scan, *rest, _END])


def segment(marker: int, body: bytes) -> bytes:
    """A marker segment such as APP1 (0xE1); ValueError if it is longer than 65,533 bytes."""
    if len(body) > LONGEST_SEGMENT:
        raise ValueError(f"A JPEG segment holds 65,533 bytes, not {len(body):,}.")
    return bytes([0xFF, marker]) + (len(body) + 2).to_bytes(2, "big") + body


def _segment(data: bytes, marker: int) -> int:
    """Where the first segment with this marker begins."""
    position = 2
    while data[position + 1] != marker:
        position += 2 + int.from_bytes(data[position + 2 : position + 4], "big")
    return position


def _split(data: bytes) -> tuple[bytes, bytes]:
    """Everything up to the coded data, and the coded data without the end marker."""
    scan = _segment(data, _SCAN)
    begin = scan + 2 + int.from_bytes(data[scan + 2 : scan + 4], "big")
    return data[:begin], data[begin:-2]
