"""``python -m ops.smoke_test --stage dev``; ``make smoke-test STAGE=dev`` calls it."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from ops.account import open_session
from ops.aws_errors import plain_aws_errors
from ops.command_line import Parser, run_command
from ops.smoke_test.round_trip import try_whole_way
from ops.stack import read_outputs
from ops.stage import load_stage


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    return run_command("smoke-test", lambda: _run(argv))


def _run(argv: Sequence[str] | None) -> int:
    parser = Parser(prog="python -m ops.smoke_test", description=__doc__, allow_abbrev=False)
    parser.add_argument("--stage", default="dev", help="dev, staging or prod; default: dev")
    stage = load_stage(parser.parse_args(argv).stage)
    session = open_session(stage)
    outputs = read_outputs(session, stage, "ApiUrl", "ApiKeyId")
    with plain_aws_errors(session.region_name):
        gateway = session.client("apigateway")
        key = gateway.get_api_key(apiKey=outputs["ApiKeyId"], includeValue=True)["value"]
        endpoint = session.client("iot").describe_endpoint(endpointType="iot:Data-ATS")
        data = session.client("iot-data", endpoint_url=f"https://{endpoint['endpointAddress']}")
        told = try_whole_way(
            outputs["ApiUrl"],
            key,
            lambda topic, payload: data.publish(topic=topic, qos=1, payload=payload),
        )
    print(f"smoke-test: {told}")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
