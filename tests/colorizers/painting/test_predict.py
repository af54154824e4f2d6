"""Any size in, full size out; L kept; colour stops at edges."""

import warnings
from pathlib import Path

import numpy as np
import pytest
import skimage
from fakes import FakeColorizer, hue_wheel
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from skimage.color import deltaE_ciede2000, lab2rgb, rgb2lab
from skimage.transform import resize as skimage_resize

from colorizers.errors import ImageError
from colorizers.files.reading import from_array, open_photo
from colorizers.networks.photo import shape
from colorizers.painting.predict import (
    MAX_WINDOWS,
    colorize,
    colorize_photo,
    lightness,
    predict_grid,
    resize,
    upsample_ab,
)

DATA = Path(skimage.__file__).parent / "data"
WHEEL = hue_wheel()


def photograph(name: str = "coffee.png") -> np.ndarray:
    return np.asarray(Image.open(DATA / name).convert("RGB"))


def L_of(rgb: np.ndarray) -> np.ndarray:
    return rgb2lab(rgb)[..., 0]


@pytest.mark.parametrize("chroma", [8.0, 30.0, 90.0])
@pytest.mark.parametrize("name", ["coffee.png", "burnt out", "16 bits"])
def test_the_photograph_keeps_its_lightness_pixel_by_pixel(chroma: float, name: str) -> None:
    """As README says: whether sRGB has the colour or not, in highlights and in shadows, too."""
    rgb: np.ndarray = photograph()
    if name == "burnt out":
        rgb = (rgb.astype(int) * 2 - 128).clip(0, 255).astype(np.uint8)
    if name == "16 bits":
        rgb = rgb.astype(np.uint16) * np.uint16(257) - np.uint16(100) * (rgb > 0)
    fake = FakeColorizer(hue_wheel(chroma=chroma))
    out = colorize_photo(fake, from_array(rgb))
    assert out.dtype == rgb.dtype
    assert np.abs(L_of(out) - L_of(rgb)).max() < (0.25 if out.dtype == np.uint8 else 0.02)
    # and the colour is the predicted one, where scikit-image's own conversion finds it in sRGB
    L = lightness(rgb)
    lab = np.dstack([L_of(rgb), upsample_ab(L, predict_grid(fake, L))])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        inside = np.abs(rgb2lab(lab2rgb(lab)) - lab).max(axis=-1) < 0.1
    inside &= np.ptp(out, axis=-1) > 0  # nor taken for a scratch
    assert 0.05 < inside.mean() < 1
    assert np.abs(rgb2lab(out) - lab)[inside].mean() < 0.5


def test_saturation_and_warmth_change_what_the_network_gave() -> None:
    grey = Image.new("L", (48, 40), 128)
    fake = FakeColorizer(hue_wheel(chroma=15.0))
    plain = rgb2lab(np.asarray(colorize(fake, grey)))
    changed = rgb2lab(np.asarray(colorize(fake, grey, saturation=0.5, warmth=-0.5)))
    np.testing.assert_allclose(changed[..., 1:], plain[..., 1:] / 2 - [2, 9], atol=1)
    np.testing.assert_allclose(changed[..., 0], plain[..., 0], atol=0.5)
    with pytest.raises(ValueError, match="saturation 3 must be a number from 0 to 2"):
        colorize(fake, grey, saturation=3)


@pytest.mark.parametrize(
    "shape",
    [(1, 1), (1, 9), (9, 1), (7, 5), (32, 32), (33, 31), (1, 5000), (3000, 2), (1025, 700)],
)
def test_every_size_comes_back_at_its_size(shape: tuple[int, int]) -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    out = colorize(FakeColorizer(WHEEL), rgb)
    assert out.size == shape[::-1]
    assert out.mode == "RGB"


@settings(max_examples=40, deadline=None)
@given(height=st.integers(1, 80), width=st.integers(1, 80), seed=st.integers(0, 99))
def test_no_colour_predicted_gives_the_grey_picture(height: int, width: int, seed: int) -> None:
    grey = np.random.default_rng(seed).integers(0, 256, (height, width), dtype=np.uint8)
    out = np.asarray(colorize(FakeColorizer(np.zeros((32, 32, 2), np.float32)), grey))
    np.testing.assert_array_equal(out, np.repeat(grey[..., None], 3, axis=2))


def test_colour_of_the_input_does_not_matter_only_its_L() -> None:
    rgb = photograph("astronaut.png")
    L = lightness(rgb)
    # the same L without colour, in 16 bits so that L is the same to within 0.002
    grey = np.rint(lab2rgb(np.dstack([L, 0 * L, 0 * L])).mean(axis=-1) * 65_535).astype(np.uint16)
    echo = FakeColorizer(lambda view: np.stack([view - 50, 50 - view], axis=-1))
    from_colour = np.asarray(colorize(echo, rgb)).astype(int)
    from_grey = np.asarray(colorize(echo, grey)).astype(int)
    # The edge guide is L in 8 bits, where 0.002 may be a whole step: allow it at single pixels.
    assert np.abs(from_colour - from_grey).max() <= 2
    assert (from_colour != from_grey).mean() < 0.02


