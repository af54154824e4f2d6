"""The plots of the HTML report, as inline SVG that bends to any width.

Fed by a `study.report.summary.Summary`; drawn with `study.report.axis`; placed by
`study.report.page`. `markupsafe` escapes everything that comes from data. Only drawing happens
here: every number is also in a table beside its plot.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from markupsafe import Markup

from study.protocol.design import TRUTH
from study.report.axis import Plot, Row, Scale, sign
from study.report.layout import number, percent, percent_range
from study.report.roads import roads as other_roads
from study.report.summary import Summary
from study.statistics.behaviour import Block, PeopleSpread
from study.statistics.ratings import Rating
from study.statistics.stats import PAPER, Rate


def inks(names: Iterable[str]) -> dict[str, str]:
    """Name of the colour of each method, in the order given; the truth is drawn in grey."""
    fakes = [name for name in names if name != TRUTH]
    return {TRUTH: "truth", **{name: f"m{i % 6 + 1}" for i, name in enumerate(fakes)}}


def forest(rates: Sequence[Rate], level: float, title: str) -> Plot:
    """Rates with the headline and the naive interval, and the paper's values."""
    scale = Scale.up_to(
        [r.headline.high for r in rates]
        + [r.wilson.high for r in rates]
        + [r.paper or 0 for r in rates]
    )
    ink = inks(r.name for r in rates)
    rows = [
        Row(
            r.name if r.name != TRUTH else "truth (the real one)",
            f"{percent(r.rate)} ({percent_range(r.headline)})"
            + ("" if r.paper is None else f", paper {percent(r.paper, 2)}"),
            scale.svg(
                scale.band(r.wilson, f"{r.name}, Wilson, naive: {percent_range(r.wilson)}"),
                scale.interval(r.headline, f"{r.name}: {percent_range(r.headline)}"),
                scale.dot(r.rate, f"{r.name}: {percent(r.rate)} ({r.picked}/{r.trials})"),
                scale.diamond(r.paper, f"{PAPER}: {percent(r.paper, 2)}")
                if r.paper is not None
                else Markup(),
            ),
            ink[r.name],
        )
        for r in rates
    ]
    legend = [
        (sign(scale_dot=True), f"rate and {100 * level:g} % interval over people and pictures"),
        (sign(band=True), "Wilson, naive (too narrow)"),
    ]
    if any(r.paper is not None for r in rates):
        legend.append((sign(diamond=True), f"the paper's own study ({PAPER})"))
    return Plot(title, rows, scale.axis(), legend)


def indistinguishability(s: Summary) -> Plot:
    """Each method's rate and the rate at which it would be picked as often as the truth."""
    headline = {r.name: r.headline for r in s.rates.fool_rates}
    ends = [d.point for d in s.truth.distances] + [headline[d.name].high for d in s.truth.distances]
    scale = Scale.up_to(ends)
    ink = inks(r.name for r in s.rates.fool_rates)
    rows = [
        Row(
            d.name,
            f"{percent(d.rate)}, point {percent(d.point)}, gap {100 * d.distance:+.1f}",
            scale.svg(
                scale.link(d.rate, d.point),
                scale.interval(headline[d.name], percent_range(headline[d.name])),
                scale.dot(d.rate, f"{d.name}: {percent(d.rate)}"),
                scale.post(d.point, f"point of indistinguishability: {percent(d.point)}"),
            ),
            ink[d.name],
        )
        for d in s.truth.distances
    ]
    legend = [
        (sign(scale_dot=True), "fool rate with its interval"),
        (sign(post=True), "point of indistinguishability"),
    ]
    return Plot("How far from indistinguishable", rows, scale.axis(), legend)


