"""What can go wrong on the device; each message is one line fit for a person to read."""

from __future__ import annotations


class EdgeError(Exception):
    """Base of every error that this package raises."""


class ConfigError(EdgeError):
    """A setting is unknown, missing or out of range; the message names its key."""


class CameraError(EdgeError):
    """A video source cannot be opened or read; passwords in its address are left out."""


class OutboxError(EdgeError):
    """The outbox file cannot be used."""


class SinkError(EdgeError):
    """Nobody takes the events any more."""


class SelfCheckError(EdgeError):
    """The package does not do its work on this processor and Python."""
