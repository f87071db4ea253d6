"""DynamoDB, SNS, SQS and Secrets Manager: moto's server in a process of its own."""

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
    """Start moto's server; it keeps nothing over a restart.

    It listens on the loopback address, or, for ``containers``, on every address but answers this
    machine and the containers on it only.

    Raises
    ------
    StartError
        When it cannot be started.
    """
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        "PYTHONWARNINGS": "ignore",
        **aws.environment(),
    }
    del environment["AWS_ENDPOINT_URL"]  # it is the endpoint
    argv = [sys.executable, "-P", str(_SERVER), str(port)]  # -P: our modules shadow nobody's
    argv += ["containers"] if containers else []
    return processes.start("aws", argv, environment=environment)
