"""The settings of a study, with their defaults: what the program runs.

Made by ``config`` from a study file; `StudyConfig()` is the paper's study. What decides
about answers is kept in the database with its version of the study.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from study.errors import ConfigError
from study.protocol.design import PICK, PREFERENCE, TRUTH, Design, StudySpec
from study.protocol.exclusions import Rules
from study.protocol.planned import Planned
from study.protocol.registration import Registration
from study.protocol.screen import Screen
from study.protocol.texts import CONSENT_VERSION, Scale, default_scales
from study.protocol.wording import Words

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
        first kind have ratings and a margin of equivalence.
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
    own_result
        Whether the last page tells participants how many of their scored trials they had right.
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
    own_result: bool = False
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
        ):
            if self.kind != PICK and given:
                raise ConfigError(
                    f"{setting} is set, but trials.kind is {self.kind!r}, and only trials of kind "
                    f"{PICK!r} have it; leave it out."
                )
        self.plan.refuse_misfit(self.kind)
        if self.question is not None and self.kind != PREFERENCE:
            raise ConfigError(
                f"trials.question is set, but trials.kind is {self.kind!r}, and only trials of "
                f"kind {PREFERENCE!r} ask a question of yours; leave it out."
            )
        if self.own_result and self.kind == PREFERENCE:
            raise ConfigError(
                f"page.own_result is true, but trials.kind is {PREFERENCE!r}, in which nothing is "
                "right or wrong; leave it out."
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
            **({"own_result": True} if self.own_result else {}),
            **({"screen": screen} if (screen := self.screen.settings()) else {}),
            **({"texts": self.texts} if self.texts else {}),
            "access": self.access,
            "completion_link": self.completion_link,
            "colorize": self.colorize,
        }
