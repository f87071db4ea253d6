"""Starts MiniStack with all of its services."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any, Final
from urllib.request import Request, urlopen

import boto3

from local.processes.child import Processes, wait_for_port

PORT: Final = 4566
HOST: Final = "localhost"
ENDPOINT: Final = f"http://{HOST}:{PORT}"
REGION: Final = "us-east-1"
KEY: Final = "test"  # both of the access key; MiniStack takes any
MQTT_URL: Final = f"mqtts://{HOST}:8883"


def client_environment() -> dict[str, str]:
    """Return variables that make AWS SDKs and the SAM CLI use MiniStack, and nothing else."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return own | {
        "AWS_ENDPOINT_URL": ENDPOINT,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": KEY,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "SAM_CLI_TELEMETRY": "0",
    }


def start_ministack(processes: Processes) -> None:
    """Start MiniStack and wait until it answers.

    Raises
    ------
    StartError
        When it cannot start.
    """
    folder = str(processes.log_folder)
    programs = str(Path(sys.executable).parent)
    environment = {
        "PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "LANG": "C.UTF-8",
        "HOME": folder,
        "TMPDIR": folder,
        "MINISTACK_HOST": HOST,
        "MINISTACK_REGION": REGION,
        "GATEWAY_PORT": str(PORT),
        "LAMBDA_EXECUTOR": "local",  # a process instead of a container
        "IOT_MTLS_ENABLED": "1",
        "PERSIST_STATE": "0",
    }
    child = processes.start(
        "ministack", [sys.executable, "-m", "ministack"], environment=environment
    )
    wait_for_port(child, PORT)


def client(service: str) -> Any:
    """Return a client of one of MiniStack's services."""
    session: Any = boto3.session.Session(KEY, KEY, region_name=REGION)
    return session.client(service, endpoint_url=ENDPOINT)


def fetch(path: str, **headers: str) -> bytes:
    """Return what MiniStack answers to a GET request."""
    request = Request(f"{ENDPOINT}{path}", headers=headers)  # noqa: S310
    with urlopen(request, timeout=30) as answer:  # noqa: S310
        return bytes(answer.read())
