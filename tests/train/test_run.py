"""What trainings share: options, checkpoints, averages, schedules."""

import re
import shlex
import time
from dataclasses import dataclass

import pytest
import torch
from torch import nn

from train import options, run


@dataclass(frozen=True)
class Settings:
    epochs: int = options.option(3, "passes")
    widths: tuple[int, ...] = options.option((8, 16), "channels")
    rebalance: bool = options.option(False, "weights")
    note: str = options.option("x", "text")


class TestParse:
    def test_each_field_is_an_option(self):
        argv = ["--epochs", "5", "--widths", "4,8,9", "--rebalance", "--note", "a b"]
        assert options.parse(Settings, "p", "d", argv) == Settings(5, (4, 8, 9), True, "a b")
        assert options.parse(Settings, "p", "d", []) == Settings()

    def test_help_tells_meaning_and_default(self, capsys):
        with pytest.raises(SystemExit):
            options.parse(Settings, "p", "d", ["--help"])
        shown = capsys.readouterr().out
        assert "channels (default 8,16)" in shown

    def test_words_for_numbers_are_refused(self, capsys):
        with pytest.raises(SystemExit):
            options.parse(Settings, "p", "d", ["--widths", "a,b"])
        assert "whole numbers" in capsys.readouterr().err


class TestRun:
    def test_other_settings_in_the_same_folder_are_refused_by_name(self, tmp_path):
        run.Run(tmp_path, Settings())
        run.Run(tmp_path, Settings())
        with pytest.raises(run.RunError, match="another epochs"):
            run.Run(tmp_path, Settings(epochs=4))

    def test_a_checkpoint_brings_everything_back(self, tmp_path):
        module = nn.Linear(3, 2)
        adam = torch.optim.Adam(module.parameters())
        module(torch.ones(1, 3)).sum().backward()
        adam.step()
        first = run.Run(tmp_path, Settings())
        first.seconds = 12.5
        first.save(2, module=module, adam=adam)
        drawn = torch.rand(3)

        other = nn.Linear(3, 2)
        other_adam = torch.optim.Adam(other.parameters())
        second = run.Run(tmp_path, Settings())
        assert second.resume(module=other, adam=other_adam) == 2
        assert second.seconds == 12.5
        assert torch.equal(other.weight, module.weight)
        assert torch.equal(torch.rand(3), drawn)  # the random numbers go on, too
        moments = adam.state_dict()["state"][0]["exp_avg"]
        assert torch.equal(other_adam.state_dict()["state"][0]["exp_avg"], moments)

    def test_a_write_that_fails_leaves_the_last_checkpoint(self, tmp_path):
        kept = run.Run(tmp_path, Settings())
        kept.save(1, module=nn.Linear(2, 2))
        with pytest.raises(Exception, match=r"pickle|lambda|local"):
            kept.save(2, module=lambda: None)
        assert kept.resume(module=nn.Linear(2, 2)) == 1

    def test_progress_names_speed_and_time_left(self, tmp_path, capsys, monkeypatch):
        monkeypatch.setattr(run, "LOG_SECONDS", 1e-9)
        parts = (time.sleep(0.2) or number for number in range(3))
        batches = run.Run(tmp_path, Settings()).watch(parts, 0, 2, steps=3, size=128)
        assert list(batches) == [0, 1, 2]
        assert re.search(
            r"epoch 1/2  128\.? of 384  .* pictures/s  \S+ left\n", capsys.readouterr().err
        )


class TestAverage:
    def test_it_converges_to_constant_weights_and_starts_near_them(self):
        module = nn.Linear(2, 1)
        average = run.Average(module, 0.99)
        with torch.no_grad():
            module.weight.fill_(5.0)
        for _ in range(50):
            average.update(module)
        assert (average.module.weight - 5).abs().max() < 0.05

    def test_statistics_of_batch_norm_are_copied(self):
        module = nn.BatchNorm1d(2)
        average = run.Average(module, 0.99)
        module(torch.randn(10, 2) * 3 + 7)
        average.update(module)
        assert torch.equal(average.module.running_mean, module.running_mean)


def test_learning_rate_rises_then_falls():
    rates = [run.learning_rate(step, 1000, 1.0) for step in range(1001)]
    peak = rates.index(max(rates))
    assert rates[: peak + 1] == sorted(rates[: peak + 1])
    assert rates[peak:] == sorted(rates[peak:], reverse=True)
    assert max(rates) == pytest.approx(1)
    assert rates[-1] == pytest.approx(0.01)


def test_the_command_of_a_card_can_be_pasted_into_a_shell():
    argv = ["--terms", "tiny: research only; flowers: none stated", "--run", "runs/it's"]
    command = run.provenance(argv, "train.photo")["command"]
    assert shlex.split(command) == ["python", "-m", "train.photo", *argv]
