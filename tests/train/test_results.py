"""The published results: files agree with each other, and each part computes what it says."""

import dataclasses
import json
import types
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import norm

import colorizers
from colorizers.color import rgb_to_lab
from train import compare, data, evaluate, frontier, gallery, page, results

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "results"


def committed(name):
    return [json.loads(line) for line in (FOLDER / f"{name}.jsonl").read_text().splitlines()]


class TestCommitted:
    """What `python -m train.results` wrote last."""

    @pytest.fixture
    def rows(self):
        return committed("evaluation")

    def test_readme_shows_the_table(self, rows):
        short = evaluate.table(rows, markdown=True, keys=evaluate.SHORT)
        assert short in (ROOT / "README.md").read_text()

    def test_the_page_shows_every_table(self, rows):
        text = (ROOT / "docs" / "results.md").read_text()
        assert evaluate.table(rows, markdown=True) in text
        differences = compare.table(committed("comparisons"))
        assert differences in text
        assert len(differences.splitlines()) == 12
        assert results.judge.table(committed("judge")) in text

    def test_cards_carry_the_figures_and_the_rows_are_of_these_weights(self, rows):
        by_method = {row["method"]: row for row in rows}
        for name in colorizers.cifar10_names(controls=True):
            card = json.loads((ROOT / "colorizers" / "weights" / f"{name}.json").read_text())
            assert card["metrics"] == results.for_card(by_method[name])

    def test_the_frontier_passes_through_the_table(self, rows):
        by_method = {row["method"]: row for row in rows}
        points = committed("frontier")
        for name in colorizers.cifar10_names(controls=True):
            value = results.shipped_value(name, points)
            (point,) = [p for p in points if (p["method"], p["value"]) == (name, value)]
            for key in ("psnr_mean", "nazeri_accuracy_5", "colourfulness"):
                assert point[key] == pytest.approx(by_method[name][key], abs=1e-6)


def some_pictures(count, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, 32, 32, 3), np.uint8)


class TestCompare:
    def test_the_interval_is_that_of_the_paired_differences(self):
        rng = np.random.default_rng(0)
        hard = rng.normal(20, 5, 2_000)  # what both methods share, and a pair cancels
        noise = rng.normal(0.3, 0.5, 2_000)
        values = {"a": {"psnr_mean": hard + noise}, "b": {"psnr_mean": hard}}
        (row,) = compare.paired(values, ("psnr_mean",), resamples=1_000)
        half = norm.ppf(0.975) * noise.std(ddof=1) / np.sqrt(len(noise))  # the normal theory's
        assert row["difference"] == pytest.approx(noise.mean())
        assert row["difference_ci95"] == pytest.approx(
            [noise.mean() - half, noise.mean() + half], abs=0.15 * half
        )

    def test_clear_differences_are_bold_and_others_are_not(self):
        row = {"metric": "ssim", "a": "gan", "b": "flow", "difference": 0.5}
        assert "**+0.5**" in compare.table([row | {"difference_ci95": [0.1, 0.9]}])
        assert "**" not in compare.table([row | {"difference_ci95": [-0.1, 0.9]}])

    def test_other_pairs_are_kept_and_not_shown(self):
        row = {"metric": "ssim", "a": "grey", "b": "gan", "difference": 0.5}
        assert "grey" not in compare.table([row | {"difference_ci95": [0.1, 0.9]}])

    def test_of_one_method_only_its_pairs_are_compared(self):
        values = {name: {"ssim": np.arange(4.0)} for name in "abc"}
        rows = compare.paired(values, ("ssim",), resamples=10, of=["b"])
        assert [(row["a"], row["b"]) for row in rows] == [("a", "b"), ("b", "c")]


@pytest.fixture(scope="module")
def points():
    truth = some_pictures(6)
    names = colorizers.cifar10_names(controls=True)
    return frontier.frontier(
        truth, rgb_to_lab(truth), {name: colorizers.load(name) for name in names}
    )


class TestFrontier:
    def test_every_method_is_walked_over_its_whole_dial(self, points):
        dials = {name: {p["dial"] for p in points if p["method"] == name}
                 for name in colorizers.cifar10_names(controls=True)}  # fmt: skip
        assert dials.pop("classification") == {"T"}
        scaled = frontier.SCALED.format("classification")
        assert {p["dial"] for p in points if p["method"] == scaled} == {"factor"}
        assert all(dial == {"factor"} for dial in dials.values())

    def test_a_larger_factor_is_more_colourful_on_the_same_pictures(self, points):
        gan = sorted((p for p in points if p["method"] == "gan"), key=lambda p: p["value"])
        colour = [p["colourfulness"] for p in gan]
        # Noise is colourful at random: the first factors may not show, the last ones do.
        assert colour[-1] > colour[3]

    def test_the_best_point_of_at_least_some_colour(self):
        rows = [
            {"method": "a", "colourfulness": c, "psnr_mean": p}
            for c, p in ((10, 26), (22, 24), (23, 25), (30, 20))
        ] + [{"method": "b", "colourfulness": 5, "psnr_mean": 30}]
        assert frontier.at_colourfulness(rows, 22) == {"a": rows[2]}

    def test_the_plot_is_drawn(self, points, tmp_path):
        floor = [{"method": "grey", "colourfulness": 0, "psnr_mean": 9, "nazeri_accuracy_5": 0.1}]
        frontier.plot(points, floor, {"gan": 1.0}, tmp_path / "plot.png")
        assert (tmp_path / "plot.png").stat().st_size > 10_000


