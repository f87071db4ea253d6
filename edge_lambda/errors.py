"""Errors of the device. Each message is one line for the user."""

from __future__ import annotations


class EdgeError(Exception):
    """Base class of the errors of this package."""


class ConfigError(EdgeError):
    """A setting is unknown, missing or out of range. The message names its key."""


class CameraError(EdgeError):
    """A video source cannot be opened or read. The message holds no password."""


class OutboxError(EdgeError):
    """The outbox file cannot be used."""


class SinkError(EdgeError):
    """A sink is closed for good."""


class SelfCheckError(EdgeError):
    """The package does not work on this processor and Python."""
