"""``python -m local.sam``: the AWS endpoint for ``sam local``, with what the template has.

``sam local`` runs functions in containers but none of the services that they use. This serves
those and writes the variables that join the two, in the form of ``sam local --env-vars``.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

from local.aws.endpoints import LocalAws, forget_user_settings
from local.aws.moto import start_aws_server
from local.aws.moto_server import container_networks
from local.aws.provision import Provisioner
from local.cloudformation.function_spec import function_specs
from local.cloudformation.physical import API_ID, PhysicalNames
from local.cloudformation.resolver import Resolver
from local.cloudformation.template import load_template
from local.errors import LocalError, StartError
from local.options import DEFAULT_TEMPLATE
from local.processes.child import Child, Processes, wait_for_port

DEFAULT_PORT = 4566
VARIABLES = Path(".local/sam/env.json")  # named in samconfig.toml
SAM_API = "http://127.0.0.1:3000"  # where `sam local start-api` listens
_CANNOT_GO_ON = 2
_CHECK_S = 0.5
_MAX_PORT = 65535
_ROUTES = Path("/proc/net/route")
_ARM = {"aarch64", "arm64"}


def main(argv: Sequence[str]) -> int:
    """Serve until a signal ends it; 2 when something needed could not be started."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
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
        print(f"local-aws: {error}".replace("\n", " "), file=sys.stderr)  # noqa: T201
        return _CANNOT_GO_ON
    except KeyboardInterrupt:
        return 0
    return 0


def _serve(given: argparse.Namespace, region: str, processes: Processes) -> None:
    _check_port(given.port)
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
        _say(f"AWS on {aws.endpoint_url}; the functions' variables are in {given.variables}\n")
        _say(_howto())
        while True:
            time.sleep(_CHECK_S)
            _check(server)
    finally:
        given.variables.unlink(missing_ok=True)  # what it names is gone


def function_variables(template_path: Path, aws: LocalAws) -> dict[str, dict[str, str]]:
    """Create what the template has and return each function's variables by its logical id.

    Raises
    ------
    TemplateError
        For something in the template that has no counterpart here.
    StartError
        When the server refuses or cannot be reached.
    """
    template = load_template(template_path)
    names = PhysicalNames(aws.region, aws.endpoint_url)
    resolver = Resolver(
        template,
        names,
        read_secret=lambda key: aws.secretsmanager.get_secret_value(SecretId=key)["SecretString"],
    )
    Provisioner(aws, resolver, names).create_all()
    there = f"https://{API_ID}.execute-api.{aws.region}.amazonaws.com"
    stage = resolver.resolve({"Ref": "Stage"}, "Parameters.Stage")
    return {
        spec.logical_id: {
            **_with_url(spec.environment, {f"{there}/{stage}": SAM_API, there: SAM_API}),
            "AWS_ENDPOINT_URL": aws.endpoint_url,
        }
        for spec in function_specs(template, resolver)
    }


def address_for_containers() -> str:
    """Return an address of this machine that containers can reach too.

    Bridges lead to every address of their host, so the one that it has in its network does, for
    Docker and podman alike; without network it is that of the bridge itself.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing; TEST-NET-1, RFC 5737
            return str(probe.getsockname()[0])
        except OSError:
            routes = _ROUTES.read_text("ascii") if _ROUTES.exists() else ""
            networks = container_networks(routes)
            return str(networks[0][1]) if networks else "127.0.0.1"


def _with_url(variables: Mapping[str, str], changes: Mapping[str, str]) -> dict[str, str]:
    changed = dict(variables)
    for there, here in changes.items():
        changed = {name: value.replace(there, here) for name, value in changed.items()}
    return changed


def _check_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", port))
        except (OSError, OverflowError) as error:
            raise StartError(f"port {port} is in use; choose another with PORT=…") from error


def _check_host(host: str) -> None:
    with socket.socket() as probe:
        try:
            probe.bind((host, 0))
        except OSError as error:
            raise StartError(f"HOST={host} is no address of this machine") from error


def _check(server: Child) -> None:
    if server.process.poll() is not None:
        raise StartError(f"the AWS server ended unexpectedly: {server.complaint()}")


def _howto() -> str:
    architecture = "arm64" if platform.machine().lower() in _ARM else "x86_64"
    override = f"--parameter-overrides Architecture={architecture}"
    sam = ".venv-sam/bin/sam"
    return (
        "In another terminal, with Docker or podman running (docs/sam-local.md):\n"
        f"  {sam} build {override} EdgeArchitecture={architecture}\n"
        f"  {sam} local invoke StoreEventFunction {override} -e events/store_event/started.json\n"
        f"  {sam} local start-api {override}\n"
        "Ctrl-C ends it and forgets everything.\n"
    )


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise StartError(message)


def _port(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= _MAX_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: expected 1 to {_MAX_PORT}")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m local.sam", description=__doc__)
    parser.add_argument("--port", type=_port, default=DEFAULT_PORT, help="default: 4566")
    parser.add_argument("--host", help="address that containers reach this machine by")
    parser.add_argument("--template", type=Path, default=DEFAULT_TEMPLATE)
    parser.add_argument("--variables", type=Path, default=VARIABLES, help="where to write them")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
