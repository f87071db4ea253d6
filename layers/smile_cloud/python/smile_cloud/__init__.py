"""What the cloud functions share: event store, history, alert policy, settings, errors.

Handlers import the one service they call from its own module, so that none pays for another's
imports at a cold start. Nothing here knows of Lambda events, and no AWS client is made at
import.
"""

from __future__ import annotations

from smile_cloud.errors import (
    ConflictError,
    CursorError,
    NotFoundError,
    ParameterProblem,
    QueryError,
    SettingsError,
    SmileCloudError,
)

__all__ = [
    "ConflictError",
    "CursorError",
    "NotFoundError",
    "ParameterProblem",
    "QueryError",
    "SettingsError",
    "SmileCloudError",
]
