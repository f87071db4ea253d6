"""Kind of a video source, and its address without secrets."""

from __future__ import annotations

import os
import re
import stat
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from edge_lambda.errors import CameraError
from edge_lambda.network_host import read_host

_STREAM_SCHEMES = frozenset({"rtsp", "rtsps", "rtmp", "http", "https", "tcp", "udp"})
_PORT_SCHEMES = frozenset({"tcp", "udp"})  # they have no port of their own
_RESERVED = re.compile("[/?#]")
# Some cameras take the password in the path: /user=admin_password=…_channel=1.sdp
_SECRET_PATH = re.compile("pass|pwd|token|secret|key|auth", re.IGNORECASE)
_LIKE_A_URL = re.compile(":/|[?]")
_AWSCAM = "awscam"
_WEBCAM_FORMATS = {"linux": "v4l2", "darwin": "avfoundation", "win32": "dshow"}
# https://www.kernel.org/doc/html/latest/admin-guide/devices.html
_VIDEO_MAJOR = 81
_MAX_WEBCAM = 255
_NO_WEBCAMS = ("/dev/shm/", "/dev/pts/")  # noqa: S108 - no file is made there


@dataclass(frozen=True, slots=True)
class Address:
    """Address of a video source.

    Attributes
    ----------
    kind : {"file", "folder", "webcam", "stream", "awscam"}
    target : str
        What FFmpeg opens; may contain a password.
    label : str
        For messages and logs; contains no password.
    format : str or None
        FFmpeg's input device for a webcam.
    """

    kind: Literal["file", "folder", "webcam", "stream", "awscam"]
    target: str
    label: str
    format: str | None = None

    @property
    def host(self) -> str | None:
        """Host of a stream; None when the device itself waits for a connection."""
        rest = self.target.partition("://")[2]
        try:
            return read_host(_split(rest)[0].rpartition("@")[2])[0]
        except ValueError:
            return None


def parse_address(source: str) -> Address:
    """Return the address of a file, folder, webcam or stream. A camera need not exist yet.

    Raises
    ------
    CameraError
        When the file does not exist, or the address can never work. The message holds no password.
    """
    scheme, separator, rest = source.partition("://")
    scheme = scheme.lower()
    if separator and scheme in _STREAM_SCHEMES:
        _check_stream(scheme, rest)
        # FFmpeg knows its schemes in small letters only.
        return Address("stream", f"{scheme}://{rest}", _without_secrets(scheme, rest))
    if separator and re.fullmatch("[a-z0-9+.-]+", scheme):
        known = ", ".join(sorted(_STREAM_SCHEMES))
        raise CameraError(f"source: unknown scheme {scheme!r}, expected one of {known}")
    if source == _AWSCAM:
        return Address("awscam", source, source)
    if source.isascii() and source.isdigit():
        return _numbered_webcam(source)
    return _path_address(source)


def _check_stream(scheme: str, rest: str) -> None:
    """Raise `CameraError` when no camera can have the address ``scheme://rest``."""
    if not rest.isprintable():
        raise CameraError("source: the address contains a line break or a control character")
    login_and_host, path = _split(rest)
    host = login_and_host.rpartition("@")[2]
    # The device itself is the server: it receives packets, or waits for a connection.
    if scheme == "udp" or (scheme == "tcp" and "listen" in path.partition("?")[2]):
        host = f"localhost{host}" if host.startswith(":") else host
    try:
        _, port = read_host(host)
    except ValueError as error:
        if "@" in path and "@" not in login_and_host:
            raise CameraError(
                "source: the password contains / or # or ?: write / as %2F, # as %23 and ? as %3F"
            ) from None
        raise CameraError(f"source: {error}") from None
    if port is None and scheme in _PORT_SCHEMES:
        raise CameraError(f"source: expected a port, as in {scheme}://host:port")


def _numbered_webcam(number: str) -> Address:
    """Return the address of a webcam such as ``0``."""
    digits = number.lstrip("0") or "0"
    if len(digits) > len(str(_MAX_WEBCAM)) or int(digits) > _MAX_WEBCAM:
        raise CameraError(f"source: expected the number of a webcam, 0 to {_MAX_WEBCAM}")
    if sys.platform == "linux":
        return _path_address(f"/dev/video{digits}")
    return _webcam(digits)


def _path_address(source: str) -> Address:
    """Return the address of a file, a folder or a device."""
    try:
        path = Path(os.path.expanduser(source))  # noqa: PTH111 - pathlib's fails without a home
        status = path.stat()
    except FileNotFoundError:
        if _is_in_dev(path):  # it may be plugged in later
            return _webcam(source, path)
        raise _no_such_file(source) from None
    except (NotADirectoryError, ValueError):  # ValueError: a NUL character or a lone surrogate
        raise _no_such_file(source) from None
    except OSError as error:
        reason = str(error.strerror).lower()
        raise CameraError(f"source: cannot open {_without_login(source)}: {reason}") from None
    if stat.S_ISCHR(status.st_mode):
        if sys.platform == "linux" and os.major(status.st_rdev) != _VIDEO_MAJOR:
            raise CameraError(f"source: {source} is not a camera")
        return _webcam(source, path)
    if stat.S_ISDIR(status.st_mode):
        return Address("folder", str(path), source)
    if stat.S_ISBLK(status.st_mode) or stat.S_ISSOCK(status.st_mode):
        raise CameraError(f"source: {source} is neither a video nor a camera")
    # An absolute path, so that FFmpeg does not take a colon in the name for a protocol.
    return Address("file", f"file:{path.resolve()}", source)


def _is_in_dev(path: Path) -> bool:
    """Return whether a path, or what it links to, is where cameras appear."""
    place = os.path.realpath(path)
    return place.startswith("/dev/") and not place.startswith(_NO_WEBCAMS)


def _no_such_file(source: str) -> CameraError:
    mistyped = re.match("([a-z]+)(:/|//|:)", source.lower())
    if mistyped and mistyped[1] in _STREAM_SCHEMES:
        return CameraError(f"source: expected {mistyped[1]}://, got {mistyped[0]}")
    if _LIKE_A_URL.search(source):  # its password may be anywhere
        return CameraError("source: expected a file, a webcam or an address such as rtsp://host/…")
    return CameraError(f"source: no such file: {_without_login(source)}")


def _webcam(label: str, path: Path | None = None) -> Address:
    target = label if path is None else str(path)
    return Address("webcam", target, label, _WEBCAM_FORMATS.get(sys.platform, "v4l2"))


def _split(rest: str) -> tuple[str, str]:
    """Return user, password, host and port of a URL, and its path, from what follows ``://``."""
    end = _RESERVED.search(rest)
    return (rest, "") if end is None else (rest[: end.start()], rest[end.start() :])


def _without_login(text: str) -> str:
    """Return a text that may be a mistyped URL without what may be its user and password."""
    return f"…@{text.rpartition('@')[2]}" if "@" in text else text


def _without_secrets(scheme: str, rest: str) -> str:
    """Return a URL without user, password, query and fragment.

    An @ after the host may belong to a password that contains a slash: then only the scheme stays.
    """
    login_and_host, path_and_query = _split(rest)
    if "@" in path_and_query:
        return f"{scheme}://…"
    host = login_and_host.rpartition("@")[2]
    path = re.split("[?#]", path_and_query)[0]
    return f"{scheme}://{host}{'/…' if _SECRET_PATH.search(path) else path}"
