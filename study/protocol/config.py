"""A study as one small TOML file: read, checked, and turned into what the program runs.

Fed by the file that TRUEHUE_STUDY names; without one, `StudyConfig()` is the paper's study. Read
by ``app``, ``service`` (what is shown and asked) and ``gallery`` (the stimulus set); what decides
about answers is kept in the database with its version of the study. Pure but for `load`, which
reads the file.

Every setting has a default, and study/example.toml shows all of them. What is misspelled is an
error and not a default: a study that silently ran with other settings could not be repaired.
"""

import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from study.errors import ConfigError
from study.protocol.design import KINDS, PICK, PREFERENCE, TRUTH, Design, StudySpec
from study.protocol.exclusions import Rules
from study.protocol.planned import Planned, read_plan
from study.protocol.reading import Table
from study.protocol.registration import ENDING, Registration, read_registration
from study.protocol.screen import MOST_PLATES, Screen
from study.protocol.session import SCALES
from study.protocol.texts import CONSENT_VERSION, Scale, default_scales
from study.protocol.wording import Words, checked, over

DEFAULT_SET = Path(__file__).parents[1] / "sets" / "default"
ACCESS = {
    "open": "anybody who has the address",
    "recruiter": "only by a link with PROLIFIC_PID",
    "code": "only with an access code of this study",
}


LINKS = ("declined", "screened_out", "quota_full", "timed_out")
PARAMETERS = ("PROLIFIC_PID", "STUDY_ID", "SESSION_ID")
EXPOSURES_MS = 50, 60_000  # shorter than three frames of a screen is a matter of luck


@dataclass(frozen=True)
class Consent:
    """What participants agree to: paragraphs of their own, or None for those of the program."""

    version: str = CONSENT_VERSION
    text: tuple[str, ...] | None = None


