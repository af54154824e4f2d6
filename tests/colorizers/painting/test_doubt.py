"""Where drawings differ a method is not sure, and the map of it says so as it was counted."""

from pathlib import Path

import numpy as np
import pytest
from fakes import FakeColorizer
from PIL import Image

from colorizers.errors import ImageError
from colorizers.files.reading import open_photo
from colorizers.networks import checkpoint
from colorizers.painting import doubt


class Drawer(FakeColorizer):
    """Sure of the left; on the right each seed goes 12 to another side."""

    def predict_ab(self, L: np.ndarray, **options: float) -> np.ndarray:
        seed = options.get("seed", 0.0)
        ab = np.zeros((*L.shape, 2), np.float32)
        if seed:
            ab[..., self.size // 2 :, :] = 12 * np.float32([np.cos(seed), np.sin(seed)])
        return ab


def model() -> Drawer:
    return Drawer(np.zeros((32, 32, 2), np.float32), "photo")


def scene() -> np.ndarray:
    return np.random.default_rng(0).integers(40, 200, (60, 60)).astype(np.uint8)


def test_the_spread_is_the_distance_of_drawings_from_the_guess() -> None:
    found = doubt.spread(model(), scene().astype(np.float32) / 2.55)
    assert found.shape == (40, 40)
    np.testing.assert_allclose(found[:, :16], 0, atol=0.1)
    np.testing.assert_allclose(found[:, 24:], 12, atol=0.1)


def test_a_map_has_the_photographs_size_and_what_was_counted(tmp_path: Path) -> None:
    Image.fromarray(scene()).save(tmp_path / "photo.png")
    share = doubt.write(open_photo(tmp_path / "photo.png"), tmp_path / "map.png", model())
    with Image.open(tmp_path / "map.png") as image:
        assert (image.mode, image.size) == ("L", (60, 60))
        sure = np.asarray(image) / 255
    np.testing.assert_allclose(sure[:, :22], 0.9, atol=0.01)
    np.testing.assert_allclose(sure[:, 38:], 0.42, atol=0.01)  # 12 of 20 from 0.9 to 0.1
    assert 0.45 < share < 0.55
    assert "at least 75 % sure" in doubt.told(share, model())


def test_a_veil_lies_over_what_is_doubtful_alone() -> None:
    grey = np.full((20, 30, 3), 120, np.uint8)
    seen = doubt.veiled(grey, np.float32([[1.0, 1.0, 0.0, 0.0]]))
    assert (seen[:, :8] == 120).all()
    assert (np.abs(seen[:, 24:].astype(int) - 120).sum(axis=-1) > 60).all()


def test_what_cannot_be_told_is_said() -> None:
    L = np.full((40, 40), 50, np.float32)
    with pytest.raises(ImageError, match="does not draw its colours"):
        doubt.sureness(FakeColorizer(np.zeros((32, 32, 2), np.float32), "gan"), L)
    uncounted = model()
    uncounted.card = {}
    assert not doubt.known(uncounted)
    with pytest.raises(ImageError, match=r"python -m train\.doubt --write"):
        doubt.sureness(uncounted, L)


def test_the_committed_weights_say_how_sure_they_are() -> None:
    said = checkpoint.read_card("photo").get("doubt")
    assert said, "other weights: python -m train.doubt --photos FOLDER_OR_TAR --write"
    assert said["spread"] == sorted(said["spread"])
    assert said["sure"] == sorted(said["sure"], reverse=True)
    assert 0 <= said["sure"][-1] < said["sure"][0] <= 1
