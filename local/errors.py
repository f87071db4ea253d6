"""What can go wrong on one machine, in words for the person at the keyboard."""

from __future__ import annotations


class LocalError(Exception):
    """Base of all errors of this package; its text is one clear line for the user."""


class StartError(LocalError):
    """Something needed to run could not be started: a port, a program, a source."""


class TemplateError(LocalError):
    """The template says something that this runner does not do.

    Parameters
    ----------
    place : str
        Where in the template, as a dotted path: ``Resources.EventsTable.Properties``.
    message : str
        What was found and what was expected.
    """

    def __init__(self, place: str, message: str) -> None:
        self.place = place
        super().__init__(f"template: {place}: {message}")


class SqlError(LocalError):
    """A rule's SQL is outside the subset that is evaluated here.

    Parameters
    ----------
    position : int
        Offset of the first character that is not understood, counted from 0.
    message : str
        What was found and what was expected.
    """

    def __init__(self, position: int, message: str) -> None:
        self.position = position
        super().__init__(f"IoT SQL, character {position + 1}: {message}")


class PayloadError(LocalError):
    """A message's payload is not the JSON that a rule's SQL needs."""


class DeliveryError(LocalError):
    """A message could not be handed to its target."""
