"""A closer look at both halves of the picture together, by wheel, buttons, keys or fingers.

Fed by nothing; :mod:`colorizers.page.ui` puts style and script into the page. Gradio's ImageSlider
zooms by itself, but takes every turn of the wheel from the page, knows no button, and keeps
touches from scrolling; so its own zoom is passed over, and where the pictures lie is set here.
"""

from __future__ import annotations

import json

CLOSEST = 8
"""How many times as large a picture gets; on the screen it has 1,024 pixels."""
BUTTONS = {"zoom-in": "Zoom in", "zoom-out": "Zoom out", "zoom-whole": "Whole picture"}

STYLE = """<style>
#pane { position: relative; }
#zoom {
  position: absolute; left: 10px; bottom: 10px; z-index: 20; width: auto; gap: 4px;
  flex-wrap: nowrap;
}
#pane:has(.fullscreen) #zoom { position: fixed; z-index: 1001; }
#zoom button {
  font-size: 0; width: 40px; min-width: 0; height: 36px; padding: 0; flex: none;
  background: #fff; color: #111; border: 1px solid #bbb;
}
#zoom button::before { font-size: 1.05rem; }
#zoom-in::before { content: "+" / ""; }
#zoom-out::before { content: "\\2212" / ""; }
#zoom-whole::before { content: "1\\d7" / ""; }
#pane:not([data-zoomed]) :is(#zoom-out, #zoom-whole) { display: none; }
/* A finger on the picture scrolls the page, two look closer; on the handle one uncovers. */
#result *:not(.outer, .outer *) { touch-action: pan-y !important; }
#pane[data-zoomed] #result *:not(.outer, .outer *) { touch-action: none !important; }
#pane[data-zoomed] #result img {
  transform: translate(var(--x), var(--y)) scale(var(--z)) !important; cursor: grab;
}
#pane[data-zoomed] #result img.fixed { clip-path: inset(0 0 0 var(--cut)) !important; }
</style>"""

