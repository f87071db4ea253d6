"""Run as ``python -m smile_vision``."""

import sys

from smile_vision.cli import main

sys.exit(main())
