"""Read and write many items with few calls."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

from smile_cloud.attributes import from_attributes, to_attributes
from smile_cloud.errors import ConflictError
from smile_cloud.retry import attempts

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Key = tuple[str, str]
T = TypeVar("T")
# What one call takes:
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
_READ_KEYS: Final = 100
_WRITES: Final = 25


def get_items(
    client: DynamoDBClient,
    table_name: str,
    keys: Sequence[Key],
    what: str,
    *,
    is_consistent: bool = True,
    sleep: Callable[[float], None] = time.sleep,
) -> dict[Key, Mapping[str, Any]]:
    """Return the items that exist, by partition key and sort key.

    Parameters
    ----------
    client : DynamoDBClient
    table_name : str
    keys : sequence of (str, str)
        All different.
    what : str
        Names the items in the error.
    is_consistent : bool
        Whether an item has every write that was answered before; otherwise it costs half.
    sleep : callable
        Pauses for the given seconds before another attempt.

    Raises
    ------
    ConflictError
        When DynamoDB leaves some unread at each attempt.
    """
    found: dict[Key, Mapping[str, Any]] = {}
    for chunk in _chunks(keys, _READ_KEYS):
        asked = [to_attributes({"pk": pk, "sk": sk}) for pk, sk in chunk]
        left: Any = {table_name: {"Keys": asked, "ConsistentRead": is_consistent}}
        for _ in attempts(sleep):
            answer = client.batch_get_item(RequestItems=left)
            for attributes in answer["Responses"].get(table_name, ()):
                item = from_attributes(attributes)
                found[item["pk"], item["sk"]] = item
            left = answer.get("UnprocessedKeys")
            if not left:
                break
        else:
            raise ConflictError(what, ["UnprocessedKeys"])
    return found


def write_items(
    client: DynamoDBClient,
    table_name: str,
    puts: Sequence[Mapping[str, Any]],
    deletes: Sequence[Key],
    what: str,
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Put and delete items, without conditions.

    Parameters
    ----------
    client : DynamoDBClient
    table_name : str
    puts : sequence of Mapping
        Whole items, JSON-ready.
    deletes : sequence of (str, str)
        Partition key and sort key.
    what : str
        Names the items in the error.
    sleep : callable
        Pauses for the given seconds before another attempt.

    Raises
    ------
    ConflictError
        When DynamoDB leaves some unwritten at each attempt.
    """
    requests: list[Any] = [{"PutRequest": {"Item": to_attributes(item)}} for item in puts]
    requests += [
        {"DeleteRequest": {"Key": to_attributes({"pk": pk, "sk": sk})}} for pk, sk in deletes
    ]
    for chunk in _chunks(requests, _WRITES):
        left: Any = {table_name: chunk}
        for _ in attempts(sleep):
            left = client.batch_write_item(RequestItems=left).get("UnprocessedItems")
            if not left:
                break
        else:
            raise ConflictError(what, ["UnprocessedItems"])


def _chunks(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]
