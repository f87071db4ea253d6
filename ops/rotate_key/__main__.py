"""Command ``python -m ops.rotate_key``; ``make rotate-key KEY=read STAGE=dev`` runs it."""

from __future__ import annotations

import argparse
import secrets
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from ops.account import CLIENT_CONFIG, open_session
from ops.api_keys import SCOPES, ScopeKeys
from ops.aws_errors import plain_aws_errors
from ops.command_line import CommandParser, run_command
from ops.errors import CommandError
from ops.stack import read_outputs
from ops.stage import load_stage

_SECRET_BYTES: Final = 20  # 40 characters, as many as API Gateway's own keys have


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    return run_command("rotate-key", lambda: _run(_parse(argv)))


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = CommandParser("rotate_key", "Replace an API key of a stage, in two steps.")
    parser.add_argument("--key", required=True, choices=SCOPES, help="scope of the key")
    parser.add_argument("--end", action="store_true", help="end all keys but the newest one")
    return parser.parse_args(argv)


def _run(arguments: argparse.Namespace) -> int:
    stage = load_stage(arguments.stage)
    session = open_session(stage)
    plan_id = read_outputs(session, stage, "UsagePlanId")["UsagePlanId"]
    again = f"make rotate-key KEY={arguments.key} STAGE={stage.name}"
    with plain_aws_errors(session.region_name):
        client = session.client("apigateway", config=CLIENT_CONFIG)
        keys = ScopeKeys(client, plan_id, stage.name, arguments.key)
        if arguments.end:
            _end(keys, again)
            return 0
        key_id = _add(keys, arguments.key, again)
    print(
        f"rotate-key: made a second {arguments.key} key; to print it: aws apigateway get-api-key "
        f"--include-value --query value --output text --region {session.region_name} "
        f"--api-key {key_id}"
    )
    print(f"rotate-key: give it to the clients, then run: {again} END=1")
    return 0


def _add(keys: ScopeKeys, scope: str, again: str) -> str:
    """Make the second key; return its id."""
    if len(names := [key.name for key in keys.enabled()]) > 1:
        raise CommandError(f"{' and '.join(names)} work already: end the older with {again} END=1")
    keys.delete_unused()
    name = f"{keys.name}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    return keys.add(name, f"{scope}_{secrets.token_hex(_SECRET_BYTES)}")


def _end(keys: ScopeKeys, again: str) -> None:
    enabled = keys.enabled()
    if len(enabled) < 2:  # noqa: PLR2004
        raise CommandError(f"there is no second key: make one with {again}")
    for key in enabled[:-1]:
        keys.end(key)
        print(f"rotate-key: {key.name} has ended; {enabled[-1].name} works")


if __name__ == "__main__":
    sys.exit(main())
