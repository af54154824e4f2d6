"""What is alike takes a reference's colours; who is none is refused; recipes name them by hash."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch
from fakes import FakeColorizer
from PIL import Image
from skimage.color import lab2rgb, rgb2lab

from colorizers.errors import ImageError
from colorizers.networks.photo_flow import PhotoFlow
from colorizers.painting import recipe, references
from colorizers.painting.pipeline import Options, colorize_file
from colorizers.painting.predictor import Described

GREEN = np.broadcast_to(np.float32([-20.0, 20.0]), (32, 32, 2))


def described(features: list[list[float]], light: list[float]) -> Described:
    """Two regions, one the left half of 2 x 2 places and one the right."""
    share = np.float32([[[1, 0], [0, 1]], [[1, 0], [0, 1]]])
    return Described(share, np.float32(features), np.float32(light))


def halves(file: Path, dark: tuple[float, float], light: tuple[float, float]) -> Path:
    """Dark on the left, light on the right, each with its ab."""
    lab = np.zeros((60, 80, 3))
    lab[:, :40], lab[:, 40:] = (30, *dark), (70, *light)
    lab[..., 0] += np.random.default_rng(0).normal(0, 2, (60, 80))
    Image.fromarray(np.rint(lab2rgb(lab) * 255).astype(np.uint8)).save(file)
    return file


def ab_of(file: Path) -> tuple[np.ndarray, np.ndarray]:
    """Mean ab of the left and of the right."""
    with Image.open(file) as image:
        lab = rgb2lab(np.asarray(image.convert("RGB")))
    return lab[10:50, 8:32, 1:].mean(axis=(0, 1)), lab[10:50, 48:72, 1:].mean(axis=(0, 1))


def test_regions_that_are_alike_take_colours_and_others_keep_the_guess() -> None:
    target = described([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]], [0.0, 0.0])
    source = described([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]], [0.0, 0.1])
    guess = np.full((2, 2, 2), 5.0, np.float32)
    guess[0] += [3.0, -3.0]  # shades within a region
    guess[1] -= [3.0, -3.0]
    colours = np.float32([[40.0, 40.0], [-30.0, -30.0]])
    made = guess + references.steps_to(target, guess, [(source, colours)], least=0.7, edge=80.0)
    np.testing.assert_allclose(made[:, 0].mean(axis=0), [-30, -30], atol=0.1)
    np.testing.assert_allclose(made[0, 0] - made[1, 0], [6, -6], atol=1e-4)
    np.testing.assert_allclose(made[:, 1], guess[:, 1], atol=0.1)
    # Of two references the one that is alike counts, and what is too dark for it does not.
    other = described([[0.0, 0.0, 1.0], [0.0, 0.0, 1.0]], [0.0, 0.0])
    both = [(other, colours), (source, colours)]
    np.testing.assert_allclose(
        guess + references.steps_to(target, guess, both, least=0.7, edge=80.0), made, atol=0.1
    )
    night = source._replace(light=np.float32([-1.0, -1.0]))
    steps = references.steps_to(target, guess, [(night, colours)], least=0.95, edge=80.0)
    assert np.abs(steps).max() < 1.0


def test_in_one_scene_less_likeness_will_do() -> None:
    """A region that is half alike waits for another to tell that both show the same."""
    guess, colours = np.zeros((2, 2, 2), np.float32), np.float32([[-30.0, -30.0], [40.0, 40.0]])
    source = described([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]], [0.0, 0.0])
    half_alike = [0.0, 0.6, 0.8]
    for other, right in (([1.0, 0.0, 0.0], [40.0, 40.0]), ([0.0, 0.0, 1.0], [0.0, 0.0])):
        target = described([other, half_alike], [0.0, 0.0])
        steps = references.steps_to(target, guess, [(source, colours)])
        np.testing.assert_allclose(steps[:, 1], [right] * 2, atol=0.1)


def test_a_reference_is_looked_at_from_both_sides() -> None:
    """Its mirror image has the same colours, each where its region went."""
    lab = np.zeros((64, 96, 3), np.float32)
    lab[:, :36], lab[:, 36:] = (20, 30, 10), (80, -20, -30)
    straight, mirrored = references.views(FakeColorizer(GREEN, "photo"), lab)
    for seen, ab in (straight, mirrored):
        assert seen.light.tolist() == [-0.5, 0.5]
        np.testing.assert_allclose(ab, [[30, 10], [-20, -30]], atol=0.1)
    assert straight[0].share[0, 0].tolist() == mirrored[0].share[0, -1].tolist() == [1, 0]
    assert mirrored[0].share[0, 0].tolist() == [0, 1]


def test_a_photograph_takes_the_colours_of_a_file(tmp_path: Path) -> None:
    photo = halves(tmp_path / "photo.png", (0, 0), (0, 0))
    given = references.read(halves(tmp_path / "coat.png", (30.0, 10.0), (-5.0, -30.0)))
    assert given.sha256 == hashlib.sha256((tmp_path / "coat.png").read_bytes()).hexdigest()
    model, made = FakeColorizer(GREEN, "photo"), tmp_path / "made.png"
    colorize_file(photo, made, model, Options(references=(given,)))
    dark, light = ab_of(made)
    np.testing.assert_allclose(dark, [30, 10], atol=2)
    np.testing.assert_allclose(light, [-5, -30], atol=2)
    said = recipe.read(made)
    assert said.references == (given.sha256,)
    # Saturation changes what the reference gives, too.
    colorize_file(photo, made, model, Options(references=(given,), saturation=0.5))
    np.testing.assert_allclose(ab_of(made)[0], [15, 5], atol=2)
    # The recipe makes the same file of the same reference, and says when it is missing.
    again = tmp_path / "again.png"
    colorize_file(photo, made, model, Options(references=(given,)))
    colorize_file(photo, again, model, said.followed(Options(references=(given,))))
    assert again.read_bytes() == made.read_bytes()
    with pytest.raises(ImageError, match=f"SHA-256 {given.sha256[:12]}... was not given"):
        said.followed(Options())
    other = references.read(halves(tmp_path / "other.png", (0.0, 40.0), (0.0, 40.0)))
    with pytest.raises(ImageError, match=f"does not name the reference .* {other.sha256[:12]}"):
        said.followed(Options(references=(given, other)))
    with pytest.raises(ImageError, match="does not name"):
        recipe.Recipe("photo").followed(Options(references=(other,)))
    gan = FakeColorizer(GREEN, "gan")
    with pytest.raises(ImageError, match="The method gan takes no colours from a reference"):
        colorize_file(photo, again, gan, Options(references=(given,)))


def test_a_recipe_keeps_the_order_of_its_references(tmp_path: Path) -> None:
    files = [halves(tmp_path / f"{n}.png", (10.0 * n, 20.0), (0.0, -20.0)) for n in (1, 2, 3)]
    given = tuple(map(references.read, files))
    said = recipe.of(FakeColorizer(GREEN, "photo"), Options(references=given))
    assert recipe.parsed(recipe.text(said).encode()) == said
    assert said.followed(Options(references=given[::-1])).references == given
    assert '"references"' not in recipe.text(recipe.Recipe("photo"))


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("5d02", "the references are '5d02', but must be a list"),
        (["5d02"], "reference 1 is '5d02', but must be a SHA-256"),
        ([7], "reference 1 is 7, but must be a SHA-256"),
        (["a" * 64, "a" * 64], "names a reference twice"),
        ([f"{n:064x}" for n in range(9)], "has 9 references, and 8 is the limit"),
    ],
)
def test_wrong_references_of_a_recipe_are_named(value: object, sentence: str) -> None:
    with pytest.raises(ImageError, match=sentence):
        recipe.checked({"truehue": 1, "method": "photo", "references": value})


def test_what_is_no_reference_is_refused_with_its_reason(tmp_path: Path) -> None:
    def saved(name: str, rgb: np.ndarray) -> Path:
        Image.fromarray(rgb.astype(np.uint8)).save(tmp_path / name)
        return tmp_path / name

    grey = np.random.default_rng(0).integers(0, 256, (80, 90, 1)) * np.ones(3)
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "letter.jpg").write_text("dear aunt")
    for file, sentence in (
        (tmp_path / "empty.jpg", "empty"),
        (tmp_path / "letter.jpg", "not a picture"),
        (tmp_path / "gone.jpg", "gone"),
        (saved("grey.png", grey), "it is grey, or of one tone"),
        (saved("sepia.png", grey * [1.0, 0.86, 0.68]), "no colours to take"),
        (saved("tiny.png", np.full((8, 40, 3), (200, 30, 30))), "8|40 x 8 pixels"),
    ):
        with pytest.raises(ImageError, match=sentence) as caught:
            references.read(file)
        assert f"The reference {file.name} cannot be used. " in str(caught.value)
    # A red cloth is of one tone, too, but of a colour.
    assert references.read(saved("cloth.png", np.full((40, 40, 3), (200, 30, 30))))


def test_a_network_describes_the_regions_that_it_finds() -> None:
    torch.manual_seed(0)
    network = PhotoFlow(widths=(16, 12, 8, 8), width=16, depth=1).eval()
    with torch.inference_mode():
        share, features, light = network.described(torch.rand(1, 1, 64, 96) * 2 - 1)
    assert share.shape[:2] == (16, 24)
    assert features.shape[0] == light.shape[0] == share.shape[2]
    torch.testing.assert_close(share.sum(dim=2), torch.ones(16, 24))
    torch.testing.assert_close(features.norm(dim=1), torch.ones(len(features)))
    assert light.abs().max() <= 1
