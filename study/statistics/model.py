"""How simulated participants answer: a logit model with crossed random effects.

For tests of the pipeline and for power, never for results. Given the fool rates that a study
shall have, `intercepts` finds the model that has them on average over all participants and
pictures, and `draw_picks` answers trials. Fed by `study.simulate`, which writes whole studies
into a database, and by `study.coverage`, which counts how often the intervals hold the rates.

A participant p who looks at picture i picks option j with a probability proportional to
exp(u_pij). The truth has u = 0 and method j has u = a_j + s_pj + t_ij, with independent normal
effects of the participant (SD 0.5 by default) and of the picture (SD 1.0), so that with one
method this is the usual mixed logit model. The a_j are found such that the **marginal** rates,
over new participants and new pictures, are those asked for: the model's rate at average effects
(s = t = 0) is a different number, since the logit bends.

References
----------
McCulloch, Searle, Neuhaus (2008), Generalized, Linear, and Mixed Models, 2nd ed., chapter 8
(marginal against conditional means). Niederreiter (1992), Random Number Generation and Quasi-Monte
Carlo Methods, chapter 3 (Kronecker sequences).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from study.protocol.design import TRUTH
from study.statistics.stats import PAPER_RATES

Floats = NDArray[np.float64]
_POINTS = 1 << 15


@dataclass(frozen=True)
class AnswerModel:
    """What simulated participants are like.

    Attributes
    ----------
    fool
        Marginal fool rate of each method, in (0, 1), together below 1; the truth takes the rest.
        Default: the rates of the paper.
    participant_sd, picture_sd
        Standard deviations of both effects on a method's log odds against the truth. 0.5 and 1.0
        are what docs/statistics.md compares the intervals under.

    Raises
    ------
    ValueError
        If a rate or a standard deviation is out of range.
    """

    fool: Mapping[str, float] = field(default_factory=lambda: dict(PAPER_RATES))
    participant_sd: float = 0.5
    picture_sd: float = 1.0

    def __post_init__(self) -> None:
        if not self.fool:
            raise ValueError("At least one method with a fool rate is needed, such as gan=0.4.")
        if TRUTH in self.fool:
            raise ValueError(f"{TRUTH!r} takes what the methods leave; give only their rates.")
        for method, rate in self.fool.items():
            if not 0 < rate < 1:
                raise ValueError(
                    f"The fool rate of {method} must lie above 0 and below 1, got {rate}."
                )
        total = math.fsum(self.fool.values())
        if total >= 1:
            raise ValueError(
                f"The fool rates sum to {total:.4g}; they must stay below 1, so that the truth "
                "is picked too."
            )
        for name, sd in (("participant", self.participant_sd), ("picture", self.picture_sd)):
            if not 0 <= sd <= 5:
                raise ValueError(f"The {name} SD must lie between 0 and 5, got {sd}.")

    @property
    def methods(self) -> tuple[str, ...]:
        """Names of the methods, without the truth, in the order given."""
        return tuple(self.fool)


@dataclass(frozen=True)
class Effects:
    """Random effects of one simulated study on the methods' log odds.

    Attributes
    ----------
    intercepts : shape (methods,)
    participants : shape (participants, methods)
    pictures : shape (pictures, methods)
    """

    intercepts: Floats
    participants: Floats
    pictures: Floats

    def utilities(self, participant: NDArray[np.intp], picture: NDArray[np.intp]) -> Floats:
        """Log odds against the truth, shape (answers, 1 + methods); column 0 is the truth."""
        fakes = self.intercepts + self.participants[participant] + self.pictures[picture]
        return np.concatenate([np.zeros((len(fakes), 1)), fakes], axis=1)


def intercepts(model: AnswerModel) -> Floats:
    """Intercepts that give the model its marginal rates, shape (methods,).

    The rates are integrals over normal effects; they are taken over a fixed set of quasi-random
    points, and the intercepts move by the log ratio of wanted and present odds until they agree.

    Examples
    --------
    >>> intercepts(AnswerModel({"gan": 0.5}, participant_sd=0, picture_sd=0)).round(6).tolist()
    [0.0]
    """
    wanted = np.array(list(model.fool.values()))
    wanted_odds = np.log(wanted) - math.log(1 - wanted.sum())
    sd = math.hypot(model.participant_sd, model.picture_sd)
    effects = sd * normal_points(len(wanted))
    a: Floats = wanted_odds.copy()
    for _ in range(500):
        present = _probabilities(a + effects).mean(axis=0)
        step = wanted_odds - (np.log(present[1:]) - math.log(present[0]))
        a += step
        if np.abs(step).max() < 1e-10:
            break
    return a


def draw_effects(
    model: AnswerModel, n_participants: int, n_pictures: int, rng: np.random.Generator
) -> Effects:
    """Draw the participants and pictures of one study."""
    k = len(model.fool)
    return Effects(
        intercepts(model),
        rng.normal(0, model.participant_sd, (n_participants, k)),
        rng.normal(0, model.picture_sd, (n_pictures, k)),
    )


def draw_picks(utilities: Floats, rng: np.random.Generator) -> NDArray[np.intp]:
    """Pick one option per trial by its utilities.

    Parameters
    ----------
    utilities : ndarray, shape (trials, options)
        From `Effects.utilities`.

    Returns
    -------
    ndarray of int, shape (trials,)
        0 for the truth, j for the j-th method.
    """
    # The largest of utility plus Gumbel noise has exactly the softmax probabilities.
    picks: NDArray[np.intp] = np.argmax(utilities + rng.gumbel(size=utilities.shape), axis=1)
    return picks


def expected_shares(model: AnswerModel, fixed: Floats, shown: NDArray[np.bool_]) -> Floats:
    """Share of the picks of each option over new participants and pictures, by what is shown.

    Parameters
    ----------
    model : AnswerModel
    fixed : ndarray, shape (methods,)
        From `intercepts`.
    shown : ndarray of bool, shape (sets, 1 + methods)
        Column 0 is the truth.

    Returns
    -------
    ndarray, shape (sets, 1 + methods)
        Each row sums to 1.
    """
    sd = math.hypot(model.participant_sd, model.picture_sd)
    fakes = fixed + sd * normal_points(len(fixed))
    odds = np.exp(np.concatenate([np.zeros((len(fakes), 1)), fakes], axis=1))
    each = [odds * row / (odds @ row)[:, None] for row in shown.astype(np.float64)]
    return np.array([shares.mean(axis=0) for shares in each])


def _probabilities(fakes: Floats) -> Floats:
    """Softmax of (0, fakes) along the last axis, shape (points, 1 + methods)."""
    odds = np.exp(np.concatenate([np.zeros((len(fakes), 1)), fakes], axis=1))
    shares: Floats = odds / odds.sum(axis=1, keepdims=True)
    return shares


def normal_points(dimensions: int) -> Floats:
    """Standard normal quasi-random points, shape (_POINTS, dimensions), mean 0.

    A Kronecker sequence on powers of the root of x^(d + 1) = x + 1, and its mirror image. It is
    a formula and no generator, so the intercepts do not depend on any library's version.
    """
    root = 1.5
    for _ in range(60):
        root = (1 + root) ** (1 / (dimensions + 1))
    alpha = root ** -np.arange(1, dimensions + 1, dtype=np.float64)
    uniform = np.modf((np.arange(_POINTS // 2)[:, None] + 0.5) * alpha)[0]
    normal = ndtri(uniform)
    return np.concatenate([normal, -normal])
