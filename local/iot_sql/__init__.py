"""A subset of AWS IoT SQL, version 2016-03-23: parse a rule's statement, apply it to messages.

>>> query = parse("SELECT *, topic(2) AS device FROM 'smile/+/events' WHERE score > 0.5")
>>> query.topic_filter
'smile/+/events'
>>> query.evaluate("smile/cam-1/events", b'{"score": 0.9}', received_at_ms=0)
{'score': 0.9, 'device': 'cam-1'}
>>> query.evaluate("smile/cam-1/events", b'{"score": 0.1}', received_at_ms=0) is UNDEFINED
True

====================  ==========================================================================
``SELECT``            ``*``, fields with dots, ``topic()``, ``topic(n)``, ``timestamp()``,
                      ``isUndefined(x)``, ``encode(*, 'base64')``, ``encode(x, 'base64')``,
                      literals; ``AS`` names a column
``FROM``              a topic filter in single quotes, with ``+`` and ``#``
``WHERE``             ``= <> < <= > >=``, ``AND``, ``OR``, ``NOT``, brackets
literals              texts in single quotes, decimal numbers, ``true``, ``false``, ``null``,
                      ``Undefined``
values                the reference's conversions: a comparison or an operator that gets a value
                      of the wrong type is Undefined, and WHERE passes on ``true`` only
====================  ==========================================================================

Anything else raises `SqlError` with its position: other functions, arithmetic, arrays, CASE,
nested SELECT, SELECT VALUE, double quotes.

The package needs the standard library only and imports nothing else of this repository.
Source: "AWS IoT SQL reference", AWS IoT Core Developer Guide.
"""

from __future__ import annotations

from local.iot_sql.errors import IotSqlError, PayloadError, SqlError
from local.iot_sql.parser import parse
from local.iot_sql.query import Query
from local.iot_sql.values import UNDEFINED

__all__ = ["UNDEFINED", "IotSqlError", "PayloadError", "Query", "SqlError", "parse"]
