"""What kind of source an address names, and how it may be shown."""

from __future__ import annotations

import os
import stat
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from edge_lambda.errors import CameraError

_STREAM_SCHEMES = frozenset({"rtsp", "rtsps", "rtmp", "http", "https", "tcp", "udp"})
_WEBCAM_FORMATS = {"linux": "v4l2", "darwin": "avfoundation", "win32": "dshow"}


@dataclass(frozen=True, slots=True)
class Address:
    """A source that seems to exist.

    Attributes
    ----------
    kind : {"file", "webcam", "stream"}
    target : str
        What FFmpeg opens; may hold a password.
    shown : str
        What people and logs see; never holds one.
    format : str or None
        FFmpeg's input device for a webcam.
    """

    kind: Literal["file", "webcam", "stream"]
    target: str
    shown: str
    format: str | None = None


def parse_address(source: str) -> Address:
    """Tell files, webcams and streams apart.

    Raises
    ------
    CameraError
        When there is no such file or camera.
    """
    scheme = source.partition("://")[0].lower() if "://" in source else ""
    if scheme in _STREAM_SCHEMES:
        return Address("stream", source, _without_secrets(source))
    if scheme:
        known = ", ".join(sorted(_STREAM_SCHEMES))
        raise CameraError(f"source: unknown scheme {scheme[:20]!r}, expected one of {known}")
    if source.isascii() and source.isdigit():
        return _webcam(f"/dev/video{source}" if sys.platform == "linux" else source)
    path = Path(os.path.expanduser(source))  # noqa: PTH111 - pathlib's fails without a home
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:
        if not isinstance(error, FileNotFoundError | NotADirectoryError | ValueError):
            reason = (error.strerror or "unreadable").lower()
            raise CameraError(f"source: cannot open {source}: {reason}") from None
        if source.startswith("/dev/"):
            raise CameraError(f"source: no camera at {source}") from None
        raise CameraError(f"source: no such file: {source}") from None
    if stat.S_ISCHR(mode):
        return _webcam(source)
    if stat.S_ISDIR(mode):
        raise CameraError(f"source: expected a video file, got a folder: {source}")
    # An absolute path, lest FFmpeg take a colon in the name for a protocol.
    return Address("file", f"file:{path.resolve()}", source)


def _webcam(device: str) -> Address:
    if sys.platform == "linux" and not Path(device).exists():
        raise CameraError(f"source: no camera at {device}")
    return Address("webcam", device, device, _WEBCAM_FORMATS.get(sys.platform, "v4l2"))


def _without_secrets(url: str) -> str:
    """Return `url` without user, password, query and fragment."""
    scheme = url.partition("://")[0].lower()
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return f"{scheme}://…"
    return f"{scheme}://{host}{parts.path}"
