"""A model is loaded with the interpreter that is installed."""

from __future__ import annotations

import os
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
    """Stands for tflite_runtime, which has no wheel for newer versions of Python."""

    def __init__(self, model_content: bytes, num_threads: int) -> None:
        self.model_content = model_content
        self.num_threads = num_threads

    def allocate_tensors(self) -> None:
        pass


def hide_runtimes(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in RUNTIMES:
        monkeypatch.setitem(sys.modules, name, None)


def install_old_runtime(monkeypatch: pytest.MonkeyPatch, interpreter: type) -> None:
    hide_runtimes(monkeypatch)
    module = types.ModuleType("tflite_runtime.interpreter")
    module.Interpreter = interpreter  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "tflite_runtime", types.ModuleType("tflite_runtime"))
    monkeypatch.setitem(sys.modules, "tflite_runtime.interpreter", module)


def test_old_runtime_is_used_when_the_new_one_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    install_old_runtime(monkeypatch, OldRuntime)
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


def test_error_is_clear_when_the_file_is_not_a_model(tmp_path: Path) -> None:
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


class TalkativeRuntime(OldRuntime):
    """Writes to the file descriptor, as the C++ logger does."""

    def allocate_tensors(self) -> None:
        os.write(2, b"INFO: Created delegate.\nERROR: out of cheese.\n")


def test_only_info_lines_are_removed_from_stderr(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    install_old_runtime(monkeypatch, TalkativeRuntime)
    load_interpreter(b"a model")
    os.write(2, b"INFO: later\n")
    assert capfd.readouterr().err == "ERROR: out of cheese.\nINFO: later\n"


class BrokenRuntime(TalkativeRuntime):
    def allocate_tensors(self) -> None:
        super().allocate_tensors()
        raise RuntimeError("no such operator")


def test_stderr_works_again_when_loading_fails(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    install_old_runtime(monkeypatch, BrokenRuntime)
    message = "model of 7 bytes is not a model this interpreter can run: no such operator"
    with pytest.raises(InterpreterError, match=message):
        load_interpreter(b"a model")
    os.write(2, b"INFO: later\n")
    assert capfd.readouterr().err == "ERROR: out of cheese.\nINFO: later\n"


def test_model_is_loaded_when_the_process_has_no_stderr(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    assert load_interpreter(load_weights(SHORT)).get_input_details()
