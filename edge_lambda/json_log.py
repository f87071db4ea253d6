"""JSON lines on standard error: a constant message plus fields."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

from smile_contract import format_time

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


class JsonLineFormatter(logging.Formatter):
    """One JSON object per record: time, level, message, then the fields given as ``extra``."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line."""
        fields: dict[str, object] = {
            "time": format_time(datetime.fromtimestamp(record.created, UTC)),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
        }
        fields |= {key: value for key, value in vars(record).items() if key not in _STANDARD}
        if record.exc_info:
            fields["traceback"] = self.formatException(record.exc_info)
        return json.dumps(fields, default=str)


def set_up_logging(level: str) -> None:
    """Send the logs of this package to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLineFormatter())
    logger = logging.getLogger("edge_lambda")
    logger.handlers[:] = [handler]
    logger.propagate = False
    logger.setLevel(level.upper())
