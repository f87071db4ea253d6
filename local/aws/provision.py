"""Creates the template's table, topics, queues and secrets through boto3."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.aws.endpoints import LocalAws
from local.cloudformation.resolver import Resolver
from local.cloudformation.template import check_keys
from local.errors import StartError

TABLE = "AWS::DynamoDB::Table"
TOPIC = "AWS::SNS::Topic"
QUEUE = "AWS::SQS::Queue"
SECRET = "AWS::SecretsManager::Secret"  # noqa: S105 - a resource type

_SETTINGS = {
    TABLE: {
        "AttributeDefinitions",
        "BillingMode",
        "GlobalSecondaryIndexes",
        "KeySchema",
        "LocalSecondaryIndexes",
        "ProvisionedThroughput",
        "StreamSpecification",
        "TimeToLiveSpecification",
    },
    TOPIC: {"DisplayName", "KmsMasterKeyId"},
    QUEUE: {
        "DelaySeconds",
        "KmsMasterKeyId",
        "MaximumMessageSize",
        "MessageRetentionPeriod",
        "ReceiveMessageWaitTimeSeconds",
        "RedrivePolicy",
        "SqsManagedSseEnabled",
        "VisibilityTimeout",
    },
    SECRET: {"GenerateSecretString", "SecretString"},
}
# Properties that are set elsewhere, or change nothing that a user could notice here.
_NO_SETTINGS = {
    TABLE: {
        "ContributorInsightsSpecification",
        "DeletionProtectionEnabled",
        "PointInTimeRecoverySpecification",
        "SSESpecification",
        "TableClass",
        "TableName",
        "Tags",
    },
    TOPIC: {"SignatureVersion", "Tags", "TopicName", "TracingConfig"},
    QUEUE: {"QueueName", "Tags"},
    SECRET: {"Description", "KmsKeyId", "Name", "Tags"},
}


class Provisioner:
    """Creates the resources of one run.

    Parameters
    ----------
    aws : LocalAws
        Where to create them.
    resolver : Resolver
        The template.
    """

    def __init__(self, aws: LocalAws, resolver: Resolver) -> None:
        self._aws = aws
        self._resolver = resolver

    def create_all(self) -> list[str]:
        """Create everything; an existing table keeps its data.

        Returns
        -------
        list of str
            Names of the tables that existed already.

        Raises
        ------
        TemplateError
            For a property that is not supported here.
        StartError
            When a server refuses or cannot be reached.
        """
        kept = []
        try:
            for name, settings in self._resources(SECRET):
                text = settings.get("SecretString")
                text = text or self._generated(settings.get("GenerateSecretString") or {})
                self._create_secret(name, text)
            # A queue may name another one as its dead-letter queue, which must exist before.
            queues = sorted(self._resources(QUEUE), key=lambda queue: "RedrivePolicy" in queue[1])
            for name, settings in queues:
                attributes: Any = {key: _attribute(value) for key, value in settings.items()}
                self._aws.sqs.create_queue(QueueName=name, Attributes=attributes)
            for name, settings in self._resources(TOPIC):
                self._aws.sns.create_topic(Name=name, Attributes=settings)
            for name, settings in self._resources(TABLE):
                if not self._create_table(name, settings):
                    kept.append(name)
        except (BotoCoreError, ClientError) as error:
            raise StartError(f"the resources could not be created: {error}") from error
        return kept

    def _resources(self, kind: str) -> list[tuple[str, dict[str, Any]]]:
        """Return names and settings of the resources of a type."""
        found = []
        for logical_id in self._resolver.logical_ids(kind):
            properties = self._resolver.properties(logical_id)
            place = f"Resources.{logical_id}.Properties"
            check_keys(properties, _SETTINGS[kind] | _NO_SETTINGS[kind], place)
            settings = {key: properties[key] for key in properties if key in _SETTINGS[kind]}
            found.append((self._resolver.name(logical_id), settings))
        return found

    def _create_secret(self, name: str, text: str) -> None:
        """Create a secret; one that an earlier run has kept stays."""
        secrets = self._aws.secretsmanager
        with contextlib.suppress(secrets.exceptions.ResourceExistsException):
            secrets.create_secret(Name=name, SecretString=text)

    def _create_table(self, name: str, settings: dict[str, Any]) -> bool:
        dynamodb = self._aws.dynamodb
        time_to_live = settings.pop("TimeToLiveSpecification", None)
        try:
            dynamodb.create_table(TableName=name, **_with_numbers(settings))
        except dynamodb.exceptions.ResourceInUseException:
            self._check_same_keys(name, settings)
            return False
        dynamodb.get_waiter("table_exists").wait(
            TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 30}
        )
        if time_to_live:
            dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=time_to_live)
        return True

    def _check_same_keys(self, name: str, settings: Mapping[str, Any]) -> None:
        table = self._aws.dynamodb.describe_table(TableName=name)["Table"]
        indexes = {index.get("IndexName") for index in table.get("GlobalSecondaryIndexes", [])}
        wanted = {index["IndexName"] for index in settings.get("GlobalSecondaryIndexes", [])}
        if _keys(table.get("KeySchema", [])) != _keys(settings["KeySchema"]) or wanted - indexes:
            if self._aws.dynamodb_url is None:
                raise StartError(
                    f"the kept table {name} has other keys or indexes than the template's: run "
                    "make clean-data, or run without --keep"
                )
            raise StartError(
                f"the table {name} exists on {self._aws.dynamodb_url} with other keys or indexes "
                "than the template's: delete or rename it"
            )

    def _generated(self, specification: Mapping[str, Any]) -> str:
        options = dict(specification)
        key, base = options.pop("GenerateStringKey", None), options.pop("SecretStringTemplate", "")
        password = self._aws.secretsmanager.get_random_password(**options)["RandomPassword"]
        return json.dumps({**json.loads(base), key: password}) if key else password


def _keys(schema: Any) -> list[tuple[str, str]]:
    return [(key["AttributeName"], key["KeyType"]) for key in schema]


def _with_numbers(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a table with its units as numbers; parameters are texts."""

    def numbered(part: Mapping[str, Any]) -> dict[str, Any]:
        given = part.get("ProvisionedThroughput")
        if given is None:
            return dict(part)
        return {**part, "ProvisionedThroughput": {key: int(given[key]) for key in given}}

    table = numbered(settings)
    if "GlobalSecondaryIndexes" in table:
        table["GlobalSecondaryIndexes"] = [numbered(one) for one in table["GlobalSecondaryIndexes"]]
    return table


def _attribute(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(value) if isinstance(value, Mapping | list) else str(value)
