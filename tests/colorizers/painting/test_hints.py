"""Colour hints against a dense solve, on regions, and at the edges of what can be asked."""

import time
from itertools import pairwise

import numpy as np
import pytest

from colorizers.painting import hints
from colorizers.painting.hints import Hint, blend, fields, neighbour_weights, work_shape


def dense_weights(L: np.ndarray) -> np.ndarray:
    """The weights pixel by pixel, as the docstring states them."""
    height, width = L.shape
    padded = np.pad(L, 1, mode="reflect") if min(L.shape) > 1 else np.pad(L, 1, mode="edge")
    W = np.zeros((height, width, height, width))
    for y in range(height):
        for x in range(width):
            neighbours = [
                (v, u)
                for v, u in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1))
                if 0 <= v < height and 0 <= u < width
            ]
            squared = [(L[y, x] - L[place]) ** 2 for place in neighbours]
            variance = padded[y : y + 3, x : x + 3].var()
            spread = max(0.6 * variance, min(squared) / np.log(100), hints.FLOOR)
            values = np.exp(-np.array(squared) / spread)
            for place, value in zip(neighbours, values / values.sum(), strict=True):
                W[(y, x, *place)] = value
    return W.reshape(L.size, L.size)


def picture(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(20, 80, (height, width)).astype(np.float32)


def halves(height: int = 120, width: int = 160, edge: float = 0.5) -> np.ndarray:
    """Dark on the left, light on the right, a little grain over both."""
    x = np.arange(width)[None] / width
    L = np.where(x < edge, 35.0, 70.0) + np.random.default_rng(1).normal(0, 0.7, (height, width))
    return L.astype(np.float32)


def test_weights_are_those_of_the_docstring() -> None:
    L = picture(7, 9)
    np.testing.assert_allclose(
        neighbour_weights(L).toarray(), dense_weights(L.astype(float)), atol=1e-9
    )


def test_fields_minimize_the_quadratic(monkeypatch: pytest.MonkeyPatch) -> None:
    # The reference is a dense least-squares problem over all pixels of a tiny picture.
    monkeypatch.setattr(hints, "_without_grain", lambda L: L)
    L, reach = picture(9, 11), 0.3
    places = [Hint(0.2, 0.3, (0, 0)), Hint(0.8, 0.7, (0, 0))]
    pull = hints.PULL[0] * (hints.PULL[1] / hints.PULL[0]) ** reach
    A = np.concatenate([np.eye(99) - dense_weights(L.astype(float)), np.sqrt(pull) * np.eye(99)])
    fixed = [int(0.3 * 9) * 11 + int(0.2 * 11), int(0.7 * 9) * 11 + 8]
    free = [pixel for pixel in range(99) if pixel not in fixed]
    reference = np.zeros((2, 99))
    for number, pixel in enumerate(fixed):
        reference[number, pixel] = 1.0
        solution, *_ = np.linalg.lstsq(A[:, free], -A[:, pixel], rcond=None)
        reference[number, free] = solution
    step = ((reference - hints.OPEN) / (hints.FULL - hints.OPEN)).clip(0, 1)
    step = step**2 * (3 - 2 * step)
    expected = (step / np.maximum(step.sum(0), 1)).reshape(2, 9, 11)
    np.testing.assert_allclose(fields(L, places, reach), expected, atol=1e-4)


def test_the_hinted_region_follows_and_the_other_stays() -> None:
    L = halves()
    hint = Hint(0.25, 0.5, (50.0, 30.0))
    network = np.broadcast_to(np.float32([-5.0, -20.0]), (*L.shape, 2))
    ab = blend(network, fields(L, [hint], 0.6), [hint])
    left, right = ab[:, :76], ab[:, 84:]
    assert np.abs(left - np.float32([50, 30])).mean() < 5
    assert np.abs(right - np.float32([-5, -20])).max() < 1


def test_where_a_field_ends_it_ends() -> None:
    """A wall that grows darker towards an edge without one: the default reach stays on the wall."""
    x = np.arange(160)[None] / 160
    L = (60.0 - 25.0 / (1 + np.exp(-(x - 0.6) / 0.01)) + np.zeros((120, 1))).astype(np.float32)
    reached = fields(L, [Hint(0.3, 0.5, (1, 1))])[0]
    assert reached[40:80, 32:64].min() == 1
    assert reached[:, 112:].max() == 0
    assert ((reached > 0.02) & (reached < 0.98)).mean() < 0.15  # hardly anything is half of it


def test_hints_are_met_exactly_and_share_what_lies_between() -> None:
    L = halves(edge=1.1)  # one flat region
    placed = [Hint(0.2, 0.5, (40.0, 0.0)), Hint(0.8, 0.5, (-40.0, 10.0))]
    reached = fields(L, placed)
    ab = blend(np.zeros((*L.shape, 2), np.float32), reached, placed)
    for hint in placed:
        np.testing.assert_array_equal(ab[60, int(hint.x * 160)], np.float32(hint.ab))
    assert reached.min() >= 0
    assert reached.sum(axis=0).max() <= 1 + 1e-6
    assert ab[60, 50, 0] > 20
    assert ab[60, 110, 0] < -20


def test_reach_grows_with_its_slider() -> None:
    L = halves(edge=1.1)
    covered = [fields(L, [Hint(0.5, 0.5, (1, 1))], reach).mean() for reach in (0, 0.25, 0.5)]
    assert all(more > 1.2 * less for less, more in pairwise(covered))


def test_a_later_hint_on_the_same_place_wins() -> None:
    L = halves()
    placed = [Hint(0.3, 0.4, (60, 0)), Hint(0.3, 0.4, (0, 60))]
    ab = blend(np.zeros((*L.shape, 2), np.float32), fields(L, placed), placed)
    np.testing.assert_array_equal(ab[48, 48], [0, 60])


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (2, 2), (5, 256)])
def test_strange_shapes(shape: tuple[int, int]) -> None:
    L = picture(*shape)
    for x, y in ((0.0, 0.0), (1.0, 1.0), (0.5, 0.5)):
        reached = fields(L, [Hint(x, y, (1, 2))])
        assert reached.shape == (1, *shape)
        assert reached.max() == 1
        assert np.isfinite(reached).all()


def test_no_hints_change_nothing() -> None:
    L = halves()
    ab = np.random.default_rng(0).normal(0, 20, (*L.shape, 2)).astype(np.float32)
    np.testing.assert_array_equal(blend(ab, fields(L, []), []), ab)


def test_reach_is_checked() -> None:
    with pytest.raises(ValueError, match="reach 2 must be a number from 0 to 1"):
        fields(halves(), [], 2.0)


def test_working_size_is_solved_within_half_a_second() -> None:
    L = picture(*work_shape(3000, 4000)) * 0.2 + 40
    start = time.process_time()  # other processes share the cores
    fields(L, [Hint(0.1 * n, 0.5, (n, n)) for n in range(1, 9)])
    assert time.process_time() - start < 1.5
