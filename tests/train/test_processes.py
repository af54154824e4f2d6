"""Many processes train what one trains: real ones, over gloo, started by torchrun."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from train.data import LabBatches

HERE = Path(__file__).parent
CURVES = {
    "regression": ("l1",),
    "classification": ("loss",),
    "gan": ("l1",),
    "cvae": ("error",),
    "flow": ("unexplained", "error"),
}
"""Training -> the figures that are compared, in each epoch that has them."""
LAUNCHED = """
import dataclasses, json, sys
from test_trainings import CASES, TRAIN, VALIDATION
from train import loop, processes

folder, *names = sys.argv[1:]
told = {}
with processes.together():
    for name in names:
        module, settings = CASES[name]
        curve = []
        loop.print_epoch = lambda epoch, figures, curve=curve: curve.append(figures)
        settings = dataclasses.replace(settings, run=f"{folder}/{name}", epochs=4)
        trained = module.train(settings, TRAIN, VALIDATION)
        weights = [value.double().sum().item() for value in trained.module.parameters()]
        told[name] = {"curve": curve, "weights": weights}
    told["count"] = processes.count()
    with open(f"{folder}/{processes.rank()}.json", "w") as file:
        json.dump(told, file)
"""


def launch(count, folder):
    """Train everything with so many processes; return what each of them wrote."""
    folder.mkdir()
    script = folder / "launched.py"
    script.write_text(LAUNCHED)
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(count)]
    paths = os.pathsep.join([str(HERE.parents[1]), str(HERE)])
    done = subprocess.run(
        [sys.executable, *(launcher if count > 1 else []), str(script), str(folder), *CURVES],
        env=os.environ | {"PYTHONPATH": paths, "OMP_NUM_THREADS": "1"},
        capture_output=True, text=True, timeout=250, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[:6000]
    told = [json.loads((folder / f"{rank}.json").read_text()) for rank in range(count)]
    assert [part["count"] for part in told] == [count] * count
    return told


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("processes")
    return launch(1, folder / "one") + launch(2, folder / "two")


@pytest.mark.slow
@pytest.mark.parametrize("name", CURVES)
def test_two_processes_get_the_curve_of_one(name, runs):
    alone, first, second = (part[name] for part in runs)
    assert first["weights"] == second["weights"]  # gradients were shared, to the last bit
    one, two = (
        [epoch[figure] for epoch in part["curve"] for figure in CURVES[name] if figure in epoch]
        for part in (alone, first)
    )
    assert len(one) == len(two) == 4
    # The same first weights and batches; batch norm sees 8 pictures a process instead of 16, so
    # alike and not equal. Other first weights move these curves by 30 %, shares by far less.
    np.testing.assert_allclose(two, one, rtol=0.3)
    assert "psnr_mean" in first["curve"][-1]
    assert "psnr_mean" not in second["curve"][-1]  # only process 0 validates


def test_shares_of_a_batch_are_the_whole_batch():
    rgb_u8 = np.random.default_rng(0).integers(0, 256, (20, 8, 8, 3), np.uint8)
    batches = LabBatches(rgb_u8)
    whole = list(batches.epoch(8, seed=3, number=1))
    shares = [list(batches.epoch(8, seed=3, number=1, share=(rank, 2))) for rank in (0, 1)]
    for step, (L_norm, ab_norm) in enumerate(whole):
        for rank in (0, 1):
            assert (shares[rank][step][0] == L_norm[rank::2]).all()
            assert (shares[rank][step][1] == ab_norm[rank::2]).all()
