"""The parts of a parsed rule, and what each evaluates to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from local.iot_sql.values import UNDEFINED, Undefined, compare, to_boolean


@dataclass(frozen=True)
class Message:
    """One message as a rule sees it.

    Attributes
    ----------
    topic : str
        The topic, without the prefix of Basic Ingest.
    payload : object
        The parsed JSON payload.
    received_at_ms : int
        Milliseconds since the epoch, what ``timestamp()`` gives.
    """

    topic: str
    payload: Any
    received_at_ms: int


class Expression(Protocol):
    """Anything that has a value for a message."""

    def value(self, message: Message) -> Any:
        """Return a JSON value or ``UNDEFINED``."""


@dataclass(frozen=True)
class Literal:
    """A value written in the rule."""

    constant: Any

    def value(self, message: Message) -> Any:  # noqa: ARG002 - one shape for all expressions
        """Return the constant."""
        return self.constant


@dataclass(frozen=True)
class Field:
    """A key of the payload, with dots into nested objects."""

    path: tuple[str, ...]

    def value(self, message: Message) -> Any:
        """Return the key's value, ``UNDEFINED`` where there is none."""
        found = message.payload
        for key in self.path:
            if not isinstance(found, dict) or key not in found:
                return UNDEFINED
            found = found[key]
        return found


@dataclass(frozen=True)
class Topic:
    """``topic()`` is the topic, ``topic(n)`` its n-th level, counted from 1."""

    level: int | None

    def value(self, message: Message) -> Any:
        """Return the topic or the level, ``UNDEFINED`` past its end."""
        if self.level is None:
            return message.topic
        levels = message.topic.split("/")
        return levels[self.level - 1] if 1 <= self.level <= len(levels) else UNDEFINED


@dataclass(frozen=True)
class Timestamp:
    """``timestamp()``, the time at which the rules engine saw the message."""

    def value(self, message: Message) -> int:
        """Return milliseconds since the epoch."""
        return message.received_at_ms


@dataclass(frozen=True)
class IsUndefined:
    """``isUndefined(x)``: whether a field is missing."""

    operand: Expression

    def value(self, message: Message) -> bool:
        """Tell whether the operand has no value."""
        return self.operand.value(message) is UNDEFINED


@dataclass(frozen=True)
class Comparison:
    """Two expressions and ``=``, ``<>``, ``>``, ``>=``, ``<`` or ``<=`` between them."""

    symbol: str
    left: Expression
    right: Expression

    def value(self, message: Message) -> bool | Undefined:
        """Compare the two values."""
        return compare(self.symbol, self.left.value(message), self.right.value(message))


@dataclass(frozen=True)
class Logical:
    """``AND`` or ``OR``; Undefined unless both sides are Boolean (no short cut)."""

    symbol: str
    left: Expression
    right: Expression

    def value(self, message: Message) -> bool | Undefined:
        """Join the two truths."""
        left = to_boolean(self.left.value(message))
        right = to_boolean(self.right.value(message))
        if left is None or right is None:
            return UNDEFINED
        return (left and right) if self.symbol == "AND" else (left or right)


@dataclass(frozen=True)
class Not:
    """``NOT``; Undefined unless the operand is Boolean."""

    operand: Expression

    def value(self, message: Message) -> bool | Undefined:
        """Turn the truth around."""
        truth = to_boolean(self.operand.value(message))
        return UNDEFINED if truth is None else not truth


@dataclass(frozen=True)
class Column:
    """One item of the SELECT list; without an expression it is ``*``."""

    name: str
    expression: Expression | None
