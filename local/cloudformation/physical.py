"""The names, ARNs and URLs that resources have on this machine."""

from __future__ import annotations

from dataclasses import dataclass

from local.errors import TemplateError

ACCOUNT_ID = "123456789012"
STACK_NAME = "smile-local"
API_ID = "local"  # Ref of the REST API

# The property that names a resource, and its ARN after "arn:aws:".
_NAMED = {
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
    """Return the values of CloudFormation's pseudo parameters."""
    return {
        "AWS::AccountId": ACCOUNT_ID,
        "AWS::Partition": "aws",
        "AWS::Region": region,
        "AWS::StackId": f"arn:aws:cloudformation:{region}:{ACCOUNT_ID}:stack/{STACK_NAME}/local",
        "AWS::StackName": STACK_NAME,
        "AWS::URLSuffix": "amazonaws.com",
    }


def default_name(logical_id: str, resource_type: str) -> str:
    """Return the name of a resource that the template does not name; the same in every run."""
    if resource_type == "AWS::IoT::TopicRule":  # letters, digits and underscores only
        return f"{STACK_NAME}_{logical_id}".replace("-", "_")
    return f"{STACK_NAME}-{logical_id}"


def name_property(resource_type: str) -> str | None:
    """Return the property that names resources of a type, None for types without one."""
    known = _NAMED.get(resource_type)
    return known[0] if known else None


def arn(resource_type: str, name: str, region: str) -> str:
    """Return the ARN of a resource. A secret's ARN has no random suffix, as the store allows."""
    rest = _NAMED[resource_type][1]
    return "arn:aws:" + rest.format(scope=f"{region}:{ACCOUNT_ID}", account=ACCOUNT_ID, name=name)


def queue_url(endpoint_url: str, name: str) -> str:
    """Return the URL of a queue on the local AWS server."""
    return f"{endpoint_url}/{ACCOUNT_ID}/{name}"


@dataclass(frozen=True)
class PhysicalNames:
    """Values of ``Ref`` and ``Fn::GetAtt`` for resources.

    Attributes
    ----------
    region : str
        The region in ARNs.
    endpoint_url : str
        The local AWS server, which queue URLs start with.
    """

    region: str
    endpoint_url: str

    def ref(self, resource_type: str, name: str, place: str) -> str:
        """Return the value of ``Ref``."""
        if resource_type == "AWS::Serverless::Api":
            return API_ID
        if resource_type not in _NAMED:
            raise TemplateError(place, f"Ref to a {resource_type} is not supported locally")
        if resource_type == "AWS::SQS::Queue":
            return queue_url(self.endpoint_url, name)
        return arn(resource_type, name, self.region) if resource_type in _REF_IS_ARN else name

    def attribute(self, resource_type: str, name: str, attribute: str, place: str) -> str:
        """Return the value of ``Fn::GetAtt``."""
        if resource_type in _NAMED and attribute in _NAME_ATTRIBUTES:
            return name
        if resource_type in _NAMED and attribute in _ARN_ATTRIBUTES:
            return arn(resource_type, name, self.region)
        raise TemplateError(
            place, f"Fn::GetAtt {attribute} of a {resource_type} is not supported locally"
        )
