"""What the Colorize tab remembers of a photograph while somebody works on it.

The network's answers are small grids of ab, and everything after them is arithmetic: so a
photograph lies on the desk as a preview of its L, the grids that were asked for, and the hints. The
photograph itself stays the uploaded file. A browser holds a key, which is random and never leaves
the server (`gr.State`); the desk has room for so many photographs, and the one that was longest
untouched makes room for the next.
"""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from colorizers.errors import ImageError
from colorizers.networks.bins import modes
from colorizers.page.checking import number
from colorizers.page.history import History
from colorizers.painting import masks
from colorizers.painting.adjust import SATURATION, WARMTH, adjust
from colorizers.painting.doubt import sureness
from colorizers.painting.hints import REACH, REACH_DEFAULT, Hint, fields, small, with_hints
from colorizers.painting.masks import Mask
from colorizers.painting.own import Own
from colorizers.painting.pipeline import Options
from colorizers.painting.predict import Masked, predict_grid, predict_grids, resize, working_shape
from colorizers.painting.predictor import Described, Predictor
from colorizers.painting.recipe import Recipe
from colorizers.painting.recipe import of as recipe_of
from colorizers.painting.references import Reference, described, with_references
from colorizers.painting.repair import Inside

Float = NDArray[np.float32]

ROOM = 64
"""Photographs on the desk; each takes 2 to 5 MB."""
KEPT_PREVIEWS = 8
"""Preview files of a photograph that stay on disk; a browser may still be fetching the last."""


class Look(NamedTuple):
    """A method and the value of its first option: the version of "photo", a temperature, a seed.

    A recipe may say more of the method's options, by name.
    """

    method: str
    value: float = 0.0
    more: tuple[tuple[str, float], ...] = ()

    def options(self, models: Mapping[str, Predictor]) -> dict[str, float]:
        """The options of the method."""
        first = zip(models[self.method].options, [self.value], strict=False)
        return dict(first) | dict(self.more)

    def at(self, seed: int) -> Look:
        """Another version of a method that draws, by its seed."""
        return self._replace(value=float(seed))


class Sliders(NamedTuple):
    """What is changed after the network."""

    saturation: float = 1.0
    warmth: float = 0.0
    reach: float = REACH_DEFAULT


def checked_sliders(sliders: tuple[Any, ...]) -> Sliders:
    """Saturation, warmth and reach as numbers in their ranges; ImageError otherwise."""
    saturation, warmth, reach = sliders
    return Sliders(
        number("saturation", saturation, SATURATION),
        number("warmth", warmth, WARMTH),
        number("reach", reach, REACH),
    )


class Step(NamedTuple):
    """All that makes the colours of a photograph, and that can be taken back."""

    look: Look
    sliders: Sliders
    hints: tuple[Hint, ...] = ()
    keep: bool = False
    references: tuple[Reference, ...] = ()
    mask: Mask | None = None
    repair: bool = False

    def recipe(self, models: Mapping[str, Predictor]) -> Recipe:
        """The recipe of these colours."""
        saturation, warmth, reach = self.sliders
        options = Options(
            saturation=saturation, warmth=warmth, method=self.look.options(models),
            keep=self.keep, hints=self.hints, reach=reach, references=self.references,
            mask=self.mask, repair=self.repair,
        )  # fmt: skip
        return recipe_of(models[self.look.method], options)


def step_of(
    recipe: Recipe, models: Mapping[str, Predictor], given: Iterable[Reference] = ()
) -> Step:
    """The step that a recipe says, with those references; ImageError if it cannot be taken here."""
    if recipe.method not in models:
        raise ImageError(
            f"The recipe is of the method {recipe.method!r}; there are {', '.join(models)}."
        )
    model = models[recipe.method]
    recipe.fit(model)
    options = model.options | dict(recipe.options)
    more = tuple((name, options[name]) for name in [*options][1:])
    if more == tuple(model.options.items())[1:]:  # nothing but what it does anyway
        more = ()
    return Step(
        Look(recipe.method, next(iter(options.values()), 0.0), more),
        Sliders(recipe.saturation, recipe.warmth, recipe.reach),
        recipe.hints,
        recipe.keep,
        recipe.in_order([one for one in given if one.sha256 in recipe.references]),
        masks.followed(recipe.mask, None),
        recipe.repair,
    )


class Mended(NamedTuple):
    """A photograph after its repair, at the size that is worked on.

    Attributes
    ----------
    L, own
        As of `Work`.
    inside : tuple of float
        Where it is inside its borders; see `colorizers.painting.repair.borders`.
    said : str
        What was found.
    marks : Path
        The photograph as it came, with all marks over it.
    """

    L: NDArray[np.float16]
    own: Own | None
    inside: Inside
    said: str
    marks: Path


