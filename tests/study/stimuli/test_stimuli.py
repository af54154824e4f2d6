"""Stimulus sets: built from photographs, verified when read, and shown without a trace."""

import io
import json
import warnings
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from skimage import color as skcolor

import study
from study.errors import StimuliError
from study.protocol.design import TRUTH
from study.stimuli.__main__ import main
from study.stimuli.making import build
from study.stimuli.manifest import read
from study.stimuli.showing import StimulusSet, alike, load, pack

SIDE = 32


class Tint:
    """Colours every picture with one ab; stands in for a network."""

    size = SIDE
    shape = None

    def __init__(self, a: float, b: float) -> None:
        self.card: dict[str, Any] = {"a": a, "b": b}
        self.seen: list[np.ndarray] = []

    def predict_ab(self, L: np.ndarray) -> np.ndarray:
        self.seen.append(L)
        return np.broadcast_to(
            np.array([self.card["a"], self.card["b"]], np.float32), (*L.shape, 2)
        )


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    rng = np.random.default_rng(0)
    for number in range(30):
        place = folder / ("cat" if number % 3 else "dog")
        place.mkdir(parents=True, exist_ok=True)
        pixels = rng.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(place / f"{number:02d}.png")
    return folder


def make(photos: Path, out: Path, **settings: Any) -> StimulusSet:
    return build(photos, {"a": Tint(10, 20), "b": Tint(-30, 5)}, out, **settings)


def pixels(png: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(png)) as image:
        return np.asarray(image)


def test_a_set_holds_what_was_asked_for(photos, tmp_path):
    made = make(photos, tmp_path / "set", count=20, practice=4)
    assert made.methods == (TRUTH, "a", "b")
    assert (len(made.pictures), len(made.practice)) == (20, 4)
    assert not set(made.pictures) & set(made.practice)
    assert set(made.pictures.values()) == {"cat", "dog"}
    assert load(tmp_path / "set") == made
    manifest = json.loads((tmp_path / "set" / "manifest.json").read_text())
    sources = [entry["source"] for entry in manifest["pictures"]]
    assert len(set(sources)) == 24
    assert manifest["drawn"].startswith("24 of 30")
    for entry in manifest["pictures"]:
        assert entry["source"].startswith(entry["label"] + "/")


def test_the_seed_draws_the_pictures(photos, tmp_path):
    def sources(name: str, seed: int) -> list[str]:
        make(photos, tmp_path / name, count=10, practice=2, seed=seed)
        manifest = json.loads((tmp_path / name / "manifest.json").read_text())
        return [entry["source"] for entry in manifest["pictures"]]

    assert sources("one", 1) == sources("again", 1) != sources("other", 2)
    assert load(tmp_path / "one").sha256 == load(tmp_path / "again").sha256


def test_the_truth_is_the_photograph_and_a_method_is_its_ab_on_the_truths_L(photos, tmp_path):
    made = make(photos, tmp_path / "set", count=10, practice=0)
    manifest = json.loads((tmp_path / "set" / "manifest.json").read_text())
    for entry in manifest["pictures"]:
        original = np.asarray(Image.open(photos / entry["source"]))
        truth = pixels(made.files[TRUTH, entry["id"]])
        # Lab and back loses nothing of 8 bit: the common path does not mark the truth.
        np.testing.assert_array_equal(truth, original)
        L = skcolor.rgb2lab(original)[..., :1]
        ab = np.broadcast_to([10.0, 20.0], (SIDE, SIDE, 2))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of colours outside the gamut: they are clipped
            expected = np.rint(skcolor.lab2rgb(np.concatenate([L, ab], axis=-1)) * 255)
        got = pixels(made.files["a", entry["id"]]).astype(int)
        assert np.abs(got - expected).max() <= 1


