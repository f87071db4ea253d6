"""What the commands share: their parser, exit codes and one-line errors."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import NoReturn

from ops.errors import CommandError

EXIT_FAILED = 2
_EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells report it


class CommandParser(argparse.ArgumentParser):
    """A parser with ``--stage`` that raises `CommandError` instead of printing its usage.

    Parameters
    ----------
    command : str
        Name of the package in `ops`.
    description : str
    default_stage : str
        Empty when the user must name a stage.
    """

    def __init__(self, command: str, description: str, *, default_stage: str = "") -> None:
        super().__init__(
            prog=f"python -m ops.{command}", description=description, allow_abbrev=False
        )
        default = f"; default: {default_stage}" if default_stage else ""
        self.add_argument("--stage", default=default_stage, help=f"dev, staging or prod{default}")

    def error(self, message: str) -> NoReturn:
        """Raise the message as a `CommandError`."""
        raise CommandError(message)


def run_command(name: str, command: Callable[[], int]) -> int:
    """Run a command and return its exit code.

    Parameters
    ----------
    name : str
        Prefix of the error line.
    command : callable
        Returns the exit code or raises `CommandError`.

    Returns
    -------
    int
        The command's exit code; 2 after a `CommandError`, 130 after Ctrl-C.
    """
    try:
        return command()
    except CommandError as error:
        print(f"{name}: {' '.join(str(error).split())}", file=sys.stderr)
        return EXIT_FAILED
    except KeyboardInterrupt:
        return _EXIT_INTERRUPTED
