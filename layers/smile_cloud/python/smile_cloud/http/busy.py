"""Which failures pass by themselves, so that the client may repeat its request unchanged.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from botocore.exceptions import ClientError, ConnectionError, HTTPClientError

from smile_cloud.errors import ConflictError
from smile_cloud.transactions import retryable_reasons

_CODES: Final = frozenset(
    {
        "RequestThrottled",
        "Throttled",
        "Throttling",
        "TransactionConflictException",
    }
)


def is_busy(error: Exception) -> bool:
    """Return whether another attempt may succeed: AWS throttles, conflicts, fails or is away."""
    if isinstance(error, ConflictError | ConnectionError | HTTPClientError):
        return True
    if not isinstance(error, ClientError):
        return False
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    return (
        status >= HTTPStatus.INTERNAL_SERVER_ERROR
        or error.response["Error"]["Code"] in _CODES
        or bool(retryable_reasons(error))
    )
