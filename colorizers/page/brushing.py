"""The brush of the Hints sub-tab: what is dragged over the picture becomes a stroke.

`SCRIPT` draws under mouse, finger or the cross of :mod:`colorizers.page.cross` and writes the
places into a field that nobody sees, `places_of` checks what a field brings, :class:`Brushing`
answers. A tap draws nothing: it stays a click, which :mod:`colorizers.page.placing` answers.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import gradio as gr

from colorizers.errors import ImageError
from colorizers.page.checking import choice, hex_ab, number, telling
from colorizers.page.desk import Desk, checked_sliders
from colorizers.page.drawing import DRAWN, Drawing
from colorizers.page.texts import NO_CHANGE
from colorizers.painting import masks
from colorizers.painting.hints import MAX_HINTS, Hint
from colorizers.painting.strokes import Place, simplified

WIDTHS = {"Fine": 0.012, "Medium": 0.03, "Broad": 0.08}
"""What a brush is called -> its width, as a share of the picture's longer side."""
WIDTH = "Medium"
DOES = COLOUR, TAKE_BACK, PUT_BACK = "Colour", "Take back", "Put back"
"""What the brush does."""
MOST_DRAWN, LONGEST = 1000, 32_000
"""Places that a hand may draw at once, and characters of their JSON."""


class Brushing:
    """Answers what is drawn.

    Parameters
    ----------
    desk : Desk
        Where the photographs lie.
    drawing : Drawing
    """

    def __init__(self, desk: Desk, drawing: Drawing) -> None:
        self._desk = desk
        self._drawing = drawing

    def draw(
        self, key: Any, drawn: Any, does: Any, width: Any, instead: Any, colour: Any, *sliders: Any
    ) -> list[Any]:
        """Make a stroke a hint of the colour that waits, or take the guess back along it.

        A hint that is chosen is let go.

        Parameters
        ----------
        key : str
        drawn : str
            The places, as `places_of` reads them.
        does : str
            One of `DOES`.
        width : str
            A key of `WIDTHS`.
        instead : str
            What is seen where the guess is taken back; see `colorizers.painting.masks.version`.
        colour : str
        *sliders
            Saturation, warmth and reach.
        """
        with telling(NO_CHANGE):
            work, places, ab = self._desk.get(key), places_of(drawn), hex_ab(colour)
            radius, checked = radius_of(width), checked_sliders(sliders)
            chosen, seen = choice("brush", does, DOES), _version(instead)
            with work.lock:
                if chosen != COLOUR:
                    back = chosen == PUT_BACK
                    mask = masks.painted(work.mask, places, radius, work.L.shape, back=back)
                    work.mask = mask and (mask if back else replace(mask, version=seen))
                    return self._drawing.drawn(work, checked)
                if len(work.hints) >= MAX_HINTS:
                    raise ImageError(
                        f"There are {MAX_HINTS} hints, which is the limit; remove one first."
                    )
                (x, y), *more = simplified(places, work.L.shape)
                work.here, work.chosen = len(work.hints), None
                work.hints.append(Hint(x, y, ab, radius, tuple(more)))
                return self._drawing.drawn(work, checked)

    def show(self, key: Any, instead: Any, *sliders: Any) -> list[Any]:
        """Show something else where the guess is taken back."""
        with telling(NO_CHANGE):
            if not key:
                return [gr.skip()] * DRAWN
            work, seen = self._desk.get(key), _version(instead)
            checked = checked_sliders(sliders)
            with work.lock:
                if work.mask is None:
                    return [gr.skip()] * DRAWN
                work.mask = replace(work.mask, version=seen)
                return self._drawing.drawn(work, checked)

    def clear(self, key: Any, *sliders: Any) -> list[Any]:
        """Put the guess back everywhere."""
        with telling(NO_CHANGE):
            work, checked = self._desk.get(key), checked_sliders(sliders)
            with work.lock:
                work.mask = None
                return self._drawing.drawn(work, checked)

    def seen(self, key: Any) -> Any:
        """What is seen where the guess is taken back, as after a step back: for its list."""
        with telling(NO_CHANGE):
            mask = self._desk.get(key).mask if key else None
            if mask is None:
                return gr.skip()
            value = masks.GREY if mask.version is None else str(mask.version)
            listed = [value for _, value in offered(self._drawing.versions)]
            return gr.update(value=value) if value in listed else gr.skip()


