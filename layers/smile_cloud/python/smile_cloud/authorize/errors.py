"""The errors of ``authorize``."""

from __future__ import annotations

from smile_cloud.errors import SmileCloudError


class TokenRefusedError(SmileCloudError):
    """A token does not prove who sends it; the message holds nothing of the token."""


class UnauthorizedError(SmileCloudError):
    """Makes API Gateway answer 401: it looks for the message ``Unauthorized``."""

    def __init__(self) -> None:
        super().__init__("Unauthorized")
