"""Version of the program."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

VERSION: Final = "0.1.0"
RELEASED: Final = datetime(2026, 11, 27, tzinfo=UTC)
"""No clock that shows an earlier time can be right."""
