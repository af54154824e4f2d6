"""Pairs for a blinded look: the key is not in the picture, kinds are even, the count is right."""

import json

import numpy as np
import pytest

from train import data, pairs


def test_each_pair_is_shown_in_the_order_of_the_key(tmp_path):
    truth = [np.full((64, 64, 3), 40, np.uint8)] * 7
    made = [np.full((64, 64, 3), 200, np.uint8)] * 7
    drawn = pairs.Drawn(truth, made, ["photo"] * 7, {"weights": "x"})
    assert pairs.write(drawn, 5, tmp_path) == 2
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


class Dyer:
    """Paints everything in one colour."""

    def __init__(self, name, a):
        self.name, self.a, self.card = name, a, {"weights": {"sha256": name * 2}}

    def predict_ab(self, L):
        return np.broadcast_to(np.float32([self.a, 0]), (*L.shape, 2))


def test_methods_are_mixed_and_none_gets_anothers_picture(tmp_path):
    rgb_u8 = np.random.default_rng(0).integers(0, 256, (50, 32, 32, 3), np.uint8)
    drawn = pairs.of_cifar10([Dyer("red", 60), Dyer("green", -60)], rgb_u8, 20, seed=1)
    assert len(set(drawn.about["pictures"])) == 40
    assert sorted(drawn.method) == ["green"] * 20 + ["red"] * 20
    assert drawn.method[:20] != ["red"] * 20
    for truth, made, method, picture in zip(
        drawn.truth, drawn.made, drawn.method, drawn.about["pictures"], strict=True
    ):
        assert np.abs(truth.astype(int) - rgb_u8[picture]).max() <= 1
        redder = made[..., 0].mean() > made[..., 1].mean()
        assert redder == (method == "red")
    assert pairs.write(drawn, 3, tmp_path, pairs.SMALL) == 2
    key = json.loads((tmp_path / "key.json").read_text())
    answers = "".join(
        real if method == "red" else "AB"["BA".index(real)]
        for real, method in zip(key["truth"], key["method"], strict=True)
    )
    found = pairs.score(answers, key)
    assert (found["fooled"], found["n"]) == (20, 40)
    assert found["methods"]["red"]["rate"] == 0
    assert found["methods"]["green"]["rate"] == 1
    assert found["methods"]["red"]["rate_ci95"][1] == pytest.approx(0.1611, abs=1e-4)
    with pytest.raises(ValueError, match="from 1 to 25"):
        pairs.of_cifar10([Dyer("red", 60), Dyer("green", -60)], rgb_u8, 26, seed=1)


def test_a_setting_is_looked_at_on_pictures_that_no_result_is_of(tmp_path, monkeypatch):
    asked = []

    def load(part):
        asked.append(part)
        pictures = np.random.default_rng(0).integers(0, 256, (8, 32, 32, 3), np.uint8)
        return data.Pictures(pictures, np.zeros(8, np.uint8), np.arange(8))

    monkeypatch.setattr(pairs.data, "load", load)
    monkeypatch.setattr(pairs, "load_run", lambda folder: Dyer("red", 60))
    argv = ["--cifar10", "--run", "runs/try", "--count", "4", "--out", str(tmp_path)]
    assert pairs.main([*argv, "--split", "validation"]) == 0
    assert pairs.main(argv) == 0
    assert asked == ["validation", "test"]


def test_answers_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="2 letters"):
        pairs.score("AB", {"truth": ["A"]})
    with pytest.raises(ValueError, match="each A or B"):
        pairs.score("AX", {"truth": ["A", "B"]})
    assert pairs.main(["--out", "nowhere"]) == 1
