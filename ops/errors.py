"""What can go wrong; each message is one sentence for the person who typed the command."""

from __future__ import annotations


class CommandError(Exception):
    """Base of every error of the commands; tells what to change."""
