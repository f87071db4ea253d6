"""``python -m local.shadow``: the settings of a running device."""

from __future__ import annotations

import sys

from local.shadow.command import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
