"""The command: serves AWS for ``sam local`` and writes the file for its ``--env-vars``.

``sam local`` runs functions in containers, but none of the services that they use.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import socket
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from local.aws.containers import address_for_containers
from local.aws.endpoints import LocalAws, forget_user_settings
from local.aws.store import start_aws_server
from local.command_line import (
    DEFAULT_TEMPLATE,
    Parser,
    interrupt_on_signals,
    port,
    report_failure,
)
from local.errors import LocalError, StartError
from local.network.ports import checked_port
from local.processes.child import Processes, wait_for_port
from local.sam.variables import function_variables

DEFAULT_PORT = 4566
VARIABLES = Path(".local/sam/env.json")  # samconfig.toml names it
_CHECK_S = 0.5
_ARM = {"aarch64", "arm64"}
_ANY_ADDRESS = ""


def main(argv: Sequence[str]) -> int:
    """Serve until a signal ends it; return 2 when something could not start or ended."""
    interrupt_on_signals()
    try:
        given = _parser().parse_args(argv)
        region = LocalAws.from_environment("", os.environ).region
        forget_user_settings(os.environ)
        with tempfile.TemporaryDirectory(prefix="smile-sam-") as folder:
            processes = Processes(Path(folder))
            try:
                _serve(given, region, processes)
            finally:
                processes.stop()
    except LocalError as error:
        return report_failure("local-aws", error)
    except KeyboardInterrupt:
        pass
    return 0


def _serve(given: argparse.Namespace, region: str, processes: Processes) -> None:
    checked_port(given.port, "PORT=…", _ANY_ADDRESS)
    if given.host:
        _check_host(given.host)
    aws = LocalAws(f"http://{given.host or address_for_containers()}:{given.port}", region)
    server = start_aws_server(aws, given.port, processes, containers=True)
    wait_for_port(server, given.port)
    variables = function_variables(given.template, aws)
    given.variables.parent.mkdir(parents=True, exist_ok=True)
    given.variables.touch(mode=0o600)
    try:
        given.variables.write_text(json.dumps(variables, indent=2) + "\n", "utf-8")
        sys.stdout.write(_introduction(aws, given.variables))
        sys.stdout.flush()
        while True:
            time.sleep(_CHECK_S)
            server.check()
    finally:
        given.variables.unlink(missing_ok=True)  # its endpoint has ended


def _check_host(host: str) -> None:
    with socket.socket() as probe:
        try:
            probe.bind((host, 0))
        except OSError as error:
            raise StartError(f"HOST={host} is not an address of this machine") from error


def _introduction(aws: LocalAws, variables: Path) -> str:
    architecture = "arm64" if platform.machine().lower() in _ARM else "x86_64"
    override = f"--parameter-overrides Architecture={architecture}"
    sam = ".venv-sam/bin/sam"
    return (
        f"AWS on {aws.endpoint_url}; the functions' variables are in {variables}\n"
        "In another terminal, with Docker or podman running (docs/sam-local.md):\n"
        f"  {sam} build {override} EdgeArchitecture={architecture}\n"
        f"  {sam} local invoke StoreEventFunction {override} -e events/store_event/started.json\n"
        f"  {sam} local start-api {override}\n"
        "Ctrl-C stops it and deletes its data.\n"
    )


def _parser() -> Parser:
    parser = Parser(
        prog="python -m local.sam",
        description="Serve AWS for sam local, with the resources of template.yaml, and write the "
        "variables of the functions.",
    )
    add = parser.add_argument
    add("--port", type=port, default=DEFAULT_PORT, help="default: 4566")
    add("--host", help="address of this machine for containers; default: found automatically")
    add("--template", type=Path, default=DEFAULT_TEMPLATE, help="default: template.yaml")
    add("--variables", type=Path, default=VARIABLES, help=f"file to write; default: {VARIABLES}")
    return parser
