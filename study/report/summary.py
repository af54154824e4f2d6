"""Everything that the report says: one value from which every format is printed.

Fed by the two data frames of `study.database.frames`; made by `summarise`, which asks every subject
of `Summary`; printed by `study.report.render` and its neighbours. Because text, Markdown, LaTeX,
HTML, CSV and JSON all print this one value, they cannot disagree.
"""

from __future__ import annotations

import platform
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from importlib.metadata import version
from typing import Any, TypeVar, get_type_hints

import pandas as pd

from study.errors import NothingToReportError
from study.protocol import exclusions
from study.protocol.about import About
from study.protocol.design import PICK, PREFERENCE, UNPAIRED
from study.protocol.exclusions import Rules
from study.protocol.registration import Record
from study.report.automation import Automation
from study.report.behaviour import Behaviour
from study.report.components import VarianceComponents
from study.report.exposure import Exposure
from study.report.judged import RealOrFake
from study.report.lapses import Attended
from study.report.layout import Scope, Section, Subject
from study.report.ordinal import RatingModels
from study.report.participants import Participants, Populations
from study.report.pictures import Pictures
from study.report.preferred import Preference
from study.report.rates import Rates
from study.report.ratings import Ratings
from study.report.registered import Registered
from study.report.roads import Roads
from study.report.scale import OneScale
from study.report.screen import ScreenChecks
from study.report.tests import Tests
from study.report.truth import Truth
from study.report.weighting import Weighting
from study.statistics import stats
from study.statistics.intervals import LEVEL
from study.statistics.stats import Counted, Rate
from truehue import __version__

TITLE = "TrueHue study report"


@dataclass(frozen=True)
class Report(ABC):
    """What every report is of, and who took part; its subjects in the order of reading."""

    title: str
    simulated: bool
    edited: bool
    database: str
    study: str
    level: float
    about: About
    versions: dict[str, str]
    participants: Participants

    @property
    @abstractmethod
    def rates_shown(self) -> Sequence[Rate]:
        """The rates that stand first."""

    @property
    def subjects(self) -> Iterator[Subject]:
        """The subjects, in order."""
        values = (getattr(self, field.name) for field in fields(self))
        return (value for value in values if isinstance(value, Subject))

    def sections(self) -> Iterator[Section]:
        """The sections of all subjects."""
        answers = self.participants.answers
        scope = Scope(self.level, answers.analysed, answers.options, self.rates_shown)
        for subject in self.subjects:
            yield from subject.sections(scope)


@dataclass(frozen=True)
class OneQuestion(Report):
    """The report of a study whose trials ask one question that is not which one is real."""

    answered: Subject
    components: VarianceComponents
    exposure: Exposure
    automation: Automation
    screen: ScreenChecks
    populations: Populations
    registered: Registered


@dataclass(frozen=True)
class Judgements(OneQuestion):
    """The report of a study whose trials show one picture: real or fake?"""

    answered: RealOrFake  # keeps its place

    @property
    def rates_shown(self) -> Sequence[Rate]:
        """The rates of "real"."""
        return self.answered.called_real


@dataclass(frozen=True)
class Preferences(OneQuestion):
    """The report of a study whose trials ask for a preference, without the truth."""

    answered: Preference  # keeps its place

    @property
    def rates_shown(self) -> Sequence[Rate]:
        """The preference rates."""
        return self.answered.preferred


@dataclass(frozen=True)
class Summary(Report):
    """The report of a study whose trials show all versions: which one is real?

    A new subject is a line here and a file beside this one.
    """

    rates: Rates
    weighting: Weighting
    attended: Attended
    truth: Truth
    tests: Tests
    one_scale: OneScale
    roads: Roads
    components: VarianceComponents
    ratings: Ratings
    rating_models: RatingModels
    pictures: Pictures
    exposure: Exposure
    behaviour: Behaviour
    automation: Automation
    screen: ScreenChecks
    populations: Populations
    registered: Registered

    @property
    def rates_shown(self) -> Sequence[Rate]:
        """The fool rates."""
        return self.rates.fool_rates


OF_KIND: dict[str, type[Report]] = {
    PICK: Summary,
    UNPAIRED: Judgements,
    PREFERENCE: Preferences,
}
R = TypeVar("R", bound=Report)


