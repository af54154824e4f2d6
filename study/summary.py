"""Everything that the report says, as numbers: one value from which every format is printed.

Fed by the two data frames of `study.frames`; made by `summarise`; printed by `study.render`.
Because text, Markdown, CSV and JSON all print this one value, they cannot disagree.
"""

from __future__ import annotations

import platform
from dataclasses import dataclass
from importlib.metadata import version

import pandas as pd

from study import ratings, stats
from study.intervals import LEVEL
from study.ratings import Agreement, Rating
from study.session import SCALES


class NothingToReportError(Exception):
    """There is no report of these answers; the text says why and what to do."""


@dataclass(frozen=True)
class Flow:
    """Participants from consent to analysis; `reasons` counts the exclusions by reason."""

    consented: int
    completed: int
    unfinished: int
    excluded: int
    reasons: dict[str, int]
    analysed: int


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
    flow: Flow
    answers: Answers
    fool_rates: list[stats.Rate]
    joint: list[stats.JointRate]
    pairwise: list[stats.Rate]
    distances: list[stats.Distance]
    ratings: dict[str, list[Rating]]
    agreement: list[Agreement]
    classes: list[stats.ClassRates]
    slots: stats.SlotCheck
    times: stats.Times | None
    attention: stats.Attention
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
    only: str | None = None,
    level: float = LEVEL,
) -> Summary:
    """Compute the report.

    Parameters
    ----------
    answers, participants : DataFrame
        From `study.frames`.
    database : str
        Where they come from, without a password.
    study : str
        Name of the study.
    only : {"real", "simulated"}, optional
        Which participants to report, where the database holds both.
    level : float
        Nominal coverage of all intervals.

    Raises
    ------
    NothingToReportError
        If there are no participants, no scored answers, or real and simulated ones together.
    ValueError
        If the answers contradict themselves (`study.stats.check`).
    """
    participants = one_kind(participants, only)
    stats.check(answers)
    answers = stats.compact(answers[answers["participant"].isin(participants["participant"])])
    rows = _counted(answers, participants)
    simulated = bool(participants["simulated"].all())
    return Summary(
        title="TrueHue study report" + (" (SIMULATED PARTICIPANTS)" if simulated else ""),
        simulated=simulated,
        database=database,
        study=study,
        level=level,
        flow=_flow(participants, rows),
        answers=_answers(answers, rows),
        fool_rates=stats.fool_rates(rows, level),
        joint=stats.joint_rates(rows, level),
        pairwise=stats.pairwise_rates(rows, level),
        distances=stats.distances(rows, level),
        ratings={scale: ratings.ratings(rows, scale, level) for scale in SCALES},
        agreement=[ratings.agreement(rows, scale) for scale in SCALES],
        classes=stats.class_rates(rows, level),
        slots=stats.slot_check(rows, level),
        times=stats.times(rows),
        attention=stats.attention(answers),
        headline=stats.HEADLINE,
        populations=_populations(answers, level),
        paper=stats.PAPER,
        versions={
            "python": platform.python_version(),
            **{name: version(name) for name in ("numpy", "pandas", "scipy")},
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


def _flow(participants: pd.DataFrame, rows: pd.DataFrame) -> Flow:
    excluded = stats.is_excluded(participants)
    completed = participants["completed_at"].notna()
    reasons = participants.loc[excluded, "excluded"].fillna("no reason stored").value_counts()
    return Flow(
        consented=len(participants),
        completed=int(completed.sum()),
        unfinished=int((~completed).sum()),
        excluded=int(excluded.sum()),
        reasons={str(reason): int(count) for reason, count in sorted(reasons.items())},
        analysed=rows["participant"].nunique(),
    )


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
