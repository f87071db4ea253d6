"""The errors of this package. Each text is one line for the user."""

from __future__ import annotations


class LocalError(Exception):
    """Base of all errors of this package."""


class StartError(LocalError):
    """Something that the run needs cannot start, or has ended."""


class TemplateError(LocalError):
    """The template contains something that is not supported here.

    Parameters
    ----------
    place : str
        Where in the template, as a dotted path: ``Resources.EventsTable.Properties``.
    message : str
        What was found and what was expected.
    """

    def __init__(self, place: str, message: str) -> None:
        super().__init__(f"template: {place}: {message}")
