"""One photograph in the Colorize tab: colours, versions, methods, sliders, back and forth.

Each method of :class:`Editor` answers one event of :mod:`colorizers.page.events` with updates of
the page. The network runs once for a look; all that follows works on the small grids that it gave
(:mod:`colorizers.page.desk`) and on a preview. Hints are answered by
:mod:`colorizers.page.placing`, files are made by :mod:`colorizers.page.taking`.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import gradio as gr
import numpy as np
from PIL import Image

from colorizers.errors import ImageError
from colorizers.page import kept
from colorizers.page.brushing import Brushing
from colorizers.page.checking import (
    Verdict,
    look_at,
    new_folder,
    number,
    position,
    preview,
    telling,
    uploaded,
    uploaded_reference,
    write_preview,
)
from colorizers.page.desk import Desk, Look, Sliders, Step, Work, checked_sliders, step_of
from colorizers.page.drawing import DRAWN, Drawing, keeping, kept_at, now, slot
from colorizers.page.mending import Mending, looked, switch
from colorizers.page.placing import Placing
from colorizers.page.taking import Taking
from colorizers.page.texts import NO_CHANGE, NO_COLOURS
from colorizers.page.turns import opened
from colorizers.painting import recipe
from colorizers.painting.predictor import Predictor

THUMB_SIDE, COMPARE_SIDE = 384, 640
"""Longest sides of the pictures in the two galleries."""
TEMPERATURES = (0.05, 1.0)
REFERENCES = 12
"""That may be tried on a photograph: it keeps them, to take steps back; each takes up to 6 MB."""


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

    Attributes
    ----------
    hints : Placing
    brush : Brushing
    home : Taking
    mending : Mending
        What answers the events of hints, of the brush, of files and of the repair.
    """

    def __init__(
        self, models: Mapping[str, Predictor], cache: Path, versions: tuple[str, ...] = ()
    ) -> None:
        self.models = models
        self.cache = cache
        self.versions = versions
        self.desk = Desk()
        self.drawing = Drawing(models, versions)
        self.hints = Placing(self.desk, self.drawing)
        self.brush = Brushing(self.desk, self.drawing)
        self.home = Taking(self.desk, models, cache)
        self.mending = Mending(self.desk, self.drawing)

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
                shown=before.shown if before else {},
                mended=before.mended if before else None,
            )
            progress(0.5, desc="Colouring")
            work.grid(work.look, self.models)
            progress(0.8, desc="Following the edges")
            key = self.desk.put(work, instead_of=old_key)
            full = f"The file is full size: {width:,} × {height:,} pixels."
            drawn = self.drawing.drawn(work, Sliders())
            return [key, verdict.note, full, *drawn[:-1], self.drawing.strip(work)]

    def show_versions(self, key: Any) -> list[tuple[str, str]]:
        """Small previews of all versions, with their titles."""
        with telling(NO_COLOURS):
            work = self.desk.get(key)
            with work.lock:
                method, count = next(iter(self.models)), len(self.versions)
                looks = work.draw(method, count, self.models)
                return self.drawing.tiles(work, looks, self.versions, THUMB_SIDE)

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
                return self.drawing.tiles(work, looks, titles, COMPARE_SIDE)

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
            As of `Drawing.drawn`.
        """
        with telling(NO_CHANGE):
            # Sliders move by themselves when a page is reset, and are empty while somebody types.
            if not key or None in sliders:
                return [gr.skip()] * DRAWN
            work = self.desk.get(key)
            return self.drawing.drawn(work, checked_sliders(sliders))

    def take_back(self, key: Any) -> list[Any]:
        """Take back the last change, if there is one.

        Returns
        -------
        list
            Saturation, warmth, reach and "Keep its own colours" as they were, then as `redraw`, and
            the reference and whether it is repaired.
        """
        return self._go("undo", key)

    def make_again(self, key: Any) -> list[Any]:
        """Redo the change that was undone last, if any; returns the same as `take_back`."""
        return self._go("redo", key)

    def _go(self, way: Literal["undo", "redo"], key: Any) -> list[Any]:
        with telling(NO_CHANGE):
            work = self.desk.get(key)
            with work.lock:
                history = work.history
                assert history is not None  # it has been drawn
                step = history.undo() if way == "undo" else history.redo()
                return self._gone_to(work, step)

    def _gone_to(self, work: Work, step: Step) -> list[Any]:
        work.go_to(step)
        drawn = self.drawing.drawn(work, step.sliders)
        return [*step.sliders, step.keep, *drawn, slot(work), switch(work)]

    def take_reference(self, payload: Any, key: Any, *sliders: Any) -> list[Any]:
        """Take the colours of an uploaded photograph where something is alike.

        Returns
        -------
        list
            The reference as the page shows it, and then as `redraw`; of a file that cannot be one
            a warning, and everything stays.
        """
        with telling(NO_CHANGE):
            work, checked = self.desk.get(key), checked_sliders(sliders)
            try:
                reference = uploaded_reference(payload)
            except ImageError as error:
                gr.Warning(str(error), title=NO_CHANGE)
                return [slot(work), *[gr.skip()] * DRAWN]
            with work.lock:
                if reference not in work.shown:
                    if len(work.shown) >= REFERENCES:
                        raise ImageError(
                            f"{REFERENCES} references were tried on this photograph, which is the "
                            "limit; upload it again to go on."
                        )
                    path = work.folder / f"reference-{secrets.token_hex(4)}.png"
                    write_preview(path, reference.rgb_u8)
                    work.shown[reference] = path
                work.references = (reference,)
                return [slot(work), *self.drawing.drawn(work, checked)]

    def drop_reference(self, key: Any, *sliders: Any) -> list[Any]:
        """Leave the reference out again; as `redraw`."""
        with telling(NO_CHANGE):
            if not key:
                return [gr.skip()] * DRAWN
            work, checked = self.desk.get(key), checked_sliders(sliders)
            with work.lock:
                work.references = ()
                return self.drawing.drawn(work, checked)

    def show_doubt(self, key: Any, on: Any, *sliders: Any) -> list[Any]:
        """Lay a veil over what is doubtful, or take it away; as `redraw`, and no change."""
        with telling(NO_CHANGE):
            work, checked = self.desk.get(key), checked_sliders(sliders)
            with work.lock:
                work.doubting = on is True
                return self.drawing.drawn(work, checked)

    def keep_this(self, key: Any) -> list[Any]:
        """Keep the result on the screen for comparison, or discard it if it is kept already.

        Returns
        -------
        list
            The button for this, and the results that are kept.
        """
        with telling(NO_CHANGE):
            work = self.desk.get(key)
            with work.lock:
                number_ = kept_at(work)
                if number_ is not None:
                    work.kept.pop(number_)[1].unlink(missing_ok=True)
                elif len(work.kept) >= kept.MOST:
                    raise ImageError(
                        f"{kept.MOST} results are kept, which is the limit; stop keeping one first."
                    )
                else:
                    seen = now(work)
                    side = THUMB_SIDE / max(work.L.shape)
                    height, width = (max(1, round(min(1, side) * n)) for n in work.L.shape)
                    rgb = self.drawing.painted(work, seen)
                    small = Image.fromarray(rgb).resize((width, height))
                    path = work.folder / f"kept-{secrets.token_hex(4)}.png"
                    write_preview(path, preview(np.asarray(small)))
                    work.kept.append((seen, path))
                return [gr.Button(keeping(work)), self.drawing.strip(work)]

    def back_to(self, event: gr.EventData, key: Any) -> list[Any]:
        """Go back to a result that is kept; as `take_back`."""
        with telling(NO_CHANGE):
            work = self.desk.get(key)
            with work.lock:
                step, _ = work.kept[position(event, len(work.kept))]
                return self._gone_to(work, step)

    def use_recipe(self, payload: Any, key: Any) -> list[Any]:
        """Colour the photograph as an uploaded recipe says, or a picture made here; as `take_back`.

        A step of its own, to be taken back like every other.
        """
        with telling(NO_CHANGE):
            path, _ = uploaded(payload)
            work, said = self.desk.get(key), recipe.read(path)
            if said.repair:
                looked(work)
            with work.lock:
                step = step_of(said, self.models, work.shown)
                work.use(repaired=step.repair)
                try:
                    work.grid(step.look, self.models)
                except ValueError as error:  # an option out of its range; the message names it
                    raise ImageError(str(error)) from error
                return self._gone_to(work, step)

    def keep_colours(self, key: Any, kept: Any, *sliders: Any) -> list[Any]:
        """Switch whether the photograph's own colours are kept or painted over."""
        with telling(NO_CHANGE):
            work, checked = self.desk.get(key), checked_sliders(sliders)
            with work.lock:
                work.keep = kept is True
                return self.drawing.drawn(work, checked)

    def _looking(self, work: Work, look: Look, sliders: tuple[Any, ...]) -> list[Any]:
        checked = checked_sliders(sliders)
        with work.lock:
            work.look = look
            return self.drawing.drawn(work, checked)

    def marks(self, key: Any) -> list[Any]:
        """Mark the version, the method and the kept result on the screen, and what a mask shows.

        A step of its own: a gallery forgets what is chosen when it gets pictures.
        """
        with telling(NO_CHANGE):
            work = self.desk.get(key) if key else None
            look = work.look if work else None
            method = list(self.models).index(look.method) if look else None
            return [
                gr.Gallery(selected_index=self.drawing.version(look) if look else None),
                gr.Gallery(selected_index=method),
                gr.Gallery(selected_index=kept_at(work) if work else None),
                self.brush.seen(key),
            ]
