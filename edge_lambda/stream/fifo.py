"""The project stream through a FIFO, one JPEG after the other, as on an AWS DeepLens."""

from __future__ import annotations

import errno
import os
import select
import stat
import threading
from pathlib import Path

from edge_lambda.errors import ConfigError
from edge_lambda.stream.project_stream import ProjectStream

_OPEN_RETRY_S = 0.5
_WAIT_S = 1.0
_STUCK_S = 10.0


class FifoWriter:
    """Writes pictures while a reader has the other end open.

    Parameters
    ----------
    stream : ProjectStream
    path : Path
        Created for this user only when missing; ``/tmp/results.mjpeg`` on a DeepLens.

    Raises
    ------
    ConfigError
        When the path is not a FIFO or belongs to another user.
    """

    def __init__(self, stream: ProjectStream, path: Path) -> None:
        self._stream = stream
        self._path = path
        self._is_closing = threading.Event()
        _create(path)
        self._thread = threading.Thread(target=self._run, name="stream fifo", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop writing. The FIFO stays for the next run."""
        self._is_closing.set()
        self._thread.join(_WAIT_S)

    def _run(self) -> None:
        while not self._is_closing.is_set():
            descriptor = self._open()
            if descriptor is None:
                self._is_closing.wait(_OPEN_RETRY_S)
                continue
            try:
                with self._stream.watching():
                    self._write(descriptor)
            except OSError:  # the reader is gone: wait for the next one
                continue
            finally:
                os.close(descriptor)

    def _open(self) -> int | None:
        """Return a descriptor, or None when there is no reader."""
        try:
            descriptor = os.open(self._path, os.O_WRONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
        except OSError:
            return None
        if _problem(os.fstat(descriptor)):  # replaced since the start
            os.close(descriptor)
            return None
        return descriptor

    def _write(self, descriptor: int) -> None:
        number = 0
        poll = select.poll()
        poll.register(descriptor, select.POLLOUT)
        while not self._is_closing.is_set() and not self._stream.is_closed:
            newest = self._stream.newer_than(number, _WAIT_S)
            if newest is None:
                if any(event & select.POLLERR for _, event in poll.poll(0)):
                    return
                continue
            number, picture = newest
            rest = memoryview(picture)
            while rest:  # write the picture whole, or the reader loses its place
                if not poll.poll(_STUCK_S * 1000):
                    return
                rest = rest[os.write(descriptor, rest) :]


def _create(path: Path) -> None:
    try:
        os.mkfifo(path, 0o600)
    except FileExistsError:
        problem = _problem(path.lstat())
        if problem:
            raise ConfigError(f"stream.fifo: {path} {problem}") from None
    except OSError as error:
        reason = os.strerror(error.errno or errno.EIO).lower()
        raise ConfigError(f"stream.fifo: {path}: {reason}") from None


def _problem(status: os.stat_result) -> str:
    """Return why the file cannot be used, or an empty string."""
    if not stat.S_ISFIFO(status.st_mode):
        return "exists and is not a FIFO"
    if status.st_uid not in (os.geteuid(), 0):
        return "belongs to another user"
    return ""
