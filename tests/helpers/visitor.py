"""What a visitor with a photograph does at the page, and what is seen of it."""

import io
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import numpy as np
import pytest
from PIL import ExifTags, Image
from playwright.sync_api import Page, expect
from skimage.color import rgb2lab

SLOW = 90_000  # milliseconds; other tests share the processor
SCREENS: dict[str, Any] = {
    "laptop": {"viewport": {"width": 1280, "height": 800}},
    "phone": {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True},
}


def on_screens(first: str) -> pytest.MarkDecorator:
    """Run a test at the size of this screen; at that of the others with `make test-all`."""
    others = [pytest.param(size, marks=pytest.mark.slow) for size in SCREENS if size != first]
    return pytest.mark.parametrize("size", [first, *others])


def landscape(width: int = 900, height: int = 600) -> Image.Image:
    """Sky over hills with a sun: enough structure for an edge and a network."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) / height
    hills = 0.62 + 0.08 * np.sin(5 * x) + 0.03 * np.sin(17 * x)
    grey = np.where(y < hills, 200 - 60 * y, 90 + 40 * np.sin(40 * x) * (y - hills))
    grey = np.where((x - 1.1) ** 2 + (y - 0.2) ** 2 < 0.01, 240, grey)
    noise = np.random.default_rng(0).normal(0, 2, grey.shape)
    return Image.fromarray(np.clip(grey + noise, 0, 255).astype(np.uint8))


def rotated_jpeg(folder: Path, width: int = 900, height: int = 600, icc: bytes = b"") -> Path:
    """A JPEG that lies on its side, with the EXIF note that says so."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    file = folder / "Großvater am See.jpg"
    lying = landscape(width, height).convert("RGB").transpose(Image.Transpose.ROTATE_90)
    lying.save(file, quality=92, exif=exif, icc_profile=icc or None)
    return file


def upload(page: Page, file: Path) -> None:
    page.locator("#photo input[type=file]").set_input_files(file)


def coloured(page: Page) -> str:
    """Wait for colours; the address of the coloured preview."""
    after = page.locator("#result img").nth(1)
    expect(page.locator("#result img")).to_have_count(2, timeout=SLOW)
    return after.get_attribute("src") or ""


def changed(page: Page, before: str, element: str = "#result img") -> str:
    """Wait until a picture is another one; its address."""
    picture = page.locator(element).last
    expect(picture).not_to_have_attribute("src", before, timeout=SLOW)
    return picture.get_attribute("src") or ""


def fetched(page: Page, address: str) -> np.ndarray:
    """Lab of a picture that the page shows."""
    answer = page.request.get(urljoin(page.url, address))
    assert answer.headers["content-type"] == "image/png"
    return rgb2lab(np.asarray(Image.open(io.BytesIO(answer.body())).convert("RGB")))
