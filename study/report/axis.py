"""What the plots of the HTML report are drawn with: rows, an axis, and marks on it.

Used by `study.report.charts`. A position is a percentage of the width and a height is in pixels, so
that a row bends to any page and its letters stay as large as they are; colours are names of the
style sheet. `markupsafe` escapes the words of every mark.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from study.statistics.intervals import Interval

ROW = 34  # pixels of a row of a plot


@dataclass(frozen=True)
class Row:
    """One row of a plot: a label and a value in words beside a drawing."""

    label: str
    value: str
    drawing: Markup
    ink: str = "ink"
    small: bool = False

    @property
    def words(self) -> str:
        """The value with its percent signs tied to their numbers."""
        return self.value.replace(" %", "\u00a0%")


@dataclass(frozen=True)
class Plot:
    """Rows over a common axis; `legend` are pairs of a sign (SVG) and its words."""

    title: str
    rows: Sequence[Row]
    axis: Markup
    legend: Sequence[tuple[Markup, str]] = ()


@dataclass(frozen=True)
class Scale:
    """A horizontal axis from 0 to `top` (a share)."""

    top: float

    @classmethod
    def up_to(cls, ends: Iterable[float]) -> Scale:
        """An axis that holds all of the values, and ends at a round one."""
        highest = max([end for end in ends if not math.isnan(end)] or [0.1])
        return cls(min(1.0, max(1, math.ceil(highest * 10 + 0.2)) / 10))

    def x(self, share: float) -> str:
        """Position as a percentage of the width."""
        return f"{100 * share / self.top:.3f}%"

    def ticks(self) -> list[float]:
        """Round shares from 0 to the end."""
        step = 0.1 if self.top <= 0.7 else 0.2
        step = 0.02 if self.top <= 0.1 else 0.05 if self.top <= 0.3 else step
        return [i * step for i in range(round(self.top / step) + 1)]

    def svg(self, *marks: Markup, height: int = ROW) -> Markup:
        """A row's drawing with grid lines behind it."""
        grid = Markup("").join(
            Markup('<line class="grid" x1="{x}" x2="{x}" y1="0" y2="{h}"/>').format(
                x=self.x(tick), h=height
            )
            for tick in self.ticks()
        )
        return Markup(
            '<svg class="track" width="100%" height="{}" aria-hidden="true">{}{}</svg>'
        ).format(height, grid, Markup("").join(marks))

    def axis(self) -> Markup:
        """The labels below the rows."""
        ticks = self.ticks()
        labels = Markup("").join(
            Markup('<text x="{}" y="13" class="{}">{:.0f}{}</text>').format(
                self.x(tick),
                "first" if i == 0 else "last" if i == len(ticks) - 1 else "tick",
                100 * tick,
                " %" if i == len(ticks) - 1 else "",
            )
            for i, tick in enumerate(ticks)
        )
        return Markup(
            '<svg class="axis" width="100%" height="18" aria-hidden="true">{}</svg>'
        ).format(labels)

    def interval(self, interval: Interval, words: str, y: int = ROW // 2) -> Markup:
        """A line with caps; nothing where there is no interval."""
        if not interval.defined:
            return Markup()
        low, high = self.x(interval.low), self.x(interval.high)
        return Markup(
            '<g class="interval"><title>{t}</title><line x1="{a}" x2="{b}" y1="{y}" y2="{y}"/>'
            '<line x1="{a}" x2="{a}" y1="{u}" y2="{d}"/>'
            '<line x1="{b}" x2="{b}" y1="{u}" y2="{d}"/></g>'
        ).format(t=words, a=low, b=high, y=y, u=y - 4, d=y + 4)

    def band(self, interval: Interval, words: str) -> Markup:
        """A pale bar behind the interval."""
        width = f"{100 * (interval.high - interval.low) / self.top:.3f}%"
        return Markup(
            '<rect class="band" x="{}" width="{}" y="{}" height="16" rx="3">'
            "<title>{}</title></rect>"
        ).format(self.x(interval.low), width, ROW // 2 - 8, words)

    def dot(self, share: float, words: str, r: int = 6, y: int | None = None) -> Markup:
        """A disc at a value; in the middle of its row unless `y` says where."""
        middle = y if y is not None else (ROW // 2 if r == 6 else 12)
        if math.isnan(share):
            return Markup()
        return Markup(
            '<circle class="dot" cx="{}" cy="{}" r="{}"><title>{}</title></circle>'
        ).format(self.x(share), middle, r, words)

    def diamond(self, share: float, words: str) -> Markup:
        """The sign of the paper's values."""
        return Markup(
            '<svg x="{}" y="{}" class="over"><path class="paper" d="M0-7 7 0 0 7-7 0Z">'
            "<title>{}</title></path></svg>"
        ).format(self.x(share), ROW // 2, words)

    def post(self, share: float, words: str) -> Markup:
        """An upright line at a value to be compared with."""
        return Markup(
            '<line class="post" x1="{x}" x2="{x}" y1="4" y2="{h}"><title>{t}</title></line>'
        ).format(x=self.x(share), h=ROW - 4, t=words)

    def link(self, one: float, other: float) -> Markup:
        """A dotted line between two values of a row."""
        return Markup('<line class="link" x1="{}" x2="{}" y1="{y}" y2="{y}"/>').format(
            self.x(one), self.x(other), y=ROW // 2
        )


def sign(
    *,
    scale_dot: bool = False,
    band: bool = False,
    diamond: bool = False,
    post: bool = False,
    person: bool = False,
) -> Markup:
    """Return the sign of one kind of mark for a legend, 22 by 16 pixels."""
    if band:
        return Markup('<rect class="band" width="22" height="12" y="2" rx="3"/>')
    if diamond:
        return Markup('<path class="paper" d="M8 1 15 8 8 15 1 8Z"/>')
    if person:
        return Markup('<circle class="dot person" cx="11" cy="8" r="4"/>')
    if post:
        return Markup('<line class="post" x1="8" x2="8" y1="0" y2="16"/>')
    return (
        Markup(
            '<g class="interval"><line x1="0" x2="22" y1="8" y2="8"/></g>'
            '<circle class="dot" cx="11" cy="8" r="5"/>'
        )
        if scale_dot
        else Markup()
    )
