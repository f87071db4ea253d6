"""``python -m local``: everything on this machine, with one command."""

from __future__ import annotations

import signal
import sys

if __name__ == "__main__":
    # There is nothing to clean up yet: until the command starts, Ctrl-C ends it without a message.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from local.run.command import leave, main

    leave(main(sys.argv[1:]))
