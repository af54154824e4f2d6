"""The page about the photographs' colorizer: its figures against hand-made ones, its files."""

import json

import numpy as np
import pytest

from train import by_kind, kinds, photo_kinds


class Painter:
    """Gives the same ab to every pixel, leaning towards red by its seed; vividness scales it."""

    name = "photo"

    def __init__(self, ab, sha256="0" * 64):
        self.card = {"hours": 1.5, "data": "none", "weights": {"sha256": sha256}}
        self.options = {"seed": 0.0, "vividness": 1.0}
        self.first_seed = 0
        self.shape = lambda height, width: (32, 32)
        self._ab = np.float32(ab)

    def predict_ab(self, L, seed=0.0, vividness=1.0):
        assert L.shape[1:] == (32, 32)
        ab = vividness * self._ab + np.float32([seed, 0.0])
        return np.broadcast_to(ab, (len(L), 32, 32, 2))


@pytest.fixture
def photographs():
    """Orange and blue, of which 8 and 6 are held out; grain makes each another."""
    rng = np.random.default_rng(0)
    held = np.repeat(np.uint8([[[[150, 100, 60]]], [[[60, 100, 150]]]]), [8, 6], axis=0)
    held = held + rng.integers(0, 8, (14, 64, 64, 3), np.uint8)
    kind = np.repeat([0, 1], [8, 6])
    return kinds.Kinds(held[:0], kind[:0], ("orange", "blue"), held, kind, 0)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """For features the mean colour: the real ones take a minute."""
    monkeypatch.setattr(
        by_kind.features,
        "lite0_levels",
        lambda pictures, side: {level: pictures.mean((1, 2)) for level in ("40", "112")},
    )


class TestFigures:
    truth = tuple(np.full((8, 8, 2), ab, np.float32) for ab in (20.0, -20.0))

    def test_grey_is_no_better_than_grey_and_leaves_every_object_grey(self):
        grey = by_kind.figures(self.truth, [0 * one for one in self.truth])
        assert grey["ratio"] == pytest.approx(1.0)
        assert grey["chroma"] == 0.0
        assert grey["grey_object"] == 1.0

    def test_an_object_counts_from_its_size_on(self):
        ours = [one.copy() for one in self.truth]
        ours[0][0, 0] = 0.0  # 1 of 64 cells: below 2 %
        assert by_kind.figures(self.truth, ours)["grey_object"] == 0.0
        ours[0][0, 1] = 0.0
        assert by_kind.figures(self.truth, ours)["grey_object"] == 0.5

    def test_cells_are_means(self):
        ab = np.arange(2 * 8 * 8, dtype=np.float32).reshape(8, 8, 2)
        cells = by_kind.cells(ab)
        assert cells.shape == (2, 2, 2)
        assert np.allclose(cells[0, 1], ab[:4, 4:].mean(axis=(0, 1)))

    def test_skin_like_the_truths_is_inside_and_grey_is_not(self):
        rng = np.random.default_rng(1)
        skins = (np.full((4, 4, 2), (15.0, 18.0)) + rng.normal(0, 1.5, 2) for _ in range(60))
        faces = [skin.astype(np.float32) for skin in skins]
        assert by_kind.skin(faces, faces) > 0.75  # of each of two figures a tenth is outside
        assert by_kind.skin(faces, [np.float32(0.2) * face for face in faces]) == 0.0
        assert by_kind.skin(faces, [face[..., ::-1] * np.float32((-1, 1)) for face in faces]) == 0.0


def test_the_right_colour_is_closer_than_grey_and_the_wrong_one_is_not(photographs):
    found, _ = by_kind.judge(
        photo_kinds.ways(Painter((15.0, 30.0)))[photo_kinds.SHIPPED],
        photographs.held_rgb_u8, photographs.held_kind, photographs.names,
    )  # fmt: skip
    rows = {row["kind"]: row for row in found}
    assert rows["orange"]["ratio"] > 5
    assert rows["blue"]["ratio"] < 0.7
    assert 0.9 < rows["orange"]["chroma"] < 1.1
    assert [rows[kind]["n"] for kind in ("orange", "blue", "all")] == [8, 6, 14]


def test_the_mean_of_seeds_and_vividness_are_asked_for(photographs):
    L = [np.full((64, 64), 50.0, np.float32)] * 3
    ways = photo_kinds.ways(Painter((10.0, 0.0)))
    assert ways["mean of 4 seeds"](L)[0][0, 0].tolist() == [11.5, 0.0]  # seeds 0 to 3
    assert ways["vividness 2"](L)[2][0, 0].tolist() == [20.0, 0.0]


