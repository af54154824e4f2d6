"""What participants did beside picking: own rates, times, trends, places, attention."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Self

from study.protocol.design import TRUTH
from study.report.layout import (
    Row,
    Scope,
    Section,
    Subject,
    measures,
    number,
    percent,
    points_range,
    row,
    signed,
)
from study.report.places import place_rows, places
from study.statistics import behaviour, stats
from study.statistics.behaviour import Attention, Block, PeopleSpread, Times, TimesByPick, Trend
from study.statistics.stats import Counted, SlotCheck

_QUANTILES = ("lowest", "first_quartile", "median", "third_quartile", "highest")


@dataclass(frozen=True)
class Behaviour(Subject):
    """What participants did beside picking."""

    people: list[PeopleSpread]
    blocks: list[Block]
    trends: list[Trend]
    slots: SlotCheck
    times: Times | None
    times_by_pick: list[TimesByPick]
    attention: Attention

    @classmethod
    def of(cls, counted: Counted) -> Self:
        """Compute all of it."""
        rows = counted.rows
        return cls(
            people=behaviour.people_spread(rows),
            blocks=behaviour.blocks(rows),
            trends=behaviour.trends(rows, counted.level),
            slots=stats.slot_check(rows, counted.level),
            times=behaviour.times(rows),
            times_by_pick=behaviour.times_by_pick(rows),
            attention=behaviour.attention(counted.answers),
        )

    def trend(self, name: str) -> Trend:
        """Return the trend of "seconds" or of "correct"."""
        return next(trend for trend in self.trends if trend.name == name)

    def sections(self, scope: Scope) -> Iterator[Section]:
        """Own rates, learning and fatigue, places, times and attention."""
        yield self._people()
        yield self._over_time()
        yield places(self.slots)
        yield self._times()

    def rows(self) -> Iterator[Row]:
        """All of it in full."""
        yield from place_rows(self.slots)
        if self.times is not None:
            yield from measures("response_times", self.times, *asdict(self.times))
        for pick in self.times_by_pick:
            of: Row = {"name": pick.name, "denominator": pick.answers}
            yield row("response_times", "median_s", pick.median_s, **of)
        for block in self.blocks:
            of = {"group": f"{block.first}-{block.last}", "denominator": block.answers}
            names = ("correct", "first_quartile_s", "median_s", "third_quartile_s")
            yield from measures("blocks", block, *names, **of)
        for t in self.trends:
            of = {"name": t.name, "denominator": t.participants}
            yield row("trends", "per_ten_trials", t.per_ten_trials, t.interval, **of)
        for people in self.people:
            for measure, value in zip(_QUANTILES, people.quantiles, strict=True):
                yield row("people", measure, value, name=people.name)
            yield row("people", "sd", people.sd, name=people.name)
            yield row("people", "sd_by_chance", people.expected_sd, name=people.name)
        yield from measures("attention", self.attention, *asdict(self.attention))

    def _people(self) -> Section:
        return Section(
            "people",
            "Participants' own rates",
            "In what percentage of a participant's trials each version was picked: extremes, "
            "quartiles and standard deviation (SD) over participants, beside the SD that chance "
            "alone would give people who are all alike.",
            ("picked", "lowest", "quartile", "median", "quartile", "highest", "SD", "by chance"),
            [
                [p.name, *(number(100 * x, 1) for x in (*p.quantiles, p.sd, p.expected_sd))]
                for p in self.people
            ],
        )

    def _over_time(self) -> Section:
        seconds, correct = self.trend("seconds"), self.trend("correct")
        return Section(
            "time",
            "Along the trials",
            "How often the real picture was picked, and how many seconds a pick took, in the "
            "course of the trials.",
            ("trials", "answers", "real picked", "seconds, median", "quartiles"),
            [
                [
                    f"{b.first}" if b.first == b.last else f"{b.first} to {b.last}",
                    str(b.answers),
                    percent(b.correct),
                    number(b.median_s, 1),
                    "–"
                    if math.isnan(b.median_s)
                    else f"{b.first_quartile_s:.1f} to {b.third_quartile_s:.1f}",
                ]
                for b in self.blocks
            ],
            (
                "Change in ten trials (mean of the participants' slopes): real picked "
                f"{_trend(correct, 'points')}; seconds {_trend(seconds, '%')}.",
            ),
        )

    def _times(self) -> Section:
        rows = []
        if self.times is not None:
            t = self.times
            rows += [
                ["seconds to the pick, median", number(t.median_s, 1)],
                ["  quartiles", f"{t.first_quartile_s:.1f} to {t.third_quartile_s:.1f}"],
                ["  first half of the trials, median", number(t.early_median_s, 1)],
                ["  second half of the trials, median", number(t.late_median_s, 1)],
            ]
            for pick in self.times_by_pick:
                name = "the truth" if pick.name == TRUTH else pick.name
                rows.append([f"  where {name} was picked, median", number(pick.median_s, 1)])
        a = self.attention
        if a.catch_trials:
            rows.append(["catch trials passed", f"{a.catch_passed}/{a.catch_trials}"])
        if a.repeat_trials:
            same = f"{a.repeats_equal}/{a.repeat_trials}"
            rows.append(["repeated trials with the same pick", same])
        rows = rows or [["response times", "none recorded"]]
        return Section("attention", "Time and attention", columns=("", "value"), rows=rows)


def _trend(trend: Trend, unit: str) -> str:
    if not trend.interval.defined:
        return "not computed, as there are too few participants or trials"
    slope = signed(100 * trend.per_ten_trials, 1)
    return f"{slope} {unit} (interval {points_range(trend.interval)})"
