"""Starts DynamoDB, SNS, SQS and Secrets Manager: moto's server in a separate process."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from local.aws.endpoints import LocalAws
from local.processes.child import Child, Processes

_SERVER = Path(__file__).with_name("moto_server.py")


def start_aws_server(
    aws: LocalAws, port: int, processes: Processes, *, containers: bool = False
) -> Child:
    """Start moto's server. It keeps everything in memory.

    It listens on the loopback address. For `containers` it listens on every address, but answers
    this machine and the containers on it only.

    Raises
    ------
    StartError
        When it cannot start.
    """
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        "PYTHONWARNINGS": "ignore",
        **aws.environment(),
    }
    del environment["AWS_ENDPOINT_URL"]  # moto is the endpoint
    # -P: no file of ours beside the script hides a package, such as moto
    argv = [sys.executable, "-P", str(_SERVER), str(port)]
    argv += ["containers"] if containers else []
    return processes.start("aws", argv, environment=environment)
