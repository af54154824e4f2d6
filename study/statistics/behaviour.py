"""What participants did beside picking: times, learning and fatigue, attention, spread.

Fed by the rows of `study.statistics.stats.analysed`, and by all answers where catch and repeated
trials are counted. A trend is a participant's own slope, so that quick and slow people do not look
like one; its interval is over participants.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from study.protocol.design import TRUTH
from study.protocol.exclusions import repeated
from study.statistics.intervals import LEVEL, Interval, t_interval
from study.statistics.stats import is_excluded, methods

_BLOCKS = 10
_SHOWN_PEOPLE = 200  # beyond, single participants are too many to draw
_BINS = 20
FRAME_MS = 20  # a frame of a screen and a little


@dataclass(frozen=True)
class Times:
    """Seconds from visible pictures to the pick: quartiles, and medians of both halves."""

    answers: int
    median_s: float
    first_quartile_s: float
    third_quartile_s: float
    early_median_s: float
    late_median_s: float


@dataclass(frozen=True)
class Exposures:
    """Measured exposures of the trials: minimum, quartiles and maximum, empty where none is.

    `shorter` and `longer` count those further than a frame (`FRAME_MS`) from the limit.
    """

    limit_ms: int
    answers: int
    measured: int
    shorter: int
    longer: int
    quantiles_ms: tuple[float, ...]


@dataclass(frozen=True)
class TimesByPick:
    """Seconds to the pick where a method, or the truth, was picked; NaN where none was timed."""

    name: str
    answers: int
    median_s: float


@dataclass(frozen=True)
class Block:
    """Scored trials `first` to `last` of all participants: times, and picks of the real picture."""

    first: int
    last: int
    answers: int
    correct: float
    first_quartile_s: float
    median_s: float
    third_quartile_s: float


@dataclass(frozen=True)
class Trend:
    """Mean of the participants' slopes a ten trials, with a t interval over participants.

    `name` is "seconds" (relative change of the time to the pick) or "correct" (change of the
    share of trials in which the real picture was picked).
    """

    name: str
    per_ten_trials: float
    interval: Interval
    participants: int


@dataclass(frozen=True)
class Attention:
    """Catch trials in which the real picture was picked, repeats with the same pick."""

    catch_passed: int
    catch_trials: int
    repeats_equal: int
    repeat_trials: int


@dataclass(frozen=True)
class PeopleSpread:
    """How participants' own rates of one method spread.

    `quantiles` are minimum, quartiles and maximum; `sd` is their standard deviation and
    `expected_sd` what chance alone gives people who all have the same rate. `rates` are sorted,
    and empty above 200 participants; `histogram` counts them in 20 bins of 5 points.
    """

    name: str
    participants: int
    quantiles: tuple[float, float, float, float, float]
    sd: float
    expected_sd: float
    rates: tuple[float, ...]
    histogram: tuple[int, ...]


def times(rows: pd.DataFrame) -> Times | None:
    """Response times of the trials that have one, or None."""
    trials = _timed(rows)
    if trials.empty:
        return None
    seconds = trials["seconds"]
    # Halves within each participant, so that quick people do not look like a trend.
    people = trials.groupby("participant", observed=True)["position"]
    rank = people.rank(method="first", pct=True)
    return Times(
        answers=len(trials),
        median_s=float(seconds.median()),
        first_quartile_s=float(seconds.quantile(0.25)),
        third_quartile_s=float(seconds.quantile(0.75)),
        early_median_s=float(seconds[rank <= 0.5].median()),
        late_median_s=float(seconds[rank > 0.5].median()),
    )


def exposures(rows: pd.DataFrame, limit_ms: int) -> Exposures:
    """Count and order the exposures in column `exposure_ms`, one a trial.

    Examples
    --------
    >>> rows = pd.DataFrame({"trial": [1, 1, 2, 3], "exposure_ms": [500, 500, 240, None]})
    >>> found = exposures(rows, 500)
    >>> found.measured, found.shorter, found.quantiles_ms[2]
    (2, 1, 370.0)
    """
    trials = rows.drop_duplicates("trial")["exposure_ms"]
    ms = trials.dropna().to_numpy(dtype=np.float64)
    return Exposures(
        limit_ms=limit_ms,
        answers=len(trials),
        measured=ms.size,
        shorter=int((ms < limit_ms - FRAME_MS).sum()),
        longer=int((ms > limit_ms + FRAME_MS).sum()),
        quantiles_ms=tuple(float(q) for q in np.quantile(ms, [0, 0.25, 0.5, 0.75, 1]))
        if ms.size
        else (),
    )


def times_by_pick(rows: pd.DataFrame) -> list[TimesByPick]:
    """Median seconds by what was picked, methods by falling rate, the truth last."""
    trials = _timed(rows)
    seconds = trials.groupby("method", observed=True)["seconds"]
    medians, counts = seconds.median(), seconds.size()
    return [
        TimesByPick(name, int(counts.get(name, 0)), float(medians.get(name, math.nan)))
        for name in (methods(rows) if len(trials) else [])
    ]


def blocks(rows: pd.DataFrame, count: int = _BLOCKS) -> list[Block]:
    """Times and correct picks along the trials, in at most `count` blocks of equal length.

    Trials are numbered within each participant over the scored ones alone.
    """
    picks = rows.loc[rows["picked"], ["participant", "position", "method", "response_ms"]]
    number = _numbered(picks)
    longest = int(number.max())
    ends = np.unique(np.linspace(0, longest, min(count, longest) + 1).round().astype(int))
    # The block of trial k is the first whose end reaches it.
    block = np.searchsorted(ends, number.to_numpy()) - 1
    seconds = picks["response_ms"].astype("Float64").to_numpy(dtype=np.float64, na_value=math.nan)
    frame = pd.DataFrame(
        {"block": block, "s": seconds / 1000, "correct": (picks["method"] == TRUTH).to_numpy()}
    )
    groups = frame.groupby("block")
    quartiles = [groups["s"].quantile(share) for share in (0.25, 0.5, 0.75)]
    correct, sizes = groups["correct"].mean(), groups.size()
    return [
        Block(
            int(ends[b]) + 1, int(ends[b + 1]), int(sizes[b]), float(correct[b]),
            *(float(quartile[b]) for quartile in quartiles),
        )
        for b in sizes.index
    ]  # fmt: skip


def trends(rows: pd.DataFrame, level: float = LEVEL) -> list[Trend]:
    """Learning and fatigue: how times and correct picks change from trial to trial.

    Each participant with at least three trials gives the slope of a straight line; of the
    logarithm of the seconds, so that the change is relative.
    """
    picks = rows.loc[rows["picked"], ["participant", "position", "method", "response_ms"]]
    number = _numbered(picks).to_numpy(dtype=np.float64)
    correct = np.asarray(picks["method"] == TRUTH, dtype=np.float64)
    ms = picks["response_ms"].astype("Float64").to_numpy(dtype=np.float64, na_value=math.nan)
    log_s = np.log(np.where(ms > 0, ms, math.nan))
    found = []
    for name, values in (("seconds", log_s), ("correct", correct)):
        slopes = 10 * _slopes(values, number, picks["participant"])
        mean, interval = t_interval(slopes, level)
        if name == "seconds":  # back from logarithms to a relative change
            mean = math.expm1(mean)
            ends = math.expm1(interval.low), math.expm1(interval.high)
            interval = Interval(*ends, interval.method, level, interval.note)
        found.append(Trend(name, mean, interval, slopes.size))
    return found


def attention(answers: pd.DataFrame) -> Attention:
    """Catch and repeat trials of the participants who are not excluded."""
    picks = answers[answers["picked"] & ~is_excluded(answers)]
    catch = picks[picks["kind"] == "catch"]
    both = repeated(picks)
    same = both["again"].astype(object) == both["first"].astype(object)
    return Attention(int((catch["method"] == TRUTH).sum()), len(catch), int(same.sum()), len(both))


def people_spread(rows: pd.DataFrame) -> list[PeopleSpread]:
    """How participants' rates spread, methods by falling rate, the truth last."""
    found = []
    for name in methods(rows):
        shown = rows[rows["method"] == name]
        people = shown.groupby("participant", observed=True)["picked"]
        rates, trials = people.mean().to_numpy(dtype=np.float64), people.size().to_numpy()
        low, q1, median, q3, high = (float(q) for q in np.quantile(rates, [0, 0.25, 0.5, 0.75, 1]))
        pooled = float(shown["picked"].mean())
        chance = float(np.sqrt((pooled * (1 - pooled) / trials).mean()))
        counts = np.histogram(rates, bins=_BINS, range=(0, 1))[0]
        few = rates.size <= _SHOWN_PEOPLE
        found.append(
            PeopleSpread(
                name, rates.size, (low, q1, median, q3, high),
                float(rates.std(ddof=1)) if rates.size > 1 else math.nan, chance,
                tuple(float(rate) for rate in np.sort(rates)) if few else (),
                tuple(int(count) for count in counts),
            )
        )  # fmt: skip
    return found


