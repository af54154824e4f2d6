"""Everything that the report says, as numbers: one value from which every format is printed.

Fed by the two data frames of `study.database.frames`; made by `summarise`; printed by
`study.report.render`. Because text, Markdown, CSV and JSON all print this one value, they cannot
disagree.
"""

from __future__ import annotations

import platform
from dataclasses import dataclass
from importlib.metadata import version

import pandas as pd

from study.errors import NothingToReportError
from study.protocol import exclusions
from study.protocol.about import About
from study.protocol.design import TRUTH
from study.protocol.exclusions import Flow, Rules
from study.protocol.session import SCALES
from study.statistics import behaviour, comparisons, ratings, stats
from study.statistics.detection import Detection, detection
from study.statistics.intervals import LEVEL
from study.statistics.pictures import Extremes, PictureRate, extremes, picture_rates
from study.statistics.ratings import Agreement, Rating
from study.statistics.sensitivity import Sensitivity, sensitivity


@dataclass(frozen=True)
class Spread:
    """Smallest, median and largest of some counts."""

    low: float
    median: float
    high: float


@dataclass(frozen=True)
class Answers:
    """What was answered: trials by kind, and how the analysed ones spread."""

    by_kind: dict[str, int]
    analysed: int
    pictures: int
    options: int
    per_participant: Spread
    per_picture: Spread
    first: str
    last: str


@dataclass(frozen=True)
class Population:
    """Fool rates of one way to choose participants."""

    name: str
    description: str
    participants: int
    trials: int
    rates: list[stats.Rate]


@dataclass(frozen=True)
class Summary:
    """The whole report; `headline` names the population of all sections but the last."""

    title: str
    simulated: bool
    database: str
    study: str
    level: float
    about: About
    rules: dict[str, float]
    flow: Flow
    answers: Answers
    fool_rates: list[stats.Rate]
    joint: list[stats.JointRate]
    pairwise: list[stats.Rate]
    distances: list[stats.Distance]
    detection: Detection
    against_truth: list[comparisons.AgainstTruth]
    differences: list[comparisons.Difference]
    sensitivity: list[Sensitivity]
    ratings: dict[str, list[Rating]]
    rating_differences: dict[str, list[comparisons.RatingDifference]]
    agreement: list[Agreement]
    classes: list[stats.ClassRates]
    pictures: list[PictureRate]
    extremes: list[Extremes]
    slots: stats.SlotCheck
    people: list[behaviour.PeopleSpread]
    times: behaviour.Times | None
    times_by_pick: list[behaviour.TimesByPick]
    blocks: list[behaviour.Block]
    trends: list[behaviour.Trend]
    attention: behaviour.Attention
    headline: str
    populations: list[Population]
    paper: str
    versions: dict[str, str]


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


def summarise(
    answers: pd.DataFrame,
    participants: pd.DataFrame,
    *,
    database: str,
    study: str = "",
    about: About | None = None,
    rules: Rules | None = None,
    withdrawn: int | None = None,
    only: str | None = None,
    level: float = LEVEL,
) -> Summary:
    """Compute the report.

    Parameters
    ----------
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
    stats.check(answers)
    answers = answers[answers["participant"].isin(participants["participant"])]
    answers, participants = exclusions.apply(answers, participants, rules)
    answers = stats.compact(answers)
    rows = _counted(answers, participants)
    simulated = bool(participants["simulated"].all())
    counts = _answers(answers, rows)
    rates = stats.fool_rates(rows, level)
    of_pictures = picture_rates(rows)
    return Summary(
        title="TrueHue study report" + (" (SIMULATED PARTICIPANTS)" if simulated else ""),
        simulated=simulated,
        database=database,
        study=study,
        level=level,
        about=about or About(),
        rules=rules.settings(),
        flow=exclusions.flow(participants, rows["participant"], withdrawn=withdrawn),
        answers=counts,
        fool_rates=rates,
        joint=stats.joint_rates(rows, level),
        pairwise=stats.pairwise_rates(rows, level),
        distances=stats.distances(rows, level),
        detection=detection(next(r for r in rates if r.name == TRUTH), counts.options),
        against_truth=comparisons.against_truth(rows, level),
        differences=comparisons.differences(rows, level),
        sensitivity=sensitivity(rows, level),
        ratings={scale: ratings.ratings(rows, scale, level) for scale in SCALES},
        rating_differences={
            scale: comparisons.rating_differences(rows, scale, level) for scale in SCALES
        },
        agreement=[ratings.agreement(rows, scale) for scale in SCALES],
        classes=stats.class_rates(rows, level),
        pictures=of_pictures,
        extremes=extremes(of_pictures),
        slots=stats.slot_check(rows, level),
        people=behaviour.people_spread(rows),
        times=behaviour.times(rows),
        times_by_pick=behaviour.times_by_pick(rows),
        blocks=behaviour.blocks(rows),
        trends=behaviour.trends(rows, level),
        attention=behaviour.attention(answers),
        headline=stats.HEADLINE,
        populations=_populations(answers, level),
        paper=stats.PAPER,
        versions={
            "python": platform.python_version(),
            **{name: version(name) for name in ("numpy", "pandas", "scipy", "statsmodels")},
        },
    )


def _counted(answers: pd.DataFrame, participants: pd.DataFrame) -> pd.DataFrame:
    """The rows of the headline, or the reason why there are none."""
    if participants.empty:
        raise NothingToReportError("No participant has started the study yet.")
    rows = stats.analysed(answers)
    if rows.empty:
        n_excluded = int(stats.is_excluded(participants).sum())
        raise NothingToReportError(
            f"There are no scored answers to report yet: {len(participants)} participants, "
            f"{n_excluded} of them excluded, {answers['trial'].nunique()} answered trials, "
            f"{stats.scored(answers)['trial'].nunique()} of them scored."
        )
    return rows


def _answers(answers: pd.DataFrame, rows: pd.DataFrame) -> Answers:
    trials = answers.drop_duplicates("trial")
    counted = rows.drop_duplicates("trial")
    return Answers(
        by_kind={str(kind): int(n) for kind, n in trials.groupby("kind", sort=True).size().items()},
        analysed=len(counted),
        pictures=counted["picture"].nunique(),
        options=int(rows.groupby("trial").size().max()),
        per_participant=_spread(counted["participant"]),
        per_picture=_spread(counted["picture"]),
        first=f"{counted['answered_at'].min():%Y-%m-%d %H:%M}",
        last=f"{counted['answered_at'].max():%Y-%m-%d %H:%M}",
    )


def _spread(column: pd.Series) -> Spread:
    counts = column.groupby(column).size()
    return Spread(float(counts.min()), float(counts.median()), float(counts.max()))


def _populations(answers: pd.DataFrame, level: float) -> list[Population]:
    result = []
    for name, description in stats.POPULATIONS.items():
        rows = stats.analysed(answers, name)
        people, trials = rows["participant"].nunique(), rows["trial"].nunique()
        rates = stats.fool_rates(rows, level)
        result.append(Population(name, description, people, trials, rates))
    return result
