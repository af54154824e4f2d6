"""How much memory a picture takes, told by its header: one bound, held before anything is decoded.

Fed by :mod:`colorizers.files.reading`. What a picture takes is the most that there is at once on
its way from the open file to the coloured one, working copies included: a few times its decoded
bytes. So many pixels of 16 bits and opacity take three times as much as of a photograph's 8.
A server has room for one such picture and a few of the usual size (:class:`Room`).
`tests/colorizers/files/test_memory.py` measures it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from PIL import Image

from colorizers.errors import ImageError
from colorizers.files import deep
from colorizers.files.pages import BITS, SAMPLES, Page

MOST = 2_000_000_000
"""Bytes of one picture."""
IN_HAND = 2_500_000_000
"""Bytes of all pictures that a server has in hand at once, beside what is its own."""

_BYTES = {8: (15, 18, 2), 16: (34, 38, 11), 32: (47, 47, 0)}
"""Of a pixel, by bits of a channel: grey, three colours, and each channel more; measured."""


def needed(width: int, height: int, channels: int, bits: int) -> int:
    """Bytes that a picture takes on its way.

    Parameters
    ----------
    width, height : int
    channels : int
        Of a pixel as decoded, opacity included; 3 for a palette, 4 for ink.
    bits : int
        Of a channel: 8, 16 or 32.

    Examples
    --------
    >>> needed(12_000, 8_000, 3, 8) < MOST < needed(12_000, 8_000, 4, 16)
    True
    """
    grey, colours, more = _BYTES[bits]
    return (
        width
        * height
        * (grey + more * (channels - 1) if channels < 3 else colours + more * (channels - 3))
    )


def depth(image: Image.Image, head: bytes, page: Page | None) -> tuple[int, int]:
    """Channels and bits of a channel as they will be decoded.

    Parameters
    ----------
    image : PIL.Image.Image
        Of which only the header was read.
    head : bytes
        The file's beginning, up to `boxes.HEAD`.
    page : Page or None
        Of a TIFF, if its samples are read from there.
    """
    if page is not None:
        return page.number(SAMPLES, 1), page.number(BITS, 8)
    if image.mode == "P":
        return 3 + ("transparency" in image.info), 8
    if image.mode in ("I", "F"):
        return 1, 32
    if image.mode.startswith("I;16"):
        return 1, 16
    return len(image.getbands()), 16 if deep.bits_of(image, head) > 8 else 8


def admitted(
    size: tuple[int, int], channels: int, bits: int, admit: Callable[[int], None] | None
) -> None:
    """Let a picture of this width and height in, or raise ImageError; see `open_photo`."""
    whole = needed(*size, channels, bits)
    if whole > MOST:
        raise ImageError(
            f"The picture has {size[0]:,} x {size[1]:,} pixels of {channels} x {bits} bits, which "
            f"take {whole / 1e9:.1f} GB of memory, and the limit is {MOST / 1e9:g}; make it "
            "smaller, or save it with 8 bits a channel, and try again."
        )
    if admit is not None:
        admit(whole)


class _Waiting(NamedTuple):
    owner: str
    size: int
    ticket: object


class Room:
    """Room for pictures that are in hand at once, in bytes, and of each owner for one.

    Who comes first is first, except that nobody waits behind somebody's second picture.

    Parameters
    ----------
    size : int
        Bytes.
    """

    def __init__(self, size: int) -> None:
        self._free = size
        self._owners: set[str] = set()
        self._line: list[_Waiting] = []
        self._changed = threading.Condition()

    @contextmanager
    def place(self, owner: str) -> Iterator[Callable[[int], None]]:
        """A place for one picture of somebody's: what is given takes so many bytes, or waits."""
        taken = 0

        def take(size: int) -> None:
            nonlocal taken
            me = _Waiting(owner, size, object())
            with self._changed:
                self._line.append(me)
                self._changed.wait_for(lambda: self._next() is me and size <= self._free)
                self._line.remove(me)
                self._owners.add(owner)
                self._free -= size
                taken = size
                self._changed.notify_all()

        try:
            yield take
        finally:
            if taken:
                with self._changed:
                    self._owners.remove(owner)
                    self._free += taken
                    self._changed.notify_all()

    def _next(self) -> _Waiting | None:
        return next((one for one in self._line if one.owner not in self._owners), None)
