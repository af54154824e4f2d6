"""The endpoint for programs: a photograph in, its colorization as a file out.

`build` adds `/colorize_file` to the Gradio app it is called in; docs/api.md tells how to call it
with `gradio_client`, Python alone and curl. It waits in the same queue as the Colorize tab, so
that programs cannot take more of the machine than people, and it believes nothing: the file must
be an upload of this app, the picture within the limits of `colorizers.files.reading`, every option
of a known kind and value. Whatever is wrong comes back as one sentence.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr
from gradio import events
from gradio import utils as gradio_utils

import colorizers
from colorizers.errors import ImageError, WeightsError
from colorizers.files.filenames import output_name
from colorizers.files.writing import OUTPUTS
from colorizers.page.checking import (
    LOOKING,
    NETWORK,
    new_folder,
    number,
    uploaded,
    uploaded_mask,
    uploaded_reference,
)
from colorizers.page.turns import opened
from colorizers.painting import doubt, masks, repair
from colorizers.painting import recipe as recipes
from colorizers.painting.adjust import SATURATION, WARMTH
from colorizers.painting.pipeline import Options, colorize_opened
from colorizers.painting.predictor import Predictor
from colorizers.painting.references import MOST, Reference

log = logging.getLogger(__name__)

FAILED = "Something went wrong on the server while colouring; try again, or send another picture."
DESCRIPTION = "Colorize one photograph; see docs/api.md."
DESCRIPTION_OF_RECIPE = "How a picture that was made here got its colours; see docs/api.md."
DESCRIPTION_OF_DOUBT = "How sure photo is of its colours, place by place; see docs/api.md."
DESCRIPTION_OF_MASK = "Where scratches and dust are, and what else to repair; see docs/api.md."
NOT_BESIDE = {
    "method": "photo", "options": {}, "saturation": 1, "warmth": 0, "keep_colours": False,
    "mask_version": masks.GREY, "repair": False,
}  # fmt: skip
"""What a recipe says, and so is left at its default beside one."""


def build(load: Callable[[str], Predictor] | None = None) -> None:
    """Add the endpoint to the current Gradio context.

    Parameters
    ----------
    load : callable, optional
        Gives the colorizer of a name; `colorizers.load` by default.
    """
    asked = load or colorizers.load

    def colorize_file(
        photo: dict,  # type: ignore[type-arg]  # Gradio makes its schema of the bare type
        method: str = "photo",
        format: str = "png",
        quality: int = 95,
        options: dict = {},  # type: ignore[type-arg]  # noqa: B006  read, never written
        saturation: float = 1.0,
        warmth: float = 0.0,
        keep_colours: bool = False,
        recipe: dict = {},  # type: ignore[type-arg]  # noqa: B006
        layer: bool = False,
        reference: list = [],  # type: ignore[type-arg]  # noqa: B006
        mask: dict = {},  # type: ignore[type-arg]  # noqa: B006
        mask_version: str = masks.GREY,
        repair: bool = False,
        mark: bool = False,
    ) -> tuple[dict, list]:  # type: ignore[type-arg]
        return answer(asked, photo, method, format, quality, options, saturation, warmth,
                      keep_colours, recipe, layer, reference, mask, mask_version,
                      repair, mark)  # fmt: skip

    def recipe_of_file(photo: dict) -> dict:  # type: ignore[type-arg]
        return recipe_of(photo)

    def mask_of_file(photo: dict) -> tuple[dict, str]:  # type: ignore[type-arg]
        return mask_of(photo)

    def doubt_of_file(photo: dict) -> tuple[dict, dict]:  # type: ignore[type-arg]
        return doubt_of(asked, photo)

    # Gradio reads the types from the function, and cannot from the strings that they are here.
    colorize_file.__annotations__ = {
        "photo": dict, "method": str, "format": str, "quality": int, "options": dict,
        "saturation": float, "warmth": float, "keep_colours": bool, "recipe": dict,
        "layer": bool, "reference": list, "mask": dict, "mask_version": str, "repair": bool,
        "mark": bool, "return": tuple[dict, list],  # type: ignore[type-arg]
    }  # fmt: skip
    recipe_of_file.__annotations__ = {"photo": dict, "return": dict}
    mask_of_file.__annotations__ = {
        "photo": dict,
        "return": tuple[dict, str],  # type: ignore[type-arg]
    }
    doubt_of_file.__annotations__ = {
        "photo": dict,
        "return": tuple[dict, dict],  # type: ignore[type-arg]
    }
    for function, description, place in (
        (doubt_of_file, DESCRIPTION_OF_DOUBT, NETWORK),
        (colorize_file, DESCRIPTION, NETWORK),
        (mask_of_file, DESCRIPTION_OF_MASK, LOOKING),
        (recipe_of_file, DESCRIPTION_OF_RECIPE, LOOKING),
    ):
        events.api(
            function,
            api_name=function.__name__,
            api_description=description,
            concurrency_id=place["concurrency_id"],
            concurrency_limit=place["concurrency_limit"],
        )


def answer(
    load: Callable[[str], Predictor],
    photo: Any,
    method: Any,
    format: Any,
    quality: Any,
    options: Any,
    saturation: Any,
    warmth: Any,
    keep_colours: Any = False,
    recipe: Any = None,
    layer: Any = False,
    reference: Any = None,
    mask: Any = None,
    mask_version: Any = masks.GREY,
    repair: Any = False,
    mark: Any = False,
) -> tuple[dict[str, Any], list[str]]:
    """Colorize one upload.

    Parameters
    ----------
    load : callable
        Gives the colorizer of a name.
    photo, method, format, quality, options, saturation, warmth, keep_colours, recipe, layer,
    reference, mask, mask_version, repair, mark
        As a stranger sent them, unchecked; see docs/api.md.

    Returns
    -------
    file : dict
        As Gradio hands files out.
    notices : list of str
        Sentences about what was guessed of the photograph, or left out of the file.

    Raises
    ------
    gr.Error
        With one sentence, whatever went wrong.
    """
    try:
        path, original = uploaded(photo)
        followed = None
        if recipe not in (None, {}):
            followed = recipes.checked(recipe)
            said = method, options or {}, saturation, warmth, keep_colours, mask_version, repair
            for (name, usual), value in zip(NOT_BESIDE.items(), said, strict=True):
                if value != usual:
                    raise ImageError(f"A recipe says all of the colours; leave out {name}.")
            method = followed.method
        colorizer = _chosen(load, method)
        ending = _ending(format)
        if not _is_number(quality) or quality != int(quality) or not 1 <= quality <= 100:
            raise ImageError(f"The quality is {_quoted(quality)}, but must be from 1 to 100.")
        checked = _options(colorizer, options)
        more = number("saturation", saturation, SATURATION)
        warmer = number("warmth", warmth, WARMTH)
        flags = {"keep_colours": keep_colours, "layer": layer, "repair": repair, "mark": mark}
        for name, flag in flags.items():
            if not isinstance(flag, bool):
                raise ImageError(f"{name} is {_quoted(flag)}, but must be true or false.")
        # Under a name that nobody can guess, in the folder that the app clears by itself.
        folder = new_folder(Path(gradio_utils.get_upload_folder()))
        references = _references(reference)
        made_by = colorizer.name + ("-layer" if layer else "")
        target = folder / output_name(original, made_by, f".{ending}")
        how = Options(OUTPUTS[ending], int(quality), saturation=more, warmth=warmer, method=checked,
                      keep=keep_colours, references=references, mask=_mask(mask, mask_version),
                      layer=layer, repair=repair, mark=mark)  # fmt: skip
        if followed is not None:
            followed.fit(colorizer)
            how = followed.followed(how)
        with opened(path) as opened_photo:
            notices = colorize_opened(opened_photo, target, colorizer, how).notices
    except ImageError as error:
        raise _error(str(error)) from error
    except Exception as error:
        log.exception("colorizing failed")
        raise _error(FAILED) from error
    return _handed_out(target), list(notices)


def doubt_of(
    load: Callable[[str], Predictor], photo: Any
) -> tuple[dict[str, Any], dict[str, float]]:
    """How sure the method for photographs is of its colours of an upload, place by place.

    Returns
    -------
    file : dict
        A grey PNG of the photograph's size: black is 0 %, white 100 % sure.
    said : dict
        "within", the CIEDE2000 up to which a colour counts as right, and "clear", the share of
        the picture that is at least 75 % sure.

    Raises
    ------
    gr.Error
        With one sentence, whatever went wrong.
    """
    try:
        path, original = uploaded(photo)
        colorizer = _chosen(load, "photo")
        said = {"within": doubt.within(colorizer)}
        folder = new_folder(Path(gradio_utils.get_upload_folder()))
        target = folder / output_name(original, f"{colorizer.name}-doubt", ".png")
        with opened(path) as opened_photo:
            said["clear"] = round(doubt.write(opened_photo, target, colorizer), 4)
    except ImageError as error:
        raise _error(str(error), "No map") from error
    except Exception as error:
        log.exception("mapping the doubt failed")
        raise _error(FAILED, "No map") from error
    return _handed_out(target), said


def mask_of(photo: Any) -> tuple[dict[str, Any], str]:
    """What a repair of an upload would do, without doing it.

    Returns
    -------
    file : dict
        A PNG of the photograph's size: scratches and dust are white, all else is black.
    said : str
        What was found, in a sentence.

    Raises
    ------
    gr.Error
        With one sentence, whatever went wrong.
    """
    try:
        path, original = uploaded(photo)
        folder = new_folder(Path(gradio_utils.get_upload_folder()))
        target = folder / output_name(original, "repair-mask", ".png")
        with opened(path) as opened_photo:
            found = repair.look(opened_photo)
        repair.write(found, target)
    except ImageError as error:
        raise _error(str(error), "No mask") from error
    except Exception as error:
        log.exception("looking for scratches failed")
        raise _error(FAILED, "No mask") from error
    return _handed_out(target), repair.told(found)


def _handed_out(file: Path) -> dict[str, Any]:
    """A file as Gradio hands it out."""
    return {
        "path": str(file),
        "orig_name": file.name,
        "size": file.stat().st_size,
        "meta": {"_type": "gradio.FileData"},
    }


def recipe_of(photo: Any) -> dict[str, Any]:
    """How an uploaded picture that was made here got its colours, for `answer` to do again.

    Raises
    ------
    gr.Error
        With one sentence, whatever went wrong.
    """
    try:
        path, _ = uploaded(photo)
        told: dict[str, Any] = json.loads(recipes.text(recipes.read(path)))
    except ImageError as error:
        raise _error(str(error), "No recipe") from error
    except Exception as error:
        log.exception("reading a recipe failed")
        raise _error(FAILED, "No recipe") from error
    return told


def _chosen(load: Callable[[str], Predictor], method: Any) -> Predictor:
    if not isinstance(method, str) or method not in colorizers.names():
        names = ", ".join(colorizers.names())
        raise ImageError(f"There is no method {_quoted(method)}; there are {names}.")
    try:
        return load(method)
    except WeightsError as error:
        raise ImageError(f"This server has no weights of the method {method}.") from error


def _ending(format: Any) -> str:
    if not isinstance(format, str) or format.lower() not in OUTPUTS:
        raise ImageError(f"There is no format {_quoted(format)}; there are {', '.join(OUTPUTS)}.")
    return format.lower()


def _options(colorizer: Predictor, options: Any) -> dict[str, Any]:
    if options is None:
        return {}
    if not isinstance(options, dict):
        raise ImageError(f"The options are {_quoted(options)}, but must be names with numbers.")
    for name, value in options.items():
        if name not in colorizer.options:
            known = ", ".join(colorizer.options) or "none"
            raise ImageError(
                f"The method {colorizer.name} has no option {_quoted(name)}; it has {known}."
            )
        if not _is_number(value):
            raise ImageError(f"The option {name} is {_quoted(value)}, but must be a number.")
    return dict(options)


def _references(sent: Any) -> tuple[Reference, ...]:
    """The uploads whose colours are taken; one of them may stand without a list."""
    files = sent if isinstance(sent, list | tuple) else [sent] if sent else []
    if len(files) > MOST:
        raise ImageError(
            f"These are {len(files)} references and the limit is {MOST}; leave some out."
        )
    return tuple(dict.fromkeys(map(uploaded_reference, files)))


def _mask(sent: Any, version: Any) -> masks.Mask | None:
    """The upload that takes the guess back, if there is one."""
    try:
        shown = masks.version(version)
    except ValueError as error:
        raise ImageError(str(error)) from error
    return uploaded_mask(sent, shown) if sent else None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e9


def _quoted(value: Any) -> str:
    return repr(value)[:60]


def _error(sentence: str, title: str = "No colours") -> gr.Error:
    return gr.Error(sentence, title=title, print_exception=False)
