"""``python -m edge_lambda``: watch a source and report smiles."""

from __future__ import annotations

import os
import signal
import sys

from edge_lambda.package_check import find_problem


def _replace_closed_streams() -> None:
    """Open the null device in place of closed standard streams.

    Otherwise the next file that is opened gets the number of standard error, and a library that
    writes there overwrites that file.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


if __name__ == "__main__":
    # There is nothing to clean up before the command starts, so Ctrl-C just ends the process.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    _replace_closed_streams()
    problem = find_problem()
    if problem:  # the import below would explain it in 25 lines
        print(f"edge_lambda: {problem}", file=sys.stderr)  # noqa: T201
        sys.exit(2)
    from edge_lambda.command import main, quit_now

    quit_now(main())
