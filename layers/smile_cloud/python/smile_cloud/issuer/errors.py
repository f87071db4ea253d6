"""The errors of what asks an issuer."""

from __future__ import annotations

from smile_cloud.errors import SmileCloudError


class IssuerError(SmileCloudError):
    """The issuer does not answer, or not with what is needed; try again later."""
