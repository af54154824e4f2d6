"""What the Colorize tab says, and how it looks: words and styles, no code.

Fed by nothing; `colorizers.ui` puts them into the page.
"""

from __future__ import annotations

STYLE = """<style>
#result .icon-wrap { background: #fff; color: #111; } /* in any theme, over any picture */
#result .inner { width: 2px; background: #fff; }
#touch img { cursor: crosshair; }
#versions .grid-wrap, #methods .grid-wrap { max-height: none; }
#versions .caption-label, #methods .caption-label { font-size: 0.75rem; }
</style>"""

INTRO = (
    "Bring a black-and-white photograph: its colours appear by themselves. A colour photograph is "
    "made grey first, so you can see what the network makes of it."
)
WAITING = "The colours will appear below."

_GUESSES = """
**Colours are guesses, not history.** Nothing in a grey picture says what colour a dress was; the
network gives what is plausible. That is why there are several versions, and hints for what you
know better."""

_PHOTO = """
**What *Photographs* knows.** It learned from about 30,000 small photographs, 64 to 128 pixels
wide: everyday things and animals, landscapes and streets, flowers, garments, skies; its first half
had learned from ImageNet before. There were no historical photographs among them and hardly any
portraits: expect skies, grass and wood to be right more often than an uncle's uniform. The
versions lean towards warmer, cooler or bolder colours where the network is unsure, and leave alone
what it is sure of."""

_CIFAR10 = """
**What the other methods know.** They learned from CIFAR-10: 48,000 pictures of 32 x 32 pixels in
ten classes (airplane, automobile, bird, cat, deer, dog, frog, horse, ship, truck). Your photograph
is shrunk to 32 x 32 for them; expect broad washes of colour. *Classification* weighs 313 colours
for every pixel: at a low temperature it takes the likeliest, often grey, in patches; at a high one
it blends all that are likely. *GAN* was trained against a second network that tries to tell its
colours from real ones."""

_YOURS = """
**What stays yours.** Every bit of light and shade in the result is your photograph's own; only
colour is added, at full size, so that it stops at edges. Pictures stay on this server only as long
as its cache keeps them and are used for nothing else."""


def about(names: tuple[str, ...]) -> str:
    """What must be said of the methods that are there, as Markdown."""
    parts = [_GUESSES]
    if "photo" in names:
        parts.append(_PHOTO)
    if len(names) > ("photo" in names):
        parts.append(_CIFAR10)
    return "\n".join([*parts, _YOURS])
