"""The baselines are the networks of their sources, and their training survives a kill."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from tests.helpers.training_python import needs_training_python, run_training_python

pytestmark = [pytest.mark.system, needs_training_python]

_TRAIN = """
import json, os, signal, sys
from dataclasses import replace
from pathlib import Path
import numpy as np
from smile_vision.interpreter import load_interpreter
from training.baselines import networks, train
from training.baselines.evaluate import to_float_tflite
from training.data.splits import Split
from training.notebooks import load_notebook_data

train.RUNS = Path(sys.argv[1])
baseline = replace(networks.LENET, epochs=3)
crops = load_notebook_data("synthetic", sample=400).crops
sets = crops.part(Split.TRAIN), crops.part(Split.VALIDATION)
"""
_KILL = """
backup = train.import_keras().callbacks.BackupAndRestore
def kill(self, epoch, logs=None):
    if epoch == 2:
        os.kill(os.getpid(), signal.SIGKILL)
backup.on_epoch_begin = kill
train.train(baseline, *sets)
"""
_CONTINUE = """
network, record = train.train(baseline, *sets)
grey = sets[1].grey
logits = train.logits_of(baseline, network, grey)
interpreter = load_interpreter(to_float_tflite(network))
interpreter.set_tensor(interpreter.get_input_details()[0]["index"],
                       train.network_input(baseline, grey[:1]).numpy())
interpreter.invoke()
converted = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
wide = train.network_input(networks.DEEPLENS_CNN, grey[:2]).numpy()
again = train.train(baseline, *sets)[1]
other = train.train(replace(baseline, epochs=1), *sets)[1]
print(json.dumps({
    "record": record,
    "again": again == record,
    "other_epochs": len(other["history"]),
    "accuracy": float(np.mean((logits >= 0) == sets[1].smile)),
    "converted": float(np.abs(converted - logits[0]).max()),
    "wide": [list(wide.shape), float(np.ptp(wide, axis=-1).max())],
    "scale": float(wide.max() / (grey[:2].max() / 255)),
    "parameters": {one.name: one.build().count_params() for one in networks.BASELINES},
}))
"""


def test_training_continues_after_the_last_finished_epoch_when_killed(tmp_path: Path) -> None:
    killed = run_training_python(_TRAIN + _KILL, tmp_path)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    continued = run_training_python(_TRAIN + _CONTINUE, tmp_path)
    assert continued.returncode == 0, continued.stderr
    assert "Epoch 3/3" in continued.stdout
    assert "Epoch 2/3" not in continued.stdout
    result = json.loads(continued.stdout.splitlines()[-1])
    history = result["record"]["history"]
    assert [line["epoch"] for line in history] == [1, 2, 3]
    assert result["again"]
    assert result["other_epochs"] == 1
    best = history[result["record"]["best_epoch"] - 1]["validation_accuracy"]
    assert best == max(line["validation_accuracy"] for line in history)
    assert result["accuracy"] == pytest.approx(best, abs=1e-4)  # the weights of the best epoch
    assert result["converted"] < 1e-3
    assert result["wide"] == [[2, 150, 150, 3], 0]
    assert result["scale"] == pytest.approx(1, abs=0.1)
    # Listing 5.5 of Deep Learning with Python states 3,453,121.
    assert result["parameters"] == {"lenet": 1_626_571, "deeplens_cnn": 3_453_121}