def one_kind(frame: pd.DataFrame, only: str | None) -> pd.DataFrame:
    """Rows of real or of simulated participants, never both.

    Parameters
    ----------
    frame : DataFrame
        Answers or participants with a column `simulated`.
    only : {"real", "simulated"}, optional
        Which to keep; without it, a frame that holds both is refused.

    Raises
    ------
    NothingToReportError
        If both are there and `only` does not choose.
    """
    simulated = frame["simulated"].astype(bool)
    if only is not None:
        return frame[simulated == (only == "simulated")]
    if simulated.any() and not simulated.all():
        raise NothingToReportError(
            f"The database holds both {int((~simulated).sum())} real and {int(simulated.sum())} "
            "simulated participants, which are never reported together; choose with --only real "
            "or --only simulated."
        )
    return frame


def summarise(answers: pd.DataFrame, participants: pd.DataFrame, **known: Any) -> Summary:
    """Compute the report of a study in which the real picture is picked; see `gather`."""
    return gather(Summary, answers, participants, **known)


def gather(
    whole: type[R],
    answers: pd.DataFrame,
    participants: pd.DataFrame,
    *,
    database: str,
    study: str = "",
    about: About | None = None,
    rules: Rules | None = None,
    withdrawn: int | None = None,
    edited: bool = False,
    margin: float | None = None,
    record: Record | None = None,
    only: str | None = None,
    level: float = LEVEL,
) -> R:
    """Compute the report.

    Parameters
    ----------
    whole : type
        The one of `OF_KIND` that belongs to the study's trials.
    answers, participants : DataFrame
        From `study.database.frames`.
    database : str
        Where they come from, without a password.
    study : str
        Name of the study.
    about : About, optional
        What is known about the study itself.
    rules : Rules, optional
        Rules of exclusion, fixed before the study; none by default.
    withdrawn : int, optional
        How many had their answers deleted, where that is known.
    edited : bool
        Whether the answers were changed after the study had stored them.
    margin : float, optional
        Margin of equivalence that the study file fixed.
    record : Record, optional
        What is stored about the study beside its answers.
    only : {"real", "simulated"}, optional
        Which participants to report, where the database holds both.
    level : float
        Nominal coverage of all intervals.

    Raises
    ------
    NothingToReportError
        If there are no participants, no scored answers, or real and simulated ones together.
    ValueError
        If the answers contradict themselves (`study.statistics.stats.check`).
    """
    rules = rules or Rules()
    participants = one_kind(participants, only)
    stats.check(answers, paired=whole is not Judgements, truth=whole is Summary)
    answers = answers[answers["participant"].isin(participants["participant"])]
    participants = participants.assign(by_hand=participants["excluded"])
    answers, participants = exclusions.apply(answers, participants, rules)
    answers = stats.compact(answers)
    rows = _counted(answers, participants)
    counted = Counted(answers, participants, rows, rules, withdrawn, level, margin, record)
    simulated = bool(participants["simulated"].all())
    named = get_type_hints(whole).items()
    subjects = {name: kind for name, kind in named if Subject in getattr(kind, "__mro__", ())}
    return whole(
        title=TITLE + " (SIMULATED PARTICIPANTS)" * simulated + " (EDITED EXPORT)" * edited,
        simulated=simulated,
        edited=edited,
        database=database,
        study=study,
        level=level,
        about=about or About(),
        versions={
            "truehue": __version__,
            "python": platform.python_version(),
            **{name: version(name) for name in ("numpy", "pandas", "scipy", "statsmodels")},
        },
        **{name: subject.of(counted) for name, subject in subjects.items()},
    )


def _counted(answers: pd.DataFrame, participants: pd.DataFrame) -> pd.DataFrame:
    """The rows of the headline, or the reason why there are none."""
    if participants.empty:
        raise NothingToReportError("No participant has started the study yet.")
    rows = stats.analysed(answers)
    if rows.empty:
        n_excluded = int(stats.is_excluded(participants).sum())
        raise NothingToReportError(
            f"There are no scored answers to report yet: {len(participants)} "
            f"participant{'s' * (len(participants) != 1)}, "
            f"{n_excluded} of them excluded, {answers['trial'].nunique()} answered trials, "
            f"{stats.scored(answers)['trial'].nunique()} of them scored."
        )
    return rows
