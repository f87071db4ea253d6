"""Run as ``python -m smile_vision``."""

import signal
import sys

if __name__ == "__main__":
    # There is nothing to clean up, at no time: Ctrl-C ends it without a word.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from smile_vision.cli import main

    sys.exit(main())
