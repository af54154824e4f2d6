"""Photographs by kind: what is held out stays so, near duplicates leave, batches repeat."""

import io
import tarfile

import numpy as np
import pytest
import torch
from PIL import Image
from skimage import data

from colorizers.color import rgb_to_lab
from train import kinds, photos
from train.data import DataError


def pack(file, pictures):
    with tarfile.open(file, "w") as tar:
        for name, rgb in pictures.items():
            payload = io.BytesIO()
            Image.fromarray(rgb).save(payload, "PNG")
            info = tarfile.TarInfo(name)
            info.size = payload.tell()
            tar.addfile(info, io.BytesIO(payload.getvalue()))


def scene(seed):
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, (6, 6, 3), np.uint8)
    return np.asarray(Image.fromarray(small).resize((128, 128), Image.Resampling.BICUBIC))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("packs")
    pack(folder / "a.tar", {f"{n}.png": scene(n) for n in range(70)})
    pack(folder / "b.tar", {f"{n}.png": scene(1000 + n) for n in range(80)})
    return folder


def test_some_of_each_kind_are_held_out_whatever_else_is_there(folder, tmp_path):
    both = kinds.load([folder])
    assert both.names == ("a", "b")
    assert np.bincount(both.held_kind).tolist() == [30, 30]
    assert len(both.rgb_u8) == 90
    alone = kinds.load([folder / "b.tar"])
    held = both.held_rgb_u8[both.held_kind == 1]
    assert np.array_equal(alone.held_rgb_u8, held)


@pytest.mark.slow
def test_of_a_large_kind_more_leave_the_training_than_are_held_out(tmp_path, monkeypatch):
    """Whatever `train.photos` holds out of the same sources is not learned from either."""
    monkeypatch.setattr(photos, "HELD_OUT", 640 // 20)
    pictures = {f"{n}.png": scene(n) for n in range(640)}
    pack(tmp_path / "many.tar", pictures)
    found = kinds.load([tmp_path])
    assert (len(found.held_rgb_u8), len(found.rgb_u8)) == (32, 640 - 42)
    seen = {one.tobytes() for one in found.rgb_u8}
    assert not any(one.tobytes() in seen for one in photos.load([tmp_path]).held_out)


def test_what_nearly_equals_a_held_out_one_leaves_the_training(folder, tmp_path):
    before = kinds.load([folder / "a.tar"])
    copy = before.held_rgb_u8[0]
    lighter = np.clip(copy.astype(int) + 6, 0, 255).astype(np.uint8)
    pack(
        tmp_path / "copies.tar",
        {"x.png": lighter, "mirror.png": copy[:, ::-1], "y.png": scene(5000)},
    )
    after = kinds.load([folder / "a.tar", tmp_path / "copies.tar"])
    # Of three, one is held out itself; of the others only what is no copy stays.
    assert after.dropped - before.dropped >= 1
    learned = after.rgb_u8[after.kind == 1]
    assert not any(
        np.array_equal(rgb, other) for rgb in learned for other in (lighter, copy[:, ::-1])
    )


def test_the_hash_survives_jpeg_and_tells_scenes_apart():
    rgb = np.asarray(Image.fromarray(data.chelsea()).resize((128, 128)))
    file = io.BytesIO()
    Image.fromarray(rgb).save(file, "JPEG", quality=40)
    again = np.asarray(Image.open(file))
    other = np.asarray(Image.fromarray(data.coffee()).resize((128, 128)))
    assert kinds.near(again[None], rgb[None]).all()
    assert not kinds.near(other[None], rgb[None]).any()


def test_batches_depend_on_seed_and_number_alone(folder):
    photographs = kinds.load([folder])
    batches = kinds.KindBatches(photographs, 8, seed=3)
    L, ab = next(batches.batches(5, 1))
    assert L.shape == (8, 1, 128, 128)
    assert ab.shape == (8, 2, 64, 64)
    *_, (again, _) = batches.batches(3, 3)
    assert torch.equal(L, again)


def test_colours_of_a_batch_are_those_of_its_photographs():
    flat = np.full((1, 128, 128, 3), (200, 60, 40), np.uint8)
    photographs = kinds.Kinds(
        flat, np.zeros(1, np.int64), ("flat",), flat[:0], np.zeros(0, np.int64), 0
    )
    _, ab = next(kinds.KindBatches(photographs, 4, seed=1).batches(0, 1))
    assert np.abs(ab.permute(0, 2, 3, 1).numpy() - rgb_to_lab(flat[0, 0, 0])[1:]).max() < 0.1


def test_no_photograph_is_one_sentence(tmp_path):
    pack(tmp_path / "small.tar", {"x.png": np.zeros((16, 16, 3), np.uint8)})
    with pytest.raises(DataError, match="no photograph of 128 x 128"):
        kinds.load([tmp_path / "small.tar"])


def test_kinds_come_evenly():
    kind = np.repeat([0, 1, 2], [100, 100, 4])
    which = kinds.evenly(kind, 24, seed=2)
    assert len(set(which.tolist())) == 24
    assert np.bincount(kind[which]).tolist() == [10, 10, 4]
    assert not np.array_equal(which, kinds.evenly(kind, 24, seed=3))
