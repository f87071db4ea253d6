"""``python -m local``: arguments, signals, errors and exit codes."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from typing import NoReturn

from local.aws.endpoints import forget_user_settings
from local.command_line import interrupt_on_signals, report_failure
from local.errors import LocalError
from local.run.options import Options, parse_options
from local.run.session import Session

_INTERRUPTED = 130  # 128 + SIGINT, as in shells


def main(argv: Sequence[str]) -> int:
    """Run the command.

    Returns
    -------
    int
        0; 1 when ``--once`` found something wrong; 2 when something could not start or ended;
        130 when ``--once`` was interrupted.
    """
    started_at = time.time()
    interrupt_on_signals()
    environment = dict(os.environ)
    forget_user_settings(os.environ)
    options: Options | None = None
    try:
        options = parse_options(argv)
        return Session(options, environment, started_at).run()
    except LocalError as error:
        return report_failure("local", error)
    except KeyboardInterrupt:
        return _INTERRUPTED if options is None or options.once else 0


def leave(code: int) -> NoReturn:
    """Exit at once: some threads still wait for processes that have ended."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            continue
    os._exit(code)
