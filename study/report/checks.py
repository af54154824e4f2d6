"""Sections of the report that hold the headline to account: tests, other roads, behaviour.

Fed by a `study.statistics.summary.Summary`, in the order of `study.report.sections`. Only words and
rounding.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from study.protocol.design import TRUTH
from study.report.layout import (
    Section,
    number,
    p_value,
    percent,
    percent_range,
    points_range,
    signed,
)
from study.statistics.comparisons import RatingDifference
from study.statistics.summary import Summary


def tests(s: Summary) -> Iterator[Section]:
    """Each method against the truth, and methods against one another."""
    if s.against_truth:
        margin = f"{100 * s.against_truth[0].margin:g}"
        yield Section(
            "tests",
            "Tests against the truth",
            "Is a method's gap to its point of indistinguishability 0? Sign flips of the "
            "participants' gaps, corrected by Holm for the number of methods. d: mean gap over "
            "its standard deviation between participants.",
            ("method", "gap", "d", "p", "p (Holm)", "p (naive)", f"within ±{margin}: p"),
            [
                [
                    t.name,
                    signed(100 * t.gap, 1),
                    signed(t.effect_size),
                    p_value(t.p),
                    p_value(t.p_holm),
                    p_value(t.p_naive),
                    p_value(t.p_equivalent),
                ]
                for t in s.against_truth
            ],
            (
                "A large p does not show that people cannot tell. The last column asks for that: "
                f"two one-sided tests of a gap within {margin} points; small means "
                "indistinguishable. Naive: binomial, as if answers were independent.",
            ),
        )
    if s.differences:
        yield Section(
            "differences",
            "Method against method",
            "Differences of fool rates in percentage points, two-way interval; permutation test "
            "on the participants' rates.",
            ("methods", "difference", "interval", "d", "p", "p (Holm)"),
            [
                [
                    f"{t.name} − {t.other}",
                    signed(100 * t.difference, 1),
                    points_range(t.interval),
                    signed(t.effect_size),
                    p_value(t.p),
                    p_value(t.p_holm),
                ]
                for t in s.differences
            ],
        )


def other_roads(s: Summary) -> Iterator[Section]:
    """The rates' intervals made in other ways, and the variance components."""
    if not s.sensitivity:
        return
    rates = {rate.name: rate for rate in s.fool_rates}
    rows = []
    for o in s.sensitivity:
        rows += [
            [f"{o.name}, headline", percent(o.rate), percent_range(rates[o.name].headline)],
            ["  crossed bootstrap", percent(o.rate), percent_range(o.bootstrap)],
            ["  GEE by participant", percent(o.rate), percent_range(o.marginal)],
            [
                "  mixed model",
                percent(o.components.rate),
                percent_range(o.components.interval),
            ],
            ["  Jeffreys (naive)", percent(o.rate), percent_range(o.jeffreys)],
        ]
    draws = s.sensitivity[0].draws
    part = max(o.models_on for o in s.sensitivity)
    subset = part < s.answers.analysed
    yield Section(
        "roads",
        "By other roads",
        "Does the conclusion hang on how the interval is made? The bootstrap draws participants "
        "and pictures anew and is rather too wide, the GEE knows participants only, Jeffreys "
        "takes all answers as independent.",
        ("method, road", "rate", "interval"),
        rows,
        (
            f"Bootstrap: {draws} draws, percentiles. GEE: bias-reduced sandwich, logit. Mixed "
            "model: logit with crossed normal effects, variational Bayes, marginal rate"
            + (
                f"; both models on {part} answers of participants drawn at random."
                if subset
                else "."
            ),
        ),
    )
    yield Section(
        "components",
        "Variance components",
        "How much people and pictures differ: standard deviations on the log odds of the mixed "
        "model, and the people's part of both variances. Where a picture is seen by few people, "
        "the pictures' part leans on the model's prior.",
        ("method", "people SD", "pictures SD", "people's part"),
        [
            [
                o.name,
                number(o.components.participant_sd),
                number(o.components.picture_sd),
                percent(o.components.person_share, 0),
            ]
            for o in s.sensitivity
        ],
        tuple(
            f"{o.name}: no components, because {o.components.interval.note}."
            for o in s.sensitivity
            if o.components.interval.note
        ),
    )


