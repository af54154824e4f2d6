"""Parts of a photograph that stand for other takes of it: where they were, and how far apart."""

import numpy as np

from train.references import apart, part


def test_parts_know_where_they_were():
    y, x = np.mgrid[0:40, 0:40].astype(np.float32)
    lab = np.dstack([np.full_like(y, 50.0), y, x])
    parts = [part(lab, np.random.default_rng(seed), changed=True) for seed in range(6)]
    for one in parts:
        np.testing.assert_array_equal(one.lab[..., 1:], one.place)
    first, second = (np.ascontiguousarray(one.lab[..., 1:]) for one in parts[:2])
    assert apart(parts[0], first, parts[1], second) < 1e-4
    assert apart(parts[0], first, parts[1], second + np.float32([3.0, 4.0])) > 4.9
