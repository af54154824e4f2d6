"""A layer of colours over the grey photograph, as a browser blends it by the mode Color."""

import base64
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser
from skimage import data
from skimage.color import deltaE_ciede2000, rgb2lab

from colorizers.color import colorize_u8
from colorizers.painting.layer import colours_alone

pytestmark = pytest.mark.browser


def shown(rgb_u8: np.ndarray) -> str:
    stream = io.BytesIO()
    Image.fromarray(rgb_u8).save(stream, "PNG")
    return "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode()


@pytest.mark.slow
def test_a_browser_blends_the_layer_to_the_coloured_picture(browser: Browser, tmp_path: Path):
    rgb = np.ascontiguousarray(data.astronaut()[::2, ::2])
    grey = colorize_u8(rgb2lab(rgb)[..., 0], np.zeros((*rgb.shape[:2], 2)))
    height, width = rgb.shape[:2]
    with browser.new_context(viewport={"width": width, "height": height}) as context:
        page = context.new_page()
        page.set_content(
            "<body style='margin: 0; isolation: isolate'>"
            f"<img src='{shown(grey)}' style='position: absolute'>"
            f"<img src='{shown(colours_alone(rgb))}' style='position: absolute; "
            "mix-blend-mode: color'>"
        )
        seen = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    assert seen.size == (width, height)
    away = deltaE_ciede2000(rgb2lab(np.asarray(seen)), rgb2lab(rgb)).mean()
    assert away < 1.0
    assert away < 0.1 * deltaE_ciede2000(rgb2lab(grey), rgb2lab(rgb)).mean()
