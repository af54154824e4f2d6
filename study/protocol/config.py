"""A study as one small TOML file: read, checked, and turned into what the program runs.

Fed by the file that TRUEHUE_STUDY names; without one, the study has the defaults of ``settings``.
Read by ``app``, ``service`` (what is shown and asked) and ``gallery`` (the stimulus set). Pure but
for `load`, which reads the file.

Every setting has a default, and study/example.toml shows all of them. What is misspelled is an
error and not a default: a study that silently ran with other settings could not be repaired.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from study.errors import ConfigError
from study.protocol.design import KINDS, PICK, PREFERENCE, Design
from study.protocol.exclusions import Rules
from study.protocol.planned import read_plan
from study.protocol.reading import Table
from study.protocol.registration import ENDING, read_registration
from study.protocol.screen import MOST_PLATES, Screen
from study.protocol.session import SCALES
from study.protocol.settings import (
    ACCESS,
    DEFAULT_SET,
    EXPOSURES_MS,
    LINKS,
    PARAMETERS,
    Consent,
    StudyConfig,
)
from study.protocol.texts import CONSENT_VERSION, Scale, default_scales
from study.protocol.wording import Words, checked, over

__all__ = [
    "ACCESS",
    "DEFAULT_SET",
    "EXPOSURES_MS",
    "LINKS",
    "PARAMETERS",
    "Consent",
    "StudyConfig",
    "from_environment",
    "load",
    "parse",
]


def load(path: Path) -> StudyConfig:
    """Read a study file and the registration beside it; its folders are relative to the file.

    Raises
    ------
    ConfigError
        When there is no such file, it is not TOML, a setting is unknown or out of range, or the
        registration beside it cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(
            f"There is no study file at {path}; name another one in TRUEHUE_STUDY, or unset it for "
            "the default study."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read as a study file: {error}.") from error
    try:
        config = parse(text, folder=path.parent)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error
    beside = path.with_suffix(ENDING)
    return replace(config, registration=read_registration(beside)) if beside.exists() else config


def from_environment(environment: Mapping[str, str] = os.environ) -> StudyConfig:
    """Return the study that TRUEHUE_STUDY names, or the default one.

    TRUEHUE_STIMULI names the stimulus set where no study file does.

    Raises
    ------
    ConfigError
        See `load`.
    """
    named, stimuli = environment.get("TRUEHUE_STUDY"), environment.get("TRUEHUE_STIMULI")
    if named:
        return load(Path(named))
    return StudyConfig(stimuli=Path(stimuli)) if stimuli else StudyConfig()


def parse(text: str, *, folder: Path = Path()) -> StudyConfig:
    r"""Return the study that a TOML text describes.

    Parameters
    ----------
    text
        Content of a study file.
    folder
        Where its relative paths begin.

    Raises
    ------
    ConfigError
        When the text is not TOML, or a setting is unknown or out of range.

    Examples
    --------
    >>> parse('name = "colours"\n[trials]\nscored = 12\ncatch = 2').catch
    2
    >>> parse('[trials]\nscored = "many"')
    Traceback (most recent call last):
    study.errors.ConfigError: trials.scored is 'many', but must be a whole number.
    """
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"this is not TOML ({error}); study/example.toml is.") from error
    root = Table("", given)
    trials = root.table("trials")
    default = StudyConfig()
    stimuli = root.text("stimuli", None)
    link, page = root.table("recruitment"), root.table("page")
    own = _own_words(page.text("texts", None), root.table("texts"), folder)
    consent = _consent(root.table("consent"), own)
    told = consent.text is None and not {"points", "paragraphs"} & set(own.get("consent", {}))
    config = StudyConfig(
        name=root.text("name", default.name) or default.name,
        stimuli=default.stimuli if stimuli is None else folder / stimuli,
        methods=root.texts("methods", None),
        seed=root.number("seed", default.seed, least=0),
        scored=trials.number("scored", default.scored, least=1),
        practice=trials.number("practice", default.practice, least=0),
        catch=trials.number("catch", default.catch, least=0),
        repeats=trials.number("repeats", default.repeats, least=0),
        kind=(kind := trials.choice("kind", default.kind, KINDS)),
        question=trials.text("question", None),
        exposure_ms=(exposure := trials.number("exposure_ms", default.exposure_ms, least=0)),
        consent=consent,
        scales=_read_scales(
            root.table("scales"),
            default_scales(own),
            rated=trials.boolean("ratings", not exposure and kind == PICK),
        ),
        exclusion=_rules(root.table("exclusion")),
        margin=(analysis := root.table("analysis")).share("margin", default.margin, below=0.5),
        plan=read_plan(root.table("plan")),
        access=link.choice("access", default.access, ACCESS),
        consents_per_hour=link.number("consents_per_hour", default.consents_per_hour, least=0),
        completion_link=_link("completion_link", link.text("completion_link", None)),
        cap=link.number("cap", default.cap, least=0),
        hours=link.number("hours", default.hours, least=0),
        resume_hours=link.number("resume_hours", default.resume_hours, least=0),
        open_after=_seconds(link.number("open_after", default.open_after, least=0)),
        links={
            end: str(_link(name, address))
            for end in LINKS
            if (address := link.text(name := f"{end}_link", None)) is not None
        },
        parameters=_parameters(link.table("parameters")),
        colorize=page.boolean("colorize", default.colorize),
        automation=page.boolean("automation", told),
        own_result=page.boolean("own_result", default.own_result),
        screen=_screen(root.table("screen")),
        texts=own,
        file=text,
    )
    for table in (trials, link, page, analysis, root):
        table.refuse_rest()
    if len(config.name) > 200:
        raise ConfigError(f"name has {len(config.name)} letters, but may have at most 200.")
    try:
        usual = Design.methods[1:] if config.kind == PREFERENCE else Design.methods
        methods = config.methods or usual
        Design(
            methods,
            config.scored,
            config.practice,
            config.seed,
            config.catch,
            config.repeats,
            config.kind,
        )
        config.plan.refuse_unknown(config.methods)
    except ValueError as error:
        raise ConfigError(f"{error}.") from error
    return config


