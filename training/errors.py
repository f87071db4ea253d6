"""The one error of this package, and how a command shows it."""

from __future__ import annotations

import sys
from collections.abc import Callable

__all__ = ["TrainingError", "run_command"]

_INTERRUPTED = 130


class TrainingError(Exception):
    """Something the person at the keyboard can put right; the message says what."""


def run_command(command: Callable[[], None]) -> None:
    """Run a command-line entry point; an error becomes one line and exit code 1.

    Parameters
    ----------
    command
        The entry point, called without arguments.

    Raises
    ------
    SystemExit
        With code 1 after a `TrainingError` or where the system refuses (a folder without
        permission, a full disk), 130 after Ctrl-C.
    """
    try:
        command()
    except TrainingError as error:
        sys.stderr.write(f"error: {error}\n")
        raise SystemExit(1) from error
    except OSError as error:
        where = "" if error.filename is None else f"{error.filename}: "
        sys.stderr.write(f"error: {where}{error.strerror or error}\n")
        raise SystemExit(1) from error
    except KeyboardInterrupt as error:
        sys.stderr.write("interrupted; the same command goes on where it stopped\n")
        raise SystemExit(_INTERRUPTED) from error