def strengths(s: Summary) -> Plot:
    """Each method's share in a pair with the truth, by falling strength."""
    found, half = s.one_scale.scale.strengths, 0.5
    scale = Scale.up_to([half, *(each.pair_interval.high for each in found)])
    ink = inks(r.name for r in s.rates.fool_rates)
    rows = [
        Row(
            each.name,
            f"{percent(each.pair)} ({percent_range(each.pair_interval)})",
            scale.svg(
                scale.interval(
                    each.pair_interval, f"{each.name}: {percent_range(each.pair_interval)}"
                ),
                scale.dot(each.pair, f"{each.name}: {percent(each.pair)}"),
                scale.post(half, "picked as often as the truth: 50 %"),
            ),
            ink[each.name],
        )
        for each in found
    ]
    legend = [
        (sign(scale_dot=True), "share in a pair with the truth, with its interval"),
        (sign(post=True), "picked as often as the truth"),
    ]
    return Plot("On one scale", rows, scale.axis(), legend)


def roads(s: Summary) -> Plot:
    """The intervals of one rate made in different ways."""
    headline = {r.name: r.headline for r in s.rates.fool_rates}
    every = [
        (o, *road)
        for o in s.roads.sensitivity
        for road in (("headline", o.rate, headline[o.name]), *other_roads(o))
    ]
    scale = Scale.up_to([interval.high for *_, interval in every])
    ink = inks(r.name for r in s.rates.fool_rates)
    rows = [
        Row(
            f"{o.name}, {label}" if label == "headline" else label,
            percent_range(interval),
            scale.svg(
                scale.interval(interval, f"{o.name}, {label}: {percent_range(interval)}", 12),
                scale.dot(rate, f"{o.name}, {label}: {percent(rate)}", 4),
                height=24,
            ),
            ink[o.name],
            small=label != "headline",
        )
        for o, label, rate, interval in every
    ]
    return Plot("The same rates, computed in other ways", rows, scale.axis())


def classes(s: Summary) -> Plot:
    """Fool rates per class of picture, one line a method."""
    fakes = [r.name for r in s.rates.fool_rates if r.name != TRUTH]
    ink = inks(fakes)
    found = [(c, {r.name: r for r in c.rates}) for c in s.pictures.classes]
    scale = Scale.up_to(
        [r.headline.high for _, rates in found for r in rates.values() if r.name != TRUTH]
    )
    rows = []
    for of_class, rates in found:
        shown = [rates[name] for name in fakes if name in rates]
        marks = []
        for i, r in enumerate(shown):
            y = 12 + 14 * i
            mark = scale.interval(r.headline, f"{r.name}: {percent_range(r.headline)}", y)
            dot = scale.dot(r.rate, f"{r.name}: {percent(r.rate)} ({r.picked}/{r.trials})", 4, y)
            marks.append(Markup('<g class="{}">{}{}</g>').format(ink[r.name], mark, dot))
        value = ", ".join(f"{100 * r.rate:.0f}" for r in shown) + " %"
        drawing = scale.svg(*marks, height=14 * len(shown) + 10)
        rows.append(Row(of_class.label, value, drawing, small=True))
    legend = [
        (Markup('<g class="{}">{}</g>').format(ink[n], sign(scale_dot=True)), n) for n in fakes
    ]
    return Plot("Fool rate by class of picture", rows, scale.axis(), legend)


def slots(s: Summary) -> Plot:
    """How often each place on the screen was picked."""
    check = s.behaviour.slots
    scale = Scale.up_to([r.headline.high for r in check.slots] + [check.expected])
    rows = [
        Row(
            f"slot {r.name}",
            f"{percent(r.rate)} ({percent_range(r.headline)})",
            scale.svg(
                scale.post(
                    check.expected,
                    f"equal shares: {percent(check.expected)}",
                ),
                scale.interval(r.headline, percent_range(r.headline)),
                scale.dot(r.rate, f"slot {r.name}: {percent(r.rate)}"),
            ),
        )
        for r in check.slots
    ]
    return Plot(
        "Picks by place on the screen", rows, scale.axis(), [(sign(post=True), "equal shares")]
    )