def offered(versions: Sequence[str]) -> list[tuple[str, str]]:
    """What may be seen where the guess is taken back, and its value.

    Examples
    --------
    >>> offered(["Cautious", "Seed 1"])
    [('to grey', 'grey'), ('to Cautious', '0'), ('to Seed 1', '1')]
    """
    numbered = [(f"to {title}", str(number_)) for number_, title in enumerate(versions)]
    return [("to grey", masks.GREY), *numbered]


def _version(instead: Any) -> int | None:
    try:
        return masks.version(instead)
    except ValueError as error:
        raise ImageError(str(error)) from error


def radius_of(width: Any) -> float:
    """Half the width of a brush, by its name; ImageError if there is none of that name."""
    return WIDTHS[choice("brush", width, WIDTHS)] / 2


def places_of(drawn: Any) -> list[Place]:
    """The places that a hand drew.

    Parameters
    ----------
    drawn : str
        JSON, unchecked: a list of [x, y], each a share of width or height.

    Raises
    ------
    ImageError

    Examples
    --------
    >>> places_of("[[0, 0.5], [1, 0.5]]")
    [(0.0, 0.5), (1.0, 0.5)]
    """
    try:
        said = json.loads(drawn) if isinstance(drawn, str) and len(drawn) <= LONGEST else None
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, list) or not 1 <= len(said) <= MOST_DRAWN:
        raise ImageError("The stroke carries no places; draw it again.")
    places = []
    for pair in said:
        if not isinstance(pair, list) or len(pair) != 2:
            raise ImageError("The stroke carries no places; draw it again.")
        places.append((number("place", pair[0], (0, 1)), number("place", pair[1], (0, 1))))
    return places


STYLE = """<style>
/* One finger draws, two look closer; beside the picture the page scrolls as ever. */
#touch :is(img, button) { touch-action: pinch-zoom; user-select: none; -webkit-user-drag: none; }
.brush-mark { position: absolute; z-index: 40; pointer-events: none; }
#brush-line { align-items: center; gap: 6px 18px; }
#brush-line > * { flex: none; width: auto; min-width: 0 !important; margin: 0 !important; }
#brush-line .wrap { gap: 4px; }
:is(#brush-does, #brush-width) label { padding: 4px 8px; font-size: 0.8rem; }
#brush-instead { width: 132px !important; }
#brush-instead input { padding-block: 4px; font-size: 0.8rem; }
</style>"""

FRAME = """(img) => {
        const box = img.getBoundingClientRect();
        const { naturalWidth: wide, naturalHeight: high } = img;
        const fit = Math.min(box.width / wide, box.height / high, 1);
        return {
            left: box.left + (box.width - wide * fit) / 2, wide: wide * fit,
            top: box.top + (box.height - high * fit) / 2, high: high * fit,
        };
    }"""
"""Where a photograph lies on the screen: Gradio shows it no larger than it is."""

