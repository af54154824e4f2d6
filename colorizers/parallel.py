"""How many threads the work on one picture may use, and a picture's rows shared among them."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import cv2

STRIP_PIXELS = 1 << 17
"""Between two reports of progress; a megabyte or two that stay in the cache."""
MOST = 8
"""More threads than this gain nothing: the memory is busy."""
_threads = 0


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def threads() -> int:
    """How many threads may work on a picture in this process."""
    return _threads or min(MOST, cores())


def use_threads(count: int) -> None:
    """Let this process use so many threads, OpenCV and PyTorch included, if it is there."""
    global _threads
    _threads = count
    cv2.setNumThreads(count)
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(count)


@contextmanager
def one_thread() -> Iterator[None]:
    """Let PyTorch use one thread in here: sums of more threads are others in their last digits."""
    torch = sys.modules.get("torch")
    if torch is None:
        yield
        return
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def strips(shape: tuple[int, ...], pixels: int = STRIP_PIXELS) -> Iterator[slice]:
    """Slices of rows, each of about so many pixels, that cover a picture of this shape."""
    height, width = shape[:2]
    step = max(1, pixels // width)
    for top in range(0, height, step):
        yield slice(top, min(top + step, height))


def in_strips(
    shape: tuple[int, ...],
    work: Callable[[slice], object],
    progress: Callable[[float], None] | None = None,
) -> None:
    """Call `work` with every strip, several at a time; `progress`, here, with the share done."""
    height = shape[0]
    with ThreadPoolExecutor(threads()) as pool:
        # map() gives the first error of a strip to the caller, and cancels what has not begun.
        rows = list(strips(shape))
        for done, _ in zip(rows, pool.map(work, rows), strict=True):
            if progress is not None:
                progress(done.stop / height)