def test_photographs_of_any_size_keep_their_size_and_their_L(photos, tmp_path):
    """The networks see them small, and their colours are laid on the photograph's own L."""
    large = tmp_path / "large"
    large.mkdir()
    for number, source in enumerate(sorted(photos.rglob("*.png"))[:6]):
        with Image.open(source) as small:
            size = (90, 60) if number % 2 else (48, 100)
            small.resize(size, Image.Resampling.BICUBIC).save(large / f"{number}.jpg", quality=95)
    tint = Tint(10, 20)
    made = build(large, {"a": tint}, tmp_path / "set", count=4, practice=2)
    assert all(L.shape[1:] == (SIDE, SIDE) for L in tint.seen)
    manifest = json.loads((tmp_path / "set" / "manifest.json").read_text())
    assert {tuple(entry["size"]) for entry in manifest["pictures"]} == {(60, 90), (100, 48)}
    for entry in manifest["pictures"]:
        original = np.asarray(Image.open(large / entry["source"]))
        np.testing.assert_array_equal(pixels(made.files[TRUTH, entry["id"]]), original)
        L, ours = (skcolor.rgb2lab(rgb) for rgb in (original, pixels(made.files["a", entry["id"]])))
        inside = np.abs(ours[..., 1:] - (10, 20)).max(axis=-1) < 1.5  # the rest left sRGB
        assert inside.mean() > 0.5
        assert np.abs(ours[..., 0] - L[..., 0])[inside].max() < 1


def test_the_methods_see_only_L_and_all_of_it_at_once(photos, tmp_path):
    """What draws, draws each picture by a seed of its own."""
    tint = Tint(0, 0)
    build(photos, {"a": tint}, tmp_path / "set", count=20, practice=0)
    (seen,) = tint.seen
    assert seen.shape == (20, SIDE, SIDE)
    assert seen.dtype == np.float32
    assert seen.min() >= 0
    assert seen.max() <= 100


def test_changed_and_missing_files_are_found_and_listed(photos, tmp_path):
    folder = tmp_path / "set"
    make(photos, folder, count=10, practice=2)
    (folder / "a" / "0003.png").write_bytes((folder / "b" / "0003.png").read_bytes())
    (folder / "b" / "0004.png").unlink()
    with pytest.raises(StimuliError, match=r"2 of 36 files .*a/0003.png was changed") as caught:
        load(folder)
    assert "b/0004.png is missing" in str(caught.value)


def test_a_missing_set_says_how_to_build_one(tmp_path):
    with pytest.raises(StimuliError, match=r"no stimulus set at .*python -m study\.stimuli build"):
        load(tmp_path / "none")


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"format": 1}', "\x00", '{"format": 1, "methods": 3}']
)
def test_a_broken_manifest_is_named(tmp_path, text):
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(StimuliError, match="is not a manifest"):
        load(tmp_path)


def test_a_manifest_of_another_format_is_refused(tmp_path):
    (tmp_path / "manifest.json").write_text('{"format": 99}')
    with pytest.raises(StimuliError, match="format 99, this program reads 1"):
        load(tmp_path)


def test_what_cannot_be_built_is_explained(photos, tmp_path):
    with pytest.raises(StimuliError, match="holds 30 pictures, but 31"):
        make(photos, tmp_path / "set", count=30, practice=1)
    with pytest.raises(StimuliError, match="beside 'truth'"):
        build(photos, {}, tmp_path / "set")
    with pytest.raises(StimuliError, match="is not empty"):
        make(photos, photos, count=10, practice=2)
    (photos / "broken.png").write_bytes(b"no picture")
    with pytest.raises(StimuliError, match=r"1 of 31 pictures cannot be read.*\n.*broken\.png"):
        make(photos, tmp_path / "set", count=30, practice=1)
    assert not (tmp_path / "set").exists()


def test_pictures_shown_together_are_equally_long_and_only_pixels():
    rng = np.random.default_rng(1)
    given = [rng.integers(0, high, (SIDE, SIDE, 3), dtype=np.uint8) for high in (1, 2, 9, 256)]
    shown = alike([pack(picture) for picture in given])
    assert len({len(png) for png in shown}) == 1
    assert len({tuple((name, len(data)) for name, data in chunks(png)) for png in shown}) == 1
    for png in shown:
        assert [name for name, _ in chunks(png)] == [b"IHDR", b"IDAT", b"IEND"]
        unpacked = zlib.decompressobj()
        rows = unpacked.decompress(chunks(png)[1][1])
        assert unpacked.eof
        assert not unpacked.unused_data
        assert set(rows[:: 1 + 3 * 320]) == {2}  # no row is filtered by what is in it
        assert pixels(png).shape == (320, 320, 3)