SCRIPT = """() => {
    const TAP = 6, STEP = 2, MOST = 1000;  // pixels of the screen, and places
    const widths = WIDTHS;
    let hand = null;  // what is being drawn
    let drew = false;  // since the hand came down last

    const frame = FRAME;
    const share = (value) => Math.round(Math.min(Math.max(value, 0), 1) * 1e4) / 1e4;
    const drop = () => { hand?.mark?.remove(); hand = null; };
    const wash = () => document.querySelectorAll(".brush-mark[data-done]").forEach(
        (mark) => mark.remove()
    );
    const masking = () =>
        document.querySelector("#brush-does input:checked")?.value !== COLOUR;
    const mark = () => {
        const { left, top, wide, high } = hand.frame;
        const canvas = document.createElement("canvas");
        canvas.className = "brush-mark";
        Object.assign(canvas, { width: Math.round(wide), height: Math.round(high) });
        canvas.style.left = `${left + scrollX}px`;
        canvas.style.top = `${top + scrollY}px`;
        document.body.append(canvas);
        const pen = canvas.getContext("2d");
        const width = document.querySelector("#brush-width input:checked")?.value;
        pen.lineWidth = (widths[width] ?? 0.03) * Math.max(wide, high);
        pen.lineCap = pen.lineJoin = "round";
        pen.strokeStyle = masking() ? MASKED
            : document.querySelector("#hint-written :is(input, textarea)").value;
        hand.mark = canvas;
        hand.pen = pen;
    };
    const paint = () => {
        const { pen, mark, points } = hand;
        pen.clearRect(0, 0, mark.width, mark.height);
        pen.beginPath();
        for (const [x, y] of [points[0], ...points])
            pen.lineTo(x * mark.width, y * mark.height);
        pen.stroke();
    };
    const heard = {
        pointerdown: (event) => {
            drew = false;
            // A second finger looks closer, and has meant no stroke.
            if (!event.isPrimary) return drop();
            const img = event.target.closest?.("#touch button, #touch img")
                && document.querySelector("#touch img");
            if (!img?.naturalWidth || event.button) return;
            drop();
            hand = { id: event.pointerId, img, frame: frame(img), points: [], last: null };
            heard.pointermove(event);
        },
        pointermove: (event) => {
            if (hand?.id !== event.pointerId) return;
            const { clientX: x, clientY: y } = event;
            const first = hand.first ??= [x, y];
            if (hand.last && Math.hypot(x - hand.last[0], y - hand.last[1]) < STEP) return;
            hand.last = [x, y];
            const { left, top, wide, high } = hand.frame;
            hand.points.push([share((x - left) / wide), share((y - top) / high)]);
            if (hand.points.length >= MOST)  // as of one who fills an area: half of them will do
                hand.points = hand.points.filter((_, n) => n % 2 === 0);
            if (!hand.mark && Math.hypot(x - first[0], y - first[1]) > TAP) {
                if (event.isTrusted) hand.img.setPointerCapture(hand.id);  // not of keys
                mark();
            }
            if (hand.mark) paint();
        },
        pointerup: (event) => {
            if (hand?.id !== event.pointerId) return;
            heard.pointermove(event);
            if (!hand.mark && !masking()) return drop();
            if (!hand.mark) mark();  // a dot
            paint();
            drew = true;
            const field = document.querySelector("#stroke :is(textarea, input)");
            field.value = JSON.stringify(hand.points);
            field.dispatchEvent(new Event("input", { bubbles: true }));
            field.dispatchEvent(new Event("blur"));  // Gradio's own "input" wants a key
            hand.mark.dataset.done = "";  // stays until the answer is there
            hand = null;
        },
        pointercancel: drop,
        // The click that ends a stroke places nothing.
        click: (event) => {
            if (!event.target.closest?.("#touch") || !drew || !event.detail) return;
            event.stopPropagation();
            event.preventDefault();
        },
        dragstart: (event) => {
            if (event.target.closest?.("#touch")) event.preventDefault();
        },
        load: ({ target }) => { if (target.matches?.("#touch img")) wash(); },
        "brush-answered": () => setTimeout(wash, 1000),
        keydown: (event) => { if (event.key === "Escape") drop(); },
    };
    for (const [name, hear] of Object.entries(heard))
        document.addEventListener(name, hear, true);
}"""
for _name, _value in {"WIDTHS": WIDTHS, "COLOUR": COLOUR, "MASKED": "#88888899"}.items():
    SCRIPT = SCRIPT.replace(_name, json.dumps(_value))
SCRIPT = SCRIPT.replace("FRAME", FRAME)
"""Lets mouse, pen or finger draw on the hints' picture."""

ANSWERED = """() => { document.dispatchEvent(new Event("brush-answered")); }"""
"""Takes away what was drawn under the hand, also if it could not be used."""
