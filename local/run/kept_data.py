"""The folder in which a run keeps its data for the next one."""

from __future__ import annotations

import contextlib
import fcntl
import re
import secrets
from pathlib import Path
from typing import IO

from local.aws.store import DAMAGED
from local.errors import StartError

_KEY = re.compile("[A-Za-z0-9]+")


class KeptData:
    """A folder that one run at a time uses.

    Parameters
    ----------
    folder : Path
        It is made if it is missing; only its owner can read it.

    Raises
    ------
    StartError
        When it cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._known_damage = frozenset[str]()
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._known_damage = self._damaged()
            self._lock: IO[str] = (folder / "lock").open("w")
        except OSError as error:
            reason = (error.strerror or "cannot be written").lower()
            raise StartError(f"--keep {folder}: {reason}") from error

    def take(self) -> bool:
        """Return whether this run may use the folder: no other run does."""
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def outbox(self, device_id: str) -> Path:
        """Return the file for the events of a device that the broker has not confirmed."""
        return self.folder / f"outbox-{device_id}.sqlite"

    def api_key(self) -> str:
        """Return the secret part of the API keys, made by the first run."""
        file = self.folder / "api-key"
        with contextlib.suppress(FileNotFoundError):
            if _KEY.fullmatch(key := file.read_text("utf-8").strip()):
                return key
        key = secrets.token_hex(16)
        file.touch(mode=0o600)
        file.write_text(f"{key}\n", "utf-8")
        return key

    def damaged(self) -> list[str]:
        """Return the files that this run could not read and has renamed."""
        return sorted(self._damaged() - self._known_damage)

    def _damaged(self) -> frozenset[str]:
        return frozenset(path.name for path in self.folder.glob(f"*{DAMAGED}"))
