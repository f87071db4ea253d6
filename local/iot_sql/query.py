"""A parsed statement, and its result for a message."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from local.iot_sql.errors import PayloadError
from local.iot_sql.expressions import Expression, Message
from local.iot_sql.values import UNDEFINED


@dataclass(frozen=True)
class Query:
    """A parsed statement.

    Attributes
    ----------
    columns : tuple of (str, Expression or None)
        The SELECT list: names and values; ``*`` has no expression.
    topic_filter : str
        The topics that FROM selects. Subscribe to them; `evaluate` does not check the topic.
    where : Expression or None
        The condition of WHERE.
    """

    columns: tuple[tuple[str, Expression | None], ...]
    topic_filter: str
    where: Expression | None

    def evaluate(self, topic: str, payload: bytes, received_at_ms: int) -> Any:
        """Return what the rule sends to its actions.

        Parameters
        ----------
        topic : str
            The topic of the message.
        payload : bytes
            Its payload; a JSON text if the statement refers to its fields.
        received_at_ms : int
            When it arrived, in milliseconds since the epoch: the value of ``timestamp()``.

        Returns
        -------
        object
            A JSON value, or ``UNDEFINED`` when WHERE is not true and the rule does not act.

        Raises
        ------
        PayloadError
            When the payload is not JSON although the statement refers to its fields, or not an
            object although ``*`` has other columns beside it.
        """
        message = Message(topic, payload, received_at_ms)
        if self.where is not None and self.where(message) is not True:
            return UNDEFINED
        if self.columns == (("*", None),):
            return message.payload
        result: dict[str, Any] = {}
        for name, expression in self.columns:
            if expression is not None:
                if (value := expression(message)) is not UNDEFINED:
                    result[name] = value
            elif isinstance(message.payload, dict):
                result.update(message.payload)
            else:
                raise PayloadError("the payload is not a JSON object")
        return result
