"""Command ``python -m ops.smoke_test``; ``make smoke-test STAGE=dev`` runs it."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from ops.account import CLIENT_CONFIG, open_session
from ops.api_keys import ScopeKeys
from ops.aws_errors import plain_aws_errors
from ops.command_line import CommandParser, run_command
from ops.errors import CommandError
from ops.smoke_test.round_trip import check_round_trip
from ops.stack import read_outputs
from ops.stage import load_stage


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    return run_command("smoke-test", lambda: _run(argv))


def _run(argv: Sequence[str] | None) -> int:
    parser = CommandParser(
        "smoke_test",
        "Publish an event to a deployed stage and read it back from its API.",
        default_stage="dev",
    )
    stage = load_stage(parser.parse_args(argv).stage)
    session = open_session(stage)
    outputs = read_outputs(session, stage, "ApiUrl", "UsagePlanId")
    with plain_aws_errors(session.region_name):
        gateway = session.client("apigateway", config=CLIENT_CONFIG)
        keys = ScopeKeys(gateway, outputs["UsagePlanId"], stage.name, "read")
        if not (enabled := keys.enabled()):
            raise CommandError(f"no read key works: make deploy STAGE={stage.name} makes one")
        key = keys.value(enabled[-1])
        iot = session.client("iot", config=CLIENT_CONFIG)
        host = iot.describe_endpoint(endpointType="iot:Data-ATS")["endpointAddress"]
        data = session.client("iot-data", config=CLIENT_CONFIG, endpoint_url=f"https://{host}")
        seconds = check_round_trip(
            outputs["ApiUrl"],
            key,
            lambda topic, payload: data.publish(topic=topic, qos=1, payload=payload),
        )
    print(f"smoke-test: the API returned an event {seconds:.1f} s after it was published")
    return 0


if __name__ == "__main__":
    sys.exit(main())