def _timed(rows: pd.DataFrame) -> pd.DataFrame:
    trials = rows[rows["picked"] & rows["response_ms"].notna()]
    return trials.assign(seconds=trials["response_ms"].astype(np.float64) / 1000)


def _numbered(picks: pd.DataFrame) -> pd.Series:
    """Number of each scored trial within its participant, from 1."""
    return picks.groupby("participant", observed=True)["position"].rank(method="first")


def _slopes(
    values: NDArray[np.float64], number: NDArray[np.float64], participant: pd.Series
) -> NDArray[np.float64]:
    """Least-squares slope of each participant's values a trial, for those with three or more."""
    known = ~np.isnan(values)
    people = participant.to_numpy()[known]
    frame = pd.DataFrame({"x": number[known], "y": values[known]})
    groups = frame.groupby(np.asarray(people))
    centred = frame - groups.transform("mean")
    sums = pd.DataFrame({"xy": centred["x"] * centred["y"], "xx": centred["x"] ** 2})
    sums = sums.groupby(np.asarray(people)).agg("sum")
    enough = (groups.size() >= 3).to_numpy() & (sums["xx"] > 0).to_numpy()
    slopes: NDArray[np.float64] = (sums["xy"] / sums["xx"]).to_numpy()[enough]
    return slopes
