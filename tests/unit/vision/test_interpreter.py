from __future__ import annotations

import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from smile_vision.errors import InterpreterError
from smile_vision.faces.weights import load_weights
from smile_vision.interpreter import RUNTIMES, load_interpreter

SHORT = "face_detection_short_range.tflite"


class OldRuntime:
    """Stands for tflite_runtime, which the tests' Python may have no wheel of."""

    def __init__(self, model_content: bytes, num_threads: int) -> None:
        self.model_content = model_content
        self.num_threads = num_threads

    def allocate_tensors(self) -> None:
        pass


def hide_runtimes(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in RUNTIMES:
        monkeypatch.setitem(sys.modules, name, None)


def test_old_runtime_is_used_when_the_new_one_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    hide_runtimes(monkeypatch)
    module = types.ModuleType(RUNTIMES[1])
    module.Interpreter = OldRuntime  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, RUNTIMES[1].partition(".")[0], types.ModuleType("parent"))
    monkeypatch.setitem(sys.modules, RUNTIMES[1], module)
    loaded: Any = load_interpreter(b"a model")
    assert isinstance(loaded, OldRuntime)
    assert (loaded.model_content, loaded.num_threads) == (b"a model", 1)


def test_error_names_the_packages_when_no_runtime_is_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hide_runtimes(monkeypatch)
    with pytest.raises(InterpreterError, match=r"ai-edge-litert.*tflite-runtime"):
        load_interpreter(b"a model")


def test_model_runs_when_loaded_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(load_weights(SHORT))
    interpreter = load_interpreter(path)
    details = interpreter.get_input_details()[0]
    interpreter.set_tensor(details["index"], np.zeros(details["shape"], np.float32))
    interpreter.invoke()
    assert len(interpreter.get_output_details()) == 2


def test_error_is_clear_when_the_file_is_no_model(tmp_path: Path) -> None:
    path = tmp_path / "broken.tflite"
    path.write_bytes(b"nothing like a flatbuffer" * 10)
    with pytest.raises(InterpreterError, match=r"broken\.tflite is not a model"):
        load_interpreter(path)


def test_error_is_clear_when_the_file_is_missing(tmp_path: Path) -> None:
    with pytest.raises(InterpreterError, match=r"missing\.tflite cannot be read"):
        load_interpreter(tmp_path / "missing.tflite")


def test_stderr_stays_empty_when_a_model_is_loaded(capfd: pytest.CaptureFixture[str]) -> None:
    load_interpreter(load_weights(SHORT))
    assert capfd.readouterr() == ("", "")
