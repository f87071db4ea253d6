"""``python -m ops.device add|remove --name cam-1``; ``make device`` calls it."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from ops.account import QUICK, open_session
from ops.aws_errors import plain_aws_errors
from ops.command_line import Parser, run_command
from ops.device.folder import DeviceFolder, write_new
from ops.device.registry import DeviceRegistry
from ops.device.root_cas import amazon_authorities
from ops.errors import CommandError
from ops.stack import read_outputs
from ops.stage import load_stage
from smile_contract import is_device_id

_RULE = re.compile(r"\$aws/rules/(\w+)/")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    name = "device-remove" if words[:1] == ["remove"] else "device"
    return run_command(name, lambda: _run(_arguments(words)))


def _run(given: argparse.Namespace) -> int:
    stage = load_stage(given.stage)
    folder = DeviceFolder(given.folder / given.stage / given.name)
    authorities = amazon_authorities(given.ca) if given.what == "add" else b""
    session = open_session(stage)
    outputs = read_outputs(session, stage, "DevicePolicyName")
    with plain_aws_errors(session.region_name):
        iot = session.client("iot", config=QUICK)
        registry = DeviceRegistry(iot, stage.name, outputs["DevicePolicyName"])
        if given.what == "add":
            _add(
                given.name,
                folder,
                registry,
                stack_name=stage.stack_name,
                outputs=outputs,
                authorities=authorities,
            )
        else:
            _remove(given.name, folder, registry)
    return 0


def _add(
    name: str,
    folder: DeviceFolder,
    registry: DeviceRegistry,
    *,
    stack_name: str,
    outputs: Mapping[str, str],
    authorities: bytes,
) -> None:
    folder.prepare()
    registry.add(name, folder)
    if not folder.authorities.exists():
        write_new(folder.authorities, authorities)
    rule = _RULE.match(outputs.get("BasicIngestTopic", ""))
    is_new = folder.keep_settings(name, stack_name, registry.endpoint(), rule[1] if rule else None)
    _say(f"{name} may publish to smile/{name}/events by the policy {registry.policy}")
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


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = Parser(
        prog="python -m ops.device", description="Add or remove a device.", allow_abbrev=False
    )
    parser.add_argument("what", choices=("add", "remove"))
    parser.add_argument("--name", default="", help="what the thing is called")
    parser.add_argument("--stage", default="dev", help="dev, staging or prod; default: dev")
    parser.add_argument("--folder", type=Path, default=Path("devices"), help="default: devices")
    parser.add_argument("--ca", type=Path, help="authorities to trust; default: Amazon's")
    given = parser.parse_args(argv)
    if not given.name:
        raise CommandError("the device's name is missing: give NAME=cam-1")
    if not is_device_id(given.name):
        raise CommandError(
            f"NAME={given.name} is no name of a thing: expected 1 to 128 of a-z A-Z 0-9 : _ -"
        )
    return given


if __name__ == "__main__":
    sys.exit(main())
