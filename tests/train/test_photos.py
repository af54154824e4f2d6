"""Photographs from folders and tars: read once, held out by name, batches that can be repeated."""

import io
import tarfile

import numpy as np
import pytest
import torch
from PIL import Image

from colorizers.color import rgb_to_lab
from train import photos
from train.data import DataError


def jpeg(rgb_u8, **options):
    out = io.BytesIO()
    Image.fromarray(rgb_u8).save(out, "JPEG", quality=95, subsampling=0, **options)
    return out.getvalue()


def smooth(seed, height=140, width=150):
    """A picture of two colours that run into each other."""
    rng = np.random.default_rng(seed)
    first, second = rng.integers(0, 256, (2, 3))
    share = np.linspace(0, 1, width)[None, :, None] * np.ones((height, 1, 1))
    return (first * (1 - share) + second * share).astype(np.uint8)


@pytest.fixture
def folder(tmp_path):
    source = tmp_path / "album"
    (source / "deep").mkdir(parents=True)
    for number in range(12):
        (source / "deep" / f"{number}.jpg").write_bytes(jpeg(smooth(number)))
    (source / "small.png").write_bytes(b"not a picture")
    Image.fromarray(smooth(50, 30, 30)).save(source / "tiny.png")
    with tarfile.open(tmp_path / "more.tar", "w") as tar:
        for number in range(5):
            payload = jpeg(smooth(100 + number, 70, 64))
            member = tarfile.TarInfo(f"x/{number}.jpg")
            member.size = len(payload)
            tar.addfile(member, io.BytesIO(payload))
        tar.addfile(tarfile.TarInfo("notes.txt"))
    return tmp_path


def test_folders_and_tars_are_read_by_side_and_the_rest_is_counted(folder):
    read = photos.load([folder / "album", folder / "more.tar"])
    assert read.sources == {"album": 12, "more.tar": 5}
    assert read.broken == 2
    assert [group.lab_8.shape[1] for group in read.groups] == [128, 64]
    assert read.held_out_sources == ("album",)
    assert len(read.held_out) == 1  # a tenth of the large ones at most
    assert len(read.groups[0]) == 11


def test_a_folder_of_tars_is_found(folder):
    assert photos.load([folder]).sources["more.tar"] == 5


def test_held_out_pictures_stay_so_when_others_are_added():
    names = [f"a/{number}" for number in range(100)]
    before = {names[index] for index in photos.held_out(names, 10)}
    more = [*names, *(f"b/{number}" for number in range(10))]
    after = {more[index] for index in photos.held_out(more, 11)}
    assert len(before & after) >= 9  # a new one may take the place of one


def test_a_photograph_is_turned_upright_and_cut_in_the_middle():
    picture = smooth(3, 200, 128)
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: rotate by 270 degrees to show
    upright = photos.read(jpeg(picture, exif=exif))
    expected = np.rot90(picture, -1)[:, 36:164]
    assert upright.shape == (128, 128, 3)
    assert np.abs(upright.astype(int) - expected.astype(int)).mean() < 2


def test_lab_in_8_bits_is_finer_than_a_step_of_srgb():
    picture = smooth(4, 128, 128)
    lab_8 = photos._to_lab_8([picture])[0].astype(float)
    lab = rgb_to_lab(picture[None])[0]
    assert np.abs(lab_8[..., 0] * 100 / 255 - lab[..., 0]).max() <= 0.2
    assert np.abs(lab_8[..., 1:] - 128 - lab[..., 1:]).max() <= 0.5


def test_what_a_group_holds_is_the_picture_again():
    picture = smooth(4, 128, 128)
    again = photos.to_rgb(photos._to_lab_8([picture])[0])
    assert np.abs(again.astype(int) - picture.astype(int)).max() <= 3


class TestBatches:
    @pytest.fixture
    def groups(self, folder):
        return photos.load([folder]).groups

    def test_the_same_epoch_is_the_same_and_another_is_not(self, groups):
        def stream(number):
            return list(photos.PhotoBatches(groups, 4, seed=1).epoch(number))

        first, again, other = stream(0), stream(0), stream(1)
        assert len(first) == photos.PhotoBatches(groups, 4, seed=1).steps == 3
        assert all(torch.equal(a, b) for one, two in zip(first, again, strict=True)
                   for a, b in zip(one, two, strict=True))  # fmt: skip
        assert not all(a[0].shape == b[0].shape and torch.equal(a[0], b[0])
                       for a, b in zip(first, other, strict=True))  # fmt: skip

    def test_colours_are_at_half_the_size_which_is_a_multiple_of_16(self, groups):
        for L_norm, ab_norm in photos.PhotoBatches(groups, 4, seed=1).epoch(0):
            side = L_norm.shape[-1]
            assert side % 32 == 0
            assert L_norm.shape == (4, 1, side, side)
            assert ab_norm.shape == (4, 2, side // 2, side // 2)
            assert L_norm.abs().max() <= 1
            assert ab_norm.abs().max() < 1.2

    def test_ageing_changes_lightness_and_never_colour(self):
        flat = np.empty((8, 64, 64, 3), np.uint8)
        flat[...] = (128, 150, 90)  # L 50.2, a 22, b -38
        ages = set()
        for L_norm, ab_norm in photos.PhotoBatches([photos.Group(flat)], 4, seed=1).epoch(0):
            expected = torch.tensor([22.0, -38.0])[None, :, None, None] / 110
            torch.testing.assert_close(ab_norm, expected.expand_as(ab_norm), rtol=0, atol=1e-5)
            ages |= {round(float(L.mean()), 2) for L in L_norm}
        assert len(ages) > 4

    def test_parts_of_a_photograph_are_shown_and_nothing_from_outside_it(self):
        # Colour runs along x from 0 to 60: a part shows a narrower range, flipped or not.
        ramp = np.full((32, 64, 64, 3), 128, np.uint8)
        ramp[..., 1] += np.linspace(0, 60, 64).astype(np.uint8)
        ranges, directions = [], set()
        for _, ab_norm in photos.PhotoBatches([photos.Group(ramp)], 16, 1, zoom=0.75).epoch(0):
            for a in ab_norm[:, 0] * 110:
                assert a.min() > -0.5
                assert a.max() < 60.5
                ranges.append(float(a.max() - a.min()))
                directions.add(bool(a[16, -1] > a[16, 0]))
        assert directions == {True, False}
        assert min(ranges) < 50 < max(ranges)
        assert min(ranges) > 0.7 * 58


def test_nothing_there_and_nothing_usable_are_one_sentence(tmp_path):
    with pytest.raises(DataError, match="is not there"):
        photos.load([tmp_path / "none"])
    with pytest.raises(DataError, match="no photograph of 64 x 64"):
        photos.load([tmp_path])
    (tmp_path / "bad.tar").write_bytes(b"x" * 2000)
    with pytest.raises(DataError, match="cannot be read as a tar"):
        photos.load([tmp_path / "bad.tar"])
