"""What a person sees who gives a command something it cannot use."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from training.errors import run_command


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_one_line_and_exit_code_1_when_the_data_are_not_there(tmp_path: Path) -> None:
    result = _run("training.prepare", "--data", str(tmp_path / "nowhere"))
    assert result.returncode == 1
    assert result.stderr.startswith("error: data ")
    assert result.stderr.count("\n") == 1


def test_one_line_and_exit_code_1_when_the_folder_is_another_one(tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").write_bytes(b"")
    result = _run("training.prepare", "--data", str(tmp_path))
    assert result.returncode == 1
    assert "positives" in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.skipif(
    importlib.util.find_spec("tensorflow") is not None, reason="TensorFlow is installed here"
)
def test_one_line_says_where_to_train_when_tensorflow_is_not_installed() -> None:
    program = (
        "import training.model.network as n, training.errors as e; e.run_command(n.import_keras)"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60
    )
    assert result.returncode == 1
    assert "make train" in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (PermissionError(13, "Permission denied", "/data/build"), "/data/build: Permission denied"),
        (OSError(28, "No space left on device"), "No space left on device"),
    ],
)
def test_one_line_and_exit_code_1_when_the_system_refuses(
    error: OSError, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def command() -> None:
        raise error

    with pytest.raises(SystemExit) as stopped:
        run_command(command)
    assert stopped.value.code == 1
    assert capsys.readouterr().err == f"error: {sentence}\n"
