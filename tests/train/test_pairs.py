"""Pairs for a blinded look: the key is not in the picture, kinds are even, the count is right."""

import json

import numpy as np
import pytest

from train import pairs


def test_each_pair_is_shown_in_the_order_of_the_key(tmp_path):
    truth = [np.full((64, 64, 3), 40, np.uint8)] * 7
    made = [np.full((64, 64, 3), 200, np.uint8)] * 7
    assert pairs.write(truth, made, 5, tmp_path, {"weights": "x"}) == 2
    from PIL import Image

    key = json.loads((tmp_path / "key.json").read_text())
    assert set(key["truth"]) == {"A", "B"}
    for sheet, letters in ((1, key["truth"][:6]), (2, key["truth"][6:])):
        picture = np.asarray(Image.open(tmp_path / f"sheet-{sheet:02d}.png"))
        for number, letter in enumerate(letters):
            left = number % 3 * (2 * pairs.SIDE + 3 * pairs.GAP) + pairs.GAP
            top = number // 3 * (pairs.SIDE + 20 + pairs.GAP) + 20
            middle = picture[top + 128, [left + 128, left + pairs.SIDE + 2 + 128], 0]
            assert (middle[0] == 40) == (letter == "A")
            assert sorted(middle.tolist()) == [40, 200]


def test_kinds_come_evenly():
    kind = np.repeat([0, 1, 2], [100, 100, 4])
    which = pairs.choose(kind, 24, seed=2)
    assert len(set(which.tolist())) == 24
    assert np.bincount(kind[which]).tolist() == [10, 10, 4]
    assert not np.array_equal(which, pairs.choose(kind, 24, seed=3))


def test_answers_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="2 letters"):
        pairs.score("AB", {"truth": ["A"]})
    with pytest.raises(ValueError, match="each A or B"):
        pairs.score("AX", {"truth": ["A", "B"]})
    assert pairs.main(["--out", "nowhere"]) == 1