def people(s: Summary) -> Plot:
    """Every participant's own rate: dots, or a histogram where they are many."""
    scale = Scale(1.0)
    ink = inks(p.name for p in s.behaviour.people)
    rows = [
        Row(
            p.name,
            f"median {percent(p.quantiles[2])}, SD {number(100 * p.sd, 1)} points",
            _dots(p, scale) if p.rates else _histogram(p, scale),
            ink[p.name],
        )
        for p in s.behaviour.people
    ]
    few = any(p.rates for p in s.behaviour.people)
    words = "each dot is one participant" if few else "participants, in steps of 5 points"
    mark = sign(person=True) if few else sign(band=True)
    return Plot("Participants' own rates", rows, scale.axis(), [(mark, words)])


def rating_bars(s: Summary, scale_name: str) -> Plot:
    """Shares of 1 to 5, side by side around the middle of the scale."""
    widest = max([side for r in s.ratings.ratings[scale_name] for side in _sides(r)] + [0.1])
    rows = [
        Row(
            r.name,
            f"mean {number(r.mean)} ({r.interval.low:.2f} to {r.interval.high:.2f})"
            if r.interval.defined
            else f"mean {number(r.mean)}",
            _stack(r, widest),
        )
        for r in s.ratings.ratings[scale_name]
    ]
    legend = [
        (Markup('<rect class="r{}" width="16" height="12" y="2"/>').format(i), str(i))
        for i in range(1, 6)
    ]
    return Plot(f"Ratings of {scale_name}, 1 (worst) to 5 (best)", rows, Markup(), legend)


def seconds(blocks: Sequence[Block]) -> Markup:
    """Median seconds with quartiles along the trials."""
    known = [b for b in blocks if not math.isnan(b.median_s)]
    if not known:
        return Markup()
    highest = max([b.third_quartile_s for b in known] + [0.1])
    step = 10 ** math.floor(math.log10(highest))
    top = math.ceil(highest / step) * step
    return _along(
        known,
        [b.median_s for b in known],
        [(b.first_quartile_s, b.third_quartile_s) for b in known],
        top,
        "{:.1f} s",
    )


def correct(blocks: Sequence[Block], chance: float) -> Markup:
    """Share of real pictures picked along the trials; `chance` is 1/m."""
    return _along(blocks, [b.correct for b in blocks], None, 1.0, "{:.0%}", chance)


def _dots(p: PeopleSpread, scale: Scale) -> Markup:
    """Dots that stack where rates are equal, over the box of the quartiles."""
    _, q1, median, q3, _ = p.quantiles
    stacks: dict[int, int] = {}
    marks = []
    for rate in p.rates:
        bin_ = round(rate * 50)
        stacks[bin_] = stacks.get(bin_, 0) + 1
        marks.append((rate, stacks[bin_]))
    tallest = max(stacks.values())
    step = min(9.0, 90 / tallest)
    height = int(step * tallest + 18)
    box = Markup('<rect class="box" x="{}" width="{}" y="3" height="{}"/>').format(
        scale.x(q1), f"{100 * (q3 - q1):.3f}%", height - 6
    )
    line = Markup('<line class="median" x1="{x}" x2="{x}" y1="3" y2="{y}"/>').format(
        x=scale.x(median), y=height - 3
    )
    dots = Markup("").join(
        Markup(
            '<circle class="dot person" cx="{}" cy="{:.1f}" r="4"><title>{}</title></circle>'
        ).format(scale.x(rate), height - 4 - step * level, percent(rate))
        for rate, level in marks
    )
    return scale.svg(box, line, dots, height=height)


def _histogram(p: PeopleSpread, scale: Scale) -> Markup:
    most = max(p.histogram)
    width = 100 / len(p.histogram)
    bars = Markup("").join(
        Markup(
            '<rect class="bar" x="{:.2f}%" width="{:.2f}%" y="{:.1f}" height="{:.1f}">'
            "<title>{} participants</title></rect>"
        ).format(i * width, width * 0.9, 56 - 50 * count / most, 50 * count / most, count)
        for i, count in enumerate(p.histogram)
    )
    return scale.svg(bars, height=58)


