"""One photograph in the Colorize tab: colours, versions, sliders, hints, the file to take home.

Each method of :class:`Editor` answers one event of :mod:`colorizers.page.events` with updates of
the page. The network runs once for a look; all that follows works on the small grids that it gave
(:mod:`colorizers.page.desk`) and on a preview. The full size is made when it is asked for.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, Literal

import gradio as gr
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from colorizers.color import colorize_u8
from colorizers.errors import ImageError
from colorizers.files.filenames import output_name
from colorizers.files.srgb import Pixels
from colorizers.page import kept
from colorizers.page.checking import (
    ENDINGS,
    QUALITY,
    Verdict,
    choice,
    grey_u8,
    hex_ab,
    look_at,
    new_folder,
    number,
    place,
    position,
    preview,
    preview_size,
    telling,
    uploaded,
    write_preview,
)
from colorizers.page.desk import MAX_HINTS, Desk, Look, Sliders, Step, Work
from colorizers.page.palette import hex_of, hue
from colorizers.page.turns import opened
from colorizers.painting.adjust import SATURATION, WARMTH
from colorizers.painting.hints import RADIUS, REACH, Hint
from colorizers.painting.own import keep
from colorizers.painting.pipeline import Options, colorize_opened
from colorizers.painting.predict import paint_grid, resize
from colorizers.painting.predictor import Predictor

THUMB_SIDE, COMPARE_SIDE = 384, 640
"""Longest sides of the pictures in the two galleries."""
TEMPERATURES = (0.05, 1.0)
NO_HINTS = "No hints yet: choose a colour, then click where it belongs."
DRAWN = 11
"""Updates of `Editor.redraw`."""
PERCENT = (0, 100)
NO_COLOURS, NO_CHANGE, NO_FILE = "No colours yet", "Nothing was changed", "No file yet"


class Editor:
    """Answers the events of one photograph.

    Parameters
    ----------
    models : mapping of str to Predictor
        What may be chosen; the first is what a fresh upload is coloured by.
    cache : Path
        Gradio's folder for files that it serves.
    versions : sequence of str
        Titles of the versions of the first method; empty if it has none.
    """

    def __init__(
        self, models: Mapping[str, Predictor], cache: Path, versions: tuple[str, ...] = ()
    ) -> None:
        self.models = models
        self.cache = cache
        self.versions = versions
        self.desk = Desk()

    def colorize(
        self,
        payload: Any,
        old_key: Any,
        progress: gr.Progress,
        verdict: Verdict | None = None,
    ) -> list[Any]:
        """Colour an upload and lay it on the desk.

        Parameters
        ----------
        payload, old_key
            What `gr.Image` sent; the key of the photograph before, if any.
        progress : callable
            `gr.Progress`.
        verdict : Verdict, optional
            What was found when it was looked at; if it is of this photograph, nothing is decoded.

        Returns
        -------
        list
            Key, note, what is said of the file to take home, and then as of `redraw`.
        """
        with telling(NO_COLOURS):
            path, name = uploaded(payload)
            small = verdict.small if verdict is not None and verdict.of(payload) else None
            if verdict is None or small is None:
                progress(0.0, desc="Reading the picture")
                with opened(path) as photo:
                    verdict = look_at(path, photo)
                small = verdict.small
            assert small is not None
            width, height = verdict.size
            before = self.desk.same(old_key, path)
            method = next(iter(self.models))
            default = next(iter(self.models[method].options.values()), 0.0)
            work = Work(
                path=path,
                name=name,
                size=verdict.size,
                L=small.L,
                own=small.own,
                look=Look(method, default),
                folder=new_folder(self.cache),
                history=before.history if before else None,
                kept=before.kept if before else [],
            )
            progress(0.5, desc="Colouring")
            work.grid(work.look, self.models)
            progress(0.8, desc="Following the edges")
            key = self.desk.put(work, instead_of=old_key)
            full = f"The file is full size: {width:,} × {height:,} pixels."
            drawn = self._drawn(work, Sliders())
            return [key, verdict.note, full, *drawn[:-1], self._strip(work)]

    def show_versions(self, key: Any) -> list[tuple[str, str]]:
        """Small previews of all versions, with their titles."""
        with telling(NO_COLOURS):
            work = self.desk.get(key)
            with work.lock:
                method, count = next(iter(self.models)), len(self.versions)
                looks = work.draw(method, count, self.models)
                return self._tiles(work, looks, self.versions, THUMB_SIDE)

    def choose_version(self, event: gr.EventData, key: Any, *sliders: Any) -> list[Any]:
        """Take another version of the first method."""
        with telling(NO_CHANGE):
            work = self.desk.get(key)
            chosen = Look(next(iter(self.models)), float(position(event, len(self.versions))))
            return self._looking(work, chosen, sliders)

    def compare(
        self,
        key: Any,
        temperature: Any,
        progress: gr.Progress = gr.Progress(),  # noqa: B008  how Gradio hands it in
    ) -> list[tuple[str, str]]:
        """The same photograph by every method, with their titles."""
        with telling(NO_COLOURS):
            asked = number("temperature", temperature, TEMPERATURES)
            work = self.desk.get(key)
            with work.lock:
                looks = []
                for index, (name, model) in enumerate(self.models.items()):
                    progress(index / len(self.models), desc=f"{model.title} is colouring")
                    value = asked if "temperature" in model.options else 0.0
                    look = work.look if name == work.look.method and not value else None
                    looks.append(look or Look(name, value))
                    work.grid(looks[-1], self.models)
                work.offered = looks
                titles = tuple(model.title for model in self.models.values())
                return self._tiles(work, looks, titles, COMPARE_SIDE)

    def choose_method(self, event: gr.EventData, key: Any, *sliders: Any) -> list[Any]:
        """Take what another method made, one of those that `compare` has shown."""
        with telling(NO_CHANGE):
            work = self.desk.get(key)
            return self._looking(work, work.offered[position(event, len(work.offered))], sliders)

    def redraw(self, key: Any, *sliders: Any) -> list[Any]:
        """Draw the preview again with other sliders.

        Parameters
        ----------
        key : str
        *sliders
            Saturation, warmth and reach, unchecked.

        Returns
        -------
        list
            Before and after, the picture to click into, what is said of the hints, nothing for
            the file of an earlier download, as it is not what is seen any more, the button that
            removes a hint, the colours that are likely at the last one's place, whose colours all
            are, the buttons that take back the last change and make it again, the one that keeps
            what is seen, and the results that are kept.
        """
        with telling(NO_CHANGE):
            # Sliders move by themselves when a page is reset, and are empty while somebody types.
            if not key or None in sliders:
                return [gr.skip()] * DRAWN
            work = self.desk.get(key)
            return self._drawn(work, checked_sliders(sliders))

    def take_back(self, key: Any) -> list[Any]:
        """Take back the last change, if there is one.

        Returns
        -------
        list
            Saturation, warmth, reach and "Keep its own colours" as they were, and then as `redraw`.
        """
        return self._go("undo", key)

    def make_again(self, key: Any) -> list[Any]:
        """Make the change again that was taken back last, if there is one; as `take_back`."""
        return self._go("redo", key)

    def _go(self, way: Literal["undo", "redo"], key: Any) -> list[Any]:
        with telling(NO_CHANGE):
            work = self.desk.get(key)
            with work.lock:
                history = work.history
                assert history is not None  # it has been drawn
                step = history.undo() if way == "undo" else history.redo()
                work.go_to(step)
                return [*step.sliders, step.keep, *self._drawn(work, step.sliders)]

    def keep_this(self, key: Any) -> list[Any]:
        """Keep what is seen, to be compared, or let it go if it is kept.

        Returns
        -------
        list
            The button for this, and the results that are kept.
        """
        with telling(NO_CHANGE):
            work = self.desk.get(key)
            with work.lock:
                number_ = _kept_at(work)
                if number_ is not None:
                    work.kept.pop(number_)[1].unlink(missing_ok=True)
                elif len(work.kept) >= kept.MOST:
                    raise ImageError(
                        f"{kept.MOST} results are kept, which is the limit; stop keeping one first."
                    )
                else:
                    now = _now(work)
                    side = THUMB_SIDE / max(work.L.shape)
                    height, width = (max(1, round(min(1, side) * n)) for n in work.L.shape)
                    rgb = self._painted(work, now)
                    small = Image.fromarray(rgb).resize((width, height))
                    path = work.folder / f"kept-{secrets.token_hex(4)}.png"
                    write_preview(path, preview(np.asarray(small)))
                    work.kept.append((now, path))
                return [gr.Button(_keeping(work)), self._strip(work)]

    def back_to(self, event: gr.EventData, key: Any) -> list[Any]:
        """Go back to a result that is kept; as `take_back`."""
        with telling(NO_CHANGE):
            work = self.desk.get(key)
            with work.lock:
                step, _ = work.kept[position(event, len(work.kept))]
                work.go_to(step)
                return [*step.sliders, step.keep, *self._drawn(work, step.sliders)]

    def take_kept(
        self,
        key: Any,
        format: Any,
        quality: Any,
        metadata: Any,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> Any:
        """All results that are kept, at the photograph's own size, as `take_home`: in one zip."""
        with telling(NO_FILE):
            work = self.desk.get(key)
            options = _options(format, quality, metadata)
            with work.lock:
                steps = [step for step, _ in work.kept]
            if not steps:
                raise ImageError("No result is kept yet; press Keep this one.")
            folder = new_folder(self.cache)
            files = []
            for number_, step in enumerate(steps):
                report = partial(_share_of, progress, number_, len(steps))
                file, _ = self._file(work, step, options, report)
                files.append(file)
            name = output_name(work.name, f"{len(files)}-kept", ".zip")
            return _offered_again(kept.zipped(folder / name, files))

    def keep_colours(self, key: Any, kept: Any, *sliders: Any) -> list[Any]:
        """Leave colours that the photograph has already, or replace them again."""
        with telling(NO_CHANGE):
            work, checked = self.desk.get(key), checked_sliders(sliders)
            with work.lock:
                work.keep = kept is True
                return self._drawn(work, checked)

    def place_hint(self, event: gr.EventData, key: Any, colour: Any, *sliders: Any) -> list[Any]:
        """Put a hint where somebody clicked; a click on one that is there chooses it.

        One that is chosen moves to where the next click is, and a click on it lets it go.
        """
        with telling(NO_CHANGE):
            work = self.desk.get(key)
            x, y = place(event, preview_size(*work.L.shape[::-1]))
        return self._place(key, x, y, colour, sliders)

    def place_at(self, key: Any, across: Any, down: Any, colour: Any, *sliders: Any) -> list[Any]:
        """Put a hint at a place that is given in percent, for those who have no mouse."""
        with telling(NO_CHANGE):
            x, y = number("place across", across, PERCENT), number("place down", down, PERCENT)
        return self._place(key, x / 100, y / 100, colour, sliders)

    def read_colour(self, key: Any, written: Any) -> list[Any]:
        """The colour that somebody wrote.

        Returns
        -------
        list
            Six digits for the colour picker, and what is said of the hints; of a word that is no
            colour, no digits and one sentence.
        """
        try:
            colour = hex_of(written)
        except ImageError as error:
            return [gr.skip(), f"⚠️ {error}"]
        with telling(NO_CHANGE):
            return [colour, _said(self.desk.get(key)) if key else NO_HINTS]

    def _place(
        self, key: Any, x: float, y: float, colour: Any, sliders: tuple[Any, ...]
    ) -> list[Any]:
        with telling(NO_CHANGE):
            work, ab = self.desk.get(key), hex_ab(colour)
            checked = checked_sliders(sliders)
            with work.lock:
                near = next((n for n, at in enumerate(work.hints) if _near(work, at, x, y)), None)
                if near is not None:
                    work.here, work.chosen = near, None if near == work.chosen else near
                elif work.chosen is not None:
                    work.hints[work.chosen] = replace(work.hints[work.chosen], x=x, y=y)
                    work.here, work.chosen = work.chosen, None
                elif len(work.hints) >= MAX_HINTS:
                    raise ImageError(
                        f"There are {MAX_HINTS} hints, which is the limit; remove one first."
                    )
                else:
                    work.here = len(work.hints)
                    work.hints.append(Hint(x, y, ab))
                return self._drawn(work, checked)

    def recolour(self, key: Any, colour: Any, *sliders: Any) -> list[Any]:
        """Give the hint that is chosen another colour; else the colour waits for the next click."""
        return self._recolour("chosen", key, colour, sliders)

    def take_likely(self, key: Any, colour: Any, *sliders: Any) -> list[Any]:
        """Give the hint that was clicked last a colour that is likely there."""
        return self._recolour("here", key, colour, sliders)

    def undo(self, key: Any, *sliders: Any) -> list[Any]:
        """Remove the hint that is chosen, or else the last one."""
        return self._remove(key, False, sliders)

    def clear(self, key: Any, *sliders: Any) -> list[Any]:
        """Remove all hints."""
        return self._remove(key, True, sliders)

    def take_home(
        self,
        key: Any,
        format: Any,
        quality: Any,
        metadata: Any,
        saturation: Any,
        warmth: Any,
        reach: Any,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> Any:
        """The file of what is seen, at the photograph's own size.

        Returns
        -------
        gr.DownloadButton
            With the file, ready to be fetched.
        """
        with telling(NO_FILE):
            work = self.desk.get(key)
            options = _options(format, quality, metadata)
            with work.lock:
                step = _now(work)._replace(sliders=checked_sliders((saturation, warmth, reach)))
            target, unsaid = self._file(
                work, step, options, lambda share, what: progress(share, desc=what)
            )
            for notice in unsaid:
                gr.Warning(notice, title="Not in the file")
            return _offered_again(target)

    def _file(
        self, work: Work, step: Step, options: Options, report: Callable[[float, str], None]
    ) -> tuple[Path, tuple[str, ...]]:
        """The file of a result, in a folder of its own, and what could not be written into it."""
        report(0.0, "Reading the picture")
        path, _ = uploaded({"path": str(work.path)})
        with opened(path) as photo:
            if photo.size != work.size:
                raise ImageError(
                    "The photograph is not the one that was coloured; upload it again."
                )
            look = step.look
            with work.lock:
                ab_grid = work.colours(look, step.sliders, self.models, step.hints)
            target = new_folder(self.cache) / output_name(
                work.name,
                look.method + _drawn_by(look, self.models),
                f".{ENDINGS[options.format]}",
            )
            made = colorize_opened(
                photo,
                target,
                self.models[look.method],
                replace(options, keep=step.keep),
                report,
                ab_grid,
            )
        return target, made.unsaid

    def _looking(self, work: Work, look: Look, sliders: tuple[Any, ...]) -> list[Any]:
        checked = checked_sliders(sliders)
        with work.lock:
            work.look = look
            return self._drawn(work, checked)

    def _recolour(self, which: str, key: Any, colour: Any, sliders: tuple[Any, ...]) -> list[Any]:
        with telling(NO_CHANGE):
            if not key or not colour:
                return [gr.skip()] * DRAWN
            work, ab = self.desk.get(key), hex_ab(colour)
            checked = checked_sliders(sliders)
            with work.lock:
                number_: int | None = getattr(work, which)
                if number_ is None:
                    return [gr.skip()] * DRAWN
                work.hints[number_] = replace(work.hints[number_], ab=ab)
                return self._drawn(work, checked)

    def _remove(self, key: Any, everything: bool, sliders: tuple[Any, ...]) -> list[Any]:
        with telling(NO_CHANGE):
            work, checked = self.desk.get(key), checked_sliders(sliders)
            with work.lock:
                gone = -1 if work.chosen is None else work.chosen
                del work.hints[slice(None) if everything else slice(gone, gone + 1 or None)]
                work.here = work.chosen = None
                return self._drawn(work, checked)

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

    def _drawn(self, work: Work, sliders: Sliders) -> list[Any]:
        """What `redraw` returns."""
        with work.lock:
            history = work.record(sliders)
            L = work.L.astype(np.float32)
            grey = work.folder / "grey.png"
            if not grey.exists():
                write_preview(grey, preview(grey_u8(L)))
            rgb_u8 = preview(self._painted(work, history.now))
            shown = write_preview(work.new_preview("colour"), rgb_u8)
            marked = shown
            if work.hints:
                marked = write_preview(work.new_preview("hints"), _marked(rgb_u8, work))
            history.drawn()
            return [
                (str(grey), shown),
                marked,
                _said(work),
                gr.DownloadButton(visible=False),
                gr.Button("Undo last hint" if work.chosen is None else "Remove this hint"),
                self._offered(work),
                self._whose(work.look),
                gr.Button(interactive=history.can_undo),
                gr.Button(interactive=history.can_redo),
                gr.Button(_keeping(work)),
                gr.Gallery(selected_index=_kept_at(work)),
            ]

    def _painted(self, work: Work, step: Step) -> Pixels:
        """A result at the size that is worked on: (height, width, 3)."""
        colours = work.colours(step.look, step.sliders, self.models, step.hints)
        painted = paint_grid(work.L.astype(np.float32), colours)
        if step.keep and work.own:
            keep(painted, *work.own)
        return painted

    def _strip(self, work: Work) -> gr.Gallery:
        """The results that are kept, each with what it is made of."""
        return gr.Gallery(
            [(str(path), kept.settings(step, self._named(step.look))) for step, path in work.kept],
            selected_index=_kept_at(work),
        )

    def _named(self, look: Look) -> str:
        """The version of the first method, or the title of another."""
        if self.versions and look.method == next(iter(self.models)):
            return self.versions[int(look.value)]
        return self.models[look.method].title

    def _whose(self, look: Look) -> str:
        """Method and version of colours, as Markdown."""
        said = f"Colours by **{self.models[look.method].title}**"
        if self.versions and look.method == next(iter(self.models)):
            said += f", version **{self.versions[int(look.value)]}**"
        return f"{said}."

    def marks(self, key: Any) -> list[gr.Gallery]:
        """Which version, method and kept result is seen, for their galleries.

        A step of its own: a gallery forgets what is chosen when it gets pictures.
        """
        with telling(NO_CHANGE):
            work = self.desk.get(key) if key else None
            look = work.look if work else None
            first = look is not None and look.method == next(iter(self.models))
            method = list(self.models).index(look.method) if look else None
            return [
                gr.Gallery(selected_index=int(look.value) if look and first else None),
                gr.Gallery(selected_index=method),
                gr.Gallery(selected_index=_kept_at(work) if work else None),
            ]

    def _tiles(
        self, work: Work, looks: list[Look], titles: tuple[str, ...], side: int
    ) -> list[tuple[str, str]]:
        height, width = work.L.shape
        shrink = min(1.0, side / max(width, height))
        small = max(1, round(width * shrink)), max(1, round(height * shrink))
        L = resize(work.L.astype(np.float32), *small)
        tiles = []
        for number_, look, title in zip(count(), looks, titles, strict=False):
            rgb_u8 = preview(paint_grid(L, work.grid(look, self.models)))
            path = work.folder / f"{look.method}-{number_}-{look.value:g}-{side}.png"
            tiles.append((write_preview(path, rgb_u8), title))
        return tiles


def _now(work: Work) -> Step:
    """What is seen."""
    assert work.history is not None  # it has been drawn
    return work.history.now


def _kept_at(work: Work) -> int | None:
    """Which of the results that are kept is seen, if any."""
    now = _now(work)
    return next((number_ for number_, (step, _) in enumerate(work.kept) if step == now), None)


def _keeping(work: Work) -> str:
    """What the button says that keeps a result, or lets it go."""
    return kept.KEEP_THIS if _kept_at(work) is None else kept.DROP_THIS


def _options(format: Any, quality: Any, metadata: Any) -> Options:
    """How a file is written; ImageError where something is not offered."""
    chosen = choice("format", format, ENDINGS)
    return Options(chosen, round(number("quality", quality, QUALITY)), metadata is not False)


def _share_of(progress: gr.Progress, done: int, of: int, share: float, what: str) -> None:
    """Tell the progress of one file among several."""
    progress((done + share) / of, desc=f"{done + 1} of {of}: {what}")


def _offered_again(file: Path) -> gr.DownloadButton:
    """The button with a file that has just been made."""
    label = f"Save again: {file.name}, {file.stat().st_size / 1e6:.1f} MB"
    return gr.DownloadButton(label, value=str(file), visible=True)


def _drawn_by(look: Look, models: Mapping[str, Predictor]) -> str:
    """What the name of a file says of a seed: as the command line does, none of the first."""
    draws = "seed" in models[look.method].options and look.value
    return f"-seed{look.value:g}" if draws else ""


def checked_sliders(sliders: tuple[Any, ...]) -> Sliders:
    """Saturation, warmth and reach as numbers in their ranges; ImageError otherwise."""
    saturation, warmth, reach = sliders
    return Sliders(
        number("saturation", saturation, SATURATION),
        number("warmth", warmth, WARMTH),
        number("reach", reach, REACH),
    )


def _near(work: Work, hint: Hint, x: float, y: float) -> bool:
    """Whether a click meant a hint that is there: within the ring that marks it."""
    height, width = work.L.shape
    across, down = (x - hint.x) * width, (y - hint.y) * height
    return bool(np.hypot(across, down) <= 1.5 * RADIUS * max(height, width))


def _marked(rgb_u8: NDArray[np.uint8], work: Work) -> NDArray[np.uint8]:
    """The picture with a ring round every hint, a thick one round the one that is chosen."""
    image = Image.fromarray(rgb_u8.copy())
    draw = ImageDraw.Draw(image)
    width, height = image.size
    radius = max(5.0, 1.5 * RADIUS * max(width, height))
    for number_, hint in enumerate(work.hints):
        x, y = hint.x * width, hint.y * height
        for colour, outer, line in (("black", radius + 1, 4), ("white", radius, 2)):
            box = (x - outer, y - outer, x + outer, y + outer)
            draw.ellipse(box, outline=colour, width=line + 3 * (number_ == work.chosen))
    return np.asarray(image)


def _said(work: Work) -> str:
    if not work.hints:
        return NO_HINTS
    many = "1 hint" if len(work.hints) == 1 else f"{len(work.hints)} hints"
    if work.chosen is None:
        return (
            f"{many}, the last{_where(work.hints[-1])}. Click a ring to change or move that hint."
        )
    where = _where(work.hints[work.chosen])
    return (
        f"{many}. This one is selected{where}: pick a colour to change it, click elsewhere to move "
        "it, or click it again to leave it as it is."
    )


def _where(hint: Hint) -> str:
    return f" ({hint.x:.0%} across, {hint.y:.0%} down)"
