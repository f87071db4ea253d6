"""An error names what the user typed: options, or the variables of make."""

from __future__ import annotations

import pytest

from local.command_line import report_failure
from local.errors import StartError


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (
            "argument --port: 'x' is not a port (python -m local --help lists the options)",
            "make run: PORT: 'x' is not a port (see make help)",
        ),
        (
            "port 8000 is in use; choose another with --port",
            "make run: port 8000 is in use; choose another with PORT=",
        ),
        ("--source: video not found: a--b.mp4", "make run: SOURCE: video not found: a--b.mp4"),
    ],
)
def test_make_is_answered_in_its_variables(
    message: str,
    expected: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("MAKE_TARGET", "run")
    assert report_failure("local", StartError(message)) == 2
    assert capsys.readouterr().err == f"{expected}\n"


def test_the_command_itself_is_answered_in_its_options(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("MAKE_TARGET", raising=False)
    report_failure("local", StartError("port 8000 is in use; choose another with --port"))
    assert capsys.readouterr().err == "local: port 8000 is in use; choose another with --port\n"
