"""Estimates of a "pick the real one" study, as pure functions on data frames.

Fed by the data frame of `study.database.frames.answers`: one row a trial and slot, of all answered
trials (`COLUMNS` lists what is read here). Every function takes the rows that it shall count,
usually those of `analysed`, and returns small frozen dataclasses that `study.report.summary`
gathers and `study.report.render` prints. The intervals are in `study.statistics.twoway` and
`study.statistics.intervals`, ratings in `study.statistics.ratings`, tests in
`study.statistics.comparisons`, times and attention in `study.statistics.behaviour`;
docs/statistics.md says what each estimate means.

The three picks of a trial exclude each other, so the rates of truth and methods share one
denominator: the trials. The *point of indistinguishability* of a method is the rate at which its
pictures and the real ones are picked equally often, given how often the other methods take the
pick: (1 - rates of the others) / 2. It is 1/3 with three pictures only if both fakes are equally
good.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.special import chdtrc

from study.protocol.design import PICK, TRUTH, kind_of
from study.protocol.exclusions import Rules
from study.protocol.registration import Record
from study.statistics.intervals import LEVEL, Interval, goodman, wilson
from study.statistics.slots import even_shares
from study.statistics.twoway import codes, two_way_gap, two_way_logit, two_way_variance

# The one place with the paper's figures: fool rates as published, no interval given there.
PAPER = "arXiv 2508.05068"
PAPER_RATES = {"gan": 0.4069, "classification": 0.0480}

COLUMNS = (
    *("participant", "status", "excluded", "trial", "position", "kind", "picture", "label"),
    *("slot", "method", "picked", "realism", "quality", "response_ms"),
)

POPULATIONS = {
    "answered": "every scored answer of participants who are not excluded",
    "completed": "only participants who completed, not excluded",
    "everyone": "excluded participants included",
}
HEADLINE = "answered"


@dataclass(frozen=True)
class Counted:
    """What a report counts, for every statistic.

    Attributes
    ----------
    answers, participants
        All of them, from `study.database.frames`, with the excluded ones marked; whom a person
        excluded has the reason in the participants' column `by_hand`, too.
    rows
        The answers of the headline, from `analysed`.
    rules
        The study's rules of exclusion.
    withdrawn
        How many had their answers deleted, or None where that is not known.
    level
        Nominal coverage of all intervals.
    margin
        Of equivalence, as the study file fixed it; None if it did not.
    record
        What is stored about the study beside its answers; None if that is not known.
    """

    answers: pd.DataFrame
    participants: pd.DataFrame
    rows: pd.DataFrame
    rules: Rules
    withdrawn: int | None
    level: float
    margin: float | None = None
    record: Record | None = None

    @cached_property
    def fool_rates(self) -> list[Rate]:
        """The rates of the headline, which several subjects build upon."""
        return fool_rates(self.rows, self.level)

    @property
    def rated(self) -> bool:
        """Whether the study asks for ratings."""
        return self.record is None or self.record.settings.get("scales") != {}

    @property
    def kind(self) -> str:
        """What a trial shows and asks: a key of `study.protocol.design.KINDS`."""
        return PICK if self.record is None else kind_of(self.record.settings)

    @cached_property
    def options(self) -> int:
        """Pictures a trial."""
        return int(self.rows.groupby("trial").size().max())


@dataclass(frozen=True)
class Rate:
    """A share of picks with both intervals.

    `design_effect` is the headline variance over that of independent answers; NaN where it cannot
    be seen. `paper` is the published fool rate of the method, if there is one.
    """

    name: str
    picked: int
    trials: int
    rate: float
    headline: Interval
    wilson: Interval
    design_effect: float = math.nan
    paper: float | None = None


@dataclass(frozen=True)
class JointRate:
    """A rate with intervals that hold for all rates of the study at once."""

    name: str
    rate: float
    robust: Interval
    goodman: Interval


@dataclass(frozen=True)
class Distance:
    """How far a method is from being picked as often as the truth (0: it is)."""

    name: str
    rate: float
    point: float
    distance: float
    interval: Interval


@dataclass(frozen=True)
class SlotCheck:
    """Whether places on the screen were picked for themselves.

    `real_shown` is how often the real picture stood in each slot. `p` is of the test over
    `participants` (`study.statistics.slots.even_shares`); `chi2_p` treats answers as independent
    (naive).
    """

    slots: list[Rate]
    real_shown: list[int]
    expected: float
    participants: int
    p: float
    chi2: float
    chi2_p: float


@dataclass(frozen=True)
class ClassRates:
    """Rates of all methods on the pictures of one class."""

    label: str
    trials: int
    pictures: int
    rates: list[Rate]


def compact(answers: pd.DataFrame) -> pd.DataFrame:
    """Answers with their texts as categories: the same rows, several times faster to group."""
    names = ("participant", "status", "kind", "picture", "label", "method")
    return answers.astype(dict.fromkeys(names, "category"))


def check(answers: pd.DataFrame, *, paired: bool = True, truth: bool = True) -> None:
    """Refuse answers that no study can have given.

    Parameters
    ----------
    answers : DataFrame
        From `study.database.frames.answers`.
    paired : bool
        Whether a trial shows all versions of a picture, one of which is picked, and not one.
    truth
        Whether the truth is one of them.

    Raises
    ------
    ValueError
        If a column is missing, a trial has not exactly one pick, or a scored trial lacks the
        truth or shows a method twice; or, where there is one picture a trial, has two.
    """
    missing = [name for name in COLUMNS if name not in answers.columns]
    if missing:
        raise ValueError(f"The answers lack the columns {', '.join(missing)}.")
    if not paired:
        if answers["trial"].duplicated().any():
            raise ValueError("A trial shows several pictures and not one; the database is damaged.")
        return
    picks = answers.groupby("trial", sort=False)["picked"].sum()
    wrong = picks[picks != 1]
    if len(wrong):
        raise ValueError(
            f"{len(wrong)} trials do not have exactly one pick (trial {wrong.index[0]} has "
            f"{int(wrong.iloc[0])}); the database is damaged."
        )
    trials = scored(answers)
    without = set(trials["trial"]) - set(trials.loc[trials["method"] == TRUTH, "trial"])
    if without and truth:
        raise ValueError(
            f"{len(without)} scored trials lack the real picture (trial {min(without)}); rates "
            "of such trials have no meaning."
        )
    if trials.duplicated(["trial", "method"]).any():
        raise ValueError("A scored trial shows one method twice; the database is damaged.")


def scored(answers: pd.DataFrame) -> pd.DataFrame:
    """Rows of scored trials: no practice, catch or repeat."""
    return answers[answers["kind"] == "scored"]


def analysed(answers: pd.DataFrame, population: str = HEADLINE) -> pd.DataFrame:
    """Scored rows of one of the `POPULATIONS`.

    An answer is complete in itself, so unfinished participants count; a study that wants only
    finished ones says so in its exclusion rules, and the report shows both.

    Raises
    ------
    ValueError
        If `population` is not one of `POPULATIONS`.
    """
    if population not in POPULATIONS:
        raise ValueError(f"Unknown population {population!r}; use one of {', '.join(POPULATIONS)}.")
    rows = scored(answers)
    if population == "everyone":
        return rows
    kept = ~is_excluded(rows)
    if population == "completed":
        kept &= rows["status"] == "completed"
    return rows[kept]


def is_excluded(frame: pd.DataFrame) -> pd.Series:
    """Which rows of answers or participants belong to excluded participants."""
    return frame["excluded"].notna() | (frame["status"] == "excluded")


def methods(rows: pd.DataFrame) -> list[str]:
    """Methods in the rows by falling pick rate, the truth last."""
    rates = rows.groupby("method", sort=True)["picked"].mean()
    fakes = rates.drop(TRUTH, errors="ignore").sort_values(ascending=False, kind="stable")
    return [str(name) for name in fakes.index] + ([TRUTH] if TRUTH in rates.index else [])


def fool_rates(rows: pd.DataFrame, level: float = LEVEL) -> list[Rate]:
    """Share of trials in which a method's picture was picked as real, truth last.

    Parameters
    ----------
    rows : DataFrame
        One row a trial and slot, from `analysed`.
    level : float
        Nominal coverage of the intervals.

    Returns
    -------
    list of Rate
        `headline` is the two-way cluster-robust interval, `wilson` the naive one.

    Examples
    --------
    >>> rows = pd.DataFrame(
    ...     {
    ...         "participant": ["a", "a", "b", "b"] * 2,
    ...         "picture": ["x", "y"] * 4,
    ...         "method": ["truth"] * 4 + ["gan"] * 4,
    ...         "picked": [True, False, True, True, False, True, False, False],
    ...     }
    ... )
    >>> [(rate.name, rate.picked, rate.trials) for rate in fool_rates(rows)]
    [('gan', 1, 4), ('truth', 3, 4)]
    """
    groups = {name: rows[rows["method"] == name] for name in methods(rows)}
    return [replace(r, paper=PAPER_RATES.get(r.name)) for r in _rates(groups, level)]


def joint_rates(rows: pd.DataFrame, level: float = LEVEL) -> list[JointRate]:
    """All rates at once: cluster-robust with Bonferroni's level, and Goodman's (naive)."""
    rates = fool_rates(rows, 1 - (1 - level) / max(1, rows["method"].nunique()))
    if len(rates) < 2:
        return []
    naive = goodman([rate.picked for rate in rates], level)
    return [JointRate(r.name, r.rate, r.headline, g) for r, g in zip(rates, naive, strict=True)]


def pairwise_rates(rows: pd.DataFrame, level: float = LEVEL) -> list[Rate]:
    """Picks of a method among the picks of it or the truth: at 50 % as often."""
    picks = rows[rows["picked"]]
    groups: dict[str, pd.DataFrame] = {}
    for name in methods(rows):
        shown = picks["trial"].isin(rows.loc[rows["method"] == name, "trial"])
        if name != TRUTH:
            pair = picks[shown & picks["method"].isin([name, TRUTH])]
            groups[name] = pair.assign(picked=pair["method"] == name)
    return _rates({name: pair for name, pair in groups.items() if len(pair)}, level)


def distances(rows: pd.DataFrame, level: float = LEVEL) -> list[Distance]:
    """Each method's rate minus its point of indistinguishability.

    With p the method's rate and t the truth's, the others take 1 - p - t, the point is (p + t)/2
    and the distance (p - t)/2: the mean over trials of +1/2 for a pick of the method, -1/2 for a
    pick of the truth and 0 for another, with `study.statistics.twoway.two_way_gap`.
    """
    result = []
    picks = rows.loc[rows["picked"], ["trial", "participant", "picture", "method"]]
    for name in methods(rows):
        if name == TRUTH:
            continue
        trials = picks[picks["trial"].isin(rows.loc[rows["method"] == name, "trial"])]
        own = (trials["method"] == name).to_numpy(dtype=np.float64)
        score = (own - (trials["method"] == TRUTH).to_numpy(dtype=np.float64)) / 2
        variance = two_way_variance(score, trials["participant"], trials["picture"])
        rate, gap = float(own.mean()), variance.mean
        result.append(Distance(name, rate, rate - gap, gap, two_way_gap(variance, level)))
    return result


def slot_check(rows: pd.DataFrame, level: float = LEVEL) -> SlotCheck:
    """Picks per slot against the share that each slot has if only the pictures count."""
    slots = sorted(rows["slot"].unique())
    by_slot = _rates({str(slot): rows[rows["slot"] == slot] for slot in slots}, level)
    truth = rows[rows["method"] == TRUTH]["slot"]
    picked = np.array([rate.picked for rate in by_slot], dtype=np.float64)
    expected = picked.sum() / len(slots)
    chi2 = float(((picked - expected) ** 2).sum() / expected)
    picks = rows[rows["picked"]]
    person, people = codes(picks["participant"])
    place = person * len(slots) + np.searchsorted(slots, picks["slot"].to_numpy())
    counts = np.bincount(place, minlength=people * len(slots)).reshape(people, len(slots))
    return SlotCheck(
        by_slot,
        [int((truth == slot).sum()) for slot in slots],
        1 / len(slots),
        len(counts),
        even_shares(counts / counts.sum(axis=1, keepdims=True)),
        chi2,
        float(chdtrc(len(slots) - 1, chi2)) if len(slots) > 1 else math.nan,
    )


def class_rates(rows: pd.DataFrame, level: float = LEVEL) -> list[ClassRates]:
    """Rates of every method per class of picture, classes in alphabetical order."""
    order = methods(rows)
    result = []
    for label, of_class in rows[rows["label"].notna()].groupby("label", sort=True):
        by_name = {rate.name: rate for rate in fool_rates(of_class, level)}
        rates = [by_name[name] for name in order if name in by_name]
        trials, pictures = of_class["trial"].nunique(), of_class["picture"].nunique()
        result.append(ClassRates(str(label), trials, pictures, rates))
    return result


def _rates(groups: dict[str, pd.DataFrame], level: float) -> list[Rate]:
    """One `Rate` a group of rows with participant, picture and picked.

    Groups with no pick at all, or only picks, borrow the largest design effect of the others.
    """
    variances = {
        name: two_way_variance(group["picked"], group["participant"], group["picture"])
        for name, group in groups.items()
    }
    effects = [v.design_effect for v in variances.values() if not math.isnan(v.design_effect)]
    result = []
    for name, variance in variances.items():
        k, n = int(groups[name]["picked"].sum()), variance.n
        headline = two_way_logit(variance, level, fallback_design_effect=max(effects, default=None))
        effect = variance.design_effect
        result.append(Rate(name, k, n, k / n, headline, wilson(k, n, level), effect))
    return result
