"""One scale for many methods: Bradley, Terry and Luce's strengths of the picks.

A picture is picked among those of its trial with a probability proportional to exp(strength), so
trials of three pictures, pairs, and trials that show only some of the methods all speak about one
scale. The truth has strength 0; where it is not shown, the method that was picked least. The
estimates are those of maximum likelihood over all trials; what each trial adds to a strength is its
score times the inverse information, and the variance of these parts is clustered by participant and
by picture as that of the headline is, so that people and pictures who differ widen the interval.
Fed by the rows of `study.statistics.stats.analysed`; printed by `study.report.scale` and
`study.report.preferred`, and `study.coverage` measures how often the intervals hold.

References
----------
Bradley, Terry (1952), Rank analysis of incomplete block designs: I. The method of paired
comparisons, Biometrika 39, 324-345. Luce (1959), Individual Choice Behavior, Wiley. Ford (1957),
Solution of a ranking problem from binary comparisons, American Mathematical Monthly 64(8), 28-33
(when the estimates exist). White (1982), Maximum likelihood estimation of misspecified models,
Econometrica 50(1), 1-25 (the variance where the model is a simplification).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from study.protocol.design import TRUTH
from study.statistics.comparisons import holm
from study.statistics.intervals import LEVEL, Interval
from study.statistics.stats import methods
from study.statistics.twoway import codes, two_way_mean, two_way_p, two_way_variance

Floats = NDArray[np.float64]
_STEPS, _CLOSE, _LONGEST = 100, 1e-10, 2.0


@dataclass(frozen=True)
class Strength:
    """One method on the scale.

    Attributes
    ----------
    name, picks, trials
        The method, how often it was picked, and in how many trials it was shown.
    strength, interval
        Log odds of a pick of it against one of the truth where both are shown.
    pair, pair_interval
        The same as a share: how often it would be picked in a pair with the truth.
    """

    name: str
    picks: int
    trials: int
    strength: float
    interval: Interval
    pair: float
    pair_interval: Interval


@dataclass(frozen=True)
class StrengthDifference:
    """Strength of one method less that of another; p of the two-way t test, and after Holm."""

    name: str
    other: str
    difference: float
    interval: Interval
    p: float
    p_holm: float


@dataclass(frozen=True)
class Strengths:
    """The scale, by falling strength; empty with the reason in `why` where there is none."""

    strengths: list[Strength]
    differences: list[StrengthDifference]
    never: list[str]
    why: str = ""


def strengths(rows: pd.DataFrame, level: float = LEVEL) -> Strengths:
    """Put all methods on one scale.

    Parameters
    ----------
    rows : DataFrame
        One row a trial and slot, from `analysed`; trials may show any of the methods.
    level : float
        Nominal coverage of the intervals.

    Returns
    -------
    Strengths
        Methods that nobody picked have no finite strength and are in `never`.
    """
    names = methods(rows)
    shown, pick, person, picture = _trials(rows, names)
    picks = np.bincount(pick, minlength=len(names))
    never = [name for name, count in zip(names, picks, strict=True) if not count]
    kept = np.flatnonzero(picks)
    why = _no_scale(names, shown, pick, kept)
    if why:
        return Strengths([], [], never, why)
    found, parts = estimated(shown[:, kept], np.searchsorted(kept, pick))
    last = len(kept) - 1  # the truth
    of = [two_way_variance(found[i] + parts[:, i], person, picture) for i in range(last)]
    scale = []
    for i, variance in enumerate(of):
        interval = two_way_mean(variance, level)
        pair = replace(interval, low=float(expit(interval.low)), high=float(expit(interval.high)))
        size = int(picks[kept[i]]), int(shown[:, kept[i]].sum())
        share = float(expit(found[i]))
        scale.append(Strength(names[kept[i]], *size, float(found[i]), interval, share, pair))
    order = sorted(range(last), key=lambda i: (-found[i], names[kept[i]]))
    apart = [
        (a, b, two_way_variance(found[a] - found[b] + parts[:, a] - parts[:, b], person, picture))
        for a, b in combinations(order, 2)
    ]
    corrected = holm([two_way_p(variance) for _, _, variance in apart])
    differences = [
        StrengthDifference(
            names[kept[a]], names[kept[b]], variance.mean, two_way_mean(variance, level),
            two_way_p(variance), p_holm,
        )
        for (a, b, variance), p_holm in zip(apart, corrected, strict=True)
    ]  # fmt: skip
    return Strengths([scale[i] for i in order], differences, never)


def estimated(shown: NDArray[np.bool_], pick: NDArray[np.intp]) -> tuple[Floats, Floats]:
    """Strengths, and what each trial adds to them.

    Parameters
    ----------
    shown : ndarray of bool, shape (trials, options)
        Every option must be picked somewhere, and joined with every other by picks.
    pick : ndarray of int, shape (trials,)

    Returns
    -------
    strength : ndarray, shape (options,)
        The last one is 0.
    parts : ndarray, shape (trials, options - 1)
        Scores times the inverse information times the trials; the mean of each column is 0, and
        its variance is that of the strength.
    """
    sets, wins = counts(shown, pick)
    found = fit(sets, wins)
    scores = -_shares(found, shown)
    scores[np.arange(len(pick)), pick] += 1
    inverse = np.linalg.inv(_information(found, sets, wins))
    return found, len(pick) * scores[:, :-1] @ inverse


def counts(shown: NDArray[np.bool_], pick: NDArray[np.intp]) -> tuple[NDArray[np.bool_], Floats]:
    """Gather trials that show the same options.

    Parameters
    ----------
    shown : ndarray of bool, shape (trials, options)
    pick : ndarray of int, shape (trials,)

    Returns
    -------
    sets : ndarray of bool, shape (sets, options)
    wins : ndarray of float, shape (sets, options)
        How often each was picked.
    """
    code = shown @ (1 << np.arange(shown.shape[1]))
    _, first, which = np.unique(code, return_index=True, return_inverse=True)
    wins = np.zeros((len(first), shown.shape[1]))
    np.add.at(wins, (which, pick), 1)
    return shown[first], wins


def fit(sets: NDArray[np.bool_], wins: Floats) -> Floats:
    """Strengths of maximum likelihood by Newton's method, the last option's 0.

    Parameters
    ----------
    sets : ndarray of bool, shape (sets, options)
    wins : ndarray of float, shape (sets, options)
        From `counts`, or expected shares of picks; every option must be joined with every other by
        picks in both directions.

    Returns
    -------
    ndarray, shape (options,)

    Examples
    --------
    >>> fit(np.array([[True, True]]), np.array([[3.0, 1.0]])).round(4).tolist()  # log 3
    [1.0986, 0.0]
    """
    found: Floats = np.zeros(sets.shape[1])
    for _ in range(_STEPS):
        gradient = (wins - wins.sum(axis=1, keepdims=True) * _shares(found, sets)).sum(axis=0)
        step = np.linalg.solve(_information(found, sets, wins), gradient[:-1])
        # Far away a whole step overshoots, and exp with it.
        step *= min(1.0, _LONGEST / max(float(np.abs(step).max()), 1e-300))
        found[:-1] += step
        if np.abs(step).max() < _CLOSE:
            break
    return found


def _shares(strength: Floats, shown: NDArray[np.bool_]) -> Floats:
    """Probability of each option in each set, 0 where it is not shown."""
    odds = np.where(shown, np.exp(strength - strength.max()), 0.0)
    shares: Floats = odds / odds.sum(axis=1, keepdims=True)
    return shares


def _information(strength: Floats, sets: NDArray[np.bool_], wins: Floats) -> Floats:
    """Information about all strengths but the last, shape (options - 1, options - 1)."""
    shares, n = _shares(strength, sets), wins.sum(axis=1)
    whole: Floats = np.diag(n @ shares) - (shares.T * n) @ shares
    return whole[:-1, :-1]


def _trials(
    rows: pd.DataFrame, names: Sequence[str]
) -> tuple[NDArray[np.bool_], NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Return what each trial showed and which was picked, and codes of person and picture."""
    trial, n = codes(rows["trial"])
    index = {name: i for i, name in enumerate(names)}
    option = rows["method"].astype(object).map(index).to_numpy(dtype=np.intp)
    shown = np.zeros((n, len(names)), dtype=bool)
    shown[trial, option] = True
    picked = rows["picked"].to_numpy(dtype=bool)
    groups = [codes(rows[name])[0] for name in ("participant", "picture")]
    pick, person, picture = (np.zeros(n, dtype=np.intp) for _ in range(3))
    for to, values in ((pick, option), (person, groups[0]), (picture, groups[1])):
        to[trial[picked]] = values[picked]
    return shown, pick, person, picture


