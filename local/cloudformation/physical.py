"""The names and ARNs that resources have on this machine."""

from __future__ import annotations

from collections.abc import Mapping

from local.errors import TemplateError

ACCOUNT_ID = "123456789012"  # moto's only account
STACK_NAME = "smile-local"
API_ID = "local"  # what Ref gives for the REST API

# The property that names a resource, and the ARN's part after "arn:<partition>:".
_NAME_PROPERTY = {
    "AWS::DynamoDB::Table": ("TableName", "dynamodb:{scope}:table/{name}"),
    "AWS::SNS::Topic": ("TopicName", "sns:{scope}:{name}"),
    "AWS::SQS::Queue": ("QueueName", "sqs:{scope}:{name}"),
    "AWS::SecretsManager::Secret": ("Name", "secretsmanager:{scope}:secret:{name}"),
    "AWS::Serverless::Function": ("FunctionName", "lambda:{scope}:function:{name}"),
    "AWS::Serverless::LayerVersion": ("LayerName", "lambda:{scope}:layer:{name}:1"),
    "AWS::IoT::TopicRule": ("RuleName", "iot:{scope}:rule/{name}"),
    "AWS::IoT::Policy": ("PolicyName", "iot:{scope}:policy/{name}"),
    "AWS::Logs::LogGroup": ("LogGroupName", "logs:{scope}:log-group:{name}:*"),
    "AWS::IAM::Role": ("RoleName", "iam::{account}:role/{name}"),
}
_NAME_ATTRIBUTES = {"TopicName", "QueueName"}
_ARN_ATTRIBUTES = {"Arn", "TopicArn", "Id"}
_REF_IS_ARN = {
    "AWS::SNS::Topic",
    "AWS::SecretsManager::Secret",
    "AWS::Serverless::LayerVersion",
}


def pseudo_parameters(region: str) -> dict[str, str]:
    """Return CloudFormation's pseudo parameters for this machine."""
    return {
        "AWS::AccountId": ACCOUNT_ID,
        "AWS::Partition": "aws",
        "AWS::Region": region,
        "AWS::StackId": f"arn:aws:cloudformation:{region}:{ACCOUNT_ID}:stack/{STACK_NAME}/local",
        "AWS::StackName": STACK_NAME,
        "AWS::URLSuffix": "amazonaws.com",
    }


def default_name(logical_id: str, resource_type: str) -> str:
    """Return the name a resource gets when the template gives none; the same on every run."""
    if resource_type == "AWS::IoT::TopicRule":  # letters, digits and underscores only
        return f"{STACK_NAME}_{logical_id}".replace("-", "_")
    return f"{STACK_NAME}-{logical_id}"


def name_property(resource_type: str) -> str | None:
    """Return the property that names resources of a type, None for types without one."""
    known = _NAME_PROPERTY.get(resource_type)
    return known[0] if known else None


def arn(resource_type: str, name: str, region: str) -> str:
    """Return a resource's ARN on this machine."""
    rest = _NAME_PROPERTY[resource_type][1]
    return "arn:aws:" + rest.format(scope=f"{region}:{ACCOUNT_ID}", account=ACCOUNT_ID, name=name)


def queue_url(endpoint_url: str, name: str) -> str:
    """Return a queue's URL on the server that answers for AWS here."""
    return f"{endpoint_url}/{ACCOUNT_ID}/{name}"


class PhysicalNames:
    """Answers ``Ref`` and ``Fn::GetAtt`` on resources.

    Parameters
    ----------
    region : str
        The region in ARNs.
    endpoint_url : str
        The server that answers for AWS; queue URLs start with it.
    recorded : Mapping of str to str, optional
        ``Ref`` values known only after creation, by logical id (a secret's ARN).
    """

    def __init__(
        self, region: str, endpoint_url: str, recorded: Mapping[str, str] | None = None
    ) -> None:
        self.region = region
        self._endpoint_url = endpoint_url
        self._recorded = dict(recorded or {})

    def record(self, logical_id: str, ref: str) -> None:
        """Remember a ``Ref`` value that only the creation told."""
        self._recorded[logical_id] = ref

    def ref(self, logical_id: str, resource_type: str, name: str, place: str) -> str:
        """Return what ``Ref`` gives for a resource."""
        if logical_id in self._recorded:
            return self._recorded[logical_id]
        if resource_type == "AWS::Serverless::Api":
            return API_ID
        if resource_type not in _NAME_PROPERTY:
            raise TemplateError(place, f"Ref to a {resource_type} is not supported locally")
        if resource_type == "AWS::SQS::Queue":
            return queue_url(self._endpoint_url, name)
        if resource_type in _REF_IS_ARN:
            return arn(resource_type, name, self.region)
        return name

    def attribute(
        self, logical_id: str, resource_type: str, name: str, attribute: str, place: str
    ) -> str:
        """Return what ``Fn::GetAtt`` gives for a resource."""
        if resource_type in _NAME_PROPERTY and attribute in _NAME_ATTRIBUTES:
            return name
        if resource_type in _NAME_PROPERTY and attribute in _ARN_ATTRIBUTES:
            return self._recorded.get(logical_id) or arn(resource_type, name, self.region)
        raise TemplateError(
            place, f"Fn::GetAtt {attribute} of a {resource_type} is not supported locally"
        )
