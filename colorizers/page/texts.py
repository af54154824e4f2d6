"""What the Colorize tab says, and how it looks: words, styles, and a few lines of script.

Fed by nothing; `colorizers.page.ui` puts them into the page.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

STYLE = """<style>
#result .icon-wrap { background: #fff; color: #111; } /* in any theme, over any picture */
#result .icon-button:disabled { display: none; } /* "Undo" of a zoom that there is not */
#result .inner { width: 2px; background: #fff; }
#model img { cursor: crosshair; }
#touch img { cursor: crosshair; object-fit: scale-down; }
#hint-colour .dialog-button { width: 100%; height: 2.6rem; border-radius: 6px; }
.dark #photo .source-selection button { color: var(--body-text-color); }
/* Over the page, not in it: or a click outside closes it and misses what has moved. */
#hint-colour { overflow: visible !important; position: relative; z-index: 60; }
#hint-colour .color-picker {
  position: absolute; z-index: 30; top: 100%; left: 0; padding: 8px; border-radius: 8px;
  background: var(--block-background-fill); border: 1px solid var(--border-color-primary);
  box-shadow: 0 4px 16px rgb(0 0 0 / 30%);
}
#hint-line { flex-wrap: nowrap; overflow-x: auto; gap: 5px; padding: 4px; margin: -4px; }
#hint-line label { font-size: 0.8rem; }
#hint-line > *, #hint-line .wrap { flex: none; flex-wrap: nowrap; width: auto; }
#hint-likely label { border: 1px dashed var(--body-text-color); }
:is(#hint-palette, #hint-likely) label::before {
  content: ""; background: var(--swatch); flex: none; width: 1rem; height: 1rem; border-radius: 4px;
  border: 1px solid var(--border-color-primary);
}
#hint-line label { position: relative; padding: 4px 6px; gap: 5px; }
#hint-line label span { margin: 0; }
#hint-line .wrap { gap: 4px; }
#hint-line input { position: absolute; opacity: 0; } /* the frame shows it, and the focus */
#hint-line label.selected { outline: 2px solid var(--body-text-color); }
#hint-line label:has(:focus-visible) { outline: 3px double var(--body-text-color); }
#how-many :is(input, textarea, button):focus-visible {
  outline: 2px solid var(--body-text-color) !important; outline-offset: 2px;
}
#photo-note, #full-size { min-height: 1.5rem; }
#examples .gallery-item, #examples .gallery-item img { width: 62px; height: 62px; }
#examples img { object-fit: cover; }
/* Once there is a photograph: one line for it and the examples, and the work's place is kept. */
#one:not(:has(#photo img)) #work { display: none; }
#one:has(#photo img):not(:has(#work))::after {
  content: ""; display: block; min-height: 100vh;
}
/* What goes to another place is not seen to jump there: it comes up where it will be. */
:is(#one:has(#photo img) #bring > *, #how-many:has(#photo img) ~ #about) {
  animation: come-up 0.3s;
}
@keyframes come-up { 0%, 30% { visibility: hidden; opacity: 0; } }
/* As high as the photograph will be, before it is there. */
#result:not(.fullscreen) .slider-wrap { aspect-ratio: var(--shape, auto); }
#one:has(#photo img) {
  & #bring { flex-wrap: nowrap; gap: 10px; align-items: center; }
  & #bring > :first-child { flex: 0 0 96px !important; min-width: 0 !important; }
  & #bring > :nth-child(2) { gap: 2px; min-width: 0 !important; }
  & #photo { height: 58px !important; min-height: 0; }
  & :is(#photo, #reference) :is(.image-frame, img) {
    width: 60px; height: 56px; object-fit: contain;
  }
  & :is(#photo .source-selection, #photo > label, #photo [data-testid="block-label"], #intro,
    #examples .label) { display: none; }
  & #examples .gallery { flex-wrap: nowrap; overflow-x: auto; gap: 4px; }
  & #examples :is(.gallery-item, .gallery-item img) { width: 32px; height: 32px; flex: none; }
}
#doubt {
  position: absolute; right: 10px; bottom: 10px; z-index: 20; width: auto; min-width: 0;
  padding: 8px 10px; border-radius: 8px; border: 1px solid var(--border-color-primary);
  background: var(--block-background-fill);
}
#pane:has(#result.fullscreen) #doubt { display: none; }
#beside { display: none; }
#one:has(#photo img) #beside { display: block; flex: 0 0 230px !important; }
#one:has(#photo img) #beside:has(#reference img) { flex: 0 0 96px !important; }
#reference { height: 58px !important; min-height: 0; }
:is(#reference, #many-reference) .wrap {
  padding: 0 6px; font-size: 0.8rem; line-height: 1.05rem; min-height: 0;
  & .icon-wrap { display: none; }
  & p { white-space: normal; margin: 0; font-size: inherit; line-height: inherit; }
}
#said-in-it { gap: 2px !important; }
:is(#metadata, #mark) { padding: 0; border: 0 !important; }
:is(#metadata, #mark) label span { font-size: 0.8rem; line-height: 1.1rem; }
#work { gap: 14px; }
#work .column { gap: 8px; }
#work .tabitem { padding: 8px 0 0 !important; }
#views { gap: 0; }
#views .tab-wrapper { padding-bottom: 0; }
#seen { flex-wrap: nowrap; align-items: center; min-height: 2rem; }
#seen > * { flex: none; width: auto; min-width: 0 !important; }
#seen > :first-child { flex: 1; }
#result:not(.fullscreen) :is(.slider-wrap, img) {
  max-height: max(300px - var(--kept, 0px) / 3, 100vh - 350px - var(--kept, 0px)) !important;
}
#result.fullscreen img { max-height: 100vh !important; }
#touch img { max-height: max(300px - var(--kept, 0px) / 3, 100vh - 432px - var(--kept, 0px)); }
#repair-line { align-items: center; }
#repair-line > * { flex: none; width: auto; }
#repair-marks img {
  max-height: max(300px - var(--kept, 0px) / 3, 100vh - 392px - var(--kept, 0px));
}
:is(#saturation, #warmth) { padding-block: 6px; }
:is(#saturation, #warmth) .head { margin: 0; }
/* How far it is, as a bar with its words; Gradio writes a share to a tenth of a percent. */
#how-many .progress-level { padding: 0; }
#how-many .progress-level-inner { display: none; }
#how-many .progress-bar-wrap {
  position: relative; width: 100%; height: 1.4rem; border-radius: 6px; overflow: hidden;
}
#how-many .progress-bar { background: var(--border-color-primary); }
#how-many .progress-bar-wrap::before {
  content: attr(aria-valuetext); position: absolute; inset: 0; z-index: 1;
  text-align: center; font-size: 0.85rem; line-height: 1.3rem;
}
#how-many :is(.meta-text, .meta-text-center) { font-family: inherit; }
/* Gradio's galleries want 450 pixels of height and 100 for every picture. */
#versions .grid-wrap, #methods .grid-wrap, #many-gallery .grid-wrap, #kept .grid-wrap {
  min-height: 0; max-height: none; overflow: visible;
}
#versions .grid-container {
  grid-template-columns: repeat(3, minmax(0, 1fr)); grid-template-rows: none; grid-auto-rows: auto;
}
#versions .thumbnail-lg { aspect-ratio: 1; }
#methods .grid-container { grid-template-rows: none; grid-auto-rows: auto; }
:is(#versions, #methods, #kept) .caption-label {
  left: 0; right: 0; bottom: 0; max-width: none; padding: 2px; border: 0; border-radius: 0;
  text-align: center; font-size: 0.8rem; color: var(--body-text-color);
}
:is(#versions, #methods, #kept) .thumbnail-lg.selected {
  outline: 3px solid var(--body-text-color);
}
#kept-ones:not(:has(img)) { display: none; }
#work:has(#kept img) { --kept: 156px; }
#kept { border: 0; background: none; }
#kept .grid-wrap { padding: 0; }
#kept-ones { gap: 4px !important; }
#kept-ones .row { align-items: center; flex-wrap: nowrap; }
#kept-ones .row > * { flex: none; width: auto; min-width: 0 !important; }
#kept-ones .row > :first-child { flex: 1; }
#kept .grid-wrap { overflow-x: auto; }
#kept .grid-container {
  display: flex; gap: 8px; width: max-content; padding: 3px;
}
#kept .thumbnail-lg {
  flex: none; width: 150px; height: 112px; padding-bottom: 36px; aspect-ratio: auto;
}
#kept .thumbnail-lg img { height: 76px; object-fit: contain; }
#kept .caption-label { white-space: normal; line-height: 1rem; height: 36px; }
#keep-this { white-space: nowrap; }
#back { flex-wrap: nowrap; gap: 6px; }
#back button { padding-inline: 6px; }
#undo::before { content: "\\21b6\\a0" / ""; }
#redo::before { content: "\\21b7\\a0" / ""; }
@media (max-width: 700px) {
  #one:has(#photo img) #beside:not(:has(#reference img)) { flex: 0 0 128px !important; }
  #reference .wrap { padding: 0 4px; font-size: 0.75rem; line-height: 0.85rem; }
  #methods .grid-container { grid-template-columns: minmax(0, 1fr); }
  #views .tab-container button { padding-inline: 7px; font-size: 0.85rem; } /* four in a line */
  #seen { flex-wrap: wrap; }
  #seen > :first-child { flex: 0 0 100%; }
  #seen { gap: 8px; justify-content: space-between; }
  #uncovered label { padding: 6px 8px; }
  #work:has(#kept img) { --kept: 0px; } /* the strip is not on the picture's screen anyway */
  #work { scroll-margin-top: 8px; padding-bottom: 4rem; }
  /* In reach of a thumb; over the page they say in a sign what they do. */
  #work::after {
    content: ""; position: fixed; inset: auto 0 0; height: 60px; z-index: 49;
    background: var(--body-background-fill); border-top: 1px solid var(--border-color-primary);
  }
  #download { position: fixed; inset: auto 12px 10px 124px; width: auto; z-index: 50; }
  :is(#undo, #redo) {
    position: fixed; bottom: 10px; left: 12px; width: 50px; height: 40px; z-index: 50;
    min-width: 0 !important; font-size: 0; opacity: 1;
    border: 1px solid var(--border-color-primary);
  }
  #redo { left: 68px; }
  :is(#undo, #redo)::before { font-size: 1.4rem; }
  :is(#undo, #redo):disabled::before { opacity: 0.35; }
}
</style>"""

UNCOVERED = {"Half": 50, "Colours": 0, "Grey": 100}
"""What of the picture may be seen in colour -> where its handle stands then, in percent."""

UNCOVER = f"""(chosen) => ({{
    __type__: "update", slider_position: {json.dumps(UNCOVERED)}[chosen]
}})"""
"""Moves the handle in the page alone, for those who have no mouse and for a look at the whole."""

UNCOVER_HALF = f"""() => ["Half", {{
    __type__: "update", slider_position: {UNCOVERED["Half"]}
}}]"""
"""The same for a new photograph."""

FETCH = """(file) => {
    if (!file || !file.url) return;
    const link = document.createElement("a");
    link.href = file.url;
    link.download = file.orig_name;
    document.body.append(link);
    link.click();
    link.remove();
}"""
"""Fetches the file that has just been made; a link is clicked, as browsers save no other way."""

LOOK_DOWN = """(shown) => {
    if (shown && window.innerWidth < 700) document.querySelector("#work")?.scrollIntoView();
}"""
"""Where columns stand below each other, the colours would appear out of sight."""

MANY_BEGUN = """() => [
    { __type__: "update", interactive: false },
    { __type__: "update", visible: true },
    { __type__: "update", visible: false },
    "Your photographs are waiting for their turn.",
    null,
    { __type__: "update", visible: false },
]"""
"""Start, "Stop waiting", stop, report, gallery and zip, from the click to the first answer."""

MANY_ENDED = """() => [
    { __type__: "update", interactive: true },
    { __type__: "update", visible: false },
    { __type__: "update", visible: false },
]"""
"""Start, "Stop waiting" and stop, when there is nothing to stop any more."""

INTRO = (
    "Add a black-and-white photograph, and it is coloured for you. "
    "A colour photograph is made black and white first."
)
VERSIONS = "**Versions:** one cautious, five bolder."
MODEL = (
    "Do you have a colour photograph of the same coat, house or uniform? Add it and click the "
    "colour; then click in your own photograph where it belongs."
)
REFERENCE = "Colours from another photograph of the same things"
DOUBT = (
    "**Clear:** the cautious colour is about right in at least 3 of 4 such places. "
    "**Violet:** less often; the denser, the less sure."
)
CAUTIOUS = "Cautious"
KEPT = "**Kept:** choose one to go back to it."
NO_COLOURS, NO_CHANGE, NO_FILE = "No colours yet", "Nothing was changed", "No file yet"
"""Titles of what goes wrong."""
REPAIR = "Repair it before it is coloured"
REPAIR_MANY = "Scratches and dust; faded scans."
REPAIR_FIND = "Look for scratches and dust"
REPAIR_FIRST = (
    "Scratches, dust, a faded scan? See first what would be repaired; nothing changes until you "
    "ask for it."
)
REPAIR_LOOK = "Marks are pink below. **What lies under them is painted over, so look closely.**"
REPAIR_MARKS = "Your photograph with what would be repaired in pink"
NO_MARKS = "Nothing was looked for"
CROSS = {
    "help": "Arrow keys move the cross, with Shift in larger steps. Enter marks a place; Space "
    "starts a stroke and ends it; Escape gives it up.",
    "where": "X% across, Y% down",
    "starts": "The stroke starts here:",
    "done": "The stroke is done:",
    "marked": "Marked:",
    "given_up": "The stroke is given up.",
}
"""What the keys of the cross do, and what a screen reader says of it."""
NO_HINTS = "No hints yet: choose a colour, then tap or click where it belongs, or draw over it."
WAITING = "The coloured photograph will appear below."

_GUESSES = """
**Colours are guesses, not history.** Nothing in a grey picture says what colour a dress was, so
the program paints what is likely. Skies, grass and wood often come out right; clothes and painted
walls may have been any colour. Look through the versions, and give hints where you know better."""

_PHOTO = """
**What *Photographs* knows.** It learned from about 30,000 small photographs, 64 to 128 pixels
wide: people, animals, rooms, food, vehicles, everyday things, landscapes and streets, flowers,
garments, skies; its first half had already learned from ImageNet. There were no historical
photographs among them: expect skies, grass, skin and wood to be right more often than an uncle's
uniform. The version *Cautious* paints the average of all colours that are possible, which is safe
and pale. Each of the others, *Seed 1* to *Seed 5*, picks one possible colouring, and the same one
every time: bolder, and more often wrong."""

_CIFAR10 = """
**What the other methods know.** They learned from CIFAR-10: 48,000 pictures of 32 x 32 pixels in
ten classes (airplane, automobile, bird, cat, deer, dog, frog, horse, ship, truck). Your photograph
is shrunk to 32 x 32 for them; expect broad washes of colour. *Classification* weighs 313 colours
for every pixel: at a low temperature it takes the likeliest, often grey, in patches; at a high one
it blends all that are likely. *Conditional DCGAN* was trained against a second network that tries
to tell its colours from real ones. *Rectified flow* and *Conditional VAE* do not weigh what is
likely: each picks one plausible colouring, as bold as real colours are, and often not the true
one."""

_REFERENCE = """
**Colours from another photograph.** Add a colour photograph of the same things, such as the same
room, coat or garden, and whatever looks alike in both takes its colours; everything else stays as
it was guessed. It works best where both show the same thing from the same side, and it cannot know
whether the coat was really the same."""

_DOUBT = """
**How sure is it?** The program draws the photograph eight times; where the drawings differ, it is
not sure. How often it is right where they differ so much was counted on photographs whose colours
are known. About right means the same sort of colour: another shade, but not red for blue. The
answer is about the cautious colours, before references, hints and sliders."""

_YOURS = """
**What stays yours.** Every bit of light and shade in the result is your photograph's own, unless
you ask for its repair; only colour is added, at full size, so that it stops at edges. Pictures
stay on this server only as long as its cache keeps them and are used for nothing else."""


_NAMES = """() => {
    const examples = EXAMPLES;
    const set = (selector, attribute, value) => document.querySelectorAll(selector).forEach(
        (element, index) => {
            const wanted = typeof value === "function" ? value(element, index) : value;
            if (wanted && element.getAttribute(attribute) !== wanted)
                element.setAttribute(attribute, wanted);
        }
    );
    const name = () => {
        set("#examples img", "alt", (_, index) => examples[index]);
        set("#photo img", "alt", "Your photograph");
        for (const slot of ["#reference", "#many-reference"]) {
            set(`${slot} img`, "alt", "The photograph whose colours are taken");
            set(`${slot} button.upload-container`, "aria-label", REFERENCE);
        }
        set("#model img", "alt", "The other photograph: click the colour that you want");
        set("#result img", "alt", (_, index) => ["Grey", "Colorized"][index]);
        set("#repair-marks img", "alt", MARKS);
        set("#touch img", "alt", "The colorized photograph: click where a colour belongs");
        for (const gallery of ["#versions", "#methods", "#kept"]) {
            set(`${gallery} .thumbnail-lg`, "aria-label", (tile) => tile.innerText.trim());
            set(`${gallery} .thumbnail-lg`, "aria-pressed",
                (tile) => String(tile.classList.contains("selected")));
        }
        for (const slider of ["saturation", "warmth", "temperature"])
            set(`#${slider} .reset-button`, "aria-label", `Reset ${slider}`);
        document.querySelectorAll("#hint-line label").forEach((label) => {
            const colour = label.querySelector("input").value;
            if (label.style.getPropertyValue("--swatch") !== colour)
                label.style.setProperty("--swatch", colour);
        });
        const choices = ["hint-palette", "hint-likely", "brush-does", "brush-width", "uncovered"];
        for (const choice of choices)
            set(`#${choice} input`, "name", choice);  // one stop of Tab, arrows inside
        // Their text alone: around it a counter of tenths of seconds may run.
        for (const note of ["photo-note", "hints-note", "repair-note", "full-size", "many-report"])
            set(`#${note} .prose:not(.prose .prose)`, "role", "status");
    };
    name();
    document.addEventListener("load", ({ target }) => {
        if (!target.matches?.("#photo img")) return;
        const shape = `${target.naturalWidth} / ${target.naturalHeight}`;
        document.documentElement.style.setProperty("--shape", shape);
    }, true);
    // Ctrl+Z and Ctrl+Shift+Z, but not where something is written: there the browser has its own.
    document.addEventListener("keydown", (event) => {
        const way = { z: event.shiftKey ? "redo" : "undo", y: "redo" }[event.key.toLowerCase()];
        const writing = "textarea, [contenteditable], input:not([type=range], [type=radio], "
            + "[type=checkbox])";
        if (!way || !(event.ctrlKey || event.metaKey) || event.altKey) return;
        const button = document.querySelector(`#${way}`);
        if (!button?.checkVisibility() || event.target.closest?.(writing)) return;
        event.preventDefault();
        button.click();  // nothing, where it is disabled
    });
    // Where a comma is the decimal mark, Chromium drops it: 1,5 would be 15.
    document.addEventListener("beforeinput", (event) => {
        const typed = event.data ?? event.dataTransfer?.getData("text/plain") ?? "";
        if (event.target.type !== "number" || !typed.includes(",")) return;
        event.preventDefault();
        document.execCommand("insertText", false, typed.replace(",", "."));
    }, true);
    document.addEventListener("focusout", ({ target }) => {
        if (target.type !== "number" || !target.closest("#how-many")) return;
        const { value, min, max } = target;
        const kept = value !== "" && max !== "" && +value > +max ? max
            : value !== "" && min !== "" && +value < +min ? min : value;
        if (kept === value) return;
        target.value = kept;
        target.dispatchEvent(new Event("input", { bubbles: true }));
    }, true);
    new MutationObserver(name).observe(document.querySelector("#how-many"), {
        subtree: true, childList: true, attributes: true, attributeFilter: ["class", "src"],
    });
}"""


def names(examples: Sequence[str]) -> str:
    """A script for readers of the screen: names for what Gradio leaves without, and what is news.

    Galleries and images come and go, so it looks again whenever something in the tab changes.
    """
    named = _NAMES.replace("MARKS", json.dumps(REPAIR_MARKS))
    return named.replace("EXAMPLES", json.dumps(list(examples))).replace(
        "REFERENCE", json.dumps(REFERENCE)
    )


def same_colour(palette: Mapping[str, str]) -> str:
    """A script that lets palette and box show what the colour picker has."""
    values = json.dumps(list(palette.values()))
    return f"(colour) => [{values}.includes(colour) ? colour : null, colour]"


def about(names: tuple[str, ...]) -> str:
    """What must be said of the methods that are there, as Markdown."""
    parts = [_GUESSES, _YOURS]
    if "photo" in names:
        parts += [_PHOTO, _REFERENCE, _DOUBT]
    if len(names) > ("photo" in names):
        parts.append(_CIFAR10)
    return "\n".join(parts)
