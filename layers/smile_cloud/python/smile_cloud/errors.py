"""The errors that more than one function raises."""

from __future__ import annotations

from collections.abc import Iterable


class SmileCloudError(Exception):
    """Base class of the errors that this package raises."""


class SettingsError(SmileCloudError):
    """An environment variable is missing or has a value that the function cannot use.

    Attributes
    ----------
    variable : str
        Name of the variable. The message leaves out its value, which may be a secret.
    """

    def __init__(self, variable: str, problem: str) -> None:
        super().__init__(f"{variable}: {problem}")
        self.variable = variable


class ConflictError(SmileCloudError):
    """Every attempt to write an item failed; try again later.

    Other invocations changed the item at the same time, or the table is throttled.

    Parameters
    ----------
    item : str
        What was not written.
    reasons : iterable of str
        Why the last attempt failed, as DynamoDB names it.
    """

    def __init__(self, item: str, reasons: Iterable[str]) -> None:
        super().__init__(f"{item}: not written, {' and '.join(sorted(reasons))} at each attempt")
