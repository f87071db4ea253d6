"""A folder of images, one frame each, in the order of their names."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import av

from edge_lambda.camera.address import Address
from edge_lambda.errors import CameraError

_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff"})


class ImageFolder:
    """Reads the images of a folder like a `Decoder` the pictures of a video.

    Parameters
    ----------
    address : Address
    images_per_s : float

    Raises
    ------
    CameraError
        When the folder cannot be read or contains no images.
    """

    sample_aspect_ratio = None

    def __init__(self, address: Address, images_per_s: float) -> None:
        self.damaged_frames = 0
        self.step_ms = 1000 / images_per_s
        try:
            files = [path for path in Path(address.target).iterdir() if _is_image(path)]
        except OSError as error:
            reason = str(error.strerror).lower()
            raise CameraError(f"source: cannot open {address.label}: {reason}") from None
        if not files:
            known = " ".join(sorted(_SUFFIXES))
            raise CameraError(f"source: {address.label} contains no images ({known})")
        self._files = sorted(files, key=lambda path: path.name)

    @property
    def duration_ms(self) -> float:
        """Position of the last image."""
        return (len(self._files) - 1) * self.step_ms

    def pictures(self) -> Iterator[tuple[av.VideoFrame, float]]:
        """Yield images with their positions in ms, and count those that cannot be decoded."""
        for index, path in enumerate(self._files):
            try:
                # Not by name: FFmpeg takes what stands before a colon for a protocol.
                with av.open(io.BytesIO(path.read_bytes()), "r") as container:
                    picture = next(container.decode(video=0))
            except (av.FFmpegError, OSError, ValueError, IndexError, StopIteration):
                self.damaged_frames += 1
                continue
            yield picture, index * self.step_ms

    def close(self) -> None:
        """Do nothing: each image is closed when it is read."""


def _is_image(path: Path) -> bool:
    return path.suffix.lower() in _SUFFIXES and path.is_file() and not path.name.startswith(".")
