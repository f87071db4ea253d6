"""Checks of the outbox and its disk. They only read, so that the device finds all as it was.

SQLite changes files even when it only reads: it repairs them, and adds and deletes its log. So the
content is checked on a copy, and the rights without a try.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from edge_lambda.config import EdgeConfig
from edge_lambda.delivery.outbox_file import (
    DamagedFileError,
    WrongFileError,
    open_outbox_file,
    outbox_error,
)
from edge_lambda.delivery.salvage import copied
from edge_lambda.doctor.check import Check, failed, ok, skipped, warning
from edge_lambda.doctor.rights import is_exposed, is_writable, user_name
from edge_lambda.errors import OutboxError

_LEAST_FREE_MB = 20.0
# The bytes that SQLite locks: https://www.sqlite.org/fileformat.html#the_lock_byte_page
_LOCK_START, _LOCK_BYTES = 0x40000000, 512
_IN_MEMORY = "events are kept in memory only"


def check_storage(config: EdgeConfig) -> Iterator[Check]:
    """Check disk and outbox, and the rights of an outbox that is all right."""
    path = config.outbox_path
    if path is None:
        yield skipped("disk", _IN_MEMORY)
        yield skipped("outbox", _IN_MEMORY)
        return
    try:
        yield check_disk(path, config.outbox.max_mb)
        outbox = check_outbox(path)
        yield outbox
        if outbox.result == "ok":
            yield from check_rights(path)
    except OSError as error:
        found = f"{error.filename or path}: {(error.strerror or str(error)).lower()}"
        yield failed("outbox", found, "run the doctor as the user of the device")


def check_disk(path: Path, max_mb: float) -> Check:
    """Check that the disk has room for a full outbox."""
    folder = _existing_folder(path)
    free_mb = shutil.disk_usage(folder).free / 1e6
    found = f"{free_mb:,.0f} MB free at {folder}"
    # Write-ahead logging needs the space twice.
    if free_mb < _LEAST_FREE_MB:
        return failed("disk", found, "free some space: events cannot be stored")
    if free_mb < 2 * max_mb:
        advice = f"free some space: a full outbox needs {2 * max_mb:.0f} MB"
        return warning("disk", found, advice)
    return ok("disk", found)


def check_rights(path: Path) -> Iterator[Check]:
    """Check that other users cannot read the outbox."""
    # A folder may be shared, and the device closes the files in it.
    exposed = [str(file) for file in (path, _log_of(path)) if is_exposed(file)]
    if exposed:
        advice = f"take the rights of others away: run chmod go-rwx {' '.join(exposed)}"
        yield warning("rights", f"other users can read {' and '.join(exposed)}", advice)


def check_outbox(path: Path) -> Check:
    """Check that the outbox can be read and written, or created."""
    folder = _existing_folder(path)
    above = next(one for one in path.absolute().parents if one.exists())
    if above != folder:
        found = f"{path} cannot be created: {above} is not a folder"
        return failed("outbox", found, "set outbox.path to another file")
    owner = folder.stat().st_uid
    if os.geteuid() == 0 and owner != 0:
        name = user_name(owner)
        found = f"{folder} belongs to {name}, and this is root"
        return failed("outbox", found, f"run the doctor as {name}: runuser -u {name} -- …")
    if not path.exists():
        return _check_new(path, folder)
    if is_in_use(path):
        return ok("outbox", f"{path} is in use: the device runs")
    return _check_file(path)


def is_in_use(path: Path | None) -> bool:
    """Return whether a process uses the outbox: then the camera and the name are taken."""
    try:
        if path is None or not path.is_file():
            return False
        with path.open("rb") as file:
            try:
                fcntl.lockf(file, fcntl.LOCK_SH | fcntl.LOCK_NB, _LOCK_BYTES, _LOCK_START)
            except OSError:
                return True
    except OSError:
        return False
    return False


def _check_file(path: Path) -> Check:
    try:
        _check_content(path)
    except OutboxError as error:
        found = str(error).removeprefix("outbox: ")
        if isinstance(error, WrongFileError):
            return failed("outbox", found, "set outbox.path to another file")
        if isinstance(error, DamagedFileError):
            advice = "start the device: it renames the file and keeps what can be read"
            return warning("outbox", found, advice)
        return failed("outbox", found, _writable_advice(path))
    log = _log_of(path)
    for file in (path, path.parent, *([log] if log.exists() else [])):
        if not is_writable(file):
            return failed("outbox", f"{file} cannot be written", _writable_advice(file))
    return ok("outbox", f"{path} can be read and written")


def _check_content(path: Path) -> None:
    """Raise what the device would raise when it opens the file."""
    try:
        with copied(path) as copy:
            try:
                open_outbox_file(copy).close()
            except OutboxError as error:
                raise type(error)(str(error).replace(str(copy), str(path))) from None
    except OSError as error:
        raise outbox_error(path, error) from None


def _check_new(path: Path, folder: Path) -> Check:
    if is_writable(folder):
        return ok("outbox", f"{path} can be created")
    return failed("outbox", f"{path} cannot be created in {folder}", _writable_advice(folder))


def _writable_advice(path: Path) -> str:
    if os.statvfs(path).f_flag & os.ST_RDONLY:
        return "mount the disk for writing, or set outbox.path to another place"
    return f"let {user_name(os.geteuid())} write {path}, or set outbox.path to another place"


def _log_of(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def _existing_folder(path: Path) -> Path:
    return next(folder for folder in path.absolute().parents if folder.is_dir())
