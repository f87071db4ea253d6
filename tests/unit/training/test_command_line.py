"""What the user sees: help, error messages and exit codes of the commands."""

from __future__ import annotations

import importlib
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from training.command_line import command_parser, positive_int, run_command

COMMANDS = (
    "prepare", "train", "quantize", "evaluate", "evaluate_photos", "robustness", "gate",
    "finetune", "contact_sheets",
)  # fmt: skip
WITH_PHOTOS = {"prepare", "contact_sheets", "evaluate_photos", "robustness", "gate"}


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("name", COMMANDS)
def test_help_names_the_command_and_says_what_it_does(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    module = importlib.import_module(f"training.{name}")
    with pytest.raises(SystemExit) as stopped:
        module.main(["--help"])
    assert stopped.value.code == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert shown.startswith(f"usage: python -m training.{name} ")
    assert module.__doc__.partition("\n")[0] in shown
    assert ("labels.csv (path,smile), or none" in shown) == (name in WITH_PHOTOS)


@pytest.mark.parametrize("name", COMMANDS)
def test_unknown_option_is_rejected(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    module = importlib.import_module(f"training.{name}")
    with pytest.raises(SystemExit) as stopped:
        module.main(["--photos", "none", "--nonsense"])
    assert stopped.value.code == 2
    assert "--nonsense" in capsys.readouterr().err


def test_description_is_empty_when_docstrings_are_stripped() -> None:
    assert command_parser("training.gate", None).description == ""


@pytest.mark.parametrize("command", ["train", "finetune"])
@pytest.mark.parametrize("epochs", ["0", "-1", "2.5", "many"])
def test_epochs_are_rejected_when_not_a_positive_number(
    command: str, epochs: str, capsys: pytest.CaptureFixture[str]
) -> None:
    module = importlib.import_module(f"training.{command}")
    with pytest.raises(SystemExit) as stopped:
        module.main(["--epochs", epochs])
    assert stopped.value.code == 2
    assert f"--epochs: expected 1 or more, got '{epochs}'" in capsys.readouterr().err


def test_positive_number_is_accepted() -> None:
    assert [positive_int(text) for text in ("1", "50")] == [1, 50]


def test_one_line_and_exit_code_1_when_the_data_are_missing(tmp_path: Path) -> None:
    result = _run("training.prepare", "--data", str(tmp_path / "nowhere"))
    assert result.returncode == 1
    assert result.stderr.startswith("error: data ")
    assert result.stderr.count("\n") == 1


def test_one_line_and_exit_code_1_when_the_folder_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").write_bytes(b"")
    result = _run("training.prepare", "--data", str(tmp_path))
    assert result.returncode == 1
    assert "positives" in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.skipif(
    importlib.util.find_spec("tensorflow") is not None, reason="TensorFlow is installed here"
)
def test_one_line_says_where_to_train_when_tensorflow_is_missing() -> None:
    program = (
        "import training.model.network as n, training.command_line as c;"
        " c.run_command(n.import_keras)"
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
        (OSError("no number"), "no number"),
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


def test_exit_code_130_and_a_hint_when_interrupted(capsys: pytest.CaptureFixture[str]) -> None:
    def command() -> None:
        raise KeyboardInterrupt

    with pytest.raises(SystemExit) as stopped:
        run_command(command)
    assert stopped.value.code == 130
    assert "run the same command again to continue" in capsys.readouterr().err