def _own_words(named: str | None, inline: Table, folder: Path) -> dict[str, Any]:
    """Return the words of the file that is named, with those of the study file over them."""
    own: dict[str, Any] = {}
    if named is not None:
        path = folder / named
        try:
            own = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise ConfigError(
                f"page.texts is {named!r}, but {path} cannot be read as a file of texts: {error}."
            ) from None
    return checked(over(own, inline.values))


def _consent(table: Table, own: Words) -> Consent:
    version, text = table.text("version", None), table.text("text", None)
    table.refuse_rest()
    if (version is None) != (text is None):
        given, lacking = ("version", "text") if text is None else ("text", "version")
        raise ConfigError(
            f"consent.{given} is set and consent.{lacking} is not: a text of your own and its "
            "version belong together; set both or neither."
        )
    if version is None or text is None:
        return Consent(over({"version": CONSENT_VERSION}, own.get("consent", {}))["version"])
    if len(version) > 64:
        raise table.refuse("version", version, "at most 64 letters long")
    paragraphs = (" ".join(part.split()) for part in text.split("\n\n"))
    return Consent(version, tuple(part for part in paragraphs if part))


def _read_scales(table: Table, default: Mapping[str, Scale], *, rated: bool) -> Mapping[str, Scale]:
    if not rated:
        if table.values:
            raise ConfigError(
                f"scales.{next(iter(table.values))} is set, but this study has no ratings "
                "(trials.ratings is false, as it is where the exposure is limited, and for other "
                f"kinds of trials than {PICK!r}); leave [scales] out."
            )
        return {}
    if not table.values:
        return default
    scales: dict[str, Scale] = {}
    for name in list(table.values):
        if name not in SCALES:
            raise ConfigError(f"scales.{name} is no rating scale; there are {', '.join(SCALES)}.")
        words = table.table(name)
        scales[name] = Scale(
            **{
                part: str(words.text(part, getattr(default[name], part)))
                for part in ("label", "low", "high")
            }
        )
        words.refuse_rest()
    return scales


def _screen(table: Table) -> Screen:
    screen = Screen(
        plates=table.number("plates", 0, least=0),
        steps=table.boolean("steps", False),
        min_width=table.number("min_width", 0, least=0),
        min_height=table.number("min_height", 0, least=0),
    )
    table.refuse_rest()
    if screen.plates and not 3 <= screen.plates <= MOST_PLATES:
        raise table.refuse("plates", screen.plates, f"0 for none, or 3 to {MOST_PLATES}")
    return screen


def _seconds(seconds: int) -> int:
    if 0 < seconds < 5 or seconds > 600:
        raise ConfigError(
            f"recruitment.open_after is {seconds}, but must be 0 (the link does not open by "
            "itself) or 5 to 600 seconds, in which the code can be read and the opening stopped."
        )
    return seconds


def _parameters(table: Table) -> tuple[str, str, str]:
    names = [
        str(table.text(part, name))
        for part, name in zip(("person", "study", "session"), PARAMETERS, strict=True)
    ]
    table.refuse_rest()
    taken = {"code", "study", "withdraw"}  # what the page itself reads from an address
    for name in names:
        if not name.isascii() or not name.replace("_", "").isalnum() or name in taken:
            raise ConfigError(
                f"recruitment.parameters names {name!r}, but a parameter of a link has letters, "
                f"digits and _, and is not {', '.join(sorted(taken))}."
            )
    if len(set(names)) < len(names):
        raise ConfigError(
            f"recruitment.parameters are {', '.join(names)}, but must be three different ones."
        )
    person, study, session = names
    return person, study, session


def _link(name: str, link: str | None) -> str | None:
    if link is not None and (urlsplit(link).scheme != "https" or not urlsplit(link).netloc):
        raise ConfigError(
            f"recruitment.{name} is {link!r}, but must be an address that begins with https://."
        )
    return link


def _rules(table: Table) -> Rules:
    """Return the exclusion rules; `Rules` itself refuses values that make no sense."""
    try:
        return Rules.of(table.values)
    except ValueError as error:
        raise ConfigError(f"exclusion: {error}") from error
