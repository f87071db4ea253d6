"""The errors that more than one function raises."""

from __future__ import annotations


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
    """Other invocations changed the same item during every attempt; try again later."""