def test_lightness_is_scikit_images_in_all_its_forms() -> None:
    rgb = photograph()
    np.testing.assert_allclose(lightness(rgb), L_of(rgb), atol=1e-3)
    grey = rgb[..., 1]
    view = np.broadcast_to(grey[..., None], (*grey.shape, 3))  # how a grey file arrives
    np.testing.assert_allclose(lightness(view), L_of(np.ascontiguousarray(view)), atol=1e-3)
    deep = np.broadcast_to(np.arange(65_536, dtype=np.uint16)[None, :, None], (1, 65_536, 3))
    np.testing.assert_allclose(lightness(deep), L_of(np.ascontiguousarray(deep)), atol=1e-3)


def test_resize_averages_areas() -> None:
    plane = np.random.default_rng(2).random((96, 64)).astype(np.float32) * 100
    blocks = plane.reshape(32, 3, 32, 2).mean(axis=(1, 3))
    np.testing.assert_allclose(resize(plane, 32, 32), blocks, atol=1e-3)
    # one side shrinks while the other grows
    thin = plane[:, :8]
    expected = plane[:, :8].reshape(32, 3, 8).mean(axis=1)
    np.testing.assert_allclose(resize(thin, 8, 32), expected, atol=1e-3)
    grown = resize(thin, 32, 32)
    assert grown.shape == (32, 32)
    assert grown.min() >= plane.min()
    assert grown.max() <= plane.max()


def test_the_view_shows_the_whole_picture_upright() -> None:
    L = np.zeros((250, 300), np.float32)
    L[:125] = 90  # bright above
    L[:, 150:] += 10  # and a little brighter on the right
    fake = FakeColorizer(WHEEL)
    predict_grid(fake, L)
    (views,) = fake.seen
    assert views.shape == (1, 32, 32)
    assert views[0, 4, 4] == pytest.approx(90)
    assert views[0, 28, 28] == pytest.approx(10)


@pytest.mark.parametrize("tall", [False, True])
def test_long_pictures_are_covered_by_windows_in_their_own_proportions(tall: bool) -> None:
    echo = FakeColorizer(lambda view: np.stack([view, -view], axis=-1))
    rng = np.random.default_rng(4)
    L = resize(rng.random((4, 20)).astype(np.float32) * 100, 1000, 200)
    grid = predict_grid(echo, L.T if tall else L)
    (views,) = echo.seen
    assert views.shape[0] == 9  # half-overlapping squares: 200 of 1000 pixels, every 100
    if tall:
        grid = grid.swapaxes(0, 1)
    assert grid.shape == (32, 160, 2)
    # The network repeats what it sees, so the joined grid is the picture itself, made small.
    np.testing.assert_allclose(grid[..., 0], resize(L, 160, 32), atol=3.0)
    np.testing.assert_allclose(grid[..., 1], -grid[..., 0], atol=1e-4)


def test_number_of_windows_is_bounded() -> None:
    fake = FakeColorizer(WHEEL)
    grid = predict_grid(fake, np.full((1, 60_000), 50, np.float32))
    assert len(fake.seen[0]) == MAX_WINDOWS
    assert np.isfinite(grid).all()


@pytest.mark.parametrize("grain", [0.0, 1.0, 3.0])
def test_colour_step_stays_at_the_edge_better_than_bicubic(grain: float) -> None:
    height, width, edge = 600, 900, 437
    L = np.where(np.arange(width) < edge, 35.0, 70.0)[None].repeat(height, axis=0)
    L = (L + np.random.default_rng(1).normal(0, grain, L.shape)).astype(np.float32)
    step = np.where(np.arange(width) < edge, -40.0, 40.0)[None].repeat(height, axis=0)
    truth = np.stack([step, -step], axis=-1).astype(np.float32)
    grid = resize(truth, 32, 32)
    ours = upsample_ab(L, grid)
    bicubic = skimage_resize(grid, (height, width, 2), order=3, mode="edge", anti_aliasing=False)
    near = slice(edge - 30, edge + 30)
    error = np.abs(ours - truth)[:, near].mean()
    assert error < 0.35 * np.abs(bicubic - truth)[:, near].mean()


def test_colour_changes_within_a_pixel_of_the_edge_at_full_size() -> None:
    width, edge = 3000, 1537  # three times the working size, and not on its grid
    L = np.where(np.arange(width) < edge, 30.0, 70.0).astype(np.float32)[None].repeat(1500, axis=0)
    step = np.where(np.arange(width) < edge, -40.0, 40.0)
    truth = np.broadcast_to(step[None, :, None], (1500, width, 2))
    row = upsample_ab(L, resize(truth, 32, 32))[750, :, 0]
    jump = row[edge] - row[edge - 1]
    assert jump > 40  # of 80, between two neighbouring pixels
    assert abs(jump) > 10 * np.abs(np.diff(row)[edge : edge + 200]).max()


