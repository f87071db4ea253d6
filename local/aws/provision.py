"""Creates what the template declares: table, topics, queues and secrets, through boto3."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.aws.endpoints import LocalAws
from local.cloudformation.physical import PhysicalNames
from local.cloudformation.resolver import Resolver
from local.errors import StartError, TemplateError

TABLE = "AWS::DynamoDB::Table"
TOPIC = "AWS::SNS::Topic"
QUEUE = "AWS::SQS::Queue"
SECRET = "AWS::SecretsManager::Secret"  # noqa: S105 - a resource type

_TABLE_SETTINGS = {
    "AttributeDefinitions",
    "BillingMode",
    "GlobalSecondaryIndexes",
    "KeySchema",
    "LocalSecondaryIndexes",
    "ProvisionedThroughput",
    "StreamSpecification",
}
_TOPIC_SETTINGS = {"DisplayName", "KmsMasterKeyId"}
_QUEUE_SETTINGS = {
    "DelaySeconds",
    "KmsMasterKeyId",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "ReceiveMessageWaitTimeSeconds",
    "RedrivePolicy",
    "SqsManagedSseEnabled",
    "VisibilityTimeout",
}
# Properties that change nothing one could notice on one machine.
_WITHOUT_EFFECT = {
    TABLE: {
        "ContributorInsightsSpecification",
        "DeletionProtectionEnabled",
        "PointInTimeRecoverySpecification",
        "SSESpecification",
        "TableClass",
        "TableName",
        "Tags",
        "TimeToLiveSpecification",
    },
    TOPIC: {"SignatureVersion", "Tags", "TopicName", "TracingConfig"},
    QUEUE: {"QueueName", "Tags"},
    SECRET: {"Description", "GenerateSecretString", "KmsKeyId", "Name", "SecretString", "Tags"},
}
_SETTINGS = {TABLE: _TABLE_SETTINGS, TOPIC: _TOPIC_SETTINGS, QUEUE: _QUEUE_SETTINGS, SECRET: set()}


class Provisioner:
    """Creates one run's resources.

    Parameters
    ----------
    aws : LocalAws
        Where to create them.
    resolver : Resolver
        What to create.
    names : PhysicalNames
        Told what only the creation can tell: a secret's ARN.
    """

    def __init__(self, aws: LocalAws, resolver: Resolver, names: PhysicalNames) -> None:
        self._aws = aws
        self._resolver = resolver
        self._names = names

    def create_all(self) -> list[str]:
        """Create everything; an existing table is kept with its data.

        Returns
        -------
        list of str
            Names of the tables that existed already.

        Raises
        ------
        TemplateError
            For a property that has no counterpart here.
        StartError
            When a server refuses or cannot be reached.
        """
        kept = []
        try:
            for logical_id in self._resolver.logical_ids(SECRET):
                self._create_secret(logical_id)
            # a queue may name another one for its dead letters: those come first
            queues = self._resolver.logical_ids(QUEUE)
            for logical_id in sorted(queues, key=lambda q: "RedrivePolicy" in self._properties(q)):
                self._create_queue(logical_id)
            for logical_id in self._resolver.logical_ids(TOPIC):
                self._create_topic(logical_id)
            for logical_id in self._resolver.logical_ids(TABLE):
                if not self._create_table(logical_id):
                    kept.append(self._resolver.name(logical_id))
        except (BotoCoreError, ClientError) as error:
            raise StartError(f"the resources could not be created: {error}") from error
        return kept

    def _properties(self, logical_id: str) -> dict[str, Any]:
        return self._resolver.properties(logical_id)

    def _settings(self, logical_id: str, kind: str) -> dict[str, Any]:
        properties = self._properties(logical_id)
        for name in properties:
            if name not in _SETTINGS[kind] and name not in _WITHOUT_EFFECT[kind]:
                place = f"Resources.{logical_id}.Properties.{name}"
                raise TemplateError(place, "not supported locally")
        return {name: value for name, value in properties.items() if name in _SETTINGS[kind]}

    def _create_table(self, logical_id: str) -> bool:
        settings = self._settings(logical_id, TABLE)
        name = self._resolver.name(logical_id)
        dynamodb = self._aws.dynamodb
        try:
            dynamodb.create_table(TableName=name, **settings)
        except dynamodb.exceptions.ResourceInUseException:
            self._check_same_keys(name, settings)
            return False
        dynamodb.get_waiter("table_exists").wait(
            TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 30}
        )
        self._enable_time_to_live(logical_id, name)
        return True

    def _check_same_keys(self, name: str, settings: Mapping[str, Any]) -> None:
        table = self._aws.dynamodb.describe_table(TableName=name)["Table"]
        indexes = {index.get("IndexName") for index in table.get("GlobalSecondaryIndexes", [])}
        wanted = {index["IndexName"] for index in settings.get("GlobalSecondaryIndexes", [])}
        if _keys(table.get("KeySchema", [])) != _keys(settings["KeySchema"]) or wanted - indexes:
            raise StartError(
                f"the table {name} exists on {self._aws.dynamodb_url} with other keys or indexes "
                "than the template's; delete or rename it"
            )

    def _enable_time_to_live(self, logical_id: str, name: str) -> None:
        specification = self._properties(logical_id).get("TimeToLiveSpecification")
        if not specification:
            return
        try:
            self._aws.dynamodb.update_time_to_live(
                TableName=name, TimeToLiveSpecification=specification
            )
        except ClientError as error:
            # dynalite knows no expiry; readers filter expired items anyway
            if error.response["Error"]["Code"] != "UnknownOperationException":
                raise

    def _create_topic(self, logical_id: str) -> None:
        settings = self._settings(logical_id, TOPIC)
        self._aws.sns.create_topic(Name=self._resolver.name(logical_id), Attributes=settings)

    def _create_queue(self, logical_id: str) -> None:
        settings = self._settings(logical_id, QUEUE)
        attributes = {name: _attribute(value) for name, value in settings.items()}
        self._aws.sqs.create_queue(
            QueueName=self._resolver.name(logical_id),
            Attributes=attributes,  # type: ignore[arg-type]  # the names were checked above
        )

    def _create_secret(self, logical_id: str) -> None:
        self._settings(logical_id, SECRET)
        properties = self._properties(logical_id)
        text = properties.get("SecretString")
        if text is None:
            text = self._generate(properties.get("GenerateSecretString") or {})
        created = self._aws.secretsmanager.create_secret(
            Name=self._resolver.name(logical_id), SecretString=text
        )
        self._names.record(logical_id, created["ARN"])

    def _generate(self, specification: Mapping[str, Any]) -> str:
        options = dict(specification)
        key, base = options.pop("GenerateStringKey", None), options.pop("SecretStringTemplate", "")
        password = self._aws.secretsmanager.get_random_password(**options)["RandomPassword"]
        return json.dumps({**json.loads(base), key: password}) if key else password


def _keys(schema: Any) -> list[tuple[str, str]]:
    return [(key["AttributeName"], key["KeyType"]) for key in schema]


def _attribute(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(value) if isinstance(value, Mapping | list) else str(value)
