"""What can be wrong with a statement or a message."""

from __future__ import annotations


class IotSqlError(Exception):
    """Base of the errors of this package."""


class SqlError(IotSqlError):
    """A statement is outside the supported subset.

    Parameters
    ----------
    position : int
        Offset of the first character that is not supported, from 0.
    message : str
        What was found and what was expected.
    """

    def __init__(self, position: int, message: str) -> None:
        self.position = position
        super().__init__(f"IoT SQL, character {position + 1}: {message}")


class PayloadError(IotSqlError):
    """A payload is not the JSON that the statement needs."""