def _no_scale(
    names: Sequence[str], shown: NDArray[np.bool_], pick: NDArray[np.intp], kept: NDArray[np.intp]
) -> str:
    """Why no one scale holds the options that were picked, or an empty string."""
    from scipy.sparse.csgraph import connected_components

    if TRUTH in names and names[kept[-1]] != TRUTH:
        return "there is no scale, because the truth, from which it is measured, was never picked"
    if len(kept) < 2:
        only = names[kept[0]]
        said = "the truth" if only == TRUTH else only
        return f"there is no scale, because only {said} was picked"
    together = np.array([shown[shown[:, i]][:, kept].any(axis=0) for i in kept])
    over = np.array([shown[pick == i][:, kept].any(axis=0) for i in kept])  # [i, j]: i beside j
    for joined, strong in ((together, False), (over, True)):
        parts, of = connected_components(joined, directed=strong, connection="strong")
        if parts > 1:
            apart = of != of[-1]
            here, there = (
                ", ".join(names[kept[i]] for i in np.flatnonzero(group))
                for group in (~apart, apart)
            )
            if not strong:
                return (
                    f"there is no one scale, because {there} and {here} were never shown "
                    "together, not even by way of others; show some of both in one trial"
                )
            return (
                f"there is no one scale yet, because picks between {there} and {here} go one way "
                "only, so that no finite strength tells how far they are apart; it takes more "
                "answers"
            )
    return ""
