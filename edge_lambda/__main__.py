"""``python -m edge_lambda``: watch a source and tell when somebody smiles."""

from __future__ import annotations

import os
import signal


def _occupy_closed_streams() -> None:
    """Keep the next file that is opened from taking the place of a closed standard stream.

    Whatever a library then wrote to standard error would end up in that file.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


if __name__ == "__main__":
    # Until the command takes over there is nothing to clean up: Ctrl-C ends it without a word.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    _occupy_closed_streams()
    from edge_lambda.command import leave, main

    leave(main())
