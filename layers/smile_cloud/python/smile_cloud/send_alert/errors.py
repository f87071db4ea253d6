"""The error of ``send_alert``."""

from __future__ import annotations

from smile_cloud.errors import SmileCloudError


class InFlightError(SmileCloudError):
    """Another attempt is sending the same message; look again when SQS delivers it again.

    Parameters
    ----------
    message : str
        What is being sent.
    """

    def __init__(self, message: str) -> None:
        super().__init__(f"{message}: another invocation is sending it")
