"""Ratings: mean opinion scores, distributions, agreement, and differences between methods."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from study.protocol.session import SCALES
from study.report.layout import (
    Row,
    Scope,
    Section,
    Subject,
    measures,
    not_computed,
    number,
    number_range,
    p_value,
    row,
    signed,
)
from study.statistics import comparisons, ratings
from study.statistics.comparisons import RatingDifference
from study.statistics.ratings import Agreement, Rating
from study.statistics.stats import Counted


@dataclass(frozen=True)
class Ratings(Subject):
    """Scores and their differences by scale, and agreement."""

    ratings: dict[str, list[Rating]]
    rating_differences: dict[str, list[RatingDifference]]
    agreement: list[Agreement]

    @classmethod
    def of(cls, counted: Counted) -> Self:
        """Compute every scale."""
        rows, level = counted.rows, counted.level
        scales = SCALES if counted.rated else ()
        return cls(
            {scale: ratings.ratings(rows, scale, level) for scale in scales},
            {scale: comparisons.rating_differences(rows, scale, level) for scale in scales},
            [ratings.agreement(rows, scale) for scale in scales],
        )

    def sections(self, scope: Scope) -> Iterator[Section]:
        """Scores and distributions, then a section of differences a scale."""
        if not self.ratings:
            return
        alphas = ", ".join(
            f"{a.scale} {number(a.alpha)} ({a.ratings:,} ratings of {a.pictures} pictures)"
            if a.pictures
            else f"{a.scale} not computed, as no picture was rated by two people"
            for a in self.agreement
        )
        yield Section(
            "ratings",
            "Ratings",
            "Mean opinion score from 1 to 5: the mean of all ratings, with a two-way interval over "
            "other participants and other pictures; then the distribution, in percent of the "
            "ratings.",
            ("scale, method", "ratings", "mean", "interval", "1", "2", "3", "4", "5"),
            [
                [
                    f"{scale}, {rating.name}",
                    str(rating.ratings),
                    number(rating.mean),
                    number_range(rating.interval),
                    *(f"{100 * count / max(1, rating.ratings):.0f}" for count in rating.counts),
                ]
                for scale, of_scale in self.ratings.items()
                for rating in of_scale
            ],
            (f"Agreement between participants (Krippendorff's alpha, ordinal): {alphas}.",),
        )
        for scale, differences in self.rating_differences.items():
            if differences and all(math.isnan(t.p) for t in differences):
                why = [t.interval.note for t in differences]
                yield not_computed(f"ratings-{scale}", f"Ratings compared: {scale}", why)
            elif any(t.participants for t in differences):
                yield Section(
                    f"ratings-{scale}",
                    f"Ratings compared: {scale}",
                    "Differences between the ratings within a trial, with two-way intervals and t "
                    "tests, corrected by Holm's method. Ranks: Wilcoxon's signed-rank test of the "
                    "participants' mean differences, valid for these pictures only.",
                    ("methods", "difference", "interval", "p", "p (Holm)", "ranks"),
                    [
                        [
                            f"{t.name} − {t.other}",
                            signed(t.difference),
                            number_range(t.interval, "+.2f"),
                            p_value(t.p),
                            p_value(t.p_holm),
                            p_value(t.p_ranks),
                        ]
                        for t in differences
                    ],
                )

    def rows(self) -> Iterator[Row]:
        """Means, counts of 1 to 5, alphas and differences."""
        for scale, of_scale in self.ratings.items():
            for r in of_scale:
                of: Row = {"group": scale, "name": r.name}
                yield row("ratings", "mean", r.mean, r.interval, denominator=r.participants, **of)
                for point, n in enumerate(r.counts, start=1):
                    share: Row = {"numerator": n, "denominator": r.ratings}
                    yield row("ratings", f"count_{point}", n, **of, **share)
        for a in self.agreement:
            alpha = "krippendorff_alpha_ordinal"
            yield row("agreement", alpha, a.alpha, group=a.scale, denominator=a.ratings)
        for scale, differences in self.rating_differences.items():
            for d in differences:
                of = {"group": d.other, "name": d.name}
                yield row(f"ratings_{scale}", "difference", d.difference, d.interval, **of)
                names = ("rank_correlation", "p", "p_holm", "p_ranks")
                yield from measures(f"ratings_{scale}", d, *names, **of)
