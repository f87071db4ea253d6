"""``python -m local``: everything on this machine, with one command."""

from __future__ import annotations

import signal
import sys

if __name__ == "__main__":
    # Until the command takes over there is nothing to clean up: Ctrl-C ends it without a word.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from local.command import leave, main

    leave(main(sys.argv[1:]))
