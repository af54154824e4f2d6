"""Greys as they really are: what film, age, print and scanner made of a scene.

Fed to :mod:`train.photo_flow` by :mod:`train.kinds`. The L of a digital photograph is the one
grey that nobody uploads. Old film was blind to red,
or stood behind a yellow, orange or red filter; prints fade, are grainy, blurred, scratched, and
come as JPEGs or through the half-tone screen of a newspaper. Colours should not depend on it.
Everything works on batches, on whichever device they are.

References
----------
IEC 61966-2-1 (sRGB); CIE 15:2004 (L). ITU-T T.81, annex K (JPEG's quantisation of luminance).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn.functional import conv2d, interpolate, pad

from colorizers.color import WHITE, XYZ_FROM_RGB

LUMINANCE = (0.2126, 0.7152, 0.0722)
"""Of sRGB's primaries in linear light: the response whose grey is L itself."""
RESPONSES: dict[str, tuple[float, float, float]] = {
    "panchromatic": (0.35, 0.35, 0.30),
    "orthochromatic": (0.02, 0.50, 0.48),
    "blue": (0.0, 0.10, 0.90),
    "yellow filter": (0.45, 0.52, 0.03),
    "orange filter": (0.68, 0.32, 0.0),
    "red filter": (0.95, 0.05, 0.0),
}
"""Red, green and blue of films and filters, roughly: shares of linear light."""
QUANTISATION = (
    (16, 11, 10, 16, 24, 40, 51, 61), (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56), (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77), (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101), (72, 92, 95, 98, 112, 100, 103, 99),
)  # fmt: skip
"""T.81, table K.1: of quality 50."""


def response(rgb: Tensor, weights: Tensor) -> Tensor:
    """L of what a film with these weights sees.

    Parameters
    ----------
    rgb : Tensor, shape (N, 3, H, W)
        sRGB in [0, 1].
    weights : Tensor, shape (N, 3)
        Shares of linear red, green and blue; each row sums to 1.

    Returns
    -------
    Tensor, shape (N, 1, H, W)
        L in [0, 100].

    Examples
    --------
    >>> grey = torch.full((1, 3, 1, 1), 119 / 255)
    >>> round(response(grey, torch.tensor([LUMINANCE])).item(), 1)
    50.0
    """
    linear = torch.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055).clamp_min(0) ** 2.4)
    light = (linear * weights[:, :, None, None]).sum(dim=1, keepdim=True)
    edge = (6 / 29) ** 3
    return torch.where(
        light > edge, 116 * light.clamp_min(edge) ** (1 / 3) - 16, light * (29 / 3) ** 3
    )


def random_weights(count: int, generator: torch.Generator, plain: float = 0.45) -> Tensor:
    """Responses of films drawn at random, (count, 3); a share of them is L's own (`plain`)."""
    named = torch.tensor(list(RESPONSES.values()))
    taken = named[torch.randint(len(named), (count,), generator=generator)]
    uniform = -torch.rand(count, 3, generator=generator).clamp_min(1e-6).log()
    uniform = uniform / uniform.sum(dim=1, keepdim=True)  # uniform on the triangle
    share = torch.rand(count, 1, generator=generator) * 0.6
    mixed = taken * (1 - share) + uniform * share
    own = torch.rand(count, 1, generator=generator) < plain
    return torch.where(own, torch.tensor([LUMINANCE]), mixed)


def age(L: Tensor, generator: torch.Generator) -> Tensor:
    """What time, print and scanner may do to it, at random, photograph by photograph.

    Parameters
    ----------
    L : Tensor, shape (N, 1, H, W)
        In [0, 100].

    Returns
    -------
    Tensor
        The same shape, in [0, 100].
    """

    def column(low: float, high: float) -> Tensor:
        drawn = torch.rand(len(L), 1, 1, 1, generator=generator) * (high - low) + low
        return drawn.to(L)

    def some(share: float) -> Tensor:
        return (torch.rand(len(L), generator=generator) < share).nonzero()[:, 0].to(L.device)

    L = L / 100
    # A tone curve and faded contrast: of all.
    L = L.clamp(0, 1) ** torch.exp(column(-0.25, 0.25))
    L = (L - 0.5) * column(0.65, 1.12) + 0.5 + column(-0.06, 0.06)
    if len(which := some(0.25)):
        L[which] = blur(L[which], 0.3 + torch.rand(1, generator=generator).item())
    if len(which := some(0.10)):
        L[which] = screen(
            L[which],
            2.0 + 4.0 * torch.rand(1, generator=generator).item(),
            math.pi * torch.rand(1, generator=generator).item(),
            0.5 + 0.5 * torch.rand(1, generator=generator).item(),
        )
    if len(which := some(0.35)):
        grain = torch.randn(L[which].shape, generator=generator).to(L)
        if torch.rand(1, generator=generator).item() < 0.5:
            grain = 2 * blur(grain, 0.8)
        L[which] = L[which] + grain * column(0.0, 0.06)[which]
    if len(which := some(0.10)):
        L[which] = scratched(L[which], generator)
    L = L.clamp(0, 1)
    if len(which := some(0.25)):
        L[which] = jpeg(L[which], int(15 + 70 * torch.rand(1, generator=generator).item()))
    return L.clamp(0, 1) * 100


