"""A training that was killed and continued ends with the weights of an uninterrupted one."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.helpers.training_python import needs_training_python, run_training_python

pytestmark = [pytest.mark.system, needs_training_python]

# 280 faces in the training set: five steps per epoch, two of them enter the average.
_TRAIN = """
import os, signal, sys
from pathlib import Path
from training import train
from training.notebooks.notebook_data import load_notebook_data

def run(folder, dies_at_step=None, epochs=3):
    update, steps = train.WeightAverage.update, []
    def counted(average, network, step):
        steps.append(step)
        if len(steps) == dies_at_step:
            os.kill(os.getpid(), signal.SIGKILL)
        update(average, network, step)
    train.WeightAverage.update = counted
    train.train(crops, Path(folder), epochs=epochs, seed=1, fresh=False)
    train.WeightAverage.update = update
    return steps

crops = load_notebook_data("synthetic", sample={FACES}).crops
straight, broken = sys.argv[1:3]
"""
_CONTINUE = """
run(broken)
from training.model.network import load_network
one, other = (load_network(Path(folder) / "trained.keras", made_by="") for folder in sys.argv[1:3])
pairs = zip(one.get_weights(), other.get_weights(), strict=True)
assert all((ours == theirs).all() for ours, theirs in pairs), "other weights"
print("the same weights")
"""


def test_weights_are_the_same_when_training_was_killed_in_between(tmp_path: Path) -> None:
    folders = (tmp_path / "straight", tmp_path / "broken")
    killed = run_training_python(
        _TRAIN + "assert len(run(straight)) == 15\nrun(broken, dies_at_step=8)", *folders
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert not (tmp_path / "broken" / "trained.keras").exists()
    assert (tmp_path / "broken" / "average-1.npz").exists()
    continued = run_training_python(_TRAIN + _CONTINUE, *folders)
    assert continued.returncode == 0, continued.stderr
    assert "continuing after epoch 1" in continued.stdout
    assert continued.stdout.endswith("the same weights\n")
    assert not list((tmp_path / "broken").glob("part-*"))


_REPEAT = """
run(straight, epochs=1)
print("--- the same again")
assert run(straight, epochs=1) == []
print("--- other settings")
assert len(run(straight, epochs=2)) == 10
print("--- from scratch")
train.train(crops, Path(straight), epochs=2, seed=1, fresh=True)
print("--- damaged")
(Path(straight) / "last.keras").write_bytes(b"")
from training.errors import TrainingError
try:
    run(straight, epochs=2)
except TrainingError as error:
    print(error)
"""


def test_run_is_repeated_only_when_data_or_settings_changed(tmp_path: Path) -> None:
    result = run_training_python(_TRAIN + _REPEAT, tmp_path / "straight", tmp_path / "broken")
    assert result.returncode == 0, result.stderr
    first, again, other, scratch, damaged = result.stdout.split("---")
    assert "epoch   1/1" in first
    assert "already trained with these data and settings" in again
    assert "epoch " not in again
    assert "the data or the settings changed" in other
    assert "epoch   1/2" in other
    assert "epoch   1/2" in scratch
    assert "continuing" not in scratch
    assert "last.keras is damaged: run python -m training.train --fresh" in damaged
