"""The same rates by other roads: does the conclusion hang on how the interval is made?

Fed by the rows of `study.statistics.stats.analysed`; printed beside the headline by
`study.report.roads`.

* **Crossed bootstrap**: participants and pictures are drawn anew, both with replacement. It
  counts the answers' own noise more than once, so it is too wide where each picture is seen by
  few; an upper bound of a kind.
* **Marginal model**: a logit GEE with participants as clusters and Mancl and DeRouen's
  correction of the sandwich for few clusters. It knows nothing of pictures, so it is too narrow.
* **Mixed model**: a logit model with crossed normal effects of participants and pictures, by
  variational Bayes. Its rate is marginal, over new participants and new pictures, so that it can
  stand beside the others.
* **Jeffreys**: a Bayesian's interval of pooled answers, as naive as Wilson's.

The models are fitted on at most `MOST_ANSWERS` answers, whole participants drawn at random;
statsmodels is imported where it is used.

References
----------
Owen, Eckles (2012), Bootstrapping data arrays of arbitrary order, Ann. Appl. Stat. 6(3), 895-927.
Mancl, DeRouen (2001), A covariance estimator for GEE with improved small-sample properties,
Biometrics 57, 126-134. Blei, Kucukelbir, McAuliffe (2017), Variational inference, J. Am. Stat.
Assoc. 112, 859-877.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit, ndtri, stdtrit

from study.protocol.design import TRUTH
from study.statistics.intervals import ALIKE, LEVEL, Interval, jeffreys, undefined
from study.statistics.stats import methods
from study.statistics.twoway import Groups, codes

CROSSED_BOOTSTRAP = "crossed bootstrap, percentile"
MARGINAL_MODEL = "GEE by participant, bias reduced"
MIXED_MODEL = "mixed logit model, marginal"
MOST_ANSWERS = 6_000
_DRAWS = 2_000
_LEAST_DRAWS = 200
_WORK = 40_000_000  # draws times answers, above which fewer draws are made
_SEED = 1
_NO_ERROR = 1e-9  # of log odds: participants' rates are equal but for rounding


@dataclass(frozen=True)
class Mixed:
    """The marginal rate of the mixed model, from this many answers.

    NaN where every answer is equal; `interval` says why. The model's own standard deviations follow
    their prior and are not reported: `study.statistics.components` has those.
    """

    rate: float
    interval: Interval
    answers: int


@dataclass(frozen=True)
class Sensitivity:
    """One method's rate and its intervals by other roads; `models_on` answers were modelled."""

    name: str
    rate: float
    bootstrap: Interval
    draws: int
    marginal: Interval
    jeffreys: Interval
    mixed: Mixed
    models_on: int


def sensitivity(rows: pd.DataFrame, level: float = LEVEL) -> list[Sensitivity]:
    """All other roads for all methods but the truth, whose rate is what they leave.

    Parameters
    ----------
    rows : DataFrame
        From `study.statistics.stats.analysed`.
    level : float
    """
    found = []
    for name in methods(rows):
        if name == TRUTH:
            continue
        shown = rows[rows["method"] == name]
        y = shown["picked"].to_numpy(dtype=np.float64)
        people, _ = codes(shown["participant"])
        pictures, _ = codes(shown["picture"])
        bootstrap, draws = crossed_bootstrap(y, people, pictures, level)
        few = _drawn(people)
        marginal = marginal_interval(y[few], people[few], level)
        mixed = mixed_model(y[few], people[few], pictures[few], level)
        naive = jeffreys(float(y.sum()), y.size, level)
        found.append(
            Sensitivity(
                name, float(y.mean()), bootstrap, draws, marginal, naive, mixed, int(few.sum())
            )
        )
    return found


