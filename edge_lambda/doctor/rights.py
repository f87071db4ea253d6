"""The rights of files, and the names of users."""

from __future__ import annotations

import os
import pwd
import stat
from pathlib import Path


def is_exposed(path: Path, rights: int = stat.S_IRWXG | stat.S_IRWXO) -> bool:
    """Return whether others have one of these rights; False when the file cannot be reached."""
    try:
        return bool(path.stat().st_mode & rights)
    except OSError:
        return False


def is_writable(path: Path) -> bool:
    """Return whether this process may write a file, or files in a folder. It tries nothing."""
    rights = os.W_OK | os.X_OK if path.is_dir() else os.W_OK | os.R_OK
    return os.access(path, rights, effective_ids=True)


def user_name(uid: int) -> str:
    """Return the name of a user."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
