"""Error responses and stacks of AWS, for tests against moto."""

from __future__ import annotations

import json
from collections.abc import Mapping

import boto3
from botocore.exceptions import ClientError


def client_error(
    code: str, message: str = "no\n at all", *, operation: str = "DescribeStacks"
) -> ClientError:
    """Return the error that a boto3 client raises for an error response."""
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


def create_stack(
    name: str,
    outputs: Mapping[str, str] | None = None,
    *,
    endpoint_url: str | None = None,
    region: str = "eu-central-1",
) -> None:
    """Create a stack of one resource that has these outputs."""
    body = {
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {key: {"Value": value} for key, value in (outputs or {}).items()},
    }
    boto3.client(
        "cloudformation",
        endpoint_url=endpoint_url,
        region_name=region,
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    ).create_stack(StackName=name, TemplateBody=json.dumps(body))
