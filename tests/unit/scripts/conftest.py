from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
# The scripts run from the repository and belong to no package that is installed.
sys.path.insert(0, str(ROOT))