@pytest.mark.parametrize("more", range(12))
def test_any_number_of_bytes_can_be_filled(more):
    rng = np.random.default_rng(more)
    whole = rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)
    flat = whole.copy()
    flat[more:] //= 2  # so many rows are packed better
    both = alike([pack(whole, 64), pack(flat, 64)])
    assert len(both[0]) == len(both[1])
    for png, given in zip(both, (whole, flat), strict=True):
        np.testing.assert_array_equal(pixels(png), given)


@pytest.mark.parametrize("every", [12, pytest.param(1, marks=pytest.mark.slow)])
def test_a_trial_of_the_default_study_is_small(every):
    stimuli = load(Path(study.__file__).parent / "sets" / "default")
    for picture in [*stimuli.pictures][::every]:
        shown = stimuli.shown(stimuli.methods, picture)
        assert sum(map(len, shown)) * 4 / 3 < 400_000  # in base64


def test_shown_pictures_are_enlarged_by_lanczos():
    rng = np.random.default_rng(2)
    small = rng.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
    expected = Image.fromarray(small).resize((320, 320), Image.Resampling.LANCZOS)
    np.testing.assert_array_equal(pixels(alone(small)), np.asarray(expected))


def test_the_longer_side_decides():
    assert pixels(alone(np.zeros((20, 40, 3), np.uint8))).shape == (160, 320, 3)
    assert pixels(alone(np.zeros((400, 1, 3), np.uint8))).shape == (320, 1, 3)


def alone(rgb_u8):
    return alike([pack(rgb_u8)])[0]


def chunks(png: bytes) -> list[tuple[bytes, bytes]]:
    at, found = 8, []
    while at < len(png):
        length = int.from_bytes(png[at : at + 4], "big")
        name, data = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        assert zlib.crc32(name + data) == int.from_bytes(
            png[at + 8 + length : at + 12 + length], "big"
        )
        found.append((name, data))
        at += 12 + length
    return found


def test_the_command_without_weights_says_what_is_missing(photos, tmp_path, monkeypatch, capsys):
    import colorizers
    from colorizers.errors import WeightsError

    def missing(name: str) -> None:
        raise WeightsError(f"There are no weights for {name!r}.")

    monkeypatch.setattr(colorizers, "load", missing)
    command = ["build", "--photos", str(photos), "--methods", "gan", "--out", str(tmp_path / "s")]
    assert main(command) == 1
    assert capsys.readouterr().err == "There are no weights for 'gan'.\n"


def test_the_manifest_names_the_weights(photos, tmp_path):
    tint = Tint(1, 2)
    tint.card["weights"] = {"sha256": "f" * 64}
    build(photos, {"a": tint}, tmp_path / "set", count=5, practice=1)
    manifest = json.loads((tmp_path / "set" / "manifest.json").read_text())
    assert manifest["methods"]["a"]["weights_sha256"] == "f" * 64
    assert manifest["methods"][TRUTH] is None


def test_a_set_keeps_the_cards_of_its_methods(photos, tmp_path):
    make(photos, tmp_path / "set", count=10, practice=0)
    found = {method: json.loads(card) for method, card in read(tmp_path / "set").cards()}
    assert found == {"a": {"a": 10, "b": 20}, "b": {"a": -30, "b": 5}}
    (tmp_path / "set" / "cards" / "a.json").write_text('{"a": 11, "b": 20}')
    assert [method for method, _ in read(tmp_path / "set").cards()] == ["b"], "a is another card"


def test_the_command_builds_a_set(photos, tmp_path, monkeypatch, capsys):
    import colorizers

    monkeypatch.setattr(
        colorizers, "load", {"classification": Tint(1, 2), "gan": Tint(3, 4)}.__getitem__
    )
    command = ["build", "--photos", str(photos), "--methods", "classification", "gan"]
    command += ["--count", "20", "--practice", "3", "--seed", "5", "--out", str(tmp_path / "set")]
    assert main(command) == 0
    assert "20 pictures and 3 for practice" in capsys.readouterr().out
    assert main(command) == 2
    assert "is not empty" in capsys.readouterr().err