@dataclass
class Work:
    """A photograph that somebody works on. Hold `lock` while reading or changing it.

    Attributes
    ----------
    path : Path
        The uploaded file.
    name : str
        What the visitor called it.
    size : tuple of int
        Width and height of the file's picture.
    L : ndarray of float16, shape (height, width)
        L of the preview, in [0, 100].
    look : Look
        What is shown.
    offered : list of Look
        What the gallery of methods shows, in its order.
    hints : list of Hint
        In the order in which they were placed.
    here : int or None
        Of them, the one that was clicked last: the colours likely at its place are offered.
    chosen : int or None
        The one that a colour changes, a click moves, a button removes; only a click chooses it.
    references : tuple of Reference
        Whose colours are taken, by a method that can.
    mask : Mask or None
        Where the guess is taken back.
    doubting : bool
        Whether the picture shows how sure the first method is.
    shown : dict of Reference to Path
        Small pictures of all references that it has had.
    repair : bool
        Whether `L` and `own` are of the photograph after its repair; only `use` changes it.
    mended : Mended or None
        That, once somebody has looked.
    history : History of Step, optional
        What was done to it; None until it has been drawn.
    kept : list of (Step, Path)
        Results to be compared, each with its small picture.
    """

    path: Path
    name: str
    size: tuple[int, int]
    L: NDArray[np.float16]
    look: Look
    folder: Path
    offered: list[Look] = field(default_factory=list)
    hints: list[Hint] = field(default_factory=list)
    here: int | None = None
    chosen: int | None = None
    own: Own | None = None
    keep: bool = False
    references: tuple[Reference, ...] = ()
    mask: Mask | None = None
    doubting: bool = False
    shown: dict[Reference, Path] = field(default_factory=dict)
    repair: bool = False
    mended: Mended | None = None
    history: History[Step] | None = None
    kept: list[tuple[Step, Path]] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)
    previews: list[Path] = field(default_factory=list)
    _grids: dict[Look, NDArray[np.float16]] = field(default_factory=dict)
    _reached: tuple[Any, Float] | None = None
    _likely: NDArray[np.float16] | None = None
    _sure: Float | None = None
    _described: dict[str, Described | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Remember the photograph as it came."""
        self.plain, self._own_plain = self.L, self.own

    def use(self, *, repaired: bool) -> None:
        """Work on the photograph after its repair, or as it came.

        Raises
        ------
        ImageError
            If nobody has looked what there is to repair.
        """
        if repaired == self.repair:
            return
        if repaired and self.mended is None:
            raise ImageError("Nobody has looked for scratches and dust yet; do that first.")
        now = self.mended if repaired else None
        self.L, self.own = (now.L, now.own) if now else (self.plain, self._own_plain)
        self.repair = repaired
        # What the network said was of the other one.
        self._grids.clear()
        self._described.clear()
        self._reached = self._likely = self._sure = None

    def grid(self, look: Look, models: Mapping[str, Predictor]) -> Float:
        """What the network says: ab, shape (grid height, grid width, 2); asked once a look."""
        if look not in self._grids:
            while len(self._grids) > 16:  # someone plays with the temperature
                del self._grids[next(iter(self._grids))]
            model = models[look.method]
            ab = predict_grid(model, self._view(), **look.options(models))
            self._grids[look] = ab.astype(np.float16)
        return self._grids[look].astype(np.float32)

    def draw(self, method: str, count: int, models: Mapping[str, Predictor]) -> list[Look]:
        """The looks of a method that draws, by its first seeds.

        Seed 0, which may be no drawing, is asked alone, the others that are missing at once.
        """
        looks = [Look(method, float(seed)) for seed in range(count)]
        self.grid(looks[0], models)
        missing = [int(look.value) for look in looks if look not in self._grids]
        if missing:
            first, number = missing[0], missing[-1] - missing[0] + 1
            grids = predict_grids(models[method], self._view(), first, number)
            for seed, ab in enumerate(grids, start=first):
                self._grids.setdefault(Look(method, float(seed)), ab.astype(np.float16))
        return looks

    def likely(self, hint: Hint, model: Predictor) -> list[tuple[tuple[float, float], float]]:
        """Colours that the network holds likely where a hint is: ab, and its share in [0, 1]."""
        if self._likely is None:
            found = model.likely(self.L.astype(np.float32))
            self._likely = (np.zeros((0, 0, 0)) if found is None else found).astype(np.float16)
        likely = self._likely
        rows, columns, bins = likely.shape
        if not bins:
            return []
        row, column = min(int(hint.y * rows), rows - 1), min(int(hint.x * columns), columns - 1)
        return modes(likely[row, column].astype(np.float32))

    def sure(self, model: Predictor) -> Float:
        """How sure a method is, place by place; asked once."""
        if self._sure is None:
            self._sure = sureness(model, self._view())
        return self._sure

    def used(self, look: Look, models: Mapping[str, Predictor]) -> tuple[Reference, ...]:
        """The references whose colours a look takes: none, if its method cannot."""
        return self.references if self.references and self._seen(look, models) else ()

    def _seen(self, look: Look, models: Mapping[str, Predictor]) -> Described | None:
        """The regions that a method finds; looked for once."""
        if look.method not in self._described:
            self._described[look.method] = described(models[look.method], self._view())
        return self._described[look.method]

    def colours(
        self,
        look: Look,
        sliders: Sliders,
        models: Mapping[str, Predictor],
        hints: Sequence[Hint] | None = None,
        references: Sequence[Reference] = (),
    ) -> Float:
        """The network's colours with references, sliders and hints applied: ab, on a small grid.

        Hints come last, so that they keep the very colour that was chosen. They are those of now,
        if no others are given.
        """
        hints = self.hints if hints is None else hints
        ab = self.grid(look, models)
        if references:
            seen = self._seen(look, models)
            ab = with_references(models[look.method], self._view(), ab, references, seen)
        return self._hinted(adjust(ab, sliders.saturation, sliders.warmth), hints, sliders)

    def masked(self, step: Step, models: Mapping[str, Predictor]) -> Masked | None:
        """The mask of a step and the colours that are seen where it is white, as `colours`."""
        if step.mask is None:
            return None
        if step.mask.version is None:
            grey = np.zeros_like(self.grid(step.look, models))
            return step.mask, self._hinted(grey, step.hints, step.sliders)
        look = step.look.at(step.mask.version)
        return step.mask, self.colours(look, step.sliders, models, step.hints, step.references)

    def _hinted(self, ab: Float, hints: Sequence[Hint], sliders: Sliders) -> Float:
        if not hints:
            return ab
        L = self.L.astype(np.float32)
        places = tuple((hint.places, hint.radius) for hint in hints), sliders.reach
        if self._reached is None or self._reached[0] != places:
            self._reached = places, fields(small(L), hints, sliders.reach)
        return with_hints(L, ab, hints, sliders.reach, self._reached[1])

    def _view(self) -> Float:
        """L at the size from which the network sees the photograph itself, or draws otherwise."""
        width, height = self.size
        return resize(self.L.astype(np.float32), *working_shape(height, width)[::-1])

    def record(self, sliders: Sliders, models: Mapping[str, Predictor]) -> History[Step]:
        """Note what the colours are made of now; what was done so far."""
        references = self.used(self.look, models)
        # A method that draws no versions has none to show.
        shows = not (self.mask and self.mask.version is not None) or (
            "seed" in models[self.look.method].options
        )
        mask = self.mask if shows else None
        step = Step(self.look, sliders, tuple(self.hints), self.keep, references, mask, self.repair)
        if self.history is None:
            self.history = History(step)
        before = self.history.now
        moved = ""
        if step == before._replace(sliders=sliders):  # nothing but sliders
            pairs = zip(Sliders._fields, before.sliders, sliders, strict=True)
            moved = " ".join(name for name, old, new in pairs if old != new)
        self.history.record(step, moved)
        return self.history

    def go_to(self, step: Step) -> None:
        """Make the colours of a step what is worked on; none of its hints is chosen."""
        self.look, self.hints, self.keep = step.look, list(step.hints), step.keep
        self.references, self.mask = step.references, step.mask
        self.use(repaired=step.repair)
        self.here = self.chosen = None

    def new_preview(self, stem: str) -> Path:
        """A name for another preview, never the same twice, as browsers keep what they fetched."""
        while len(self.previews) >= KEPT_PREVIEWS:
            self.previews.pop(0).unlink(missing_ok=True)
        path = self.folder / f"{stem}-{secrets.token_hex(4)}.png"
        self.previews.append(path)
        return path


class Desk:
    """The photographs that are worked on at the moment, by key.

    Parameters
    ----------
    room : int
        How many there may be.
    """

    def __init__(self, room: int = ROOM) -> None:
        self._room = room
        self._works: OrderedDict[str, Work] = OrderedDict()
        self._lock = threading.Lock()

    def put(self, work: Work, instead_of: Any = None) -> str:
        """Lay a photograph on the desk in place of another one; return its key."""
        key = secrets.token_hex(16)
        with self._lock:
            if isinstance(instead_of, str):
                self._works.pop(instead_of, None)
            while len(self._works) >= self._room:
                self._works.popitem(last=False)
            self._works[key] = work
        return key

    def get(self, key: Any) -> Work:
        """The photograph with this key.

        Raises
        ------
        ImageError
            If it is not there, or not any more.
        """
        if not isinstance(key, str) or not key:
            raise ImageError("There is no photograph yet; upload one or try an example.")
        with self._lock:
            if key not in self._works:
                raise ImageError(
                    "The photograph was put away to make room for others; press Undo all changes."
                )
            self._works.move_to_end(key)
            return self._works[key]

    def holds(self, key: Any, payload: Any) -> bool:
        """Whether the photograph with this key is the one that `gr.Image` shows."""
        with self._lock:
            work = self._works.get(key)
        return work is None or (isinstance(payload, dict) and payload.get("path") == str(work.path))

    def same(self, key: Any, path: Path) -> Work | None:
        """The photograph with this key, if it is of this file."""
        with self._lock:
            work = self._works.get(key)
        return work if work is not None and work.path == path else None

    def drop(self, key: Any) -> None:
        """Clear a photograph away, if it is there."""
        with self._lock:
            self._works.pop(key, None)
