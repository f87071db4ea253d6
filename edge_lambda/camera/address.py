"""Kind of a video source, and its address without secrets."""

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
    """Address of a video source.

    Attributes
    ----------
    kind : {"file", "webcam", "stream"}
    target : str
        What FFmpeg opens; may contain a password.
    label : str
        For messages and logs; contains no password.
    format : str or None
        FFmpeg's input device for a webcam.
    """

    kind: Literal["file", "webcam", "stream"]
    target: str
    label: str
    format: str | None = None


def parse_address(source: str) -> Address:
    """Return the address of a file, webcam or stream.

    Raises
    ------
    CameraError
        When the file or camera does not exist, or the scheme is unknown.
    """
    scheme = source.partition("://")[0].lower() if "://" in source else ""
    if scheme in _STREAM_SCHEMES:
        return Address("stream", source, _without_secrets(source))
    if scheme:
        known = ", ".join(sorted(_STREAM_SCHEMES))
        raise CameraError(f"source: unknown scheme {scheme!r}, expected one of {known}")
    if source.isascii() and source.isdigit():
        return _webcam(f"/dev/video{source}" if sys.platform == "linux" else source)
    path = Path(os.path.expanduser(source))  # noqa: PTH111 - pathlib's fails without a home
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError, ValueError):  # ValueError: a NUL character
        missing = "camera at" if source.startswith("/dev/") else "such file:"
        raise CameraError(f"source: no {missing} {source}") from None
    except OSError as error:
        raise CameraError(f"source: cannot open {source}: {str(error.strerror).lower()}") from None
    if stat.S_ISCHR(mode):
        return _webcam(source)
    if stat.S_ISDIR(mode):
        raise CameraError(f"source: expected a video file, got a folder: {source}")
    # An absolute path, so that FFmpeg does not take a colon in the name for a protocol.
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
