"""The frame of every command: what it is given, and one line when it cannot be done."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import NoReturn

from ops.errors import CommandError

CANNOT = 2
_INTERRUPTED = 130  # 128 + SIGINT, as shells have it


class Parser(argparse.ArgumentParser):
    """A parser whose complaints are one sentence, like every other."""

    def error(self, message: str) -> NoReturn:
        """Raise what argparse would print with its usage."""
        raise CommandError(message)


def run_command(name: str, command: Callable[[], int]) -> int:
    """Run a command and return its exit code.

    Parameters
    ----------
    name : str
        What the line starts with.
    command : callable
        Returns the exit code, or raises `CommandError`.

    Returns
    -------
    int
        The command's own; 2 when it could not be done, 130 when it was interrupted.
    """
    try:
        return command()
    except CommandError as error:
        print(f"{name}: {' '.join(str(error).split())}", file=sys.stderr)  # noqa: T201
        return CANNOT
    except KeyboardInterrupt:
        return _INTERRUPTED
