"""The page about the photographs' colorizer: its figures against hand-made ones, its files."""

import itertools
import json
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import colorizers
from colorizers.networks import checkpoint, photo
from train import photo_page, photo_results, photos


class Painter:
    """Gives the same ab to every pixel of a photograph of any shape."""

    name = "photo"

    def __init__(self, ab):
        self.card = {"hours": 1.0, "data": "none", "weights": {"sha256": "0"}}
        self.shape = lambda height, width: (32, 32)
        self._answer = np.broadcast_to(np.float32(ab), (1, 32, 32, 2))

    def predict_ab(self, L, **options):
        assert L.shape == (1, 32, 32)
        return self._answer


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Few factors, small sizes, and for features the mean colour: the real ones take minutes."""
    monkeypatch.setattr(photo_results, "FACTORS", (0.6, 1.0, 1.4))
    monkeypatch.setattr(photo_results, "SIDES", (60, 120, 240))
    monkeypatch.setattr(photo_results, "LEAST", 10)
    # Its photographs are of one colour each, and a plain grey stays as it is.
    monkeypatch.setattr("colorizers.painting.neutral.PLAIN", (-2.0, -1.0))
    monkeypatch.setattr(photo_page, "LEVELS", ("3", "4"))
    monkeypatch.setattr(
        photo_results, "_features", lambda all: {"3": np.stack([p.mean((0, 1)) for p in all])}
    )


def flat(rgb, side=64):
    return np.full((side, side, 3), rgb, np.uint8)


class TestJudge:
    # Lab of sRGB (150, 100, 60) is about (46.1, 15.3, 30.0).
    truth = (flat((150, 100, 60)), flat((150, 100, 60)), flat((152, 101, 61)))

    def test_the_right_colour_wins_at_factor_1_and_the_wrong_one_loses(self):
        good = photo_results.judge(Painter((15.3, 30.0)), "set", self.truth).rows
        bad = photo_results.judge(Painter((-15.3, -30.0)), "set", self.truth).rows
        best = max(good[1:], key=lambda row: row["gain"])
        assert best["factor"] == 1.0
        assert best["gain"] > 15
        assert best["ciede2000"] < 1.5
        assert all(row["gain"] < 0 for row in bad[1:])
        low, high = best["gain_ci95"]
        assert low <= best["gain"] <= high

    def test_the_verdict_says_what_the_figures_say(self):
        row = {"set": "set", "n": 559, "factor": 1.0, "gain": 1.8, "colourfulness_ratio": 0.69}
        distances = {"frechet_lite0_40_of_grey": 0.5, "frechet_lite0_112_of_grey": 0.6}
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(photo_page, "LEVELS", ("40", "112"))
            said = photo_page.verdict([row | {"factor": 0.6}, row | distances])
        assert said.splitlines()[0] == (
            "As shipped, set: +1.80 dB is reached; 69% of the colourfulness is outside; the "
            "distance on 40 features, 50%, is reached."
        )  # 559 photographs are too few for 112 features

    def test_the_line_between_the_factors_is_asked_for_both_targets(self):
        def line(*points: tuple[float, float]) -> str:
            return photo_page.frontier(
                [{"colourfulness_ratio": ratio, "gain": gain} for ratio, gain in points]
            )

        grey = (0.0, 0.0)
        assert line(grey, (0.6, 2.4), (0.9, 0.9)).startswith(
            "Both are reached by factors that give 70% to 72% of the colourfulness."
        )
        assert line(grey, (0.65, 1.85), (0.85, 1.45), (1.0, 1.7)).endswith("+1.75 dB at 70%.")
        assert line(grey, (0.65, 1.7), (0.85, 1.5), (1.2, 1.7)).endswith("+1.65 dB at 70%.")
        assert "No factor gives 70%" in line(grey, (0.5, 3.0))

    def test_the_photographs_of_all_trainings_are_named_once(self):
        first = {"data": "cats", "start": {"name": "ImageNet"}}
        card = {"data": "dogs", "start": {"data": "cats", "start": first}}
        assert photo_page._seen(card) == "dogs; before that cats"

    def test_gain_by_source_and_with_a_known_factor(self):
        warm, cold = flat((150, 100, 60)), flat((60, 100, 150))
        painter = Painter((15.3, 30.0))
        rows = photo_results.judge(painter, "set", [warm, warm, cold], ["a.tar", "a.tar", "b"]).rows
        shipped = next(row for row in rows if row["factor"] == 1.0)
        of = shipped["by_source"]
        assert [(name, of[name]["n"], of[name]["better"]) for name in of] == [
            ("a", 2, 1.0), ("b", 1, 0.0)
        ]  # fmt: skip
        assert (2 * of["a"]["gain"] + of["b"]["gain"]) / 3 == pytest.approx(shipped["gain"])
        # Who knows the truth leaves the cold one grey: its share of the gain is then 0.
        assert shipped["gain_known_factor"] == pytest.approx(2 * of["a"]["gain"] / 3)
        assert "by_source" not in rows[0]

    def test_gain_by_how_colourful_the_truth_is(self):
        """Nine photographs of one hue, paler and paler; the painter takes all for the same."""
        truth = [flat((100 + n, 100, 100 - n)) for n in (40, 5, 10, 15, 20, 25, 30, 35, 0)]
        painter = Painter((10.0, 20.0))
        rows = photo_results.judge(painter, "set", truth, ["a"] * 9).rows
        parts = next(row for row in rows if row["factor"] == 1.0)["by_colour"]
        assert [part["n"] for part in parts] == [2, 2, 2, 1, 1, 1]
        assert parts[0]["least"] < 0.01  # the grey one, which stands last
        limits = [(part["least"], part["most"]) for part in parts]
        assert all(low <= high for low, high in limits)
        assert all(a[1] < b[0] for a, b in itertools.pairwise(limits))
        assert parts[0]["gain"] < 0 < parts[-1]["gain"]
        assert (parts[0]["better"], parts[-1]["better"]) == (0.0, 1.0)
        assert np.ptp([part["ours"] for part in parts]) < 2

    def test_grey_stands_first_and_has_no_gain(self):
        grey = photo_results.judge(Painter((15.3, 30.0)), "set", self.truth).rows[0]
        assert (grey["method"], grey["factor"]) == ("grey", 0.0)
        assert "gain" not in grey


def test_colours_that_do_not_depend_on_size_differ_by_nothing():
    y, x = np.mgrid[0:90, 0:120]
    rgb = np.stack([x, y, 200 - x], axis=-1).astype(np.uint8)
    assert photo_results.across_sizes(Painter((10.0, 20.0)), rgb) < 1.0


def test_everything_is_written_and_the_page_says_what_the_figures_say(tmp_path):
    rng = np.random.default_rng(0)
    held_out = rng.integers(0, 256, (50, 64, 64, 3), np.uint8)
    rows, sizes = photo_results.publish(Painter((5.0, 10.0)), held_out, tmp_path)
    (tmp_path / "photo.json").write_text('{"name": "photo"}')
    photo_results.write_card(rows, sizes, tmp_path)
    card = json.loads((tmp_path / "photo.json").read_text())
    assert card["metrics"]["held out"]["factor"] == 1.0
    lines = (tmp_path / "photo" / "evaluation.jsonl").read_text().splitlines()
    written = [json.loads(line) for line in lines]
    assert [row["set"] for row in written] == [row["set"] for row in rows] + ["sizes"]
    page = (tmp_path / "photo.md").read_text()
    for row in rows:
        assert f"| {row['psnr_mean']:.2f} |" in page
    with Image.open(tmp_path / "photo" / "sheet.jpg") as sheet:
        assert sheet.size == (12 * 64, 4 * 3 * 64 + 3 * 8)  # 48 pictures in four blocks
    assert (tmp_path / "photo" / "frontier.png").stat().st_size > 10_000


class TestVividness:
    truth = (flat((150, 100, 60)), flat((120, 110, 90)))

    @pytest.mark.parametrize("share", [0.5, 0.8])
    def test_the_factor_gives_the_share_of_the_colourfulness(self, share):
        painter = Painter((15.3, 30.0))
        factor = photo_results.fit_vividness(painter, self.truth, share)
        painter._answer = painter._answer * np.float32(factor)
        row = next(
            r for r in photo_results.judge(painter, "s", self.truth).rows if r["factor"] == 1
        )
        assert row["colourfulness_ratio"] == pytest.approx(share, abs=0.03)

    def test_grey_cannot_be_made_vivid(self):
        with pytest.raises(photo_results.DataError, match="not reached with ab times 4"):
            photo_results.fit_vividness(Painter((0, 0)), self.truth, 0.7)

    @pytest.mark.slow
    def test_the_card_keeps_it_and_the_network_obeys(self, tmp_path, monkeypatch):
        torch.manual_seed(0)
        network = photo.PhotoNet("resnet10t", (16, 16, 8, 8))
        card = {"name": "photo", "title": "Photographs", "hours": 1.0, "data": "none",
                "network": {"encoder": "resnet10t", "widths": [16, 16, 8, 8]}}  # fmt: skip
        checkpoint.save("photo", network, card, folder=tmp_path)
        group = photos.Group(photos._to_lab_8([flat((150, 100, 60), 128)] * 3))
        given = photos.Photographs([group], np.stack(self.truth), {}, 0, ("a", "b"))
        monkeypatch.setattr(photo_results.photos, "load", lambda paths: given)
        monkeypatch.setattr(
            photo_results, "fit_vividness", lambda colorizer, truth, share: 1.5**0.5
        )
        L = np.full((1, 160, 160), 50, np.float32)
        before = photo_results.load_run(tmp_path).predict_ab(L)
        argv = ["--photos", "x", "--run", str(tmp_path), "--out", str(tmp_path / "out")]
        assert photo_results.main([*argv, "--vividness", "3"]) == 1
        assert photo_results.main([*argv, "--vividness", "0.7"]) == 0
        assert checkpoint.read_card("photo", folder=tmp_path)["network"]["vividness"] == 1.22
        # Other methods' weights may lie beside them, as among the committed ones.
        (tmp_path / "classification.json").write_text('{"weights": {}}')
        after = photo_results._more_vivid(Painter((5, 5)), given, 0.7, tmp_path)
        assert after.name == "photo"
        answer = after.predict_ab(L)
        np.testing.assert_allclose(answer, 1.49 * before, rtol=0.02, atol=0.05)


@pytest.mark.slow
def test_the_page_names_a_critic_that_is_kin_to_the_ruler(tmp_path):
    held_out = np.random.default_rng(0).integers(0, 256, (12, 64, 64, 3), np.uint8)
    painter = Painter((5.0, 10.0))
    for critic, named in (("patches", False), ("features", True)):
        painter.card["settings"] = {"critic": critic}
        photo_results.publish(painter, held_out, tmp_path)
        assert ("EfficientNet-Lite1" in (tmp_path / "photo.md").read_text()) is named


def test_vividness_is_chosen_on_photographs_of_every_source(tmp_path, monkeypatch):
    """They lie one source after another, and garments are paler than skies."""
    brown, blue = flat((150, 100, 60)), flat((60, 100, 150))
    group = photos.Group(photos._to_lab_8([brown] * 700 + [blue] * 700))
    given = photos.Photographs([group], np.stack([brown]), {}, 0, ("a",))
    seen: Any = []
    monkeypatch.setattr(
        photo_results, "fit_vividness", lambda colorizer, truth, share: seen.extend(truth) or 1.0
    )
    monkeypatch.setattr(photo_results, "load", lambda name, folder: None)
    (tmp_path / "photo.json").write_text('{"network": {}}')
    photo_results._more_vivid(Painter((5, 5)), given, 0.75, tmp_path)
    assert len(seen) == photos.HELD_OUT
    assert 0.4 < np.mean([rgb[..., 2].mean() > 100 for rgb in seen]) < 0.6


def test_other_trainings_get_rows_and_a_table_but_not_the_card(tmp_path):
    held_out = np.random.default_rng(0).integers(0, 256, (12, 64, 64, 3), np.uint8)
    other = Painter((0.0, 0.0))
    other.card = {
        "hours": 2.0, "start": {"hours": 1.5}, "command": "train it", "weights": {"sha256": "1"}
    }  # fmt: skip
    rows, sizes = photo_results.publish(Painter((5.0, 10.0)), held_out, tmp_path, {"wide": other})
    theirs = [row for row in rows if row.get("run") == "wide"]
    assert [row["factor"] for row in theirs] == [0.6, 1.0, 1.4]
    assert {(row["gain"], row["weights"], row["set"]) for row in theirs} == {(0.0, "1", "held out")}
    assert "| wide: `train it` | 3.5 | +0.00 dB | 0% |" in (tmp_path / "photo.md").read_text()
    (tmp_path / "photo.json").write_text('{"name": "photo"}')
    photo_results.write_card(rows, sizes, tmp_path)
    card = json.loads((tmp_path / "photo.json").read_text())
    assert card["metrics"]["held out"]["weights"] == "0"


def test_what_was_measured_outlives_its_weights(tmp_path):
    held_out = np.random.default_rng(0).integers(0, 256, (12, 64, 64, 3), np.uint8)
    other = Painter((0.0, 0.0))
    other.card = {"hours": 2.0, "command": "train it", "weights": {"sha256": "1"}}
    first, _ = photo_results.publish(Painter((5.0, 10.0)), held_out, tmp_path, {"wide": other})
    again, _ = photo_results.publish(Painter((5.0, 12.0)), held_out, tmp_path)
    mine = [row for row in again if row.get("run") == "wide"]
    assert [row["gain"] for row in mine] == [row["gain"] for row in first if "run" in row]
    assert "| wide: `train it` | 2.0 |" in (tmp_path / "photo.md").read_text()
    # Of other photographs it says nothing.
    file = tmp_path / "photo" / "evaluation.jsonl"
    assert len(photo_results.earlier(file, again[0])) == len(mine)
    assert photo_results.earlier(file, again[0] | {"psnr_mean": again[0]["psnr_mean"] + 0.1}) == []
    rounded = again[0] | {"psnr_mean": again[0]["psnr_mean"] + 1e-5}  # L by another table
    assert len(photo_results.earlier(file, rounded)) == len(mine)
    assert photo_results.earlier(file, again[0] | {"n": 13}) == []
    assert photo_results.earlier(tmp_path / "nothing.jsonl", again[0]) == []


class TestPublished:
    """docs/photo.md is of the committed weights."""

    @pytest.fixture
    def rows(self):
        file = photo_results.ROOT / "docs" / "photo" / "evaluation.jsonl"
        return [json.loads(line) for line in file.read_text().splitlines()]

    def test_the_figures_are_of_these_weights_and_in_their_card(self, rows):
        card = checkpoint.read_card("photo")
        for row in (row for row in rows if "run" not in row):
            assert row["weights"] == card["weights"]["sha256"]
            if row.get("factor") == 1.0:
                kept = card["metrics"][row["set"]]
                assert kept == {key: row[key] for key in kept}

    def test_the_page_shows_them(self, rows):
        page = (photo_results.ROOT / "docs/photo.md").read_text()
        for row in (row for row in rows[:-1] if "run" not in row):
            assert f"| {row['psnr_mean']:.2f} |" in page

    def test_photographs_are_closer_to_the_truth_than_grey_and_have_colour(self, rows):
        shipped = next(r for r in rows if (r["set"], r.get("factor")) == ("held out", 1.0))
        assert shipped["n"] == 600
        assert shipped["gain_ci95"][0] > 0.5
        assert shipped["colourfulness_ratio"] > 0.5

    @pytest.mark.slow
    def test_the_weights_give_the_colours_that_were_published(self, rows):
        rgb = photo_results.others()["coffee"]
        published = rows[-1]["ciede2000"]["coffee"]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(photo_results, "SIDES", (300, 1000, 4000))
            again = photo_results.across_sizes(colorizers.load("photo"), rgb)
        assert again == pytest.approx(published, abs=0.3)
        assert again < 3.0
