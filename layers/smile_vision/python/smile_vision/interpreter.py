"""Load a TensorFlow Lite model with the interpreter that is installed."""

from __future__ import annotations

import importlib
import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from smile_vision.errors import InterpreterError

__all__ = ["RUNTIMES", "Interpreter", "load_interpreter"]

RUNTIMES = ("ai_edge_litert.interpreter", "tflite_runtime.interpreter")
"""Modules in the order in which they are tried: the maintained runtime, then its predecessor."""

_STDERR_FD = 2
_stderr_lock = threading.Lock()


class Interpreter(Protocol):
    """The part of the interpreter's interface that this package uses."""

    def get_input_details(self) -> list[dict[str, Any]]:
        """Describe the inputs: index, shape, dtype, quantization."""

    def get_output_details(self) -> list[dict[str, Any]]:
        """Describe the outputs: index, shape, dtype, quantization."""

    def set_tensor(self, tensor_index: int, value: np.ndarray[Any, Any]) -> None:
        """Copy ``value`` into an input."""

    def get_tensor(self, tensor_index: int) -> Any:
        """Return a copy of an output."""

    def invoke(self) -> None:
        """Run the model."""


def load_interpreter(model: Path | bytes) -> Interpreter:
    """Load a model, without the runtime's INFO lines on stderr.

    Parameters
    ----------
    model
        A ``.tflite`` file, or its content.

    Returns
    -------
    Interpreter
        With allocated tensors and one thread: on a busy small device two threads are often
        slower. Only one thread may use an instance at a time.

    Raises
    ------
    InterpreterError
        No runtime is installed, or the file cannot be read or is not a model.
    """
    name = model.name if isinstance(model, Path) else f"model of {len(model)} bytes"
    try:
        content = model.read_bytes() if isinstance(model, Path) else model
    except OSError as error:
        raise InterpreterError(f"{name} cannot be read: {error.strerror}") from error
    interpreter_class = _interpreter_class()
    try:
        with _without_info_lines():
            interpreter = interpreter_class(model_content=content, num_threads=1)
            interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        raise InterpreterError(
            f"{name} is not a model this interpreter can run: {error}"
        ) from error
    loaded: Interpreter = interpreter
    return loaded


def _interpreter_class() -> Any:
    for name in RUNTIMES:
        try:
            return importlib.import_module(name).Interpreter
        except ImportError:
            continue
    raise InterpreterError(
        "no TensorFlow Lite interpreter is installed: "
        "install ai-edge-litert (or tflite-runtime, if your platform has no wheel of it)"
    )


@contextmanager
def _without_info_lines() -> Iterator[None]:
    """Remove the runtime's INFO lines from stderr and pass on everything else.

    The C++ logger writes to the file descriptor, and neither Python nor the environment can
    switch that off ("Created TensorFlow Lite XNNPACK delegate for CPU.").
    """
    if sys.stderr is None:  # closed by the parent process: nothing can be shown there
        yield
        return
    with _stderr_lock, tempfile.TemporaryFile() as captured:
        sys.stderr.flush()
        original = os.dup(_STDERR_FD)
        os.dup2(captured.fileno(), _STDERR_FD)
        try:
            yield
        finally:
            os.dup2(original, _STDERR_FD)
            os.close(original)
            captured.seek(0)
            for line in captured:
                if not line.startswith(b"INFO: "):
                    os.write(_STDERR_FD, line)