_SCRIPT = """() => {
    const within = (value, low, high) => Math.min(Math.max(value, low), high);
    let pane, of, x = 0, y = 0, z = 1;
    const part = (name) => pane.querySelector(`#result ${name}`);

    // The box of both pictures, and where in it the photograph lies: it keeps its shape.
    const room = () => {
        const box = part(".content").getBoundingClientRect();
        const { naturalWidth: wide, naturalHeight: high } = part("img");
        const fit = Math.min(box.width / (wide || 1), box.height / (high || 1));
        return { box, wide: wide * fit, high: high * fit };
    };
    const show = () => {
        if (!pane || !part("img")) return;
        if (z === 1) return pane.removeAttribute("data-zoomed");
        const { box, wide, high } = room();
        // No gap that need not be: what is smaller than the box stays in its middle.
        const hold = (at, size, inner) => {
            const before = (size - inner) / 2 * z, spare = size - inner * z;
            return spare > 0 ? spare / 2 - before : within(at, spare - before, -before);
        };
        x = hold(x, box.width, wide);
        y = hold(y, box.height, high);
        // Grey ends at the handle, which stays where it is; at its ends it uncovers all or nothing.
        const handle = new DOMMatrix(part(".outer").style.transform).e;
        const edge = (box.width - wide) / 2;
        const cut = handle < edge + 1 ? 0 : handle > box.width - edge - 1 ? box.width
            : (handle - x) / z;
        const set = { x: `${x}px`, y: `${y}px`, z, cut: `${within(cut, 0, box.width)}px` };
        for (const [name, value] of Object.entries(set))
            pane.style.setProperty(`--${name}`, value);
        pane.setAttribute("data-zoomed", "");
    };
    const whole = () => { x = y = 0; z = 1; show(); };
    // What lies under a place of the screen stays there.
    const zoom = (factor, left, top) => {
        const { box } = room(), closer = within(z * factor, 1, CLOSEST);
        left ??= box.left + box.width / 2;
        top ??= box.top + box.height / 2;
        x = left - box.left - (left - box.left - x) * closer / z;
        y = top - box.top - (top - box.top - y) * closer / z;
        z = closer < 1.02 ? 1 : closer;
        show();
    };
    const pan = (right, down) => { x += right; y += down; show(); };

    const over = ({ target }) => part("img") && target.closest?.("#result .wrap")
        && !target.closest(".outer");
    const buttons = {
        "zoom-in": () => zoom(1.5), "zoom-out": () => zoom(1 / 1.5), "zoom-whole": whole,
    };
    const arrows = {
        ArrowLeft: [50, 0], ArrowRight: [-50, 0], ArrowUp: [0, 50], ArrowDown: [0, -50],
    };
    let held = null;  // where mouse or fingers were
    const middle = (touches) => {
        const [a, b] = touches;
        if (!b) return { x: a.clientX, y: a.clientY, apart: 0 };
        return {
            x: (a.clientX + b.clientX) / 2, y: (a.clientY + b.clientY) / 2,
            apart: Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY),
        };
    };
    const heard = {
        wheel: (event) => {
            if (!over(event)) return;
            event.stopPropagation();
            if (z === 1 && event.deltaY > 0) return;  // the page scrolls on
            event.preventDefault();
            const turned = within(event.deltaY * (event.deltaMode ? 30 : 1), -120, 120);
            zoom(Math.exp(turned * (event.ctrlKey ? -0.01 : -0.0025)),
                event.clientX, event.clientY);
        },
        mousedown: (event) => {
            if (!over(event) || event.button) return;
            event.stopPropagation();
            event.preventDefault();
            if (z > 1) held = middle([event]);
        },
        dblclick: (event) => {
            if (over(event)) z > 1 ? whole() : zoom(2.5, event.clientX, event.clientY);
        },
        touchstart: (event) => {
            if (!over(event)) return;
            event.stopPropagation();
            held = middle(event.touches);
            if (event.touches.length > 1 && event.cancelable) event.preventDefault();
        },
        touchmove: (event) => {
            if (!over(event)) return;
            event.stopPropagation();
            if (!held || (z === 1 && event.touches.length === 1)) return;
            if (event.cancelable) event.preventDefault();
            const now = middle(event.touches);
            if (now.apart && held.apart) zoom(now.apart / held.apart, now.x, now.y);
            if (z > 1) pan(now.x - held.x, now.y - held.y);
            held = now;
        },
        touchend: (event) => { held = event.touches.length ? middle(event.touches) : null; },
        click: (event) => {
            buttons[event.target.closest("#zoom button")?.id]?.();
            if (event.target.closest("#result .icon-button")) whole();  // the whole screen
        },
        keydown: (event) => {
            if (z === 1 || !arrows[event.key] || !event.target.closest("#zoom")) return;
            event.preventDefault();
            pan(...arrows[event.key]);
        },
    };
    document.addEventListener("mousemove", (event) => {
        if (!held || !(event.buttons & 1)) return;
        const now = middle([event]);
        pan(now.x - held.x, now.y - held.y);
        held = now;
    });
    document.addEventListener("mouseup", () => { held = null; });
    window.addEventListener("resize", () => { if (pane?.isConnected) whole(); });
    // The picture comes with the first photograph; the next one is seen whole; the handle moves.
    new MutationObserver(() => {
        const found = document.querySelector("#pane");
        if (!found) return;
        if (found !== pane) {
            pane = found;
            for (const [kind, answer] of Object.entries(heard))
                pane.addEventListener(kind, answer, { capture: true, passive: false });
        }
        const grey = part("img")?.src;
        if (grey && grey !== of) whole();
        of = grey ?? of;
        if (z > 1) show();
    }).observe(document.querySelector("#how-many"), {
        subtree: true, childList: true, attributes: true, attributeFilter: ["style", "src"],
    });
}"""

SCRIPT = _SCRIPT.replace("CLOSEST", json.dumps(CLOSEST))
