"""``python -m scripts.device add|remove --name cam-1``; ``make device`` calls it."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import boto3
from botocore.config import Config

from scripts.device.authorities import amazon_authorities
from scripts.device.errors import DeviceError, plain_aws_errors
from scripts.device.folder import DeviceFolder, write_new
from scripts.device.registry import DeviceRegistry
from scripts.device.stack import StackFacts, read_stack

_STAGES = ("dev", "staging", "prod")
_NAME = re.compile(r"[a-zA-Z0-9:_-]{1,128}")  # what AWS IoT allows for things
_QUICK = Config(connect_timeout=5, read_timeout=20, retries={"total_max_attempts": 3})


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise DeviceError(message)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    try:
        _run(_arguments(argv))
    except DeviceError as error:
        print(f"device: {error}", file=sys.stderr)  # noqa: T201
        return 2
    return 0


def _run(given: argparse.Namespace) -> None:
    folder = DeviceFolder(given.folder / given.stage / given.name)
    with plain_aws_errors(""):
        # boto3 does not know AWS_REGION, which Lambda, GitHub actions and other SDKs go by.
        session = boto3.Session(region_name=os.environ.get("AWS_REGION") or None)
    region = session.region_name
    if not region:
        raise DeviceError("no region: set AWS_REGION, such as AWS_REGION=eu-central-1")
    with plain_aws_errors(region):
        cloudformation = session.client("cloudformation", config=_QUICK)
        stack = read_stack(cloudformation, f"smile-{given.stage}", region)
        registry = DeviceRegistry(session.client("iot", config=_QUICK), stack.policy)
        if given.what == "add":
            _add(given.name, folder, registry, stack, given.ca)
        else:
            _remove(given.name, folder, registry)


def _add(
    name: str, folder: DeviceFolder, registry: DeviceRegistry, stack: StackFacts, ca: Path | None
) -> None:
    authorities = amazon_authorities(ca)
    folder.prepare()
    registry.add(name, folder)
    if not folder.authorities.exists():
        write_new(folder.authorities, authorities)
    is_new = folder.keep_settings(name, stack.name, registry.endpoint(), stack.rule)
    _say(f"{name} may publish to smile/{name}/events by the policy {stack.policy}")
    _say(f"{folder.settings} {'written' if is_new else 'was there already and is kept'}")
    _say(f"Copy {folder.path}/ to the device, then: python -m edge_lambda --config device.toml")


def _remove(name: str, folder: DeviceFolder, registry: DeviceRegistry) -> None:
    own = folder.arn
    gone = registry.remove(name, own)
    for arn in gone:
        _say(f"revoked and deleted certificate {arn.rpartition('/')[2][:12]}…")
    if own is not None:
        folder.remove()
        _say(f"removed {folder.path}, whose key opens nothing any more")
    elif folder.key.exists():
        _say(f"kept {folder.path}: its key belongs to no certificate")
    _say(f"{name} is gone" if gone or own else f"{name} was not there")


def _say(text: str) -> None:
    print(text)  # noqa: T201


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = _Parser(prog="python -m scripts.device", description="Add or remove a device.")
    parser.add_argument("what", choices=("add", "remove"))
    parser.add_argument("--name", default="")
    parser.add_argument("--stage", default="dev")
    parser.add_argument("--folder", type=Path, default=Path("devices"), help="default: devices")
    parser.add_argument("--ca", type=Path, help="authorities to trust; default: Amazon's")
    given = parser.parse_args(argv)
    if not given.name:
        raise DeviceError("the device's name is missing: NAME=cam-1")
    if not _NAME.fullmatch(given.name):
        raise DeviceError(f"NAME={given.name}: expected 1 to 128 of a-z A-Z 0-9 : _ -")
    if given.stage not in _STAGES:
        raise DeviceError(f"STAGE={given.stage}: expected one of {', '.join(_STAGES)}")
    return given


if __name__ == "__main__":
    sys.exit(main())
