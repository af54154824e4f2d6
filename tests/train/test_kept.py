"""Rows that are kept: named by what decides them, computed once."""

import numpy as np
import pytest

from train import kept


@pytest.fixture
def root(tmp_path):
    for name in ("colorizers/color.py", "train/metrics.py", "train/photo.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("a = 1")
    return tmp_path


def test_what_decides_a_row_decides_its_name(root):
    pixels = np.arange(12, dtype=np.uint8)
    first = kept.fingerprint("gan", pixels, root=root)
    assert kept.fingerprint("gan", pixels.copy(), root=root) == first
    others = {
        kept.fingerprint("grey", pixels, root=root),
        kept.fingerprint("gan", pixels + np.uint8(1), root=root),
        kept.fingerprint("gan", pixels.reshape(3, 4), root=root),
        kept.fingerprint("gan", pixels.view(np.int8), root=root),
        kept.fingerprint("gan", pixels, pixels, root=root),
    }
    assert len(others - {first}) == 5
    (root / "train/photo.py").write_text("a = 2")  # measures nothing here
    assert kept.fingerprint("gan", pixels, root=root) == first
    (root / "train/metrics.py").write_text("a = 2")
    assert kept.fingerprint("gan", pixels, root=root) != first


def test_the_code_that_measures_is_where_it_is_looked_for():
    for pattern in kept.CODE:
        assert list(kept.ROOT.glob(pattern)), pattern


def test_a_row_is_computed_once_and_read_back_exactly(tmp_path):
    row = {"method": "gan", "n": 3, "psnr_mean": 25.1, "psnr_mean_ci95": [25.0, 25.2]}
    values = {"psnr_mean": np.random.default_rng(0).normal(size=3), "row": np.zeros(1)}
    assert kept.once(tmp_path / "rows", "name", lambda: (row, values)) == (row, values)
    again, read = kept.once(tmp_path / "rows", "name", lambda: pytest.fail("computed again"))
    assert again == row
    assert read.keys() == values.keys()
    for key in values:
        np.testing.assert_array_equal(read[key], values[key])
    assert [file.name for file in (tmp_path / "rows").iterdir()] == ["name.npz"]


def test_without_a_folder_nothing_is_kept():
    rows = iter([({"n": 1}, {}), ({"n": 2}, {})])
    assert [kept.once(None, "name", lambda: next(rows))[0]["n"] for _ in range(2)] == [1, 2]
