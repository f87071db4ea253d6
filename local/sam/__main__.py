"""``python -m local.sam``: the AWS endpoint for ``sam local``."""

from __future__ import annotations

import sys

from local.sam.command import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