def test_upsampling_is_nearer_to_the_truth_than_bicubic_on_photographs() -> None:
    ours, bicubic = [], []
    for name in ("astronaut.png", "coffee.png", "chelsea.png", "rocket.jpg", "motorcycle_left.png"):
        lab = rgb2lab(photograph(name)).astype(np.float32)
        grid = resize(lab[..., 1:], 32, 32)
        up = upsample_ab(np.ascontiguousarray(lab[..., 0]), grid)
        ours.append(np.linalg.norm(up - lab[..., 1:], axis=-1).mean())
        up = skimage_resize(grid, lab.shape[:2], order=3, mode="edge", anti_aliasing=False)
        bicubic.append(np.linalg.norm(up - lab[..., 1:], axis=-1).mean())
    assert np.mean(ours) < 0.92 * np.mean(bicubic)


def test_cells_keep_the_mean_colour_that_the_network_gave() -> None:
    L = lightness(photograph("chelsea.png"))
    back = resize(upsample_ab(L, WHEEL), 32, 32)
    assert np.abs(back - WHEEL).mean() < 1.0


@pytest.mark.parametrize("whole", [False, True], ids=["squares", "whole photographs"])
def test_same_photograph_at_other_sizes_gets_the_same_colours(whole: bool) -> None:
    image = Image.fromarray(photograph("coffee.png"))  # 600 x 400
    echo = WholeColorizer() if whole else FakeColorizer(lambda view: echoed(view))
    labs = []
    for width in (300, 1000, 4000):
        sized = image.resize((width, width * 2 // 3), Image.Resampling.LANCZOS)
        out = np.asarray(colorize(echo, sized).resize((240, 160), Image.Resampling.BOX))
        labs.append(rgb2lab(out))
    assert np.linalg.norm(labs[0][..., 1:], axis=-1).mean() > 10  # there are colours to compare
    for first, second in ((0, 1), (1, 2), (0, 2)):
        assert deltaE_ciede2000(labs[first], labs[second]).mean() < 1.5


def echoed(view: np.ndarray) -> np.ndarray:
    """ab that follows L: the network that repeats most of what differs between two sizes."""
    return np.stack([view - 50, (50 - view) / 2], axis=-1).astype(np.float32)


class WholeColorizer(FakeColorizer):
    """Takes a photograph's own shape, as `colorizers.networks.photo` does, and answers at half of
    it."""

    def __init__(self) -> None:
        super().__init__(echoed, "photo", 192)
        self.shape = shape

    def predict_ab(self, L: np.ndarray, **options: float) -> np.ndarray:
        assert L.shape[1:] == shape(*L.shape[1:])
        return np.stack([echoed(resize(view, L.shape[2] // 2, L.shape[1] // 2)) for view in L])


@pytest.mark.parametrize("size", [(1, 1), (5, 3000), (130, 2000), (700, 500), (1400, 1900)])
def test_networks_of_any_shape_see_the_whole_photograph_once(size: tuple[int, int]) -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    assert colorize(WholeColorizer(), rgb).size == size[::-1]


def test_files_images_and_arrays_give_the_same(tmp_path: Path) -> None:
    rgb = photograph("chelsea.png")
    file = tmp_path / "cat.png"
    Image.fromarray(rgb).save(file)
    fake = FakeColorizer(WHEEL)
    expected = np.asarray(colorize(fake, rgb))
    for source in (file, str(file), file.read_bytes(), Image.fromarray(rgb)):
        np.testing.assert_array_equal(np.asarray(colorize(fake, source)), expected)


def test_transparency_survives() -> None:
    rgba = np.dstack([photograph("chelsea.png"), np.full((300, 451), 9, np.uint8)])
    out = colorize(FakeColorizer(WHEEL), Image.fromarray(rgba))
    assert out.mode == "RGBA"
    assert np.asarray(out)[5, 5, 3] == 9


def test_options_and_progress_are_passed_on() -> None:
    fake = FakeColorizer(WHEEL, "classification")
    shares: list[float] = []
    photo = from_array(photograph("rocket.jpg"))
    colorize_photo(fake, photo, progress=lambda share, what: shares.append(share), temperature=0.2)
    assert fake.asked == [{"temperature": 0.2}]
    assert shares[0] == 0.0
    assert shares[-1] == 1.0
    assert shares == sorted(shares)


def test_unusable_pictures_are_our_error() -> None:
    with pytest.raises(ImageError):
        colorize(FakeColorizer(WHEEL), b"no picture")
    with pytest.raises(ImageError):
        colorize(FakeColorizer(WHEEL), np.zeros((4, 4, 4), np.uint8))


@pytest.mark.slow
def test_twelve_megapixels_in_bounded_memory(tmp_path: Path) -> None:
    import tracemalloc

    small = Image.fromarray(photograph("astronaut.png"))
    file = tmp_path / "large.jpg"
    small.resize((4000, 3000)).save(file, quality=90)
    photo = open_photo(file)
    fake = FakeColorizer(WHEEL)
    tracemalloc.start()
    out = colorize_photo(fake, photo)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert out.shape == (3000, 4000, 3)
    # L 48 MB, the result 36 MB, the working size and strips of a megapixel: float64 of the whole
    # picture, 288 MB, is never made.
    assert peak < 260e6
