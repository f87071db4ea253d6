"""The date of a training, for the model card."""

from __future__ import annotations

import os
from datetime import UTC, datetime

from training.errors import TrainingError

__all__ = ["training_date"]

_VARIABLE = "SOURCE_DATE_EPOCH"  # https://reproducible-builds.org/specs/source-date-epoch/


def training_date() -> str:
    """Return the date of today, or of `SOURCE_DATE_EPOCH`, as YYYY-MM-DD in UTC.

    Raises
    ------
    TrainingError
        When the variable does not hold seconds since 1970.
    """
    given = os.environ.get(_VARIABLE)
    if not given:
        return datetime.now(UTC).date().isoformat()
    try:
        return datetime.fromtimestamp(int(given), UTC).date().isoformat()
    except (ValueError, OverflowError, OSError) as error:
        raise TrainingError(f"{_VARIABLE}: expected seconds since 1970, got {given!r}") from error
