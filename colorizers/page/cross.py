"""Hints, strokes and the mask without a mouse: a cross on the hints' picture that keys move.

Fed by nothing; :mod:`colorizers.page.ui` puts style and script into the page. The cross is a
pointer like mouse and finger: what its keys do is sent to the picture as the events of one, which
:mod:`colorizers.page.brushing` and Gradio answer as ever.
"""

from __future__ import annotations

import json

from colorizers.page import texts
from colorizers.page.brushing import FRAME

STEP, FAR = 0.01, 0.1
"""How far an arrow key moves the cross, alone and with Shift: shares of the picture's sides."""
WAIT = 5000
"""Milliseconds that keys wait for a picture that is being fetched."""

STYLE = """<style>
#touch { position: relative; }
#cross { position: absolute; z-index: 41; width: 25px; height: 25px; pointer-events: none; }
#cross::before, #cross::after {
  content: ""; position: absolute; background: #fff; box-shadow: 0 0 0 1px #000;
}
#cross::before { left: 11px; top: 0; width: 3px; height: 25px; }
#cross::after { left: 0; top: 11px; width: 25px; height: 3px; }
#cross-help {
  position: absolute; z-index: 42; margin: 0; padding: 4px 8px;
  border-radius: 6px; pointer-events: none; background: var(--block-background-fill);
  color: var(--body-text-color); font-size: 0.8rem; line-height: 1.1rem;
}
#cross-said {
  position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
}
:is(#cross, #cross-help)[hidden] { display: none; }
</style>"""

_SCRIPT = """() => {
    const frame = FRAME;
    const words = WORDS, POINTER = 1e6;  // no other pointer has that number
    const parts = {};
    let across = 0.5, down = 0.5;
    let from = null;  // where a stroke started

    const touch = () => document.querySelector("#touch");
    const picture = () => touch()?.querySelector("img");
    const on = (target) => target.closest?.("#touch button") && picture();
    // A new picture has no size until it is there: keys wait for it, in their order.
    let turn = Promise.resolve();
    const loaded = () => new Promise((done) => {
        if (picture()?.naturalWidth) return done();
        document.addEventListener("load", done, { capture: true, once: true });
        setTimeout(done, WAIT);
    });
    const wait = (act) => {
        turn = turn.then(loaded).then(() => { if (picture()?.naturalWidth) act(); });
    };
    const part = (name, tag) => {
        parts[name] ??= Object.assign(document.createElement(tag), { id: name });
        // Gradio may have drawn the tab anew.
        if (parts[name].parentElement !== touch()) touch().append(parts[name]);
        return parts[name];
    };
    const say = (text) => {
        const said = part("cross-said", "div");
        said.setAttribute("role", "status");
        said.textContent = text;
    };
    const place = () => {
        const { left, top, wide, high } = frame(picture());
        return { clientX: left + across * wide, clientY: top + down * high };
    };
    const where = () => words.where.replace("X", Math.round(100 * across))
        .replace("Y", Math.round(100 * down));
    const show = (shown) => {
        if (!touch()) return;
        const cross = part("cross", "div"), help = part("cross-help", "p");
        cross.hidden = help.hidden = !shown;
        help.textContent = words.help;
        help.style.inset = down > 0.5 ? "6px 6px auto" : "auto 6px 6px";  // away from the cross
        if (!shown) return;
        const box = touch().getBoundingClientRect(), { clientX, clientY } = place();
        // Its own border is not inside.
        cross.style.left = `${clientX - box.left - touch().clientLeft - 12.5}px`;
        cross.style.top = `${clientY - box.top - touch().clientTop - 12.5}px`;
    };
    const point = (kind) => {
        const Kind = kind === "click" ? MouseEvent : PointerEvent;
        picture().dispatchEvent(new Kind(kind, {
            bubbles: true, cancelable: true, detail: 1, pointerId: POINTER, isPrimary: true,
            ...place(),
        }));
    };
    const lift = () => {  // as a mouse: a click comes after it, which a stroke swallows
        point("pointerup");
        point("click");
    };
    const giveUp = () => {
        if (!from) return;
        from = null;
        point("pointercancel");
        say(words.given_up);
    };
    const keys = {
        " ": () => {
            if (!from) {
                from = [across, down];
                point("pointerdown");
                return say(`${words.starts} ${where()}`);
            }
            const stayed = from[0] === across && from[1] === down;
            from = null;
            lift();
            say(`${stayed ? words.marked : words.done} ${where()}`);
        },
        Enter: () => {
            if (from) return keys[" "]();
            point("pointerdown");
            lift();
            say(`${words.marked} ${where()}`);
        },
        Escape: giveUp,
    };
    const arrows = {
        ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
    };
    const share = (value) => Math.min(Math.max(Math.round(value * 1e4) / 1e4, 0), 1);
    document.addEventListener("keydown", (event) => {
        const { key, target } = event;
        if (!on(target) || event.ctrlKey || event.metaKey || event.altKey) return;
        if (!keys[key] && !arrows[key]) return;
        event.preventDefault();  // the page does not scroll, and the button is not clicked
        event.stopPropagation();
        if (keys[key] && event.repeat) return;
        const far = event.shiftKey ? FAR : NEAR;
        wait(() => {
            if (keys[key]) {
                keys[key]();
            } else {
                across = share(across + far * arrows[key][0]);
                down = share(down + far * arrows[key][1]);
                if (from) point("pointermove");
                say(where());
            }
            show(target === document.activeElement);
        });
    }, true);
    document.addEventListener("keyup", (event) => {  // Space clicks a button when it comes up
        if (event.key === " " && on(event.target)) event.preventDefault();
    }, true);
    document.addEventListener("focusin", ({ target }) => {
        if (!on(target)) return;
        part("cross-help", "p");
        target.setAttribute("role", "application");  // or a screen reader keeps the arrow keys
        target.setAttribute("aria-describedby", "cross-help");
        wait(() => show(target === document.activeElement && target.matches(":focus-visible")));
    });
    document.addEventListener("focusout", ({ target }) => {
        if (!on(target)) return;
        wait(() => {
            giveUp();
            show(false);
        });
    });
    document.addEventListener("pointerdown", (event) => {
        if (event.isTrusted && on(event.target)) show(false);  // who has a mouse needs none
    });
    document.addEventListener("load", ({ target }) => {
        if (target.matches?.("#touch img") && parts.cross && !parts.cross.hidden) show(true);
    }, true);
    window.addEventListener("resize", () => {
        if (parts.cross && !parts.cross.hidden) show(true);
    });
}"""

SCRIPT = _SCRIPT
for _name, _value in {"WORDS": texts.CROSS, "FAR": FAR, "NEAR": STEP, "WAIT": WAIT}.items():
    SCRIPT = SCRIPT.replace(_name, json.dumps(_value))
SCRIPT = SCRIPT.replace("FRAME", FRAME)
"""Lets arrow keys, Enter, Space and Escape do on the hints' picture what a pointer does."""