def examples(rgb: Tensor, clean: Tensor) -> dict[str, Tensor]:
    """Eight greys of the same photographs, always the same ones, by name.

    Parameters
    ----------
    rgb : Tensor, shape (N, 3, H, W)
        sRGB in [0, 1]; sides are multiples of 8.
    clean : Tensor, shape (N, 1, H, W)
        Their L, in [0, 100].

    Returns
    -------
    dict of Tensor, shape (N, 1, H, W)
        In [0, 100].
    """

    def filmed(name: str) -> Tensor:
        return response(rgb, torch.tensor([RESPONSES[name]]).repeat(len(rgb), 1))

    grain = torch.randn(clean.shape, generator=torch.Generator().manual_seed(1)).to(clean)
    return {
        "orthochromatic": filmed("orthochromatic"),
        "yellow filter": filmed("yellow filter"),
        "red filter": filmed("red filter"),
        "faded": clean * 0.65 + 22,
        "grain": (blur(clean, 0.7) + 6 * grain).clamp(0, 100),
        "scratches": 100 * scratched(clean / 100, torch.Generator().manual_seed(1)).clamp(0, 1),
        "JPEG of quality 25": 100 * jpeg(clean / 100, 25).clamp(0, 1),
        "half-tone screen": 100 * screen(clean / 100, 3.0, 0.6, 1.0).clamp(0, 1),
    }


def blur(x: Tensor, sigma: float) -> Tensor:
    """Gaussian blur of (N, 1, H, W)."""
    radius = max(1, math.ceil(2.5 * sigma))
    places = torch.arange(-radius, radius + 1, device=x.device, dtype=x.dtype)
    kernel = torch.exp(-0.5 * (places / sigma) ** 2)
    kernel = kernel / kernel.sum()
    x = conv2d(pad(x, (radius, radius, 0, 0), mode="reflect"), kernel.view(1, 1, 1, -1))
    return conv2d(pad(x, (0, 0, radius, radius), mode="reflect"), kernel.view(1, 1, -1, 1))


def screen(x: Tensor, pitch: float, angle: float, strength: float) -> Tensor:
    """A half-tone: dots of ink that grow where it is dark, `pitch` pixels apart; of [0, 1].

    Printed at four times the size, where a dot has an edge, and averaged as a scanner does.
    `strength` of 1 is ink or paper and nothing between.
    """
    times = 4
    fine = interpolate(x, scale_factor=times, mode="bilinear")
    rows, columns = (
        torch.arange(side, device=x.device, dtype=x.dtype) * (2 * math.pi / (pitch * times))
        for side in fine.shape[2:]
    )
    along = rows[:, None] * math.cos(angle) + columns[None] * math.sin(angle)
    across = columns[None] * math.cos(angle) - rows[:, None] * math.sin(angle)
    threshold = 0.5 + 0.25 * (along.cos() + across.cos())  # (H, W) in [0, 1]
    ink = torch.sigmoid((fine - threshold) * 24)
    small = interpolate(ink, size=x.shape[2:], mode="area")
    return x + strength * (small - x)


def scratched(x: Tensor, generator: torch.Generator) -> Tensor:
    """Scratches from above to below and specks of dust, bright or dark; of [0, 1]."""
    count, _, height, width = x.shape
    rows = torch.arange(height).view(1, -1, 1)
    columns = torch.arange(width).view(1, 1, -1)
    mask = torch.zeros(count, height, width)
    for _ in range(3):
        start, end = (torch.rand(count, 1, 1, generator=generator) * width for _ in range(2))
        wide = 0.3 + 0.7 * torch.rand(count, 1, 1, generator=generator)
        line = (columns - (start + (end - start) * rows / height)).abs()
        mask = torch.maximum(mask, (1 - line / wide).clamp_min(0))
    specks = torch.rand(count, height, width, generator=generator) < 0.001
    mask = torch.maximum(mask, specks.float())[:, None].to(x)
    colour = (torch.rand(count, 1, 1, 1, generator=generator) < 0.6).to(x)
    return x + mask * (colour - x)


def jpeg(x: Tensor, quality: int) -> Tensor:
    """What JPEG's quantisation leaves of [0, 1]; sides are multiples of 8.

    Examples
    --------
    >>> flat = torch.full((1, 1, 8, 8), 0.5)
    >>> torch.allclose(jpeg(flat, 50), flat, atol=0.01)
    True
    """
    scale = 5000 / quality if quality < 50 else 200 - 2 * quality
    table = ((torch.tensor(QUANTISATION) * scale + 50) / 100).floor().clamp(1, 255).to(x)
    places = torch.arange(8, device=x.device, dtype=x.dtype)
    basis = torch.cos((2 * places[None] + 1) * places[:, None] * math.pi / 16) / 2
    basis[0] /= math.sqrt(2)
    count, _, height, width = x.shape
    # (N, H / 8, W / 8, 8, 8)
    blocks = (255 * x - 128).view(count, height // 8, 8, width // 8, 8).transpose(2, 3)
    kept = (basis @ blocks @ basis.T / table).round() * table
    back = (basis.T @ kept @ basis).transpose(2, 3).reshape(count, 1, height, width)
    return (back + 128) / 255


def lab_of(rgb: Tensor) -> Tensor:
    """CIE Lab (N, 3, H, W) of sRGB (N, 3, H, W) in [0, 1], as `colorizers.color` has it."""
    linear = torch.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055).clamp_min(0) ** 2.4)
    matrix = torch.from_numpy(XYZ_FROM_RGB / WHITE[:, None]).to(rgb)
    xyz = torch.einsum("xc,nchw->nxhw", matrix, linear)
    edge = (6 / 29) ** 3
    root = torch.where(xyz > edge, xyz.clamp_min(edge) ** (1 / 3), xyz * (29 / 6) ** 2 / 3 + 4 / 29)
    x, y, z = root.unbind(1)
    return torch.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], dim=1)