def crossed_bootstrap(
    values: ArrayLike,
    participant: Groups,
    picture: Groups,
    level: float = LEVEL,
    *,
    draws: int = _DRAWS,
    seed: int = _SEED,
) -> tuple[Interval, int]:
    """Percentile interval of a mean, participants and pictures drawn anew.

    Each draw gives every participant and every picture a multinomial weight; an answer counts
    with the product of both.

    Parameters
    ----------
    values : array-like of float, shape (n,)
    participant, picture : array-like, shape (n,)
    level : float
    draws, seed : int
        Fewer are drawn where there are millions of answers.

    Returns
    -------
    interval : Interval
        Undefined with fewer than two participants or pictures.
    draws : int
        How many were made.
    """
    from scipy.sparse import csr_array

    y = np.asarray(values, dtype=np.float64)
    (p, n_people), (q, n_pictures) = codes(participant), codes(picture)
    if min(n_people, n_pictures) < 2:
        reason = "fewer than two participants or pictures cannot be drawn anew"
        return undefined(CROSSED_BOOTSTRAP, level, reason), 0
    if y.min() == y.max():
        return undefined(CROSSED_BOOTSTRAP, level, ALIKE), 0
    shape = (n_people, n_pictures)
    sums, counts = (csr_array((w, (p, q)), shape=shape) for w in (y, np.ones_like(y)))
    draws = max(_LEAST_DRAWS, min(draws, _WORK // y.size))
    rng = np.random.default_rng(seed)
    means: list[NDArray[np.float64]] = []
    batch = max(1, min(draws, 5_000_000 // max(shape)))
    while sum(map(len, means)) < draws:
        # (pictures, batch): what the drawn people picked of each picture, and how often they saw it
        people = rng.multinomial(n_people, np.full(n_people, 1 / n_people), batch).T
        weights = rng.multinomial(n_pictures, np.full(n_pictures, 1 / n_pictures), batch).T
        people = people.astype(np.float64)
        seen = (counts.T @ people * weights).sum(axis=0)
        picked = (sums.T @ people * weights).sum(axis=0)
        means.append((picked / np.where(seen > 0, seen, np.nan))[seen > 0])
    every = np.concatenate(means)[:draws]
    low, high = np.quantile(every, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high), CROSSED_BOOTSTRAP, level), draws


def marginal_interval(
    picked: NDArray[np.float64], participant: Groups, level: float = LEVEL
) -> Interval:
    """Interval of a rate by a marginal logit model clustered by participant.

    Parameters
    ----------
    picked : ndarray of 0 and 1, shape (n,)
    participant : array-like, shape (n,)
    level : float

    Returns
    -------
    Interval
        On the logit scale with the t quantile of participants - 1; undefined with fewer than two
        participants, or where all answers, or all participants' rates, are equal.
    """
    reason = _degenerate(picked, codes(participant)[1])
    if reason:
        return undefined(MARGINAL_MODEL, level, reason)
    from statsmodels.genmod.cov_struct import Independence
    from statsmodels.genmod.families import Binomial
    from statsmodels.genmod.generalized_estimating_equations import GEE

    groups, n = codes(participant)
    model = GEE(
        picked, np.ones((picked.size, 1)), groups=groups, family=Binomial(),
        cov_struct=Independence(),
    )  # fmt: skip
    fit = model.fit(cov_type="bias_reduced")
    center, error = float(np.asarray(fit.params)[0]), float(np.asarray(fit.bse)[0])
    if error < _NO_ERROR:
        return undefined(MARGINAL_MODEL, level, ALIKE)
    half = float(stdtrit(n - 1, 0.5 + level / 2)) * error
    return Interval(float(expit(center - half)), float(expit(center + half)), MARGINAL_MODEL, level)


def mixed_model(
    picked: NDArray[np.float64], participant: Groups, picture: Groups, level: float = LEVEL
) -> Mixed:
    """Marginal rate of the answers to one method, by a crossed mixed logit model.

    The priors are statsmodels' usual ones: log standard deviations normal with mean 0 and SD 1,
    intercept normal with SD 2. The optimiser starts at fixed values, so the same answers always
    give the same figures.

    Parameters
    ----------
    picked : ndarray of 0 and 1, shape (n,)
    participant, picture : array-like, shape (n,)
    level : float

    Returns
    -------
    Mixed
    """
    (p, n_people), (q, n_pictures) = codes(participant), codes(picture)
    reason = _degenerate(picked, min(n_people, n_pictures))
    if reason:
        none = undefined(MIXED_MODEL, level, reason)
        return Mixed(math.nan, none, picked.size)
    from scipy.sparse import csr_matrix
    from statsmodels.genmod.bayes_mixed_glm import BinomialBayesMixedGLM
    from statsmodels.tools.sm_exceptions import ConvergenceWarning

    n = picked.size
    columns = np.concatenate([p, n_people + q])
    which = np.repeat([0, 1], [n_people, n_pictures])  # the standard deviation of each effect
    effects = csr_matrix(
        (np.ones(2 * n), (np.tile(np.arange(n), 2), columns)), shape=(n, which.size)
    )
    model = BinomialBayesMixedGLM(picked, np.ones((n, 1)), effects, which, vcp_p=1, fe_p=2)
    # The first guess is the rate without any effects.
    start = np.zeros(3 + which.size)
    start[0], start[1:3] = float(logit(picked.mean())), -0.7
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        fit = model.fit_vb(
            mean=start, sd=np.full(start.size, 0.5), fit_method="L-BFGS-B",
            minim_opts={"maxiter": 200, "ftol": 1e-8},
        )  # fmt: skip
    sds = np.exp(fit.vcp_mean)
    z = float(ndtri(0.5 + level / 2))
    # Variational Bayes forgets that the intercept moves with the effects it stands on: the sampling
    # variance of both groups of effects is added to its own.
    error = math.sqrt(
        float(fit.fe_sd[0]) ** 2 + float(sds[0]) ** 2 / n_people + float(sds[1]) ** 2 / n_pictures
    )
    center, spread = float(fit.fe_mean[0]), float(np.hypot(*sds))
    low, rate, high = (_marginal(center + z * step * error, spread) for step in (-1, 0, 1))
    return Mixed(rate, Interval(low, high, MIXED_MODEL, level), n)


def _marginal(center: float, spread: float) -> float:
    """Mean of expit over a normal distribution, by Gauss and Hermite's rule."""
    points, weights = np.polynomial.hermite_e.hermegauss(60)
    return float(weights @ expit(center + spread * points) / weights.sum())


def _drawn(participant: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Mark the answers of whole participants, drawn until there are `MOST_ANSWERS`."""
    counts = np.bincount(participant)
    if counts.sum() <= MOST_ANSWERS:
        return np.ones(participant.size, dtype=bool)
    order = np.random.default_rng(_SEED).permutation(counts.size)
    kept = order[: max(2, int(np.searchsorted(np.cumsum(counts[order]), MOST_ANSWERS, "right")))]
    return np.isin(participant, kept)


def _degenerate(picked: NDArray[np.float64], groups: int) -> str:
    if groups < 2:
        return "fewer than two participants or pictures"
    if picked.min() == picked.max():
        return "all answers are equal"
    return ""
