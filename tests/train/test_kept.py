"""Rows that are kept: named by what decides them, computed once."""

import numpy as np
import pytest

from colorizers.networks import registry
from train import kept


@pytest.fixture
def root(tmp_path):
    for name in (*kept.CODE, "train/photo.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
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


def test_all_that_paints_and_measures_is_looked_at():
    for method in registry.names(registry.CIFAR10, registry.CONTROL):
        module = registry.METHODS[method].network.partition(":")[0]
        assert f"colorizers/networks/{module}.py" in kept.CODE
    assert all((kept.ROOT / file).exists() for file in kept.CODE)


def test_what_was_computed_once_is_read_back_exactly(tmp_path):
    arrays = {"psnr_mean": np.random.default_rng(0).normal(size=3), "row": np.array('{"n": 3}')}
    assert kept.once(tmp_path / "rows", "name", lambda: arrays) is arrays
    read = kept.once(tmp_path / "rows", "name", lambda: pytest.fail("computed again"))
    assert read.keys() == arrays.keys()
    for key, values in arrays.items():
        np.testing.assert_array_equal(read[key], values)
    assert [file.name for file in (tmp_path / "rows").iterdir()] == ["name.npz"]


def test_without_a_folder_nothing_is_kept():
    made = iter([{"n": np.array(1)}, {"n": np.array(2)}])
    assert [int(kept.once(None, "name", lambda: next(made))["n"]) for _ in range(2)] == [1, 2]
