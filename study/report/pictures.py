"""Which pictures fool: rates by class, all pictures, and the most and the least fooling ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from study.report.layout import Row, Scope, Section, Subject, number, rate_rows, row
from study.statistics import stats
from study.statistics.pictures import Extremes, PictureRate, extremes, picture_rates
from study.statistics.stats import ClassRates, Counted, Rate

_METHODS_A_TABLE = 3


@dataclass(frozen=True)
class Pictures(Subject):
    """Rates by class and by picture."""

    classes: list[ClassRates]
    pictures: list[PictureRate]
    extremes: list[Extremes]

    @classmethod
    def of(cls, counted: Counted) -> Self:
        """Compute both, and order the pictures."""
        found = picture_rates(counted.rows)
        return cls(stats.class_rates(counted.rows, counted.level), found, extremes(found))

    def sections(self, scope: Scope) -> Iterator[Section]:
        """A table of classes a few methods, and one of both ends."""
        names = [rate.name for rate in scope.rates]
        parts = [names[i : i + _METHODS_A_TABLE] for i in range(0, len(names), _METHODS_A_TABLE)]
        for part in parts if self.classes else []:
            rows = []
            for of_class in self.classes:
                found = {rate.name: _cell(rate) for rate in of_class.rates}
                cells = [found.get(name, "–") for name in part]
                rows.append([of_class.label, str(of_class.pictures), str(of_class.trials), *cells])
            yield Section(
                "classes",
                "Classes",
                "Fool rates in percent, with intervals, by class of picture. There are many "
                "classes with few answers each: one that stands out here may do so by chance.",
                ("class", "pictures", "trials", *part),
                rows,
            )
        yield Section(
            "pictures",
            "Most and least fooling pictures",
            "Ordered by (picks + ½)/(trials + 1), then by the mean rating of realism. Few people "
            "saw each picture, so this describes the study and does not estimate how well a "
            "picture fools.",
            ("end, method", "picture", "class", "picks", "realism"),
            [
                [
                    *(f"{end}, {p.name}", p.picture, p.label or "–"),
                    *(f"{p.picked}/{p.trials}", number(p.realism)),
                ]
                for of_method in self.extremes
                for end, shown in (("most", of_method.most), ("least", of_method.least))
                for p in shown
            ],
            ("All pictures are in the CSV and JSON formats.",),
        )

    def rows(self) -> Iterator[Row]:
        """Every class and every picture."""
        for of_class in self.classes:
            yield from rate_rows("classes", of_class.rates, of_class.label)
        for p in self.pictures:
            of: Row = {"group": p.picture, "name": p.name}
            rate = p.picked / p.trials
            yield row("pictures", "rate", rate, numerator=p.picked, denominator=p.trials, **of)


def _cell(rate: Rate) -> str:
    share = f"{100 * rate.rate:.0f}"
    if not rate.headline.defined:
        return share
    return f"{share} ({100 * rate.headline.low:.0f} to {100 * rate.headline.high:.0f})"
