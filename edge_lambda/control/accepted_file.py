"""The settings that were accepted last, on disk, for a start without a connection."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from pathlib import Path

_log = logging.getLogger(__name__)
_MODE = 0o600


class AcceptedFile:
    """A JSON file of settings by dotted key. A fault of the disk is logged and costs nothing else.

    Parameters
    ----------
    path : Path or None
        None keeps nothing.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def read(self) -> dict[str, object]:
        """Return the settings; none when there is no readable file."""
        if self._path is None:
            return {}
        try:
            values = json.loads(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            self._warn("stored settings are unreadable", error)
            return {}
        if not isinstance(values, dict):
            self._warn("stored settings are unreadable", "expected an object")
            return {}
        return values

    def write(self, values: Mapping[str, object]) -> None:
        """Replace the settings in one step."""
        if self._path is None:
            return
        new = self._path.with_name(self._path.name + ".new")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with open(new, "w", encoding="utf-8", opener=_open_private) as file:
                json.dump(values, file, indent=2)
                file.flush()
                os.fsync(file.fileno())
            new.replace(self._path)
        except OSError as error:
            self._warn("settings are not stored, the next start has older ones", error)

    def _warn(self, message: str, reason: object) -> None:
        _log.warning(message, extra={"path": str(self._path), "reason": str(reason)})


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags, _MODE)
