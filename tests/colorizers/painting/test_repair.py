"""What is damaged is found and continued from around it; all else keeps its levels."""

from pathlib import Path

import numpy as np
import pytest
from fakes import FakeColorizer
from PIL import Image
from skimage import data
from skimage.color import rgb2lab

from colorizers.errors import ImageError
from colorizers.files.picture import Picture
from colorizers.files.reading import open_photo
from colorizers.painting import recipe, repair, scratches
from colorizers.painting.pipeline import Options, colorize_file

ORANGE = FakeColorizer(np.full((32, 32, 2), 30, np.float32), "photo")


def hills(height: int = 300, width: int = 420) -> np.ndarray:
    """Smooth shades with a little grain, 8 bits."""
    y, x = np.mgrid[0:height, 0:width] / height
    L = 55 + 15 * np.sin(3 * x) * np.cos(2 * y) + np.random.default_rng(0).normal(0, 0.6, x.shape)
    return np.rint(L * 2.55).astype(np.uint8)


def damaged(grey: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two scratches and specks, as levels of its type, and where they are."""
    most = np.iinfo(grey.dtype).max
    rng = np.random.default_rng(1)
    hurt, where = grey.copy(), np.zeros(grey.shape, bool)
    rows = np.arange(len(grey))
    for start, slope, level in ((80, 0.2, most), (300, -0.1, 0)):
        columns = np.rint(start + slope * rows).astype(int)
        for beside in (0, 1):
            hurt[rows, columns + beside], where[rows, columns + beside] = level, True
    for row, column in rng.integers(10, 290, (12, 2)):
        hurt[row : row + 2, column : column + 2], where[row : row + 2, column : column + 2] = (
            0,
            True,
        )
    return hurt, where


def photo(grey: np.ndarray) -> Picture:
    return Picture(np.broadcast_to(grey[..., None], (*grey.shape, 3)), None, "PNG")


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_damage_is_found_and_filled_at_its_own_depth(depth: type) -> None:
    grey: np.ndarray = hills().astype(depth) * (257 if depth is np.uint16 else 1)
    hurt, where = damaged(grey)
    found = repair.look(photo(hurt))
    assert found.mask[where].mean() > 0.9
    assert found.mask[~where].mean() < 0.01
    assert found.inside == repair.WHOLE
    made = repair.mended(photo(hurt), found.__class__(found.mask, None, found.inside))
    assert made.rgb.dtype == depth
    step = np.iinfo(depth).max / 255
    away = np.abs(made.rgb[..., 0] / step - grey / step)
    assert away[where].mean() < 4  # the damage itself was 80 to 200 levels away
    np.testing.assert_array_equal(made.rgb[~found.mask], photo(hurt).rgb[~found.mask])


def test_what_is_whole_is_left_alone() -> None:
    assert not scratches.marked(hills().astype(np.float32) / 2.55).any()
    assert not scratches.marked(np.full((8, 400), 50, np.float32)).any()  # too small to tell
    for level in (0.0, 100.0):
        assert not scratches.marked(np.full((64, 64), level, np.float32)).any()


@pytest.mark.parametrize("name", ["astronaut", "chelsea", "coffee", "camera"])
def test_eyes_hair_and_letters_are_nearly_all_left(name: str) -> None:
    rgb = getattr(data, name)()
    L = rgb2lab(rgb)[..., 0] if rgb.ndim == 3 else rgb / 2.55
    assert scratches.marked(L.astype(np.float32)).mean() < 0.002


def test_stars_wires_and_letters_are_no_damage() -> None:
    rng = np.random.default_rng(2)
    night = np.full((300, 400), 8, np.float32)
    for row, column in rng.integers(5, 295, (500, 2)):
        night[row : row + 2, column : column + 2] = 90
    assert scratches.marked(night).mean() < 0.002  # 0.018 of it are stars
    sky = hills().astype(np.float32) / 2.55
    rows = np.rint(60 + 0.15 * np.arange(420)).astype(int)
    sky[rows, np.arange(420)] = 15  # a wire
    assert scratches.marked(sky).sum() < 10


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_levels_never_fold_and_lose_nothing_at_the_ends(depth: type) -> None:
    table = repair.curve((0.35, 0.6), np.dtype(depth)).astype(int)
    most = np.iinfo(depth).max
    assert (np.diff(table) >= 0).all()
    assert (table[0], table[-1]) == (0, most)
    assert np.diff(table).max() <= np.ceil(repair.GAIN) + (depth is np.uint8)
    if depth is np.uint16:
        assert (np.diff(table[::256]) > 0).all()


def test_a_faded_scan_is_levelled_and_a_good_one_is_not() -> None:
    grey = hills()
    faded = np.rint(110 + 0.35 * (grey - grey.mean())).astype(np.uint8)
    found = repair.look(photo(faded))
    assert found.levels is not None
    before, after = faded.astype(int), repair.mended(photo(faded), found).rgb[..., 0].astype(int)
    spread = [np.subtract(*np.percentile(one, (99, 1))) for one in (before, after)]
    assert spread[1] > 2 * spread[0]
    assert np.corrcoef(before.ravel(), after.ravel())[0, 1] > 0.999
    full = np.linspace(5, 250, 300 * 420).reshape(300, 420).astype(np.uint8)
    assert repair.look(photo(full)).levels is None
    assert repair.look(photo(np.full((60, 60), 90, np.uint8))).levels is None  # nothing to see


@pytest.mark.parametrize("level", [250, 3])
def test_borders_of_paper_and_of_black_stay_neutral(level: int, tmp_path: Path) -> None:
    grey = hills()
    grey[:20], grey[:, -30:] = level, level
    Image.fromarray(grey).save(tmp_path / "print.png")
    made = colorize_file(tmp_path / "print.png", tmp_path / "out.png", ORANGE, Options(repair=True))
    assert (np.ptp(made.rgb[:19].astype(int), axis=-1) == 0).all()
    assert (np.ptp(made.rgb[:, -29:].astype(int), axis=-1) == 0).all()
    assert np.ptp(made.rgb[30:, :380].astype(int), axis=-1).mean() > 10
    assert any("a border" in notice for notice in made.notices)


def test_off_unless_asked_for_and_said_in_the_recipe(tmp_path: Path) -> None:
    hurt, where = damaged(hills())
    file = tmp_path / "photo.png"
    Image.fromarray(hurt).save(file)
    plain = colorize_file(file, tmp_path / "plain.png", ORANGE, Options())
    assert np.abs(rgb2lab(plain.rgb)[..., 0] - hurt_L(hurt)).max() < 0.5
    assert "repair" not in recipe.text(recipe.in_picture(tmp_path / "plain.png"))
    made = colorize_file(file, tmp_path / "made.png", ORANGE, Options(repair=True))
    assert np.abs(rgb2lab(made.rgb)[..., 0] - hurt_L(hurt))[where].mean() > 20
    assert any("scratches and dust" in notice for notice in made.notices)
    told = recipe.in_picture(tmp_path / "made.png")
    assert told.repair
    again = tmp_path / "again.png"
    colorize_file(file, again, ORANGE, told.followed(Options()))
    assert again.read_bytes() == (tmp_path / "made.png").read_bytes()


def hurt_L(grey: np.ndarray) -> np.ndarray:
    return rgb2lab(np.repeat(grey[..., None], 3, axis=-1))[..., 0]


def test_a_recipe_says_true_or_false() -> None:
    said = {"truehue": 1, "method": "photo", "repair": "yes"}
    with pytest.raises(ImageError, match="repair is 'yes', but must be true or false"):
        recipe.checked(said)
    assert not recipe.checked(said | {"repair": False}).repair
    assert '"repair": true' in recipe.text(recipe.checked(said | {"repair": True}))


def test_a_mask_is_written_and_shown(tmp_path: Path) -> None:
    Image.fromarray(damaged(hills())[0]).save(tmp_path / "photo.png")
    found = repair.look(open_photo(tmp_path / "photo.png"))
    repair.write(found, tmp_path / "mask.png")
    with Image.open(tmp_path / "mask.png") as mask:
        assert (mask.mode, mask.size) == ("L", (420, 300))
        np.testing.assert_array_equal(np.asarray(mask) > 0, found.mask)
    small = repair.overlaid(np.zeros((75, 105, 3), np.uint8), found.mask)
    seen = (small == repair.MARK).all(axis=-1)
    assert seen[np.ix_(range(0, 75), range(105))].any()
    rows, columns = np.nonzero(found.mask)
    assert seen[rows // 4, columns // 4].all()  # nothing is too small to be seen


def test_a_tinted_print_keeps_its_tint() -> None:
    grey, where = damaged(hills())
    sepia = np.stack([grey, (grey * 0.9), (grey * 0.7)], axis=-1).astype(np.uint8)
    sepia[where] = np.where(grey[where] > 0, 255, 0)[:, None]
    made = repair.mended(Picture(sepia, None, "PNG"), repair.look(Picture(sepia, None, "PNG")))
    assert np.median(made.rgb[..., 0].astype(int) - made.rgb[..., 2]) > 20
    assert made.rgb.shape == sepia.shape
