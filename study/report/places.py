"""Whether places on the screen were picked for themselves, as reports of all kinds say it."""

from __future__ import annotations

import math
from collections.abc import Iterator

from study.report.layout import (
    Row,
    Section,
    count,
    equal,
    percent,
    percent_range,
    rate_rows,
    row,
)
from study.statistics.stats import SlotCheck


def places(check: SlotCheck) -> Section:
    """Return the section of the places, and where the truth stood if the trials show it."""
    tested = (
        "no test, as the participants are too few or all alike"
        if math.isnan(check.p)
        else f"p {equal(check.p)}"
    )
    truth = any(check.real_shown)
    return Section(
        "slots",
        "Places on the screen",
        f"If only the pictures matter, each place is picked in {percent(check.expected)} of "
        "the trials.",
        ("place", *(("truth shown",) if truth else ()), "picks", "share", "interval"),
        [
            [
                rate.name,
                *([str(shown)] if truth else []),
                f"{rate.picked}/{rate.trials}",
                percent(rate.rate),
                percent_range(rate.headline),
            ]
            for rate, shown in zip(check.slots, check.real_shown, strict=True)
        ],
        (
            f"Test of equal shares, over {count(check.participants, 'participant')} who may each "
            f"have favourite places (Hotelling's T²): {tested}. Naive, as if all answers were "
            f"independent: p {equal(check.chi2_p)}.",
        ),
    )


def place_rows(check: SlotCheck) -> Iterator[Row]:
    """List the shares of the places, and both tests."""
    yield from rate_rows("slots", check.slots)
    yield row("slots", "p", check.p, denominator=check.participants)
    yield row("slots", "p_naive", check.chi2_p)
