"""Ratings as what they are, ordered: a cumulative link mixed model, people crossed with pictures.

A rating is the category into which a hidden score falls: the method's, the person's and the
picture's part and logistic noise, between thresholds that all ratings share. People and pictures
have normal parts. The likelihood, in which these are integrated out, is Laplace's approximation;
its maximum gives the log odds of a higher rating for one method against another, given person and
picture. The model lets people and pictures be strict or poor, all methods alike; where they differ
in which method they favour, its own standard errors are too small. So the report's intervals are
those of the two-way variance of what each rating adds to the estimate, as those of all else in it.
Fed by the rows of `study.statistics.stats.analysed`; printed by `study.report.ordinal`.

References
----------
McCullagh (1980), Regression Models for Ordinal Data, JRSS B 42(2), 109-142. Christensen (2023),
ordinal: Regression Models for Ordinal Data, R package (the tests hold values of its `clmm`).
Breslow, Clayton (1993), Approximate Inference in Generalized Linear Mixed Models, JASA 88, 9-25.
Liang, Zeger (1986), Longitudinal Data Analysis Using Generalized Linear Models, Biometrika 73,
13-22 (the variance where the model is a simplification).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize
from scipy.special import expit, log_expit

from study.statistics.comparisons import holm
from study.statistics.intervals import LEVEL, Interval
from study.statistics.stats import methods
from study.statistics.twoway import codes, two_way_mean, two_way_p, two_way_variance

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]
MOST_RATINGS = 100_000
"""Beyond, a fit takes minutes, and the intervals of the means are narrow."""
_NEWTON, _CLOSE = 60, 1e-12
_ROUNDING, _LEAST_SHARE = 1e-13, 1e-6
_LEAST_SD, _MOST_SD = 1e-3, 30.0
_FARTHEST = 12.0
"""Log odds that no finite number of ratings tells from never."""


@dataclass(frozen=True)
class Fitted:
    """A cumulative link mixed model at the maximum of Laplace's approximation.

    Attributes
    ----------
    effect : ndarray, shape (effects,)
        Log odds of a higher rating.
    threshold : ndarray, shape (categories - 1,)
    sd : ndarray, shape (1 or 2,)
        Standard deviations of the parts of people and of pictures.
    log_likelihood : float
    parts : ndarray, shape (ratings, effects)
        What each rating adds to an effect, times the number of ratings; the variance of the means
        of its columns is that of the effects.
    converged : bool
    """

    effect: Floats
    threshold: Floats
    sd: Floats
    log_likelihood: float
    parts: Floats
    converged: bool


@dataclass(frozen=True)
class Odds:
    """How much likelier a higher rating of one method is than of another.

    Attributes
    ----------
    name, other
    log_odds, interval
        Log of the odds of a higher rating of `name` over those of `other`, for the same person and
        picture.
    p, p_holm
        Of the two-way t test, and corrected over all pairs.
    """

    name: str
    other: str
    log_odds: float
    interval: Interval
    p: float
    p_holm: float


@dataclass(frozen=True)
class RatingModel:
    """The model of one scale; empty, with the reason in `why`, where there is none."""

    scale: str
    ratings: int
    odds: list[Odds]
    people_sd: float
    pictures_sd: float
    thresholds: tuple[float, ...]
    why: str = ""


def rating_model(rows: pd.DataFrame, scale: str, level: float = LEVEL) -> RatingModel:
    """Fit the model to the ratings on one scale.

    Parameters
    ----------
    rows : DataFrame
        From `analysed`; missing ratings are left out.
    scale : str
        "realism" or "quality".
    level : float
        Nominal coverage of the intervals.
    """
    rated = rows[rows[scale].notna()]
    names = [name for name in methods(rows) if (rated["method"] == name).any()]
    why = _no_model(rated, scale, names)
    if why:
        return RatingModel(scale, len(rated), [], np.nan, np.nan, (), why)
    _, category = np.unique(rated[scale].to_numpy(np.float64), return_inverse=True)
    method = pd.Categorical(rated["method"], categories=names).codes.astype(np.intp)
    person, picture = codes(rated["participant"])[0], codes(rated["picture"])[0]
    design = (method[:, None] == np.arange(1, len(names))).astype(np.float64)
    fitted = fit(category, design, person, picture)
    if not fitted.converged or np.abs(fitted.effect).max() > _FARTHEST:
        why = "the fit did not settle: some method's ratings are all in one category, or nearly so"
        return RatingModel(scale, len(rated), [], np.nan, np.nan, (), why)
    effect = np.concatenate([[0.0], fitted.effect])
    parts = np.concatenate([np.zeros((len(rated), 1)), fitted.parts], axis=1)
    pairs = list(combinations(range(len(names)), 2))
    variances = [
        two_way_variance(
            effect[a] - effect[b] + parts[:, a] - parts[:, b],
            rated["participant"],
            rated["picture"],
        )
        for a, b in pairs
    ]
    p = [two_way_p(variance) for variance in variances]
    odds = [
        Odds(names[a], names[b], variance.mean, two_way_mean(variance, level), alone, corrected)
        for (a, b), variance, alone, corrected in zip(pairs, variances, p, holm(p), strict=True)
    ]
    people, pictures = map(float, fitted.sd)
    thresholds = tuple(map(float, fitted.threshold))
    return RatingModel(scale, len(rated), odds, people, pictures, thresholds)


def _no_model(rated: pd.DataFrame, scale: str, names: Sequence[str]) -> str:
    """Why these ratings have no model; empty if they have."""
    if len(names) < 2:
        return "fewer than two methods are rated"
    if rated[scale].nunique() < 2:
        return "all ratings are in one category"
    if min(rated["participant"].nunique(), rated["picture"].nunique()) < 3:
        return "fewer than three participants or pictures"
    if len(rated) > MOST_RATINGS:
        return f"it is not fitted to more than {MOST_RATINGS:,} ratings"
    return ""


def fit(category: Codes, design: Floats, person: Codes, picture: Codes | None = None) -> Fitted:
    """Maximise Laplace's approximation of the likelihood.

    Parameters
    ----------
    category : ndarray of int, shape (ratings,)
        From 0 on, every one used.
    design : ndarray, shape (ratings, effects)
    person, picture : ndarray of int, shape (ratings,)
        From 0 on; without pictures, people alone have parts of their own.
    """
    problem = _Laplace(category, design, person, picture)
    found = minimize(
        problem.deviance, problem.start(), jac=True, method="L-BFGS-B", bounds=problem.bounds(),
        options={"maxiter": 500, "ftol": 1e-11, "gtol": 1e-4},
    )  # fmt: skip
    effect, threshold, sd = problem.told(found.x)
    # Where the line search ends on rounding, it has come as near as numbers allow.
    settled = bool(found.success or "ABNORMAL" in str(found.message))
    return Fitted(effect, threshold, sd, -float(found.fun), problem.parts(found.x), settled)


def standard_errors(
    category: Codes, design: Floats, person: Codes, picture: Codes | None, fitted: Fitted
) -> Floats:
    """The model's own standard errors of the effects, from the curvature at the maximum.

    They hold where people and pictures differ in level only.
    """
    problem = _Laplace(category, design, person, picture)
    at = problem.point(fitted)
    step = 1e-4
    rows = [
        problem.deviance(at + step * one)[1] - problem.deviance(at - step * one)[1]
        for one in np.eye(len(at))
    ]
    hessian = np.array(rows) / (2 * step)
    # A standard deviation of 0 lies at the end of what it can be: it has no curvature.
    there = np.concatenate([np.full(len(at) - len(fitted.sd), True), fitted.sd > 0])
    covariance = np.linalg.inv((hessian + hessian.T)[np.ix_(there, there)] / 2)
    return np.sqrt(np.diag(covariance)[: design.shape[1]])


class _Laplace:
    """Minus the log likelihood at a point: effects, first threshold, log gaps, log SDs."""

    def __init__(
        self, category: Codes, design: Floats, person: Codes, picture: Codes | None
    ) -> None:
        self._category, self._design = category, design
        self._groups = [person] if picture is None else [person, picture]
        self._sizes = [int(group.max()) + 1 for group in self._groups]
        self._b = np.zeros(sum(self._sizes))  # where Newton starts: the last mode

    def start(self) -> Floats:
        """Thresholds by the shares of the categories, no effects, standard deviations of 1/2."""
        share = np.cumsum(np.bincount(self._category))[:-1] / len(self._category)
        threshold = np.log(share / (1 - share))
        return np.concatenate(
            [
                np.zeros(self._design.shape[1]), threshold[:1], np.log(np.diff(threshold)),
                np.full(len(self._groups), np.log(0.5)),
            ]
        )  # fmt: skip

    def bounds(self) -> list[tuple[float, float]]:
        """Lower and upper bound of each parameter, in the order of `start`."""
        effects, cuts = self._design.shape[1], int(self._category.max())
        spread = [(np.log(_LEAST_SD), np.log(_MOST_SD))] * len(self._groups)
        return [(-50.0, 50.0)] * (effects + 1) + [(-12.0, 5.0)] * (cuts - 1) + spread

    def told(self, at: Floats) -> tuple[Floats, Floats, Floats]:
        """Unpack a parameter vector: effects, thresholds, standard deviations (0 at the bound)."""
        effects, last = self._design.shape[1], len(at) - len(self._groups)
        first = at[effects : effects + 1]
        threshold = np.concatenate([first, first + np.cumsum(np.exp(at[effects + 1 : last]))])
        sd = np.exp(at[last:])
        return at[:effects], threshold, np.where(sd < 2 * _LEAST_SD, 0.0, sd)

    def point(self, fitted: Fitted) -> Floats:
        """Pack a fit into a parameter vector, the inverse of `told`."""
        gaps = np.log(np.diff(fitted.threshold))
        sd = np.log(np.maximum(fitted.sd, _LEAST_SD))
        return np.concatenate([fitted.effect, fitted.threshold[:1], gaps, sd])

    def deviance(self, at: Floats) -> tuple[float, Floats]:
        """Minus Laplace's approximation of the log likelihood, and its gradient."""
        effect, threshold, sd = self.told(at)
        fixed = self._design @ effect
        b, log_p, slope, weight = self._mode(fixed, threshold, sd)
        solve, log_det, inverse = self._solver(weight, sd)
        value = float(-log_p.sum() + b @ b / 2 + log_det / 2)
        # The determinant moves with the weights, these with the thresholds and hidden scores, and
        # these with the mode, which moves by what solves the same equations.
        leverage = inverse()  # (SDs, ratings): of each rating, by people and by pictures
        score = fixed + self._spread(b, sd)
        above, below = (expit(cut - score) for cut in self._cuts(threshold))
        f_above, f_below = above * (1 - above), below * (1 - below)
        bent_above, bent_below = f_above * (1 - 2 * above), f_below * (1 - 2 * below)
        pull = -leverage.sum(axis=0) * (bent_above + bent_below)
        shift = solve(self._gather(pull, sd))
        shifted = self._spread(shift, sd)
        along = -slope + (pull - weight * shifted) / 2  # by a rating's hidden score
        half = leverage.sum(axis=0) / 2
        inverse_p = np.exp(-log_p)
        cuts = np.bincount(
            self._category,
            -f_above * inverse_p + half * bent_above + f_above * shifted / 2,
            len(threshold) + 1,
        )[:-1]
        cuts = (
            cuts
            + np.bincount(
                self._category,
                f_below * inverse_p + half * bent_below + f_below * shifted / 2,
                len(threshold) + 1,
            )[1:]
        )
        gaps = np.diff(threshold) * np.cumsum(cuts[::-1])[::-1][1:]
        spreads = []
        for k, (part, moved) in enumerate(zip(self._split(b), self._split(shift), strict=True)):
            group = self._groups[k]
            pulled = sd[k] * np.bincount(group, slope, self._sizes[k])
            own = along @ (sd[k] * part[group]) + weight @ leverage[k] + moved @ pulled / 2
            spreads.append(own)
        gradient = [self._design.T @ along, [cuts.sum()], gaps, spreads]
        return value, np.concatenate(gradient)

    def parts(self, at: Floats) -> Floats:
        """What each rating adds to the effects, times their number, at the maximum.

        The effects are nearly those of weighted least squares of a working score on design and
        thresholds, with the covariance of people, pictures and noise: linear in the score, so that
        each rating has a share of them.
        """
        effect, threshold, sd = self.told(at)
        fixed = self._design @ effect
        b, _, slope, weight = self._mode(fixed, threshold, sd)
        apart = self._spread(b, sd) + slope / weight  # of the working score from the fixed part
        design = np.column_stack([self._design, np.ones(len(fixed))])
        # V^-1 = W - W Z (1 + Z' W Z)^-1 Z' W, without ever having V
        solve, _, _ = self._solver(weight, sd)
        weighed = weight[:, None] * design
        inner = np.column_stack([self._gather(column, sd) for column in weighed.T])
        back = np.column_stack([self._spread(column, sd) for column in solve(inner).T])
        precise = weighed - weight[:, None] * back
        shares = np.linalg.solve(design.T @ precise, precise.T).T * apart[:, None]
        shares = shares[:, : self._design.shape[1]] * len(fixed)
        centred: Floats = shares - shares.mean(axis=0)
        return centred

    def _mode(
        self, fixed: Floats, threshold: Floats, sd: Floats
    ) -> tuple[Floats, Floats, Floats, Floats]:
        """The likeliest parts of people and pictures, in standard deviations, by Newton's method.

        Returns
        -------
        b, log_p, slope, weight : ndarray
            The parts; of each rating the log of its probability, its first derivative by the
            hidden score, and minus the second.
        """
        high, low = self._cuts(threshold)
        gap = np.log1p(-np.exp(low - high))

        def of(b: Floats) -> tuple[Floats, Floats, Floats]:
            score = fixed + self._spread(b, sd)
            above, below = high - score, low - score
            log_p = log_expit(above) + log_expit(-below) + gap
            p_above, p_below = expit(above), expit(below)
            weight = p_above * (1 - p_above) + p_below * (1 - p_below)
            return log_p, p_above + p_below - 1, np.maximum(weight, 1e-12)

        b = self._b
        log_p, slope, weight = of(b)
        joint = log_p.sum() - b @ b / 2
        for _ in range(_NEWTON):
            gradient = self._gather(slope, sd) - b
            solve, _, _ = self._solver(weight, sd)
            step = solve(gradient)
            if gradient @ step < _CLOSE:
                break
            share = 1.0
            while True:
                tried = b + share * step
                log_p, slope, weight = of(tried)
                better = log_p.sum() - tried @ tried / 2
                if better >= joint - _ROUNDING * abs(joint) or share < _LEAST_SHARE:
                    break
                share /= 2
            b, joint = tried, better
        self._b = b
        return b, log_p, slope, weight

    def _cuts(self, threshold: Floats) -> tuple[Floats, Floats]:
        """The thresholds above and below each rating."""
        high = np.concatenate([threshold, [np.inf]])[self._category]
        low = np.concatenate([[-np.inf], threshold])[self._category]
        return high, low

    def _split(self, b: Floats) -> list[Floats]:
        return np.split(b, np.cumsum(self._sizes)[:-1])

    def _spread(self, b: Floats, sd: Floats) -> Floats:
        """Z b: the parts of each rating's person and picture."""
        return sum(
            (
                s * part[group]
                for s, part, group in zip(sd, self._split(b), self._groups, strict=True)
            ),
            np.zeros(len(self._category)),
        )

    def _gather(self, values: Floats, sd: Floats) -> Floats:
        """Z' values."""
        return np.concatenate(
            [
                s * np.bincount(group, values, size)
                for s, group, size in zip(sd, self._groups, self._sizes, strict=True)
            ]
        )

    def _solver(
        self, weight: Floats, sd: Floats
    ) -> tuple[Callable[[Floats], Floats], float, Callable[[], Floats]]:
        """What solves H x = y for H = 1 + Z' W Z, the log of its determinant, and the leverages.

        People are solved for one by one, then pictures with people taken out (Schur). The leverage
        of a rating is z' H^-1 z, here what people and what pictures have of it.
        """
        of_people = 1 + sd[0] ** 2 * np.bincount(self._groups[0], weight, self._sizes[0])
        log_det = float(np.log(of_people).sum())
        if len(self._groups) == 1:
            alone = (sd[0] ** 2 / of_people)[self._groups[0]][None]
            return lambda y: (y.T / of_people).T, log_det, lambda: alone
        people, pictures = self._sizes
        both = self._groups[0] * pictures + self._groups[1]
        cross = sd[0] * sd[1] * np.bincount(both, weight, people * pictures)
        cross = cross.reshape(people, pictures)
        of_pictures = 1 + sd[1] ** 2 * np.bincount(self._groups[1], weight, pictures)
        shared = cross / of_people[:, None]
        factor = cho_factor(np.diag(of_pictures) - cross.T @ shared, lower=True)
        log_det += 2 * float(np.log(np.diag(factor[0])).sum())

        def solve(y: Floats) -> Floats:
            first, second = y[:people], y[people:]
            found = cho_solve(factor, second - shared.T @ first)
            return np.concatenate([(first.T / of_people).T - shared @ found, found])

        def leverages() -> Floats:
            last = cho_solve(factor, np.eye(pictures))
            mixed = -shared @ last  # (people, pictures)
            first = 1 / of_people - (mixed * shared).sum(axis=1)
            between = sd[0] * sd[1] * mixed[self._groups[0], self._groups[1]]
            of_first = sd[0] ** 2 * first[self._groups[0]] + between
            of_last = sd[1] ** 2 * np.diag(last)[self._groups[1]] + between
            return np.stack([of_first, of_last])

        return solve, log_det, leverages
