"""A training that was killed ends with the very weights of one that was not."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
TRAINING_PYTHON = REPOSITORY / ".venv-train" / "bin" / "python"
FACES, EPOCHS = 400, 3  # five steps an epoch: two of them go into the average

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(
        not TRAINING_PYTHON.exists(), reason="no .venv-train: make train sets it up"
    ),
]

_TRAIN = f"""
import os, signal, sys
from pathlib import Path
from training import train
from training.notebooks.notebook_data import load_notebook_data

def run(folder, dies_at_step=None):
    train.RUN = Path(folder)
    train.TRAINED, train._LAST = train.RUN / "trained.keras", train.RUN / "last.keras"
    train.STATE = train.RUN / "state.json"
    taken, steps = train.WeightAverage.take, []
    def take(average, network, step):
        steps.append(step)
        if len(steps) == dies_at_step:
            os.kill(os.getpid(), signal.SIGKILL)
        taken(average, network, step)
    train.WeightAverage.take = take
    train.train(crops, epochs={EPOCHS}, seed=1, fresh=False)
    train.WeightAverage.take = taken

crops = load_notebook_data("synthetic", sample={FACES}).crops
straight, broken = sys.argv[1:3]
"""
_GO_ON = """
run(broken)
from training.model.network import load_network
one, other = (load_network(Path(folder) / "trained.keras", made_by="") for folder in sys.argv[1:3])
pairs = zip(one.get_weights(), other.get_weights(), strict=True)
assert all((ours == theirs).all() for ours, theirs in pairs), "other weights"
print("the same weights")
"""


def _python(program: str, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    folders = [str(tmp_path / "straight"), str(tmp_path / "broken")]
    return subprocess.run(
        [str(TRAINING_PYTHON), "-c", _TRAIN + program, *folders],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )


def test_weights_are_the_same_when_training_was_killed_in_between(tmp_path: Path) -> None:
    killed = _python("run(straight)\nrun(broken, dies_at_step=8)", tmp_path)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert not (tmp_path / "broken" / "trained.keras").exists()
    assert (tmp_path / "broken" / "average-1.npz").exists()
    resumed = _python(_GO_ON, tmp_path)
    assert resumed.returncode == 0, resumed.stderr
    assert "going on after epoch 1" in resumed.stdout
    assert resumed.stdout.endswith("the same weights\n")
    assert not list((tmp_path / "broken").glob("part-*"))
