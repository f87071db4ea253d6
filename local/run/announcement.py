"""What a run prints about itself when it is ready, and how to ask its API."""

from __future__ import annotations

from urllib.parse import quote

from local.report.console import RunConsole
from local.run.kept_data import KeptData
from local.run.options import DEFAULT_PORT, Options
from local.run.stack import Stack


def print_ready(
    console: RunConsole, stack: Stack, options: Options, ready_s: float, kept: KeptData | None
) -> None:
    """Print what runs, where, and with which data.

    Parameters
    ----------
    console : RunConsole
    stack : Stack
        The running stack.
    options : Options
        What the user asked for.
    ready_s : float
        How long the start took, in seconds.
    kept : KeptData or None
        Where this run keeps its data.
    """
    for resource in stack.not_run:
        console.note(f"does not run on this machine: {resource}")
    for table in stack.kept_tables:
        console.note(f"the table {table} exists {_kept_where(stack, options)}: kept as is")
    for name in kept.damaged() if kept else ():
        console.problem(f"the kept data could not be read and is now {name}")
    if options.port is None and stack.api_port != DEFAULT_PORT:
        console.note(f"port {DEFAULT_PORT} is in use, the API is on {stack.api_port}")
    console.note(
        f"ready after {ready_s:.1f} s: API {stack.url}, {stack.broker_kind} on "
        f"127.0.0.1:{stack.mqtt_port}, AWS on {stack.aws.endpoint_url}"
    )
    if stack.dashboard_url is not None:
        console.line(f"dashboard  {stack.dashboard_url}", "bold")
    if stack.has_shadows and not options.no_edge:
        console.note(
            f"settings: python -m local.shadow --mqtt-port {stack.mqtt_port} --device "
            f'{options.device_id} \'{{"smile": {{"threshold_on": 0.7}}}}\''
        )


def print_addresses(console: RunConsole, stack: Stack, device_id: str, event_id: str) -> None:
    """Print the API's address, its keys, and requests to try."""
    header, keys = f"-H 'x-api-key: {stack.api_key}'", stack.api_keys
    if stack.uses_tokens:
        header, keys = '-H "Authorization: Bearer $TOKEN"', []
    device = quote(device_id, safe=":")
    console.addresses(
        stack.url,
        keys,
        [
            f"curl {header} '{stack.url}/v1/events'",
            f"curl {header} '{stack.url}/v1/events?device={device}&limit=5'",
            f"curl {header} '{stack.url}/v1/devices/{device}/events/{event_id}'",
        ],
    )


def _kept_where(stack: Stack, options: Options) -> str:
    if stack.aws.dynamodb_url:
        return f"on {stack.aws.dynamodb_url}"
    return f"in {options.keep} (make clean-data deletes it)"
