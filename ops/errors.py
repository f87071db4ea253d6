"""The error that ends a command."""


class CommandError(Exception):
    """A command cannot do its work; the message is one line that says what to change."""
