"""What ``python -m local`` does with its arguments, signals and errors."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Sequence
from types import FrameType
from typing import NoReturn

from local.aws.endpoints import forget_user_settings
from local.errors import LocalError
from local.options import Options, parse_options
from local.report.console import RunConsole
from local.session import Session

_CANNOT_GO_ON = 2
_INTERRUPTED = 130
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main(argv: Sequence[str]) -> int:
    """Run the command.

    Returns
    -------
    int
        0, 1 when something made on the edge is not in the table, 2 when something needed could
        not be started, 130 when interrupted before ``--once`` had come to its end.
    """
    started_at = time.time()
    for number in _SIGNALS:
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup
            signal.signal(number, _interrupt)
    environment = dict(os.environ)
    forget_user_settings(os.environ)
    options: Options | None = None
    try:
        options = parse_options(argv)
        with RunConsole() as console:
            return Session(options, console, environment, started_at).run()
    except LocalError as error:
        print(f"local: {error}".replace("\n", " "), file=sys.stderr)  # noqa: T201
        return _CANNOT_GO_ON
    except KeyboardInterrupt:
        return _INTERRUPTED if options is None or options.once else 0


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    for number in _SIGNALS:  # stopping takes a moment; being asked again must not break it off
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def leave(code: int) -> NoReturn:
    """Leave without waiting for threads that still wait for processes now gone."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            continue
    os._exit(code)
