"""What ``python -m local`` and ``python -m local.sam`` share: options, signals, exit codes."""

from __future__ import annotations

import argparse
import os
import re
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import NoReturn

from local.errors import LocalError, StartError

DEFAULT_TEMPLATE = Path(__file__).resolve().parents[1] / "template.yaml"
_CANNOT_CONTINUE = 2
_MAX_PORT = 65535
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Parser(argparse.ArgumentParser):
    """A parser that reports a wrong command line as a `StartError`."""

    def error(self, message: str) -> NoReturn:
        """Raise what argparse would print together with its usage."""
        raise StartError(f"{message} ({self.prog} --help lists the options)")


def port(text: str) -> int:
    """Read a port number (a ``type`` of argparse)."""
    if not text.isdecimal() or not 1 <= int(text) <= _MAX_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: expected 1 to {_MAX_PORT}")
    return int(text)


def interrupt_on_signals() -> None:
    """Turn the signals that end a command into KeyboardInterrupt."""
    for number in _SIGNALS:
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup
            signal.signal(number, _interrupt)


def report_failure(name: str, error: LocalError) -> int:
    """Print an error as one line and return the exit code."""
    message = " ".join(str(error).split())
    target = os.environ.get("MAKE_TARGET")
    print(_as_typed(name, message, target), file=sys.stderr)  # noqa: T201
    return _CANNOT_CONTINUE


def _as_typed(name: str, message: str, make_target: str | None) -> str:
    """Return the error with the names that the user typed.

    ``make run PORT=x`` becomes ``python -m local --port=x``, so an error about ``--port`` is one
    about ``PORT=`` to the user of make.
    """
    if make_target is None:
        return f"{name}: {message}"
    message = re.sub(r"\(python -m \S+ --help lists the options\)", "(see make help)", message)
    message = re.sub(
        r"(?<!\S)(?:argument )?--([a-z-]+)(:?)",
        lambda found: f"{found[1].upper().replace('-', '_')}{found[2] or '='}",
        message,
    )
    return f"make {make_target}: {message}"


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    for number in _SIGNALS:  # a second signal must not interrupt the clean-up
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt
