"""A photograph's file in, its colours as a file out: what command line, endpoint and page share.

`colorize_file` is the whole way, `colorize_opened` its half from a photograph that is open.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from colorizers.errors import ImageError
from colorizers.files.picture import Picture
from colorizers.files.reading import open_photo
from colorizers.files.srgb import Pixels
from colorizers.files.writing import save
from colorizers.painting import neutral, own, recipe, repair
from colorizers.painting.hints import REACH_DEFAULT, Hint
from colorizers.painting.layer import colours_alone
from colorizers.painting.mark import mark
from colorizers.painting.masks import Mask
from colorizers.painting.predict import Progress, colorize_photo, lightness
from colorizers.painting.predictor import Predictor
from colorizers.painting.references import Reference

COMMENT = "Colours added by TrueHue; they are a guess ({})."
"""In the files; with the title of the method."""


@dataclass(frozen=True, slots=True)
class Options:
    """How a photograph is coloured and written.

    Attributes
    ----------
    format : str
        A value of `colorizers.files.writing.OUTPUTS`.
    quality : int
        1 to 100, of JPEG and WebP.
    metadata : bool
        Keep what the photograph's file says of it.
    saturation, warmth : float
        Of any method's colours; see `colorizers.painting.adjust`.
    method : mapping of str to number
        Options of the method.
    keep : bool
        Leave colours that the photograph has already; see `colorizers.painting.own`.
    hints : sequence of Hint
    reach : float
        Places with a colour of their own, and how far it spreads; see `colorizers.painting.hints`.
    references : sequence of Reference
        Photographs whose colours are taken; see `colorizers.painting.references`.
    mask : Mask, optional
        Where the guess is taken back, or another version is used; see `colorizers.painting.masks`.
    repair : bool
        Take away scratches and dust, and level what is faded, first; see
        `colorizers.painting.repair`.
    layer : bool
        Write only the colours, as a PNG in sRGB for the blend mode Color; see
        `colorizers.painting.layer`.
    mark : bool
        Write into a corner that the colours are a guess; see `colorizers.painting.mark`.
    """

    format: str = "PNG"
    quality: int = 95
    metadata: bool = True
    saturation: float = 1.0
    warmth: float = 0.0
    method: Mapping[str, float] = field(default_factory=dict)
    keep: bool = False
    hints: Sequence[Hint] = ()
    reach: float = REACH_DEFAULT
    references: Sequence[Reference] = ()
    mask: Mask | None = None
    layer: bool = False
    repair: bool = False
    mark: bool = False


@dataclass(frozen=True, slots=True)
class Coloured:
    """What became of a photograph.

    Attributes
    ----------
    rgb : ndarray, shape (height, width, 3), uint8 or uint16
        As `colorizers.painting.predict.colorize_photo` gives it.
    guessed : tuple of str
        Sentences about what was changed or guessed when it was read.
    unsaid : tuple of str
        Sentences about what is not in the file that was written.
    """

    rgb: Pixels
    guessed: tuple[str, ...]
    unsaid: tuple[str, ...]

    @property
    def notices(self) -> tuple[str, ...]:
        """All that the person should know."""
        return self.guessed + self.unsaid


def colorize_file(
    source: Path,
    target: Path,
    colorizer: Predictor,
    options: Options,
    progress: Progress | None = None,
) -> Coloured:
    """Colorize one file.

    Parameters
    ----------
    source, target : Path
        The folder of the target is made if need be; a file that is there is replaced.
    colorizer : Predictor
    options : Options
    progress : callable, optional
        Called with (share done in [0, 1], what is being done).

    Raises
    ------
    ImageError
        If the file cannot be used, or an option is out of its range.
    OSError
        If the target cannot be written.
    """
    if progress is not None:
        progress(0.0, "Reading the picture")
    return colorize_opened(open_photo(source), target, colorizer, options, progress)


def colorize_opened(
    photo: Picture,
    target: Path,
    colorizer: Predictor,
    options: Options,
    progress: Progress | None = None,
) -> Coloured:
    """Colorize an open photograph into a file, whose XMP has the recipe.

    Parameters
    ----------
    photo : Picture
    target, colorizer, options, progress
        As for `colorize_file`.
    """
    if options.layer and options.format != "PNG":
        raise ImageError(f"A layer of colours is a PNG, and not {options.format}; ask for PNG.")
    if options.layer and options.mark:
        raise ImageError("A layer of colours has no place for a mark; ask for one of the two.")

    found = None
    if options.repair:
        if progress is not None:
            progress(0.1, "Repairing")
        found = repair.look(photo)
        photo = repair.mended(photo, found)

    def painting(share: float, what: str) -> None:
        if progress is not None:
            progress(0.2 + 0.6 * share, what)

    try:
        rgb = colorize_photo(
            colorizer, photo, saturation=options.saturation, warmth=options.warmth,
            hints=options.hints, reach=options.reach, references=options.references,
            mask=options.mask, progress=painting, **options.method,
        )  # fmt: skip
    except ValueError as error:  # an option out of its range; the message names it
        raise ImageError(str(error)) from error
    if found is not None and found.inside != repair.WHOLE:
        neutral.blank(rgb, lightness(photo.rgb), found.inside)
    guessed, where = photo.notices, own.coloured(photo.rgb)
    if where is not None:
        guessed += (own.told(where, options.keep),)
        if options.keep:
            own.keep(rgb, photo.rgb, where)
    if found is not None:
        guessed += (repair.told(found),)
    if progress is not None:
        progress(0.8, f"Writing {options.format}")
    target.parent.mkdir(parents=True, exist_ok=True)
    unmarked = mark(rgb) if options.mark else None
    written = colours_alone(rgb) if options.layer else rgb
    unsaid = save(
        target, written, photo, format=options.format, quality=options.quality,
        metadata=options.metadata and not options.layer, comment=COMMENT.format(colorizer.title),
        recipe=recipe.text(recipe.of(colorizer, options)),
    )  # fmt: skip
    if unmarked is not None:
        unsaid = (*unsaid, unmarked)
    return Coloured(rgb, guessed, unsaid)
