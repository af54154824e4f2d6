"""The pixels of a loaded Pillow image, whatever its mode and profile, as sRGB.

Fed by :mod:`colorizers.files.reading`, which has opened the file and checked its size. Pillow and
LittleCMS do the conversions; this module chooses them and says in a sentence when one of them
guesses.

References
----------
Pillow handbook, "Concepts" (modes); ICC.1:2010 (profiles).
"""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

Pixels = NDArray[np.uint8] | NDArray[np.uint16]

SPACES = {"L": "GRAY", "RGB": "RGB", "CMYK": "CMYK"}
"""What profiles call the colours of these modes."""


def to_srgb(image: Image.Image, notices: list[str]) -> tuple[Pixels, NDArray[np.uint8] | None]:
    """Pixels and opacity of a loaded image.

    Parameters
    ----------
    image : PIL.Image.Image
        Loaded, of any mode; its `info` may hold an ICC profile.
    notices : list of str
        Sentences about guesses are appended.

    Returns
    -------
    rgb : ndarray, shape (height, width, 3), uint8 or uint16
        sRGB; uint16 for grey pictures of more than 8 bits. Grey is a read-only view of one channel.
    alpha : ndarray of uint8, shape (height, width), or None
        None where the picture is opaque everywhere.
    """
    alpha: NDArray[np.uint8] | None
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        level = image.info.get("transparency")  # of a PNG
        clear = np.asarray(image) == level if isinstance(level, int) else np.False_
        alpha = np.where(clear, 0, 255).astype(np.uint8) if clear.any() else None
        return _deep_grey(image, notices), alpha
    image, alpha = _plain(image), None
    if image.mode in ("LA", "RGBA"):
        alpha = np.asarray(image.getchannel("A"))
        alpha = None if (alpha == 255).all() else alpha
        image = image.convert(image.mode[:-1])
    image = _apply_profile(image, notices)
    values = np.asarray(image)
    return (_spread(values) if values.ndim == 2 else values), alpha


def _plain(image: Image.Image) -> Image.Image:
    """Reduce Pillow's many modes to L, LA, RGB, RGBA, CMYK and LAB."""
    transparent = "transparency" in image.info
    if image.mode in ("P", "PA"):
        if transparent or image.mode == "PA":
            return image.convert("RGBA")
        return image.convert("RGB")
    if image.mode in ("1", "L", "RGB") and transparent:
        return image.convert("RGBA" if image.mode == "RGB" else "LA")
    if image.mode == "1":
        return image.convert("L")
    if image.mode in ("La", "RGBa"):
        return image.convert({"La": "LA", "RGBa": "RGBA"}[image.mode])
    if image.mode in ("L", "LA", "RGB", "RGBA", "CMYK", "LAB"):
        return image
    return image.convert("RGB")


def _apply_profile(image: Image.Image, notices: list[str]) -> Image.Image:
    """Apply the embedded profile; without one, grey and RGB are taken as sRGB."""
    embedded = image.info.get("icc_profile")
    if image.mode == "LAB":
        lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        return ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB") or image
    if embedded:
        try:
            profile = ImageCms.ImageCmsProfile(io.BytesIO(embedded))
            space = profile.profile.xcolor_space.strip()
            if image.mode == "L" and space == "RGB":
                image = image.convert("RGB")  # common: a grey scan tagged with an RGB profile
            if image.mode == "RGB" and space == "GRAY" and _is_grey(image):
                image = image.getchannel(0)  # and dot gain, or a film's grey, saved as colour
            if space != SPACES[image.mode]:
                notices.append(
                    f"The colour profile in the file is one of {space} and its pixels are "
                    f"{SPACES[image.mode]}; it is not used."
                )
            elif not is_srgb(profile):
                return _transform(image, profile)
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            notices.append("The colour profile in the file is damaged; it is not used.")
    if image.mode == "CMYK":
        if not embedded:
            notices.append(
                "The file holds ink values (CMYK) without a profile; they are estimated."
            )
        return image.convert("RGB")
    return image


def _is_grey(image: Image.Image) -> bool:
    red, green, blue = image.split()
    return red.tobytes() == green.tobytes() == blue.tobytes()


def _transform(image: Image.Image, profile: ImageCms.ImageCmsProfile) -> Image.Image:
    converted = ImageCms.profileToProfile(
        image,
        profile,
        ImageCms.createProfile("sRGB"),
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        outputMode="RGB",
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    if converted is None:
        raise ValueError("no conversion")
    return converted


def is_srgb(profile: ImageCms.ImageCmsProfile) -> bool:
    """Whether a profile says that it is sRGB."""
    # sRGB to sRGB is not the identity in 8 bits; leave such pictures, the most common, untouched.
    return (profile.profile.profile_description or "").startswith("sRGB")


def _deep_grey(image: Image.Image, notices: list[str]) -> Pixels:
    """16-bit, 32-bit integer and floating-point grey as sRGB of 16 bits, shape (h, w, 3)."""
    values = np.asarray(image)
    if image.mode != "F" and values.min() >= 0 and values.max() <= 65_535:
        grey = values.astype(np.uint16)
    else:
        grey = _stretched(values, notices)
    embedded = image.info.get("icc_profile")
    if embedded:
        # Pillow transforms 8 bits; a curve through the 256 results serves all 65,536 levels.
        ramp = Image.fromarray(np.arange(256, dtype=np.uint8)[None], "L")
        ramp.info["icc_profile"] = embedded
        curve = np.asarray(_apply_profile(ramp, notices).convert("L"), np.float64)[0]
        levels = np.interp(np.arange(65_536) / 257.0, np.arange(256), curve * 257.0)
        grey = np.rint(levels).astype(np.uint16)[grey]
    return _spread(grey)


def _stretched(values: NDArray[np.generic], notices: list[str]) -> NDArray[np.uint16]:
    numbers = values.astype(np.float32)
    finite = np.isfinite(numbers)
    if not finite.all():
        lost = 100.0 * (1.0 - finite.mean())
        notices.append(f"{lost:.3g} % of the pixels are not numbers (NaN); they are shown black.")
    if not finite.any():
        return np.zeros(numbers.shape, np.uint16)
    low, high = float(numbers[finite].min()), float(numbers[finite].max())
    if low >= 0.0 and high <= 1.0 and values.dtype.kind == "f":
        low, high = 0.0, 1.0
    else:
        notices.append(f"The pixel values {low:g} to {high:g} are stretched from black to white.")
    with np.errstate(over="ignore", invalid="ignore"):
        # In float64: the span of float32 values may exceed the largest float32.
        scaled = (numbers.astype(np.float64) - low) / max(high - low, np.finfo(np.float64).tiny)
    scaled[~finite] = 0.0
    return np.rint(np.clip(scaled, 0.0, 1.0) * 65_535.0).astype(np.uint16)


def _spread(grey: NDArray[Any]) -> Pixels:
    """(h, w) -> (h, w, 3) without three times the memory."""
    return np.broadcast_to(grey[..., None], (*grey.shape, 3))
