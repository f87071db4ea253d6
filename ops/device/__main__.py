"""Command ``python -m ops.device``; ``make device`` and ``make device-remove`` run it."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from ops.account import CLIENT_CONFIG, open_session
from ops.aws_errors import plain_aws_errors
from ops.command_line import CommandParser, run_command
from ops.device.folder import DeviceFolder
from ops.device.registry import DeviceRegistry
from ops.device.root_cas import load_root_cas
from ops.errors import CommandError
from ops.stack import read_outputs
from ops.stage import load_stage
from smile_contract import is_device_id

_RULE = re.compile(r"\$aws/rules/(\w+)/")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    name = "device-remove" if words[:1] == ["remove"] else "device"
    return run_command(name, lambda: _run(_parse(words)))


def _run(arguments: argparse.Namespace) -> int:
    stage, name = load_stage(arguments.stage), arguments.name
    folder = DeviceFolder(arguments.folder / arguments.stage / name)
    root_cas = load_root_cas(arguments.ca) if arguments.action == "add" else b""
    session = open_session(stage)
    outputs = read_outputs(session, stage, "DevicePolicyName")
    with plain_aws_errors(session.region_name):
        iot = session.client("iot", config=CLIENT_CONFIG)
        registry = DeviceRegistry(iot, stage.name, outputs["DevicePolicyName"])
        if arguments.action == "remove":
            _remove(name, folder, registry)
            return 0
        folder.prepare()
        registry.add(name, folder)
        rule = _RULE.match(outputs.get("BasicIngestTopic", ""))
        folder.write_root_cas(root_cas)
        is_written = folder.write_settings(
            name, stage.stack_name, registry.endpoint(), rule[1] if rule else None
        )
    print(f"{name} may publish to smile/{name}/events (policy {registry.policy})")
    print(f"{'wrote' if is_written else 'kept the existing'} {folder.settings}")
    print(
        f"Copy {folder.path}/ and the package (make edge-package) to the device, then run there: "
        f"sudo sh smile-edge/install --device {name}"
    )
    return 0


def _remove(name: str, folder: DeviceFolder, registry: DeviceRegistry) -> None:
    own_arn = folder.arn
    removed = registry.remove(name, own_arn)
    for arn in removed:
        print(f"revoked and deleted certificate {arn.rpartition('/')[2][:12]}…")
    if own_arn is not None:
        folder.remove()
        print(f"deleted {folder.path}")
    elif folder.key.exists():
        print(f"kept {folder.path}: its key has no certificate")
    print(f"removed {name}" if removed else f"{name} does not exist")


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = CommandParser(
        "device", "Register a device with AWS IoT, or remove it.", default_stage="dev"
    )
    parser.add_argument("action", choices=("add", "remove"))
    parser.add_argument("--name", default="", help="device id, which is also the name of the thing")
    parser.add_argument(
        "--folder",
        type=Path,
        default=Path("devices"),
        help="where the device folders are; default: devices",
    )
    parser.add_argument(
        "--ca", type=Path, help="PEM file with the root CAs to trust; default: Amazon's root CAs"
    )
    arguments = parser.parse_args(argv)
    if not arguments.name:
        raise CommandError("the device's name is missing: set NAME=cam-1")
    if not is_device_id(arguments.name):
        raise CommandError(
            f"NAME={arguments.name} is not a device id: expected 1 to 128 of a-z A-Z 0-9 : _ -"
        )
    return arguments


if __name__ == "__main__":
    sys.exit(main())