def _sides(r: Rating) -> tuple[float, float]:
    """How far a bar reaches to both sides of the middle of the scale, as shares."""
    below, above = sum(r.counts[:2]), sum(r.counts[3:])
    total, half = max(1, r.ratings), r.counts[2] / 2
    return (below + half) / total, (above + half) / total


def _stack(r: Rating, widest: float) -> Markup:
    """One bar of five parts; the middle of the scale stands in the middle of the plot."""
    marks = [Markup('<line class="middle" x1="50%" x2="50%" y1="0" y2="30"/>')]
    unit = 50 / widest  # percent of the width
    start = 50 - unit * _sides(r)[0]
    for point, count in enumerate(r.counts if r.ratings else (), start=1):
        share = count / r.ratings
        words = f"{r.name}: {point} in {percent(share)} of {r.ratings} ratings"
        marks.append(
            Markup(
                '<rect class="r{}" x="{:.3f}%" width="{:.3f}%" y="3" height="24">'
                "<title>{}</title></rect>"
            ).format(point, start, unit * share, words)
        )
        if share >= 0.08:
            marks.append(
                Markup('<text class="on r{}t" x="{:.3f}%" y="19">{:.0f}</text>').format(
                    point, start + unit * share / 2, 100 * share
                )
            )
        start += unit * share
    return Markup('<svg class="track" width="100%" height="30" aria-hidden="true">{}</svg>').format(
        Markup("").join(marks)
    )


def _along(
    blocks: Sequence[Block],
    values: Sequence[float],
    ranges: Sequence[tuple[float, float]] | None,
    top: float,
    form: str,
    level: float | None = None,
) -> Markup:
    """Values over blocks of trials: dots joined by lines, with ranges as upright lines."""
    height, left = 150, 9.0  # left: percent of the width, for the labels of the axis

    def x(i: int) -> float:
        return left + (100 - left - 3) * (i + 0.5) / len(blocks)

    def y(value: float) -> float:
        return 12 + (height - 12) * (1 - value / top)

    marks = []
    for share in (0.0, 0.5, 1.0):
        marks.append(
            Markup('<line class="grid" x1="{}%" x2="100%" y1="{y:.1f}" y2="{y:.1f}"/>').format(
                left, y=y(share * top)
            )
            + Markup('<text class="scale" x="{}%" y="{:.1f}">{}</text>').format(
                left - 1, y(share * top) + 4, form.format(share * top)
            )
        )
    if level is not None:
        marks.append(
            Markup('<line class="post" x1="{}%" x2="100%" y1="{y:.1f}" y2="{y:.1f}"/>').format(
                left, y=y(level)
            )
        )
    for i, block in enumerate(blocks):
        if ranges is not None:
            low, high = ranges[i]
            marks.append(
                Markup(
                    '<line class="range" x1="{x:.2f}%" x2="{x:.2f}%" y1="{:.1f}" y2="{:.1f}"/>'
                ).format(y(low), y(high), x=x(i))
            )
        if i:
            marks.append(
                Markup(
                    '<line class="join" x1="{:.2f}%" x2="{:.2f}%" y1="{:.1f}" y2="{:.1f}"/>'
                ).format(x(i - 1), x(i), y(values[i - 1]), y(values[i]))
            )
        words = f"trials {block.first} to {block.last}: {form.format(values[i])}"
        marks.append(
            Markup(
                '<circle class="dot" cx="{:.2f}%" cy="{:.1f}" r="4.5"><title>{}</title></circle>'
            ).format(x(i), y(values[i]), words)
        )
        marks.append(
            Markup('<text class="tick" x="{:.2f}%" y="{}">{}</text>').format(
                x(i), height + 18, block.last
            )
        )
    return Markup('<svg class="along" width="100%" height="{}" aria-hidden="true">{}</svg>').format(
        height + 24, Markup("").join(marks)
    )