class TestGallery:
    def test_ranks_are_by_error(self):
        error = np.random.default_rng(0).permutation(30).astype(float)
        chosen = gallery.by_rank(error, 4)
        assert sorted(error[chosen["best"]]) == [0, 1, 2, 3]
        assert sorted(error[chosen["median"]]) == [13, 14, 15, 16]
        assert sorted(error[chosen["worst"]]) == [26, 27, 28, 29]

    def test_a_sheet_shows_its_rows_in_order(self):
        first, second = some_pictures(3), some_pictures(3, seed=1)
        pixels = np.asarray(gallery.sheet([first, second], enlarge=1))
        np.testing.assert_array_equal(pixels[:32, 32:64], first[1])
        np.testing.assert_array_equal(pixels[32:, 64:], second[2])


@pytest.fixture
def small():
    def row(name, **more):
        per_class = {"frog": {"n": 4, "psnr_mean": 20.0, "colourfulness": 9.0}}
        return {
            "method": name, "n": 4, "psnr_mean": 20.0, "nazeri_accuracy_5": 0.5,
            "colourfulness": 9.0, "per_class": per_class, **more,
        }  # fmt: skip

    point = {"method": "gan", "dial": "factor", "value": 1.0, "colourfulness": 25.0,
             "psnr_mean": 20.0, "nazeri_accuracy_5": 0.5}  # fmt: skip
    return page.Results(
        [row(name) for name in ("grey", "gan", "truth")],
        [point],
        [{"metric": "ssim", "a": "classification", "b": "gan", "difference": 0.5,
          "difference_ci95": [0.1, 0.9]}],
        [{"trial": ["truth", "gan"], "method": "gan", "rate": 0.25, "rate_ci95": [0.1, 0.4],
          "expected": 0.3, "chance": 0.5}],
        {"pictures": 100},
        "n = 4",
    )  # fmt: skip


def test_publishing_writes_page_pictures_readme_and_cards(small, tmp_path):
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{results.BEGIN}\nold\n{results.END}\nafter\n")
    (tmp_path / "gan.json").write_text('{"hours": 1}')
    pictures = {name: some_pictures(60, seed) for seed, name in enumerate(("grey", "gan", "truth"))}
    written = results.publish(
        small, pictures.__getitem__, lambda name: np.arange(60.0), root=tmp_path, weights=tmp_path
    )
    assert all(file.exists() for file in written)
    assert {"random.png", "ranked-gan.png", "frontier.png"} <= {file.name for file in written}
    assert "old" not in readme.read_text()
    assert readme.read_text().startswith("before\n")
    assert readme.read_text().endswith("after\n")
    card = json.loads((tmp_path / "gan.json").read_text())
    assert card == {"hours": 1, "metrics": results.for_card(small.evaluation[1])}
    text = (tmp_path / "docs" / "results.md").read_text()
    assert "| gan | 20.00 | factor 1, colourfulness 25.0 | 20.00 |" in text
    assert "| frog | 4 | 20.00 | 20.00 | 9.0 | 9.0 |" in text
    for target in ("random", "ranked-gan", "frontier"):
        assert f"results/{target}.png" in text


def test_targets_are_judged_by_the_best_point_that_is_colourful_enough(small):
    def point(method, colourfulness, psnr, accuracy):
        return {"method": method, "dial": "factor", "value": 1.4, "psnr_mean": psnr,
                "colourfulness": colourfulness, "nazeri_accuracy_5": accuracy}  # fmt: skip

    rows = [
        row | {"frechet_efficientnet_lite0": distance, "nazeri_accuracy_5": 0.558}
        for row, distance in zip(small.evaluation, (900.0, 170.0, 0.0), strict=True)
    ] + [small.evaluation[1] | {"method": "classification", "frechet_efficientnet_lite0": 300.0}]
    line = [
        point("classification", 15, 25.6, 0.66),
        point("classification, T = 1", 22.0, 24.5, 0.55),
        point("gan", 25, 24.9, 0.6), point("gan", 23, 24.8, 0.7), point("gan", 14, 25.8, 0.7),
    ]  # fmt: skip
    said = page.targets_table(dataclasses.replace(small, evaluation=rows, frontier=line))
    assert said.splitlines()[2:] == [
        "| mean PSNR there | classification | 24.4 dB | 24.50 dB (factor 1.4) | reached |",
        "| Nazeri 5 % there | classification | 55.8% | 55.0% | not reached |",
        "| best mean PSNR | classification | 25.5 dB | 25.60 dB | reached |",
        "| Fréchet Lite0, share of grey's | classification | 33% | 33% | reached |",
        "| mean PSNR there | gan | 24.9 dB | 24.90 dB (factor 1.4) | reached |",
        "| Nazeri 5 % there | gan | 59.8% | 60.0% | reached |",
        "| best mean PSNR | gan | 25.9 dB | 25.80 dB | not reached |",
        "| Fréchet Lite0, share of classification's | gan | 50% | 57% | not reached |",
    ]