def test_colours_that_do_not_depend_on_grey_differ_by_nothing(photographs):
    films = photo_kinds.through_films(Painter((10.0, 20.0)), photographs.held_rgb_u8[:2])
    assert len(films) == 8
    assert max(films.values()) < 0.1


def test_everything_is_written_and_other_weights_stay_in_the_page(photographs, tmp_path):
    photo_kinds.publish(Painter((0.0, 3.0), "b" * 64), photographs, tmp_path)
    rows = photo_kinds.publish(Painter((15.0, 30.0), "a" * 64), photographs, tmp_path)
    page = (tmp_path / "photo-kinds.md").read_text()
    assert (tmp_path / "photo" / "kinds.jpg").stat().st_size > 1000
    lines = (tmp_path / "photo" / photo_kinds.FIGURES).read_text().splitlines()
    assert {json.loads(line)["weights"][0] for line in lines} == {"a", "b"}
    assert len(lines) == len(rows)
    shipped = next(r for r in rows if r.get("kind") == "orange" and r["way"] == "as shipped")
    assert f"| aaaaaaaa, as shipped | orange | 8 | {shipped['ratio']:.2f} |" in page
    assert "| bbbbbbbb, as shipped | blue | 6 |" in page
    assert "half-tone screen" in page
    assert "Earlier weights" not in page


def test_older_weights_take_a_line_each_in_a_page_made_of_the_figures(tmp_path):
    def row(weights, way, kind, ratio):
        figures = {"n": 9, "ratio": ratio, "chroma": 0.5, "grey_object": 0.25, "versions": {}}
        return figures | {"weights": weights * 64, "way": way, "kind": kind}

    rows = [
        row(weights, way, kind, ratio)
        for weights in "abcd"
        for way in (photo_kinds.SHIPPED, "drawn")
        for kind, ratio in (("orange", 1.5), ("all", 1.25))
    ]
    rows.insert(4, {"films": {"faded": 2.0}, "n": 4, "weights": "a" * 64, "versions": {"torch": 9}})
    (tmp_path / "photo").mkdir()
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (tmp_path / "photo" / photo_kinds.FIGURES).write_text(lines)
    assert photo_kinds.main(["--page", "--out", str(tmp_path)]) == 0
    shown = [
        tuple(cell.strip() for cell in line.split("|")[1:3])
        for line in (tmp_path / "photo-kinds.md").read_text().splitlines()
        if line.startswith(tuple(f"| {8 * weights}" for weights in "abcd"))
    ]
    full = [
        (f"{8 * weights}, {way}", kind)
        for weights in "ab"
        for way in ("as shipped", "drawn")
        for kind in ("orange", "all")
    ]
    assert shown == [*full, ("cccccccc, as shipped", "all"), ("dddddddd, as shipped", "all")]
    assert (tmp_path / "photo" / photo_kinds.FIGURES).read_text() == lines


def test_the_committed_page_is_made_of_the_committed_figures():
    docs = photo_kinds.ROOT / "docs"
    rows = photo_kinds.read(docs / "photo" / photo_kinds.FIGURES)
    assert photo_kinds.page(rows) == (docs / "photo-kinds.md").read_text()


def test_a_page_without_figures_is_refused(tmp_path, capsys):
    assert photo_kinds.main(["--page", "--out", str(tmp_path)]) == 1
    assert "--photos measures them" in capsys.readouterr().err
    with pytest.raises(SystemExit) as refused:
        photo_kinds.main(["--page", "--run", str(tmp_path)])
    assert refused.value.code == 2


def test_figures_of_other_photographs_do_not_stay(photographs, tmp_path):
    file = tmp_path / "evaluation.jsonl"
    row = {"kind": "orange", "n": 9, "weights": "b"}
    file.write_text(json.dumps(row) + "\n")
    assert photo_kinds.earlier(file, [row | {"n": 8, "weights": "a"}], "a") == []
    assert photo_kinds.earlier(file, [row | {"weights": "a"}], "a") == [row]


def test_a_sheet_has_a_column_a_photograph():
    shown = [[np.full((10, 10, 3), 40 * row, np.uint8) for row in range(4)] for _ in range(15)]
    picture = np.asarray(photo_kinds.sheet(shown))
    assert picture.shape == (40 + photo_kinds.GAP + 40, 120, 3)
    assert (picture[-40:, 30:] == 255).all()  # three in the second block