def rating_tests(s: Summary) -> Iterator[Section]:
    """Differences of ratings, a section a scale."""
    for scale, differences in s.rating_differences.items():
        if any(t.participants for t in differences):
            yield Section(
                f"ratings-{scale}",
                f"Ratings compared: {scale}",
                "Differences of the participants' mean ratings; Wilcoxon's signed ranks, "
                "corrected by Holm. r: rank correlation, 1 where everybody agrees.",
                ("methods", "difference", "interval", "r", "p", "p (Holm)"),
                [_rating_row(t) for t in differences],
            )


def _rating_row(t: RatingDifference) -> list[str]:
    return [
        f"{t.name} − {t.other}",
        signed(t.difference),
        f"{t.interval.low:+.2f} to {t.interval.high:+.2f}" if t.interval.defined else "–",
        signed(t.rank_correlation),
        p_value(t.p),
        p_value(t.p_holm),
    ]


def pictures(s: Summary) -> Section:
    """The most and the least fooling pictures of each method."""
    rows = [
        [f"{end}, {p.name}", p.picture, p.label or "–", f"{p.picked}/{p.trials}", number(p.realism)]
        for of_method in s.extremes
        for end, p in chain(
            (("most", p) for p in of_method.most), (("least", p) for p in of_method.least)
        )
    ]
    return Section(
        "pictures",
        "Most and least fooling pictures",
        "Ordered by (picks + ½)/(trials + 1), ties by the mean rating of realism. Few people saw "
        "each: a description of this study, no estimate for a picture.",
        ("end, method", "picture", "class", "picks", "realism"),
        rows,
        ("All pictures are in the formats csv and json.",),
    )


def people(s: Summary) -> Section:
    """How participants' own rates spread."""
    return Section(
        "people",
        "Participants' own rates",
        "Percent of a participant's trials in which a picture was picked: extremes, quartiles "
        "and standard deviation (SD) over participants, beside the SD that chance alone gives "
        "people who are all alike.",
        ("picked", "lowest", "quarter", "median", "quarter", "highest", "SD", "by chance"),
        [
            [
                p.name,
                *(number(100 * q, 1) for q in p.quantiles),
                number(100 * p.sd, 1),
                number(100 * p.expected_sd, 1),
            ]
            for p in s.people
        ],
    )


def over_time(s: Summary) -> Section:
    """Learning and fatigue along the trials."""
    found = {trend.name: trend for trend in s.trends}
    seconds, correct = found["seconds"], found["correct"]
    interval = seconds.interval
    return Section(
        "time",
        "Along the trials",
        "Picks of the real picture and seconds to the pick, as the participants went along.",
        ("trials", "answers", "real picked", "seconds, median", "quartiles"),
        [
            [
                f"{b.first}" if b.first == b.last else f"{b.first} to {b.last}",
                str(b.answers),
                percent(b.correct),
                number(b.median_s, 1),
                "–"
                if b.median_s != b.median_s
                else f"{b.first_quartile_s:.1f} to {b.third_quartile_s:.1f}",
            ]
            for b in s.blocks
        ],
        (
            "A ten trials, mean of the participants' slopes: real picked "
            f"{signed(100 * correct.per_ten_trials, 1)} points "
            f"(interval {points_range(correct.interval)}); seconds "
            f"{signed(100 * seconds.per_ten_trials, 1)} % "
            f"(interval {points_range(interval)}).",
        ),
    )


def time_and_attention(s: Summary) -> Section:
    """Times of answers, catch trials and repeats."""
    rows = []
    if s.times is not None:
        t = s.times
        rows += [
            ["seconds to the pick, median", number(t.median_s, 1)],
            ["  quartiles", f"{t.first_quartile_s:.1f} to {t.third_quartile_s:.1f}"],
            ["  first half of the trials, median", number(t.early_median_s, 1)],
            ["  second half of the trials, median", number(t.late_median_s, 1)],
        ]
        rows += [
            [
                "  where the truth was picked, median"
                if pick.name == TRUTH
                else f"  where {pick.name} was picked, median",
                number(pick.median_s, 1),
            ]
            for pick in s.times_by_pick
        ]
    a = s.attention
    if a.catch_trials:
        rows.append(["catch trials passed", f"{a.catch_passed}/{a.catch_trials}"])
    if a.repeat_trials:
        rows.append(["repeated trials with the same pick", f"{a.repeats_equal}/{a.repeat_trials}"])
    rows = rows or [["response times", "none recorded"]]
    return Section("attention", "Time and attention", columns=("", "value"), rows=rows)
