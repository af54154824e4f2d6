"""Hints of one photograph in the Colorize tab: placed, chosen, moved, recoloured, removed.

Each method of :class:`Placing` answers one event of :mod:`colorizers.page.events` with updates of
the page, those of :class:`~colorizers.page.drawing.Drawing`. The sub-tab itself is in
:mod:`colorizers.page.hinting`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import gradio as gr

from colorizers.errors import ImageError
from colorizers.page.checking import hex_ab, number, place, preview_size, telling
from colorizers.page.desk import Desk, Work, checked_sliders
from colorizers.page.drawing import DRAWN, Drawing, said
from colorizers.page.palette import hex_of
from colorizers.page.texts import NO_CHANGE, NO_HINTS
from colorizers.painting.hints import MAX_HINTS, RADIUS, Hint
from colorizers.painting.strokes import distance, moved

PERCENT = (0, 100)


class Placing:
    """Answers the events of hints.

    Parameters
    ----------
    desk : Desk
        Where the photographs lie.
    drawing : Drawing
    """

    def __init__(self, desk: Desk, drawing: Drawing) -> None:
        self._desk = desk
        self._drawing = drawing

    def place_hint(self, event: gr.EventData, key: Any, colour: Any, *sliders: Any) -> list[Any]:
        """Put a hint where somebody clicked; a click on one that is there chooses it.

        One that is chosen moves to where the next click is, and a click on it lets it go.
        """
        with telling(NO_CHANGE):
            work = self._desk.get(key)
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
            return [colour, said(self._desk.get(key)) if key else NO_HINTS]

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

    def _place(
        self, key: Any, x: float, y: float, colour: Any, sliders: tuple[Any, ...]
    ) -> list[Any]:
        with telling(NO_CHANGE):
            work, ab = self._desk.get(key), hex_ab(colour)
            checked = checked_sliders(sliders)
            with work.lock:
                near = next((n for n, at in enumerate(work.hints) if _near(work, at, x, y)), None)
                if near is not None:
                    work.here, work.chosen = near, None if near == work.chosen else near
                elif work.chosen is not None:
                    hint = work.hints[work.chosen]
                    places = moved(hint.places, x, y) if hint.more else ((x, y),)
                    work.hints[work.chosen] = hint.at(places)
                    work.here, work.chosen = work.chosen, None
                elif len(work.hints) >= MAX_HINTS:
                    raise ImageError(
                        f"There are {MAX_HINTS} hints, which is the limit; remove one first."
                    )
                else:
                    work.here = len(work.hints)
                    work.hints.append(Hint(x, y, ab))
                return self._drawing.drawn(work, checked)

    def _recolour(self, which: str, key: Any, colour: Any, sliders: tuple[Any, ...]) -> list[Any]:
        with telling(NO_CHANGE):
            if not key or not colour:
                return [gr.skip()] * DRAWN
            work, ab = self._desk.get(key), hex_ab(colour)
            checked = checked_sliders(sliders)
            with work.lock:
                number_: int | None = getattr(work, which)
                if number_ is None:
                    return [gr.skip()] * DRAWN
                work.hints[number_] = replace(work.hints[number_], ab=ab)
                return self._drawing.drawn(work, checked)

    def _remove(self, key: Any, everything: bool, sliders: tuple[Any, ...]) -> list[Any]:
        with telling(NO_CHANGE):
            work, checked = self._desk.get(key), checked_sliders(sliders)
            with work.lock:
                gone = -1 if work.chosen is None else work.chosen
                del work.hints[slice(None) if everything else slice(gone, gone + 1 or None)]
                work.here = work.chosen = None
                return self._drawing.drawn(work, checked)


def _near(work: Work, hint: Hint, x: float, y: float) -> bool:
    """Whether a click meant a hint that is there: within the ring or the line that marks it."""
    return distance(hint.places, x, y, work.L.shape) <= 1.5 * RADIUS
