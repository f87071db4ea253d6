"""``python -m scripts.smoke_test --stage dev``; ``make smoke-test STAGE=dev`` calls it."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

import boto3

from scripts.device.errors import DeviceError, plain_aws_errors
from scripts.device.stack import read_outputs
from scripts.smoke_test.whole_way import SmokeError, try_whole_way


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise SmokeError(message)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    try:
        print(f"smoke test: {_run(argv)}")  # noqa: T201
    except (SmokeError, DeviceError) as error:
        print(f"smoke test: {error}".replace("\n", " "), file=sys.stderr)  # noqa: T201
        return 2
    return 0


def _run(argv: Sequence[str] | None) -> str:
    parser = _Parser(prog="python -m scripts.smoke_test", description=__doc__)
    parser.add_argument("--stage", default="dev", choices=("dev", "staging", "prod"))
    name = f"smile-{parser.parse_args(argv).stage}"
    with plain_aws_errors(""):
        session = boto3.Session(region_name=os.environ.get("AWS_REGION") or None)
    region = session.region_name
    if not region:
        raise SmokeError("no region: set AWS_REGION, such as AWS_REGION=eu-central-1")
    with plain_aws_errors(region):
        outputs = read_outputs(session.client("cloudformation"), name, region)
        missing = {"ApiUrl", "ApiKeyId"} - outputs.keys()
        if missing:
            raise SmokeError(f"the stack {name} has no output {', '.join(sorted(missing))}")
        gateway = session.client("apigateway")
        key = gateway.get_api_key(apiKey=outputs["ApiKeyId"], includeValue=True)["value"]
        endpoint = session.client("iot").describe_endpoint(endpointType="iot:Data-ATS")
        data = session.client("iot-data", endpoint_url=f"https://{endpoint['endpointAddress']}")
        return try_whole_way(
            outputs["ApiUrl"],
            key,
            lambda topic, payload: data.publish(topic=topic, qos=1, payload=payload),
        )


if __name__ == "__main__":
    sys.exit(main())
