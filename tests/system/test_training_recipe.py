"""The recipe of the shipped model, measured on Keras objects, and the network rebuilt from int8."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.training_python import needs_training_python, run_training_python

pytestmark = [pytest.mark.system, needs_training_python]

_RECIPE = """
import numpy as np
from training.model.targets import known_crossentropy
from training.train import compiled_network

EPOCHS, STEPS = 50, 149
network = compiled_network(1, EPOCHS, STEPS)
rate = network.optimizer._learning_rate
at = lambda step: float(rate(step))
assert np.isclose(at(0), 0.0)
assert np.isclose(at(STEPS // 2), 2e-3 * (STEPS // 2) / STEPS, rtol=1e-4), "linear warm-up"
assert np.isclose(at(STEPS), 2e-3), "the peak after one epoch"
middle = STEPS + (EPOCHS * STEPS - STEPS) // 2
assert np.isclose(at(middle), 2e-3 * 1.05 / 2, rtol=1e-2), "cosine decay"
assert np.isclose(at(EPOCHS * STEPS), 1e-4), "a twentieth of the peak at the end"
assert at(EPOCHS * STEPS) < at(EPOCHS * STEPS - 100)
one_epoch = compiled_network(1, 1, STEPS).optimizer._learning_rate
assert np.isclose(float(one_epoch(STEPS)), 2e-3, rtol=0.1)

network.optimizer.build(network.trainable_variables)
assert network.optimizer.weight_decay == 0.01
for variable in network.trainable_variables:
    decays = network.optimizer._use_weight_decay(variable)
    assert decays == (variable.name == "kernel"), variable.path

kinds = [type(layer).__name__ for layer in network.layers]
assert kinds.count("Conv2D") == kinds.count("BatchNormalization") == 8
assert {l.momentum for l in network.layers if hasattr(l, "momentum")} == {0.95}
assert [l.rate for l in network.layers if type(l).__name__ == "Dropout"] == [0.3]
assert network.loss is known_crossentropy
assert network.steps_per_execution == 4, "the average takes every fourth step"
again = compiled_network(1, EPOCHS, STEPS)
other = compiled_network(2, EPOCHS, STEPS)
same = [np.array_equal(a, b) for a, b in zip(network.get_weights(), again.get_weights())]
assert all(same), "the seed decides the weights"
assert any(not np.array_equal(a, b) for a, b in zip(network.get_weights(), other.get_weights()))
"""

_LOSS = """
import numpy as np
import tensorflow as tf
from training.model.network import build_network
from training.model.targets import known_crossentropy

outputs = build_network(1).output_shape[-1]
rng = np.random.default_rng(1)
logits = rng.normal(0, 4, (50, outputs)).astype("float32")
targets = rng.uniform(0, 1, (50, outputs)).astype("float32")
probability = 1 / (1 + np.exp(-logits.astype(float)))
expected = -(targets * np.log(probability) + (1 - targets) * np.log(1 - probability))
expected *= [1.0] + [0.5] * (outputs - 1)

def loss(targets, logits=logits):
    return np.asarray(known_crossentropy(tf.constant(targets), tf.constant(logits)))

assert loss(targets).shape == (50,)
assert np.allclose(loss(targets), expected.sum(axis=1), atol=1e-4)
for column in range(outputs):
    unknown = targets.copy()
    unknown[::2, column] = -1
    left = expected.copy()
    left[::2, column] = 0
    assert np.allclose(loss(unknown), left.sum(axis=1), atol=1e-4), column
    variable = tf.Variable(logits)
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(known_crossentropy(tf.constant(unknown), variable))
    slopes = np.asarray(tape.gradient(total, variable))
    assert (slopes[::2, column] == 0).all(), "nothing is learned where nothing is known"
    assert (slopes[1::2, column] != 0).all()
assert (loss(np.full_like(targets, -1)) == 0).all()
sure = np.full_like(logits, 1000.0)
assert np.isfinite(loss(targets, sure)).all() and np.isfinite(loss(targets, -sure)).all()
assert np.allclose(loss(np.ones_like(targets), sure), 0)
"""

_REBUILD = """
import sys
from pathlib import Path
import numpy as np
from smile_vision.smiles.preprocess import preprocess
from training.errors import TrainingError
from training.evaluation.predict import int8_logits
from training.evaluation.synthetic_faces import synthetic_faces
from training.model import rebuild
from training.workspace import MODEL

faces = synthetic_faces()
network = rebuild.rebuild_network(MODEL, 1)
outputs, int8 = network.predict(preprocess(faces), verbose=0), int8_logits(MODEL, faces)
assert outputs.shape == (len(faces), 3)
logits = outputs[:, 0]
assert np.corrcoef(logits, int8)[0, 1] > 0.99
difference = float((int8 - logits).mean())

def shifted(by):
    rebuild.int8_logits = lambda model, crops: logits + by
    rebuild.rebuild_network(MODEL, 1)

shifted(0.48)
for by in (0.52, np.nan):
    try:
        shifted(by)
    except TrainingError as error:
        assert "logits differ by" in str(error), error
    else:
        raise AssertionError(f"accepted a difference of {by}")

rebuild.build_folded_network = lambda seed: __import__("keras").Sequential(
    [__import__("keras").Input((64, 64, 1)), __import__("keras").layers.Flatten()]
)
try:
    rebuild.rebuild_network(MODEL, 1)
except TrainingError as error:
    assert "not the network of this project" in str(error)
else:
    raise AssertionError("accepted another network")
"""

_ADAPT = """
import numpy as np
from smile_vision.smiles.classifier import mouth_logits
from smile_vision.smiles.crop_network import sigmoid
from smile_vision.smiles.preprocess import preprocess
from training import finetune
from training.data.site_photos import SiteFaces
from training.evaluation.synthetic_faces import synthetic_faces
from training.model.rebuild import rebuild_network
from training.notebooks.notebook_data import load_notebook_data
from training.workspace import MODEL

batches = []
finetune.MIXTURE = 640
crops = load_notebook_data("synthetic").crops
site = SiteFaces(synthetic_faces(), np.arange(36) % 2 == 0)
network = finetune.adapt(site, crops, epochs=2)
optimizer = network.optimizer
assert int(optimizer.iterations) == 2 * 10, "batches of 64"
assert np.isclose(float(optimizer._learning_rate(0)), 2e-4)
assert np.isclose(float(optimizer._learning_rate(20)), 2e-7), "at the end of the training"
assert optimizer.weight_decay == 0.01
faces = preprocess(synthetic_faces())
before, after = (
    sigmoid(mouth_logits(one.predict(faces, verbose=0)))
    for one in (rebuild_network(MODEL, 1), network)
)
assert np.abs(after - before).mean() < 0.02, "what the model says of mouths stays"
"""

_CONVERT = """
import sys
from pathlib import Path
import numpy as np
from smile_vision.smiles.preprocess import preprocess
from training.evaluation.predict import int8_logits
from training.evaluation.synthetic_faces import synthetic_faces
from training.model.convert import convert
from training.model.rebuild import rebuild_network
from training.notebooks.notebook_data import load_notebook_data
from training.workspace import MODEL

file = Path(sys.argv[1])
network = rebuild_network(MODEL, 1)
file.write_bytes(convert(network, load_notebook_data("synthetic").crops))
faces = synthetic_faces()
logits = network.predict(preprocess(faces), verbose=0)[:, 0]
assert np.abs(int8_logits(file, faces) - logits).mean() < 0.3
assert abs(file.stat().st_size - MODEL.stat().st_size) < 5000
"""


@pytest.mark.parametrize(
    "program", [_RECIPE, _LOSS, _REBUILD, _ADAPT], ids=["recipe", "loss", "rebuild", "adapt"]
)
def test_network_and_optimizer_are_those_of_the_shipped_model(program: str) -> None:
    result = run_training_python(program)
    assert result.returncode == 0, result.stdout + result.stderr


def test_converted_file_predicts_what_the_network_predicts(tmp_path: Path) -> None:
    result = run_training_python(_CONVERT, tmp_path / "model.tflite")
    assert result.returncode == 0, result.stdout + result.stderr


def test_saved_network_is_named_when_it_is_missing_or_damaged(tmp_path: Path) -> None:
    (tmp_path / "damaged.keras").write_bytes(b"not a network")
    program = """
import sys
from pathlib import Path
from training.command_line import run_command
from training.model.network import load_network
run_command(lambda: load_network(Path(sys.argv[1]), made_by="make it"))
"""
    for name, state in (("damaged.keras", "damaged"), ("absent.keras", "missing")):
        result = run_training_python(program, tmp_path / name)
        assert result.returncode == 1
        assert result.stderr == f"error: {name} is {state}: run make it\n"