def test_a_run_that_is_not_committed_is_shown_and_named_as_such(small, tmp_path):
    (tmp_path / "README.md").write_text(f"{results.BEGIN}\n{results.END}")
    row = small.evaluation[1] | {"method": "nazeri"}
    card = {"command": "python -m train.nazeri", "commit": "0123456789", "hours": 1.5,
            "hardware": "a machine"}  # fmt: skip
    with_run = dataclasses.replace(
        small, evaluation=[*small.evaluation, row], runs={"nazeri": card}
    )
    results.publish(
        with_run, lambda name: some_pictures(60), lambda name: np.arange(60.0),
        root=tmp_path, weights=tmp_path,
    )  # fmt: skip
    text = (tmp_path / "docs" / "results.md").read_text()
    assert "nazeri is not committed; it was trained by `python -m train.nazeri` at commit" in text
    assert "0123456 in 1.5 hours (a machine)" in text
    assert "results/ranked-nazeri.png" in text
    assert "| nazeri | 20.00 |" in (tmp_path / "README.md").read_text()
    assert not (tmp_path / "nazeri.json").exists()


def test_one_method_is_added_and_all_else_stays(tmp_path, monkeypatch):
    """The committed tables, of which the rows of one method are computed again, on 6 pictures."""
    for name in (*results.TABLES, "runs"):
        (tmp_path / f"{name}.jsonl").write_bytes((FOLDER / f"{name}.jsonl").read_bytes())
    eight = data.Pictures(some_pictures(8), np.arange(8, dtype=np.uint8), np.arange(8))
    monkeypatch.setattr(data, "load", lambda part: eight)
    monkeypatch.setattr(results, "ROWS", tmp_path / "rows")
    made, _ = results.add(["gan"], results.judge.Settings(), tmp_path, limit=6)
    assert "; gan: n = 6, " in made.footer
    for name, count in (("evaluation", 1), ("frontier", 9), ("comparisons", 25), ("judge", 0)):
        before, after = committed(name), getattr(made, name)
        new = [row for row in after if row.get("n") == 6]
        assert len(new) == count
        assert all("gan" in (row.get("method"), row.get("a"), row.get("b")) for row in new)
        stay = [
            row for row in before if "gan" not in (row.get("method"), row.get("a"), row.get("b"))
        ]
        assert [row for row in after if row not in new] == (before if name == "judge" else stay)
    methods = [
        [row["method"] for row in rows] for rows in (made.evaluation, committed("evaluation"))
    ]
    assert methods[0] == methods[1]
    assert set(made.runs) == {"nazeri"}


def test_the_judge_is_asked_again_and_all_else_stays(tmp_path, monkeypatch):
    few = data.Pictures(some_pictures(8), np.arange(8, dtype=np.uint8), np.arange(8))
    monkeypatch.setattr(data, "load", lambda part: few)
    rates = [row | {"rate": 0.1234} for row in committed("judge")]
    monkeypatch.setattr(results.judge, "ask", lambda settings, training, test: rates)
    (tmp_path / "docs" / "results").mkdir(parents=True)
    page = (FOLDER.parent / "results.md").read_text()
    (tmp_path / "docs" / "results.md").write_text(page)
    results.judge_again(results.judge.Settings(), tmp_path)
    asked = (tmp_path / "docs" / "results.md").read_text()
    assert asked.count("| 12.34% |") == len(rates)
    old, new = results.judge.table(committed("judge")), results.judge.table(rates)
    assert asked.replace(new, old) == page
    written = (tmp_path / "docs" / "results" / "judge.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in written] == rates


def test_a_run_of_a_method_that_has_a_row_is_refused(monkeypatch, capsys):
    run = types.SimpleNamespace(name="gan")
    monkeypatch.setattr(results, "load_run", lambda folder: run)
    assert results.main(["--runs", "runs/gan"]) == 2
    assert "runs/gan holds gan, which has a row already" in capsys.readouterr().err


def test_a_readme_without_a_place_is_refused_before_anything_is_written(small, tmp_path):
    (tmp_path / "README.md").write_text("no place")
    with pytest.raises(ValueError, match="no lines"):
        results.publish(small, lambda name: some_pictures(60), lambda name: np.arange(60.0),
                        root=tmp_path, weights=tmp_path)  # fmt: skip
    assert [file.name for file in tmp_path.iterdir()] == ["README.md"]
