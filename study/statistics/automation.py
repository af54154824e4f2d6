"""Signs that a program answered in a person's place, by participant. Evidence, and no verdict.

Fed by the data frames of `study.database.frames`: counts of how the picks were made
(`study.protocol.traces`) and times. Each sign is something that people hardly do; people who use
keys only, a touch screen or a reader of the screen do none of them, so nothing is asked of a path
where there is no mouse, and a mouse that is put in its place by a program, as readers of the screen
do for their users, is a sign only where the times are a program's, too.
tests/browser/test_signs.py measures false alarms and catches; docs/study-protocol.md has the
table.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from study.protocol.design import SCORED

SIGNS = {
    "told": "says to be a program",
    "webdriver": "the browser says that a program drives it (navigator.webdriver)",
    "untrusted": "picks by events that no device made (isTrusted)",
    "trap": "touched the button that nobody can see, hear or reach",
    "pageless": "picks that did not come from the page",
    "fast": "half of the picks within {fast} ms, or tried within the first quarter of a second",
    "regular": "times to the pick hardly differ (SD below {regular} % of the mean and {still} ms)",
    "pointer": (
        "mouse without a path and let go at once, at even times (SD below {even} % and {calm} ms)"
    ),
    "straight": "mouse on straight lines",
}
FAST_MS = 400  # three pictures take three looks of a fifth of a second
# SD of the times, of their mean and in ms: both, because a slow computer adds to all times alike.
REGULAR, REGULAR_MS = 0.10, 150
EVEN, EVEN_MS = 0.25, 300
FEWEST = 8  # picks, to speak of any habit
HABIT = 0.8


def words(sign: str) -> str:
    """Return what a sign means."""
    return SIGNS[sign].format(
        fast=FAST_MS,
        regular=round(100 * REGULAR),
        still=REGULAR_MS,
        even=round(100 * EVEN),
        calm=EVEN_MS,
    )


def signs(participants: pd.DataFrame, answers: pd.DataFrame) -> pd.DataFrame:
    """Return who shows which sign.

    Parameters
    ----------
    participants, answers : DataFrame
        From `study.database.frames`, of a study that keeps traces; answers of every kind.

    Returns
    -------
    DataFrame
        One row a participant, in their order and under their name, one column of truth values a
        sign of `SIGNS`.
    """
    people = participants.set_index("participant")
    count = {
        name: people[name].fillna(0).astype(np.int64)
        for name in people
        if str(name).startswith("n_")
    }
    rows = answers[answers["kind"] == SCORED].drop_duplicates("trial")
    times = rows["response_ms"].astype("Float64").astype(np.float64).groupby(rows["participant"])
    timed = times.count().reindex(people.index, fill_value=0) >= FEWEST
    sd, mean = times.std().reindex(people.index), times.mean().reindex(people.index)
    regular = timed & (sd < REGULAR * mean) & (sd < REGULAR_MS)
    even = (sd < EVEN * mean) & (sd < EVEN_MS)
    quick = (rows["response_ms"] < FAST_MS).fillna(False).astype(bool)
    hurried = quick.groupby(rows["participant"]).mean().reindex(people.index, fill_value=0.0)
    often = count["n_mouse"] >= FEWEST
    early = (count["n_traced"] >= FEWEST) & (count["n_early"] >= count["n_traced"] / 2)
    return pd.DataFrame(
        {
            "told": people["agent_at"].notna(),
            "webdriver": count["n_webdriver"] > 0,
            "untrusted": count["n_untrusted"] > 0,
            "trap": count["n_trap"] > 0,
            "pageless": count["n_answered"] > count["n_traced"],
            "fast": (timed & (hurried >= 0.5)) | early,
            "regular": regular,
            "pointer": often & (count["n_pathless"] >= HABIT * count["n_mouse"]) & even,
            "straight": often & (count["n_straight"] >= HABIT * count["n_mouse"]),
        }
    ).astype(bool)
