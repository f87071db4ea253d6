"""Run as ``python -m smile_vision``."""

import signal
import sys

if __name__ == "__main__":
    # The command has nothing to clean up: Ctrl-C ends it without a traceback.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from smile_vision.cli import main

    sys.exit(main())
