"""What the parts of a statement evaluate to."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from local.iot_sql.values import (
    UNDEFINED,
    Undefined,
    compare,
    parse_payload,
    to_boolean,
    to_text,
)


@dataclass(frozen=True)
class Message:
    """One message as a statement sees it.

    Attributes
    ----------
    topic : str
        Its topic.
    raw : bytes
        Its payload, JSON or not.
    received_at_ms : int
        When the rules engine received it, in milliseconds since the epoch.
    """

    topic: str
    raw: bytes
    received_at_ms: int

    @cached_property
    def payload(self) -> Any:
        """The payload, decoded from JSON; only a statement that refers to it needs JSON.

        Raises
        ------
        PayloadError
            When it is not JSON.
        """
        return parse_payload(self.raw)


Expression = Callable[[Message], Any]  # returns a JSON value or UNDEFINED


@dataclass(frozen=True)
class Field:
    """A key of the payload; `path` leads into nested objects."""

    path: tuple[str, ...]

    def __call__(self, message: Message) -> Any:
        """Return the value, ``UNDEFINED`` when the key is missing."""
        found = message.payload
        for key in self.path:
            if not isinstance(found, dict) or key not in found:
                return UNDEFINED
            found = found[key]
        return found


def literal(constant: Any) -> Expression:
    """Return an expression for a value written in the statement."""
    return lambda _: constant


def topic(message: Message) -> str:
    """Return ``topic()``."""
    return message.topic


def topic_level(level: int) -> Expression:
    """Return ``topic(n)``: the n-th level of the topic, from 1; ``UNDEFINED`` past its end."""

    def value(message: Message) -> Any:
        levels = message.topic.split("/")
        return levels[level - 1] if level <= len(levels) else UNDEFINED

    return value


def timestamp(message: Message) -> int:
    """Return ``timestamp()``."""
    return message.received_at_ms


def encode_payload(message: Message) -> str:
    """Return ``encode(*, 'base64')``: the bytes of the payload, JSON or not."""
    return base64.b64encode(message.raw).decode("ascii")


def encode(operand: Expression) -> Expression:
    """Return ``encode(x, 'base64')``: the value as text, encoded."""

    def value(message: Message) -> str | Undefined:
        text = to_text(operand(message))
        if text is None:
            return UNDEFINED
        return base64.b64encode(text.encode("utf-8", "replace")).decode("ascii")

    return value


def is_undefined(operand: Expression) -> Expression:
    """Return ``isUndefined(x)``."""
    return lambda message: operand(message) is UNDEFINED


def comparison(symbol: str, left: Expression, right: Expression) -> Expression:
    """Return ``left symbol right`` for ``=``, ``<>``, ``>``, ``>=``, ``<`` or ``<=``."""
    return lambda message: compare(symbol, left(message), right(message))


def logical(symbol: str, left: Expression, right: Expression) -> Expression:
    """Return ``AND`` or ``OR``: Undefined unless both sides are Boolean, without a short cut."""

    def value(message: Message) -> bool | Undefined:
        first, second = to_boolean(left(message)), to_boolean(right(message))
        if first is None or second is None:
            return UNDEFINED
        return (first and second) if symbol == "AND" else (first or second)

    return value


def negation(operand: Expression) -> Expression:
    """Return ``NOT``: Undefined unless the operand is Boolean."""

    def value(message: Message) -> bool | Undefined:
        truth = to_boolean(operand(message))
        return UNDEFINED if truth is None else not truth

    return value
