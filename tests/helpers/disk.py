"""A disk that fails when a test says so."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from edge_lambda.delivery import event_store
from edge_lambda.delivery.outbox import Outbox
from edge_lambda.delivery.outbox_file import open_outbox_file
from edge_lambda.errors import OutboxError

PAGE_BYTES = 4096
_NOBODY = 65534


class Disk:
    """Lets outbox files be opened, and stops their growth, as a test demands.

    Attributes
    ----------
    is_full : bool
        Set it with `fill` and `free`.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.is_full = False
        self._open: list[sqlite3.Connection] = []
        monkeypatch.setattr(event_store, "open_outbox_file", self._open_file)

    def fill(self) -> None:
        """Let every write fail from now on; reads go on."""
        self.is_full = True
        for db in self._open:
            fail_writes(db)

    def free(self) -> None:
        """Let writes succeed again."""
        self.is_full = False

    def _open_file(self, path: Path | None) -> sqlite3.Connection:
        if path is None:
            return open_outbox_file(path)
        if self.is_full:
            raise OutboxError(f"outbox: {path}: database or disk is full")
        db = open_outbox_file(path)
        db.execute("PRAGMA synchronous=OFF")  # faster
        self._open.append(db)
        return db


def fail_writes(db: sqlite3.Connection) -> None:
    """Let every write to a database fail as on a full disk; does nothing to a closed one."""
    try:
        for name in ("event", "ongoing", "device"):
            for action in ("INSERT", "DELETE", "UPDATE"):
                db.execute(
                    f"CREATE TEMP TRIGGER IF NOT EXISTS full_{name}_{action} BEFORE {action}"
                    f" ON main.{name} BEGIN SELECT RAISE(ABORT, 'disk is full'); END"
                )
    except sqlite3.ProgrammingError:
        return


def copy_of_crash(path: Path, folder: Path) -> Path:
    """Copy the files of an open outbox as a killed process leaves them; return the new path."""
    folder.mkdir(exist_ok=True)
    for file in path.parent.glob(f"{path.name}*"):
        shutil.copy(file, folder)
    return folder / path.name


def retry_now(outbox: Outbox) -> None:
    """Let the outbox try the disk at its next use."""
    outbox._keeper._retry_s = 0.0


def damage_page(path: Path, number: int) -> None:
    """Overwrite a page of a closed database; the first has the number 0."""
    with path.open("r+b") as file:
        file.seek(number * PAGE_BYTES)
        file.write(os.urandom(PAGE_BYTES))


@contextmanager
def as_nobody() -> Iterator[None]:
    """Take the rights of root away, for which no file is read-only."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(_NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
