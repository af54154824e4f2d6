"""How often a study of some size can make each claim of the report, by simulation.

The report claims three things of methods that are shown together: that a method is not picked as
often as the truth (its gap is not 0), that it is picked as often within a margin (equivalence), and
that two methods fool unequally often. Each simulated study goes through the report's own tests, and
through its two families of Holm's. `study.power` prints the shares. What reports of other kinds of
trials claim is in `study.statistics.claims_kinds`, and is counted here, too.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from study.protocol.design import TRUTH
from study.statistics.comparisons import MARGIN, equivalence
from study.statistics.coverage import ALPHA, Plan, draw
from study.statistics.model import AnswerModel, intercepts
from study.statistics.sizing import POWER, fewest
from study.statistics.twoway import GAPS, two_way_p, two_way_variance

GAP, EQUIVALENCE, DIFFERENCE, TOLD = "gap", "equivalence", "difference", "told"
Drawn = Callable[[np.random.Generator], list[float]]


@dataclass(frozen=True)
class Claim:
    """One claim, and how often studies of one size make it.

    Attributes
    ----------
    kind
        `GAP`, `EQUIVALENCE` or `DIFFERENCE`; of real or fake, `TOLD`.
    name, other
        The method, and whom it is compared with; the truth except for differences.
    value
        True gap or difference of the rates, a share; the answers of the careless are in it.
    power, power_holm
        Shares of studies whose p is at most 5 %, and whose p is after Holm's correction. Where the
        claim is false this is how often it is made all the same.
    """

    kind: str
    name: str
    other: str
    value: float
    power: float
    power_holm: float


class Claims(ABC):
    """What is shown in one study, and what its report claims of that."""

    @property
    @abstractmethod
    def shares(self) -> Mapping[str, float]:
        """Share of each method among attentive people."""

    @property
    @abstractmethod
    def options(self) -> int:
        """Among how many answers the careless choose by chance."""

    @property
    @abstractmethod
    def families(self) -> tuple[int, ...]:
        """How many claims each of Holm's families has, in the order of `claimed`."""

    @abstractmethod
    def claimed(self, plan: Plan) -> list[tuple[str, str, str, float]]:
        """Return kind, both names and true value of every claim, in the order of the tests."""

    @abstractmethod
    def studies(self, plan: Plan) -> Drawn:
        """Return what draws one study and gives the report's p of every claim."""

    def can_be_shown(self, kind: str, value: float) -> bool:
        """Return whether a claim is true, so that some number of people will show it."""
        return not math.isclose(value, 0, abs_tol=1e-12)


@dataclass(frozen=True)
class Methods(Claims):
    """The methods of one study, which are shown together with the truth.

    Attributes
    ----------
    fool
        Fool rate of each among attentive people, in (0, 1), together below 1.
    margin
        Of equivalence, a share above 0.

    Raises
    ------
    ValueError
        If the margin is not above 0.
    """

    fool: Mapping[str, float]
    margin: float = MARGIN

    def __post_init__(self) -> None:
        if not 0 < self.margin < math.inf:
            raise ValueError(f"The margin of equivalence must lie above 0, got {self.margin:g}.")

    @property
    def shares(self) -> Mapping[str, float]:
        """The fool rates."""
        return self.fool

    @property
    def options(self) -> int:
        """The methods and the truth."""
        return len(self.fool) + 1

    @property
    def families(self) -> tuple[int, ...]:
        """Gaps and equivalences are one family, differences another."""
        count = len(self.fool)
        return 2 * count, count * (count - 1) // 2

    def studies(self, plan: Plan) -> Drawn:
        """Return what draws one study and gives the report's p of every claim."""
        model = AnswerModel(dict(self.fool), plan.participant_sd, plan.picture_sd)
        fixed = intercepts(model)
        return lambda rng: _tested(*draw(plan, fixed, rng), len(self.fool), self.margin)

    def claimed(self, plan: Plan) -> list[tuple[str, str, str, float]]:
        """Kind, both names and true value of every claim, in the order of the report's tests."""
        rates = {name: plan.with_careless(rate) for name, rate in self.fool.items()}
        truth = plan.with_careless(1 - math.fsum(self.fool.values()))
        gaps = [(name, TRUTH, (rate - truth) / 2) for name, rate in rates.items()]
        pairs = [(a, b, rates[a] - rates[b]) for a, b in combinations(rates, 2)]
        return [
            *((GAP, *gap) for gap in gaps),
            *((EQUIVALENCE, *gap) for gap in gaps),
            *((DIFFERENCE, *pair) for pair in pairs),
        ]

    def can_be_shown(self, kind: str, value: float) -> bool:
        """Whether a claim is true, so that some number of people will show it."""
        if kind == EQUIVALENCE:
            return abs(value) < self.margin
        return super().can_be_shown(kind, value)