@dataclass(frozen=True)
class StudyConfig:
    """One study.

    Attributes
    ----------
    name
        For people.
    stimuli
        Folder of the stimulus set.
    methods
        Which methods of the set are compared, the truth among them where the trials show it;
        None for all of them.
    scored, practice, catch, repeats, seed
        See `study.protocol.design.Design`.
    consent
        Text and version.
    scales
        Scales by name, "realism", "quality" or both: those that the tables and reports know; none
        where a trial ends with the choice.
    exclusion
        Who is left out of the analysis, fixed before the first participant starts.
    margin
        Of equivalence, a gap in shares fixed beforehand, such as 0.05; None for the report's own.
    plan
        How many people are planned and what the study is to show; a registration needs it.
    registration
        What was registered, from the file beside the study file; None if there is none.
    access
        Who may take part: a key of `ACCESS`.
    consents_per_hour
        Where ``access`` is "open": how many may begin from one address in an hour; 0: any number.
        No version of the study depends on it, and no address is stored.
    cap
        How many may take part: who has completed or is on their way; 0 for any number. No version
        depends on this one and the next five.
    hours
        Within which a participant has to finish; 0 for any time.
    resume_hours
        Within which a participant may come back after their last answer; 0 for any time.
    open_after
        Seconds after which the link of an end opens by itself; 0: it does not.
    links
        Where participants go at the other ends: a key of `LINKS` to its address.
    parameters
        What a recruiter's link calls the person, the study there, and the session.
    kind
        What a trial shows and asks: a key of `study.protocol.design.KINDS`. Only trials of the
        first kind have ratings, a margin, and a primary contrast with a power run.
    question
        What a trial asks where it asks for a preference; the program's own words if None.
    exposure_ms
        For how long the pictures of a trial are shown before they are hidden and the choice is
        open; 0: until the choice. Hidden pictures are not rated: `scales` is empty then.
    completion_link
        Where participants go at the end, or None; ``{code}`` in it is their completion code.
    colorize
        Whether the Colorize tab stands beside the study. Participants could use it to colour the
        pictures of the study.
    automation
        Whether it is kept how each pick was made, and programs are asked to say so
        (`study.protocol.traces`). The program's own consent text tells of it.
    screen
        What is asked of eyes and screens before the trials.
    texts
        Words of the page, where they are not those of the program (`study.protocol.wording`).
    file
        Text of the file that this was read from, or None.
    """

    name: str = "default"
    stimuli: Path = DEFAULT_SET
    methods: tuple[str, ...] | None = None
    scored: int = 30
    practice: int = 3
    catch: int = 0
    repeats: int = 0
    kind: str = PICK
    question: str | None = None
    exposure_ms: int = 0
    seed: int = 1
    consent: Consent = field(default_factory=Consent)
    scales: Mapping[str, Scale] = field(default_factory=default_scales)
    exclusion: Rules = field(default_factory=Rules)
    margin: float | None = None
    plan: Planned = field(default_factory=Planned)
    registration: Registration | None = None
    access: str = "open"
    consents_per_hour: int = 100
    completion_link: str | None = None
    cap: int = 0
    hours: int = 0
    resume_hours: int = 0
    open_after: int = 10
    links: Mapping[str, str] = field(default_factory=dict)
    parameters: tuple[str, str, str] = PARAMETERS
    colorize: bool = True
    automation: bool = True
    screen: Screen = field(default_factory=Screen)
    texts: Words = field(default_factory=dict)
    file: str | None = None

    def __post_init__(self) -> None:
        least, most = EXPOSURES_MS
        if self.exposure_ms and not least <= self.exposure_ms <= most:
            raise ConfigError(
                f"trials.exposure_ms is {self.exposure_ms}, but must be {least} to {most} "
                "milliseconds, or 0 for pictures that stay until the choice."
            )
        for setting, given in (
            ("trials.ratings", bool(self.scales)),
            ("analysis.margin", self.margin is not None),
            ("plan.primary", self.plan.primary is not None),
            ("plan.rates", bool(self.plan.rates)),
            (f"a registration (*{ENDING})", self.registration is not None),
        ):
            if self.kind != PICK and given:
                raise ConfigError(
                    f"{setting} is set, but trials.kind is {self.kind!r}, and only trials of kind "
                    f"{PICK!r} have it; leave it out."
                )
        if self.question is not None and self.kind != PREFERENCE:
            raise ConfigError(
                f"trials.question is set, but trials.kind is {self.kind!r}, and only trials of "
                f"kind {PREFERENCE!r} ask a question of yours; leave it out."
            )
        if self.exposure_ms and self.scales:
            raise ConfigError(
                f"trials.exposure_ms is {self.exposure_ms} and there are ratings, but pictures "
                "that are hidden cannot be rated; leave trials.ratings and [scales] out."
            )

    def spec(
        self,
        methods: Sequence[str],
        pictures: Mapping[str, str | None],
        practice: Mapping[str, str | None],
        stimuli_sha256: str,
    ) -> StudySpec:
        """Return this study on a stimulus set with these methods and pictures.

        Raises
        ------
        ConfigError
            When the set lacks a method, or is too small for the trials.
        """
        every = [name for name in methods if self.kind != PREFERENCE or name != TRUTH]
        chosen = tuple(every) if self.methods is None else self.methods
        missing = [name for name in chosen if name not in methods]
        if missing:
            raise ConfigError(
                f"methods names {', '.join(missing)}, but the stimulus set has only "
                f"{', '.join(methods)}; name those, or import a set with the others."
            )
        try:
            spec = StudySpec(
                name=self.name,
                design=Design(
                    chosen,
                    self.scored,
                    self.practice,
                    self.seed,
                    self.catch,
                    self.repeats,
                    self.kind,
                ),
                pictures=pictures,
                practice=practice,
                stimuli_sha256=stimuli_sha256,
                consent_version=self.consent.version,
                conduct=self.conduct(),
                file=self.file,
                registration=None if self.registration is None else self.registration.content,
            )
            spec.plan(number=0, seed=0)  # found out now, and not by a participant
        except ValueError as error:
            raise ConfigError(f"The study does not fit its stimulus set: {error}.") from error
        return spec

    def conduct(self) -> dict[str, Any]:
        """Return what decides a version of the study beside design and pictures, for JSON."""
        return {
            "consent_text": None if self.consent.text is None else list(self.consent.text),
            "scales": {name: asdict(scale) for name, scale in self.scales.items()},
            "exclusion": self.exclusion.settings(),
            # Where it is not set it is not stored, so that studies of before stay what they were.
            **({} if self.margin is None else {"margin": self.margin}),
            **({} if self.question is None else {"question": self.question}),
            **({"exposure_ms": self.exposure_ms} if self.exposure_ms else {}),
            **({"plan": planned} if (planned := self.plan.settings()) else {}),
            **({"automation": True} if self.automation else {}),
            **({"screen": screen} if (screen := self.screen.settings()) else {}),
            **({"texts": self.texts} if self.texts else {}),
            "access": self.access,
            "completion_link": self.completion_link,
            "colorize": self.colorize,
        }


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
