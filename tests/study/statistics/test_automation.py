"""Signs of automation: what people do is none, what programs do is one, each by its own rule."""

import numpy as np
import pandas as pd
import pytest

from study.database.frames import TRACED
from study.protocol.traces import COUNTS, checked
from study.statistics.automation import SIGNS, signs, words

TIMES = [900, 1700, 2600, 1100, 3900, 800, 1500, 2100, 700, 5000]


def one(times=TIMES, *, picked=True, paired=True, **counts):
    """Return the signs of a participant of ten picks, by mouse where nothing else is said."""
    of = {"n_answered": 10, "n_traced": 10, "n_mouse": 10, **counts}
    people = pd.DataFrame(
        [{"participant": "p", "agent_at": None, **dict.fromkeys(TRACED, 0), **of}]
    )
    trials = {"participant": "p", "trial": range(10), "kind": "scored", "picked": picked}
    answers = pd.DataFrame(trials).assign(response_ms=pd.array(times, dtype="Int64"))
    found = signs(
        people, pd.concat([answers, answers.assign(picked=False)] if paired else [answers])
    )
    return {name for name in SIGNS if found.loc["p", name]}


def test_people_show_no_sign():
    assert one() == set()
    assert one(n_mouse=0, n_keys=10) == set()
    assert one(n_mouse=0, n_touch=10, n_pathless=0) == set()
    assert one(n_pathless=10) == set()  # a reader of the screen puts the mouse in its place
    assert one(times=[None] * 10) == set()
    assert one(times=[9000 + time // 4 for time in TIMES]) == set()  # on a slow computer


@pytest.mark.parametrize(
    ("sign", "change"),
    [
        ("told", {"agent_at": pd.Timestamp("2026-03-01", tz="UTC")}),
        ("webdriver", {"n_webdriver": 1}),
        ("untrusted", {"n_untrusted": 1}),
        ("trap", {"n_trap": 1}),
        ("pageless", {"n_traced": 9}),
        ("fast", {"times": [*[390] * 5, *TIMES[:5]]}),
        ("fast", {"n_early": 5}),
        ("regular", {"times": [1000, 1100, 1050, 950, 1000, 980, 1020, 1000, 1080, 990]}),
        ("pointer", {"n_pathless": 8, "times": [1000, 1300, 800, 1200] * 2 + [1000, 1000]}),
        ("straight", {"n_straight": 8}),
    ],
)
def test_each_sign_by_its_own_rule(sign, change):
    assert one(**change) == {sign}


def test_times_count_where_a_single_picture_was_called_fake():
    assert one(times=[300] * 10, picked=False, paired=False) == {"fast", "regular"}


def test_every_sign_has_words_without_braces():
    assert all("{" not in words(name) for name in SIGNS)


def test_a_trace_is_checked():
    good = {"by": "keys", "trusted": True, "webdriver": False, **dict.fromkeys(COUNTS, 1.4)}
    assert checked(good) == {**good, **dict.fromkeys(COUNTS, 1)}
    assert checked({**good, "press_ms": None})["press_ms"] is None
    assert checked({**good, "moves": 1e300})["moves"] == 1_000_000
    for wrong in (
        {"by": "x"}, {"by": ["keys"]}, {"trusted": 1}, {"webdriver": None}, {"moves": -1},
        {"moves": np.nan}, {"moves": "1"}, {"trap": None}, {"path_px": True},
    ):  # fmt: skip
        assert checked({**good, **wrong}) is None
    assert checked(None) is None
    assert checked([]) is None
