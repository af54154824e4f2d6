"""Rows shared among threads, and the one setting of how many there are."""

import subprocess
import sys

import numpy as np
import pytest

from colorizers import parallel


@pytest.mark.parametrize("shape", [(1, 1), (1, 300_000), (300_000, 1), (1000, 700)])
def test_strips_cover_every_row_once(shape: tuple[int, int]) -> None:
    seen = np.zeros(shape[0], int)
    shares: list[float] = []

    def work(rows: slice) -> None:
        seen[rows] += 1

    parallel.in_strips(shape, work, shares.append)
    assert (seen == 1).all()
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_an_error_in_a_strip_reaches_the_caller() -> None:
    def fail(rows: slice) -> None:
        raise MemoryError("strip")

    with pytest.raises(MemoryError, match="strip"):
        parallel.in_strips((100, 100), fail)


def test_one_setting_is_for_all_that_works_on_a_picture() -> None:
    code = (
        "import torch, cv2; from colorizers import parallel; parallel.use_threads(3); "
        "assert (parallel.threads(), cv2.getNumThreads(), torch.get_num_threads()) == (3, 3, 3)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
