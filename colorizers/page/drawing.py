"""What the Colorize tab shows of a photograph that lies on the desk.

Fed by :mod:`colorizers.page.editing` and :mod:`colorizers.page.placing` after every change.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import Any

import cv2
import gradio as gr
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from colorizers.color import colorize_u8
from colorizers.files.srgb import Pixels
from colorizers.page import kept
from colorizers.page.checking import grey_u8, hex_ab, preview, write_preview
from colorizers.page.desk import Look, Sliders, Step, Work
from colorizers.page.palette import hue
from colorizers.page.texts import DOUBT, NO_HINTS
from colorizers.painting.doubt import veiled
from colorizers.painting.hints import RADIUS, Hint
from colorizers.painting.neutral import blank
from colorizers.painting.own import keep
from colorizers.painting.predict import paint_grid, resize
from colorizers.painting.predictor import Predictor
from colorizers.painting.repair import WHOLE

DRAWN = 11
"""Updates of `Drawing.drawn`."""


class Drawing:
    """Draws what a photograph has become.

    Parameters
    ----------
    models : mapping of str to Predictor
    versions : sequence of str
        Titles of the versions of the first method; empty if it has none.
    """

    def __init__(self, models: Mapping[str, Predictor], versions: tuple[str, ...] = ()) -> None:
        self.models = models
        self.versions = versions

    def drawn(self, work: Work, sliders: Sliders) -> list[Any]:
        """The updates that follow a change, which is recorded.

        Parameters
        ----------
        work : Work
        sliders : Sliders

        Returns
        -------
        list
            Before and after, the picture to click into, what is said of the hints, nothing for
            the file of an earlier download, as it is not what is seen any more, the button that
            removes a hint, the colours that are likely at the last one's place, whose colours all
            are, the buttons that take back the last change and make it again, the one that keeps
            what is seen, and the results that are kept.
        """
        with work.lock:
            history = work.record(sliders, self.models)
            L = work.L.astype(np.float32)
            grey = work.folder / "grey.png"
            if not grey.exists():
                write_preview(grey, preview(grey_u8(L)))
            rgb_u8 = preview(self.painted(work, history.now))
            touched = shown = write_preview(work.new_preview("colour"), rgb_u8)
            if work.hints or history.now.mask:
                touched = write_preview(work.new_preview("hints"), marked(rgb_u8, work))
            if work.doubting:
                sure = work.sure(next(iter(self.models.values())))
                shown = write_preview(work.new_preview("doubt"), veiled(rgb_u8, sure))
            history.drawn()
            return [
                (str(grey), shown),
                touched,
                said(work),
                gr.DownloadButton(visible=False),
                gr.Button("Undo last hint" if work.chosen is None else "Remove this hint"),
                self._offered(work),
                self._whose(work, history.now),
                gr.Button(interactive=history.can_undo),
                gr.Button(interactive=history.can_redo),
                gr.Button(keeping(work)),
                gr.Gallery(selected_index=kept_at(work)),
            ]

    def painted(self, work: Work, step: Step) -> Pixels:
        """A result at the size that is worked on: (height, width, 3)."""
        colours = work.colours(step.look, step.sliders, self.models, step.hints, step.references)
        masked = work.masked(step, self.models)
        painted = paint_grid(work.L.astype(np.float32), colours, masked=masked)
        if step.keep and work.own:
            keep(painted, *work.own)
        if step.repair and work.mended and work.mended.inside != WHOLE:
            blank(painted, work.L.astype(np.float32), work.mended.inside)
        return painted

    def strip(self, work: Work) -> gr.Gallery:
        """The results that are kept, each with what it is made of."""
        return gr.Gallery(
            [(str(path), kept.settings(step, self._named(step.look))) for step, path in work.kept],
            selected_index=kept_at(work),
        )

    def tiles(
        self, work: Work, looks: list[Look], titles: tuple[str, ...], side: int
    ) -> list[tuple[str, str]]:
        """Small pictures of looks, at most `side` long, with their titles."""
        height, width = work.L.shape
        shrink = min(1.0, side / max(width, height))
        small = max(1, round(width * shrink)), max(1, round(height * shrink))
        L = resize(work.L.astype(np.float32), *small)
        tiles = []
        for number_, look, title in zip(count(), looks, titles, strict=False):
            rgb_u8 = preview(paint_grid(L, work.grid(look, self.models)))
            values = "-".join(f"{value:g}" for value in look.options(self.models).values())
            path = work.folder / f"{look.method}-{number_}-{values}-{side}.png"
            tiles.append((write_preview(path, rgb_u8), title))
        return tiles

    def _offered(self, work: Work) -> gr.Radio:
        """What is likely where the last click was, in the lightness that the place has."""
        if work.here is None:
            return gr.Radio(visible=False)
        hint = work.hints[work.here]
        height, width = work.L.shape
        L = work.L[min(int(hint.y * height), height - 1), min(int(hint.x * width), width - 1)]
        offered = []
        for ab, share in work.likely(hint, next(iter(self.models.values()))):
            pixel = colorize_u8(
                np.full((1, 1), L, np.float32).clip(35, 85), np.array([[ab]], np.float32)
            )
            offered.append((f"{hue(*ab)} {share:.0%}", f"#{pixel.tobytes().hex()}"))
        taken = next((value for _, value in offered if hex_ab(value) == hint.ab), None)
        return gr.Radio(offered, value=taken, visible=bool(offered))

    def version(self, look: Look) -> int | None:
        """Which of the versions a look is, if it is one; a recipe may say others."""
        first = look.method == next(iter(self.models)) and not look.more
        number_ = int(look.value)
        known = first and number_ == look.value and 0 <= number_ < len(self.versions)
        return number_ if known else None

    def _titled(self, look: Look) -> str:
        """The version of a look of the first method; empty of others."""
        number_ = self.version(look)
        if number_ is not None:
            return self.versions[number_]
        drawn = self.versions and look.method == next(iter(self.models))
        return f"Seed {look.value:g}" if drawn else ""

    def _named(self, look: Look) -> str:
        """The version of the first method, or the title of another."""
        return self._titled(look) or self.models[look.method].title

    def _whose(self, work: Work, step: Step) -> str:
        """Method and version of colours, and whether a reference counts, as Markdown."""
        if work.doubting:
            return DOUBT
        title = self._titled(step.look)
        version = f", version **{title}**" if title else ""
        if step.references:
            version += ", after your reference"
        elif work.references:
            version += ", which takes no reference"
        if step.mask:
            seen = step.mask.version
            version += ", partly "
            version += "grey" if seen is None else f"**{self._named(step.look.at(seen))}**"
        if step.repair:
            version += ", of the repaired photograph"
        return f"Coloured by **{self.models[step.look.method].title}**{version}."


def slot(work: Work) -> str | None:
    """The small picture of the reference whose colours are taken, if there is one."""
    return str(work.shown[work.references[-1]]) if work.references else None


def now(work: Work) -> Step:
    """What is seen."""
    assert work.history is not None  # it has been drawn
    return work.history.now


def kept_at(work: Work) -> int | None:
    """Which of the results that are kept is seen, if any."""
    seen = now(work)
    return next((number_ for number_, (step, _) in enumerate(work.kept) if step == seen), None)


def keeping(work: Work) -> str:
    """What the button says that keeps a result, or lets it go."""
    return kept.KEEP_THIS if kept_at(work) is None else kept.DROP_THIS


def said(work: Work) -> str:
    """How many hints there are, and what can be done with them."""
    if not work.hints:
        return NO_HINTS
    many = "1 hint" if len(work.hints) == 1 else f"{len(work.hints)} hints"
    if work.chosen is None:
        last = f"{many}, the last{_where(work.hints[-1])}."
        return f"{last} Click a ring or a line to change or move that hint."
    where = _where(work.hints[work.chosen])
    return (
        f"{many}. This one is selected{where}: pick a colour to change it, click elsewhere to move "
        "it, or click it again to leave it as it is."
    )


def marked(rgb_u8: NDArray[np.uint8], work: Work) -> NDArray[np.uint8]:
    """The picture with a ring round every hint, a thick one round the one that is chosen.

    A line goes on from the ring of a stroke, and goes round where the guess is taken back.
    """
    image = Image.fromarray(rgb_u8.copy())
    draw = ImageDraw.Draw(image)
    width, height = image.size
    if work.mask:
        inside = cv2.resize(work.mask.pixels(), image.size, interpolation=cv2.INTER_LINEAR) > 127
        found, _ = cv2.findContours(inside.astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
        for contour in found:
            around = [tuple(point) for point in contour[:, 0].tolist()]
            for fill, thick in (("black", 4), ("white", 2)):
                draw.line([*around, around[0]], fill=fill, width=thick)
    radius = max(5.0, 1.5 * RADIUS * max(width, height))
    for number_, hint in enumerate(work.hints):
        x, y = hint.x * width, hint.y * height
        path = [(across * width, down * height) for across, down in hint.places]
        for colour, outer, line in (("black", radius + 1, 4), ("white", radius, 2)):
            box = (x - outer, y - outer, x + outer, y + outer)
            thick = line + 3 * (number_ == work.chosen)
            if hint.more:
                draw.line(path, fill=colour, width=thick, joint="curve")
            draw.ellipse(box, outline=colour, width=thick)
    return np.asarray(image)


def _where(hint: Hint) -> str:
    return f" ({hint.x:.0%} across, {hint.y:.0%} down)"
