"""``photo_api``: find the faces of a photo with the models and the code of the device."""

from __future__ import annotations

from typing import Any, Final

from smile_cloud.http.errors import RequestError
from smile_cloud.photo_api.requests import MEDIA_TYPES
from smile_vision.errors import ImageError
from smile_vision.photos.photo import decode_photo
from smile_vision.photos.photo_smiles import PhotoSmileDetector

MAX_PIXELS: Final = 40_000_000
"""A small file can hold a huge picture. This many pixels take at most 0.9 GB and 7 s (measured, see
docs/api.md), within the memory and the timeout of the function."""


class PhotoApiService:
    """Answers requests with a photo. It keeps nothing of a photo.

    Parameters
    ----------
    detector : PhotoSmileDetector
        The one of ``python -m smile_vision``.
    """

    def __init__(self, detector: PhotoSmileDetector) -> None:
        self._detector = detector

    @classmethod
    def load(cls) -> PhotoApiService:
        """Return the service with the shipped models."""
        return cls(PhotoSmileDetector.load())

    def handle(self, content: bytes) -> dict[str, Any]:
        """Return the faces of a photo, as ``python -m smile_vision --json`` prints them.

        Parameters
        ----------
        content : bytes
            A file in one of the formats of `MEDIA_TYPES`. The content decides which one.

        Raises
        ------
        RequestError
            When the photo cannot be read or has more than `MAX_PIXELS`.
        """
        try:
            photo = decode_photo(content, tuple(MEDIA_TYPES.values()), MAX_PIXELS)
        except ImageError as error:
            raise RequestError(
                f"The photo cannot be read: {error}. Send a complete JPEG, PNG or WebP file with "
                f"at most {MAX_PIXELS:,} pixels."
            ) from None
        result = self._detector.detect(photo.image, first_frame_only=photo.first_frame_only)
        card = self._detector.model_card
        return {**result.to_dict(), "model": {"sha256": card.sha256, "threshold": card.threshold}}
