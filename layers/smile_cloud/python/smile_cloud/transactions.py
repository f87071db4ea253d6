"""Write items in one transaction, and tell what a later attempt may write from what it cannot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

CONDITION_FAILED: Final = "ConditionalCheckFailed"
# Why DynamoDB cancels a transaction, if another attempt may succeed.
# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
_RETRYABLE_REASONS: Final = frozenset(
    {
        CONDITION_FAILED,
        "TransactionConflict",
        "ProvisionedThroughputExceeded",
        "ThrottlingError",
        "RequestLimitExceeded",
    }
)
# Errors of the whole call that boto3 has retried before it raises them.
_RETRYABLE_ERRORS: Final = frozenset(
    {
        "TransactionInProgressException",
        "ProvisionedThroughputExceededException",
        "ThrottlingException",
        "RequestLimitExceeded",
    }
)

# Why a write outside a transaction is not applied, if another attempt may succeed.
RETRYABLE_WRITE_ERRORS: Final = (_RETRYABLE_ERRORS - {"TransactionInProgressException"}) | {
    "ConditionalCheckFailedException",
    "TransactionConflictException",
}


def try_transaction(
    client: DynamoDBClient, writes: Sequence[TransactWriteItemTypeDef]
) -> frozenset[str]:
    """Write all of `writes` or none.

    Returns
    -------
    frozenset of str
        Empty when everything is written. Otherwise the reasons why nothing is, as DynamoDB names
        them: a condition failed, another transaction was faster, or the table is throttled.

    Raises
    ------
    botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError
        When another attempt cannot help, or the answer is lost.
    """
    try:
        client.transact_write_items(TransactItems=writes)
    except ClientError as error:
        reasons = retryable_reasons(error)
        if not reasons:
            raise
        return reasons
    return frozenset()


def retryable_reasons(error: ClientError) -> frozenset[str]:
    """Return why a call failed, as DynamoDB names it; empty when another attempt cannot help."""
    code = error.response["Error"]["Code"]
    if code in _RETRYABLE_ERRORS:
        return frozenset({code})
    response: Mapping[str, Any] = error.response
    found = {reason.get("Code", "None") for reason in response.get("CancellationReasons", ())}
    reasons = frozenset(found - {"None"})
    return reasons if reasons <= _RETRYABLE_REASONS else frozenset()