def claims(plan: Plan, methods: Claims, studies: int, rng: np.random.Generator) -> list[Claim]:
    """Simulate studies of one size and count the claims that the report would make.

    Parameters
    ----------
    plan : Plan
        Size, standard deviations, drop-outs and careless people; its rate and options are not
        looked at.
    methods : Claims
    studies : int
        The standard error of a share s is sqrt(s (1 - s) / studies).
    rng : numpy Generator

    Raises
    ------
    ValueError
        If rates or standard deviations are out of range.
    """
    plan = replace(plan, options=methods.options)
    claimed, one = methods.claimed(plan), methods.studies(plan)
    p = np.array([one(rng) for _ in range(studies)])
    ends = np.cumsum(methods.families)[:-1]
    corrected = np.concatenate([holm_rows(of) for of in np.split(p, ends, axis=1)], axis=1)
    shares = np.array([p <= ALPHA, corrected <= ALPHA]).mean(axis=1)  # without a p, no claim
    return [Claim(*claim, *map(float, shares[:, i])) for i, claim in enumerate(claimed)]


def people_for_claims(
    plan: Plan, methods: Claims, studies: int, rng: np.random.Generator
) -> dict[tuple[str, str, str], int | None]:
    """About how many people make each claim with 80 % power after Holm's correction.

    The keys are kind and both names; None where `study.statistics.sizing.MOST_PEOPLE` are too few,
    or the claim is false. `plan.participants` is not looked at.
    """
    found: dict[int, list[Claim]] = {}

    def power(people: int, i: int) -> float:
        if people not in found:
            found[people] = claims(replace(plan, participants=people), methods, studies, rng)
        return found[people][i].power_holm

    of = replace(plan, options=methods.options)
    return {
        (kind, name, other): (
            fewest(lambda people, i=i: power(people, i) >= POWER)  # type: ignore[misc]
            if methods.can_be_shown(kind, value)
            else None
        )
        for i, (kind, name, other, value) in enumerate(methods.claimed(of))
    }


def holm_rows(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Holm's correction of many families, one a row, as `comparisons.holm` has it for one.

    statsmodels collects garbage at each call, which takes a hundred times longer than a study.
    """
    order = np.argsort(p, axis=1)  # missing ones come last
    ordered = np.take_along_axis(p, order, axis=1)
    left = (~np.isnan(p)).sum(axis=1, keepdims=True) - np.arange(p.shape[1])
    stepped = np.maximum.accumulate(ordered * np.maximum(left, 1), axis=1)
    corrected = np.empty_like(p)
    np.put_along_axis(corrected, order, np.minimum(stepped, 1), axis=1)
    return corrected


def _tested(
    person: NDArray[np.intp],
    picture: NDArray[np.intp],
    picks: NDArray[np.intp],
    count: int,
    margin: float,
) -> list[float]:
    """The report's p of every claim in one study."""
    own = [(picks == option).astype(np.float64) for option in range(count + 1)]
    gaps = [two_way_variance((one - own[0]) / 2, person, picture) for one in own[1:]]
    apart = [two_way_variance(a - b, person, picture) for a, b in combinations(own[1:], 2)]
    return [
        *(two_way_p(gap, limits=GAPS) for gap in gaps),
        *(equivalence(gap, margin, GAPS) for gap in gaps),
        *map(two_way_p, apart),
    ]
