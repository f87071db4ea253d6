"""A training that was killed and continued ends with the weights of an uninterrupted one."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.helpers.training_python import needs_training_python, run_training_python

pytestmark = [pytest.mark.system, needs_training_python]

# Epochs of eight steps: the average takes the weights after the fourth and the eighth.
_TRAIN = """
import os, signal, sys
from pathlib import Path
from training import train
from training.notebooks.notebook_data import load_notebook_data

train.EPOCH_CROPS = 512

def run(folder, dies_at_update=None, epochs=3):
    update, count = train.WeightAverage.update, 0
    def counted(average, network):
        nonlocal count
        count += 1
        if count == dies_at_update:
            os.kill(os.getpid(), signal.SIGKILL)
        update(average, network)
    train.WeightAverage.update = counted
    train.train(crops, Path(folder), epochs=epochs, seed=1, fresh=False)
    train.WeightAverage.update = update
    return count

crops = load_notebook_data("synthetic", sample=400).crops
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
        _TRAIN + "assert run(straight) == 6\nrun(broken, dies_at_update=3)", *folders
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
import json
os.environ["SOURCE_DATE_EPOCH"] = "86400"
run(straight, epochs=1)
state = json.loads((Path(straight) / "state.json").read_text())
assert state["date"] == "1970-01-02", state
print("--- the same again")
assert run(straight, epochs=1) == 0
print("--- other settings")
assert run(straight, epochs=2) == 4
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
